"""What a service asks for when it creates a link. docs/create-link.input.schema.json describes the same rules."""

import json
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from whatsapp_connect import return_url
from whatsapp_connect.errors import LinkRefusedError
from whatsapp_connect.languages import NAMES
from whatsapp_connect.settings import Settings
from whatsapp_connect.start import CONNECTION_ID

DAY_S = 86_400
MIN_LIFETIME_S = 300
MAX_LIFETIME_S = 90 * DAY_S
MAX_USES = 1000
MAX_LABEL_CHARACTERS = 80
MAX_TAGS = 10
MAX_TAG_CHARACTERS = 100
MAX_TAGS_BYTES = 1000
"""As JSON. The tags are copied into the metadata, which have at most 8 KB."""
MAX_ACCOUNTS = 50
SIGNUP_MODES = ("redirect", "embedded")
SIGNUP_FEATURES = ("whatsapp_business_app_onboarding", "app_only_install")
"""The names that Meta gives to features of Embedded Signup."""

_TAG_NAME = re.compile("[A-Za-z0-9_.-]{1,40}")
_WABA_ID = re.compile("[0-9]{1,32}")
_ADDRESS = re.compile(r"://|\bwww\.", re.IGNORECASE)
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
"""Unicode's categories of controls, of direction marks, of halves of characters, and of line breaks."""
_JOINERS = "\u200c\u200d"
"""Invisible, but part of words in Hindi and of emoji."""


@dataclass(frozen=True, slots=True)
class LinkRequest:
    connection_id: str
    label: str = ""
    """Who the link is for, in the words of the service: pages, events and mails show it."""
    tags: Mapping[str, str] = field(default_factory=dict)
    """For the service itself: metadata and events repeat them."""
    lifetime_s: int = 7 * DAY_S
    uses: int = 1
    any_user: bool = False
    """Whether another Facebook user than before may connect."""
    accounts: tuple[str, ...] = ()
    """WhatsApp Business accounts to look for, if Facebook does not name them."""
    return_url: str = ""
    """Where the browser goes after a login; "" for the stack's own choice."""
    language: str = ""
    """The tag of a language of the pages; "" for the visitor's."""
    signup: str = ""
    """One of SIGNUP_MODES; "" for the stack's own choice."""
    signup_features: tuple[str, ...] | None = None
    """Some of SIGNUP_FEATURES; None for the stack's own choice."""

    @classmethod
    def from_input(cls, values: object, *, settings: Settings) -> "LinkRequest":
        """Read the input of create_link. Raises LinkRefusedError with the name of the field."""
        if not isinstance(values, dict):
            raise LinkRefusedError("", "The input is a JSON object.")
        for name in values:
            if name not in _NAMES:
                # Only a name that can be one of ours is repeated.
                raise LinkRefusedError(
                    name if re.fullmatch("[a-z_]{1,40}", str(name)) else "", "There is no such field."
                )
        if "connection_id" not in values:
            raise LinkRefusedError("connection_id", "The field is required.")
        for name, value in values.items():
            if message := _RULES[name](value):
                raise LinkRefusedError(name, message)
        if (url := values.get("return_url")) and (wrong := return_url.problem(url, own_url=settings.site_url)):
            raise LinkRefusedError("return_url", f"It {wrong}.")
        is_embedded = (values.get("signup") or settings.signup_mode) == "embedded"
        if values.get("signup") == "embedded" and not settings.login_config_id:
            raise LinkRefusedError("signup", "The stack has no LoginConfigId, which embedded needs.")
        if values.get("signup_features") and not is_embedded:
            raise LinkRefusedError("signup_features", "It needs the signup embedded.")
        numbers = {name: int(values[name]) for name in ("lifetime_s", "uses") if name in values}
        lists = {name: tuple(dict.fromkeys(values[name])) for name in ("accounts", "signup_features") if name in values}
        return cls(**values | numbers | lists)


def _connection_id(value: Any) -> str | None:
    if isinstance(value, str) and CONNECTION_ID.fullmatch(value):
        return None
    return (
        "It has 1 to 64 letters, digits, dots, hyphens and underscores, and begins and ends with a letter or a digit."
    )


def _label(value: Any) -> str | None:
    if not isinstance(value, str) or len(value) > MAX_LABEL_CHARACTERS or not _is_one_line(value):
        return f"It is one line of at most {MAX_LABEL_CHARACTERS} characters, without invisible characters."
    # Mail programs make links of addresses, and the label is often what a customer has typed.
    return "It must not contain a web address." if _ADDRESS.search(value) else None


def _tags(value: Any) -> str | None:
    if not isinstance(value, dict) or len(value) > MAX_TAGS:
        return f"It is an object of at most {MAX_TAGS} strings."
    for name, text in value.items():
        if not _TAG_NAME.fullmatch(name):
            return "A name has 1 to 40 letters, digits, dots, hyphens and underscores."
        if not isinstance(text, str) or len(text) > MAX_TAG_CHARACTERS or not _is_one_line(text):
            return f"A value is one line of at most {MAX_TAG_CHARACTERS} characters, without invisible characters."
    if len(json.dumps(value)) > MAX_TAGS_BYTES:
        return f"They have more than {MAX_TAGS_BYTES} bytes as JSON."
    return None


def _number(least: int, most: int) -> Callable[[Any], str | None]:
    def check(value: Any) -> str | None:
        # JSON has one kind of number, and some programs write 3 as 3.0.
        is_whole = type(value) in {int, float} and least <= value <= most and value == int(value)
        return None if is_whole else f"It is an integer from {least} to {most}."

    return check


def _any_user(value: Any) -> str | None:
    return None if isinstance(value, bool) else "It is true or false."


def _accounts(value: Any) -> str | None:
    is_list = isinstance(value, list) and len(value) <= MAX_ACCOUNTS
    if is_list and all(isinstance(one, str) and _WABA_ID.fullmatch(one) for one in value):
        return None
    return f"It is a list of at most {MAX_ACCOUNTS} IDs of WhatsApp Business accounts: strings of digits."


def _return_url(value: Any) -> str | None:
    return None if isinstance(value, str) else "It is a string."


def _language(value: Any) -> str | None:
    return None if value == "" or (isinstance(value, str) and value in NAMES) else f"It is one of {', '.join(NAMES)}."


def _signup(value: Any) -> str | None:
    return None if value == "" or value in SIGNUP_MODES else f"It is one of {', '.join(SIGNUP_MODES)}."


def _signup_features(value: Any) -> str | None:
    is_known = isinstance(value, list) and all(one in SIGNUP_FEATURES for one in value)
    return None if is_known else f"It is a list of {', '.join(SIGNUP_FEATURES)}."


def _is_one_line(text: str) -> bool:
    """Return whether a text has only visible characters, with spaces only between them."""
    is_visible = all(unicodedata.category(one) not in _INVISIBLE or one in _JOINERS for one in text)
    return is_visible and text == text.strip()


_RULES: dict[str, Callable[[Any], str | None]] = {
    "connection_id": _connection_id,
    "label": _label,
    "tags": _tags,
    "lifetime_s": _number(MIN_LIFETIME_S, MAX_LIFETIME_S),
    "uses": _number(1, MAX_USES),
    "any_user": _any_user,
    "accounts": _accounts,
    "return_url": _return_url,
    "language": _language,
    "signup": _signup,
    "signup_features": _signup_features,
}
_NAMES = frozenset(one.name for one in fields(LinkRequest))

"""Parse a dialog URL, record what the person decides, and return the URL they are sent back to.

The consent page and the control endpoint `login` both use these functions.
"""

from dataclasses import dataclass, replace
from typing import Any, Self
from urllib.parse import parse_qsl, urlencode

from facebook_simulator.dialog_error import DialogError
from facebook_simulator.faults import DIALOG_ENDS, DIALOG_ERRORS, Fault
from facebook_simulator.model import App, Configuration, Identity
from facebook_simulator.opener import XD_ARBITER, Opener
from facebook_simulator.state import State
from facebook_simulator.world import Account, Person

_ALWAYS_GRANTED = "public_profile"
_NOT_SET_UP = 1349126
_MESSAGES = {
    1349168: "URL Blocked: This redirect failed because the redirect URI is not in the app's list of valid URIs.",
    1349048: "Can't load URL: The domain of this URL isn't included in the app's domains.",
    _NOT_SET_UP: "App Not Setup: This app is still in development mode, and you don't have access to it.",
    1349220: "Facebook Login is currently unavailable for this app.",
    1349186: "Feature Unavailable: Login is being updated for this app. Please try again later.",
    4201: "User canceled the Dialog flow",
    1349245: "The invitation to test this app has not been accepted.",
}


@dataclass(frozen=True, slots=True)
class LoginRequest:
    """A dialog URL that has passed Facebook's checks. `opener` is the page if its JavaScript SDK has opened a pop-up.

    Without a window that opened it, such a dialog ends at `fallback_redirect_uri`. `extras` belong to Embedded Signup.
    """

    app: App
    redirect_uri: str
    state: str | None
    scopes: tuple[str, ...]
    configuration: Configuration | None
    rerequest: bool
    wants_scope_list: bool
    opener: Opener | None
    fallback_redirect_uri: str
    extras: str

    @classmethod
    def parse(cls, query: str, state: State) -> Self:
        """Return the request in the raw query string of a dialog URL. Raises DialogError."""
        # surrogateescape preserves the bytes of a state that is not UTF-8.
        sent = dict(parse_qsl(query, keep_blank_values=True, errors="surrogateescape"))
        if "client_secret" in sent:
            raise DialogError("client_secret should not be passed to the dialog.")
        app = state.apps.get(sent.get("client_id", ""))
        if app is None:
            raise DialogError("Invalid App ID: The provided app ID does not look like a valid app ID.")
        redirect_uri = sent.get("redirect_uri", "")
        opener = Opener.parse(redirect_uri)
        if opener:
            opener.check(app)
        elif redirect_uri not in app.redirect_uris:
            raise DialogError("URL Blocked: The redirect URI is not one of the app's valid OAuth redirect URIs.")
        kinds = set(sent.get("response_type", "code").replace(",", " ").split())
        configuration = _configuration(app, sent, kinds)
        if not {"code"} <= kinds <= {"code", "granted_scopes"}:
            raise DialogError("This simulator knows response_type=code only.")
        return cls(
            app=app,
            redirect_uri=redirect_uri,
            state=sent.get("state"),
            scopes=configuration.scopes if configuration else _scopes(app, sent.get("scope", "")),
            configuration=configuration,
            rerequest=sent.get("auth_type") == "rerequest",
            wants_scope_list="granted_scopes" in kinds,
            opener=opener,
            fallback_redirect_uri=sent.get("fallback_redirect_uri", ""),
            extras=sent.get("extras", ""),
        )

    @property
    def is_signup(self) -> bool:
        """True if the dialog is Embedded Signup: a configuration for system users, opened by the JavaScript SDK."""
        return self.opener is not None and self.for_system_user

    def without_opener(self) -> Self:
        """Return the request as Facebook goes on with it if no window waits for the answer. Raises DialogError."""
        if self.fallback_redirect_uri not in self.app.redirect_uris:
            raise DialogError("URL Blocked: The fallback redirect URI is not one of the app's valid redirect URIs.")
        return replace(self, opener=None, redirect_uri=self.fallback_redirect_uri)

    @property
    def for_system_user(self) -> bool:
        """True if the token will belong to a system user of the business instead of the person."""
        return self.configuration is not None and self.configuration.for_system_user

    def identity(self, person: Person, accounts: tuple[str, ...]) -> Identity:
        """Return the token's owner: the person, or the system user of the first shared business. Raises DialogError."""
        if not self.for_system_user:
            return Identity(self.app.id, person.id, person.name)
        shared = (one for one in person.businesses if any(account.id in accounts for account in one.accounts))
        business = next(shared, None) or next(iter(person.businesses), None)
        if business is None:
            raise DialogError("This person has no business that could be shared.")
        name = f"{self.app.name} system user"
        return Identity(self.app.id, business.system_user_id, name, "SYSTEM_USER", business.id, person.id)

    def asked_of(self, person: Person, state: State) -> tuple[str, ...]:
        """Return the permissions to offer. Declined ones are offered again only with auth_type=rerequest."""
        if self.configuration or self.rerequest:
            return self.scopes
        declined = state.grant_of(self.identity(person, ())).declined
        return tuple(scope for scope in self.scopes if scope not in declined)


@dataclass(frozen=True, slots=True)
class Choice:
    """The decision of a person. None means all requested permissions, or all of their accounts."""

    person: Person
    permissions: tuple[str, ...] | None = None
    accounts: tuple[str, ...] | None = None
    cancel: bool = False


def early_redirect(login: LoginRequest, state: State) -> str | None:
    """Return the URL to redirect to without showing the page if the fault `dialog_error` is queued; else None."""
    fault = state.faults.take("dialog", DIALOG_ERRORS)
    if fault is None:
        return None
    options = fault.options
    code = options.get("code", 1349168)
    message = options.get("message", _MESSAGES.get(code, "Login is not available."))
    return _error_redirect(login, code, message, with_state=options.get("with_state", True))


def decide(login: LoginRequest, choice: Choice, state: State) -> str:
    """Record the choice, and return the URL that the person is sent back to."""
    fault = state.faults.take("dialog", DIALOG_ENDS)
    if fault and fault.name == "bare_redirect":
        return login.redirect_uri
    extra = _extra(fault)
    if choice.cancel:
        return _cancelled(login, extra)
    if login.app.development and not {choice.person.key, choice.person.id} & set(login.app.roles):
        if login.configuration:
            return _cancelled(login, extra)
        return _error_redirect(login, _NOT_SET_UP, _MESSAGES[_NOT_SET_UP])
    asked = login.asked_of(choice.person, state)
    granted = frozenset(asked if choice.permissions is None else choice.permissions) & frozenset(asked)
    if login.configuration and granted != frozenset(asked):
        return _cancelled(login, extra)
    return _accepted(login, choice, (granted, frozenset(asked) - granted), state, extra)


def _accepted(
    login: LoginRequest,
    choice: Choice,
    decision: tuple[frozenset[str], frozenset[str]],
    state: State,
    extra: dict[str, str],
) -> str:
    granted, declined = decision
    own = tuple(account.id for account in choice.person.accounts)
    shared = own if choice.accounts is None else tuple(one for one in choice.accounts if one in own)
    identity = login.identity(choice.person, shared)
    if not login.for_system_user:
        granted |= {_ALWAYS_GRANTED}
    state.record_login(identity, granted, declined - {_ALWAYS_GRANTED}, shared)
    return answer_url(login, code_answer(login, identity, state) | extra)


def code_answer(login: LoginRequest, identity: Identity, state: State, *, ttl: int | None = None) -> dict[str, Any]:
    """Issue a code for what the identity has granted, and return the parameters of the answer."""
    grant = state.grant_of(identity)
    scopes = tuple(sorted(grant.granted))
    if ttl is None:
        short = login.configuration or login.opener
        ttl = state.settings.config_code_ttl if short else state.settings.code_ttl
    redirect_uri = None if login.opener else login.redirect_uri
    answer: dict[str, Any] = {"code": state.issue_code(identity, redirect_uri, scopes, grant.accounts, ttl=ttl)}
    if login.wants_scope_list:
        answer["granted_scopes"] = ",".join(scopes)
    return answer


def shown_accounts(person: Person, identity: Identity, state: State) -> list[tuple[Account, bool]]:
    """Return the accounts to offer. The flag is true for those shared before, or for all at the first login."""
    before = state.grant_of(identity).accounts
    return [(account, not before or account.id in before) for account in person.accounts]


def _configuration(app: App, sent: dict[str, str], kinds: set[str]) -> Configuration | None:
    if "config_id" not in sent:
        return None
    configuration = app.configuration(sent["config_id"])
    if configuration is None:
        raise DialogError("Invalid config_id: This app has no such Facebook Login for Business configuration.")
    forced_code = "code" in kinds and "response_type" in sent and sent.get("override_default_response_type") == "true"
    if configuration.for_system_user and not forced_code:
        raise DialogError(
            "A system-user configuration needs response_type=code and override_default_response_type=true."
        )
    return configuration


def _scopes(app: App, text: str) -> tuple[str, ...]:
    asked = tuple(dict.fromkeys(text.replace(",", " ").split()))
    unknown = [scope for scope in asked if scope not in app.scopes and scope != _ALWAYS_GRANTED]
    if unknown:
        raise DialogError(f"Invalid Scopes: {', '.join(unknown)}.")
    return asked


def _extra(fault: Fault | None) -> dict[str, str]:
    if fault is None:
        return {}
    return {"denied_scopes": "", "iss": "https://www.facebook.example", "unheard_of": "1"} | dict(fault.options)


CANCELLED = {
    "error": "access_denied",
    "error_code": "200",
    "error_reason": "user_denied",
    "error_description": "Permissions error",
}
"""The answer to an app if the person did not continue."""


def _cancelled(login: LoginRequest, extra: dict[str, str]) -> str:
    return answer_url(login, CANCELLED | extra)


def _error_redirect(login: LoginRequest, code: int, message: str, *, with_state: bool = True) -> str:
    return answer_url(login, {"error_code": str(code), "error_message": message}, with_state=with_state)


def answer_url(login: LoginRequest, answer: dict[str, Any], *, with_state: bool = True) -> str:
    """Return where the dialog sends the browser with an answer. In a pop-up, that page passes it to its opener."""
    if with_state and login.state is not None:
        answer = answer | {"state": login.state}
    if login.opener:
        return f"{XD_ARBITER}?version=46#{login.opener.fragment}&{urlencode(answer, errors='surrogateescape')}"
    separator = "&" if "?" in login.redirect_uri else "?"
    return f"{login.redirect_uri}{separator}{urlencode(answer, errors='surrogateescape')}#_=_"

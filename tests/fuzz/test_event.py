"""Whatever a browser, a program or Meta sends, it is answered: never by a fault of ours."""

import json
import re
from base64 import b64encode
from collections.abc import Callable
from types import ModuleType
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facebook_simulator.account_update import pack
from facebook_simulator.signed_request import encode, sign, signature
from tests.fuzz.answer import anything
from tests.fuzz.inputs import corpus, fuzzed, names
from tests.support import stack
from tests.support.browser import Console, event_json
from tests.support.events import Context
from whatsapp_connect.errors import SignedRequestError
from whatsapp_connect.signed_request import SignedRequest, verify

FUNCTIONS = {
    "authorize": "authorize",
    "callback": "callback",
    "signup": "callback",
    "deauthorize": "deauthorize",
    "data-deletion": "delete_data",
    "data-deletion-status": "delete_data",
    "whatsapp-webhook": "whatsapp_webhook",
    "fallback": "fallback",
}
"""The entry file behind each event."""

_STATE = "A" * 43
_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)  # the gateway sends UTF-8
_pieces = st.one_of(
    _text,
    st.sampled_from([_STATE, _STATE + "l", "%", "%00", "%ff", "&", "=", ";", "\n", "x" * 10_000, "__Host-connect-"]),
)
_words = st.lists(_pieces, max_size=4).map("".join)
_names = st.sampled_from(
    [
        *("state", "code", "error", "error_code", "error_message", "auth_type", "signed_request", "signup", "x"),
        *("event", "waba_id", "current_step", "session_id", "blocked"),
    ]
)
_queries = st.one_of(
    _words,
    st.lists(st.tuples(_names, _words), max_size=6).map(urlencode),
    st.lists(st.tuples(_names, _words), max_size=6).map(lambda pairs: "&".join("=".join(one) for one in pairs)),
    st.integers(40, 200).map(lambda number: "&".join(["a=b"] * number)),
)
_cookie_names = st.one_of(_text, st.text("0123456789abcdef", min_size=16, max_size=16).map("__Host-connect-".__add__))
_cookies = st.lists(st.one_of(_words, st.tuples(_cookie_names, _words).map("=".join)), max_size=12)
_header_names = st.sampled_from(
    [
        "cookie",
        "Cookie",
        "user-agent",
        "sec-purpose",
        "purpose",
        "x-moz",
        "sec-fetch-user",
        "sec-fetch-site",
        "content-type",
        "host",
        "x",
    ]
)
_headers = st.dictionaries(
    _header_names,
    st.one_of(_words, _cookies.map("; ".join), st.just("application/x-www-form-urlencoded"), st.just("prefetch")),
    max_size=6,
)
_signed_requests = st.one_of(
    _words,
    st.builds(lambda payload: sign(payload, stack.APP_SECRET), st.dictionaries(_text, anything, max_size=4)),
    st.builds(
        lambda text: f"{encode(signature(encode(text), stack.APP_SECRET))}.{encode(text)}",
        st.one_of(st.binary(max_size=60), st.just(b"[" * 4_000), st.just(b'{"issued_at": ' + b"9" * 5_000 + b"}")),
    ),
)


def encode_form(signed_request: str) -> dict[str, Any]:
    body = urlencode({"signed_request": signed_request}).encode()
    return {
        "headers": {"content-type": "application/x-www-form-urlencoded"},
        "body": b64encode(body).decode(),
        "isBase64Encoded": True,
    }


_paths = st.lists(
    st.one_of(_pieces, st.sampled_from(["/", "//", "\\", "\r\n", "?", "connect", "callback", "data-deletion"])),
    max_size=6,
).map("".join)
_bodies = st.one_of(
    _signed_requests.map(encode_form),
    st.fixed_dictionaries(
        {"body": st.one_of(st.none(), _words, _queries)}, optional={"isBase64Encoded": st.booleans()}
    ),
)
_events = st.builds(
    lambda parts, body: parts | {name: value for name, value in body.items() if name not in parts} | body,
    st.fixed_dictionaries(
        {"rawQueryString": st.one_of(_queries, _queries, st.none())},
        optional={
            "cookies": st.one_of(st.none(), _cookies),
            "headers": st.one_of(st.none(), _headers),
            "pathParameters": st.one_of(
                st.none(), st.fixed_dictionaries({}, optional={"link": _words, "code": _words})
            ),
            "rawPath": _paths,
            "method": st.sampled_from(["GET", "POST", "HEAD", "PUT", "get", ""]),
        },
    ),
    _bodies,
)

_WEBHOOK_VALUES = st.fixed_dictionaries(
    {}, optional={"waba_info": st.one_of(anything, st.fixed_dictionaries({"waba_id": anything}))}
)

Send = Callable[[str, dict[str, Any]], dict[str, Any]]


@pytest.fixture
def send(load: Callable[[str], ModuleType], console: Console) -> Send:
    modules = {file: load(file) for file in set(FUNCTIONS.values())}

    def send(name: str, parts: dict[str, Any]) -> dict[str, Any]:
        parts = dict(parts)
        method = parts.pop("method", "GET")
        name, is_signup = ("callback", True) if name == "signup" else (name, False)
        if name not in {
            "authorize",
            "callback",
            "fallback",
        }:  # the routes of the others allow one method only
            method = "GET" if name == "data-deletion-status" else "POST"
        if is_signup:
            method = "POST"
            form = {"content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin"}
            parts["headers"] = form | (parts.get("headers") or {})
        event = event_json(name, method=method) | parts
        if name == "data-deletion-status":
            event["pathParameters"] = {"code": (parts.get("pathParameters") or {}).get("code", "")}
        console.read()
        response: dict[str, Any] = modules[FUNCTIONS[name]].handler(event, Context(28_000))
        lines = console.read()
        assert "unexpected" not in [line.get("reason") for line in lines]
        assert not [line for line in lines if "exception" in line], lines
        return response

    return send


def check(response: dict[str, Any]) -> None:
    assert response["statusCode"] in {200, 302, 303, 308, 400, 403, 404}
    if response["statusCode"] == 308:
        assert re.match("/[a-z]", response["headers"]["Location"])
    text = json.dumps(response, ensure_ascii=False).encode()
    assert len(text) < 30_000
    for name, value in [
        *response["headers"].items(),
        *(("", cookie) for cookie in response.get("cookies", [])),
    ]:
        assert (name + value).isprintable()
        assert value.isascii()
    assert "<script" not in response.get("body", "")


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("kept", corpus("events"), ids=names("events"))
def test_an_event_worth_keeping(send: Send, name: str, kept: dict[str, Any]) -> None:
    check(send(name, kept))


@pytest.mark.parametrize("name", FUNCTIONS)
@fuzzed(0.7)
@given(parts=_events)
def test_any_event(send: Send, name: str, parts: dict[str, Any]) -> None:
    check(send(name, parts))


_changes = st.fixed_dictionaries(
    {},
    optional={"field": st.one_of(anything, st.just("account_update")), "value": st.one_of(anything, _WEBHOOK_VALUES)},
)
_webhooks = st.one_of(
    anything,
    st.fixed_dictionaries(
        {"object": st.just("whatsapp_business_account")},
        optional={
            "entry": st.one_of(
                anything,
                st.lists(
                    st.one_of(
                        anything,
                        st.fixed_dictionaries(
                            {"changes": st.one_of(anything, st.lists(st.one_of(anything, _changes), max_size=4))},
                            optional={"id": anything},
                        ),
                    ),
                    max_size=4,
                ),
            )
        },
    ),
)


@fuzzed(1)
@given(payload=_webhooks)
def test_any_signed_webhook_is_answered_once(send: Send, payload: object) -> None:
    parcel = pack("good", payload, stack.APP_SECRET)  # type: ignore[arg-type]  # not an object, which Facebook never sends
    parts = {"headers": dict(parcel.headers), "body": b64encode(parcel.body).decode(), "isBase64Encoded": True}
    assert send("whatsapp-webhook", parts)["statusCode"] == 200


SAID = SignedRequest(user_id="122100000000000001", issued_at=1795608000)
SIGNED = sign({"algorithm": "HMAC-SHA256", "user_id": SAID.user_id, "issued_at": SAID.issued_at}, stack.APP_SECRET)


def read(raw: str) -> SignedRequest | None:
    try:
        return verify(raw, app_secrets=["another", stack.APP_SECRET])
    except SignedRequestError:
        return None


@pytest.mark.parametrize("kept", corpus("signed_requests"), ids=names("signed_requests"))
def test_a_signed_request_worth_keeping(kept: dict[str, Any]) -> None:
    raw = kept["raw"] if "raw" in kept else sign(kept["payload"], stack.APP_SECRET)
    assert read(raw) is None


@fuzzed(2)
@given(_signed_requests)
def test_any_signed_request(raw: str) -> None:
    if said := read(raw):
        assert said.user_id.isdigit()
        assert 0 < said.issued_at < 10**12


@fuzzed(2)
@given(st.integers(0, len(SIGNED)), st.integers(0, 3), st.text(max_size=3))
def test_altered_signed_request_is_equal_or_refused(at: int, lost: int, new: str) -> None:
    assert read(SIGNED) == SAID
    assert read(SIGNED[:at] + new + SIGNED[at + lost :]) in {SAID, None}

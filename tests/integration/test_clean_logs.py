"""Nothing secret is printed, shown or sent anywhere but where it belongs, however a login ends."""

import logging
from collections.abc import Callable
from types import ModuleType
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

import pytest
import requests

from facebook_simulator.server import FacebookServer
from tests.support import stack
from tests.support.browser import Browser, Reply, event_json
from tests.support.canary import spot
from tests.support.events import Context
from tests.support.facebook import Facebook
from tests.support.interleaving import Wire
from tests.support.outage import WORDS, Outage
from tests.support.stored import Stored
from whatsapp_connect.model import AccessToken

WORDS_OF_FACEBOOK = "Malformed canary 5c0ffee5c0ffee"


class Watched:
    """A person's login, and everything that can be seen of it from outside."""

    def __init__(
        self,
        browser: Browser,
        facebook: Facebook,
        simulator: FacebookServer,
        caplog: pytest.LogCaptureFixture,
        modules: dict[str, ModuleType],
    ) -> None:
        self.browser = browser
        self.facebook = facebook
        self.modules = modules
        self._simulator = simulator
        self._caplog = caplog
        self._seen: list[str] = []
        # The account's number, which is before it in AWS's words, is in every ARN.
        self._secrets = {stack.APP_SECRET, WORDS_OF_FACEBOOK, WORDS.rpartition(":")[2]}

    def log_in(self, **choice: Any) -> str:
        reply = self.browser.connect()
        # These alone must carry the state and the cookie.
        self.look(Reply({**reply.response, "headers": {}, "cookies": []}, reply.printed))
        assert set(self.browser.cookies.values()).isdisjoint(reply.location.split("="))
        location = self.facebook.log_in(reply.location, **choice)
        query = dict(parse_qsl(location.partition("?")[2].removesuffix("#_=_")))
        self._secrets |= {query[name] for name in ("code", "state") if name in query}
        return urlencode(query)

    def come_back(self, query: str) -> Reply:
        reply = self.browser.come_back(query)
        self.look(reply)
        return reply

    def look(self, seen: object) -> None:
        self._seen.append(str(seen))

    def assert_clean(self) -> None:
        secrets = (
            self._secrets
            | set(self.browser.cookies.values())
            | {token.value for token in self._simulator.state.every_token()}
        )
        assert len(secrets) >= 5
        everything = "\n".join([*self._seen, self._caplog.text, str([vars(r) for r in self._caplog.records])])
        assert "login" in everything
        if found := spot(everything, secrets):  # an assert would print everything
            pytest.fail(f"a secret was seen: {found}")


@pytest.fixture
def publish(load: Callable[[str], ModuleType]) -> ModuleType:
    return load("publish")


@pytest.fixture
def watched(
    browser: Browser,
    facebook: Facebook,
    simulator: FacebookServer,
    caplog: pytest.LogCaptureFixture,
    *,
    callback: ModuleType,
    publish: ModuleType,
    pauses: list[float],
) -> Watched:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, "whatsapp-connect")
    # At DEBUG the SDK prints every request it makes; the other two are not there on AWS.
    for name in ("botocore", "moto", "responses"):
        caplog.set_level(logging.WARNING, name)
    return Watched(
        browser,
        facebook,
        simulator,
        caplog,
        {"callback": callback, "publish": publish},
    )


def test_a_login_that_ends_well(watched: Watched, stored: Stored) -> None:
    query = watched.log_in()
    assert watched.come_back(query).title == "You are connected"
    watched.come_back(query)
    assert len(stored.parameters()) == 1
    watched.look(stored.records() + stored.states())
    change = {"dynamodb": {"Keys": {"connection_id": {"S": stored.records()[0]["connection_id"]}}}}
    watched.modules["publish"].handler({"Records": [change]}, Context(120_000))
    watched.look(watched.browser.console.read())
    (metadata,) = (value for name, value in stored.parameters().items() if name.endswith("/metadata"))
    watched.look(metadata)
    watched.assert_clean()


@pytest.mark.parametrize("endpoint", ["exchange", "extend", "debug_token", "phone_numbers"])
@pytest.mark.parametrize(
    ("fault", "options"),
    [
        *(("graph_error", {"code": code, "message": WORDS_OF_FACEBOOK}) for code in (1, 2, 4, 10, 100, 190, 2500)),
        ("error_with_200", {"code": 190, "message": WORDS_OF_FACEBOOK}),
        ("server_error", {}),
        ("html_error", {}),
        ("invalid_json", {}),
        ("huge", {}),
        ("redirect", {"location": f"https://example.com/{WORDS_OF_FACEBOOK}"}),
        ("empty", {}),
        ("truncated", {}),
    ],
)
def test_facebook_failure_is_logged_without_its_text(
    watched: Watched, fault: str, options: dict[str, Any], endpoint: str
) -> None:
    fail = {"exchange": watched.facebook.fail_exchange, "extend": watched.facebook.fail_extend}.get(endpoint)
    if fail:
        fail(fault, times=3, **options)
    else:
        watched.facebook.fail(endpoint, fault, times=3, **options)
    query = watched.log_in()
    watched.come_back(query)
    watched.come_back(query)
    watched.assert_clean()


@pytest.mark.parametrize("calls", [0, 1, 2, 3])
def test_a_connection_lost_before_each_call(
    watched: Watched, wire: Wire, monkeypatch: pytest.MonkeyPatch, calls: int
) -> None:
    query = watched.log_in()
    made: list[str] = []

    def lose_connection(name: str) -> None:
        made.extend([name] * (name == "facebook"))
        if len(made) == calls + 1 and name == "facebook":
            monkeypatch.setattr(requests.adapters.HTTPAdapter, "get_connection_with_tls_context", fail_once())

    def fail_once() -> Any:
        connect = requests.adapters.HTTPAdapter.get_connection_with_tls_context

        def fail(adapter: Any, request: Any, *arguments: Any, **more: Any) -> Any:
            monkeypatch.setattr(requests.adapters.HTTPAdapter, "get_connection_with_tls_context", connect)
            raise requests.exceptions.ConnectionError(request.url, request.headers, request.body)

        return fail

    with wire.action(lose_connection):
        watched.come_back(query)
    watched.assert_clean()


@pytest.mark.parametrize(
    ("operation", "skip"),
    [
        ("UpdateItem", 0),
        ("UpdateItem", 1),
        ("GetItem", 0),
        ("Encrypt", 0),
        ("TransactWriteItems", 0),
        ("GetParameter", 0),
        ("PutParameter", 0),
    ],
)
@pytest.mark.parametrize("code", ["AccessDeniedException", "ThrottlingException", "TooManyUpdates"])
def test_a_failure_of_awss(
    watched: Watched, clients: Callable[[str], list[Any]], *, operation: str, skip: int, code: str
) -> None:
    Outage(clients("callback"), operation, code, skip=skip)
    watched.come_back(watched.log_in())
    watched.assert_clean()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda query: f"{query}&state=x",
        lambda query: f"{query}&error=access_denied&error_description={quote(WORDS_OF_FACEBOOK)}",
        lambda query: f"{query}&error_code=1349168&error_message={quote(WORDS_OF_FACEBOOK)}",
        lambda query: f"{query}&error={quote(WORDS_OF_FACEBOOK)}",
        lambda query: f"{query}&error_code={quote(WORDS_OF_FACEBOOK)}",
        lambda query: query.replace("state=", "state=A"),
        lambda query: query.replace("state=", "unstate="),
        lambda query: query.replace("code=", "code=A"),
    ],
)
def test_a_spoilt_callback(watched: Watched, spoil: Callable[[str], str]) -> None:
    assert watched.come_back(spoil(watched.log_in())).title != "You are connected"
    watched.assert_clean()


def test_a_callback_of_another_browser(watched: Watched, new_browser: Callable[[], Browser]) -> None:
    query = watched.log_in()
    watched.look(new_browser().come_back(query))
    watched.assert_clean()


def test_an_exception_of_our_own(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(inspection: Any, **_: object) -> None:
        raise RuntimeError(inspection, *watched.browser.cookies.values(), WORDS_OF_FACEBOOK)

    monkeypatch.setattr("whatsapp_connect.token_rules.require_acceptable", fail)
    reply = watched.come_back(watched.log_in())
    assert reply.metric("LoginEnded") == ["unexpected"]
    watched.assert_clean()


def test_the_token_is_not_in_the_repr_of_anything(watched: Watched, stored: Stored) -> None:
    watched.come_back(watched.log_in())
    (row,) = stored.records()
    watched.look(repr(stored.connection(row["connection_id"])))
    for token in stored.parameters().values():
        watched.look(repr(AccessToken(token, expires_in=None)))
    watched.assert_clean()


def test_an_event_is_never_logged_whole(watched: Watched) -> None:
    sent = event_json("callback", query=watched.log_in(), cookies=watched.browser.cookies)
    del sent["requestContext"]["http"]
    with pytest.raises(KeyError):
        watched.modules["callback"].handler(sent, watched.browser.context)
    watched.look(watched.browser.console.read())
    watched.assert_clean()

"""Nothing secret is printed, shown or sent anywhere but where it belongs, however a login ends."""

import logging
from collections.abc import Callable
from types import ModuleType
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

import boto3
import pytest

from local.facebook.server import FacebookServer
from tests.support import stack
from tests.support.browser import Browser, Reply, event_json
from tests.support.canary import spot
from tests.support.facebook import Facebook
from tests.support.stored import Kept
from tests.support.outage import WORDS, Outage
from tests.integration.test_callback_facebook import refuse_once

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
        self._secrets = {stack.APP_SECRET, WORDS_OF_FACEBOOK, WORDS}

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
        secrets = self._secrets | set(self.browser.cookies.values()) | set(self._simulator.state._tokens)
        assert len(secrets) >= 5
        everything = "\n".join([*self._seen, self._caplog.text, str([vars(r) for r in self._caplog.records])])
        assert "login" in everything
        if found := spot(everything, secrets):  # an assert would print everything
            pytest.fail(f"a secret was seen: {found}")


@pytest.fixture
def watched(
    browser: Browser,
    facebook: Facebook,
    simulator: FacebookServer,
    caplog: pytest.LogCaptureFixture,
    *,
    callback: ModuleType,
    announce: ModuleType,
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
        {"callback": callback, "announce": announce},
    )


def test_a_login_that_ends_well(watched: Watched, kept: Kept, deployed: boto3.Session) -> None:
    query = watched.log_in()
    assert watched.come_back(query).title == "You're connected"
    watched.come_back(query)
    assert len(kept.parameters()) == 1
    watched.look(kept.records() + kept.states())
    row = deployed.client("dynamodb").scan(TableName=stack.CONNECTIONS)["Items"][0]
    change = {"eventID": "1", "dynamodb": {"NewImage": row, "SequenceNumber": "1"}}
    watched.modules["announce"].handler({"Records": [change]}, watched.browser.context)
    watched.look(watched.browser.console.read())
    (metadata,) = (value for name, value in kept.parameters().items() if name.endswith("/metadata"))
    watched.look(metadata)
    watched.assert_clean()


@pytest.mark.parametrize("endpoint", ["exchange", "extend", "debug_token", "phone_numbers"])
@pytest.mark.parametrize(
    ("fault", "options"),
    [
        *(
            ("graph_error", {"code": code, "message": WORDS_OF_FACEBOOK})
            for code in (1, 2, 4, 10, 100, 190, 2500)
        ),
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
def test_a_failure_of_facebooks(watched: Watched, fault: str, options: dict[str, Any], endpoint: str) -> None:
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
    watched: Watched, monkeypatch: pytest.MonkeyPatch, calls: int
) -> None:
    query = watched.log_in()
    graph = watched.modules["callback"].graph
    call = graph._call
    made: list[None] = []

    def lose_connection(*arguments: Any, **more: Any) -> Any:
        made.append(None)
        if len(made) == calls + 1:
            graph._session.close()
            refuse_once(monkeypatch)
        return call(*arguments, **more)

    monkeypatch.setattr(graph, "_call", lose_connection)
    assert watched.come_back(query).title == "You're connected"
    watched.assert_clean()


@pytest.mark.parametrize(
    ("client", "operation", "skip"),
    [
        ("_dynamodb", "UpdateItem", 0),
        ("_dynamodb", "UpdateItem", 1),
        ("_dynamodb", "UpdateItem", 2),
        ("_dynamodb", "UpdateItem", 3),
        ("ssm", "GetParameter", 0),
        ("ssm", "PutParameter", 0),
    ],
)
@pytest.mark.parametrize("code", ["AccessDeniedException", "ThrottlingException", "TooManyUpdates"])
def test_a_failure_of_awss(watched: Watched, *, client: str, operation: str, skip: int, code: str) -> None:
    callback = watched.modules["callback"]
    Outage(callback.vault._client if client == "ssm" else callback._dynamodb, operation, code, skip=skip)
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
    assert watched.come_back(spoil(watched.log_in())).title != "You're connected"
    watched.assert_clean()


def test_a_callback_of_another_browser(watched: Watched, new_browser: Callable[[], Browser]) -> None:
    query = watched.log_in()
    watched.look(new_browser().come_back(query))
    watched.assert_clean()


def test_an_exception_of_our_own(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(inspection: Any, **_: object) -> None:
        raise RuntimeError(inspection, *watched.browser.cookies.values(), WORDS_OF_FACEBOOK)

    monkeypatch.setattr(watched.modules["callback"], "accept", fail)
    reply = watched.come_back(watched.log_in())
    assert reply.metric("LoginEnded") == ["unexpected"]
    watched.assert_clean()


def test_the_token_is_not_in_the_repr_of_anything(watched: Watched) -> None:
    token = watched.facebook.control("tokens", {})["access_token"]
    graph = watched.modules["callback"].graph
    extended = graph.extend(
        watched.modules["callback"].AccessToken(value=token, expires_in=None),
        app_secret=stack.APP_SECRET,
        deadline=float("inf"),
    )
    watched.log_in()
    watched.look(repr(extended))
    watched.assert_clean()


def test_an_event_is_never_logged_whole(watched: Watched) -> None:
    sent = event_json("callback", query=watched.log_in(), cookies=watched.browser.cookies)
    del sent["requestContext"]["http"]
    with pytest.raises(KeyError):
        watched.modules["callback"].handler(sent, watched.browser.context)
    watched.look(watched.browser.console.read())
    watched.assert_clean()

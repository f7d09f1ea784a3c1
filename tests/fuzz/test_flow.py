"""Whatever Facebook answers, a login ends on a page, a check keeps what works, and what was kept can be announced."""

import json
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.answer import DEBUG, EXCHANGE, PHONE_NUMBERS, TOKEN, USER_ID, Answer, Oracle, answers
from tests.fuzz.inputs import CANARY, corpus, fuzzed, names
from tests.support import stack
from tests.support.browser import Console, event_json
from tests.integration.life import Context, Life
from whatsapp_connect.errors import SetupError

GOOD = [Answer(body=json.dumps(one).encode()) for one in (EXCHANGE, DEBUG, PHONE_NUMBERS)]
KEPT = [(kind, place) for kind in range(len(corpus("answers"))) for place in range(3)]


class Flow:
    """The functions, and Facebook answering what it is told to."""

    def __init__(self, life: Life, authorize: ModuleType, console: Console) -> None:
        self.life = life
        self._authorize = authorize
        self._console = console
        self.oracle = Oracle()
        for module in (life.callback, life.renew):
            module.graph._session.mount("http://", self.oracle)

    def log_in(self, given_answers: list[Answer]) -> dict[str, Any]:
        """Log in and return the page, which is checked."""
        query, cookies = self._begin()
        self.oracle.give(given_answers)
        event = event_json("callback", query=f"code=code&{query}", cookies=cookies)
        page: dict[str, Any] = self.life.callback.handler(event, Context(28_000))
        text = json.dumps(page, ensure_ascii=False).encode().decode()
        assert CANARY not in text
        assert TOKEN not in text
        reasons = [line["reason"] for line in self._output() if "LoginEnded" in line]
        assert len(reasons) == 1
        assert page["statusCode"] in {200, 400, 403, 502, 503} or reasons[0] in SetupError.reasons
        return page

    def check(self, given_answers: list[Answer]) -> str:
        """Check the connection; return how that ended."""
        self.life.renew.connections.make_due(USER_ID)
        self.oracle.give(given_answers)
        outcome: str = self.life.renew.check(USER_ID)
        for line in self._output():
            assert line.get("reason") != "unexpected", line
        return outcome

    def announce(self) -> None:
        """Bring every change: events are held to their schemas, the parameter to what it can hold."""
        self.life.stream.bring()
        for name, value in self.life.kept.parameters().items():
            if name.endswith("/metadata"):
                assert len(value.encode()) <= 8192
        self._output()

    def forget(self) -> None:
        """Begin again, whatever the input before has left."""
        self.life.stream._waiting.clear()
        self.life.kept.delete(USER_ID)
        self.announce()

    def _begin(self) -> tuple[str, dict[str, str]]:
        answer = self._authorize.handler(event_json("authorize"), Context(10_000))
        (cookie,) = answer["cookies"]
        name, _, value = cookie.partition(";")[0].partition("=")
        (state,) = [
            one for one in answer["headers"]["Location"].split("?")[1].split("&") if one.startswith("state=")
        ]
        return state, {name: value}

    def _output(self) -> list[dict[str, Any]]:
        lines = self._console.read()
        assert CANARY not in str(lines)
        assert TOKEN not in str(lines)
        assert stack.APP_SECRET not in str(lines)
        return lines


@pytest.fixture
def flow(life: Life, authorize: ModuleType, console: Console, monkeypatch: pytest.MonkeyPatch) -> Flow:
    life.clock.wind(authorize, monkeypatch)
    return Flow(life, authorize, console)


def login_ends_and_can_be_announced(flow: Flow, given_answers: list[Answer]) -> None:
    flow.forget()
    page = flow.log_in(given_answers)
    kept = flow.life.kept.token(USER_ID)
    assert (kept == TOKEN) is (page["statusCode"] == 200)
    flow.announce()


@pytest.mark.parametrize(("kind", "place"), KEPT)
def test_an_answer_worth_keeping(flow: Flow, kind: int, place: int) -> None:
    answer = Answer.of(corpus("answers")[kind])
    login_ends_and_can_be_announced(flow, [*GOOD[:place], answer, *GOOD[place + 1 :]])


@fuzzed(0.4)
@given(
    st.sampled_from([0, 1, 1, 2]),
    st.tuples(answers(EXCHANGE), answers(DEBUG), answers(PHONE_NUMBERS)),
    st.lists(st.one_of(answers(EXCHANGE), answers(DEBUG)), max_size=3),
)
def test_any_login(flow: Flow, place: int, spoiled: tuple[Answer, ...], more: list[Answer]) -> None:
    given_answers = [*GOOD[:place], spoiled[place], *more, *GOOD[place + 1 :]]
    login_ends_and_can_be_announced(flow, given_answers)


@pytest.mark.parametrize("answer", [*map(Answer.of, corpus("answers"))], ids=names("answers"))
def test_an_answer_worth_keeping_to_a_check(flow: Flow, answer: Answer) -> None:
    check_keeps_what_works(flow, [answer])


@fuzzed(0.4)
@given(st.lists(st.one_of(answers(DEBUG), answers(DEBUG), answers(EXCHANGE)), min_size=1, max_size=4))
def test_any_check(flow: Flow, given_answers: list[Answer]) -> None:
    check_keeps_what_works(flow, given_answers)


def check_keeps_what_works(flow: Flow, given_answers: list[Answer]) -> None:
    flow.forget()
    assert flow.log_in(GOOD)["statusCode"] == 200
    outcome = flow.check(given_answers)
    if flow.life.kept.token(USER_ID) is None:
        assert outcome in {"revoked", "expired"}
        assert any(map(says_no, given_answers)), "a token was taken away that nobody had called dead"
    flow.announce()


def says_no(answer: Answer) -> bool:
    """Say whether an answer is a clear one: the token is dead, or somebody else's."""
    try:
        data = json.loads(answer.body)["data"]
        return data["is_valid"] is False or str(data["user_id"]) != USER_ID
    except (ValueError, KeyError, TypeError, RecursionError):
        return False

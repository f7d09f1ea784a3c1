"""Whatever Facebook answers, a login ends on a page, a check keeps what works, and what was stored can be published."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.answer import APP, DEBUG, EXCHANGE, GRAPH_URL, PHONE_NUMBERS, TOKEN, USER_ID, Answer, Oracle, answers
from tests.fuzz.inputs import CANARY, corpus, fuzzed, names
from tests.support import stack
from tests.support.browser import event_json
from tests.support.clock import DAY, START
from tests.support.events import Context
from tests.support.world import World
from whatsapp_connect.outcomes import OUTCOMES
from whatsapp_connect.token_rules import DOUBT_S

pytestmark = pytest.mark.parameters(GraphUrl=GRAPH_URL)

GOOD = [Answer(body=json.dumps(one).encode()) for one in (EXCHANGE, DEBUG, PHONE_NUMBERS)]
APP_WORKS = Answer(body=json.dumps(APP).encode())
KEPT = [(kind, place) for kind in range(len(corpus("answers"))) for place in range(3)]


class Flow:
    """The functions, and Facebook answering what it is told to."""

    def __init__(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        self.world = world
        self.oracle = Oracle(monkeypatch)

    def log_in(self, given_answers: list[Answer]) -> dict[str, Any]:
        """Log in and return the page, which is checked."""
        query, cookies = self._begin()
        self.oracle.give(given_answers)
        event = event_json("callback", query=f"code=code&{query}", cookies=cookies)
        page: dict[str, Any] = self.world.functions["callback"].handler(event, Context())
        text = json.dumps(page, ensure_ascii=False).encode().decode()
        assert CANARY not in text
        assert TOKEN not in text
        reasons = [line["reason"] for line in self._output() if "LoginEnded" in line]
        assert len(reasons) == 1
        assert page["statusCode"] in {200, 400, 403, 502, 503} or OUTCOMES[reasons[0]].text == "setup-wrong"
        return page

    def check(self, given_answers: list[Answer]) -> list[str]:
        """Check the connection twice, a day and an hour later; return how that ended."""
        outcomes: list[str] = []
        for wait in (DAY, DOUBT_S):
            self.world.clock.advance(wait)
            self.oracle.give([*given_answers, APP_WORKS])
            self.world.report(USER_ID)
            self.world.check_queue.bring()
            lines = self._output()
            assert not [line for line in lines if line.get("message") == "check crashed"], lines
            outcomes += [line["outcome"] for line in lines if "Checks" in line]
        return outcomes

    def publish(self) -> None:
        """Bring every change: events are held to their schemas, the parameter to what it can hold."""
        self.world.stream.bring()
        self.world.sent_events()
        for name, value in self.world.stored.parameters().items():
            if name.endswith("/metadata"):
                assert len(value.encode()) <= 8192
        lines = self._output()
        assert not [line for line in lines if "not published" in line.get("message", "")], lines

    def forget(self) -> None:
        """Begin again, whatever the input before has left."""
        self.world.stored.delete(USER_ID)
        self.publish()
        self.world.clock.advance(START - self.world.clock.now())
        self.world.restart("check")

    def _begin(self) -> tuple[str, dict[str, str]]:
        answer = self.world.functions["authorize"].handler(event_json("authorize"), Context(10_000))
        (cookie,) = answer["cookies"]
        name, _, value = cookie.partition(";")[0].partition("=")
        (state,) = [one for one in answer["headers"]["Location"].split("?")[1].split("&") if one.startswith("state=")]
        return state, {name: value}

    def _output(self) -> list[dict[str, Any]]:
        lines = self.world.console.read()
        assert CANARY not in str(lines)
        assert TOKEN not in str(lines)
        assert stack.APP_SECRET not in str(lines)
        return lines


@pytest.fixture
def flow(world: World, monkeypatch: pytest.MonkeyPatch) -> Flow:
    return Flow(world, monkeypatch)


def login_ends_and_can_be_published(flow: Flow, given_answers: list[Answer]) -> None:
    flow.forget()
    page = flow.log_in(given_answers)
    stored = flow.world.stored.token(USER_ID)
    assert (stored == TOKEN) is (page["statusCode"] == 200)
    flow.publish()


@pytest.mark.parametrize(("kind", "place"), KEPT)
def test_an_answer_worth_keeping(flow: Flow, kind: int, place: int) -> None:
    answer = Answer.of(corpus("answers")[kind])
    login_ends_and_can_be_published(flow, [*GOOD[:place], answer, *GOOD[place + 1 :]])


@fuzzed(0.4)
@given(
    st.sampled_from([0, 1, 1, 2]),
    st.tuples(answers(EXCHANGE), answers(DEBUG), answers(PHONE_NUMBERS)),
    st.lists(st.one_of(answers(EXCHANGE), answers(DEBUG)), max_size=3),
)
def test_any_login(flow: Flow, place: int, spoiled: tuple[Answer, ...], more: list[Answer]) -> None:
    given_answers = [*GOOD[:place], spoiled[place], *more, *GOOD[place + 1 :]]
    login_ends_and_can_be_published(flow, given_answers)


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
    flow.publish()
    outcomes = flow.check(given_answers)
    flow.publish()
    if flow.world.stored.token(USER_ID) is None:
        assert {"revoked", "expired"} & set(outcomes)
        assert any(map(says_no, given_answers)), "a token was taken away that nobody had called dead"


def says_no(answer: Answer) -> bool:
    """Say whether an answer is a clear one: the token is dead."""
    try:
        return json.loads(answer.body)["data"]["is_valid"] is False
    except (ValueError, KeyError, TypeError, RecursionError):
        return False

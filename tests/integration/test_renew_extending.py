"""What Facebook makes of a token that is exchanged for a longer one, and what is published of it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from local.facebook.errors import NOT_EXTENDABLE, GraphError
from local.facebook.model import Token
from local.facebook.state import State
from tests.support.clock import DAY, HOUR
from tests.integration.life import MARIA, SIXTY_DAYS, Life
from tests.support.outage import watch

KINDS = [
    pytest.param({}, id="USER"),
    pytest.param({"type": "SYSTEM_USER", "lifetime": 60 * DAY}, id="SYSTEM_USER"),
]
Exchange = Callable[[State, Token], Token]


def issue(state: State, token: Token, **changes: Any) -> Token:
    """Make a token like another one that lives sixty days, but for the changes."""
    values: dict[str, Any] = {"identity": token.identity, "scopes": token.scopes, "lifetime": SIXTY_DAYS}
    return state.issue_token(accounts=token.accounts, **values | changes)


def refuse(_state: State, _token: Token) -> Token:
    raise GraphError(NOT_EXTENDABLE)


def same_expiry(state: State, token: Token) -> Token:
    return issue(state, token, lifetime=token.expires_at - state.clock.now())


def of_another_app(state: State, token: Token) -> Token:
    state.configure_app("9876543210", {})
    return issue(state, token, identity=replace(token.identity, app_id="9876543210"))


def dead(state: State, token: Token) -> Token:
    made = issue(state, token)
    return state.age(made, expires_in=-1)


NOT_LONGER: dict[str, Exchange] = {
    "same string": lambda _state, token: token,
    "other string, same expiry": same_expiry,
    "refused": refuse,
}
NOT_BETTER: dict[str, Exchange] = {
    "an hour less a second longer": lambda state, token: issue(
        state, token, lifetime=token.expires_at - state.clock.now() + HOUR - 1
    ),
    "shorter": lambda state, token: issue(state, token, lifetime=29 * DAY - HOUR),
    "fewer scopes": lambda state, token: issue(state, token, scopes=token.scopes[:1]),
    "another user": lambda state, token: issue(
        state, token, identity=replace(token.identity, user_id="122100000000000002")
    ),
    "another kind": lambda state, token: issue(
        state, token, identity=replace(token.identity, type="SYSTEM_USER")
    ),
    "another app": of_another_app,
    "dead": dead,
}


@pytest.fixture
def writes(life: Life) -> list[str]:
    """List the parameters that renew writes."""
    names: list[str] = []
    watch(life.renew.vault._client, "PutParameter", lambda **_: names.append("PutParameter"))
    return names


@pytest.fixture
def exchange(life: Life, monkeypatch: pytest.MonkeyPatch) -> Callable[[Exchange], None]:
    """Have Facebook exchange tokens in a way of the test's."""

    def use(way: Exchange) -> None:
        monkeypatch.setattr(life.state, "extend", lambda token, **_: way(life.state, token))

    return use


def test_a_token_is_only_inspected_while_it_lives_longer_than_thirty_days(
    life: Life, writes: list[str]
) -> None:
    life.connect()
    for days in (1, 14, 14):
        life.clock.pass_days(days)
        assert life.run().outcomes == {"checked": 1}
    assert (writes, life.facebook.extensions) == ([], 0)
    assert life.events() == ["Connected"]
    life.clock.advance(SIXTY_DAYS - 59 * DAY)  # thirty days are left
    assert life.run().outcomes == {"renewed": 1}


@pytest.mark.parametrize("token", KINDS)
def test_extended(life: Life, token: dict[str, Any]) -> None:
    connection_id = life.connect(**token)
    before = life.token(connection_id)
    life.stream.bring()
    life.clock.pass_days(31)
    assert life.run().outcomes == {"renewed": 1}
    assert life.token(connection_id) != before
    assert life.expires_in(connection_id) == token.get("lifetime", SIXTY_DAYS)
    assert life.record(connection_id)["renewed_at"] == life.clock.now()
    (told,) = life.stream.bring()
    assert (told.type, told.detail["token_version"]) == ("Renewed", 2)
    life.assert_healthy()
    assert life.next_day().outcomes == {"checked": 1}
    assert life.facebook.extensions == 1


@pytest.mark.parametrize("way", NOT_LONGER)
@pytest.mark.parametrize("token", KINDS)
def test_not_extended(
    life: Life,
    writes: list[str],
    exchange: Callable[[Exchange], None],
    token: dict[str, Any],
    *,
    way: str,
) -> None:
    connection_id = life.connect(**token)
    before = life.token(connection_id)
    life.clock.pass_days(31)
    exchange(NOT_LONGER[way])
    for day in range(1, 4):  # once a day
        assert life.run().outcomes == {"not-extended": 1}
        assert life.next_hour().outcomes == {}
        assert life.facebook.extensions == day
        life.clock.pass_days(1)
    assert (life.token(connection_id), writes) == (before, [])
    record = life.record(connection_id)
    assert (record["status"], record["failures"]) == ("active", 0)
    assert "renewed_at" not in record
    assert life.events() == ["Connected"]
    exchange(issue)
    assert life.run().outcomes == {"renewed": 1}
    life.assert_healthy()


@pytest.mark.parametrize("way", NOT_BETTER)
def test_only_what_is_proven_better_is_published(
    life: Life, writes: list[str], exchange: Callable[[Exchange], None], way: str
) -> None:
    life.connect()
    before = life.token()
    life.clock.pass_days(31)
    exchange(NOT_BETTER[way])
    assert life.run().outcomes == {"not-extended": 1}
    assert (life.token(), writes) == (before, [])
    assert life.events() == ["Connected"]
    life.assert_healthy()


def test_a_token_with_a_permission_more_is_published(
    life: Life, exchange: Callable[[Exchange], None]
) -> None:
    life.connect()
    life.clock.pass_days(31)
    exchange(lambda state, token: issue(state, token, scopes=(*token.scopes, "business_management")))
    assert life.run().outcomes == {"renewed": 1}
    assert life.events() == ["Connected", "Renewed"]
    assert "business_management" in life.metadata()["scopes"]


def test_a_token_that_came_to_live_for_ever_is_published_and_then_left_alone(
    life: Life, exchange: Callable[[Exchange], None]
) -> None:
    life.connect()
    life.clock.pass_days(31)
    exchange(lambda state, token: issue(state, token, lifetime=0))
    assert life.run().outcomes == {"renewed": 1}
    assert (life.expires_in(), life.stream.bring()[-1].detail["expires_at"]) == (0, None)
    life.clock.pass_days(20)
    assert life.run().outcomes == {"checked": 1}
    assert life.facebook.extensions == 1


@pytest.mark.parametrize("kind", ["USER", "SYSTEM_USER"])
def test_a_token_that_never_expires_is_only_inspected(life: Life, writes: list[str], kind: str) -> None:
    connection_id = life.connect(type=kind, lifetime=0)
    before = life.token(connection_id)
    for _ in range(4):
        life.clock.pass_days(17)
        assert life.run().outcomes == {"checked": 1}
    assert (life.token(connection_id), writes, life.facebook.extensions) == (before, [], 0)
    assert life.events() == ["Connected"]
    assert life.metadata(connection_id)["expires_at"] is None


def test_a_token_lives_for_a_year_where_facebook_extends_it(life: Life) -> None:
    life.connect()
    for _ in range(24):
        life.clock.pass_days(15)
        life.facebook.control("data-access", {"person": "maria", "expires_in": 90 * DAY})
        life.run()
        assert life.expires_in() > 29 * DAY
    assert set(life.events()) == {"Connected", "Renewed"}
    life.assert_healthy()


def test_an_extension_that_breaks_off_is_tried_again_by_the_next_run(life: Life) -> None:
    life.connect()
    life.clock.pass_days(31)
    for call in ("oauth/access_token", "debug_token"):
        life.facebook.fail(call, "graph_error", code=2, status=500, times=3)
        assert life.run().outcomes == {"unavailable": 1}
        life.clock.advance(HOUR)
    assert life.run().outcomes == {"renewed": 1}
    assert life.events() == ["Connected", "Renewed"]


@pytest.mark.parametrize("fault", ["html_ok", "invalid_json", "json_array", "redirect"])
def test_an_answer_that_is_none_extends_nothing(life: Life, writes: list[str], fault: str) -> None:
    life.connect()
    life.clock.pass_days(31)
    life.facebook.fail_extend(fault)
    assert life.run().outcomes == {"not-extended": 1}
    assert (writes, life.record(MARIA)["status"]) == ([], "active")

"""What Facebook makes of a token that is exchanged for a longer one, and what is published of it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from facebook_simulator.errors import NOT_EXTENDABLE, GraphError
from facebook_simulator.model import Token
from facebook_simulator.state import State
from tests.support import stack
from tests.support.clock import DAY, HOUR
from tests.support.outage import watch
from tests.support.people import MARIA
from tests.support.world import World
from whatsapp_connect.cipher import Cipher

SIXTY_DAYS = 5_183_944
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
    return state.age(issue(state, token), expires_in=-1)


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
    "another kind": lambda state, token: issue(state, token, identity=replace(token.identity, type="SYSTEM_USER")),
    "another app": of_another_app,
    "dead": dead,
    "longer than KMS takes": lambda state, token: issue(state, token, value="EAA" + "x" * 4_094),
}


@pytest.fixture
def exchange(world: World, monkeypatch: pytest.MonkeyPatch) -> Callable[[Exchange], None]:
    """Have Facebook exchange tokens in a way of the test's."""

    def use(way: Exchange) -> None:
        monkeypatch.setattr(world.state, "extend", lambda token, **_: way(world.state, token))

    return use


def test_token_that_lives_longer_than_thirty_days_is_not_extended(world: World) -> None:
    world.connect()
    world.sent_events()
    before = world.token()
    for _ in range(2):
        assert world.after(days=14.9).outcomes == {"checked": 1}
    assert (world.token(), world.facebook.extensions, world.sent_events()) == (before, 0, [])


@pytest.mark.parametrize("token", KINDS)
@pytest.mark.usefixtures("extending")
def test_longer_token_is_published(world: World, token: dict[str, Any]) -> None:
    connection_id = world.connect(**token)
    world.sent_events()
    before = world.token(connection_id)
    assert world.after(days=31).outcomes == {"renewed": 1}
    assert world.token(connection_id) != before
    assert world.expires_in(connection_id) == token.get("lifetime", SIXTY_DAYS)
    record = world.record(connection_id)
    assert (record.renewed_at, record.extensions_refused) == (world.clock.now(), 0)
    (told,) = world.sent_events()
    assert (told.type, told.detail["token_version"], told.detail["status"]) == ("Renewed", 2, "active")
    world.assert_consistent()
    assert world.after(days=1).outcomes == {"checked": 1}
    assert world.facebook.extensions == 1


def test_renewal_after_a_warning_says_the_status_that_it_leads_to(world: World) -> None:
    world.facebook.control("settings", {"renewal": "refuse"})
    world.connect()
    world.after(days=47)
    world.facebook.control("settings", {"renewal": "extend"})
    world.sent_events()
    assert world.after(days=7).outcomes == {"renewed": 1}
    (told,) = world.sent_events()
    assert (told.type, told.detail["status"], world.metadata()["status"]) == ("Renewed", "active", "active")


@pytest.mark.parametrize("way", NOT_LONGER)
@pytest.mark.parametrize("token", KINDS)
def test_useless_extension_is_retried_less_often(
    world: World, exchange: Callable[[Exchange], None], token: dict[str, Any], *, way: str
) -> None:
    connection_id = world.connect(**token)
    world.sent_events()
    before = world.token(connection_id)
    exchange(NOT_LONGER[way])
    world.clock.advance(31 * DAY)
    tries = []
    for day in range(1, 9):
        tried = world.facebook.extensions
        assert world.after(days=1).outcomes.keys() <= {"checked", "not-extended"}
        if world.facebook.extensions > tried:
            tries.append(day)
    assert tries == [1, 2, 4, 8]
    assert (world.token(connection_id), world.sent_events()) == (before, [])
    record = world.record(connection_id)
    assert (record.status, record.failures, record.renewed_at) == ("active", 0, 0)
    exchange(issue)
    assert world.after(days=7).outcomes == {"renewed": 1}
    world.assert_consistent()


@pytest.mark.parametrize("way", NOT_BETTER)
def test_token_not_proven_better_is_not_published(world: World, exchange: Callable[[Exchange], None], way: str) -> None:
    world.connect()
    world.sent_events()
    before = world.token()
    exchange(NOT_BETTER[way])
    assert world.after(days=31).outcomes == {"not-extended": 1}
    assert (world.token(), world.sent_events()) == (before, [])
    world.assert_consistent()


def test_token_with_a_permission_more_is_published(world: World, exchange: Callable[[Exchange], None]) -> None:
    world.connect()
    exchange(lambda state, token: issue(state, token, scopes=(*token.scopes, "business_management")))
    assert world.after(days=31).outcomes == {"renewed": 1}
    assert world.sent_types() == ["Connected", "Renewed"]
    assert "business_management" in world.metadata()["scopes"]


def test_token_that_came_to_live_for_ever_is_published_and_then_left_alone(
    world: World, exchange: Callable[[Exchange], None]
) -> None:
    world.connect()
    exchange(lambda state, token: issue(state, token, lifetime=0))
    assert world.after(days=31).outcomes == {"renewed": 1}
    assert (world.expires_in(), world.sent_events()[-1].detail["expires_at"]) == (0, None)
    assert world.after(days=20).outcomes == {"checked": 1}
    assert world.facebook.extensions == 1


@pytest.mark.parametrize("kind", ["USER", "SYSTEM_USER"])
def test_token_that_never_expires_is_not_extended(world: World, kind: str) -> None:
    connection_id = world.connect(type=kind, lifetime=0)
    before = world.token(connection_id)
    for _ in range(4):
        assert world.after(days=17).outcomes == {"checked": 1}
    assert (world.token(connection_id), world.facebook.extensions) == (before, 0)
    assert world.sent_types() == ["Connected"]
    assert world.metadata(connection_id)["expires_at"] is None


@pytest.mark.usefixtures("extending")
def test_token_lives_for_a_year_where_facebook_extends_it(world: World) -> None:
    world.connect()
    for _ in range(24):
        world.facebook.control("data-access", {"person": "maria", "expires_in": 90 * DAY})
        world.after(days=15)
        assert world.expires_in() > 29 * DAY
    assert set(world.sent_types()) == {"Connected", "Renewed"}
    world.assert_consistent()


@pytest.mark.usefixtures("extending")
def test_extension_that_breaks_off_is_tried_again_by_the_next_check(world: World) -> None:
    world.connect()
    world.sent_events()
    world.clock.advance(31 * DAY)
    world.facebook.fail_extend("server_error", times=3)
    assert world.schedule().outcomes == {"not-extended": 1}
    record = world.record()
    assert (record.extend_after, record.extensions_refused, record.failures) == (0, 0, 0)
    assert world.after(days=1).outcomes == {"renewed": 1}
    assert world.sent_types() == ["Renewed"]


@pytest.mark.usefixtures("extending")
def test_extended_token_whose_lifetime_facebook_does_not_say_is_published(world: World) -> None:
    world.connect()
    world.facebook.control("settings", {"zero_expires_in": True})
    assert world.after(days=31).outcomes == {"renewed": 1}
    assert world.expires_in() > 59 * DAY
    world.assert_consistent()


@pytest.mark.parametrize("fault", ["auth_exception", "api_blocked", "server_not_allowed", "unknown_error"])
@pytest.mark.usefixtures("extending")
def test_refusal_that_is_easily_misread_extends_and_ends_nothing(world: World, fault: str) -> None:
    world.connect()
    world.sent_events()
    before = world.token()
    world.facebook.fail_extend(fault, times=3)
    assert world.after(days=31).outcomes == {"not-extended": 1}
    assert (world.token(), world.record().status, world.sent_events()) == (before, "active", [])
    world.facebook.control("faults", method="DELETE")
    world.after(days=2)
    assert world.sent_types() == ["Renewed"]


@pytest.mark.parametrize("fault", ["html_ok", "invalid_json", "json_array", "redirect"])
def test_answer_that_is_none_extends_nothing(world: World, fault: str) -> None:
    world.connect()
    before = world.token()
    world.facebook.fail_extend(fault)
    assert world.after(days=31).outcomes == {"not-extended": 1}
    assert (world.token(), world.record().status) == (before, "active")


@pytest.mark.usefixtures("extending")
def test_warnings_come_while_extension_fails_and_the_token_is_extended_later(
    world: World,
) -> None:
    world.connect()
    world.sent_events()
    ends_at = world.record().token_expires_at
    world.facebook.fail_extend("server_error", times=None)
    told = []
    world.clock.advance(29 * DAY)
    for _ in world.days(30):
        told += [(one.type, one.detail["days_left"]) for one in world.sent_events()]
    assert told == [("Expiring", days) for days in (14, 7, 3, 1)]
    assert 0 < ends_at - world.clock.now() < DAY
    world.facebook.control("faults", method="DELETE")
    assert world.after(seconds=HOUR).outcomes == {}  # it is checked on time for the end
    assert world.ask_for_check().outcomes == {"renewed": 1}
    assert world.sent_types() == ["Renewed"]
    world.assert_consistent()


@pytest.mark.usefixtures("extending")
def test_login_during_a_renewal_stays_though_the_renewed_token_ends_within_an_hour_of_it(
    world: World,
) -> None:
    world.connect()
    world.clock.advance(31 * DAY)
    logged_in: list[str] = []

    def log_in(**_: object) -> None:
        if not logged_in:
            logged_in.append("")
            world.connect()  # by Facebook's clock, which stands still, it ends at the same moment
            logged_in[0] = world.token()

    watch(world.clients("check"), "Encrypt", log_in)
    assert world.schedule().outcomes == {"checked": 1, "dropped": 1}  # the new token, and the check that came too late
    assert world.token() == logged_in[0]
    world.assert_consistent()
    world.sent_events()
    assert world.after(days=1).outcomes == {"checked": 1}
    assert world.sent_events() == []


@pytest.mark.usefixtures("extending")
def test_renewal_that_publish_overtook_is_kept_without_asking_facebook_again(world: World) -> None:
    world.connect()
    world.clock.advance(31 * DAY)
    record = world.record()

    def write_as_publish_does(**_: object) -> None:
        world.connections.write(record, replace(record, publish_at=world.clock.now()))

    watch(world.clients("check"), "Encrypt", write_as_publish_does)
    assert world.schedule().outcomes == {"renewed": 1}
    assert (world.facebook.extensions, world.facebook.inspections) == (1, 3)  # the app, and each token once
    assert world.expires_in() > 59 * DAY
    world.assert_consistent()


def test_token_is_encrypted_again_under_the_key_of_today(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.connect()
    before, encrypted = world.token(), world.record().token
    other = stack.KEY.replace("0b4ccf6c", "1b4ccf6c")
    stack.make_key(world.session, other)
    monkeypatch.setenv("TOKEN_KEY_ID", other)
    world.restart("check")
    assert world.after(days=1).outcomes == {"checked": 1}
    record = world.record()
    assert record.token
    assert record.token != encrypted
    cipher = Cipher(client=stack.operator(world.session, "kms"), key_id=other)
    assert cipher.decrypt(MARIA, record.token) == (before, other)
    assert world.sent_types() == ["Connected"]

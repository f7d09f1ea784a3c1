"""What time and people do to a token, and how it is told: warnings, ends, permissions taken back."""

from typing import Any

import pytest

from facebook_simulator.distortion import Distortion
from facebook_simulator.model import Identity
from tests.support import stack
from tests.support.clock import DAY, HOUR, MINUTE
from tests.support.people import BAKERY, JONAS, MARIA
from tests.support.world import World

SIXTY_DAYS = 5_183_944
RECONNECT_URL = "https://connect.example.com/reconnect/122100000000000001"


def go_to(world: World, days_left: float, ends_at: int) -> None:
    """Let time pass until so much is left."""
    world.clock.advance(int(ends_at - days_left * DAY) - world.clock.now())


def test_token_that_cannot_be_extended_is_warned_about_four_times_then_deleted(
    world: World,
) -> None:
    world.facebook.control("settings", {"renewal": "refuse"})
    world.connect()
    world.facebook.control("data-access", {"person": "maria", "expires_in": 200 * DAY})
    ends_at = world.record().token_expires_at
    told: list[tuple[str, Any, int]] = []
    for days_left in (15, 14, 13.9, 12, 8, 7, 6, 4, 3, 2.9, 2, 1, 0.9, 0.1, 0, -1):
        go_to(world, days_left, ends_at)
        world.schedule()
        told += [(one.type, one.detail.get("days_left"), int(days_left)) for one in world.sent_events()]
    assert told == [
        ("Connected", None, 15),
        ("Onboarded", None, 15),
        ("Expiring", 14, 14),
        ("Expiring", 7, 7),
        ("Expiring", 3, 3),
        ("Expiring", 1, 1),
        ("Expired", None, 0),
    ]
    assert world.stored.token(MARIA) is None
    metadata = world.metadata()
    assert (metadata["status"], metadata["status_reason"]) == ("expired", "expired")
    record = world.record()
    assert (record.token, record.warned_days, record.next_date_at) == (None, None, 0)
    world.assert_consistent()


def test_next_check_is_on_time_for_the_next_warning(world: World) -> None:
    world.facebook.control("settings", {"renewal": "refuse"})
    world.connect()
    ends_at = world.record().token_expires_at
    for days_left in (14, 7, 3, 1, 0):
        go_to(world, days_left + 1 / 24, ends_at)
        world.schedule()
        assert world.record().next_check_at <= ends_at - days_left * DAY
        assert world.after(seconds=HOUR).outcomes.keys() <= {"checked", "not-extended", "expired"}
        assert world.record().checked_at == world.clock.now()


def test_warning_says_what_will_break_and_where_to_connect_again(world: World) -> None:
    world.facebook.control("settings", {"renewal": "refuse"})
    world.connect()
    world.after(seconds=SIXTY_DAYS - 3 * DAY)
    told = world.sent_events()[-1]
    assert told.detail["reconnect_url"] == RECONNECT_URL
    assert (told.detail["cause"], told.detail["days_left"], told.detail["status"]) == ("token", 3, "expiring")
    assert told.detail["expires_at"] == "2027-01-24T11:59:04Z"
    assert "ends on 2027-01-24T11:59:04Z" in told.detail["message"]
    world.connect()
    (told,) = world.sent_events()
    assert (told.type, told.detail["status"]) == ("Reconnected", "active")
    world.assert_consistent()


def test_days_left_are_the_true_number_when_the_warning_comes_late(world: World) -> None:
    world.facebook.control("settings", {"renewal": "refuse"})
    world.connect()
    world.after(seconds=SIXTY_DAYS - 5 * DAY - HOUR)
    assert world.sent_events()[-1].detail["days_left"] == 6


def test_end_of_data_access_is_reported_once_for_a_doubted_token(world: World) -> None:
    world.connect(type="USER", lifetime=0)
    world.sent_events()
    told: list[tuple[str, Any, str]] = []
    for days in (75, 1, 7, 4, 2, 1, 1):
        world.after(days=days)
        told += [(one.type, one.detail.get("days_left"), one.detail["reconnect_url"]) for one in world.sent_events()]
    again = f"{RECONNECT_URL}?auth_type=reauthorize"
    warned: list[tuple[str, Any, str]] = [("Expiring", days, again) for days in (14, 7, 3, 1)]
    assert told == [*warned, ("DataAccessEnded", None, again)]
    assert (world.metadata()["status"], world.metadata()["status_reason"]) == ("active", "data-access-ended")
    world.facebook.control("debug-token", {"invalid": {}})
    assert world.after(days=1).outcomes == {"doubtful": 1}
    assert world.metadata()["status_reason"] == "doubtful"
    world.facebook.control("debug-token", {})
    assert world.after(seconds=HOUR).outcomes == {"checked": 1}
    assert world.metadata()["status_reason"] == "data-access-ended"
    assert world.sent_events() == []
    world.facebook.control("settings", {"data_access_expired": "invalid"})
    assert world.after(days=1).outcomes == {"revoked": 1}
    assert world.sent_types() == ["Revoked"]
    assert world.metadata()["status_reason"] == "data-access-expired"


@pytest.mark.usefixtures("extending")
def test_reduced_scopes_are_reported_and_the_token_stays(world: World) -> None:
    world.connect()
    world.sent_events()
    before = world.token()
    maria = Identity(stack.APP_ID, MARIA, "Maria Bakker")
    assert world.state.remove_permission(maria, "whatsapp_business_messaging")
    assert world.after(days=1).outcomes == {"checked": 1}
    (told,) = world.sent_events()
    assert (told.type, told.detail["lost_scopes"]) == ("ScopesReduced", ["whatsapp_business_messaging"])
    assert told.detail["scopes"] == ["whatsapp_business_management"]
    assert told.detail["reconnect_url"] == RECONNECT_URL
    assert world.token() == before
    assert world.after(days=31).outcomes == {"renewed": 1}  # it is extended all the same
    assert world.sent_types() == ["Renewed"]


MANAGEMENT, MESSAGING = "whatsapp_business_management", "whatsapp_business_messaging"
IN_SCOPES = {"set": {"scopes": [MANAGEMENT, MESSAGING], "granular_scopes": []}}
IN_GRANULAR = {"set": {"scopes": [], "granular_scopes": [{"scope": MANAGEMENT}, {"scope": MESSAGING}]}}
IN_ONE_EACH = {"set": {"scopes": [MESSAGING], "granular_scopes": [{"scope": MANAGEMENT}]}}
IN_THE_OTHERS = {"set": {"scopes": [MANAGEMENT], "granular_scopes": [{"scope": MESSAGING}]}}


@pytest.mark.usefixtures("extending")
def test_scope_that_moves_between_the_lists_is_not_reduced(world: World) -> None:
    world.connect()
    world.sent_events()
    for lists in (IN_SCOPES, IN_GRANULAR, IN_ONE_EACH, IN_THE_OTHERS, IN_SCOPES, {}, IN_GRANULAR):
        world.facebook.control("debug-token", lists)
        assert world.after(days=1).outcomes == {"checked": 1}
        assert world.sent_events() == []
        assert sorted(world.metadata()["scopes"]) == [MANAGEMENT, MESSAGING]
        assert world.metadata()["waba_ids"] == [BAKERY]


@pytest.mark.parametrize(
    "lists",
    [
        {"set": {"scopes": [MANAGEMENT], "granular_scopes": []}},
        {"set": {"scopes": [], "granular_scopes": [{"scope": MANAGEMENT}]}},
        {"without_scopes": [MESSAGING]},
    ],
)
@pytest.mark.parametrize("before", [IN_SCOPES, IN_GRANULAR, IN_ONE_EACH])
def test_scope_that_vanishes_from_both_lists_is_reported_once(
    world: World, before: dict[str, Any], lists: dict[str, Any]
) -> None:
    world.connect()
    world.facebook.control("debug-token", before)
    world.after(days=1)
    world.sent_events()
    world.facebook.control("debug-token", lists)
    world.after(days=1)
    (told,) = world.sent_events()
    assert (told.type, told.detail["lost_scopes"]) == ("ScopesReduced", [MESSAGING])
    for _ in range(3):
        world.after(days=1)
    assert world.sent_events() == []
    world.facebook.control("debug-token", before)
    world.after(days=1)
    assert world.sent_events() == []
    assert sorted(world.metadata()["scopes"]) == [MANAGEMENT, MESSAGING]


def test_permission_that_nobody_asked_for_is_not_missed(world: World) -> None:
    """Facebook has listed whatsapp_business_manage_events for a time."""
    world.connect()
    more = {"set": {"scopes": [MANAGEMENT, MESSAGING, "whatsapp_business_manage_events"]}}
    world.facebook.control("debug-token", more)
    world.after(days=1)
    assert "whatsapp_business_manage_events" in world.metadata()["scopes"]
    world.sent_events()
    world.facebook.control("debug-token", {})
    world.after(days=1)
    assert "whatsapp_business_manage_events" not in world.metadata()["scopes"]
    assert world.sent_events() == []


def test_account_shared_later_is_found_with_its_numbers(world: World) -> None:
    world.facebook.control("debug-token", {"target_ids": "absent"})
    world.connect("jonas", wabas=["300000000000002"])
    assert world.record(JONAS).waba_ids == ()
    world.facebook.control("debug-token", {"target_ids": "ints"})
    world.after(days=1)
    assert world.record(JONAS).waba_ids == ("300000000000002",)
    assert len(world.metadata(JONAS)["phone_numbers"]) == 1
    connected, changed, onboarded = world.sent_events()
    assert connected.detail["status_reason"] == "accounts-unknown"
    assert onboarded.detail["usable"]
    assert (changed.type, changed.detail["added_waba_ids"]) == ("AccountsChanged", ["300000000000002"])


@pytest.mark.parametrize("way", [{"target_ids": "absent"}, {"set": {"granular_scopes": []}}])
@pytest.mark.usefixtures("scopes_in_both_lists")
def test_accounts_missing_for_everybody_stay(world: World, way: dict[str, Any]) -> None:
    ids = world.populate(4)
    before = [world.metadata(one) for one in ids]
    world.sent_events()
    world.facebook.control("debug-token", way)
    for _ in range(3):
        assert world.after(days=1).outcomes == {"checked": 4}
    assert [world.metadata(one) for one in ids] == before
    assert world.sent_events() == []


def test_account_missing_from_the_answer_stays(world: World) -> None:
    world.connect("jonas")
    known = world.record(JONAS).waba_ids
    assert len(known) > 1
    granular = [{"scope": "whatsapp_business_management", "target_ids": [known[1], "300000000000777"]}]
    world.facebook.control("debug-token", {"set": {"granular_scopes": granular}})
    assert world.after(days=1).outcomes == {"checked": 1}
    assert world.record(JONAS).waba_ids == known
    assert [account.id for account in world.record(JONAS).accounts] == [*known, "300000000000777"]


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("app_removed", "app-not-authorized"),
        ("checkpoint", "checkpoint"),
        ("password_changed", "password-changed"),
        ("logged_out", "logged-out"),
    ],
)
def test_token_invalid_with_a_cause_is_deleted_and_metadata_name_the_cause(
    world: World, reason: str, expected: str
) -> None:
    world.connect()
    world.connect("jonas")
    world.sent_events()
    world.facebook.control("tokens/invalidate", {"person": "maria", "reason": reason})
    assert world.after(days=1).outcomes == {"revoked": 1, "checked": 1}
    assert world.facebook.inspections == 4  # the app, twice for the dead one, once for the other
    (told,) = world.sent_events()
    assert (told.type, told.detail["status_reason"]) == ("Revoked", expected)
    assert (told.detail["reconnect_url"], f"({expected})" in told.detail["message"]) == (RECONNECT_URL, True)
    assert world.stored.token(MARIA) is None
    assert (world.metadata()["status"], world.metadata()["status_reason"]) == ("revoked", expected)
    assert world.after(days=1).outcomes == {"checked": 1, "compared": 1}
    assert world.sent_events() == []
    world.connect()
    assert world.sent_types() == ["Reconnected"]
    world.assert_consistent()


@pytest.mark.parametrize(
    ("subcode", "status", "expected"),
    [
        (463, "expired", "expired"),
        (464, "revoked", "user-unconfirmed"),
        (492, "revoked", "role-lost"),
        (493, "revoked", "data-access-expired"),
    ],
)
def test_every_subcode_has_a_reason(world: World, subcode: int, status: str, expected: str) -> None:
    world.connect()
    world.facebook.control("debug-token", {"invalid": {"subcode": subcode}})
    assert world.after(days=1).outcomes == {status: 1}
    assert (world.record().status, world.record().status_reason) == (status, expected)
    assert world.stored.token(MARIA) is None


class Saying(Distortion):
    """Calls tokens invalid with these subcodes, one an answer, and is honest from then on."""

    def apply(self, data: dict[str, Any], _: tuple[str, ...]) -> dict[str, Any]:
        subcodes: list[int | None] = self.set["subcodes"]
        if not subcodes:
            return data
        subcode = subcodes.pop(0)
        error = {"code": 190} | ({"subcode": subcode} if subcode else {})
        return data | {"is_valid": False, "error": error}


@pytest.mark.parametrize(
    ("subcodes", "outcome"),
    [
        ([460], "checked"),
        ([None], "checked"),
        ([None, None], "doubtful"),
        ([None, 460], "doubtful"),
        ([460, None], "doubtful"),
        ([4711, 4711], "doubtful"),
    ],
)
def test_cause_that_is_not_named_twice_removes_nothing(world: World, subcodes: list[int | None], outcome: str) -> None:
    world.connect()
    before = world.token()
    world.sent_events()
    world.state.distortion = Saying(set={"subcodes": subcodes})
    assert world.after(days=1).outcomes == {outcome: 1}
    assert (world.token(), world.sent_events()) == (before, [])
    reason = "doubtful" if outcome == "doubtful" else None
    assert world.metadata()["status_reason"] == reason
    world.after(seconds=HOUR)
    assert (world.token(), world.sent_events(), world.metadata()["status_reason"]) == (before, [], None)
    world.assert_consistent()


def test_token_past_its_end_that_is_still_called_valid_is_looked_at_within_the_hour(world: World) -> None:
    world.facebook.control("settings", {"renewal": "refuse"})
    world.connect()
    ends_at = world.record().token_expires_at
    for days_left in (14, 7, 3, 1):
        go_to(world, days_left, ends_at)
        world.schedule()
    world.sent_events()
    before = world.token()
    # Facebook lives a day longer than it had said.
    world.state.age(world.state.tokens(Identity(stack.APP_ID, MARIA, ""))[0], expires_in=2 * DAY)
    world.facebook.control("debug-token", {"set": {"expires_at": ends_at}})
    go_to(world, 0, ends_at)
    checks = 0
    for _ in range(48):
        checks += sum(world.schedule().outcomes.values())
        world.clock.advance(30 * MINUTE)
    assert 24 <= checks <= 48
    assert (world.token(), world.sent_events()) == (before, [])
    world.facebook.control("debug-token", {"set": {"expires_at": ends_at}, "invalid": {}})
    for _ in range(2):
        world.schedule()
        world.clock.advance(30 * MINUTE)
    assert world.sent_types() == ["Expired"]
    assert world.stored.token(MARIA) is None


def test_token_past_its_end_for_minutes_is_kept_if_it_is_extended_after_all(world: World) -> None:
    world.facebook.control("settings", {"renewal": "refuse"})
    world.connect()
    ends_at = world.record().token_expires_at
    world.after(seconds=SIXTY_DAYS - HOUR)
    world.sent_events()
    world.state.age(world.state.tokens(Identity(stack.APP_ID, MARIA, ""))[0], expires_in=60 * DAY)
    world.facebook.control("debug-token", {"set": {"expires_at": ends_at}})
    assert world.after(seconds=HOUR).outcomes == {"checked": 1}
    world.facebook.control("debug-token", {})
    assert world.after(seconds=31 * MINUTE).outcomes == {"checked": 1}
    assert world.record().token_expires_at > world.clock.now() + 50 * DAY
    assert (world.record().status, world.sent_events()) == ("active", [])
    world.assert_consistent()


@pytest.mark.parametrize("skew", [-300, 300])
@pytest.mark.usefixtures("extending")
def test_clocks_that_differ_by_minutes_do_no_harm(world: World, skew: int) -> None:
    world.clock.set_skew(skew)
    world.connect()
    world.clock.advance(SIXTY_DAYS - 30 * DAY + 600)
    assert world.schedule().outcomes == {"renewed": 1}
    world.facebook.control("settings", {"renewal": "refuse"})
    for days in (46, 7, 4, 2, 1):
        world.after(days=days)
    world.after(seconds=600)
    told = [one for one in world.sent_types() if one not in {"Expiring", "DataAccessEnded"}]
    assert told == ["Connected", "Renewed", "Expired"]
    assert world.stored.token(MARIA) is None

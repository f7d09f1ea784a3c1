"""Doubt and brake: what Facebook calls invalid without a cause ends slowly, and never many at once."""

from collections.abc import Callable

import pytest

from tests.support import stack
from tests.support.clock import DAY, HOUR
from tests.support.people import MARIA
from tests.support.world import World
from whatsapp_connect.brake import BrakeStore


@pytest.fixture
def brake(world: World) -> BrakeStore:
    return BrakeStore(client=stack.operator(world.session, "dynamodb"), table=stack.BRAKE)


def call_everything_invalid(world: World) -> None:
    world.facebook.control("debug-token", {"invalid": {}})


def be_honest(world: World) -> None:
    world.facebook.control("debug-token", {})


def test_token_invalid_without_a_cause_is_doubted_at_once_and_ended_after_an_hour(world: World) -> None:
    world.connect()
    world.sent_events()
    before = world.token()
    world.facebook.control("tokens/invalidate", {"person": "maria", "reason": "revoked"})
    assert world.after(days=1).outcomes == {"doubtful": 1}
    assert (world.metadata()["status"], world.metadata()["status_reason"]) == ("active", "doubtful")
    world.clock.advance(HOUR // 2)
    assert world.ask_for_check().outcomes == {"doubtful": 1}
    assert (world.token(), world.sent_events()) == (before, [])
    assert world.after(seconds=HOUR // 2).outcomes == {"revoked": 1}
    (told,) = world.sent_events()
    assert (told.type, told.detail["status_reason"]) == ("Revoked", "token-invalid")
    assert world.stored.token(MARIA) is None
    world.assert_consistent()


def test_token_invalid_without_a_cause_and_then_valid_loses_nothing(world: World) -> None:
    world.connect()
    world.sent_events()
    before = world.token()
    call_everything_invalid(world)
    world.after(days=1)
    be_honest(world)
    assert world.after(seconds=HOUR).outcomes == {"checked": 1}
    assert (world.token(), world.metadata()["status_reason"], world.record().doubt_since) == (before, None, 0)
    call_everything_invalid(world)  # a new doubt begins anew
    assert world.after(days=1).outcomes == {"doubtful": 1}
    assert (world.token(), world.sent_events()) == (before, [])


def test_every_token_invalid_at_once_is_braked_until_facebook_says_valid_again(world: World, brake: BrakeStore) -> None:
    ids = world.populate(8)
    world.sent_events()
    call_everything_invalid(world)
    assert world.after(days=1).outcomes == {"doubtful": 8}
    run = world.after(seconds=HOUR)
    assert run.outcomes == {"revoked": 3, "braked": 5}  # three an hour
    assert (brake.show().permits, brake.show().limit) == (3, 3)
    world.clock.advance(HOUR // 2)
    living = [one for one in ids if world.record(one).is_alive]
    assert [world.ask_for_check(one).outcomes for one in living[:2]] == [{"braked": 1}] * 2
    assert len(living) == 5
    assert {world.metadata(one)["status_reason"] for one in living} == {"doubtful"}
    assert world.sent_types() == ["Revoked"] * 3
    be_honest(world)
    assert world.after(seconds=HOUR).outcomes == {"checked": 5}
    assert all(world.token(one) for one in living)
    assert world.sent_events() == []
    world.assert_consistent()


def test_braked_token_is_warned_about_and_ends_on_its_own_date(world: World, brake: BrakeStore) -> None:
    world.facebook.control("settings", {"renewal": "unchanged"})
    world.connect(lifetime=20 * DAY)
    world.sent_events()
    world.facebook.control("debug-token", {"invalid": {}, "set": {"expires_at": 0}})
    told: list[tuple[str, object]] = []
    for _ in range(21):
        world.clock.advance(DAY)
        while brake.take_permit():
            pass
        world.schedule()
        told += [(one.type, one.detail.get("days_left")) for one in world.sent_events()]
    assert told == [*(("Expiring", days) for days in (14, 7, 3, 1)), ("Expired", None)]
    assert world.stored.token(MARIA) is None


def test_released_brake_lets_all_end_and_then_holds_again(world: World, brake: BrakeStore) -> None:
    ids = world.populate(6)
    call_everything_invalid(world)
    world.after(days=1)
    brake.release(until=int(world.clock.time()) + 2 * HOUR)
    assert brake.show().limit == 0
    assert world.after(seconds=HOUR).outcomes == {"revoked": 6}
    assert not any(world.stored.token(one) for one in ids)
    world.clock.advance(HOUR)
    assert brake.show().limit == 3


def test_one_percent_of_the_living_may_end_in_an_hour(world: World, brake: BrakeStore) -> None:
    brake.set_living(1_250)
    assert [brake.take_permit() for _ in range(14)] == [True] * 12 + [False] * 2
    world.clock.advance(HOUR)
    assert brake.take_permit()
    assert brake.show().permits == 1


def test_two_that_find_a_new_hour_at_once_both_count(
    world: World, brake: BrakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert brake.take_permit()
    world.clock.advance(HOUR)
    show = brake.show
    taken: list[bool] = []

    def let_another_in() -> object:
        shown = show()
        if not taken:
            taken.append(True)
            assert brake.take_permit()
        return shown

    monkeypatch.setattr(brake, "show", let_another_in)
    assert brake.take_permit()
    assert show().permits == 2


@pytest.mark.parametrize("prepare", [lambda _: None, call_everything_invalid])
def test_schedule_notes_how_many_are_alive(world: World, brake: BrakeStore, prepare: Callable[[World], None]) -> None:
    world.populate(2)
    prepare(world)
    run = world.after(seconds=300)
    assert run.metrics("Connections") == [2]
    brake.set_living(100_000)
    assert brake.show().limit == 1_000

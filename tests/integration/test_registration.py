"""Phone numbers are registered once, with a PIN that is stored before Facebook is asked."""

from time import monotonic
from typing import Any

import pytest

from tests.support import stack
from tests.support.interleaving import Wire
from tests.support.people import BAKERY, MARIA
from tests.support.world import World
from whatsapp_connect.model import NO_ANSWER, AccessToken, PhoneNumber

PHONE, OTHER_PHONE = "400000000000001", "400000000000002"
THEIR_PIN = "111111"

pytestmark = pytest.mark.parameters(RegisterNumbers="enabled")


@pytest.fixture(autouse=True)
def unregistered(world: World) -> None:
    """Make one of Maria's two numbers new."""
    world.facebook.control("phones", {"id": PHONE, "status": "PENDING", "platform_type": "NOT_APPLICABLE"})


def number(world: World, phone_number_id: str = PHONE, *, connection_id: str = MARIA) -> PhoneNumber:
    return next(one for one in world.record(connection_id).phone_numbers if one.id == phone_number_id)


def pin(world: World, phone_number_id: str = PHONE) -> str | None:
    """Return the PIN in Parameter Store."""
    ssm = stack.operator(world.session, "ssm")
    try:
        value: str = ssm.get_parameter(Name=f"{stack.PREFIX}/pins/{phone_number_id}", WithDecryption=True)["Parameter"][
            "Value"
        ]
    except ssm.exceptions.ParameterNotFound:
        return None
    return value


def put_pin(world: World, value: str) -> None:
    stack.operator(world.session, "ssm").put_parameter(
        Name=f"{stack.PREFIX}/pins/{PHONE}", Value=value, Type="SecureString", KeyId=stack.KEY
    )


def pin_at_facebook(world: World, phone_number_id: str = PHONE) -> str:
    found = world.state.phone(phone_number_id)
    assert found
    return found[1].pin


def registrations(world: World) -> int:
    return world.facebook.counts().get("register", 0)


def test_new_number_is_registered_and_its_pin_stored(world: World) -> None:
    world.log_in()
    world.settle()
    assert registrations(world) == 1
    assert number(world).registered
    assert pin(world) == pin_at_facebook(world)
    assert pin(world, OTHER_PHONE) is None
    assert world.record().pins == {}
    assert [(one["id"], one["registered"]) for one in world.metadata()["phone_numbers"]] == [
        (PHONE, True),
        (OTHER_PHONE, False),
    ]
    events = world.sent_events()
    assert [one.type for one in events] == ["Connected", "Onboarded", "Onboarded"]
    assert [one.detail["subscribed_waba_ids"] for one in events[1:]] == [[BAKERY], []]
    assert [one.detail["registered_phone_number_ids"] for one in events[1:]] == [[], [PHONE]]
    assert str(pin(world)) not in str(events)
    world.after(days=1)
    assert registrations(world) == 1
    assert world.sent_events() == []
    world.assert_consistent()


@pytest.mark.parameters(RegisterNumbers="disabled")
def test_nothing_is_registered_unless_the_operator_wants_it(world: World) -> None:
    world.log_in()
    world.settle()
    world.after(days=1)
    assert registrations(world) == 0
    assert number(world).needs_registration


def test_pin_that_the_operator_stored_is_used_and_kept(world: World) -> None:
    world.facebook.control("phones", {"id": PHONE, "pin": THEIR_PIN})
    put_pin(world, f"\ufeff{THEIR_PIN}\r\n")
    world.log_in()
    world.settle()
    assert number(world).registered
    assert pin(world) == f"\ufeff{THEIR_PIN}\r\n"


@pytest.mark.parametrize("fault", ["throttled_waba", "auth_exception", "server_not_allowed"])
def test_refusal_that_is_not_about_the_number_is_not_held_against_it(world: World, fault: str) -> None:
    world.facebook.fail("register", fault)
    world.log_in()
    world.settle()
    assert (number(world).register_code, number(world).was_tried) == (0, False)
    assert world.sent_types(set_up=True) == ["Connected", "Onboarded"]
    world.after(days=1)
    assert number(world).registered
    assert pin(world) == pin_at_facebook(world)


def test_number_of_the_whatsapp_business_app_is_never_registered(world: World) -> None:
    world.facebook.control("phones", {"id": PHONE, "is_on_biz_app": True})
    world.log_in()
    world.settle()
    for _ in world.days(2):
        pass
    assert registrations(world) == 0


def test_wrong_pin_is_told_and_never_tried_again(world: World) -> None:
    world.facebook.control("phones", {"id": PHONE, "pin": THEIR_PIN})
    world.log_in()
    world.settle()
    *_, failed = world.sent_events()
    assert failed.type == "OnboardingFailed"
    assert (failed.detail["failed_waba_ids"], failed.detail["failed_phone_number_ids"]) == ([], [PHONE])
    assert failed.detail["facebook_code"] == 133005
    assert number(world).register_code == 133005
    for _ in world.days(10):
        assert world.sent_events() == []
    assert registrations(world) == 1
    assert pin(world) is None
    assert world.record().pins == {}
    assert world.metadata()["usable"]


def test_second_login_does_not_try_again(world: World) -> None:
    world.facebook.control("phones", {"id": PHONE, "pin": THEIR_PIN})
    for _ in range(3):
        world.log_in()
        world.settle()
        world.clock.advance(61)
    assert registrations(world) == 1


def test_too_many_tries_are_told_and_not_repeated(world: World) -> None:
    world.facebook.fail("register", "graph_error", code=133016, times=None)
    world.log_in()
    world.settle()
    for _ in world.days(4):
        pass
    assert registrations(world) == 1
    assert [one.detail.get("facebook_code") for one in world.sent_events() if one.type == "OnboardingFailed"] == [
        133016
    ]


@pytest.mark.parametrize("is_done", [True, False])
def test_answer_that_does_not_come_is_not_asked_for_again(world: World, *, is_done: bool) -> None:
    world.facebook.fail("register", "empty", consume=is_done)
    world.log_in()
    world.settle()
    *_, failed = world.sent_events()
    assert (failed.type, failed.detail["facebook_code"]) == ("OnboardingFailed", None)
    assert number(world).register_code == NO_ANSWER
    assert pin(world) is None
    world.after(days=1)
    assert registrations(world) == 1
    assert number(world).registered == is_done
    if is_done:
        assert world.sent_types(set_up=True) == ["Onboarded"]
        assert pin(world) == pin_at_facebook(world)
    else:
        assert world.sent_types(set_up=True) == []
        assert world.record().pins.keys() == {PHONE}
    world.assert_consistent()


def test_killed_at_any_call_facebook_is_asked_once_and_the_pin_is_known(world: World, wire: Wire) -> None:
    world.log_in()
    world.stream.bring()
    calls = 0
    while wire.strike(calls, lambda: world.check(MARIA)):
        calls += 1
        world.clock.advance(61)
    assert calls > 10
    world.after(days=1)
    world.after(days=1)
    assert registrations(world) <= 1
    if registrations(world):
        assert pin(world) == pin_at_facebook(world) or world.record().pins.keys() == {PHONE}


def test_two_at_once_ask_facebook_once(world: World, wire: Wire) -> None:
    """A check that waits for long here is overtaken by the next one."""
    registrar = world.functions["check"].registrar
    for calls in range(1, 8):
        name = f"shop-{calls}"
        new = {"id": PHONE, "status": "PENDING", "platform_type": "NOT_APPLICABLE", "pin": ""}
        world.facebook.control("phones", new)
        world.log_in(connection_id=name)
        cipher = world.functions["check"].flow._cipher  # noqa: SLF001  the token that check would use
        value, _ = cipher.decrypt(name, world.record(name).token)
        world.facebook.control("requests", method="DELETE")

        def register(name: str = name, value: str = value) -> None:
            registrar.register(name, PHONE, AccessToken(value, expires_in=None), deadline=monotonic() + 30)

        wire.interleave(register, register, turns=[(0, calls), (1, 1_000)])
        assert registrations(world) == 1, calls
        assert number(world, connection_id=name).registered


def test_pin_that_the_operator_stores_meanwhile_stays(world: World, wire: Wire) -> None:
    def fail(name: str) -> None:
        if name == "PutParameter" and world.record().phone_numbers and number(world).registered:
            raise ConnectionError

    with wire.action(fail):
        world.log_in()
        world.settle()
    put_pin(world, THEIR_PIN)
    world.after(seconds=3_601)
    assert pin(world) == THEIR_PIN
    assert world.record().pins == {}


def test_pin_that_cannot_be_published_holds_up_nothing(world: World, wire: Wire) -> None:
    def fail(name: str) -> None:
        if name == "PutParameter" and world.record().phone_numbers and number(world).registered:
            raise ConnectionError

    with wire.action(fail):
        world.log_in()
        world.settle()
        assert "Onboarded" in world.sent_types(set_up=True)
        assert pin(world) is None
    world.after(seconds=3_601)
    assert pin(world) == pin_at_facebook(world)


def test_forgetting_deletes_the_pin(world: World, deauthorize: Any) -> None:
    world.log_in()
    world.settle()
    assert pin(world)
    world.clock.advance(120)
    deauthorize.tell(MARIA)
    world.settle()
    assert pin(world) is None
    assert world.stored.records() == []


def test_no_log_holds_a_pin(world: World) -> None:
    world.console.read()
    world.log_in()
    world.settle()
    assert str(pin(world)) not in str(world.console.read())

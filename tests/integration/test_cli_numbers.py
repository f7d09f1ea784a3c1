"""`whatsapp-connect numbers register`: register a phone number by hand."""

import pytest

from tests.support import stack
from tests.support.command_line import CommandLine
from tests.support.people import MARIA
from tests.support.world import World

PHONE, OTHER_PHONE = "400000000000001", "400000000000002"
THEIR_PIN = "111111"
NAME = f"{stack.PREFIX}/pins/{PHONE}"


@pytest.fixture(autouse=True)
def unregistered(world: World) -> None:
    """Connect Maria, one of whose two numbers is not registered."""
    world.facebook.control("phones", {"id": PHONE, "status": "PENDING", "platform_type": "NOT_APPLICABLE"})
    world.connect()
    world.sent_events()


def stored_pin(world: World) -> str:
    ssm = stack.operator(world.session, "ssm")
    value: str = ssm.get_parameter(Name=NAME, WithDecryption=True)["Parameter"]["Value"]
    return value


def pin_at_facebook(world: World) -> str:
    found = world.state.phone(PHONE)
    assert found
    return found[1].pin


def registrations(world: World) -> int:
    return world.facebook.counts().get("register", 0)


def test_number_is_registered_and_its_pin_published(cli: CommandLine, world: World) -> None:
    ended = cli("numbers", "register", MARIA, PHONE)
    assert ended.code == 0
    assert NAME in ended.out
    world.settle()
    assert stored_pin(world) == pin_at_facebook(world)
    assert stored_pin(world) not in cli.everything
    assert world.sent_types(set_up=True) == ["Onboarded"]
    ended = cli("numbers", "register", MARIA, PHONE, "--json")
    assert (ended.code, registrations(world)) == (0, 2)  # Facebook is asked again until a check has read the number
    world.after(days=1)
    assert cli("numbers", "register", MARIA, PHONE).code == 4
    assert registrations(world) == 2


def test_pin_of_the_customer_is_typed_and_stored(cli: CommandLine, world: World) -> None:
    world.facebook.control("phones", {"id": PHONE, "pin": THEIR_PIN})
    refused = cli("numbers", "register", MARIA, PHONE)
    assert refused.code == 1
    assert "it has another PIN" in refused.err
    assert "it has another PIN" in cli("connections", "accounts", MARIA).out
    assert cli("numbers", "register", MARIA, PHONE, "--pin", typed=f"{THEIR_PIN}\n").code == 0
    world.settle()
    assert stored_pin(world) == THEIR_PIN
    assert THEIR_PIN not in cli.everything
    assert "PIN" not in cli("connections", "accounts", MARIA).out


def test_stored_pin_is_used(cli: CommandLine, world: World) -> None:
    world.facebook.control("phones", {"id": PHONE, "pin": THEIR_PIN})
    stack.operator(world.session, "ssm").put_parameter(Name=NAME, Value=THEIR_PIN, Type="SecureString", KeyId=stack.KEY)
    assert cli("numbers", "register", MARIA, PHONE).code == 0


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "12345a", "١٢٣٤٥٦"])
def test_what_is_no_pin_is_not_sent(cli: CommandLine, world: World, typed: str) -> None:
    assert cli("numbers", "register", MARIA, PHONE, "--pin", typed=typed).code == 4
    assert registrations(world) == 0


def test_too_many_tries_say_how_long_to_wait(cli: CommandLine, world: World) -> None:
    world.facebook.fail("register", "graph_error", code=133016)
    ended = cli("numbers", "register", MARIA, PHONE)
    assert ended.code == 1
    assert "72 hours" in ended.err


def test_lost_answer_is_said_and_the_pin_is_kept(cli: CommandLine, world: World) -> None:
    world.facebook.fail("register", "empty", consume=True)
    ended = cli("numbers", "register", MARIA, PHONE)
    assert ended.code == 1
    assert "no answer came" in ended.err
    # Before a check has read the number, another PIN would be refused.
    assert cli("numbers", "register", MARIA, PHONE).code == 0
    world.settle()
    assert stored_pin(world) == pin_at_facebook(world)


def test_check_reads_whether_an_unanswered_number_is_registered(cli: CommandLine, world: World) -> None:
    world.facebook.fail("register", "empty", consume=True)
    assert cli("numbers", "register", MARIA, PHONE).code == 1
    world.after(days=1)
    assert stored_pin(world) == pin_at_facebook(world)


def test_number_of_the_whatsapp_business_app_stays_there(cli: CommandLine, world: World) -> None:
    world.facebook.control("phones", {"id": PHONE, "is_on_biz_app": True})
    world.after(days=1)
    ended = cli("numbers", "register", MARIA, PHONE)
    assert ended.code == 4
    assert "WhatsApp Business app" in ended.err
    assert registrations(world) == 0


@pytest.mark.parametrize(
    ("arguments", "code"), [((MARIA, OTHER_PHONE), 4), ((MARIA, "42"), 3), (("nobody", PHONE), 3), ((MARIA, "x"), 2)]
)
def test_nothing_to_register(cli: CommandLine, world: World, arguments: tuple[str, str], code: int) -> None:
    assert cli("numbers", "register", *arguments).code == code
    assert registrations(world) == 0


def test_ended_connection_registers_nothing(cli: CommandLine, world: World) -> None:
    world.facebook.control("tokens/invalidate", {"person": "maria"})
    world.after(days=1)
    assert cli("numbers", "register", MARIA, PHONE).code == 4
    assert registrations(world) == 0

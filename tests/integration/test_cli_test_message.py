"""`whatsapp-connect connections test`: whether a connection can send, and a message that shows it."""

from typing import Any

import pytest
from click import BadParameter

from tests.support import stack
from tests.support.command_line import CommandLine
from tests.support.people import BAKERY, MARIA
from tests.support.world import World
from whatsapp_connect_cli.send_test import _WHY, PhoneNumber

PHONE, OTHER_PHONE = "400000000000001", "400000000000002"
TO = "+1 (202) 555-0123"
UNKNOWN_CODE = 131999
NEXT_STEPS = {
    4: "Try again later",
    10: f"{stack.SITE_URL}/reconnect/{MARIA}",
    100: "Check the recipient",
    200: f"{stack.SITE_URL}/reconnect/{MARIA}",
    80007: "Try again later",
    130429: "Try again later",
    131026: "cannot get it",
    131030: "not on its list",
    131031: "locked",
    131042: "payment method",
    131047: "24 hours",
    132001: "no approved template",
    133010: f"whatsapp-connect numbers register {MARIA} {PHONE}",
}
TEST = ("connections", "test", MARIA, "--from", PHONE)


@pytest.fixture(autouse=True)
def connected(world: World) -> None:
    """Connect Maria, who has two phone numbers."""
    world.connect()


def sent(world: World) -> list[dict[str, Any]]:
    return world.state.content.messages


def asked_checks(world: World) -> int:
    queue = stack.operator(world.session, "sqs")
    about = queue.get_queue_attributes(QueueUrl=stack.CHECK_QUEUE, AttributeNames=["ApproximateNumberOfMessages"])
    return int(about["Attributes"]["ApproximateNumberOfMessages"])


def test_healthy_number_can_send_and_nothing_is_sent(cli: CommandLine, world: World) -> None:
    ended = cli(*TEST)
    assert ended.code == 0
    assert "+1 202-555-0100 can send" in ended.out
    assert f"test {MARIA} --from {PHONE} --to PHONE" in ended.out
    assert cli(*TEST, "--json").json == {
        "connection_id": MARIA,
        "phone_number_id": PHONE,
        "display_phone_number": "+1 202-555-0100",
        "can_send": "AVAILABLE",
        "problem_code": 0,
    }
    assert sent(world) == []
    assert asked_checks(world) == 0


def test_one_of_several_numbers_has_to_be_chosen(cli: CommandLine, world: World) -> None:
    ended = cli("connections", "test", MARIA)
    assert ended.code == 4
    assert PHONE in ended.err
    assert OTHER_PHONE in ended.err
    (lone,) = world.populate(1)
    assert cli("connections", "test", lone).code == 0
    world.change_accounts(lone, numbers=())
    assert cli("connections", "test", lone).code == 4


def test_template_is_sent_with_the_token_of_readers(cli: CommandLine, world: World) -> None:
    ended = cli(*TEST, "--to", TO)
    assert ended.code == 0
    (message,) = sent(world)
    assert message["id"] in ended.out
    assert "Accepted by Meta" in ended.out
    assert message["to"] == "12025550123"
    assert message["template"] == {"name": "hello_world", "language": {"code": "en_US"}}
    assert message["user_id"] == MARIA

    ended = cli(*TEST, "--to", TO, "--json")
    assert ended.json == {
        "connection_id": MARIA,
        "phone_number_id": PHONE,
        "to": "12025550123",
        "message_id": sent(world)[-1]["id"],
    }


def test_text_is_sent_from_the_number_that_is_named(cli: CommandLine, world: World) -> None:
    assert cli("connections", "test", MARIA, "--from", OTHER_PHONE, "--to", TO, "--text", "Hëllo 🍞").code == 0
    (message,) = sent(world)
    assert message["phone_number_id"] == OTHER_PHONE
    assert (message["type"], message["text"]) == ("text", {"body": "Hëllo 🍞"})


def test_template_that_the_account_does_not_have_is_explained(cli: CommandLine, world: World) -> None:
    ended = cli(*TEST, "--to", TO, "--template", "hello_world", "--language", "de")
    assert ended.code == 1
    assert "no approved template" in ended.err
    assert sent(world) == []
    world.state.content.templates[BAKERY] = [{"name": "order", "language": "de"}]
    assert cli(*TEST, "--to", TO, "--template", "order", "--language", "de").code == 0


@pytest.mark.parametrize("to", [[], ["--to", TO]])
def test_refusal_is_explained_by_its_code(cli: CommandLine, world: World, to: list[str]) -> None:
    for code in (*_WHY, 200, 299, UNKNOWN_CODE):
        world.facebook.control("faults", method="DELETE")
        world.facebook.fail("messages" if to else "node", "graph_error", code=code, message="Facebook's text", times=9)
        ended = cli(*TEST, *to)
        assert (ended.code, ended.out) == (1, ""), code
        assert "Facebook's text" not in ended.err
        assert "{" not in ended.err
        assert ("code is" in ended.err) == (code == UNKNOWN_CODE)
    assert asked_checks(world) == 0


def test_refusal_says_what_to_do(cli: CommandLine, world: World) -> None:
    for code, words in NEXT_STEPS.items():
        world.facebook.fail("messages", "graph_error", code=code)
        assert words in cli(*TEST, "--to", TO).err, code


@pytest.mark.parametrize("code", [0, 190])
@pytest.mark.parametrize("to", [[], ["--to", TO]])
def test_refused_token_is_reported_as_readers_do(cli: CommandLine, world: World, code: int, to: list[str]) -> None:
    world.facebook.fail("messages" if to else "node", "graph_error", code=code)
    ended = cli(*TEST, *to)
    assert ended.code == 1
    assert "A check was asked for" in ended.err
    assert asked_checks(world) == 1


def test_token_that_has_died_is_found_and_ended(cli: CommandLine, world: World) -> None:
    world.facebook.control("tokens/invalidate", {"user_id": MARIA})
    assert cli(*TEST).code == 1
    world.settle()
    world.after(seconds=120)
    ended = cli(*TEST)
    assert ended.code == 4
    assert f"/reconnect/{MARIA}" in ended.err


def test_connection_without_a_parameter_is_explained(cli: CommandLine, world: World) -> None:
    assert cli("connections", "test", "nobody").code == 3
    cli.deployment.parameters.delete_token(MARIA)
    ended = cli(*TEST)
    assert (ended.code, ended.out) == (3, "")
    assert f"connections show {MARIA}" in ended.err


@pytest.mark.parametrize("changes", [{"status": "PENDING"}, {"platform_type": "NOT_APPLICABLE"}])
@pytest.mark.parametrize("to", [[], ["--to", TO]])
def test_unregistered_number_names_the_command(
    cli: CommandLine, world: World, changes: dict[str, str], to: list[str]
) -> None:
    world.facebook.control("phones", {"id": PHONE, **changes})
    ended = cli(*TEST, *to)
    assert ended.code == 1
    assert f"whatsapp-connect numbers register {MARIA} {PHONE}" in ended.err


def test_number_of_the_business_app_is_not_to_be_registered(cli: CommandLine, world: World) -> None:
    world.facebook.control("phones", {"id": PHONE, "platform_type": "NOT_APPLICABLE", "is_on_biz_app": True})
    ended = cli(*TEST)
    assert ended.code == 1
    assert "numbers register" not in ended.err


@pytest.mark.parametrize(
    ("problems", "words"), [([141006], "no payment method"), ([141999], "141999"), ([], "gives no reason")]
)
def test_blocked_account_is_explained(cli: CommandLine, world: World, problems: list[int], words: str) -> None:
    world.facebook.control("accounts", {"id": BAKERY, "can_send_message": "BLOCKED", "problems": problems})
    ended = cli(*TEST)
    assert ended.code == 1
    assert words in ended.err


def test_limited_number_can_send(cli: CommandLine, world: World) -> None:
    world.facebook.control("phones", {"id": PHONE, "can_send_message": "LIMITED", "status": "FLAGGED"})
    ended = cli(*TEST)
    assert ended.code == 0
    assert "limits it" in ended.out


def test_number_that_the_token_does_not_reach_is_explained(cli: CommandLine) -> None:
    ended = cli("connections", "test", MARIA, "--from", "42")
    assert ended.code == 1
    assert "no phone number 42" in ended.err


@pytest.mark.parametrize(
    "fault", ["server_error", "html_error", "empty", "truncated", "json_array", "hang_after_consume"]
)
def test_message_whose_answer_does_not_come_is_not_sent_again(
    cli: CommandLine, world: World, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("whatsapp_connect.graph.READ_TIMEOUT_S", 0.2)
    world.facebook.fail("messages", fault, times=9)
    ended = cli(*TEST, "--to", TO)
    assert ended.code == 1
    assert ("may have been sent" in ended.err) == (fault != "server_error")
    assert world.facebook.counts()["messages"] == 1


@pytest.mark.parametrize(
    "options",
    [
        ["--text", "Hello"],
        ["--template", "order"],
        ["--to", TO, "--text", "Hello", "--template", "order"],
        ["--to", TO, "--text", "Hello", "--language", "de"],
        ["--to", "42"],
        ["--from", "x"],
    ],
)
def test_wrong_command_line_sends_nothing(cli: CommandLine, world: World, options: list[str]) -> None:
    assert cli("connections", "test", MARIA, *options).code == 2
    assert world.facebook.counts() == {}


@pytest.mark.parametrize("text", ["", "+", "12", "٤٩١٧٠١٢٣٤٥٦٧", "1" * 16, "+49 170 x", "0049\n170123456"])
def test_invalid_recipient_is_refused(text: str) -> None:
    with pytest.raises(BadParameter):
        PhoneNumber().convert(text, None, None)

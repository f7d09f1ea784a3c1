"""`whatsapp-connect connections accounts`, and the accounts that an import names."""

from dataclasses import replace

import pytest

from tests.support.command_line import CommandLine
from tests.support.people import BAKERY, MARIA
from tests.support.world import World
from whatsapp_connect.errors import ConflictError
from whatsapp_connect.model import MAX_ACCOUNTS, Account, ConnectionRecord
from whatsapp_connect.record_changes import ended

SHOP = "shop-1"
STRANGER = "300000000000099"


@pytest.fixture
def unknown(world: World) -> str:
    """Connect a business's token of which Facebook names no account, and return the connection's ID."""
    world.facebook.control("debug-token", {"target_ids": "absent"})
    world.connect(connection_id=SHOP, type="SYSTEM_USER")
    assert world.metadata(SHOP)["status_reason"] == "accounts-unknown"
    return SHOP


def token(world: World) -> str:
    value: str = world.facebook.control("tokens", {"person": "maria", "type": "SYSTEM_USER"})["access_token"]
    return value


def test_accounts_are_listed_with_their_state(cli: CommandLine, world: World) -> None:
    world.connect()
    world.change_accounts(name="Corner Bakery", subscribed=True, can_send="BLOCKED", problem_code=141006)
    header, line = cli("connections", "accounts", MARIA).out.splitlines()
    assert header.split("  ")[0] == "ACCOUNT"
    for words in (BAKERY, "Corner Bakery", "yes", "blocked", "cannot send yet: no payment method", "+1 202-555-0101"):
        assert words in line
    (account,) = cli("connections", "accounts", MARIA, "--json").json
    assert (account["id"], account["proven"], account["subscribed"]) == (BAKERY, True, True)
    assert (account["can_send"], account["problem_code"]) == ("BLOCKED", 141006)
    assert account["phone_numbers"][0]["display_phone_number"] == "+1 202-555-0100"


def test_connection_without_an_account_says_how_to_name_one(cli: CommandLine, unknown: str) -> None:
    ended = cli("connections", "accounts", unknown)
    assert (ended.code, ended.out) == (0, "")
    assert f"whatsapp-connect connections accounts {unknown} --add" in ended.err
    assert cli("connections", "accounts", unknown, "--json").json == []
    assert "accounts-unknown" in cli("connections", "list").out


def test_named_account_is_found_by_the_check_that_follows(cli: CommandLine, world: World, unknown: str) -> None:
    world.clock.advance(61)
    ended = cli("connections", "accounts", unknown, "--add", BAKERY)
    assert ended.code == 0
    assert BAKERY in ended.out
    assert "Facebook has not listed its phone numbers yet" in ended.out
    world.settle()
    metadata = world.metadata(unknown)
    assert (metadata["waba_ids"], metadata["status_reason"]) == ([BAKERY], None)
    world.assert_consistent()


def test_account_that_facebook_does_not_confirm_is_not_taken_for_one(
    cli: CommandLine, world: World, unknown: str
) -> None:
    world.clock.advance(61)
    assert cli("connections", "accounts", unknown, "--add", STRANGER).code == 0
    world.settle()
    assert world.metadata(unknown)["waba_ids"] == []
    (account,) = cli("connections", "accounts", unknown, "--json").json
    assert (account["id"], account["proven"]) == (STRANGER, False)


def test_account_is_added_to_what_a_check_has_just_written(
    cli: CommandLine, world: World, unknown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = cli.deployment.connections
    write = type(store).write

    def overtaken(before: ConnectionRecord, after: ConnectionRecord) -> ConnectionRecord:
        monkeypatch.undo()
        write(store, before, replace(before, failures=3))
        with pytest.raises(ConflictError):
            write(store, before, after)
        raise ConflictError

    monkeypatch.setattr(type(store), "write", lambda _, before, after: overtaken(before, after))
    assert cli("connections", "accounts", unknown, "--add", BAKERY).code == 0
    record = world.record(unknown)
    assert ([account.id for account in record.accounts], record.failures) == ([BAKERY], 3)


def test_full_record_takes_no_further_account(cli: CommandLine, world: World, unknown: str) -> None:
    record = world.record(unknown)
    full = tuple(Account(str(number), first_seen_at=1) for number in range(1, MAX_ACCOUNTS + 1))
    world.connections.write(record, replace(record, accounts=full))
    ended = cli("connections", "accounts", unknown, "--add", BAKERY)
    assert (ended.code, world.record(unknown).accounts) == (4, full)


def test_dead_connection_takes_no_account(cli: CommandLine, world: World, unknown: str) -> None:
    record = world.record(unknown)
    world.connections.write(record, ended(record, "revoked", "token-invalid", now=world.clock.now()))
    assert cli("connections", "accounts", unknown, "--add", BAKERY).code == 4
    assert world.record(unknown).accounts == ()


@pytest.mark.parametrize("waba_id", ["", "12a", "../x", "-1"])
def test_invalid_account_id_changes_nothing(cli: CommandLine, world: World, unknown: str, waba_id: str) -> None:
    assert cli("connections", "accounts", unknown, "--add", waba_id).code == 2
    assert world.record(unknown).accounts == ()


def test_accounts_of_an_unknown_connection_are_not_found(cli: CommandLine) -> None:
    assert cli("connections", "accounts", "nobody").code == 3


# Importing


def test_import_finds_the_account_that_it_names(cli: CommandLine, world: World) -> None:
    world.facebook.control("debug-token", {"target_ids": "absent"})
    ended = cli("connections", "import", SHOP, "--account", STRANGER, "--account", BAKERY, typed=token(world))
    assert ended.code == 0
    assert "--add" not in ended.err
    world.settle()
    assert world.metadata(SHOP)["waba_ids"] == [BAKERY]


def test_import_without_an_account_says_how_to_name_one(cli: CommandLine, world: World) -> None:
    world.facebook.control("debug-token", {"target_ids": "absent"})
    ended = cli("connections", "import", SHOP, typed=token(world))
    assert ended.code == 0
    assert f"whatsapp-connect connections accounts {SHOP} --add WABA_ID" in ended.err


def test_import_that_names_only_accounts_of_somebody_else_is_refused(cli: CommandLine, world: World) -> None:
    world.facebook.control("debug-token", {"target_ids": "absent"})
    ended = cli("connections", "import", SHOP, "--account", STRANGER, typed=token(world))
    assert ended.code == 4
    assert "no WhatsApp Business account" in ended.err
    assert world.stored.records() == []

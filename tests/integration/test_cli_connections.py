"""`whatsapp-connect connections`: list, show, import and disconnect."""

from dataclasses import replace

import pytest

from tests.support import stack
from tests.support.clock import DAY, HOUR
from tests.support.command_line import CommandLine
from tests.support.outage import Outage
from tests.support.people import JONAS, MARIA
from tests.support.world import World

SCOPES = ["whatsapp_business_management", "whatsapp_business_messaging"]


def system_user_token(world: World, **about: object) -> str:
    """Make a token as Business Settings does: it does not end."""
    made = world.facebook.control("tokens", {"type": "SYSTEM_USER", "lifetime": 0, "scopes": SCOPES} | about)
    token: str = made["access_token"]
    return token


def is_dead(world: World, token: str) -> bool:
    found = world.state.token(token)
    return found is not None and found.death is not None


def test_empty_list_shows_how_to_invite(cli: CommandLine) -> None:
    ended = cli("connections", "list")
    assert (ended.code, ended.out) == (0, "")
    assert "links create" in ended.err
    assert cli("connections", "list", "--json").json == []


@pytest.mark.usefixtures("businesses_name_accounts")
def test_list_shows_days_left_and_numbers(cli: CommandLine, world: World) -> None:
    world.log_in()
    world.log_in("jonas")
    world.settle()
    cli("connections", "import", "shop", typed=system_user_token(world))
    for connection_id in (MARIA, JONAS, "shop"):
        world.change_accounts(connection_id, subscribed=True)
    lines = cli("connections", "list").out.splitlines()
    assert lines[0].split() == [
        "CONNECTION",
        "STATUS",
        "BUSINESS",
        "LABEL",
        "DAYS",
        "LEFT",
        "LAST",
        "CHECK",
        "NOTES",
        "PHONE",
        "NUMBERS",
    ]
    assert [line.split()[:2] for line in lines[1:]] == [[MARIA, "active"], [JONAS, "active"], ["shop", "active"]]
    assert lines[1].endswith("  +1 202-555-0100, +1 202-555-0101")
    assert "  Corner Bakery  " in lines[1]
    assert "  60  " in lines[1]
    assert "never ends" in lines[3]
    assert lines[2].endswith(" and 30 more")
    assert "second" in lines[1]


def test_unreadable_record_is_named_and_hides_no_other(cli: CommandLine, world: World) -> None:
    world.connect()
    cli.deployment.dynamodb.put_item(
        TableName=stack.CONNECTIONS, Item={"connection_id": {"S": "broken"}, "history": {"S": "none"}}
    )
    ended = cli("connections", "list")
    assert MARIA in ended.out
    assert "Records that cannot be read: broken." in ended.err
    assert "The record of broken cannot be read" in cli("connections", "show", "broken").err


def test_table_fits_a_terminal(cli: CommandLine, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.connect()
    monkeypatch.setattr("whatsapp_connect_cli.output.is_terminal", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")
    lines = cli("connections", "list").out.splitlines()
    assert all(len(line) <= 80 for line in lines)
    assert lines[1].endswith("…")


def test_story_of_a_good_connection(cli: CommandLine, world: World) -> None:
    world.connect()
    world.change_accounts(subscribed=True)
    out = cli("connections", "show", MARIA).out
    assert f"{MARIA} is connected and works." in out
    assert "Its WhatsApp numbers belong to Corner Bakery: +1 202-555-0100, +1 202-555-0101." in out
    assert "in 60 days" in out
    assert out.endswith("What to do next:\n  Nothing.\n")
    told = cli("connections", "show", MARIA, "--json").json
    assert told["next"] == ["Nothing."]
    assert (told["user_id"], told["status"], told["truncated"]) == (MARIA, "active", False)


@pytest.mark.parametrize("leaf", ["access-token", "metadata"])
def test_parameter_deleted_by_hand_is_part_of_the_story(cli: CommandLine, world: World, leaf: str) -> None:
    world.connect()
    cli.deployment.ssm.delete_parameter(Name=f"{stack.PREFIX}/connections/{MARIA}/{leaf}")
    assert f"whatsapp-connect publish {MARIA}" in cli("connections", "show", MARIA).out


@pytest.mark.parametrize("command", [["show"], ["check"], ["disconnect", "--yes"]])
def test_unknown_connection_is_not_found(cli: CommandLine, command: list[str]) -> None:
    ended = cli("connections", *command, "nobody")
    assert ended.code == 3
    assert ended.err.splitlines()[-1].startswith("Error: There is no connection nobody.")


# Disconnecting


@pytest.mark.parametrize("arguments", [["--yes"], []])
def test_disconnected_person_is_revoked_and_forgotten(cli: CommandLine, world: World, arguments: list[str]) -> None:
    world.connect()
    token = world.token()
    world.sent_events()
    ended = cli("connections", "disconnect", MARIA, *arguments, typed="y\n")
    assert ended.code == 0
    assert ended.out.endswith(f"{MARIA} is revoked at Facebook and deleted in this stack.\n")
    assert world.stored.everything() == ({}, [])
    assert world.facebook.counts()["permissions/delete"] == 1
    assert is_dead(world, token)
    (told,) = world.sent_events()
    assert (told.type, told.detail["status_reason"]) == ("Deleted", "disconnected")


def test_disconnect_without_confirmation_changes_nothing(cli: CommandLine, world: World) -> None:
    world.connect()
    before = world.stored.everything()
    assert cli("connections", "disconnect", MARIA, typed="n\n").code == 4
    assert world.stored.everything() == before
    assert "permissions/delete" not in world.facebook.counts()


def test_disconnect_without_facebook_needs_an_option(cli: CommandLine, world: World) -> None:
    world.connect()
    before = world.stored.everything()
    world.facebook.fail("permissions/delete", "html_error", times=None)
    assert cli("connections", "disconnect", MARIA, "--yes").code == 1
    assert world.stored.everything() == before
    ended = cli("connections", "disconnect", MARIA, "--yes", "--keep-at-facebook", "--json")
    assert ended.json == [{"connection_id": MARIA, "revoked_at_facebook": False, "deleted": True, "error": None}]
    assert world.stored.everything() == ({}, [])


def test_disconnect_reports_only_a_deletion_it_has_seen(
    cli: CommandLine, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.connect()
    publish = world.functions["publish"]
    monkeypatch.setattr(publish, "settings", replace(publish.settings, publishing=False))
    ended = cli("connections", "disconnect", MARIA, "--yes")
    assert (ended.code, ended.out) == (1, "")
    assert "readers may still find its token" in ended.err
    assert world.stored.token(MARIA)


def test_other_connections_of_a_person_stay(cli: CommandLine, world: World) -> None:
    world.log_in()
    world.log_in(connection_id="branch-2")
    world.settle()
    ended = cli("connections", "disconnect", "branch-2", "--yes")
    assert f"other connections of Facebook user {MARIA}: {MARIA}." in ended.err
    assert ended.out == "branch-2 is deleted in this stack.\n"
    assert world.stored.token("branch-2") is None
    assert world.stored.token(MARIA)
    assert "permissions/delete" not in world.facebook.counts()


def test_token_of_a_disconnected_system_user_is_revoked(cli: CommandLine, world: World) -> None:
    token = system_user_token(world)
    cli("connections", "import", "shop", typed=token)
    assert cli("connections", "disconnect", "shop", "--yes").code == 0
    assert world.stored.everything() == ({}, [])
    assert is_dead(world, token)
    assert world.facebook.counts()["oauth/revoke"] == 1


def test_token_of_a_system_user_with_two_connections_is_revoked_with_the_last(cli: CommandLine, world: World) -> None:
    token = system_user_token(world)
    for connection_id in ("shop", "branch-2"):
        assert cli("connections", "import", connection_id, typed=token).code == 0
    ended = cli("connections", "disconnect", "branch-2", "--yes")
    assert "other connections with the same token: shop." in ended.err
    assert ended.out == "branch-2 is deleted in this stack.\n"
    assert (is_dead(world, token), world.stored.token("shop")) == (False, token)
    assert cli("connections", "disconnect", "shop", "--yes").code == 0
    assert is_dead(world, token)


def test_another_token_of_the_same_system_user_does_not_prevent_revoking(cli: CommandLine, world: World) -> None:
    kept, ended_token = system_user_token(world), system_user_token(world)
    cli("connections", "import", "shop", typed=kept)
    cli("connections", "import", "branch-2", typed=ended_token)
    assert cli("connections", "disconnect", "branch-2", "--yes", "--json").json[0]["revoked_at_facebook"]
    assert (is_dead(world, ended_token), is_dead(world, kept)) == (True, False)


def test_token_that_another_connection_may_share_is_not_revoked(cli: CommandLine, world: World) -> None:
    token = system_user_token(world)
    for connection_id in ("shop", "branch-2"):
        cli("connections", "import", connection_id, typed=token)
    shop = world.record("shop")
    world.connections.write(shop, replace(shop, token=b"not decrypted"))
    ended = cli("connections", "disconnect", "branch-2", "--yes", "--json")
    (only,) = ended.json
    assert (only["connection_id"], only["revoked_at_facebook"], only["deleted"]) == ("branch-2", False, True)
    assert not is_dead(world, token)


@pytest.mark.parametrize("is_dead_at_facebook", [False, True])
def test_business_that_asks_for_deletion_is_disconnected(
    cli: CommandLine, world: World, *, is_dead_at_facebook: bool
) -> None:
    token = system_user_token(world)
    cli("connections", "import", "shop", typed=token)
    if is_dead_at_facebook:
        world.facebook.control("tokens/invalidate", {"access_token": token, "reason": "app_removed"})
        world.after(days=1)
        assert world.metadata("shop")["status"] == "revoked"
    (listed,) = cli("connections", "list", "--json").json
    assert (listed["connection_id"], listed["token_type"], listed["user_id"]) == (
        "shop",
        "SYSTEM_USER",
        "122100000000000901",
    )
    assert cli("connections", "disconnect", "shop", "--yes").code == 0
    assert world.stored.everything() == ({}, [])


# Importing


def test_imported_token_is_stored_like_any_other(cli: CommandLine, world: World) -> None:
    token = system_user_token(world)
    ended = cli("connections", "import", "shop", typed=f"  {token}\n")
    name = f"{stack.PREFIX}/connections/shop/access-token"
    assert (ended.code, ended.out) == (0, f"shop is connected: version 1 of {name}.\n")
    assert world.stored.token("shop") == token
    world.settle()
    world.assert_consistent()
    assert world.sent_types() == ["Connected"]
    assert "It does not expire." in cli("connections", "show", "shop").out


@pytest.mark.parametrize(
    ("about", "says"),
    [
        ({"scopes": SCOPES[:1]}, "Missing: whatsapp_business_messaging."),
        ({"app_id": "42424242"}, "made for another app"),
        ({"lifetime": -60}, "not valid"),
    ],
)
def test_token_that_is_not_good_is_not_imported(
    cli: CommandLine, world: World, about: dict[str, object], says: str
) -> None:
    world.facebook.control("app", {"id": "42424242"})
    ended = cli("connections", "import", "shop", typed=system_user_token(world, **about))
    assert ended.code == 4
    assert says in ended.err
    assert ended.err.endswith("Nothing was changed.\n")
    assert world.stored.everything() == ({}, [])


def test_short_token_is_extended_before_it_is_imported(cli: CommandLine, world: World) -> None:
    token = system_user_token(world, lifetime=HOUR)
    assert cli("connections", "import", "shop", typed=token).code == 0
    assert world.expires_in("shop") > 59 * DAY


@pytest.mark.parametrize("typed", ["", " \n", "two words", "EAA\x00x", "Zoë", "EAA{{x}}"])
def test_invalid_token_text_is_not_sent_to_facebook(cli: CommandLine, world: World, typed: str) -> None:
    assert cli("connections", "import", "shop", typed=typed).code == 4
    assert world.facebook.inspections == 0


def test_token_too_long_for_kms_is_refused(cli: CommandLine, world: World) -> None:
    ended = cli("connections", "import", "shop", typed="E" * 8_000)
    assert ended.code == 4
    assert world.stored.everything() == ({}, [])


def test_import_replaces_another_owner_only_with_an_option(cli: CommandLine, world: World) -> None:
    world.connect("jonas", connection_id="shop")
    before = world.stored.everything()
    token = system_user_token(world)
    ended = cli("connections", "import", "shop", typed=token)
    assert ended.code == 4
    assert "--any-user" in ended.err
    assert world.stored.everything() == before
    assert "readers do not find its token yet" in cli("connections", "import", "shop", "--any-user", typed=token).out
    world.clock.advance(60)
    world.schedule()
    assert world.stored.token("shop") == token


def test_imported_token_is_not_lost_while_parameter_store_refuses_it(cli: CommandLine, world: World) -> None:
    Outage(cli.deployment.ssm, "PutParameter", "ThrottlingException")
    ended = cli("connections", "import", "shop", typed=system_user_token(world))
    assert ended.code == 0
    assert "token left to publish" in ended.err
    assert ended.out.startswith("shop is connected: version 1 of ")
    world.assert_consistent()


# What can go wrong


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("AccessDeniedException", "AWS does not allow you Scan."),
        ("ExpiredTokenException", "Your temporary AWS credentials have expired."),
        ("InternalServerError", "AWS refused Scan (InternalServerError)."),
    ],
)
def test_refusal_of_aws_is_one_sentence(cli: CommandLine, code: str, words: str) -> None:
    Outage(cli.deployment.dynamodb, "Scan", code)
    ended = cli("connections", "list")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith(f"Error: {words}")


def test_fault_of_ours_is_one_sentence_without_a_value(
    cli: CommandLine, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.connect()

    def fail(*_: object, **__: object) -> None:
        raise ValueError("EAAsecret")

    monkeypatch.setattr("whatsapp_connect_cli.story.days_left", fail)
    ended = cli("connections", "list")
    assert ended.code == 1
    assert ended.err.startswith("Error: Unexpected ValueError at test_cli_connections.py:")
    assert "EAAsecret" not in ended.err

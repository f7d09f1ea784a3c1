"""`whatsapp-connect connections`, `token` and `policy`."""

import json
from collections.abc import Callable

import pytest

from local.facebook.server import FacebookServer
from tests.support import stack
from tests.support.browser import Browser
from tests.support.command_line import CommandLine
from tests.support.facebook import Facebook
from tests.support.stored import Earlier, Kept
from tests.support.outage import Outage
from whatsapp_connect import events

MARIA = "122100000000000001"
JONAS = "122100000000000002"
DAY = 86400
SCOPES = ["whatsapp_business_management", "whatsapp_business_messaging"]


def system_user_token(facebook: Facebook, **about: object) -> str:
    """Make a token as Business Settings does: it does not end."""
    made = facebook.control("tokens", {"type": "SYSTEM_USER", "lifetime": 0, "scopes": SCOPES} | about)
    token: str = made["access_token"]
    return token


def dead(simulator: FacebookServer, token: str) -> bool:
    found = simulator.state.token(token)
    return found is not None and found.death is not None


def announce(cli: CommandLine, kept: Kept) -> None:
    """Write what AnnounceFunction would."""
    for record in kept.records():
        cli.deployment.vault.put_metadata(record["connection_id"], json.dumps(events.metadata(record)))


def test_nobody_is_connected_yet(cli: CommandLine) -> None:
    ended = cli("connections", "list")
    assert (ended.code, ended.out) == (0, "")
    assert "links create" in ended.err
    assert cli("connections", "list", "--json").json == []


def test_connections_are_listed_with_the_days_they_have_left(
    cli: CommandLine, new_browser: Callable[[], Browser], facebook: Facebook
) -> None:
    new_browser().finish()
    new_browser().finish(person="jonas")
    cli("connections", "import", "shop", typed=system_user_token(facebook))
    lines = cli("connections", "list").out.splitlines()
    assert [line.split()[:3] for line in lines] == [
        ["CONNECTION", "STATUS", "DAYS"],
        [MARIA, "active", "59"],
        [JONAS, "active", "59"],
        ["shop", "active", "never"],
    ]
    assert lines[1].endswith("+1 202-555-0100, +1 202-555-0101")
    assert lines[2].endswith(" and 30 more")
    assert "second" in lines[1]


def test_a_table_fits_a_terminal(cli: CommandLine, earlier: Earlier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("whatsapp_connect_cli.output.is_terminal", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")
    lines = cli("connections", "list").out.splitlines()
    assert all(len(line) <= 80 for line in lines)
    assert lines[1].endswith("…")


def test_a_story_is_told(cli: CommandLine, earlier: Earlier, kept: Kept) -> None:
    announce(cli, kept)
    out = cli("connections", "show", MARIA).out
    assert f"{MARIA} is connected and works." in out
    assert "It is Corner Bakery, with +1 202-555-0100, +1 202-555-0101." in out
    assert "in 59 days" in out
    assert "Facebook last vouched for it" in out
    assert out.endswith("What to do next:\n  Nothing.\n")
    told = cli("connections", "show", MARIA, "--json").json
    assert told["next"] == ["Nothing."]
    assert (told["days_left"], told["user_id"], told["status"]) == (59, MARIA, "active")


def test_missing_metadata_is_part_of_the_story(cli: CommandLine, earlier: Earlier) -> None:
    assert "Readers find other metadata" in cli("connections", "show", MARIA).out


@pytest.mark.parametrize("command", [["show"], ["renew"], ["disconnect", "--yes"]])
def test_a_connection_that_is_not_there_is_not_found(cli: CommandLine, command: list[str]) -> None:
    ended = cli("connections", *command, "nobody")
    assert ended.code == 3
    assert ended.err.splitlines()[-1].startswith("Error: There is no connection nobody.")


def test_renewing_extends_a_token_that_is_old(
    cli: CommandLine, earlier: Earlier, facebook: Facebook, kept: Kept
) -> None:
    facebook.control("tokens/age", {"person": "maria", "expires_in": 25 * DAY})
    ended = cli("connections", "renew", MARIA)
    assert (ended.code, ended.out) == (0, f"{MARIA} was extended, and readers get the new token.\n")
    record = kept.record(MARIA)
    assert record
    assert record["token_version"] == 2


def test_renewing_checks_a_token_that_is_new(cli: CommandLine, earlier: Earlier, facebook: Facebook) -> None:
    ended = cli("connections", "renew", MARIA, "--json")
    assert ended.json["outcome"] == "checked"
    assert facebook.inspections == 1


def test_renewing_finds_out_that_a_token_is_dead(
    cli: CommandLine, earlier: Earlier, facebook: Facebook, kept: Kept
) -> None:
    facebook.control("tokens/invalidate", {"person": "maria", "reason": "password_changed"})
    assert cli("connections", "renew", MARIA).out == f"{MARIA} is revoked: its token was removed.\n"
    assert kept.token(MARIA) is None
    out = cli("connections", "show", MARIA).out
    assert "changed their password" in out
    assert f"Have it connected again: {stack.CONNECT_URL}" in out
    again = cli("connections", "renew", MARIA)
    assert again.code == 4
    assert "only connecting it again helps" in again.err


def test_renewing_while_facebook_is_down_has_failed(
    cli: CommandLine, earlier: Earlier, facebook: Facebook, pauses: list[float], kept: Kept
) -> None:
    facebook.fail("debug_token", "html_error", times=None)
    ended = cli("connections", "renew", MARIA)
    assert ended.code == 1
    assert "could not be checked; its token is kept" in ended.out
    assert kept.token(MARIA)


@pytest.mark.parametrize("arguments", [["--yes"], []])
def test_disconnecting_a_person_revokes_and_forgets(
    cli: CommandLine,
    earlier: Earlier,
    facebook: Facebook,
    kept: Kept,
    *,
    simulator: FacebookServer,
    arguments: list[str],
) -> None:
    token = kept.token(MARIA)
    ended = cli("connections", "disconnect", MARIA, *arguments, typed="y\n")
    assert ended.code == 0
    assert "revoked at Facebook and deleted here" in ended.out
    assert kept.everything() == ({}, [])
    assert facebook.counts()["permissions/delete"] == 1
    assert token
    assert dead(simulator, token)


def test_not_confirming_changes_nothing(cli: CommandLine, earlier: Earlier, facebook: Facebook) -> None:
    ended = cli("connections", "disconnect", MARIA, typed="n\n")
    assert ended.code == 4
    earlier.assert_unchanged()
    assert "permissions/delete" not in facebook.counts()


def test_a_facebook_that_is_down_keeps_from_disconnecting_unless_told_otherwise(
    cli: CommandLine, earlier: Earlier, facebook: Facebook, kept: Kept, pauses: list[float]
) -> None:
    facebook.fail("permissions/delete", "html_error", times=None)
    assert cli("connections", "disconnect", MARIA, "--yes").code == 1
    earlier.assert_unchanged()
    ended = cli("connections", "disconnect", MARIA, "--yes", "--keep-at-facebook", "--json")
    assert ended.json == {"connection_id": MARIA, "revoked_at_facebook": False}
    assert kept.everything() == ({}, [])


def test_a_persons_other_connections_are_not_ended_along(
    cli: CommandLine, earlier: Earlier, browser: Browser, facebook: Facebook, kept: Kept
) -> None:
    link = cli("links", "create", "branch-2").out.strip().rpartition("/")[2]
    browser.finish(link=link)
    ended = cli("connections", "disconnect", "branch-2", "--yes")
    assert "stays connected as" in ended.err
    assert ended.out.startswith("branch-2 is deleted here.")
    assert kept.token("branch-2") is None
    earlier.assert_unchanged()
    assert "permissions/delete" not in facebook.counts()


def test_disconnecting_a_system_user_revokes_its_token(
    cli: CommandLine, facebook: Facebook, kept: Kept, simulator: FacebookServer
) -> None:
    token = system_user_token(facebook)
    cli("connections", "import", "shop", typed=token)
    assert cli("connections", "disconnect", "shop", "--yes").code == 0
    assert kept.everything() == ({}, [])
    assert dead(simulator, token)
    assert facebook.counts()["oauth/revoke"] == 1


def test_an_imported_token_is_kept_like_any_other(cli: CommandLine, facebook: Facebook, kept: Kept) -> None:
    token = system_user_token(facebook)
    ended = cli("connections", "import", "shop", typed=f"  {token}\n")
    assert ended.code == 0
    assert kept.token("shop") == token
    record = kept.record("shop")
    assert record
    assert (record["status"], record["token_type"], record["token_version"]) == ("active", "SYSTEM_USER", 1)
    assert {"connected_at", "checked_at", "next_check_at"} <= record.keys()
    assert "lease_until" not in record
    assert "It does not expire." in cli("connections", "show", "shop").out


@pytest.mark.parametrize(
    ("about", "says"),
    [
        ({"scopes": SCOPES[:1]}, "Missing: whatsapp_business_messaging."),
        ({"app_id": "42424242"}, "made for another app"),
        ({"type": "USER", "lifetime": 3600}, "less than seven days"),
        ({"lifetime": -60}, "not valid"),
    ],
)
def test_a_token_that_does_not_prove_good_is_not_imported(
    cli: CommandLine, facebook: Facebook, kept: Kept, about: dict[str, object], says: str
) -> None:
    facebook.control("app", {"id": "42424242"})
    ended = cli("connections", "import", "shop", typed=system_user_token(facebook, **about))
    assert ended.code == 4
    assert says in ended.err
    assert ended.err.endswith("Nothing was changed.\n")
    assert kept.everything() == ({}, [])


@pytest.mark.parametrize("typed", ["", " \n", "two words", "EAA\x00x", "Zoë", "EAA{{x}}"])
def test_what_is_no_token_is_not_even_asked_about(cli: CommandLine, facebook: Facebook, typed: str) -> None:
    assert cli("connections", "import", "shop", typed=typed).code == 4
    assert facebook.inspections == 0


def test_an_import_does_not_take_anothers_place_unless_told_to(
    cli: CommandLine, earlier: Earlier, facebook: Facebook, kept: Kept
) -> None:
    token = system_user_token(facebook)
    ended = cli("connections", "import", MARIA, typed=token)
    assert ended.code == 4
    assert "--any-user" in ended.err
    earlier.assert_unchanged()
    assert cli("connections", "import", MARIA, "--any-user", typed=token).code == 0
    assert kept.token(MARIA) == token


def test_a_token_that_cannot_be_stored_leaves_nothing_behind_that_lasts(
    cli: CommandLine, facebook: Facebook, kept: Kept, pauses: list[float]
) -> None:
    Outage(cli.deployment.ssm, "PutParameter", "ThrottlingException")
    ended = cli("connections", "import", "shop", typed=system_user_token(facebook))
    assert (ended.code, ended.err.splitlines()[-1]) == (
        1,
        "Error: AWS refused PutParameter (ThrottlingException).",
    )
    (record,) = kept.records()
    assert record["status"] == "pending"
    assert "lease_until" not in record


def test_a_token_is_masked(cli: CommandLine, earlier: Earlier, kept: Kept) -> None:
    ended = cli("token", MARIA)
    assert ended.out.startswith("EAA************  (200 characters, SHA-256 begins ")
    assert f"Version 1 of {stack.PREFIX}/connections/{MARIA}/access-token" in ended.out
    assert "access_token" not in cli("token", MARIA, "--json").json


def test_a_token_is_shown_to_those_who_ask(cli: CommandLine, earlier: Earlier, kept: Kept) -> None:
    assert cli("token", MARIA, "--show", secret=True).out == f"{kept.token(MARIA)}\n"
    assert cli("token", MARIA, "--show", "--json", secret=True).json["access_token"] == kept.token(MARIA)


def test_a_token_is_not_shown_on_a_terminal_unasked(
    cli: CommandLine, earlier: Earlier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("whatsapp_connect_cli.token.is_terminal", lambda: True)
    ended = cli("token", MARIA, "--show")
    assert (ended.code, ended.out) == (4, "")
    assert cli("token", MARIA, "--show", "--yes", secret=True).out.startswith("EAA")


def test_a_token_that_is_not_there_is_not_found(cli: CommandLine) -> None:
    assert cli("token", "nobody").code == 3


def test_a_policy_is_for_one_connection(cli: CommandLine) -> None:
    """The same as the one in examples/, which the recipes are tested with."""
    example = (stack.ROOT / "examples/one-connection-policy.json").read_text()
    for there, here in (
        ("arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555", stack.KEY),
        ("eu-west-1:123456789012", f"{stack.REGION}:{stack.ACCOUNT}"),
        ("/whatsapp-connect", stack.PREFIX),
        ("122100000000000001", "tenant-42"),
    ):
        assert there in example
        example = example.replace(there, here)
    assert cli("policy", "tenant-42").json == json.loads(example)


def test_the_policy_for_all_is_named(cli: CommandLine) -> None:
    assert cli("policy", "--all").out == f"arn:aws:iam::{stack.ACCOUNT}:policy/reader\n"
    assert cli("policy").code == 2
    assert cli("policy", "tenant", "--all").code == 2


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("AccessDeniedException", "AWS does not allow you Scan."),
        ("ExpiredTokenException", "AWS does not accept your credentials"),
        ("InternalServerError", "AWS refused Scan (InternalServerError)."),
    ],
)
def test_a_refusal_of_aws_is_a_sentence(cli: CommandLine, code: str, words: str) -> None:
    Outage(cli.deployment.dynamodb, "Scan", code)
    ended = cli("connections", "list")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith(f"Error: {words}")


def test_a_fault_of_ours_is_a_sentence_without_a_value(
    cli: CommandLine, earlier: Earlier, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ValueError("EAAsecret")

    monkeypatch.setattr("whatsapp_connect_cli.story.days_left", fail)
    ended = cli("connections", "list")
    assert ended.code == 1
    assert ended.err.startswith("Error: Unexpected ValueError at test_cli_connections.py:")
    assert "EAAsecret" not in ended.err

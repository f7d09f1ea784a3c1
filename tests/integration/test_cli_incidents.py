"""The commands of an incident: what came by a link, ending many at once, pausing logins, a new app secret."""

from email.utils import formatdate

import pytest

from tests.support import stack
from tests.support.browser import assert_ended
from tests.support.clock import DAY
from tests.support.command_line import CommandLine
from tests.support.meta import Meta
from tests.support.outage import Outage
from tests.support.people import JONAS, MARIA
from tests.support.world import World
from whatsapp_connect.links import link_hash
from whatsapp_connect_cli.deployment import aws_clock

NEW_SECRET = "fedcba9876543210" * 2
SECRET_NAME = f"{stack.PREFIX}/app-secret"


def connect_by(world: World, link: str, person: str = "maria") -> None:
    world.browser().finish(link=link, person=person)
    world.settle()


@pytest.fixture
def leaked(world: World) -> str:
    """Return a link with which a customer, and then somebody else, have connected; another customer has a link of theirs."""
    leaked, good = world.link("acme", uses=9, any_user=True), world.link("shop")
    connect_by(world, leaked)
    connect_by(world, leaked, "jonas")
    connect_by(world, good)
    world.clock.advance(60)
    world.schedule()
    return leaked


# History


def test_story_tells_which_link_and_what_happened(cli: CommandLine, world: World) -> None:
    link = world.link("acme")
    connect_by(world, link)
    world.clock.advance(DAY)
    world.facebook.control("tokens/invalidate", {"person": "maria", "reason": "password_changed"})
    world.ask_for_check("acme")
    out = cli("connections", "show", "acme").out
    link_id = link_hash(link)[:16]
    assert "acme is revoked since 26 November 2026: the person changed their password" in out
    assert f"connected it on 25 November 2026 by the link {link_id}." in out
    assert "  2026-11-26 12:00  Revoked: password-changed\n" in out
    assert f"by the link {link_id}" in next(line for line in out.splitlines() if "  Connected: " in line)
    told = cli("connections", "show", "acme", "--json").json["history"]
    assert (told[0]["type"], told[0]["at"]) == ("Revoked", "2026-11-26T12:00:00Z")


def test_deleted_connection_is_shown_with_date_and_reason(cli: CommandLine, world: World, deauthorize: Meta) -> None:
    link = world.link("acme")
    connect_by(world, link)
    deauthorize.tell(MARIA)
    world.settle()
    ended = cli("connections", "show", "acme")
    assert ended.code == 0
    assert ended.out.startswith("acme was deleted on 2026-11-25 12:00 UTC (app-removed).")
    assert cli("connections", "show", "acme", "--json").json["link_id"] == link_hash(link)[:16]
    assert "acme was deleted on" in cli("connections", "check", "acme").err
    assert [one["connection_id"] for one in cli("connections", "deleted", "--json").json] == ["acme"]
    assert "app-removed" in cli("connections", "deleted").out
    assert cli("connections", "deleted", "--link", "ffff", "--json").json == []


# A leaked link


def test_everything_that_came_by_a_link_is_found_and_ended(cli: CommandLine, world: World, leaked: str) -> None:
    link_id = link_hash(leaked)[:16]
    address = f"https://connect.example.com/connect/{leaked}"
    found = cli("links", "show", address)
    assert "is good" in found.out
    assert "Connections made by it: acme (active)." in found.out
    assert leaked not in found.out + found.err
    assert cli("links", "revoke", address).code == 0
    assert cli("connections", "disconnect", "--link", link_id, "--dry-run").out.splitlines()[1].startswith("acme")
    assert world.record("acme").is_alive
    ended = cli("connections", "disconnect", "--link", link_id, "--yes")
    assert ended.out.splitlines()[-1] == "acme is revoked at Facebook and deleted in this stack."
    assert world.stored.record("acme") is None
    assert world.record("shop").is_alive
    after = cli("links", "show", link_id, "--json").json
    assert (after["link"]["state"], after["connections"]) == ("revoked", [])
    assert after["deleted_connections"][0]["reason"] == "disconnected"


def test_link_that_is_not_in_the_table_any_more(cli: CommandLine, world: World, leaked: str) -> None:
    cli.deployment.dynamodb.delete_item(TableName=stack.LINKS, Key={"link_hash": {"S": link_hash(leaked)}})
    assert "Connections made by it: acme (active)." in cli("links", "show", link_hash(leaked)[:16]).out
    assert cli("links", "show", "ffffffff").code == 3


def test_links_that_fit_are_revoked_with_one_confirmation(cli: CommandLine, world: World) -> None:
    old = world.link("old-1")
    world.clock.advance(2 * 3600)
    new = [world.link("new-1", label="Acme"), world.link("new-2")]
    assert cli("links", "revoke").code == 2
    assert cli("links", "revoke", "abcd", "--search", "x").code == 2
    dry = cli("links", "revoke", "--created-within", "1h", "--dry-run", "--json").json
    assert {one["connection_id"] for one in dry} == {"new-1", "new-2"}
    assert cli("links", "revoke", "--created-within", "1h", typed="n\n").code == 4
    assert cli("links", "revoke", "--search", "ACME", "--yes").code == 0
    assert world.browser().connect(link=new[0]).status == 404
    assert cli("links", "revoke", "--created-within", "1h", typed="y\n").code == 0
    assert [world.browser().connect(link=link).status for link in (*new, old)] == [404, 404, 302]
    assert "No link fits" in cli("links", "revoke", "--search", "nobody").err


# Many at once


def test_disconnect_needs_names_or_a_choice_and_not_both(cli: CommandLine, world: World) -> None:
    world.connect()
    assert cli("connections", "disconnect").code == 2
    assert cli("connections", "disconnect", MARIA, "--status", "active").code == 2
    assert world.stored.token(MARIA)


def test_many_are_disconnected_with_one_confirmation(cli: CommandLine, world: World) -> None:
    for name in ("a", "b"):
        world.connect(connection_id=name)
    world.connect("jonas")
    ended = cli("connections", "disconnect", "--search", MARIA, typed="n\n")
    assert (ended.code, "2 connections" in ended.err) == (4, True)
    assert world.record("a").is_alive
    ended = cli("connections", "disconnect", "--search", MARIA, typed="y\n")
    assert ended.code == 0
    assert {line.split()[0] for line in ended.out.splitlines()[-2:]} == {"a", "b"}
    assert world.facebook.counts()["permissions/delete"] == 1  # with the last of the person's connections
    assert world.record(JONAS).is_alive


def test_one_that_fails_stops_no_other_and_is_named(cli: CommandLine, world: World) -> None:
    world.connect()
    world.connect("jonas")
    world.facebook.fail("permissions/delete", "graph_error", code=200, status=400, times=1)
    ended = cli("connections", "disconnect", "--status", "active", "--yes", "--json")
    assert ended.code == 1
    states = {one["connection_id"]: one["deleted"] for one in ended.json}
    assert sorted(states.values()) == [False, True]
    (failed,) = [one for one, is_deleted in states.items() if not is_deleted]
    assert failed in ended.err
    assert world.record(failed).is_alive


def test_dry_run_changes_nothing_and_needs_no_answer(cli: CommandLine, world: World) -> None:
    world.connect()
    before = world.stored.everything()
    ended = cli("connections", "disconnect", "--status", "active", "--dry-run", "--json")
    assert [one["connection_id"] for one in ended.json] == [MARIA]
    assert "No connection fits" in cli("connections", "disconnect", "--status", "revoked").err
    assert world.stored.everything() == before


# What a command has seen


def test_login_meanwhile_is_not_reported_as_a_deletion(cli: CommandLine, world: World) -> None:
    """Somebody connects again before publish has deleted the record."""
    connect_by(world, world.link("acme"))
    browser, again = world.browser(), world.link("acme")
    query = browser.log_in(link=again)
    deleted = vars(cli.deployment)
    settle = deleted["pause"]

    def come_back(_: float) -> None:
        deleted["pause"] = settle
        browser.come_back(query)

    deleted["pause"] = come_back
    ended = cli("connections", "disconnect", "acme", "--yes", "--keep-at-facebook")
    assert ended.code == 1
    assert "deleted in this stack" not in ended.out
    assert "connected it again" in ended.err


def test_parameter_that_is_still_there_is_not_reported_as_deleted(cli: CommandLine, world: World) -> None:
    connect_by(world, world.link("acme"))
    record = world.record("acme")
    Outage(world.clients("publish"), "DeleteParameter", "ThrottlingException")
    ended = cli("connections", "disconnect", "acme", "--yes")
    assert ended.code == 1
    assert "readers may still find its token" in ended.err
    assert world.stored.token("acme")
    assert record.token


def test_record_that_is_gone_is_not_enough_for_a_deletion(cli: CommandLine, world: World) -> None:
    """Somebody has deleted the record by hand, and readers still find the token."""
    connect_by(world, world.link("acme"))

    def delete_record(seconds: float) -> None:
        cli.deployment.dynamodb.delete_item(TableName=stack.CONNECTIONS, Key={"connection_id": {"S": "acme"}})
        world.clock.advance(seconds)

    vars(cli.deployment)["pause"] = delete_record
    ended = cli("connections", "disconnect", "acme", "--yes", "--keep-at-facebook")
    assert (ended.code, ended.out) == (1, "")
    assert world.stored.token("acme")


@pytest.mark.parametrize("skew", [-600, 600])
def test_clock_of_this_machine_does_not_matter(cli: CommandLine, world: World, skew: int) -> None:
    """The program takes the time from AWS's answer."""
    world.connect()
    clock = aws_clock(_date(world.clock.time() + skew))
    assert clock() == pytest.approx(world.clock.time() + skew, abs=2)
    assert aws_clock(_date(world.clock.time()))() == pytest.approx(world.clock.time())
    assert aws_clock(None)() == pytest.approx(world.clock.time())


def test_deletion_by_a_fast_clock_is_not_reported_before_it_has_happened(cli: CommandLine, world: World) -> None:
    world.connect()
    real = cli.deployment.clock
    vars(cli.deployment)["clock"] = lambda: real() + 600
    ended = cli("connections", "disconnect", MARIA, "--yes")
    assert (ended.code, ended.out) == (1, "")
    assert world.stored.token(MARIA)


def _date(seconds: float) -> str:
    return formatdate(seconds, usegmt=True)


# Pause


def test_pause_stops_logins_and_resume_allows_them(cli: CommandLine, world: World) -> None:
    assert cli("pause", typed="n\n").code == 4
    assert world.browser().connect().status == 302
    ended = cli("pause", "--yes")
    assert ended.out == "Logins are paused since 2026-11-25 12:00 UTC.\n"
    assert world.browser().connect().status == 503
    assert cli("pause", "--yes", "--json").json == {"paused_at": "2026-11-25T12:00:00Z"}
    assert cli("resume").code == 0
    world.clock.advance(6)
    assert world.browser().connect().status == 302
    assert "were not paused" in cli("resume").out


# The app secret


def stored_secret(cli: CommandLine) -> list[str]:
    value = cli.deployment.ssm.get_parameter(Name=SECRET_NAME, WithDecryption=True)["Parameter"]["Value"]
    return value.split("\n")


def reset_secret(world: World, secret: str = NEW_SECRET) -> None:
    """Reset the app secret in Meta's dashboard: the old one is dead at once."""
    world.facebook.control("app", {"secret": secret})


def test_rotation_keeps_the_previous_secret_for_webhooks(cli: CommandLine, world: World, deauthorize: Meta) -> None:
    world.connect()
    reset_secret(world)
    ended = cli("app-secret", "store", typed=f"{NEW_SECRET}\n")
    assert ended.code == 0, ended.err
    assert stored_secret(cli) == [NEW_SECRET, stack.APP_SECRET]
    assert NEW_SECRET not in ended.out + ended.err
    assert deauthorize.tell(MARIA).status == 200  # signed with the previous one
    assert_ended(world.browser().finish(), "connected")
    assert cli("app-secret", "drop-previous").code == 0
    assert stored_secret(cli) == [NEW_SECRET]
    assert "no previous secret" in cli("app-secret", "drop-previous").out


def test_leaked_secret_is_not_kept(cli: CommandLine, world: World) -> None:
    reset_secret(world)
    assert cli("app-secret", "store", "--drop-previous", typed=NEW_SECRET, secret=True).code == 0
    assert stored_secret(cli) == [NEW_SECRET]


@pytest.mark.parametrize("typed", ["", "not a secret", NEW_SECRET[:-1], f"{NEW_SECRET}\n{'0' * 32}", NEW_SECRET])
def test_secret_that_facebook_would_not_accept_changes_nothing(cli: CommandLine, world: World, typed: str) -> None:
    ended = cli("app-secret", "store", typed=typed)
    assert ended.code == 4
    assert "Nothing was changed" in ended.err
    assert not typed or typed not in ended.err
    assert stored_secret(cli) == [stack.APP_SECRET]


def test_first_secret_of_a_new_stack(cli: CommandLine, world: World) -> None:
    cli.deployment.ssm.delete_parameter(Name=SECRET_NAME)
    assert cli("app-secret", "drop-previous").code == 4
    ended = cli("app-secret", "store", typed=stack.APP_SECRET, secret=True)
    assert "no previous one" in ended.out
    about = cli.deployment.ssm.describe_parameters()["Parameters"][0]
    assert (about["Type"], about["KeyId"]) == ("SecureString", stack.KEY)


def test_facebook_that_does_not_answer_leaves_the_secret(cli: CommandLine, world: World) -> None:
    world.facebook.fail("debug_token", "html_error", times=None)
    assert cli("app-secret", "store", typed=NEW_SECRET, secret=True).code == 1
    assert stored_secret(cli) == [stack.APP_SECRET]


def test_parameter_of_another_type_must_be_deleted_first(cli: CommandLine) -> None:
    Outage(cli.deployment.ssm, "PutParameter", "HierarchyTypeMismatchException")
    ended = cli("app-secret", "store", typed=stack.APP_SECRET, secret=True)
    assert ended.code == 4
    assert f"aws ssm delete-parameter --name {SECRET_NAME}" in ended.err
    assert stack.APP_SECRET not in ended.out + ended.err

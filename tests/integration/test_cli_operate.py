"""The operators' commands: publish, events, due, brake and orphans."""

from dataclasses import replace

import pytest

from tests.support import stack
from tests.support.clock import DAY, HOUR
from tests.support.command_line import CommandLine
from tests.support.people import JONAS, MARIA
from tests.support.world import World


def spoil(cli: CommandLine, connection_id: str) -> None:
    """Have a record that nobody can read."""
    cli.deployment.dynamodb.put_item(
        TableName=stack.CONNECTIONS,
        Item={"connection_id": {"S": connection_id}, "history": {"S": "none"}},
    )


def put(cli: CommandLine, name: str, value: str = "EAAforged") -> None:
    cli.deployment.ssm.put_parameter(
        Name=f"{stack.PREFIX}/connections/{name}", Value=value, Type="String", Overwrite=True
    )


def delete(cli: CommandLine, name: str) -> None:
    cli.deployment.ssm.delete_parameter(Name=f"{stack.PREFIX}/connections/{name}")


# publish


def test_published_again_a_connection_has_its_parameters(cli: CommandLine, world: World) -> None:
    world.connect()
    token = world.token()
    delete(cli, f"{MARIA}/access-token")
    put(cli, f"{MARIA}/metadata", "{}")
    ended = cli("publish", MARIA)
    assert (ended.code, ended.out) == (0, "1 connection will be published.\n")
    world.settle()
    assert world.token() == token
    world.assert_consistent()


def test_publish_all_reaches_every_connection_that_can_be_read(cli: CommandLine, world: World) -> None:
    world.connect()
    world.connect("jonas")
    spoil(cli, "broken")
    for connection_id in (MARIA, JONAS):
        delete(cli, f"{connection_id}/access-token")
    ended = cli("publish", "--all", "--json")
    assert ended.json == {"marked": 2}
    assert "broken" in ended.err
    world.settle()
    assert all(world.stored.token(connection_id) for connection_id in (MARIA, JONAS))


def test_publish_writes_nothing_that_is_as_it_should_be(cli: CommandLine, world: World) -> None:
    world.connect()
    world.sent_events()
    cli("publish", MARIA)
    world.settle()
    assert world.stored.version(MARIA) == 1
    assert world.sent_events() == []
    assert world.record().publish_at is None


@pytest.mark.parametrize(
    ("arguments", "code"), [([], 2), (["nobody"], 3), ([MARIA, "--all"], 2), (["a b"], 2), (["-x-"], 2)]
)
def test_publish_of_what_is_not_there_is_refused(cli: CommandLine, arguments: list[str], code: int) -> None:
    assert cli("publish", *arguments).code == code


def test_paused_publishing_is_said(cli: CommandLine, world: World) -> None:
    world.connect()
    cli.set(publishing=False)
    assert "Publishing is paused" in cli("publish", MARIA).err
    assert "Publishing is paused" in cli("events", "replay", MARIA, "--from", "0").err


# events


@pytest.mark.usefixtures("extending")
def test_replayed_events_have_the_same_ids(cli: CommandLine, world: World) -> None:
    world.connect()
    world.clock.advance(35 * DAY)
    world.ask_for_check()
    told = world.sent_events()
    assert [one.type for one in told] == ["Connected", "Onboarded", "Renewed"]
    listed = cli("events", "list", MARIA, "--json").json
    assert [one["event_id"] for one in listed] == [one.detail["event_id"] for one in told]
    assert [one["published"] for one in listed] == [True] * 3

    ended = cli("events", "replay", MARIA, "--from", str(listed[-1]["sequence"]))
    assert (ended.code, ended.out) == (0, f"1 event of {MARIA} will be published again.\n")
    assert " no " in cli("events", "list", MARIA).out
    world.settle()
    assert [one.detail["event_id"] for one in world.sent_events()] == [told[-1].detail["event_id"]]

    assert cli("events", "replay", MARIA, "--from", "0", "--json").json["sequences"] == [
        one["sequence"] for one in listed
    ]
    world.settle()
    assert [one.detail["event_id"] for one in world.sent_events()] == [one.detail["event_id"] for one in told]
    world.assert_consistent()


def test_replay_includes_events_not_sent_yet(cli: CommandLine, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.log_in()
    record = world.record()
    sequence = record.history[-1].sequence
    world.clock.advance(1)
    world.log_in()
    cli.set(publishing=False)
    assert cli("events", "replay", MARIA, "--from", str(sequence + 1)).code == 0
    world.settle()
    assert world.sent_types() == ["Connected", "Reconnected"]


def test_replay_waits_for_a_publishing_under_way(cli: CommandLine, world: World) -> None:
    world.log_in()
    assert cli("events", "replay", MARIA, "--from", "0").code == 0
    world.settle()
    assert world.sent_types() == ["Connected", "Connected"]


def test_replay_from_beyond_the_last_event_is_refused(cli: CommandLine, world: World) -> None:
    world.connect()
    before = world.stored.everything()
    last = world.record().history[-1].sequence
    ended = cli("events", "replay", MARIA, "--from", str(last + 1))
    assert ended.code == 4
    assert f"The last one is {last}." in ended.err
    assert world.stored.everything() == before


@pytest.mark.parametrize("arguments", [[MARIA], [MARIA, "--from", "x"], [MARIA, "--from", "-1"]])
def test_replay_needs_a_number(cli: CommandLine, arguments: list[str]) -> None:
    assert cli("events", "replay", *arguments).code == 2


# due


def test_due_checks_are_counted_with_the_oldest(cli: CommandLine, world: World) -> None:
    world.connect()
    assert cli("due").out.startswith("Checks due: 0.\n")
    due_at = world.record().next_check_at
    world.clock.advance(due_at - int(world.clock.time()) + 2 * HOUR)
    assert "Checks due: 1. The oldest became due at 2026-11-" in cli("due").out
    assert cli("due").out.splitlines()[0].endswith("2 hours ago.")
    cli.deployment.check_queue.send(MARIA)
    found = cli("due", "--json").json
    assert (found["due"], found["waiting"]) == (1, {"DueQueue": 0, "CheckQueue": 1})


def test_due_reports_paused_checking(cli: CommandLine) -> None:
    cli.set(checking=False)
    assert "Checking is paused" in cli("due").err


# brake


def test_brake_shows_permits_and_who_is_in_doubt(cli: CommandLine, world: World) -> None:
    world.connect()
    world.connections.write(world.record(), replace(world.record(), doubt_since=int(world.clock.time()) - HOUR))
    cli.deployment.brake.take_permit()
    out = cli("brake", "show").out
    assert "permitted this hour: 1 (limit 3)." in out
    assert f"in doubt for an hour or more: 1 ({MARIA})." in out
    assert cli("brake", "show", "--json").json == {
        "permits": 1,
        "limit": 3,
        "released_until": None,
        "in_doubt": [MARIA],
    }


def test_released_brake_ends_what_facebook_still_calls_invalid(cli: CommandLine, world: World) -> None:
    world.populate(5)
    for person in world.state.people:
        world.facebook.control(
            "tokens/invalidate", {"person": person.key, "reason": "password_changed", "with_subcode": False}
        )
    ids = [record.connection_id for record in world.connections.all()]
    for _ in range(2):
        world.clock.advance(HOUR + 60)
        for connection_id in ids:
            world.ask_for_check(connection_id)
    held = [record.connection_id for record in world.connections.all() if record.is_alive]
    assert len(held) == 2

    ended = cli("brake", "release", "--for", "30m", "--yes", "--json")
    assert ended.json == {"released_until": "2026-11-25T14:32:00Z", "checked": sorted(held)}
    assert "no limit" in cli("brake", "show").out
    world.clock.advance(HOUR // 3)
    world.settle()
    assert not [record for record in world.connections.all() if record.is_alive]


def test_release_without_confirmation_changes_nothing(cli: CommandLine) -> None:
    assert cli("brake", "release", typed="n\n").code == 4
    assert cli.deployment.brake.show().limit == 3


@pytest.mark.parametrize("duration", ["", "1", "0h", "-1h", "forever"])
def test_release_needs_a_time(cli: CommandLine, duration: str) -> None:
    assert cli("brake", "release", "--yes", "--for", duration).code == 2
    assert cli.deployment.brake.show().limit == 3


# orphans


def test_no_orphans(cli: CommandLine, world: World) -> None:
    world.connect()
    ended = cli("orphans")
    assert (ended.code, ended.out) == (0, "")
    assert "Every parameter has a record" in ended.err


def test_orphans_of_both_kinds_are_found_and_nothing_is_changed(cli: CommandLine, world: World) -> None:
    world.connect()
    world.connect("jonas")
    spoil(cli, "broken")
    put(cli, "broken/access-token")
    put(cli, "left-over/access-token")
    put(cli, "left-over/metadata")
    delete(cli, f"{JONAS}/metadata")
    before = world.stored.everything()
    assert cli("orphans", "--json").json == {
        "parameters_without_record": [{"connection_id": "left-over", "parameters": ["access-token", "metadata"]}],
        "records_without_parameters": [{"connection_id": JONAS, "parameters": ["metadata"]}],
    }
    lines = cli("orphans").out.splitlines()
    assert lines[1].split("  ")[0] == "left-over"
    assert lines[2].endswith(f"missing: whatsapp-connect publish {JONAS}")
    assert world.stored.everything() == before


def test_more_parameters_than_a_page_are_read(cli: CommandLine, world: World) -> None:
    for number in range(12):
        put(cli, f"left-{number}/access-token")
    assert len(cli("orphans", "--json").json["parameters_without_record"]) == 12


def test_dead_waiting_and_unpublished_connections_lack_nothing(cli: CommandLine, world: World) -> None:
    world.connect()
    world.facebook.control("tokens/invalidate", {"person": "maria", "reason": "password_changed"})
    world.clock.advance(120)
    world.ask_for_check()
    world.log_in("jonas")
    delete(cli, f"{JONAS}/access-token")
    assert cli("orphans", "--json").json["records_without_parameters"] == []


def test_deleting_orphans_deletes_nothing_else(cli: CommandLine, world: World) -> None:
    world.connect()
    before = world.stored.everything()
    spoil(cli, "broken")
    put(cli, "broken/access-token")
    for leaf in ("access-token", "metadata"):
        put(cli, f"left-over/{leaf}")
    assert cli("orphans", "--delete", typed="n\n").code == 4
    assert len(world.stored.parameters()) == 5
    assert cli("orphans", "--delete", typed="y\n").code == 0
    cli.deployment.dynamodb.delete_item(TableName=stack.CONNECTIONS, Key={"connection_id": {"S": "broken"}})
    assert cli("orphans", "--delete", "--yes", "--json").json == {"deleted": ["broken"]}
    assert world.stored.everything() == before


def test_person_who_connects_while_orphans_are_deleted_keeps_the_token(
    cli: CommandLine, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(cli, f"{MARIA}/access-token")
    delete_metadata = cli.deployment.parameters.delete_metadata

    def log_in_first(connection_id: str) -> None:
        world.connect()
        delete_metadata(connection_id)

    monkeypatch.setattr(cli.deployment.parameters, "delete_metadata", log_in_first)
    assert cli("orphans", "--delete", "--yes").code == 0
    world.settle()
    world.assert_consistent()

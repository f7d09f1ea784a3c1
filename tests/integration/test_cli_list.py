"""`whatsapp-connect connections list`: who needs somebody, and what else an operator of hundreds asks."""

import csv
import io
import os
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest

from tests.support.clock import DAY, HOUR
from tests.support.command_line import CommandLine
from tests.support.world import World
from whatsapp_connect.links import link_hash
from whatsapp_connect.model import ConnectionRecord
from whatsapp_connect_cli.attention import TROUBLES


def change(world: World, connection_id: str, **changes: Any) -> ConnectionRecord:
    record = world.record(connection_id)
    return world.connections.write(record, replace(record, **changes))


def connect(world: World, *connection_ids: str) -> None:
    for connection_id in connection_ids:
        world.connect(connection_id=connection_id)
        world.change_accounts(connection_id, subscribed=True)


def ids(cli: CommandLine, *arguments: str) -> list[str]:
    return [one["connection_id"] for one in cli("connections", "list", "--json", *arguments).json]


@pytest.fixture
def one_of_each(world: World) -> dict[str, str]:
    """Return a connection for each trouble, whose IDs are in the opposite order, and one without."""
    names = {trouble: f"{9 - number}-{trouble}" for number, trouble in enumerate(TROUBLES)} | {"": "0-fine"}
    connect(world, *names.values())
    now = int(world.clock.time())
    change(world, names["permission-missing"], scopes=("whatsapp_business_management",))
    world.change_accounts(names["no-account"], is_proven=False)
    world.change_accounts(names["not-usable"], subscribed=False)
    change(world, names["ends-soon"], status="expiring", warned_days=7, token_expires_at=now + 6 * DAY)
    change(world, names["stuck"], failures=10)
    change(world, names["unpublished"], publish_at=now - HOUR, publish_not_before=now + HOUR)
    change(world, names["ended"], status="revoked", status_reason="password-changed", token=None)
    return names


def test_who_needs_somebody_comes_first(cli: CommandLine, one_of_each: dict[str, str]) -> None:
    found = cli("connections", "list", "--json").json
    assert [one["connection_id"] for one in found] == list(one_of_each.values())
    assert [one["trouble"] for one in found] == [*TROUBLES, None]
    ended = cli("connections", "list")
    assert [line.split()[0] for line in ended.out.splitlines()[1:]] == list(one_of_each.values())
    assert "8 of 8 connections. Need somebody: 7." in ended.err
    notes = {one["trouble"]: one["notes"] for one in found}
    assert notes["permission-missing"] == "lacks whatsapp_business_messaging"
    assert notes["unpublished"] == "unpublished"


def test_doubtful_connection_needs_somebody(cli: CommandLine, world: World) -> None:
    connect(world, "acme")
    change(world, "acme", doubt_since=int(world.clock.time()), status_reason="doubtful")
    (found,) = cli("connections", "list", "--json").json
    assert (found["trouble"], found["notes"]) == ("not-usable", "doubtful")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--status", "revoked"], {"ended"}),
        (["--status", "revoked", "--status", "expiring"], {"ended", "ends-soon"}),
        (["--expires-within", "7d"], {"ends-soon"}),
        (["--expires-within", "7d", "--status", "active"], set()),
        (["--search", "STUCK"], {"stuck"}),
        (["--search", "no such text"], set()),
    ],
)
def test_filters(cli: CommandLine, one_of_each: dict[str, str], arguments: list[str], expected: set[str]) -> None:
    assert set(ids(cli, *arguments)) == {one_of_each[one] for one in expected}


def test_search_finds_what_people_call_a_customer(cli: CommandLine, world: World) -> None:
    world.browser().finish(link=world.link("tenant-42", label="Müller GmbH", tags={"plan": "pro-annual"}))
    world.settle()
    connect(world, "other")
    for text in ("müller", "tenant-4", "PRO-ANNUAL"):
        assert ids(cli, "--search", text) == ["tenant-42"]
    for text in ("Corner", "+1 202-555-0100", "12025550100"):
        assert len(ids(cli, "--search", text)) == 2


def test_link_finds_everything_that_came_by_it(cli: CommandLine, world: World) -> None:
    link, other = world.link("acme", uses=3), world.link("acme")
    world.browser().finish(link=link)
    world.settle()
    world.browser().finish(link=other)  # the record's own link is this one now
    world.settle()
    connect(world, "shop")
    link_id = link_hash(link)[:16]
    for text in (link_id, link_id[:6].upper(), f"https://connect.example.com/connect/{link}", f"/connect/{link}?x=1"):
        assert ids(cli, "--link", text) == ["acme"]
    assert ids(cli, "--link", "0000") == []
    assert cli("connections", "list", "--link", "abc").code == 2


def test_orders(cli: CommandLine, world: World) -> None:
    connect(world, "b", "a")
    change(world, "a", label="Zebra", token_expires_at=int(world.clock.time()) + 50 * DAY, connected_at=5)
    change(world, "b", label="ant", checked_at=1)
    expected = {"id": "a b", "label": "b a", "end": "a b", "check": "b a", "login": "b a", "business": "a b"}
    assert {sort: " ".join(ids(cli, "--sort", sort)) for sort in expected} == expected


def test_limit_says_how_many_there_are(cli: CommandLine, world: World) -> None:
    connect(world, "a", "b", "c")
    ended = cli("connections", "list", "--limit", "2")
    assert len(ended.out.splitlines()) == 3
    assert "2 of 3 connections" in ended.err


def test_csv_is_read_by_a_spreadsheet_and_runs_nothing(cli: CommandLine, world: World) -> None:
    connect(world, "acme")
    change(world, "acme", label='=HYPERLINK("x")')
    ended = cli("connections", "list", "--csv")
    (row,) = csv.DictReader(io.StringIO(ended.out))
    assert (row["connection_id"], row["business"], row["days_left"]) == ("acme", "Corner Bakery", "60")
    assert row["label"] == '\'=HYPERLINK("x")'


def test_fields_are_chosen(cli: CommandLine, world: World) -> None:
    connect(world, "acme")
    assert cli("connections", "list", "--json", "--fields", "status,connection_id").json == [
        {"status": "active", "connection_id": "acme"}
    ]
    out = cli("connections", "list", "--csv", "--fields", "connection_id,usable,scopes").out
    assert out.splitlines()[0] == "connection_id,usable,scopes"
    assert out.splitlines()[1].startswith('acme,true,"[')
    wrong = cli("connections", "list", "--csv", "--fields", "nonsense")
    assert wrong.code == 2
    assert "connection_id" in wrong.err
    assert cli("connections", "list", "--fields", "status").code == 2


def test_nothing_fits(cli: CommandLine, world: World) -> None:
    connect(world, "acme")
    ended = cli("connections", "list", "--status", "revoked")
    assert (ended.code, ended.out) == (0, "")
    assert "None of 1 connection fits." in ended.err


@pytest.mark.parametrize("no_color", ["", "1"])
def test_color_only_on_a_terminal(
    cli: CommandLine, one_of_each: dict[str, str], monkeypatch: pytest.MonkeyPatch, no_color: str
) -> None:
    assert "\x1b" not in cli("connections", "list").out
    monkeypatch.setattr("whatsapp_connect_cli.output.is_terminal", lambda: True)
    monkeypatch.setenv("COLUMNS", "70")
    monkeypatch.setenv("NO_COLOR", no_color)
    colored: list[str] = []

    def style(text: str, **_: object) -> str:
        colored.append(text)
        return text

    monkeypatch.setattr("click.style", style)
    lines = cli("connections", "list").out.splitlines()
    assert all(len(line) <= 70 for line in lines)
    assert bool(colored) == (not no_color)
    assert one_of_each["ended"] in lines[-2]


def test_closed_pipe_ends_quietly(tmp_path: Any) -> None:
    """As in `whatsapp-connect ... | head`."""
    read, write = os.pipe()
    os.close(read)
    program = (
        "from whatsapp_connect_cli.app import program\n"
        "import click\n"
        "@program.command()\n"
        "def much():\n"
        "    for _ in range(10000): click.echo('x' * 100)\n"
        "program(['much'], prog_name='whatsapp-connect')\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], stdout=write, stderr=subprocess.PIPE, text=True, check=False, timeout=60
    )
    os.close(write)
    assert (ended.returncode, ended.stderr) == (0, "")

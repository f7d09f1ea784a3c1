"""`whatsapp-connect links create-all`: a link for each row of a CSV file, or none if a row is wrong."""

import csv
import io
from pathlib import Path
from typing import Any

import pytest

from tests.support.command_line import CommandLine, Ended
from tests.support.world import World

HEADER = "connection_id,label,expires,uses,any_user,accounts,return_url,language,tag:plan\n"


def create_all(cli: CommandLine, tmp_path: Path, text: str | bytes, *arguments: str) -> Ended:
    file = tmp_path / "customers.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return cli("links", "create-all", str(file), *arguments)


def rows(ended: Ended) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(ended.out)))


def test_each_row_gets_a_link_with_its_values(cli: CommandLine, world: World, tmp_path: Path) -> None:
    text = HEADER + (
        'tenant-1,"Bakery, Ltd",2w,3,yes,300000000000001 300000000000002,https://shop.example/back,de,pro\n'
        "tenant-2,,,,,,,,\n"
    )
    ended = create_all(cli, tmp_path, text)
    assert ended.code == 0, ended.err
    made = rows(ended)
    assert [(row["connection_id"], row["error"]) for row in made] == [("tenant-1", ""), ("tenant-2", "")]
    links = {one["connection_id"]: one for one in cli("links", "list", "--json").json}
    first, second = links["tenant-1"], links["tenant-2"]
    assert (first["label"], first["uses_left"], first["any_user"]) == ("Bakery, Ltd", 3, True)
    assert first["accounts"] == ["300000000000001", "300000000000002"]
    assert (first["return_url"], first["language"], first["tags"]) == (
        "https://shop.example/back",
        "de",
        {"plan": "pro"},
    )
    assert (second["uses_left"], second["tags"], second["expires_at"]) == (1, {}, "2026-12-02T12:00:00Z")
    assert world.browser().connect(link=made[1]["url"].rpartition("/")[2]).status == 302


def test_file_of_a_spreadsheet_begins_with_a_mark(cli: CommandLine, tmp_path: Path) -> None:
    assert len(rows(create_all(cli, tmp_path, b"\xef\xbb\xbfconnection_id,label\r\ntenant-1,M\xc3\xbcller\r\n"))) == 1
    assert cli("links", "create-all", "-", "--json", typed="connection_id\ntenant-2\n").json[0]["link_id"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("label\nx\n", "no column connection_id"),
        ("", "no column connection_id"),
        ("connection_id,color\na,b\n", "Unknown columns: color"),
        ("connection_id\nok\n-bad-\n", "Line 3, connection_id"),
        ("connection_id,label\nok,www.example.com\n", "Line 2, label"),
        ("connection_id,expires\nok,soon\n", "Line 2, expires"),
        ("connection_id,expires\nok,365d\n", "Line 2, lifetime_s"),
        ("connection_id,uses\nok,many\n", "Line 2, uses"),
        ("connection_id,any_user\nok,perhaps\n", "Line 2, any_user"),
        ("connection_id,label\nok\n", "Line 2, row"),
        ("connection_id\nok,too,many\n", "Line 2, row"),
        ("connection_id\nsame\nsame\n", "Line 3, connection_id"),
        ("connection_id,return_url\nok,http://x.example\n", "Line 2, return_url"),
        ("connection_id,signup\nok,popup\n", "Line 2, signup"),
        ("connection_id,signup\nok,embedded\n", "Line 2, signup"),
        ("connection_id,signup_features\nok,coexistence\n", "Line 2, signup_features"),
        (b"connection_id\n\xff\xfe\n", "not CSV in UTF-8"),
        ('connection_id\n"open\n', "not CSV in UTF-8"),
    ],
)
def test_wrong_file_creates_no_link(cli: CommandLine, tmp_path: Path, text: str | bytes, says: str) -> None:
    ended = create_all(cli, tmp_path, text)
    assert (ended.code, ended.out) == (4, "")
    assert says in ended.err
    assert cli("links", "list", "--json").json == []


@pytest.mark.parameters(LoginConfigId="77")
def test_rows_have_sign_ups_of_their_own(cli: CommandLine, tmp_path: Path) -> None:
    text = "connection_id,signup,signup_features\na,embedded,app_only_install\nb,embedded,none\nc,,\n"
    assert create_all(cli, tmp_path, text).code == 0
    links = {one["connection_id"]: one for one in cli("links", "list", "--json").json}
    found = {name: (link["signup"], link["signup_features"]) for name, link in links.items()}
    assert found == {"a": ("embedded", ["app_only_install"]), "b": ("embedded", []), "c": ("", None)}


def test_dry_run_only_checks(cli: CommandLine, tmp_path: Path) -> None:
    ended = create_all(cli, tmp_path, "connection_id\na\nb\n", "--dry-run")
    assert (ended.code, ended.out) == (0, "")
    assert "2 links" in ended.err
    assert cli("links", "list", "--json").json == []


def test_failure_in_between_keeps_the_links_that_exist(
    cli: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    invoke = cli.deployment.functions.invoke
    calls: list[None] = []

    def fail_once(**arguments: Any) -> Any:
        calls.append(None)
        if len(calls) == 2:
            return {"FunctionError": "Unhandled"}
        return invoke(**arguments)

    monkeypatch.setattr(cli.deployment.functions, "invoke", fail_once)
    ended = create_all(cli, tmp_path, "connection_id\na\nb\nc\n")
    assert ended.code == 1
    made = rows(ended)
    assert [bool(row["url"]) for row in made] == [True, False, True]
    assert "failed" in made[1]["error"]
    assert "1 link of 3" in ended.err

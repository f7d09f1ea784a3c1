"""The command line as an operator runs it, against the deployed stack. The tests use Facebook's Priya and a system user."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import expect

from local.stack import Stack
from tests.support.clock import DAY
from tests.support.screen import NewPage, keep
from tests.support.site import Site
from whatsapp_connect_cli.doctor import CHECKS

pytestmark = pytest.mark.emulator

ROOT = Path(__file__).parents[2]
CRAWLER = {"User-Agent": "WhatsApp/2.23.20.0"}
CONNECTION_CHECKS = {
    "accounts",
    "brake",
    "checks",
    "connections",
    "dead-letters",
    "encryption",
    "parameters",
    "permissions",
    "publishing",
    "queues",
    "records",
    "require-secret",
    "tokens",
}
"""What they find depends on the connections that other tests make in this stack."""
SCOPES = ["whatsapp_business_management", "whatsapp_business_messaging"]


class Operator:
    """Runs the program, in a process of its own, as after `make run`."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack

    def __call__(self, *arguments: str, typed: str = "", code: int = 0) -> str:
        directory = str(self._stack.directory)
        ended = subprocess.run(
            [sys.executable, "-m", "whatsapp_connect_cli", "--local-directory", directory, *arguments],
            input=typed,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
            env=os.environ | {"PYTHONPATH": f"{ROOT / 'functions'}:{ROOT / 'cli'}", "NO_COLOR": "1"},
        )
        assert ended.returncode == code, ended.stdout + ended.stderr
        return ended.stdout

    def json(self, *arguments: str, code: int = 0) -> Any:
        return json.loads(self(*arguments, "--json", code=code))


@pytest.fixture
def operator(stack: Stack) -> Operator:
    return Operator(stack)


def link_in(url: str) -> str:
    return url.rpartition("/")[2]


def test_a_link_is_made_previewed_used_listed_and_revoked(site: Site, operator: Operator) -> None:
    url = operator("links", "create", "tenant-42", "--uses", "2", "--label", "on trial").strip()
    assert url.startswith(f"{site.base_url}/connect/")
    for _ in range(3):
        preview = requests.get(url, headers=CRAWLER, allow_redirects=False, timeout=30)
        assert preview.status_code == 200
        assert "og:title" in preview.text
    assert site.connect("priya", link_in(url)).status_code == 200
    (link,) = [one for one in operator.json("links", "list") if one["connection_id"] == "tenant-42"]
    assert (link["uses_left"], link["state"], link["label"]) == (1, "good", "on trial")
    listed = operator("connections", "list")
    assert [line for line in listed.splitlines() if line.startswith("tenant-42") and "active" in line]
    operator("links", "revoke", link["link_id"])
    refused = site.connect("priya", link_in(url))
    assert refused.status_code == 404
    assert "no longer works" in refused.text
    link_id = link_in(url)
    for function in ("AuthorizeFunction", "CallbackFunction"):
        assert not any(link_id in line for line in site.stack.logs(function))


@pytest.mark.browser
def test_a_link_that_was_sent_is_used_once_on_a_phone(site: Site, operator: Operator, new_page: NewPage) -> None:
    url = operator("links", "create", "tenant-44").strip()
    assert requests.get(url, headers=CRAWLER, allow_redirects=False, timeout=30).status_code == 200
    page = new_page()
    page.goto(url)
    page.get_by_role("link", name="Continue to Facebook").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Not connected")
    page.get_by_role("link", name="Start again").click()
    page.get_by_role("link", name="Continue to Facebook").click()
    page.get_by_role("button", name="Continue as ").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You are connected")
    assert operator.json("connections", "show", "tenant-44")["status"] == "active"
    page.goto(url)
    expect(page.get_by_role("heading", level=1)).to_have_text("This link was already used")
    keep(page, "link-used")
    page.get_by_role("link", name="Connect again").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Connect WhatsApp again")
    keep(page, "reconnect")
    page.get_by_role("link", name="Continue to Facebook").click()
    page.get_by_role("button", name="Continue as ").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You are connected")


def test_system_users_token_is_imported_checked_and_disconnected(site: Site, operator: Operator) -> None:
    made = site.facebook.control("tokens", {"type": "SYSTEM_USER", "lifetime": 0, "scopes": SCOPES})
    token = made["access_token"]
    assert "is connected: version 1 of" in operator("connections", "import", "shop", typed=token)
    site.wait_until_published("shop")
    assert operator("token", "shop", "--show").strip() == token
    assert token not in operator("token", "shop")
    site.set("shop", checked_at=1)  # a second check within a minute would wait for its end
    assert "works" in operator("connections", "check", "shop")
    assert operator("connections", "disconnect", "shop", "--yes").endswith("deleted in this stack.\n")
    deleted = operator.json("connections", "show", "shop")
    assert (deleted["status"], deleted["status_reason"]) == ("deleted", "disconnected")
    operator("token", "shop", code=3)
    assert site.stack.facebook
    known = site.stack.facebook.state.token(token)
    assert known
    assert known.death


def test_paused_logins_are_refused_until_they_are_resumed(site: Site, operator: Operator) -> None:
    def status() -> int:
        return requests.get(f"{site.base_url}/connect", allow_redirects=False, timeout=30).status_code

    assert status() == 302
    operator("pause", "--yes")
    try:
        assert status() == 503
        operator("pause", "--yes")
    finally:
        operator("resume")
    site.wait_for(lambda: status() == 302)


def test_links_of_a_file_are_made_and_what_came_by_one_is_ended(site: Site, operator: Operator, tmp_path: Path) -> None:
    (tmp_path / "customers.csv").write_text("connection_id,label\nfile-1,Acme\nfile-2,Lind\n")
    first, second = json.loads(operator("links", "create-all", str(tmp_path / "customers.csv"), "--json"))
    assert site.connect("priya", link_in(first["url"])).status_code == 200
    site.wait_until_published("file-1")
    assert operator.json("links", "show", first["url"])["connections"] == [
        {"connection_id": "file-1", "status": "active"}
    ]
    ended = operator.json("connections", "disconnect", "--link", first["link_id"], "--yes")
    assert [(one["connection_id"], one["deleted"]) for one in ended] == [("file-1", True)]
    assert operator.json("links", "revoke", "--search", "file-", "--yes")[0]["link_id"] == second["link_id"]
    (left,) = operator.json("connections", "deleted", "--link", first["link_id"])
    assert left["connection_id"] == "file-1"


def test_persons_token_is_extended_on_request(site: Site, operator: Operator) -> None:
    assert site.connect("priya", link_in(operator("links", "create", "tenant-43").strip())).status_code == 200
    site.wait_until_published("tenant-43")
    site.facebook.control("settings", {"renewal": "extend"})
    site.facebook.control("tokens/age", {"person": "priya", "expires_in": 20 * DAY})
    site.set("tenant-43", checked_at=1)
    checked = operator.json("connections", "check", "tenant-43")
    assert checked["outcome"] == "renewed"
    assert checked["connection"]["days_left"] >= 59


def test_parameter_deleted_by_hand_is_found_and_published_again(site: Site, operator: Operator) -> None:
    assert site.connect("priya", link_in(operator("links", "create", "tenant-45").strip())).status_code == 200
    site.wait_until_published("tenant-45")
    ssm = site.client("ssm")
    name = operator.json("connections", "show", "tenant-45")["access_token_parameter"]
    ssm.delete_parameter(Name=name)
    lacking = operator.json("orphans")["records_without_parameters"]
    assert lacking == [{"connection_id": "tenant-45", "parameters": ["access-token"]}]
    assert "1 connection will be published." in operator("publish", "tenant-45")
    site.wait_until_published("tenant-45")
    assert ssm.get_parameter(Name=name)
    assert operator.json("orphans")["records_without_parameters"] == []


def test_replayed_event_is_sent_again(site: Site, operator: Operator) -> None:
    assert site.connect("priya", link_in(operator("links", "create", "tenant-46").strip())).status_code == 200
    site.announced("tenant-46")
    site.wait_until_published("tenant-46")
    (event,) = operator.json("events", "list", "tenant-46")
    assert (event["type"], event["published"]) == ("Connected", True)
    operator("events", "replay", "tenant-46", "--from", str(event["sequence"]))
    told = [one for one in site.stack.announcements(seconds=10) if "tenant-46" in str(one)]
    assert len(told) == 1


def test_checks_and_brake_are_shown(operator: Operator) -> None:
    assert operator.json("due")["waiting"].keys() == {"DueQueue", "CheckQueue"}
    assert operator.json("brake", "show")["limit"] >= 3
    operator("brake", "release", "--for", "1m", "--yes")
    assert operator.json("brake", "show")["limit"] is None


def test_a_policy_lets_a_reader_read_one_connection(site: Site, operator: Operator) -> None:
    printed = operator.json("policy", "tenant-42")
    root = f"{site.outputs['ParameterPrefix']}/connections/tenant-42"
    assert printed["Statement"][0]["Resource"][0].endswith(f":parameter{root}/access-token")
    assert operator("policy", "--all").strip() == site.outputs["TokenReaderPolicyArn"]


def test_the_doctor_finds_the_local_stack_healthy(site: Site, operator: Operator) -> None:
    functions = site.client("lambda")
    functions.invoke(FunctionName=site.resources["ScheduleFunction"], Payload=b"{}")
    found = {one["check"]: one for one in operator.json("doctor", *only(CONNECTION_CHECKS))}
    stack_checks = CHECKS.keys() - CONNECTION_CHECKS
    assert found.keys() == stack_checks
    not_ok = {name for name, one in found.items() if one["health"] != "ok"}
    assert not_ok == {"app-mode", "alerts"}, found
    assert {found[name]["health"] for name in not_ok} == {"not checked"}
    assert operator.json("doctor", "--only", "encryption", "--only", "parameters")


def test_the_doctor_finds_a_function_that_is_switched_off(site: Site, operator: Operator) -> None:
    functions, name = site.client("lambda"), site.resources["CreateLinkFunction"]
    functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    try:
        (found,) = operator.json("doctor", "--only", "concurrency", code=5)
    finally:
        functions.delete_function_concurrency(FunctionName=name)
    assert "CreateLinkFunction" in found["says"]


def only(without: set[str]) -> list[str]:
    """Return the options for all checks of the doctor but some."""
    return [word for name in CHECKS if name not in without for word in ("--only", name)]


def test_no_stack_by_that_name_is_a_sentence(operator: Operator) -> None:
    operator("--stack", "no-such-stack", "links", "list", code=3)

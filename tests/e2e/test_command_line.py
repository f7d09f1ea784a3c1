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
from tests.support.screen import NewPage, keep

pytestmark = pytest.mark.emulator

ROOT = Path(__file__).parents[2]
PRIYA = "122100000000000003"
CRAWLER = {"User-Agent": "WhatsApp/2.23.20.0"}
SCOPES = ["whatsapp_business_management", "whatsapp_business_messaging"]
DAY = 86400


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


def control(stack: Stack, path: str, body: dict[str, Any]) -> Any:
    answer = requests.post(f"{stack.facebook_url}/_control/{path}", json=body, timeout=10)
    assert answer.status_code == 200, answer.text
    return answer.json()


def follow(stack: Stack, url: str) -> requests.Response:
    """Open a link on a phone, go through Facebook's dialog as Priya, and come back."""
    with requests.Session() as browser:
        redirect = browser.get(url, allow_redirects=False)
        if redirect.status_code != 302:
            return redirect
        dialog = {"url": redirect.headers["Location"], "person": "priya"}
        return browser.get(control(stack, "login", dialog)["location"])


def wait_until_published(stack: Stack, operator: Operator, connection_id: str) -> None:
    """Wait until nothing of a connection waits to be published."""
    for _ in range(20):
        about = operator.json("connections", "show", connection_id)
        if about["unpublished_since"] is None and about["next"] == ["Nothing."]:
            return
        list(stack.announcements(seconds=1))
    pytest.fail("it was not published")


def test_a_link_is_made_previewed_used_listed_and_revoked(stack: Stack, operator: Operator) -> None:
    url = operator("links", "create", "tenant-42", "--uses", "2", "--note", "on trial").strip()
    assert url.startswith(f"{stack.base_url}/connect/")
    for _ in range(3):
        preview = requests.get(url, headers=CRAWLER, allow_redirects=False, timeout=30)
        assert preview.status_code == 200
        assert "og:title" in preview.text
    assert follow(stack, url).status_code == 200
    (link,) = [one for one in operator.json("links", "list") if one["connection_id"] == "tenant-42"]
    assert (link["uses_left"], link["state"], link["note"]) == (1, "good", "on trial")
    listed = operator("connections", "list")
    assert [line for line in listed.splitlines() if line.startswith("tenant-42") and "active" in line]
    operator("links", "revoke", link["hash"][:12])
    refused = follow(stack, url)
    assert refused.status_code == 404
    assert "no longer works" in refused.text
    link_id = url.rpartition("/")[2]
    for function in ("AuthorizeFunction", "CallbackFunction"):
        assert not any(link_id in line for line in stack.logs(function))


@pytest.mark.browser
def test_a_link_that_was_sent_is_used_once_on_a_phone(stack: Stack, operator: Operator, new_page: NewPage) -> None:
    url = operator("links", "create", "tenant-44").strip()
    assert requests.get(url, headers=CRAWLER, allow_redirects=False, timeout=30).status_code == 200
    page = new_page()
    page.goto(url)
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Not connected")
    page.get_by_role("link", name="Start again").click()
    page.get_by_role("button", name="Continue as ").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You're connected")
    assert operator.json("connections", "show", "tenant-44")["status"] == "active"
    page.goto(url)
    expect(page.get_by_role("heading", level=1)).to_have_text("This link no longer works")
    keep(page, "link-used")


def test_system_users_token_is_imported_checked_and_disconnected(stack: Stack, operator: Operator) -> None:
    made = control(stack, "tokens", {"type": "SYSTEM_USER", "lifetime": 0, "scopes": SCOPES})
    token = made["access_token"]
    assert "is connected: version 1 of" in operator("connections", "import", "shop", typed=token)
    wait_until_published(stack, operator, "shop")
    assert operator("token", "shop", "--show").strip() == token
    assert token not in operator("token", "shop")
    assert "works" in operator("connections", "check", "shop")
    assert operator("connections", "disconnect", "shop", "--yes").endswith("deleted here.\n")
    operator("connections", "show", "shop", code=3)
    operator("token", "shop", code=3)
    assert stack.facebook
    known = stack.facebook.state.token(token)
    assert known
    assert known.death


def test_persons_token_is_extended_on_request(stack: Stack, operator: Operator) -> None:
    url = operator("links", "create", "tenant-43").strip()
    assert follow(stack, url).status_code == 200
    wait_until_published(stack, operator, "tenant-43")
    control(stack, "tokens/age", {"person": "priya", "expires_in": 20 * DAY})
    checked = operator.json("connections", "check", "tenant-43")
    assert checked["outcome"] == "renewed"
    assert checked["connection"]["days_left"] >= 59


def test_what_was_deleted_by_hand_is_found_and_published_again(stack: Stack, operator: Operator) -> None:
    url = operator("links", "create", "tenant-45").strip()
    assert follow(stack, url).status_code == 200
    wait_until_published(stack, operator, "tenant-45")
    ssm = stack.session.client("ssm", endpoint_url=stack.endpoint_url)
    name = operator.json("connections", "show", "tenant-45")["access_token_parameter"]
    ssm.delete_parameter(Name=name)
    lacking = operator.json("orphans")["records_without_parameters"]
    assert lacking == [{"connection_id": "tenant-45", "parameters": ["access-token"]}]
    assert "1 connection will be published." in operator("publish", "tenant-45")
    wait_until_published(stack, operator, "tenant-45")
    assert ssm.get_parameter(Name=name)
    assert operator.json("orphans")["records_without_parameters"] == []


def test_events_are_told_again(stack: Stack, operator: Operator) -> None:
    url = operator("links", "create", "tenant-46").strip()
    assert follow(stack, url).status_code == 200
    wait_until_published(stack, operator, "tenant-46")
    list(stack.announcements(seconds=2))
    (event,) = operator.json("events", "list", "tenant-46")
    assert (event["type"], event["told"]) == ("Connected", True)
    operator("events", "replay", "tenant-46", "--from", str(event["sequence"]))
    told = [one for one in stack.announcements(seconds=10) if "tenant-46" in str(one)]
    assert len(told) == 1


def test_checks_and_brake_are_shown(operator: Operator) -> None:
    assert operator.json("due")["waiting"].keys() == {"DueQueue", "CheckQueue"}
    assert operator.json("brake", "show")["limit"] >= 3
    operator("brake", "release", "--for", "1m", "--yes")
    assert operator.json("brake", "show")["limit"] is None


def test_a_policy_lets_a_reader_read_one_connection(stack: Stack, operator: Operator) -> None:
    printed = operator.json("policy", "tenant-42")
    root = f"{stack.outputs['ParameterPrefix']}/connections/tenant-42"
    assert printed["Statement"][0]["Resource"][0].endswith(f":parameter{root}/access-token")
    assert operator("policy", "--all").strip() == stack.outputs["TokenReaderPolicyArn"]


def test_the_doctor_finds_the_local_stack_healthy(stack: Stack, operator: Operator) -> None:
    functions = stack.session.client("lambda", endpoint_url=stack.endpoint_url)
    functions.invoke(FunctionName=stack.resources["ScheduleFunction"], Payload=b"{}")
    found = {one["check"]: one for one in operator.json("doctor")}
    healths = {name: one["health"] for name, one in found.items()}
    assert len(healths) == 20
    assert not {"broken"} & set(healths.values()), found
    for name in (
        "app secret",
        "app",
        "redirect URI",
        "Graph version",
        "keys",
        "rights",
        "time to live",
        "quota",
    ):
        assert healths[name] == "ok", found[name]
    assert healths["heartbeat"] == "ok", found["heartbeat"]


def test_no_stack_by_that_name_is_a_sentence(operator: Operator) -> None:
    operator("--stack", "no-such-stack", "links", "list", code=3)

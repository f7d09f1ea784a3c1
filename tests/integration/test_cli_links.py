"""`whatsapp-connect links`."""

import re
from collections.abc import Callable
from hashlib import sha256
from time import time

import pytest

from tests.support import stack
from tests.support.browser import Browser, assert_ended
from tests.support.clock import DAY, SharedClock
from tests.support.command_line import CommandLine
from tests.support.stored import Stored
from whatsapp_connect.links import link_hash

CONNECT_URL = f"{stack.SITE_URL}/connect"


def create(cli: CommandLine, *arguments: str) -> str:
    """Make a link; return its id."""
    ended = cli("links", "create", *arguments)
    assert ended.code == 0
    url = ended.out.strip()
    assert re.fullmatch(f"{CONNECT_URL}/[A-Za-z0-9_-]{{22}}", url)
    return url.rpartition("/")[2]


def test_link_is_created_used_and_listed_as_used(cli: CommandLine, browser: Browser) -> None:
    link = create(cli, "tenant-42", "--label", "Corner Bakery")
    listed = cli("links", "list").out.splitlines()
    assert listed[0].split() == [
        "LINK",
        "VALID",
        "UNTIL",
        "(UTC)",
        "USES",
        "LEFT",
        "STATE",
        "CONNECTION",
        "LABEL",
    ]
    assert listed[1].startswith(f"{link_hash(link)[:16]}  20")
    assert listed[1].endswith("good   tenant-42   Corner Bakery")
    assert link not in str(listed)
    assert_ended(browser.finish(link=link), "connected")
    assert cli("links", "list").out == ""
    (used,) = cli("links", "list", "--all", "--json").json
    assert (used["state"], used["uses_left"], used["link_id"]) == ("used", 0, link_hash(link)[:16])


def test_created_link_has_the_given_options(cli: CommandLine, stored: Stored, clock: SharedClock) -> None:
    ended = cli("links", "create", "a.b-c_D", "--expires", "2w", "--uses", "5", "--any-user", "--json")
    assert ended.json["url"].startswith(CONNECT_URL)
    (row,) = stored.links()
    assert (row["connection_id"], row["uses_left"], row["any_user"]) == ("a.b-c_D", 5, True)
    assert row["valid_until"] == clock.now() + 14 * DAY
    assert row["link_hash"].startswith(ended.json["link_id"])


def test_link_names_accounts(cli: CommandLine, stored: Stored) -> None:
    cli("links", "create", "tenant-42", "--account", "301", "--account", "302", "--account", "301")
    (row,) = stored.links()
    assert row["waba_ids"] == ["301", "302"]
    (listed,) = cli("links", "list", "--json").json
    assert listed["accounts"] == ["301", "302"]


def test_only_the_link_is_written_to_a_pipe(cli: CommandLine) -> None:
    ended = cli("links", "create", "tenant-42")
    assert len(ended.out.splitlines()) == 1
    assert "Can be used once until" in ended.err
    assert "links revoke" in ended.err


def test_a_qr_code_is_drawn_on_a_terminal(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("whatsapp_connect_cli.links.is_terminal", lambda: True)
    lines = cli("links", "create", "tenant-42").out.splitlines()
    assert lines[0].startswith(CONNECT_URL)
    assert len(lines) > 15
    assert all(len(line) <= 80 for line in lines[1:])
    assert set("".join(lines[1:])) == set(" ▀▄█")


@pytest.mark.parametrize(
    "arguments",
    [
        ["--expires", "1m"],
        ["--expires", "91d"],
        ["--label", "a\u202eb"],
        ["--label", "https://evil.example"],
        ["--tag", "a b=c"],
        ["--return-url", "http://shop.example"],
        ["--return-url", f"{stack.SITE_URL}/connect"],
    ],
)
def test_what_the_function_refuses_is_said(cli: CommandLine, stored: Stored, arguments: list[str]) -> None:
    ended = cli("links", "create", "tenant", *arguments)
    assert (ended.code, ended.out) == (4, "")
    assert "was refused" in ended.err
    assert stored.links() == []


@pytest.mark.parameters(LoginConfigId="77")
def test_link_has_a_sign_up_of_its_own(cli: CommandLine) -> None:
    create(cli, "a", "--signup", "embedded", "--signup-feature", "app_only_install")
    create(cli, "b", "--signup", "embedded", "--signup-feature", "none")
    create(cli, "c")
    links = {one["connection_id"]: one for one in cli("links", "list", "--json").json}
    found = {name: (link["signup"], link["signup_features"]) for name, link in links.items()}
    assert found == {"a": ("embedded", ["app_only_install"]), "b": ("embedded", []), "c": ("", None)}
    shown = {name: cli("links", "show", link["link_id"]).out for name, link in links.items()}
    assert "embedded, features: app_only_install" in shown["a"]
    assert "embedded, features: none" in shown["b"]
    assert "sign-up" not in shown["c"]


def test_link_with_everything(cli: CommandLine) -> None:
    create(
        cli,
        *("acme", "--label", "Acme GmbH", "--tag", "plan=pro", "--tag", "crm=a=b", "--language", "pt-BR"),
        *("--return-url", "https://shop.example/done"),
    )
    (link,) = cli("links", "list", "--json").json
    assert link["tags"] == {"plan": "pro", "crm": "a=b"}
    assert (link["label"], link["language"]) == ("Acme GmbH", "pt-BR")
    assert link["return_url"] == "https://shop.example/done"


@pytest.mark.parametrize(
    "arguments",
    [
        ["tenant", "--tag", "plan"],
        ["tenant", "--language", "xx"],
        ["tenant", "--signup", "popup"],
        ["tenant", "--signup-feature", "coexistence"],
        ["a b"],
        [""],
        ["x" * 65],
        ["a/b"],
        ["tenant", "--expires", "0d"],
        ["tenant", "--expires", "7"],
        ["tenant", "--expires", "400d"],
        ["tenant", "--expires", "-1d"],
        ["tenant", "--uses", "0"],
        ["tenant", "--account", "my-account"],
    ],
)
def test_contradictory_options_are_refused(cli: CommandLine, stored: Stored, arguments: list[str]) -> None:
    ended = cli("links", "create", *arguments)
    assert ended.code == 2
    assert stored.links() == []


def test_a_link_is_revoked_by_the_beginning_of_its_hash_or_its_address(
    cli: CommandLine, new_browser: Callable[[], Browser]
) -> None:
    links = [create(cli, "one"), create(cli, "two")]
    assert cli("links", "revoke", link_hash(links[0])[:16]).code == 0
    assert cli("links", "revoke", f"{CONNECT_URL}/{links[1]}", "--json").json[0]["state"] == "revoked"
    for link in links:
        assert new_browser().connect(link=link).title == "This link no longer works"
    assert {one["state"] for one in cli("links", "list", "--all", "--json").json} == {"revoked"}


@pytest.mark.parametrize(("prefix", "code"), [("0" * 64, 3), ("abc", 2), ("zzzz", 3)])
def test_no_other_link_is_revoked(cli: CommandLine, stored: Stored, prefix: str, code: int) -> None:
    create(cli, "one")
    before = stored.links()
    assert cli("links", "revoke", prefix).code == code
    assert stored.links() == before


def test_an_ambiguous_beginning_is_refused(cli: CommandLine, stored: Stored, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("whatsapp_connect.links.link_hash", lambda link: "abcdef" + sha256(link.encode()).hexdigest())
    create(cli, "one")
    create(cli, "two")
    before = stored.links()
    ended = cli("links", "revoke", "abcd")
    assert (ended.code, stored.links()) == (4, before)
    assert "2 links match" in ended.err


def test_expired_links_are_listed_only_when_asked_for(cli: CommandLine) -> None:
    create(cli, "tenant-42", "--expires", "5m")
    vars(cli.deployment)["clock"] = lambda: time() + 301
    assert cli("links", "list").out == ""
    (link,) = cli("--json", "links", "list", "--all").json
    assert link["state"] == "expired"

"""create_link: the function that services and the command line invoke."""

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from tests.support import stack
from tests.support.browser import Console, assert_ended
from tests.support.clock import DAY
from tests.support.events import Context
from tests.support.outage import Outage
from tests.support.stored import Stored
from tests.support.world import World

INPUT, OUTPUT = (
    Draft202012Validator(json.loads((Path(__file__).parents[2] / "docs" / name).read_text()))
    for name in ("create-link.input.schema.json", "create-link.output.schema.json")
)
FULL: dict[str, Any] = {
    "connection_id": "acme",
    "label": "Acme GmbH",
    "tags": {"plan": "pro", "crm.id": "7"},
    "lifetime_s": 3600,
    "uses": 3,
    "any_user": True,
    "accounts": ["102290129340398"],
    "return_url": "https://shop.example/done?tenant=7",
    "language": "pt-BR",
    "signup": "redirect",
    "signup_features": [],
}
LARGE_TAGS = {str(number): "\u0416" * 100 for number in range(2)}
EMPTY: dict[str, Any] = {"label": "", "tags": {}, "accounts": [], "return_url": "", "language": "", "signup": ""}


def _each(field: str, values: Iterable[Any]) -> list[tuple[str, Any]]:
    return [(field, value) for value in values]


BAD = [
    *_each("connection_id", ("", "a b", ".a", "a-", "x" * 65, "ä", "a/b", "a\n", 7, None, ["a"])),
    *_each("label", ("x" * 81, "x" * 10_000, "a\nb", "a\x00b", "a\u202eb", "a\u2066b", "a\u200fb")),
    *_each("label", ("a\u2028b", "\ufeffa", "\ud800", " a", "a ", " ", 7, None, ["a"])),
    *_each("label", ("https://evil.example", "Shop http://x", "WWW.evil.example", "javascript://x")),
    *_each("tags", ([], "plan", {"": "x"}, {"a b": "x"}, {"x" * 41: "x"}, {"plan": 7}, {"plan": None})),
    *_each("tags", ({"plan": "x" * 101}, {"plan": "a\nb"}, {str(n): "x" for n in range(11)})),
    ("tags", LARGE_TAGS),
    *_each("lifetime_s", (0, 299, 90 * DAY + 1, -1, 3600.5, "3600", None, True, 10**30)),
    *_each("uses", (0, 1001, -1, 1.5, "1", None, True)),
    *_each("any_user", (0, 1, "true", None)),
    *_each("accounts", ("1", [1], ["x"], [""], ["1" * 33], ["1"] * 51, [None], {})),
    *_each("language", ("xx", "EN", "pt", "de-AT", 7, None)),
    *_each("signup", ("popup", "Embedded", 7, None, ["embedded"])),
    *_each("signup_features", ("coexistence", ["coexistence"], [None], [["x"]], {}, None)),
    *_each(
        "return_url",
        (
            "http://shop.example/",
            "http://localhost:8000/done",
            "//shop.example/",
            "/done",
            "ftp://shop.example/",
            "javascript:alert(1)",
            "https://",
            "https:///done",
            "https://user@shop.example/",
            "https://user:secret@shop.example/",
            "https://shop.example/#done",
            "https://shop.example/a b",
            "https://shop.example/\r\nSet-Cookie:x=1",
            "https://shop.example\\@evil.example/",
            "https://shöp.example/",
            "https://shop.example/ü",
            "https://[::1]/",
            "https://[",
            "https://shop.example:99999/",
            "https://shop.example:x/",
            "https://shop.example/?status=connected",
            "https://shop.example/?a=1&st%61tus=x",
            "https://shop.example/?reference",
            f"https://{stack.HOST}/connect",
            f"https://{stack.HOST.upper()}./",
            f"https://{stack.HOST}:8443/",
            "https://shop.example/" + "x" * 1000,
            7,
            None,
        ),
    ),
    ("note", "x"),
    ("redirect_uri", "https://shop.example/"),
]
NOT_IN_SCHEMA = [
    LARGE_TAGS,
    "https://shop.example:99999/",
    "https://shop.example/?a=1&st%61tus=x",
    f"https://{stack.HOST}/connect",
    f"https://{stack.HOST.upper()}./",
    f"https://{stack.HOST}:8443/",
]
"""What a schema cannot say: how many bytes there are, which host is ours, which port there is, and what a name says in percents."""


@pytest.fixture
def create(world: World) -> ModuleType:
    return world.functions["create_link"]


def invoke(create: ModuleType, values: Any) -> dict[str, Any]:
    answer: dict[str, Any] = create.handler(values, Context())
    OUTPUT.validate(answer)
    return answer


def test_service_creates_a_link_that_connects(create: ModuleType, world: World, console: Console) -> None:
    answer = invoke(create, {"connection_id": "acme"})
    assert answer["url"].startswith(f"https://{stack.HOST}/connect/")
    assert datetime.fromisoformat(answer["expires_at"]) == datetime.fromtimestamp(world.clock.now() + 7 * DAY, UTC)
    printed = console.read()
    (line,) = (line for line in printed if line.get("message") == "link created")
    assert (line["connection_id"], line["link_id"]) == ("acme", answer["link_id"])
    assert answer["url"].rpartition("/")[2] not in str(printed)
    reply = world.browser().finish(link=answer["url"].rpartition("/")[2])
    assert_ended(reply, "connected")
    assert world.record("acme").link_id == answer["link_id"]


def test_everything_that_is_asked_for_is_stored(create: ModuleType, stored: Stored, world: World) -> None:
    INPUT.validate(FULL)
    answer = invoke(create, FULL)
    (row,) = stored.links()
    assert row.pop("link_hash").startswith(answer["link_id"])
    now = world.clock.now()
    about = FULL | {"uses_left": 3, "valid_until": now + 3600, "created_at": now, "expires_at": now + 3600 + 30 * DAY}
    about["waba_ids"] = about.pop("accounts")
    assert row == {name: value for name, value in about.items() if name not in {"lifetime_s", "uses"}}


def test_connection_has_what_the_link_said(create: ModuleType, world: World) -> None:
    world.browser().finish(link=invoke(create, FULL | {"uses": 1})["url"].rpartition("/")[2])
    world.settle()
    (connected, *_) = world.sent_events()
    for told in (world.metadata("acme"), connected.detail):
        assert (told["label"], told["tags"], told["language"]) == (FULL["label"], FULL["tags"], "pt-BR")
    assert "(\u2066Acme GmbH\u2069)" in connected.detail["message"]


def test_empty_values_are_those_that_are_left_out(create: ModuleType, stored: Stored) -> None:
    INPUT.validate({"connection_id": "acme", **EMPTY})
    for values in ({}, EMPTY):
        invoke(create, {"connection_id": "acme", **values})
    first, second = ({**row, "link_hash": ""} for row in stored.links())
    assert first == second


def test_number_may_be_written_with_a_point(create: ModuleType, stored: Stored) -> None:
    values = {"connection_id": "acme", "lifetime_s": 3600.0, "uses": 2.0}
    INPUT.validate(values)
    invoke(create, values)
    assert stored.links()[0]["uses_left"] == 2


def test_repeat_makes_a_second_link(create: ModuleType, stored: Stored) -> None:
    urls = {invoke(create, {"connection_id": "acme"})["url"] for _ in range(2)}
    assert (len(urls), len(stored.links())) == (2, 2)


@pytest.mark.parametrize(
    "label", ["Bäckerei 👩‍🍳", "متجر", "दुकान क\u200dष", "Booking.com", "x" * 80, "<b>", "O'Neil & Co"]
)
def test_label_may_be_any_name(create: ModuleType, label: str) -> None:
    INPUT.validate({"connection_id": "acme", "label": label})
    assert "url" in invoke(create, {"connection_id": "acme", "label": label})


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example",
        "https://shop.example/",
        "https://shop.example:8443/done",
        "https://shop.example/a?b=c&d=%20e",
        "https://shop.example?b=c",
        "https://xn--shp-sna.example/done",
        "https://shop.example/x@y:z",
    ],
)
def test_return_url_may_be_any_page_of_a_service(create: ModuleType, url: str) -> None:
    INPUT.validate({"connection_id": "acme", "return_url": url})
    assert "url" in invoke(create, {"connection_id": "acme", "return_url": url})


def test_embedded_signup_needs_a_configuration(create: ModuleType, stored: Stored) -> None:
    answer = invoke(create, {"connection_id": "acme", "signup": "embedded"})
    assert (answer["error"], answer["field"]) == ("invalid-input", "signup")
    assert stored.links() == []


@pytest.mark.parameters(LoginConfigId="77", SignupMode="embedded")
def test_features_need_an_embedded_signup(create: ModuleType, stored: Stored) -> None:
    values: dict[str, Any] = {"connection_id": "acme", "signup_features": ["app_only_install", "app_only_install"]}
    INPUT.validate(values)
    assert invoke(create, values | {"signup": "redirect"})["field"] == "signup_features"
    assert "url" in invoke(create, values)
    assert "url" in invoke(create, values | {"signup": "embedded"})
    rows = sorted(stored.links(), key=lambda row: row.get("signup", ""))
    assert [row.get("signup") for row in rows] == [None, "embedded"]
    assert [row["signup_features"] for row in rows] == [["app_only_install"]] * 2


@pytest.mark.parametrize("code", ["ThrottlingException", "AccessDeniedException", "ResourceNotFoundException"])
def test_refusal_by_dynamodb_fails_the_invocation(world: World, stored: Stored, console: Console, code: str) -> None:
    """Lambda tells the caller of the failure, and an alarm of the caller's can ring."""
    Outage(world.clients("create_link"), "PutItem", code)
    with pytest.raises(ClientError):
        world.functions["create_link"].handler(FULL, Context())
    assert stored.links() == []
    assert [line for line in console.read() if line.get("message") == "link created"] == []


@pytest.mark.parametrize(("field", "value"), BAD)
def test_bad_input_is_refused_and_nothing_is_stored(
    create: ModuleType, stored: Stored, console: Console, field: str, value: Any
) -> None:
    values = {"connection_id": "acme"} | {field: value}
    answer = invoke(create, values)
    assert (answer["error"], answer["field"]) == ("invalid-input", field)
    assert stored.links() == []
    assert INPUT.is_valid(values) == (value in NOT_IN_SCHEMA)
    if isinstance(value, str) and len(value) > 6 and field != "connection_id":
        assert value not in str(answer)
        assert value not in str(console.read())


@pytest.mark.parametrize("values", [None, "acme", 7, [], ["acme"], True, {}, {"label": "x"}, {"<script>": 1}])
def test_input_that_is_not_a_request_is_refused(create: ModuleType, stored: Stored, values: Any) -> None:
    answer = invoke(create, values)
    assert answer["error"] == "invalid-input"
    assert "script" not in str(answer)
    assert stored.links() == []
    assert not INPUT.is_valid(values)


@pytest.mark.parameters(LocalBaseUrl="http://localhost:3000")
@pytest.mark.parametrize(
    ("url", "is_good"),
    [("http://localhost:8000/done", True), ("http://localhost:3000/x", False), ("http://shop.example/", False)],
)
def test_stack_on_this_machine_may_return_to_this_machine(
    world: World, monkeypatch: pytest.MonkeyPatch, url: str, *, is_good: bool
) -> None:
    create = world.functions["create_link"]
    monkeypatch.setattr(create, "settings", replace(create.settings, site_url="http://localhost:3000"))
    assert ("url" in invoke(create, {"connection_id": "acme", "return_url": url})) == is_good


_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.dictionaries(st.sampled_from(sorted(FULL)), _ANYTHING, max_size=3))
def test_schema_and_function_agree(create: ModuleType, changes: dict[str, Any]) -> None:
    values = {"connection_id": "acme"} | changes
    assert ("url" in invoke(create, values)) == INPUT.is_valid(values)

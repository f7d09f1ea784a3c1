"""Rows that other versions of the stack have stored. tests/records has one row of each form that was ever released.

A file there never changes. A form that changes gets the next number, and a new file.
"""

import base64
import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.support import stack
from whatsapp_connect import model
from whatsapp_connect.connections import ConnectionStore
from whatsapp_connect.errors import NewerRecordError
from whatsapp_connect.links import LinkStore
from whatsapp_connect.states import StateStore

RECORDS = Path(__file__).parents[1] / "records"
NOW = 1_795_608_060
NEWER = {"schema": {"N": str(model.SCHEMA + 1)}}


def row(name: str, number: int = model.SCHEMA) -> dict[str, Any]:
    """Return a row as boto3 takes it."""
    read: dict[str, Any] = json.loads((RECORDS / f"{name}-{number}.json").read_text(), object_hook=_binary)
    return read


def _binary(value: dict[str, Any]) -> dict[str, Any]:
    return {"B": base64.b64decode(value["B"])} if value.keys() == {"B"} else value


@pytest.fixture
def store(deployed: boto3.Session) -> ConnectionStore:
    return ConnectionStore(client=deployed.client("dynamodb"), table=stack.CONNECTIONS, clock=lambda: NOW)


def put(deployed: boto3.Session, item: dict[str, Any], *, table: str = stack.CONNECTIONS) -> None:
    deployed.client("dynamodb").put_item(TableName=table, Item=item)


def stored(deployed: boto3.Session, connection_id: str = "tenant-42") -> dict[str, Any]:
    key = {"connection_id": {"S": connection_id}}
    answer: dict[str, Any] = deployed.client("dynamodb").get_item(TableName=stack.CONNECTIONS, Key=key)["Item"]
    return answer


def test_every_number_up_to_ours_has_a_record() -> None:
    assert {path.stem for path in RECORDS.glob("connection-*")} == {
        f"connection-{number}" for number in range(1, model.SCHEMA + 1)
    }


@pytest.mark.parametrize("number", range(1, model.SCHEMA + 1))
def test_a_record_of_every_number_can_be_read(store: ConnectionStore, deployed: boto3.Session, number: int) -> None:
    put(deployed, row("connection", number))
    record = store.load("tenant-42")
    assert record
    assert (record.token, record.status, record.phone_numbers) != (None, "active", ())


def test_the_form_of_a_record_has_not_changed_without_a_new_number() -> None:
    """Every field of the record in the file differs from its default, so that none can be lost unseen."""
    item = row("connection")
    record = model.record_from(item)
    attributes, _ = model.changes(None, record)
    assert item == attributes | {"connection_id": {"S": "tenant-42"}}
    new = model.ConnectionRecord("tenant-42", revision=0)
    same = [name for name in model.ATTRIBUTES[2:] if getattr(record, name) == getattr(new, name)]
    assert same == ["status_reason"]
    (account,) = record.accounts
    (number,) = account.numbers
    assert [name for name in model.PhoneNumber.__slots__ if getattr(number, name) in {0, ""}] == []
    assert all(one.asked_at and one.code for one in (number.contacts, number.history))
    assert [name for name in model.Account.__slots__ if getattr(account, name) in {0, ""}] == []
    assert [name for name in model.Published.__slots__ if not getattr(record.published, name)] == []


def test_a_record_without_a_number_is_of_the_first_form(store: ConnectionStore, deployed: boto3.Session) -> None:
    item = row("connection", 1)
    del item["schema"]
    put(deployed, item)
    record = store.load("tenant-42")
    assert record
    store.write(record, replace(record, failures=4))
    assert stored(deployed)["schema"] == {"N": str(model.SCHEMA)}


def test_a_record_of_a_later_form_is_left_alone(store: ConnectionStore, deployed: boto3.Session) -> None:
    put(deployed, row("connection") | NEWER)
    other = row("connection") | {"connection_id": {"S": "other"}}
    put(deployed, other)
    with pytest.raises(NewerRecordError, match="tenant-42"):
        store.load("tenant-42")
    unreadable: list[str] = []
    assert [record.connection_id for record in store.all(on_unreadable=unreadable.append, without=["history"])] == [
        "other"
    ]
    assert unreadable == ["tenant-42"]
    assert stored(deployed) == row("connection") | NEWER


@pytest.mark.parametrize("schema", [{"S": "2"}, {"N": "1.5"}, {"NULL": True}])
def test_a_record_with_an_impossible_number_is_unreadable(
    store: ConnectionStore, deployed: boto3.Session, schema: dict[str, Any]
) -> None:
    put(deployed, row("connection") | {"schema": schema})
    unreadable: list[str] = []
    assert list(store.all(on_unreadable=unreadable.append)) == []
    assert unreadable == ["tenant-42"]


def test_what_a_later_version_has_added_stays(store: ConnectionStore, deployed: boto3.Session) -> None:
    """A later version adds attributes without a new number if nothing is harmed when an older one ignores them."""
    added = {"of_a_later_version": {"S": "kept"}}
    item = row("connection") | added
    item["accounts"]["L"][0]["M"] |= added
    item["accounts"]["L"][0]["M"]["numbers"]["L"][0]["M"] |= added
    item["published"]["M"] |= added
    item["history"]["L"][0]["M"] |= added
    put(deployed, item)
    record = store.load("tenant-42")
    assert record == model.record_from(row("connection"))
    store.write(record, replace(record, failures=4))
    expected = item | {"failures": {"N": "4"}, "revision": {"N": str(record.revision + 1)}}
    assert stored(deployed) == expected


def test_a_link_of_an_earlier_version_can_be_used(deployed: boto3.Session) -> None:
    value = "2ud185ezsLydgbx9mUZoUQ"
    put(deployed, row("link", 1) | {"link_hash": {"S": sha256(value.encode()).hexdigest()}}, table=stack.LINKS)
    put(deployed, row("link", 1) | {"of_a_later_version": {"S": "ignored"}}, table=stack.LINKS)
    links = LinkStore(client=deployed.client("dynamodb"), table=stack.LINKS, clock=lambda: NOW)
    link = links.load(value)
    assert (link.connection_id, link.uses_left, link.waba_ids) == ("tenant-42", 2, ("300000000000001",))
    assert len(list(links.list())) == 2


def test_a_link_that_chooses_its_sign_up_is_read_with_it(deployed: boto3.Session) -> None:
    """Most links leave the choice to the stack, and their rows say nothing of it."""
    for name in ("link", "embedded-link"):
        put(deployed, row(name, 1), table=stack.LINKS)
    links = LinkStore(client=deployed.client("dynamodb"), table=stack.LINKS, clock=lambda: NOW)
    assert sorted((link.signup, link.signup_features) for link in links.list()) == [
        ("", None),
        ("embedded", ("whatsapp_business_app_onboarding",)),
    ]


@pytest.mark.parametrize("added", [{}, {"of_a_later_version": {"S": "ignored"}}])
def test_a_login_that_began_with_an_earlier_version_ends(deployed: boto3.Session, added: dict[str, Any]) -> None:
    value, browser = "s" * 43 + "l", "b" * 43 + ".2ud185ezsLydgbx9mUZoUQ"
    hashes = {
        "state_hash": {"S": sha256(value.encode()).hexdigest()},
        "browser_hash": {"S": sha256(browser.encode()).hexdigest()},
    }
    put(deployed, row("state", 1) | hashes | added, table=stack.STATES)
    states = StateStore(
        client=deployed.client("dynamodb"),
        table=stack.STATES,
        lifetime_s=3600,
        secure_cookies=True,
        clock=lambda: NOW,
    )
    cookie = f"__Host-connect-{hashes['state_hash']['S'][:16]}"
    login = states.consume(value, cookies={cookie: browser})
    assert (login.is_first, login.connection_id, login.start.link) == (True, "tenant-42", "2ud185ezsLydgbx9mUZoUQ")
    assert states.finish(login, {"reason": "declined", "reference": "r"}) == {"reason": "declined", "reference": "r"}

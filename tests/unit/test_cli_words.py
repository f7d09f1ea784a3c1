"""What the command line says: tables, times, and a connection's story."""

import json
from typing import Any

import click
import pytest
from botocore.exceptions import ClientError, NoRegionError, ParamValidationError

from whatsapp_connect import events
from whatsapp_connect.errors import BY_REASON
from whatsapp_connect.lifecycle import _REVOKED
from whatsapp_connect.links import Link
from whatsapp_connect_cli.errors import as_click
from whatsapp_connect_cli.links import state
from whatsapp_connect_cli.options import ConnectionId, Duration
from whatsapp_connect_cli.output import ago, table
from whatsapp_connect_cli.story import _WHY, days_left, tell

DAY = 86400
NOW = 1_800_000_000
CONNECT = "https://connect.example.com/connect"
RECORD: dict[str, Any] = {
    "connection_id": "tenant-42",
    "user_id": "1",
    "status": "active",
    "token_type": "USER",
    "token_version": 3,
    "parameter_name": "/p/connections/tenant-42/access-token",
    "issued_at": NOW - DAY,
    "connected_at": NOW - 10 * DAY,
    "token_expires_at": NOW + 59 * DAY,
    "data_access_expires_at": NOW + 80 * DAY,
    "scopes": ["whatsapp_business_management"],
    "waba_ids": ["3"],
    "phone_numbers": [{"id": "4", "display_phone_number": "+1 555", "verified_name": "Bakery"}],
    "checked_at": NOW - 7200,
    "graph_version": "v26.0",
}


def story(**changes: Any) -> tuple[str, str]:
    record = RECORD | changes
    told = tell(record, metadata=json.dumps(events.metadata(record)), now=NOW, connect_url=CONNECT)
    return "\n".join(told.sentences), "\n".join(told.next)


def test_a_good_connection() -> None:
    said, to_do = story()
    assert said.splitlines() == [
        "tenant-42 is connected and works.",
        "It is Bakery, with +1 555.",
        "Facebook user 1 connected it on 5 January 2027.",
        "The token, a person's, is version 3 of /p/connections/tenant-42/access-token.",
        "It ends on 15 March 2027, in 59 days. Facebook is asked to extend it every day from 13 February 2027 on.",
        "Access to the person's data ends on 5 April 2027, in 80 days.",
        "Facebook last vouched for it 2 hours ago.",
    ]
    assert to_do == "Nothing."


@pytest.mark.parametrize(
    "reason", sorted({*_REVOKED.values(), "token-invalid", "parameter-missing", "expired"})
)
def test_a_dead_connection_says_why_and_how_to_connect_again(reason: str) -> None:
    said, to_do = story(status="revoked", reason=reason)
    assert f"tenant-42 is revoked: {_WHY[reason]}. Readers find no token." in said
    assert to_do == "Have it connected again: whatsapp-connect links create tenant-42"


def test_a_person_of_the_public_link_is_sent_there_again() -> None:
    assert story(status="expired", reason="expired", connection_id="1")[1].endswith(CONNECT)
    _, to_do = story(connection_id="1", status="expiring", data_access_warned_days=14)
    assert to_do.endswith(f"{CONNECT}?auth_type=reauthorize")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"status": "expiring", "warned_days": 7}, "before it ends: whatsapp-connect links create tenant-42"),
        ({"failures": 3}, "whatsapp-connect doctor"),
        ({"lease_until": NOW + 9}, "right now"),
        ({"status": "revoked", "reason": "app-removed"}, "the next hourly run deletes"),
    ],
)
def test_what_to_do_next(changes: dict[str, Any], says: str) -> None:
    assert says in story(**changes)[1]


def test_a_permission_that_was_added_later() -> None:
    told = tell(RECORD, metadata=None, now=NOW, connect_url=CONNECT, required_scopes=("ads_read",))
    assert told.next[0].startswith("It lacks ads_read.")


def test_a_login_under_way() -> None:
    told = tell(
        {"connection_id": "a", "user_id": "1", "status": "pending"},
        metadata=None,
        now=NOW,
        connect_url=CONNECT,
    )
    assert "no token is stored yet" in told.sentences[0]


@pytest.mark.parametrize(
    ("changes", "left"),
    [
        ({}, 59),
        ({"token_expires_at": 0}, None),
        ({"token_expires_at": NOW - 5}, 0),
        ({"status": "revoked"}, None),
        ({"token_expires_at": NOW + DAY - 1}, 0),
    ],
)
def test_days_left(changes: dict[str, Any], left: int | None) -> None:
    assert days_left(RECORD | changes, now=NOW) == left


def test_a_table_lines_up_and_ends_where_the_terminal_does() -> None:
    rows = [("a", "long name " * 12), ("bbbb", "x\x1b[2J")]
    assert table(("ONE", "TWO"), rows, width=None)[2] == "bbbb  x [2J"
    assert [len(line) for line in table(("ONE", "TWO"), rows, width=20)] == [9, 20, 11]
    assert table(("ONE", "TWO"), [], width=80) == ["ONE  TWO"]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 seconds ago"), (61, "1 minute ago"), (-7300, "in 2 hours"), (3 * DAY, "3 days ago")],
)
def test_how_long_ago(seconds: int, words: str) -> None:
    assert ago(seconds) == words


@pytest.mark.parametrize(
    ("text", "seconds"), [("30m", 1800), ("12h", 43_200), ("7d", 604_800), ("2w", 1_209_600)]
)
def test_a_duration(text: str, seconds: int) -> None:
    assert Duration().convert(text, None, None) == seconds


@pytest.mark.parametrize("text", ["", "7", "d", "0d", "-1d", "1.5d", "7 d", "99999w", "٣d"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(click.BadParameter):
        Duration().convert(text, None, None)


@pytest.mark.parametrize("text", ["", "a b", "a/b", "ä", "x" * 65, "a\n"])
def test_what_is_no_connection_id(text: str) -> None:
    with pytest.raises(click.BadParameter):
        ConnectionId().convert(text, None, None)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({}, "good"),
        ({"uses_left": 0}, "used"),
        ({"valid_until": NOW}, "expired"),
        ({"revoked": True, "uses_left": 0}, "revoked"),
    ],
)
def test_the_state_of_a_link(changes: dict[str, Any], word: str) -> None:
    about: dict[str, Any] = {"valid_until": NOW + 1, "uses_left": 1} | changes
    link = Link(hash="h", connection_id="a", new_user=False, created_at=1, **about)
    assert state(link, now=NOW) == word


@pytest.mark.parametrize(
    "exception",
    [
        ClientError(
            {"Error": {"Code": "ValidationException", "Message": "Value 'EAAsecret' at 'value'"}},
            "PutParameter",
        ),
        ParamValidationError(report="EAAsecret"),
        NoRegionError(),
        ValueError("EAAsecret"),
        *(error(reason) for reason, error in BY_REASON.items()),
    ],
)
def test_every_failure_is_one_sentence_without_a_value(exception: Exception) -> None:
    shown = as_click(exception)
    assert shown.exit_code in {1, 4}
    assert shown.message.rstrip().endswith(".")
    assert "EAAsecret" not in shown.message
    assert "\n" not in shown.message

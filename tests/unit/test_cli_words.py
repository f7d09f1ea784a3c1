"""What the command line says: tables, times, and a connection's story."""

from dataclasses import replace
from typing import Any

import click
import pytest
from botocore.exceptions import ClientError, NoRegionError, ParamValidationError

from tests.support.clock import DAY
from whatsapp_connect.errors import CLASSES, LoginError, RecordUnreadableError, TokenUnreadableError
from whatsapp_connect.links import Link
from whatsapp_connect.model import Account, ConnectionRecord, PhoneNumber, Published
from whatsapp_connect.outcomes import OUTCOMES
from whatsapp_connect.token_rules import REVOKED_REASONS
from whatsapp_connect_cli.attention import notes
from whatsapp_connect_cli.errors import as_click
from whatsapp_connect_cli.known_links import state
from whatsapp_connect_cli.options import ConnectionId, Duration, WabaId
from whatsapp_connect_cli.output import ago, table
from whatsapp_connect_cli.story import account_problem, days_left, describe

NOW = 1_800_000_000
RECONNECT = "https://connect.example.com/reconnect/tenant-42"
ACCOUNT = Account("3", NOW, numbers=(PhoneNumber("4", "+1 555", "Bakery"),), is_proven=True, subscribed=True)
UNPROVEN = Account("3", NOW)
UNSUBSCRIBED = replace(ACCOUNT, subscribed=False)
UNREGISTERED = replace(ACCOUNT, numbers=(PhoneNumber("4", "+1 555", "Bakery", register_code=133005),))
MISSING = replace(ACCOUNT, missing_since=NOW - 60)
UNPAID = replace(ACCOUNT, can_send="BLOCKED", problem_code=141006)
RECORD = ConnectionRecord(
    connection_id="tenant-42",
    revision=1,
    user_id="1",
    token=b"encrypted",
    token_number=7,
    issued_at=NOW - DAY,
    connected_at=NOW - 10 * DAY,
    token_expires_at=NOW + 59 * DAY,
    data_access_expires_at=NOW + 80 * DAY,
    scopes=("whatsapp_business_management",),
    accounts=(ACCOUNT,),
    checked_at=NOW - 7200,
    graph_version="v26.0",
    published=Published(token_number=7, version=3),
)
DEAD: dict[str, Any] = {"status": "revoked", "token": None, "published": Published()}


def story(
    *, differs: bool = False, reconnect_url: str = RECONNECT, required_scopes: tuple[str, ...] = (), **changes: Any
) -> tuple[str, str]:
    found = describe(
        replace(RECORD, **changes),
        parameter_name="/p/connections/tenant-42/access-token",
        differs=differs,
        now=NOW,
        reconnect_url=reconnect_url,
        required_scopes=required_scopes,
    )
    return "\n".join(found.sentences), "\n".join(found.next)


def test_good_connection() -> None:
    said, to_do = story()
    assert said.splitlines() == [
        "tenant-42 is connected and works.",
        "Its WhatsApp numbers belong to Bakery: +1 555.",
        "Facebook user 1 connected it on 5 January 2027.",
        "The token is a person's. It is version 3 of /p/connections/tenant-42/access-token.",
        "It ends on 15 March 2027, in 59 days. The checks ask Facebook to extend it from 13 February 2027 on.",
        "Access to the person's data ends on 5 April 2027, in 80 days.",
        "It was last checked 2 hours ago.",
    ]
    assert to_do == "Nothing."


@pytest.mark.parametrize("reason", sorted({*REVOKED_REASONS.values(), "token-invalid", "expired"}))
def test_dead_connection_names_cause_and_next_step(reason: str) -> None:
    said, to_do = story(**DEAD, status_reason=reason)
    first = said.splitlines()[0]
    assert first.startswith("tenant-42 is revoked: ")
    assert reason not in first or " " in first.partition(": ")[2].removesuffix(". Readers find no token.")
    assert first.endswith("Readers find no token.")
    assert to_do == f"Ask the person to connect again: {RECONNECT}"


@pytest.mark.parametrize("reason", ["app-removed", "deletion-requested", "disconnected"])
def test_forgotten_connection_names_the_cause(reason: str) -> None:
    said, to_do = story(**DEAD | {"status": "forgotten"}, status_reason=reason, accounts=())
    assert said.splitlines()[0].startswith("tenant-42 is forgotten: ")
    assert "Facebook user" not in said
    assert to_do.startswith("Nothing. ")


def test_dead_token_still_published_is_reported() -> None:
    said, _ = story(status="revoked", token=None, status_reason="role-lost")
    assert "Readers may still find its token." in said


def test_person_of_the_public_link_is_sent_there_again() -> None:
    assert story(**DEAD, connection_id="1")[1].endswith(RECONNECT)
    _, to_do = story(connection_id="1", status="expiring", data_access_warned_days=14)
    assert to_do.endswith(f"{RECONNECT}?auth_type=reauthorize")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"status": "expiring", "warned_days": 7}, f"before it ends: {RECONNECT}"),
        ({"failures": 10}, "whatsapp-connect doctor"),
        ({"publish_at": NOW - 999}, "whatsapp-connect publish tenant-42"),
        ({"publish_at": NOW - 5}, "Nothing."),
        ({"differs": True}, "whatsapp-connect publish tenant-42"),
        ({"doubt_since": NOW - 60}, "Facebook says the same an hour later"),
        ({"doubt_since": NOW - 3 * 3600}, "whatsapp-connect brake show"),
        ({"required_scopes": ("ads_read",)}, "It lacks ads_read."),
        (
            {"status_reason": "accounts-unknown", "accounts": (UNPROVEN,)},
            "whatsapp-connect connections accounts tenant-42 --add WABA_ID",
        ),
        ({"status_reason": "no-account"}, f"choose the account again: {RECONNECT}"),
        ({"accounts": (UNSUBSCRIBED,)}, "whatsapp-connect connections check tenant-42"),
        ({"accounts": (ACCOUNT, UNPAID)}, "add a payment method"),
        ({"accounts": (UNREGISTERED,)}, "To register +1 555: whatsapp-connect numbers register tenant-42 4"),
    ],
)
def test_next_step_of_a_connection(changes: dict[str, Any], says: str) -> None:
    assert says in story(**changes)[1]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"doubt_since": NOW - 60}, "is in doubt"),
        ({"failures": 1}, "The last 1 check failed. The token was not changed."),
        ({"publish_at": NOW - 999, "published": Published(failures=3)}, "3 attempts failed."),
        ({"published": Published()}, "is not yet in /p/"),
        (
            {"extensions_refused": 2, "extend_after": NOW + DAY},
            "2 times in a row. The next attempt is in 1 day",
        ),
        ({"renewed_at": NOW}, "It was last extended on 15 January 2027."),
        ({"token_expires_at": 0}, "It does not expire."),
        ({"accounts": (UNSUBSCRIBED,)}, "it cannot be used yet"),
        ({"status_reason": "accounts-unknown", "accounts": ()}, "which WhatsApp Business account it is for"),
        ({"status_reason": "no-account", "accounts": ()}, "no longer exist for the token"),
        ({"accounts": (replace(UNPAID, name="Bakery"),)}, "Account Bakery: cannot send yet: no payment method."),
        (
            {"status_reason": "doubtful", "accounts": (MISSING,)},
            "it cannot be used: Facebook says that its WhatsApp accounts",
        ),
        ({"accounts": (UNSUBSCRIBED,) * 5}, "More accounts with a problem: 2."),
    ],
)
def test_wording_of_a_status(changes: dict[str, Any], says: str) -> None:
    assert says in story(**changes)[0]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({}, ""),
        ({"status_reason": "doubtful"}, "doubtful"),
        ({"failures": 1}, "1 failure"),
        ({"failures": 10}, "stuck"),
        ({"publish_at": NOW}, ""),
        ({"failures": 2, "publish_at": NOW - 999}, "2 failures, unpublished"),
        ({"accounts": (UNSUBSCRIBED,)}, "not usable"),
        ({"accounts": (UNREGISTERED,)}, "number not registered"),
        ({"accounts": (ACCOUNT, UNPAID)}, "cannot send yet: no payment method"),
        ({"accounts": (), "status_reason": "accounts-unknown"}, "accounts-unknown"),
        (DEAD | {"accounts": (UNSUBSCRIBED,)}, ""),
    ],
)
def test_notes(changes: dict[str, Any], says: str) -> None:
    assert notes(replace(RECORD, **changes), now=NOW, required_scopes=()) == says


@pytest.mark.parametrize(
    ("account", "words"),
    [
        (ACCOUNT, ""),
        (replace(ACCOUNT, can_send="LIMITED"), ""),
        (UNPAID, "no payment method"),
        (replace(UNPAID, problem_code=141999), "code 141999"),
        (replace(UNPAID, problem_code=0), "no reason"),
        (UNSUBSCRIBED, "not subscribed"),
        (replace(UNSUBSCRIBED, subscribe_code=200), "code 200"),
        (replace(UNPAID, subscribed=False), "not subscribed; cannot send yet"),
        (UNPROVEN, "not listed"),
        (replace(UNPROVEN, is_lost=True), "does not exist"),
        (MISSING, "asked again after an hour"),
        (UNREGISTERED, "+1 555 is not registered: it has another PIN"),
    ],
)
def test_problem_of_an_account(account: Account, words: str) -> None:
    assert words in account_problem(account)
    assert bool(words) is bool(account_problem(account))


@pytest.mark.parametrize("text", ["", "12a", "-1", "1" * 33, "٣", "1\n", "3 4"])
def test_invalid_account_id_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter):
        WabaId().convert(text, None, None)


@pytest.mark.parametrize(
    ("changes", "left"),
    [
        ({}, 59),
        ({"token_expires_at": 0}, None),
        ({"token_expires_at": NOW - 5}, 0),
        (DEAD, None),
        ({"token_expires_at": NOW + DAY - 1}, 1),
    ],
)
def test_days_left(changes: dict[str, Any], left: int | None) -> None:
    assert days_left(replace(RECORD, **changes), now=NOW) == left


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


@pytest.mark.parametrize(("text", "seconds"), [("30m", 1800), ("12h", 43_200), ("7d", 604_800), ("2w", 1_209_600)])
def test_a_duration(text: str, seconds: int) -> None:
    assert Duration().convert(text, None, None) == seconds


@pytest.mark.parametrize("text", ["", "7", "d", "0d", "-1d", "1.5d", "7 d", "99999w", "٣d"])
def test_invalid_duration_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter):
        Duration().convert(text, None, None)


@pytest.mark.parametrize("text", ["", "a b", "a/b", "ä", "x" * 65, "a\n", "-a", "a-", ".", "_a"])
def test_invalid_connection_id_is_refused(text: str) -> None:
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
    link = Link(hash="h", connection_id="a", any_user=False, created_at=1, **about)
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
        RecordUnreadableError("tenant-42"),
        TokenUnreadableError("DisabledException"),
        *(CLASSES.get(outcome.text, LoginError)(reason) for reason, outcome in OUTCOMES.items()),
    ],
)
def test_every_failure_is_one_sentence_without_a_value(exception: Exception) -> None:
    shown = as_click(exception)
    assert shown.exit_code in {1, 4}
    assert shown.message.rstrip().endswith(".")
    assert "EAAsecret" not in shown.message
    assert "\n" not in shown.message

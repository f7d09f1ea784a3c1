"""The rules about tokens: which may be kept, which is better, when to check, extend and warn."""

from dataclasses import replace
from typing import Any

import pytest

from whatsapp_connect import token_rules
from whatsapp_connect.errors import LoginError
from whatsapp_connect.model import AccessToken, ConnectionRecord, TokenInfo
from whatsapp_connect.token_rules import DAY_S

NOW = 1795608000
SCOPES = ("whatsapp_business_management", "whatsapp_business_messaging")
GOOD = TokenInfo(
    app_id="1234567890",
    token_type="USER",
    is_valid=True,
    subcode=None,
    user_id="101",
    scopes=(*SCOPES, "public_profile"),
    target_ids=("1",),
    has_no_account=False,
    issued_at=NOW,
    expires_at=NOW + 60 * DAY_S,
    data_access_expires_at=NOW + 90 * DAY_S,
    graph_version="v26.0",
)
RECORD = ConnectionRecord(
    "101", 1, token_expires_at=GOOD.expires_at, data_access_expires_at=GOOD.data_access_expires_at
)


def refusal(info: TokenInfo) -> LoginError | None:
    try:
        # An equal text need not be the same object.
        token_rules.require_acceptable(info, app_id="".join("1234567890"), required_scopes=SCOPES, now=NOW + 0.5)
    except LoginError as error:
        return error
    return None


@pytest.mark.parametrize(
    "info",
    [
        GOOD,
        replace(GOOD, token_type="SYSTEM_USER"),
        replace(GOOD, expires_at=0),
        replace(GOOD, expires_at=NOW + 7 * DAY_S + 1),
        replace(GOOD, target_ids=()),
    ],
)
def test_good_token_is_accepted(info: TokenInfo) -> None:
    assert refusal(info) is None


@pytest.mark.parametrize(
    ("info", "reason"),
    [
        (replace(GOOD, app_id="1234567891"), "token-of-another-app"),
        (replace(GOOD, app_id="0"), "token-of-another-app"),
        (replace(GOOD, app_id=""), "token-of-another-app"),
        (replace(GOOD, is_valid=False), "token-invalid"),
        (replace(GOOD, token_type="PAGE"), "token-kind-unsupported"),
        (replace(GOOD, token_type="APP"), "token-kind-unsupported"),
        (replace(GOOD, token_type=""), "token-kind-unsupported"),
        (replace(GOOD, user_id=""), "token-without-user"),
        (replace(GOOD, scopes=SCOPES[:1]), "permission-missing"),
        (replace(GOOD, scopes=()), "permission-missing"),
        (replace(GOOD, expires_at=NOW + 7 * DAY_S), "token-short-lived"),
        (replace(GOOD, expires_at=NOW - 1), "token-short-lived"),
        (replace(GOOD, expires_at=1), "token-short-lived"),
    ],
)
def test_anything_less_is_refused(info: TokenInfo, reason: str) -> None:
    error = refusal(info)
    assert error
    assert error.reason == reason


def test_missing_permissions_are_named_for_the_log() -> None:
    error = refusal(replace(GOOD, scopes=()))
    assert error
    assert error.fields == {"missing_scopes": sorted(SCOPES)}


@pytest.mark.parametrize(("ends_in", "left"), [(5000, 4999), (-5000, -5000)])
def test_time_that_a_short_token_has_left_is_named_for_the_log(ends_in: int, left: int) -> None:
    error = refusal(replace(GOOD, expires_at=NOW + ends_in))
    assert error
    assert error.fields == {"seconds_left": left}


def test_token_is_not_printed() -> None:
    assert "EAA" not in repr(AccessToken("EAAsecret", 5)) + str(AccessToken("EAAsecret", 5))


@pytest.mark.parametrize(
    ("left", "days"),
    [
        (60 * DAY_S, None),
        (14 * DAY_S + 1, None),
        (14 * DAY_S, 14),
        (7 * DAY_S + 1, 14),
        (7 * DAY_S, 7),
        (3 * DAY_S, 3),
        (DAY_S + 1, 3),
        (DAY_S, 1),
        (0, 1),
        (-DAY_S, 1),
    ],
)
def test_people_are_warned_at_14_7_3_and_1_days(left: int, days: int | None) -> None:
    assert token_rules.warning(NOW + left, now=NOW) == days


def test_token_that_never_ends_is_never_warned_about() -> None:
    assert token_rules.warning(0, now=NOW) is None


@pytest.mark.parametrize(
    ("left", "days"), [(14 * DAY_S, 14), (14 * DAY_S - 240, 14), (5 * DAY_S + 1, 6), (1, 1), (0, 0), (-9, 0)]
)
def test_started_day_counts_as_a_day_left(left: int, days: int) -> None:
    assert token_rules.days_left(NOW + left, now=NOW) == days


def test_every_connection_is_checked_within_a_day() -> None:
    checks = {token_rules.next_check_at(RECORD, now=NOW) - NOW for _ in range(200)}
    assert max(checks) <= DAY_S
    assert min(checks) >= 0.9 * DAY_S - 1
    assert len(checks) > 50


@pytest.mark.parametrize("moment", [14 * DAY_S, 7 * DAY_S, 3 * DAY_S, DAY_S, 0])
@pytest.mark.parametrize("field", ["token_expires_at", "data_access_expires_at"])
def test_check_is_on_time_for_a_warning_and_for_the_end(field: str, moment: int) -> None:
    changes: dict[str, Any] = {field: NOW + moment + 600}
    record = replace(RECORD, **changes)
    assert token_rules.next_check_at(record, now=NOW) == NOW + 600
    assert token_rules.next_date_at(record, now=NOW) == NOW + 600


def test_record_without_an_end_has_no_date() -> None:
    endless = replace(RECORD, token_expires_at=0, data_access_expires_at=0)
    assert token_rules.next_date_at(endless, now=NOW) == 0


def test_token_past_its_end_is_looked_at_within_the_hour() -> None:
    past = replace(RECORD, token_expires_at=NOW)
    assert NOW < token_rules.next_check_at(past, now=NOW) <= NOW + 3600
    assert token_rules.next_date_at(past, now=NOW) <= NOW + 3600


LONGER = replace(GOOD, expires_at=GOOD.expires_at + 30 * DAY_S)


@pytest.mark.parametrize(
    ("new", "better"),
    [
        (LONGER, True),
        (replace(LONGER, scopes=(*GOOD.scopes, "c")), True),
        (replace(GOOD, expires_at=0), True),
        (replace(GOOD, expires_at=GOOD.expires_at + 3600), True),
        (GOOD, False),
        (replace(GOOD, expires_at=GOOD.expires_at + 3599), False),
        (replace(LONGER, is_valid=False), False),
        (replace(LONGER, app_id="1"), False),
        (replace(LONGER, user_id="102"), False),
        (replace(LONGER, token_type="PAGE"), False),
        (replace(LONGER, scopes=SCOPES), False),
    ],
)
def test_token_is_replaced_only_by_a_better_one(new: TokenInfo, *, better: bool) -> None:
    assert token_rules.is_better(new, GOOD) is better


def test_token_without_expiry_is_never_replaced() -> None:
    assert not token_rules.is_better(LONGER, replace(GOOD, expires_at=0))


@pytest.mark.parametrize(
    ("subcode", "expires_at", "end"),
    [
        (463, NOW + DAY_S, ("expired", "expired")),
        (None, NOW - 1, ("expired", "expired")),
        (None, NOW + DAY_S, None),
        (None, 0, None),
        (458, NOW + DAY_S, ("revoked", "app-not-authorized")),
        (459, 0, ("revoked", "checkpoint")),
        (460, NOW + DAY_S, ("revoked", "password-changed")),
        (464, NOW + DAY_S, ("revoked", "user-unconfirmed")),
        (467, NOW + DAY_S, ("revoked", "logged-out")),
        (492, NOW + DAY_S, ("revoked", "role-lost")),
        (493, NOW + DAY_S, ("revoked", "data-access-expired")),
        (9999, NOW + DAY_S, None),
    ],
)
def test_dead_token_names_the_cause_or_is_doubted(
    subcode: int | None, expires_at: int, end: tuple[str, str] | None
) -> None:
    info = replace(GOOD, is_valid=False, subcode=subcode, expires_at=expires_at)
    assert token_rules.end_of(info, now=NOW) == end


def test_pauses_after_failures_grow_from_five_minutes_to_a_day() -> None:
    pauses = [token_rules.failure_pause_s(failures) for failures in range(1, 12)]
    assert pauses[:3] == [300, 600, 1200]
    assert pauses == sorted(pauses)
    assert pauses[-2:] == [DAY_S, DAY_S]
    assert max(pauses) == DAY_S


def test_useless_extension_is_retried_at_least_weekly() -> None:
    days = [token_rules.extension_pause_s(refused) / DAY_S for refused in range(1, 8)]
    assert days == [1, 2, 4, 7, 7, 7, 7]


def test_short_token_has_less_than_thirty_days() -> None:
    assert token_rules.is_short(30 * DAY_S - 1)
    assert not token_rules.is_short(30 * DAY_S)

from dataclasses import replace
from typing import Any

import pytest

from whatsapp_connect import lifecycle
from whatsapp_connect.lifecycle import (
    DAY,
    is_better,
    is_forgotten,
    next_check_at,
    standing,
    warning,
    why_invalid,
)
from whatsapp_connect.model import Inspection

NOW = 1795608000
GOOD = Inspection(
    app_id="1234567890",
    token_type="USER",
    is_valid=True,
    subcode=None,
    user_id="101",
    scopes=("a", "b"),
    waba_ids=("1",),
    issued_at=NOW,
    expires_at=NOW + 60 * DAY,
    data_access_expires_at=NOW + 90 * DAY,
    graph_version="v26.0",
)


@pytest.mark.parametrize(
    ("left", "days"),
    [
        (60 * DAY, None),
        (14 * DAY + 1, None),
        (14 * DAY, 14),
        (7 * DAY + 1, 14),
        (7 * DAY, 7),
        (3 * DAY, 3),
        (DAY + 1, 3),
        (DAY, 1),
        (0, 1),
        (-DAY, 1),
    ],
)
def test_people_are_warned_at_14_7_3_and_1_days(left: int, days: int | None) -> None:
    assert warning(NOW + left, now=NOW) == days


def test_what_never_ends_is_never_warned_about() -> None:
    assert warning(0, now=NOW) is None


@pytest.mark.parametrize(
    ("left", "status", "warned"), [(60, "active", None), (14, "expiring", 14), (2, "expiring", 3)]
)
def test_the_standing_of_a_token(left: int, status: str, warned: int | None) -> None:
    found = standing(replace(GOOD, expires_at=NOW + left * DAY), now=NOW)
    assert found["status"] == status
    assert found["warned_days"] == warned
    assert found["failures"] == 0
    assert found["reason"] is None


def test_data_access_has_warnings_of_its_own() -> None:
    found = standing(replace(GOOD, data_access_expires_at=NOW + 5 * DAY), now=NOW)
    assert found["status"] == "active"
    assert found["data_access_warned_days"] == 7


def test_every_connection_is_checked_within_a_day() -> None:
    checks = {next_check_at(GOOD, now=NOW) - NOW for _ in range(200)}
    assert max(checks) <= DAY
    assert min(checks) >= 0.9 * DAY - 1
    assert len(checks) > 50


@pytest.mark.parametrize("moment", [14 * DAY, 7 * DAY, 3 * DAY, DAY, 0])
@pytest.mark.parametrize("field", ["expires_at", "data_access_expires_at"])
def test_a_check_is_on_time_for_a_warning_and_for_the_end(field: str, moment: int) -> None:
    changes: dict[str, Any] = {field: NOW + moment + 600}
    assert next_check_at(replace(GOOD, **changes), now=NOW) == NOW + 600


@pytest.mark.parametrize(("left", "wanted"), [(31 * DAY, False), (30 * DAY, True), (DAY, True)])
def test_a_token_is_extended_from_thirty_days_before_its_end(left: int, *, wanted: bool) -> None:
    assert lifecycle.wants_extending(replace(GOOD, expires_at=NOW + left), now=NOW) is wanted


def test_a_token_that_never_expires_is_not_extended() -> None:
    assert not lifecycle.wants_extending(replace(GOOD, expires_at=0), now=NOW)


LONGER = replace(GOOD, expires_at=GOOD.expires_at + 30 * DAY)


@pytest.mark.parametrize(
    ("new", "better"),
    [
        (LONGER, True),
        (replace(LONGER, scopes=("a", "b", "c")), True),
        (replace(GOOD, expires_at=0), True),
        (replace(GOOD, expires_at=GOOD.expires_at + 3600), True),
        (GOOD, False),
        (replace(GOOD, expires_at=GOOD.expires_at + 3599), False),
        (replace(LONGER, is_valid=False), False),
        (replace(LONGER, app_id="1"), False),
        (replace(LONGER, user_id="102"), False),
        (replace(LONGER, token_type="PAGE"), False),
        (replace(LONGER, scopes=("a",)), False),
    ],
)
def test_only_a_token_proven_to_be_better_takes_the_place_of_another(
    new: Inspection, *, better: bool
) -> None:
    assert is_better(new, GOOD) is better


def test_nothing_is_better_than_a_token_that_never_expires() -> None:
    assert not is_better(LONGER, replace(GOOD, expires_at=0))


@pytest.mark.parametrize(
    ("record", "stored_version", "forgotten"),
    [
        ({"reason": "app-removed", "token_version": 3}, 3, True),
        ({"reason": "deletion-requested", "token_version": 3}, None, True),
        ({"reason": "app-removed"}, None, True),
        ({"reason": "app-removed", "token_version": 3}, 4, False),
        ({"reason": "password-changed", "token_version": 3}, 3, False),
        ({"token_version": 3}, 3, False),
    ],
)
def test_a_mark_to_forget_does_not_reach_a_login_that_came_after(
    record: dict[str, Any], stored_version: int | None, *, forgotten: bool
) -> None:
    assert is_forgotten(record, stored_version) is forgotten


@pytest.mark.parametrize(
    ("subcode", "expires_at", "why"),
    [
        (463, NOW + DAY, ("expired", "expired")),
        (None, NOW - 1, ("expired", "expired")),
        (None, NOW + DAY, ("revoked", "token-invalid")),
        (None, 0, ("revoked", "token-invalid")),
        (458, NOW + DAY, ("revoked", "app-not-authorized")),
        (459, 0, ("revoked", "checkpoint")),
        (460, NOW + DAY, ("revoked", "password-changed")),
        (467, NOW + DAY, ("revoked", "logged-out")),
        (493, NOW + DAY, ("revoked", "data-access-expired")),
        (9999, NOW + DAY, ("revoked", "token-invalid")),
    ],
)
def test_a_dead_token_says_why(subcode: int | None, expires_at: int, why: tuple[str, str]) -> None:
    assert why_invalid(replace(GOOD, is_valid=False, subcode=subcode, expires_at=expires_at), now=NOW) == why

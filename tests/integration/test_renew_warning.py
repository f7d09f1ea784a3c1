"""What time and people do to a token, and how it is told: warnings, ends, permissions taken back."""

from typing import Any

import pytest

from local.facebook.distortion import Distortion
from local.facebook.model import Identity
from tests.support import stack
from tests.support.clock import DAY, HOUR
from tests.integration.life import JONAS, MARIA, SIXTY_DAYS, Life

CONNECT_URL = "https://connect.example.com/connect"


def test_a_token_that_facebook_does_not_extend_is_warned_about_four_times_and_then_taken_away(
    life: Life,
) -> None:
    life.facebook.control("settings", {"renewal": "refuse"})
    life.connect()
    life.facebook.control("data-access", {"person": "maria", "expires_in": 200 * DAY})
    told: list[tuple[str, Any, int]] = []
    left = SIXTY_DAYS
    for days_left in (15, 14, 13.9, 12, 8, 7, 6, 4, 3, 2.9, 2, 1, 0.9, 0.1, 0, -1):
        step = left - int(days_left * DAY)
        left -= step
        life.clock.advance(step)
        life.run()
        told += [(one.type, one.detail.get("days_left"), int(days_left)) for one in life.stream.bring()]
    assert told == [
        ("Connected", None, 15),
        ("Expiring", 14, 14),
        ("Expiring", 7, 7),
        ("Expiring", 3, 3),
        ("Expiring", 1, 1),
        ("Expired", None, 0),
    ]
    assert life.kept.token(MARIA) is None
    metadata = life.metadata()
    assert (metadata["status"], metadata["status_reason"]) == ("expired", "expired")
    record = life.record()
    assert record["due"] == "dead"
    assert not record.keys() & {"lease_until", "warned_days"}
    assert life.run().metrics("Connections", "status")["expired"] == 1


def test_the_next_check_is_on_time_for_the_next_warning(life: Life) -> None:
    life.facebook.control("settings", {"renewal": "refuse"})
    life.connect()
    ends_at = life.clock.now() + SIXTY_DAYS
    for days_left in (14, 7, 3, 1, 0):
        life.clock.advance(ends_at - days_left * DAY - HOUR - life.clock.now())
        life.run()
        assert life.record()["next_check_at"] <= ends_at - days_left * DAY
        assert life.next_hour().outcomes in ({"not-extended": 1}, {"expired": 1})


def test_a_warning_says_what_will_break_and_where_to_connect_again(life: Life) -> None:
    life.facebook.control("settings", {"renewal": "refuse"})
    life.connect()
    life.clock.advance(SIXTY_DAYS - 3 * DAY)
    life.run()
    told = life.stream.bring()[-1]
    assert told.detail["connect_url"] == CONNECT_URL
    assert (told.detail["cause"], told.detail["days_left"], told.detail["status"]) == (
        "token",
        3,
        "expiring",
    )
    assert told.detail["expires_at"] == "2027-01-24T11:59:04Z"
    assert "ends on 2027-01-24T11:59:04Z" in told.detail["message"]
    life.connect()
    (told,) = life.stream.bring()
    assert (told.type, told.detail["status"]) == ("Reconnected", "active")
    life.assert_healthy()


def test_the_end_of_data_access_is_warned_about_on_its_own(life: Life) -> None:
    life.connect(type="USER", lifetime=0)
    told: list[tuple[str, str, int]] = []
    for days in (75, 1, 7, 4, 2, 1):
        life.clock.pass_days(days)
        life.run()
        told += [
            (one.detail["cause"], one.detail["connect_url"], one.detail["days_left"])
            for one in life.stream.bring()
            if one.type == "Expiring"
        ]
    reauthorize = f"{CONNECT_URL}?auth_type=reauthorize"
    assert told == [("data-access", reauthorize, days) for days in (14, 7, 3, 1)]
    assert life.record()["status"] == "active"
    life.facebook.control("settings", {"data_access_expired": "invalid"})
    assert life.next_day().outcomes == {"revoked": 1}
    assert life.events() == ["Revoked"]
    assert life.metadata()["status_reason"] == "data-access-expired"


def test_scopes_that_shrink_are_told_and_the_token_stays(life: Life) -> None:
    life.connect()
    before = life.token()
    life.stream.bring()
    maria = Identity(stack.APP_ID, MARIA, "Maria Bakker")
    assert life.state.remove_permission(maria, "whatsapp_business_messaging")
    assert life.next_day().outcomes == {"checked": 1}
    (told,) = life.stream.bring()
    assert (told.type, told.detail["lost_scopes"]) == ("ScopesReduced", ["whatsapp_business_messaging"])
    assert told.detail["scopes"] == ["whatsapp_business_management"]
    assert told.detail["connect_url"] == CONNECT_URL
    assert life.token() == before
    life.clock.pass_days(31)  # it is extended all the same
    assert life.run().outcomes == {"renewed": 1}
    assert life.events() == ["Renewed"]


def test_an_account_shared_later_is_found(life: Life) -> None:
    life.connect("jonas", wabas=["300000000000002"])
    life.facebook.control("debug-token", {"target_ids": "absent"})
    life.next_day()
    assert life.record(JONAS)["waba_ids"] == []
    life.facebook.control("debug-token", {"target_ids": "ints"})
    life.next_day()
    assert life.record(JONAS)["waba_ids"] == ["300000000000002"]
    life.stream.bring()
    assert len(life.metadata(JONAS)["phone_numbers"]) == 1
    assert life.events() == []


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("app_removed", "app-not-authorized"),
        ("checkpoint", "checkpoint"),
        ("password_changed", "password-changed"),
        ("logged_out", "logged-out"),
        ("revoked", "token-invalid"),
    ],
)
def test_a_dead_token_is_taken_away_and_the_metadata_says_why(life: Life, reason: str, expected: str) -> None:
    life.connect()
    life.connect("jonas")
    life.stream.bring()
    life.facebook.control("tokens/invalidate", {"person": "maria", "reason": reason})
    before = life.facebook.inspections
    assert life.next_day().outcomes == {"revoked": 1, "checked": 1}
    assert life.facebook.inspections == before + 3  # twice for the dead one
    (told,) = life.stream.bring()
    assert (told.type, told.detail["status_reason"]) == ("Revoked", expected)
    assert (told.detail["connect_url"], f"({expected})" in told.detail["message"]) == (CONNECT_URL, True)
    assert life.kept.token(MARIA) is None
    assert (life.metadata()["status"], life.metadata()["status_reason"]) == ("revoked", expected)
    assert life.record()["due"] == "dead"
    assert life.next_day().outcomes == {"checked": 1}
    assert life.events() == []
    life.connect()
    assert life.events() == ["Reconnected"]
    life.assert_healthy()


@pytest.mark.parametrize(
    ("subcode", "status", "expected"),
    [
        (463, "expired", "expired"),
        (464, "revoked", "user-unconfirmed"),
        (492, "revoked", "role-lost"),
        (493, "revoked", "data-access-expired"),
        (4711, "revoked", "token-invalid"),
    ],
)
def test_every_subcode_has_a_reason(life: Life, subcode: int, status: str, expected: str) -> None:
    life.connect()
    life.facebook.control("debug-token", {"invalid": {"subcode": subcode}})
    assert life.next_day().outcomes == {status: 1}
    assert (life.record()["status"], life.record()["reason"]) == (status, expected)
    assert life.kept.token(MARIA) is None


class LyingOnce(Distortion):
    """Calls one token invalid, and is honest from then on."""

    def apply(self, data: dict[str, Any]) -> dict[str, Any]:
        told: list[bool] = self.set.setdefault("told", [])
        told.append(True)
        return data | {"is_valid": False, "error": {"code": 190, "subcode": 460}} if len(told) == 1 else data


def test_one_false_answer_removes_nothing(life: Life) -> None:
    life.connect()
    before = life.token()
    life.state.distortion = LyingOnce()
    assert life.next_day().outcomes == {"checked": 1}
    assert (life.token(), life.events()) == (before, ["Connected"])
    life.assert_healthy()


@pytest.mark.parametrize("skew", [-300, 300])
def test_clocks_that_differ_by_minutes_do_no_harm(life: Life, skew: int) -> None:
    life.clock.skew = skew
    life.connect()
    life.clock.advance(SIXTY_DAYS - 30 * DAY + 300)
    assert life.run().outcomes == {"renewed": 1}
    life.facebook.control("settings", {"renewal": "refuse"})
    for days in (46, 7, 4, 2):
        life.clock.pass_days(days)
        life.run()
    life.clock.pass_days(1)
    life.clock.advance(600)
    life.run()
    told = [one for one in life.events() if one != "Expiring"]
    assert told == ["Connected", "Renewed", "Expired"]
    assert life.kept.token(MARIA) is None


def test_the_run_counts_connections_and_days(life: Life) -> None:
    life.connect()
    life.connect("jonas", type="SYSTEM_USER", lifetime=0)
    life.connect("priya", lifetime=20 * DAY)
    life.facebook.control("tokens/invalidate", {"person": "maria"})
    life.facebook.control("settings", {"renewal": "refuse"})
    life.clock.pass_days(6)
    run = life.run()
    assert run.metrics("Connections", "status") == {
        "pending": 0,
        "active": 1,
        "expiring": 1,
        "expired": 0,
        "revoked": 1,
    }
    assert run.metrics("NearestExpiryDays") == [pytest.approx(14)]
    assert run.metrics("RenewalRun") == [1]
    assert run.metrics("Checks", "outcome") == {"checked": 1, "not-extended": 1, "revoked": 1}
    assert run.metrics("GraphVersionDaysLeft") == []


@pytest.mark.parameters(GraphVersion="v25.0")
def test_the_end_of_the_graph_version_is_counted_down(life: Life) -> None:
    life.connect()
    assert life.next_day().metrics("GraphVersionDaysLeft") == [610.5]  # 2028-07-29


@pytest.mark.parameters(GraphVersion="v19.0")
def test_another_graph_version_answering_is_counted(life: Life) -> None:
    life.connect()
    run = life.next_day()
    assert (run.outcomes, run.metrics("GraphVersionMismatch")) == ({"checked": 1}, [1])

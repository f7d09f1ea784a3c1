"""Which tokens are worth keeping: every refusal has its own reason, and nothing else passes."""

from dataclasses import replace

import pytest

from whatsapp_connect.acceptance import accept, is_long_lived
from whatsapp_connect.errors import LoginError
from whatsapp_connect.model import AccessToken, Inspection

NOW = 1795608000.0
A_WEEK = 604_800
SCOPES = ("whatsapp_business_management", "whatsapp_business_messaging")
GOOD = Inspection(
    app_id="1234567890",
    token_type="USER",
    is_valid=True,
    subcode=None,
    user_id="101",
    scopes=(*SCOPES, "public_profile"),
    waba_ids=("1",),
    issued_at=int(NOW),
    expires_at=int(NOW) + 60 * 86400,
    data_access_expires_at=int(NOW) + 90 * 86400,
    graph_version="v26.0",
)


def reason(inspection: Inspection) -> str | None:
    try:
        # An equal text need not be the same object.
        accept(inspection, app_id="".join("1234567890"), required_scopes=SCOPES, now=NOW)
    except LoginError as error:
        return error.reason
    return None


@pytest.mark.parametrize(
    "inspection",
    [
        GOOD,
        replace(GOOD, token_type="SYSTEM_USER"),
        replace(GOOD, expires_at=0),
        replace(GOOD, expires_at=int(NOW) + A_WEEK),
        replace(GOOD, waba_ids=()),
    ],
)
def test_a_good_token_is_accepted(inspection: Inspection) -> None:
    assert reason(inspection) is None


@pytest.mark.parametrize(
    ("inspection", "refusal"),
    [
        (replace(GOOD, app_id="1234567891"), "token-of-another-app"),
        (replace(GOOD, app_id="0"), "token-of-another-app"),
        (replace(GOOD, app_id=""), "token-of-another-app"),
        (replace(GOOD, is_valid=False), "token-invalid"),
        (replace(GOOD, token_type="PAGE"), "token-kind-unsupported"),
        (replace(GOOD, token_type="APP"), "token-kind-unsupported"),
        (replace(GOOD, token_type="ZEBRA"), "token-kind-unsupported"),
        (replace(GOOD, token_type=""), "token-kind-unsupported"),
        (replace(GOOD, user_id=""), "token-without-user"),
        (replace(GOOD, scopes=SCOPES[:1]), "permission-missing"),
        (replace(GOOD, scopes=()), "permission-missing"),
        (replace(GOOD, expires_at=int(NOW) + A_WEEK - 1), "token-short-lived"),
        (replace(GOOD, expires_at=int(NOW) - 1), "token-short-lived"),
        (replace(GOOD, expires_at=1), "token-short-lived"),
    ],
)
def test_anything_less_is_refused(inspection: Inspection, refusal: str) -> None:
    assert reason(inspection) == refusal


def test_the_missing_permissions_are_named_for_the_log() -> None:
    with pytest.raises(LoginError) as refused:
        accept(replace(GOOD, scopes=()), app_id="1234567890", required_scopes=SCOPES, now=NOW)
    assert refused.value.fields == {"missing_scopes": sorted(SCOPES)}


@pytest.mark.parametrize(
    ("expires_in", "long_lived"),
    [(None, False), (0, False), (5000, False), (30 * 86400 - 1, False), (30 * 86400, True), (5183944, True)],
)
def test_thirty_days_are_long_lived(expires_in: int | None, *, long_lived: bool) -> None:
    assert is_long_lived(expires_in) is long_lived


@pytest.mark.parametrize(("ends_in", "left"), [(5000, 4999), (-5000, -5000)])
def test_how_long_a_token_had_left_is_named_for_the_log(ends_in: int, left: int) -> None:
    short = replace(GOOD, expires_at=int(NOW) + ends_in)
    with pytest.raises(LoginError) as refused:
        accept(short, app_id="1234567890", required_scopes=SCOPES, now=NOW + 0.5)
    assert refused.value.fields == {"seconds_left": left}


def test_a_token_is_not_printed() -> None:
    assert "EAA" not in repr(AccessToken("EAAsecret", 5)) + str(AccessToken("EAAsecret", 5))

from typing import Any

import pytest

from local.announcement import Announcement

DETAIL: dict[str, Any] = {
    "connection_id": "122100000000000001",
    "access_token_parameter": "/whatsapp-connect/connections/122100000000000001/access-token",
    "expires_at": "2027-01-22T18:04:05Z",
    "phone_numbers": [{"display_phone_number": "+1 202-555-0100"}],
}


def test_line_names_connection_parameter_and_expiry() -> None:
    assert str(Announcement("Connected", DETAIL)) == (
        "Connected: 122100000000000001 (+1 202-555-0100), token in "
        "/whatsapp-connect/connections/122100000000000001/access-token until 22 January 2027 18:04 UTC"
    )


def test_a_token_that_never_expires_and_a_person_without_a_number() -> None:
    detail = DETAIL | {"expires_at": None, "phone_numbers": []}
    assert str(Announcement("Reconnected", detail)) == (
        "Reconnected: 122100000000000001, token in "
        "/whatsapp-connect/connections/122100000000000001/access-token without expiry"
    )


def test_only_the_first_of_many_numbers_are_named() -> None:
    numbers = [{"display_phone_number": f"+{number}"} for number in range(5)]
    assert "(+0, +1, +2 and 2 more)" in str(Announcement("Connected", DETAIL | {"phone_numbers": numbers}))


@pytest.mark.parametrize("type_", ["Connected", "Expired"])
def test_line_is_single_and_has_no_terminal_control(type_: str) -> None:
    spoilt = "\x1b[2J\r\nConnected: \u202e\u2066\u200b\u2028\x9b"
    detail = DETAIL | {"phone_numbers": [{"display_phone_number": spoilt}], "message": spoilt}
    assert str(Announcement(type_, detail)).isprintable()

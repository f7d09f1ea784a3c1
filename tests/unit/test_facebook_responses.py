"""What Facebook answers: which of its errors means what, and what of its words is believed."""

from dataclasses import astuple
from typing import Any, get_args

import pytest

from whatsapp_connect.errors import FacebookError, FacebookUnavailableError
from whatsapp_connect.facebook_responses import (
    Call,
    access_token,
    condition,
    json_object,
    next_cursor,
    phone_number,
    refusal,
    subscribed_app,
    token_info,
)
from whatsapp_connect.model import AccessToken, PhoneNumber, TokenInfo

YEAR_9999 = 253_402_300_799
DEBUGGED: dict[str, Any] = {
    "app_id": "1234567890",
    "type": "USER",
    "is_valid": True,
    "user_id": "101",
    "scopes": ["whatsapp_business_management", "public_profile"],
    "granular_scopes": [{"scope": "whatsapp_business_management", "target_ids": ["300", "301"]}],
    "issued_at": 1795608000,
    "expires_at": 1800792000,
    "data_access_expires_at": 1803384000,
}


Said = dict[str, Any]
"""What Facebook answers to a call: its error object, and the HTTP status."""


def error(code: object = None, subcode: object = None, *, http_status: int = 400, **more: object) -> Said:
    return {"error": {"code": code, "error_subcode": subcode, **more}, "http_status": http_status}


def read(**changes: object) -> TokenInfo:
    return token_info(DEBUGGED | changes, graph_version="v26.0")


@pytest.mark.parametrize(
    ("refused", "reason"),
    [
        (error(100, 36007), "code-expired"),
        (error(100, 36009), "code-used"),
        (error(100, 36008), "redirect-uri-refused"),
        (error(100, 36010), "code-rejected"),
        (error(100), "code-rejected"),
        (error(190, 36009), "token-invalid"),
        (error(1), "app-secret-wrong"),
        (error(101), "app-id-wrong"),
        (error(191), "redirect-uri-refused"),
        (error(2), "facebook-unavailable"),
        (error(4), "facebook-throttled"),
    ],
)
def test_why_a_code_is_refused(refused: Said, reason: str) -> None:
    told = refusal(**refused, of="code")
    assert told.reason == reason
    assert told.fields["facebook_code"] == refused["error"]["code"]


@pytest.mark.parametrize(
    ("refused", "reason"),
    [
        (error(100, 36007), "code-expired"),
        (error(100, 36009), "code-used"),
        (error(100, 36008), "code-rejected"),
        (error(100), "code-rejected"),
        (error(191), "code-rejected"),
        (error(1), "app-secret-wrong"),
        (error(101), "app-id-wrong"),
        (error(4), "facebook-throttled"),
    ],
)
def test_without_a_redirect_uri_only_the_code_is_wrong(refused: Said, reason: str) -> None:
    assert refusal(**refused, of="sdk-code").reason == reason


@pytest.mark.parametrize(
    ("refused", "reason"),
    [
        (error(100), "token-of-another-app"),
        (error(102), "app-secret-wrong"),
        (error(190), "app-secret-wrong"),
        (error(1), "app-secret-wrong"),
        (error(101), "app-id-wrong"),
        (error(10), "app-blocked"),
        (error(200), "app-blocked"),
        (error(5), "server-not-allowed"),
        (error(0), "app-secret-wrong"),
        (error(1, 99), "facebook-unavailable"),
        (error(100, http_status=500), "facebook-unavailable"),
        (error(190, is_transient=True), "facebook-unavailable"),
        (error(4), "facebook-throttled"),
    ],
)
def test_why_the_debugger_does_not_answer(refused: Said, reason: str) -> None:
    told = refusal(**refused, of="debugger")
    assert told.reason == reason
    assert told.fields["facebook_code"] == refused["error"]["code"]


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (1, "app-secret-wrong"),
        (2, "facebook-unavailable"),
        (0, "token-invalid"),
        (3, "facebook-refused"),
        (5, "server-not-allowed"),
        (4, "facebook-throttled"),
        (10, "facebook-refused"),
        (17, "facebook-throttled"),
        (32, "facebook-throttled"),
        (100, "facebook-refused"),
        (101, "app-id-wrong"),
        (102, "token-invalid"),
        (190, "token-invalid"),
        (191, "redirect-uri-refused"),
        (199, "facebook-refused"),
        (200, "facebook-refused"),
        (299, "facebook-refused"),
        (300, "facebook-refused"),
        (341, "facebook-throttled"),
        (368, "facebook-policy-block"),
        (613, "facebook-throttled"),
        (80007, "facebook-throttled"),
        (80008, "facebook-throttled"),
        (None, "facebook-refused"),
        ("190", "facebook-refused"),
        (True, "facebook-refused"),
        (2**53 + 1, "facebook-refused"),
    ],
)
def test_code_of_facebook_raises_its_error(code: object, reason: str) -> None:
    assert refusal(**error(code), of="user").reason == reason


@pytest.mark.parametrize("code", [3, 10, 200, 299])
def test_permission_that_the_app_itself_lacks_is_the_apps_fault(code: int) -> None:
    assert refusal(**error(code), of="app").reason == "app-blocked"
    assert refusal(**error(code, is_transient=True), of="app").reason == "facebook-unavailable"


@pytest.mark.parametrize("code", [None, 1, 190, 368])
@pytest.mark.parametrize("trouble", [{"http_status": 500}, {"http_status": 503}, {"is_transient": True}])
def test_trouble_of_facebook_is_not_a_refusal(code: object, trouble: dict[str, Any]) -> None:
    assert refusal(**error(code, **trouble), of="user").reason == "facebook-unavailable"


@pytest.mark.parametrize("of", get_args(Call))
@pytest.mark.parametrize("code", [2, 4, 17, 32, 341, 613, 80007, 80008])
def test_call_that_may_work_later_is_unavailable(code: int, of: Call) -> None:
    assert isinstance(refusal(**error(code), of=of), FacebookUnavailableError)


@pytest.mark.parametrize(
    "refused",
    [error(), error(1), error(3), error(190), error(100, http_status=499), error(190, is_transient=1)],
)
@pytest.mark.parametrize("of", get_args(Call))
def test_call_that_stays_refused_is_not_unavailable(refused: Said, of: Call) -> None:
    assert not isinstance(refusal(**refused, of=of), FacebookUnavailableError)


def test_error_keeps_numbers_and_trace_only() -> None:
    said = error(190, 463, http_status=401, fbtrace_id="A_b-9", message="EAA is expired", error_user_msg="EAA")
    told = refusal(**said, of="user")
    assert told.fields == {
        "facebook_status": 401,
        "facebook_code": 190,
        "facebook_subcode": 463,
        "facebook_trace": "A_b-9",
    }
    assert str(told) == "token-invalid"


@pytest.mark.parametrize("trace", [None, 7, "", "A b", "A\n", "A" * 41, "A/b"])
def test_a_trace_that_is_none_is_left_out(trace: object) -> None:
    assert refusal(**error(190, fbtrace_id=trace), of="user").fields["facebook_trace"] is None


def test_a_trace_of_forty_characters_is_kept() -> None:
    assert refusal(**error(190, fbtrace_id="A" * 40), of="user").fields["facebook_trace"] == "A" * 40


@pytest.mark.parametrize("body", [b"", b"x", b"[]", b"7", b"null", b'"{}"', b"{", b"\xff", b"[" * 100_000])
def test_json_other_than_an_object_is_none(body: bytes) -> None:
    assert json_object(body) is None


def test_an_object_is_read() -> None:
    assert json_object(b'{"a": 1}') == {"a": 1}


@pytest.mark.parametrize(
    "value", [None, "", " ", "EAA x", "EAA\n", "EAA\u00e9", "\x7f", 5, ["EAA"], "E" * 8193, "EAA{{x}}"]
)
def test_invalid_token_value_is_refused(value: object) -> None:
    with pytest.raises(FacebookError) as refused:
        access_token({"access_token": value})
    assert refused.value.reason == "facebook-answer-unreadable"


@pytest.mark.parametrize("value", ["E", "!~", "E" * 8192, "EAA{x}}"])
def test_valid_parameter_is_accepted(value: str) -> None:
    assert access_token({"access_token": value}) == AccessToken(value, None)


@pytest.mark.parametrize(
    ("said", "understood"),
    [
        (5183944, 5183944),
        (0, None),
        (None, None),
        ("5183944", None),
        (True, None),
        (1.5, None),
        (2**53, 2**53),
        (2**53 + 1, None),
        (-(2**53) - 1, None),
    ],
)
def test_a_lifetime_is_a_whole_number(said: object, understood: int | None) -> None:
    assert access_token({"access_token": "EAA", "expires_in": said}).expires_in == understood


def test_the_debuggers_word_is_read() -> None:
    assert read() == TokenInfo(
        app_id="1234567890",
        token_type="USER",
        is_valid=True,
        subcode=None,
        user_id="101",
        scopes=("whatsapp_business_management", "public_profile"),
        target_ids=("300", "301"),
        has_no_account=False,
        issued_at=1795608000,
        expires_at=1800792000,
        data_access_expires_at=1803384000,
        graph_version="v26.0",
    )


@pytest.mark.parametrize("word", [None, "true", "false", 0, 1, []])
def test_token_is_dead_only_if_facebook_confirms_it(word: object) -> None:
    with pytest.raises(FacebookError) as refused:
        read(is_valid=word)
    assert refused.value.reason == "facebook-answer-unreadable"


@pytest.mark.parametrize("moment", [None, "0", -1, True, 1.5, YEAR_9999 + 1, 1800792000000])
def test_missing_expiry_is_not_never(moment: object) -> None:
    with pytest.raises(FacebookError):
        read(expires_at=moment)
    assert read(expires_at=moment, is_valid=False).expires_at == 0


@pytest.mark.parametrize("moment", [0, 1, YEAR_9999])
def test_a_moment_is_a_moment(moment: int) -> None:
    found = read(expires_at=moment, issued_at=moment, data_access_expires_at=moment)
    assert (found.expires_at, found.issued_at, found.data_access_expires_at) == (moment, moment, moment)


@pytest.mark.parametrize("moment", [None, "7", -1, True, YEAR_9999 + 1])
def test_other_moments_may_be_missing(moment: object) -> None:
    found = read(issued_at=moment, data_access_expires_at=moment)
    assert (found.issued_at, found.data_access_expires_at) == (0, 0)


@pytest.mark.parametrize(
    ("said", "understood"),
    [
        ({"subcode": 460}, 460),
        ({"subcode": "460"}, None),
        ({}, None),
        (None, None),
        ("460", None),
        ([460], None),
    ],
)
def test_why_a_token_is_dead_is_a_number(said: object, understood: int | None) -> None:
    assert read(is_valid=False, error=said).subcode == understood


@pytest.mark.parametrize(
    ("said", "understood"),
    [
        ("101", "101"),
        (101, "101"),
        (0, "0"),
        ("9" * 32, "9" * 32),
        ("9" * 33, ""),
        ("", ""),
        (None, ""),
        (True, ""),
        (-1, ""),
        (1.5, ""),
        ("1a", ""),
        ("\u0661", ""),
        (["101"], ""),
    ],
)
def test_an_id_is_digits(said: object, understood: str) -> None:
    found = read(app_id=said, user_id=said)
    assert (found.app_id, found.user_id) == (understood, understood)


@pytest.mark.parametrize(
    ("said", "understood"), [("A" * 41, "A" * 40), (None, ""), (7, ""), ("\ud83d", "?"), ("\u00fc", "\u00fc")]
)
def test_a_kind_is_a_short_text_that_can_be_written_down(said: object, understood: str) -> None:
    assert read(type=said).token_type == understood


@pytest.mark.parametrize(
    ("said", "understood"),
    [
        (None, ()),
        ("ads_read", ()),
        ({"ads_read": 1}, ()),
        (["ads_read", 7, None, "a b", "a\n", "", "x" * 101, "x" * 100], ("ads_read", "x" * 100)),
        ([f"scope-{number}" for number in range(201)], tuple(f"scope-{number}" for number in range(200))),
    ],
)
def test_scopes_are_names(said: object, understood: tuple[str, ...]) -> None:
    assert read(scopes=said, granular_scopes=None).scopes == understood


@pytest.mark.parametrize(
    ("said", "understood"),
    [
        (None, ()),
        ({"scope": "whatsapp_business_management"}, ()),
        ([None, "x", {}, {"scope": 7, "target_ids": ["1"]}], ()),
        ([{"scope": "pages_show_list", "target_ids": ["1"]}], ()),
        ([{"scope": "whatsapp_business_management"}], ()),
        ([{"scope": "whatsapp_business_management", "target_ids": "12"}], ()),
        ([{"scope": "whatsapp_business_messaging", "target_ids": ["1", "x", None, 2]}], ("1", "2")),
        (
            [
                {"scope": "whatsapp_business_manage_events", "target_ids": ["2", "1"]},
                {"scope": "whatsapp_business_management", "target_ids": ["1", "3"]},
            ],
            ("2", "1", "3"),
        ),
        (
            [{"scope": "whatsapp_business_management", "target_ids": list(range(201))}],
            tuple(str(number) for number in range(200)),
        ),
    ],
)
def test_accounts_are_those_of_any_whatsapp_scope(said: object, understood: tuple[str, ...]) -> None:
    assert read(granular_scopes=said).target_ids == understood


@pytest.mark.parametrize(
    ("scopes", "granular", "understood"),
    [
        # The three shapes that were seen: ids in neither list, permissions in one list only, permission for nothing.
        (["whatsapp_business_management"], [], False),
        ([], [{"scope": "whatsapp_business_management"}], False),
        (["whatsapp_business_management"], [{"scope": "whatsapp_business_management", "target_ids": None}], False),
        (["whatsapp_business_management"], [{"scope": "whatsapp_business_management", "target_ids": []}], True),
        ([], [{"scope": "whatsapp_business_management", "target_ids": []}], True),
        (
            ["whatsapp_business_management", "whatsapp_business_messaging"],
            [{"scope": "whatsapp_business_management", "target_ids": []}],
            False,
        ),
        (
            ["whatsapp_business_management", "whatsapp_business_messaging"],
            [
                {"scope": "whatsapp_business_management", "target_ids": []},
                {"scope": "whatsapp_business_messaging", "target_ids": ["300"]},
            ],
            False,
        ),
        (["email"], [{"scope": "email", "target_ids": []}], False),
    ],
)
def test_only_a_list_that_is_there_and_empty_proves_that_there_is_no_account(
    scopes: list[str], granular: list[dict[str, Any]], *, understood: bool
) -> None:
    assert read(scopes=scopes, granular_scopes=granular).has_no_account is understood


def test_permission_may_be_in_either_list() -> None:
    found = read(scopes=["public_profile"], granular_scopes=[{"scope": "whatsapp_business_messaging"}])
    assert found.scopes == ("public_profile", "whatsapp_business_messaging")


def test_a_phone_number_is_shortened_and_may_lack_everything() -> None:
    assert phone_number({}) == PhoneNumber("", "", "")
    said = {"id": 400, "display_phone_number": "1" * 41, "verified_name": "B" * 101}
    assert phone_number(said) == PhoneNumber("400", "1" * 40, "B" * 100)


@pytest.mark.parametrize(
    ("paging", "cursor"),
    [
        (None, None),
        ([], None),
        ({}, None),
        ({"cursors": {"after": "c"}}, None),
        ({"next": "https://graph"}, None),
        ({"next": "https://graph", "cursors": "c"}, None),
        ({"next": "https://graph", "cursors": {}}, None),
        ({"next": "https://graph", "cursors": {"after": ""}}, None),
        ({"next": "https://graph", "cursors": {"after": 7}}, None),
        ({"next": "https://graph", "cursors": {"after": "c"}}, "c"),
    ],
)
def test_there_is_a_next_page_where_facebook_says_so(paging: object, cursor: str | None) -> None:
    assert next_cursor({"paging": paging}) == cursor


BLOCKED = {"entity_type": "WABA", "can_send_message": "BLOCKED", "errors": [{"error_code": 141006}]}


@pytest.mark.parametrize(
    ("answer", "read"),
    [
        ({}, ("", "", 0)),
        (
            {"name": "Bakery", "health_status": {"can_send_message": "AVAILABLE", "entities": []}},
            ("Bakery", "AVAILABLE", 0),
        ),
        ({"health_status": {"can_send_message": "BLOCKED", "entities": [BLOCKED]}}, ("", "BLOCKED", 141006)),
        (
            {
                "health_status": {
                    "can_send_message": "LIMITED",
                    "entities": [{"can_send_message": "AVAILABLE"}, BLOCKED],
                }
            },
            ("", "LIMITED", 141006),
        ),
        # What a part that can send adds is a hint, not a problem.
        ({"health_status": {"entities": [{**BLOCKED, "can_send_message": "AVAILABLE"}]}}, ("", "", 0)),
        ({"health_status": {"can_send_message": "SOMETIMES"}}, ("", "", 0)),
        ({"health_status": {"can_send_message": ["BLOCKED"]}}, ("", "", 0)),
        ({"health_status": "BLOCKED"}, ("", "", 0)),
        ({"health_status": {"can_send_message": "BLOCKED", "entities": "none"}}, ("", "BLOCKED", 0)),
        ({"health_status": {"can_send_message": "BLOCKED", "entities": ["", {"errors": "x"}]}}, ("", "BLOCKED", 0)),
        ({"health_status": {"can_send_message": "BLOCKED", "entities": [{"errors": ["x", {}]}]}}, ("", "BLOCKED", 0)),
        ({"health_status": {"entities": [{"errors": [{"error_code": "141006"}]}]}}, ("", "", 0)),
    ],
)
def test_condition_of_an_account_may_lack_everything(answer: dict[str, Any], read: tuple[str, str, int]) -> None:
    assert astuple(condition(answer)) == read


@pytest.mark.parametrize(
    ("item", "app_id"),
    [
        ({}, ""),
        ({"whatsapp_business_api_data": {"id": "42"}}, "42"),
        ({"whatsapp_business_api_data": {"id": 42}}, "42"),
        ({"whatsapp_business_api_data": {}}, ""),
        ({"whatsapp_business_api_data": "42"}, ""),
        ({"id": "42"}, ""),
    ],
)
def test_subscribed_app_may_lack_everything(item: dict[str, Any], app_id: str) -> None:
    assert subscribed_app(item) == app_id


@pytest.mark.parametrize(
    ("said", "at"),
    [
        ("2026-11-25T12:00:00+0000", 1_795_608_000),
        ("2026-11-25T13:00:00+01:00", 1_795_608_000),
        ("2026-11-25T12:00:00", 0),
        ("1900-01-01T00:00:00+0000", 0),
        ("soon", 0),
        (1_795_608_000, 0),
        (None, 0),
    ],
)
@pytest.mark.parametrize("is_on_biz_app", [True, False])
def test_time_of_the_sign_up_is_read_of_numbers_of_the_business_app(
    said: object, at: int, *, is_on_biz_app: bool
) -> None:
    item = {"id": "4", "is_on_biz_app": is_on_biz_app, "last_onboarded_time": said}
    assert phone_number(item).onboarded_at == (at if is_on_biz_app else 0)

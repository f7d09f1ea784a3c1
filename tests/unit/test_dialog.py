from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from whatsapp_connect.dialog import error_code, login_url, refusal
from whatsapp_connect.settings import Settings

SETTINGS = Settings(
    meta_app_id="1234567890",
    parameter_prefix="/p",
    required_scopes=("whatsapp_business_management", "whatsapp_business_messaging"),
    login_config_id="",
    login_minutes=60,
    public_connect=True,
    return_url="",
    service_name="",
    logo_url="",
    accent_color="",
    support_contact="",
    privacy_url="",
    terms_url="",
    reconnect=True,
    state_table="s",
    connection_table="c",
    link_table="l",
    deletion_table="d",
    brake_table="b",
    account_table="a",
    due_queue_url="due",
    check_queue_url="check",
    check_queue_arn="arn",
    publishing=True,
    checking=True,
    subscribe_app=True,
    register_numbers=False,
    sync_business_app=True,
    metadata=True,
    parameter_writes_per_second=2.5,
    token_key_id="k",
    graph_version="v26.0",
    graph_url="https://graph.facebook.com",
    dialog_url="https://www.facebook.com",
    public_base_url="",
    stack_name="",
)
REDIRECT_URI = "https://abc.execute-api.eu-west-1.amazonaws.com/callback"


def query(url: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(url).query, strict_parsing=True)


def test_plain_login_asks_for_the_required_scopes() -> None:
    url = login_url(SETTINGS, redirect_uri=REDIRECT_URI, state="s" * 43)
    assert url.startswith("https://www.facebook.com/v26.0/dialog/oauth?")
    assert query(url) == {
        "client_id": ["1234567890"],
        "redirect_uri": [REDIRECT_URI],
        "state": ["s" * 43],
        "response_type": ["code"],
        "scope": ["whatsapp_business_management,whatsapp_business_messaging"],
    }


def test_login_for_business_names_its_configuration_instead_of_scopes() -> None:
    asked = query(login_url(replace(SETTINGS, login_config_id="42"), redirect_uri=REDIRECT_URI, state="s"))
    assert asked["config_id"] == ["42"]
    assert asked["override_default_response_type"] == ["true"]
    assert asked["response_type"] == ["code"]
    assert "scope" not in asked


def test_auth_type_is_passed_on() -> None:
    url = login_url(SETTINGS, redirect_uri=REDIRECT_URI, state="s", auth_type="rerequest")
    assert query(url)["auth_type"] == ["rerequest"]


def test_redirect_uri_is_kept_unchanged() -> None:
    hostile = "https://x.example/callback?a=1&client_id=evil#x"
    assert query(login_url(SETTINGS, redirect_uri=hostile, state="s"))["redirect_uri"] == [hostile]


@pytest.mark.parametrize("auth_type", ["rerequested", "", "rerequest&scope=email"])
def test_unknown_auth_type_is_ignored(auth_type: str) -> None:
    url = login_url(SETTINGS, redirect_uri=REDIRECT_URI, state="s", auth_type=auth_type)
    assert url == login_url(SETTINGS, redirect_uri=REDIRECT_URI, state="s")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"error": "access_denied", "error_code": "200"}, "declined"),
        ({"error": "access_denied"}, "declined"),
        ({"error_code": "4201"}, "declined"),
        ({"error_code": "1349048"}, "domain-not-allowed"),
        ({"error_code": "1349126"}, "app-in-development"),
        ({"error_code": "1349168"}, "redirect-uri-refused"),
        ({"error_code": "1349186"}, "facebook-login-unavailable"),
        ({"error_code": "1349220"}, "facebook-login-unavailable"),
        ({"error_code": "1349245"}, "tester-invite-pending"),
        ({"error_code": "1349126", "error": "access_denied"}, "app-in-development"),
        ({"error_code": "1"}, "facebook-refused"),
        ({"error_code": "nonsense"}, "facebook-refused"),
        ({"error": "temporarily_unavailable"}, "facebook-unavailable"),
        ({"error": "server_error"}, "facebook-unavailable"),
        ({"error": "invalid_scope"}, "facebook-refused"),
        ({"error": "access_denied", "code": "AQx"}, "declined"),
    ],
)
def test_both_dialects_of_refusal_are_understood(answer: dict[str, str], reason: str) -> None:
    error = refusal(answer)
    assert error is not None
    assert error.reason == reason


@pytest.mark.parametrize("answer", [{}, {"code": "AQx"}, {"code": "AQx", "state": "s"}])
def test_answer_without_an_error_is_not_a_refusal(answer: dict[str, str]) -> None:
    assert refusal(answer) is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("1349168", 1349168),
        ("200", 200),
        ("", None),
        ("-1", None),
        ("1e3", None),
        ("9" * 11, None),
        ("\u0661", None),
    ],
)
def test_only_a_plain_number_is_an_error_code(text: str, code: int | None) -> None:
    assert error_code({"error_code": text}) == code

from dataclasses import replace

import pytest

from benchmarks.execution import SETTINGS
from whatsapp_connect.settings import Settings

ENVIRON = {
    "META_APP_ID": "1234567890",
    "PARAMETER_PREFIX": "/whatsapp-connect/test",
    "REQUIRED_SCOPES": "whatsapp_business_management,whatsapp_business_messaging",
    "LOGIN_CONFIG_ID": "",
    "LOGIN_MINUTES": "60",
    "PUBLIC_CONNECT": "enabled",
    "RECONNECT": "enabled",
    "RETURN_URL": "",
    "SERVICE_NAME": "",
    "LOGO_URL": "",
    "ACCENT_COLOR": "",
    "SUPPORT_CONTACT": "",
    "PRIVACY_URL": "",
    "TERMS_URL": "",
    "STATE_TABLE": "states",
    "CONNECTION_TABLE": "connections",
    "LINK_TABLE": "links",
    "DELETION_TABLE": "deletions",
    "BRAKE_TABLE": "brake",
    "ACCOUNT_TABLE": "accounts",
    "DUE_QUEUE_URL": "https://sqs.example/due",
    "CHECK_QUEUE_URL": "https://sqs.example/check",
    "CHECK_QUEUE_ARN": "arn:aws:sqs:eu-west-1:123456789012:check",
    "PUBLISHING": "enabled",
    "CHECKING": "enabled",
    "SUBSCRIBE_APP": "enabled",
    "REGISTER_NUMBERS": "enabled",
    "SYNC_BUSINESS_APP": "enabled",
    "METADATA": "enabled",
    "PARAMETER_WRITES_PER_SECOND": "2.5",
    "TOKEN_KEY_ID": "arn:aws:kms:eu-west-1:123456789012:key/1",
    "GRAPH_VERSION": "v26.0",
    "GRAPH_URL": "https://graph.facebook.com",
    "DIALOG_URL": "https://www.facebook.com",
    "PUBLIC_BASE_URL": "",
}


def test_benchmarks_know_every_setting() -> None:
    assert ENVIRON.keys() <= SETTINGS.keys()


def test_settings_come_from_the_environment() -> None:
    settings = Settings.from_environ(ENVIRON)
    assert settings.meta_app_id == "1234567890"
    assert settings.required_scopes == ("whatsapp_business_management", "whatsapp_business_messaging")
    assert settings.public_connect is True


@pytest.mark.parametrize("name", ENVIRON)
def test_a_missing_variable_is_named(name: str) -> None:
    with pytest.raises(KeyError, match=name):
        Settings.from_environ({key: value for key, value in ENVIRON.items() if key != name})


@pytest.mark.parametrize(
    "name",
    ["PUBLIC_CONNECT", "PUBLISHING", "CHECKING", "SUBSCRIBE_APP", "REGISTER_NUMBERS", "SYNC_BUSINESS_APP", "METADATA"],
)
@pytest.mark.parametrize("value", ["disabled", "paused", ""])
def test_a_switch_is_off_unless_enabled(name: str, value: str) -> None:
    assert getattr(Settings.from_environ(ENVIRON), name.lower()) is True
    assert getattr(Settings.from_environ(ENVIRON | {name: value}), name.lower()) is False


@pytest.mark.parametrize(
    ("base_url", "secure"),
    [("", True), ("https://connect.example.com", True), ("http://localhost:3000", False)],
)
def test_cookies_are_secure_except_on_plain_http(base_url: str, *, secure: bool) -> None:
    assert replace(Settings.from_environ(ENVIRON), public_base_url=base_url).secure_cookies is secure


def test_only_functions_that_are_not_behind_the_api_get_its_url() -> None:
    assert Settings.from_environ(ENVIRON).site_url == ""
    assert Settings.from_environ(ENVIRON | {"SITE_URL": "https://h"}).connect_url == "https://h/connect"

from dataclasses import replace

import pytest

from whatsapp_connect.config import Settings

ENVIRON = {
    "META_APP_ID": "1234567890",
    "PARAMETER_PREFIX": "/whatsapp-connect/test",
    "REQUIRED_SCOPES": "whatsapp_business_management,whatsapp_business_messaging",
    "LOGIN_CONFIG_ID": "",
    "PUBLIC_CONNECT": "enabled",
    "SUCCESS_URL": "",
    "STATE_TABLE": "states",
    "CONNECTION_TABLE": "connections",
    "LINK_TABLE": "links",
    "TOKEN_KEY_ID": "alias/aws/ssm",
    "GRAPH_VERSION": "v26.0",
    "GRAPH_URL": "https://graph.facebook.com",
    "DIALOG_URL": "https://www.facebook.com",
    "PUBLIC_BASE_URL": "",
}


def test_settings_come_from_the_environment() -> None:
    settings = Settings.from_environ(ENVIRON)
    assert settings.meta_app_id == "1234567890"
    assert settings.required_scopes == ("whatsapp_business_management", "whatsapp_business_messaging")
    assert settings.public_connect is True


@pytest.mark.parametrize("name", ENVIRON)
def test_a_missing_variable_is_named(name: str) -> None:
    with pytest.raises(KeyError, match=name):
        Settings.from_environ({key: value for key, value in ENVIRON.items() if key != name})


def test_public_connect_is_off_unless_enabled() -> None:
    assert Settings.from_environ(ENVIRON | {"PUBLIC_CONNECT": "disabled"}).public_connect is False


@pytest.mark.parametrize(
    ("base_url", "secure"),
    [("", True), ("https://connect.example.com", True), ("http://localhost:3000", False)],
)
def test_cookies_are_secure_except_on_plain_http(base_url: str, *, secure: bool) -> None:
    assert replace(Settings.from_environ(ENVIRON), public_base_url=base_url).secure_cookies is secure


def test_only_announce_is_told_the_connect_url() -> None:
    assert Settings.from_environ(ENVIRON).connect_url == ""
    assert (
        Settings.from_environ(ENVIRON | {"CONNECT_URL": "https://h/connect"}).connect_url
        == "https://h/connect"
    )

"""The dialog, what people choose there, and where they are sent."""

from urllib.parse import urlencode

import pytest
import requests

from tests.simulator.facebook_client import FacebookClient

SYSTEM_USER_LOGIN = {
    "scope": None,
    "config_id": "77",
    "response_type": "code",
    "override_default_response_type": "true",
}


def press(facebook: FacebookClient, url: str, **form: str | list[str]) -> str:
    answer = facebook.http.post(url, data={"person": "maria"} | form, allow_redirects=False)
    assert answer.status_code == 302
    return answer.headers["Location"]


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "999"},
        {"redirect_uri": "https://example.com/callback"},
        {"redirect_uri": "https://example.com/callback?tenant=1&more=1"},
        {"redirect_uri": "https://example.com/callback/?tenant=1"},
        {"redirect_uri": "https://www.example.com/callback?tenant=1"},
        {"scope": "whatsapp_business_management,made_up"},
        {"config_id": "unknown"},
        {"client_secret": "x"},
        {"response_type": "token"},
    ],
)
def test_a_misconfigured_login_ends_on_facebooks_own_page(facebook: FacebookClient, changes: dict[str, str]) -> None:
    answer = facebook.http.get(facebook.dialog_url(**changes), allow_redirects=False)
    assert answer.status_code == 400
    assert "Location" not in answer.headers
    assert answer.headers["Content-Type"].startswith("text/html")


def test_the_page_offers_what_was_asked_for_in_plain_forms(facebook: FacebookClient) -> None:
    page = facebook.http.get(facebook.dialog_url()).text
    assert "Facebook simulator:" in page
    assert "<script" not in page
    assert 'name="permission" value="whatsapp_business_management"' in page
    assert 'name="waba" value="300000000000001"' in page
    assert "Continue as Maria Bakker" in page
    assert ">Cancel</button>" in page


def test_another_person_can_be_picked(facebook: FacebookClient) -> None:
    page = facebook.http.post(facebook.dialog_url(), data={"person": "jonas", "action": "switch"}).text
    assert "Continue as Jonas Lind" in page
    assert 'value="300000000000004"' in page


def test_pressing_continue_sends_the_code_and_the_state_back_untouched(facebook: FacebookClient) -> None:
    state = '{"a"=b,ü+/% &}'
    location = press(
        facebook,
        facebook.dialog_url(state=state),
        action="continue",
        permission=["whatsapp_business_management"],
        waba=["300000000000001"],
    )
    assert location.startswith("https://example.com/callback?tenant=1&code=AQ")
    assert location.endswith(f"&{urlencode({'state': state})}#_=_")


def test_a_state_that_is_not_text_survives(facebook: FacebookClient) -> None:
    url = facebook.dialog_url(state=None) + "&state=%ff%00x"
    assert press(facebook, url, action="continue").endswith("&state=%FF%00x#_=_")


def test_cancel_speaks_the_first_dialect(facebook: FacebookClient) -> None:
    assert press(facebook, facebook.dialog_url(), action="cancel") == (
        "https://example.com/callback?tenant=1&error=access_denied&error_code=200&error_reason=user_denied"
        "&error_description=Permissions+error&state=state-1#_=_"
    )


def test_looking_at_the_page_changes_nothing(facebook: FacebookClient) -> None:
    facebook.control("faults", endpoint="dialog", fault="dialog_error")
    crawler = {"User-Agent": "facebookexternalhit/1.1"}
    assert facebook.http.head(facebook.dialog_url(), headers=crawler).status_code == 200
    assert len(facebook.http.get(f"{facebook.url}/_control/faults").json()["faults"]) == 1


@pytest.mark.parametrize("code", [1349168, 1349048, 1349126, 1349220, 1349186, 1349245, 4201])
@pytest.mark.parametrize("with_state", [True, False])
def test_the_dialog_can_send_back_an_error_in_the_second_dialect(
    facebook: FacebookClient, code: int, *, with_state: bool
) -> None:
    facebook.control("faults", endpoint="dialog", fault="dialog_error", code=code, with_state=with_state)
    answer = facebook.login()
    assert answer.pop("error_code") == str(code)
    assert answer.pop("error_message")
    assert answer == {"tenant": "1"} | ({"state": "state-1"} if with_state else {})


def test_a_browser_is_sent_back_with_a_dialog_error_too(facebook: FacebookClient) -> None:
    facebook.control("faults", endpoint="dialog", fault="dialog_error", code=1349220)
    answer = facebook.http.get(facebook.dialog_url(), allow_redirects=False)
    assert "error_code=1349220" in answer.headers["Location"]


def test_a_person_can_come_back_with_nothing(facebook: FacebookClient) -> None:
    facebook.control("faults", endpoint="dialog", fault="bare_redirect")
    assert facebook.login() == {"tenant": "1"}


def test_dialog_can_return_undocumented_parameters(facebook: FacebookClient) -> None:
    facebook.control("faults", endpoint="dialog", fault="extra_parameters")
    assert {"code", "state", "iss", "unheard_of"} <= facebook.login().keys()


def test_granted_scopes_are_listed_when_asked_for(facebook: FacebookClient) -> None:
    answer = facebook.login(facebook.dialog_url(response_type="code granted_scopes"))
    assert answer["granted_scopes"] == f"public_profile,{SCOPES_GRANTED}"


SCOPES_GRANTED = "whatsapp_business_management,whatsapp_business_messaging"


def test_a_declined_permission_is_not_asked_for_again(facebook: FacebookClient) -> None:
    declining = facebook.code(permissions=["whatsapp_business_management"])
    token = facebook.exchange(declining)["access_token"]
    assert "whatsapp_business_messaging" not in facebook.scopes(token)
    assert {"permission": "whatsapp_business_messaging", "status": "declined"} in facebook.get(
        "me/permissions", token
    ).json()["data"]

    assert 'value="whatsapp_business_messaging"' not in facebook.http.get(facebook.dialog_url()).text
    again = facebook.exchange(facebook.code())["access_token"]
    assert "whatsapp_business_messaging" not in facebook.scopes(again)

    rerequest = facebook.dialog_url(auth_type="rerequest")
    assert 'value="whatsapp_business_messaging"' in facebook.http.get(rerequest).text
    granted = facebook.exchange(facebook.code(rerequest))["access_token"]
    assert "whatsapp_business_messaging" in facebook.scopes(granted)
    assert "whatsapp_business_messaging" not in facebook.scopes(again)


def test_the_newest_account_comes_first(facebook: FacebookClient) -> None:
    facebook.code(person="jonas", wabas=["300000000000002"])
    code = facebook.code(person="jonas", wabas=["300000000000002", "300000000000004"])
    granular = facebook.debug(facebook.exchange(code)["access_token"])["granular_scopes"]
    targets = {one["scope"]: one.get("target_ids") for one in granular}
    assert targets["whatsapp_business_management"] == ["300000000000004", "300000000000002"]
    assert "public_profile" not in targets


def test_a_configuration_makes_system_user_tokens_that_never_expire(facebook: FacebookClient) -> None:
    facebook.control("app", configurations={"77": {"token_type": "SYSTEM_USER"}})
    body = facebook.exchange(facebook.code(facebook.dialog_url(**SYSTEM_USER_LOGIN)))
    assert body.keys() == {"access_token", "token_type"}
    data = facebook.debug(body["access_token"])
    assert (data["type"], data["expires_at"], data["data_access_expires_at"]) == ("SYSTEM_USER", 0, 0)
    me = facebook.get("me", body["access_token"], fields="client_business_id").json()
    assert me == {"client_business_id": "200000000000001", "id": data["user_id"]}


@pytest.mark.parametrize("left_out", ["response_type", "override_default_response_type"])
def test_a_system_user_configuration_insists_on_its_parameters(facebook: FacebookClient, left_out: str) -> None:
    facebook.control("app", configurations={"77": {"token_type": "SYSTEM_USER"}})
    url = facebook.dialog_url(**SYSTEM_USER_LOGIN | {left_out: None})
    assert facebook.http.get(url).status_code == 400


def test_configuration_grants_everything_or_nothing(facebook: FacebookClient) -> None:
    facebook.control("app", configurations={"77": {"token_type": "USER"}})
    url = facebook.dialog_url(scope=None, config_id="77")
    assert 'name="permission"' not in facebook.http.get(url).text
    assert facebook.login(url, permissions=["whatsapp_business_management"])["error_reason"] == "user_denied"
    token = facebook.exchange(facebook.code(url))["access_token"]
    assert facebook.debug(token)["type"] == "USER"


def test_an_app_in_development_turns_strangers_away(facebook: FacebookClient) -> None:
    facebook.control("app", development=True, roles=["jonas"], configurations={"77": {"token_type": "SYSTEM_USER"}})
    business_login = facebook.dialog_url(**SYSTEM_USER_LOGIN)
    assert facebook.login(business_login)["error"] == "access_denied"
    assert facebook.login()["error_code"] == "1349126"
    assert "code" in facebook.login(business_login, person="jonas")


def test_a_person_without_a_business_cannot_share_one(facebook: FacebookClient) -> None:
    facebook.control("app", configurations={"77": {"token_type": "SYSTEM_USER"}})
    url = facebook.dialog_url(**SYSTEM_USER_LOGIN)
    page = facebook.http.post(url, data={"person": "priya", "action": "switch"}).text
    assert "Continue as" not in page
    assert "has no WhatsApp account" in page
    assert press(facebook, url, person="priya", action="cancel").count("user_denied") == 1


def test_names_are_escaped(facebook: FacebookClient) -> None:
    facebook.control("app", name="<b>bold</b>")
    assert "<b>bold" not in requests.get(facebook.dialog_url(), timeout=5).text

"""What clients of the Cloud API do with a number and an account beside sending: profile, settings, templates, media."""

import hashlib

from tests.simulator.facebook_client import FacebookClient, error
from tests.simulator.receiver import Receiver
from tests.support.people import BAKERY

PHONE = "400000000000001"
STRANGERS_PHONE = "400000000000901"


def test_profile_is_shown_as_it_was_changed(facebook: FacebookClient) -> None:
    token, path = facebook.token(), f"{PHONE}/whatsapp_business_profile"
    assert error(facebook.post(path, token, about="Fresh bread")) == (400, 100, None)
    assert facebook.post(path, token, messaging_product="whatsapp", about="Fresh bread").json() == {"success": True}
    (profile,) = facebook.get(path, token, fields="about").json()["data"]
    assert profile == {"about": "Fresh bread", "messaging_product": "whatsapp"}
    assert error(facebook.get(path, token, fields="shoe_size")) == (400, 100, None)


def test_settings_are_shown_as_they_were_changed(facebook: FacebookClient) -> None:
    token, path = facebook.token(), f"{PHONE}/settings"
    assert facebook.post(path, token, calling={"status": "ENABLED"}).json() == {"success": True}
    assert facebook.get(path, token).json()["calling"] == {"status": "ENABLED"}


def test_number_can_have_a_webhook_and_another_pin(facebook: FacebookClient, receiver: Receiver) -> None:
    token, webhook = facebook.token(), f"{receiver.url}/whatsapp"
    for verify_token, status in (("wrong", 400), (receiver.verify_token, 200)):
        override = {"override_callback_uri": webhook, "verify_token": verify_token}
        assert facebook.post(PHONE, token, webhook_configuration=override).status_code == status
    assert facebook.get(PHONE, token).json()["webhook_configuration"]["phone_number"] == webhook
    assert facebook.post(PHONE, token, webhook_configuration={"override_callback_uri": ""}).ok
    assert "phone_number" not in facebook.get(PHONE, token).json()["webhook_configuration"]
    assert error(facebook.post(PHONE, token, pin="1")) == (400, 100, None)
    assert facebook.post(PHONE, token, pin="222222").ok
    assert facebook.post(f"{PHONE}/register", token, messaging_product="whatsapp", pin="222222").ok


def test_template_is_created_listed_and_deleted(facebook: FacebookClient) -> None:
    token, path = facebook.token(), f"{BAKERY}/message_templates"
    assert error(facebook.post(path, token, name="hello")) == (400, 100, None)
    created = facebook.post(path, token, name="hello", language="en_US", category="UTILITY").json()
    assert (created["status"], created["category"]) == ("PENDING", "UTILITY")
    (template,) = facebook.get(path, token, fields="name,status").json()["data"]
    assert template == {"name": "hello", "status": "PENDING", "id": created["id"]}
    assert facebook.http.delete(f"{facebook.url}/v26.0/{path}", params={"access_token": token, "name": "hello"}).ok
    assert facebook.get(path, token).json() == {"data": []}


def test_file_is_uploaded_downloaded_and_deleted(facebook: FacebookClient) -> None:
    token, bread = facebook.token(), b"bread"
    answer = facebook.http.post(
        f"{facebook.url}/v26.0/{PHONE}/media",
        data={"messaging_product": "whatsapp", "access_token": token},
        files={"file": ("bread.png", bread, "image/png")},
    )
    media_id = answer.json()["id"]
    about = facebook.get(media_id, token).json()
    assert (about["mime_type"], about["file_size"]) == ("image/png", len(bread))
    assert about["sha256"] == hashlib.sha256(bread).hexdigest()
    assert facebook.http.get(about["url"]).status_code == 400
    assert facebook.http.get(about["url"], headers={"Authorization": f"Bearer {token}"}).content == bread
    stranger = facebook.token(person="jonas")
    assert error(facebook.get(media_id, stranger)) == (400, 100, 33)
    assert error(facebook.http.get(about["url"], headers={"Authorization": f"Bearer {stranger}"})) == (400, 100, 33)
    assert error(facebook.delete(media_id, stranger)) == (400, 100, 33)
    assert facebook.delete(media_id, token).json() == {"success": True}
    assert error(facebook.get(media_id, token)) == (400, 100, 33)


def test_message_is_marked_as_read(facebook: FacebookClient) -> None:
    token, read = facebook.token(), {"messaging_product": "whatsapp", "status": "read"}
    assert facebook.post(f"{PHONE}/messages", token, **read, message_id="wamid.x").json() == {"success": True}
    assert error(facebook.post(f"{PHONE}/messages", token, **read)) == (400, 100, None)
    assert facebook.http.get(f"{facebook.url}/_control/messages").json() == {"messages": []}


def test_number_that_the_token_does_not_reach(facebook: FacebookClient) -> None:
    token = facebook.token()
    for path in (f"{STRANGERS_PHONE}/whatsapp_business_profile", f"{STRANGERS_PHONE}/settings"):
        assert error(facebook.get(path, token)) == (400, 100, 33)
    assert error(facebook.post(STRANGERS_PHONE, token, pin="222222")) == (400, 100, 33)
    assert error(facebook.get("300000000000099/message_templates", token)) == (400, 100, 33)

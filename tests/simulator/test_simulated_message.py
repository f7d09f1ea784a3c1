"""Messages sent with a token."""

import base64

import pytest
import requests

from tests.simulator.facebook_client import FacebookClient

PHONE = "400000000000001"
STRANGERS_PHONE = "400000000000901"
TEXT = {"messaging_product": "whatsapp", "to": "+1 (202) 555-0123", "type": "text", "text": {"body": "Hello"}}


def send(facebook: FacebookClient, token: str, body: object = TEXT, phone: str = PHONE) -> requests.Response:
    return facebook.http.post(
        f"{facebook.url}/v26.0/{phone}/messages", json=body, headers={"Authorization": f"Bearer {token}"}
    )


def test_message_is_accepted(facebook: FacebookClient) -> None:
    answer = send(facebook, facebook.token())
    assert answer.status_code == 200
    body = answer.json()
    message_id = body["messages"][0]["id"]
    assert body == {
        "messaging_product": "whatsapp",
        "contacts": [{"input": "+1 (202) 555-0123", "wa_id": "12025550123"}],
        "messages": [{"id": message_id}],
    }
    kind, _, rest = message_id.partition(".")
    assert kind == "wamid"
    assert base64.b64decode(rest, validate=True)


def test_template_message_is_accepted(facebook: FacebookClient) -> None:
    template = {"name": "hello_world", "language": {"code": "en_US"}}
    body = {"messaging_product": "whatsapp", "to": "12025550123", "type": "template", "template": template}
    (message,) = send(facebook, facebook.token(), body).json()["messages"]
    assert message["message_status"] == "accepted"


def test_sent_messages_are_listed(facebook: FacebookClient) -> None:
    sent_id = send(facebook, facebook.token()).json()["messages"][0]["id"]
    url = f"{facebook.url}/_control/messages"
    assert facebook.http.get(url).json()["messages"] == [
        {"id": sent_id, "phone_number_id": PHONE, "user_id": "122100000000000001", **TEXT}
    ]
    assert facebook.http.delete(url).json() == {"messages": []}


@pytest.mark.parametrize("lifetime", [-5, None])
def test_a_bad_token_is_401(facebook: FacebookClient, lifetime: int | None) -> None:
    token = facebook.token(lifetime=lifetime) if lifetime else "EAAnever"
    answer = send(facebook, token)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, 190)


@pytest.mark.parametrize("phone", ["42", STRANGERS_PHONE])
def test_another_number_might_as_well_not_exist(facebook: FacebookClient, phone: str) -> None:
    answer = send(facebook, facebook.token(), phone=phone)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["error_subcode"], error["type"]) == (
        400,
        100,
        33,
        "GraphMethodException",
    )


def test_sending_needs_its_permission(facebook: FacebookClient) -> None:
    answer = send(facebook, facebook.token(scopes=["whatsapp_business_management"]))
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, 10)


@pytest.mark.parametrize(
    "body",
    [
        {**TEXT, "messaging_product": "sms"},
        {key: value for key, value in TEXT.items() if key != "to"},
        {**TEXT, "type": "telegram"},
        {**TEXT, "text": {}},
        {**TEXT, "text": "Hello"},
        {**TEXT, "type": "image"},
        {},
        [],
    ],
)
def test_malformed_message_is_refused(facebook: FacebookClient, body: object) -> None:
    answer = send(facebook, facebook.token(), body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, 100)
    assert facebook.http.get(f"{facebook.url}/_control/messages").json() == {"messages": []}


def test_sending_can_be_made_to_fail(facebook: FacebookClient) -> None:
    facebook.control("faults", endpoint="messages", fault="throttled_waba")
    assert send(facebook, facebook.token()).json()["error"]["code"] == 80007
    assert send(facebook, facebook.token()).ok

"""Connect links through the stack's function, which is a server of the test's own."""

import pickle

import pytest
from botocore.exceptions import ClientError

from tests.client.functions import Function
from whatsapp_connect_reader import ConnectLink, LinkCreator, LinkNotCreated, LinkRefused
from whatsapp_connect_reader.links import _make_client

NAME = "whatsapp-connect-CreateLink"


def test_function_is_invoked_once_and_waited_for(function: Function) -> None:
    link = LinkCreator(NAME).create("acme", label="Acme", uses=2)
    assert function.paths == [f"/2015-03-31/functions/{NAME}/invocations"]
    assert function.types == ["RequestResponse"]
    assert function.inputs == [{"connection_id": "acme", "label": "Acme", "uses": 2}]
    assert link.url == "https://c.example/connect/s3cret"


def test_choice_of_no_feature_is_not_the_choice_of_the_stack(function: Function) -> None:
    links = LinkCreator(NAME)
    links.create("acme", signup="embedded", signup_features=())
    links.create("acme", signup_features=("app_only_install",))
    assert function.inputs == [
        {"connection_id": "acme", "signup": "embedded", "signup_features": []},
        {"connection_id": "acme", "signup_features": ["app_only_install"]},
    ]


def test_url_is_not_in_the_repr(function: Function) -> None:
    link = LinkCreator(NAME).create("acme")
    assert isinstance(link, ConnectLink)
    assert "s3cret" not in repr(link) + str(link)


def test_own_client_waits_half_a_minute_and_repeats_nothing(function: Function) -> None:
    assert _make_client().meta.config.read_timeout == 30  # type: ignore[attr-defined]  # its stubs lack this
    function.status, function.answer = 500, b'{"Type": "Service", "Message": "trouble"}'
    function.headers = {"X-Amzn-ErrorType": "ServiceException"}
    with pytest.raises(ClientError):
        LinkCreator(NAME).create("acme")
    assert len(function.paths) == 1


def test_client_that_is_given_is_used(function: Function, monkeypatch: pytest.MonkeyPatch) -> None:
    client = _make_client()
    monkeypatch.delenv("AWS_ENDPOINT_URL_LAMBDA")
    monkeypatch.setattr("boto3.client", None)
    assert LinkCreator(NAME, client=client).create("acme").link_id == "0123456789abcdef"


def test_answer_that_is_not_json_is_no_link(function: Function) -> None:
    function.answer = b"\xff"
    with pytest.raises(LinkNotCreated):
        LinkCreator(NAME).create("acme")


def test_refusal_says_which_value_is_not_valid(function: Function) -> None:
    function.answer = b'{"error": "invalid-input", "field": "uses", "message": "Uses must be from 1 to 1000."}'
    with pytest.raises(LinkRefused) as caught:
        LinkCreator(NAME).create("acme", uses=0)
    assert str(caught.value) == "no link was made (invalid-input, uses): Uses must be from 1 to 1000."


def test_exceptions_of_links_survive_being_sent_to_another_process() -> None:
    refused = pickle.loads(pickle.dumps(LinkRefused("invalid-input", "uses", "uses must be from 1 to 1000.")))
    assert (refused.code, refused.field, refused.message) == ("invalid-input", "uses", "uses must be from 1 to 1000.")
    assert pickle.loads(pickle.dumps(LinkNotCreated("ClientError"))).error_type == "ClientError"

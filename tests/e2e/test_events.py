"""The requests in events/, as they are, sent to the deployed functions."""

import json
from html import escape
from typing import Any

import pytest

from local.place import ROOT
from local.stack import Stack
from tests.support.browser import ENDS

pytestmark = pytest.mark.emulator


def invoke(stack: Stack, function: str, event: str) -> dict[str, Any]:
    functions = stack.session.client("lambda", endpoint_url=stack.endpoint_url)
    payload = (ROOT / "events" / f"{event}.json").read_bytes()
    response = functions.invoke(FunctionName=stack.resources[function], Payload=payload)
    answer: dict[str, Any] = json.loads(response["Payload"].read())
    return answer


@pytest.mark.parametrize(
    ("event", "asks_again"), [("authorize", False), ("authorize-rerequest", True)], ids=["first", "again"]
)
def test_authorize_event_leads_to_the_dialog(stack: Stack, event: str, *, asks_again: bool) -> None:
    answer = invoke(stack, "AuthorizeFunction", event)
    assert answer["statusCode"] == 302
    assert answer["headers"]["Location"].startswith(f"{stack.facebook_url}/")
    assert ("auth_type=rerequest" in answer["headers"]["Location"]) == asks_again


def test_preview_event_is_shown_a_page_and_given_no_state(stack: Stack) -> None:
    answer = invoke(stack, "AuthorizeFunction", "authorize-preview")
    assert (answer["statusCode"], answer.get("cookies", [])) == (200, [])


@pytest.mark.parametrize(
    ("event", "end"),
    [
        ("callback", "connected"),
        ("callback-declined", "declined"),
        ("callback-empty", "empty-callback"),
        ("callback-url-blocked", "redirect-uri-refused"),
        ("callback-without-cookie", "cookie-missing"),
    ],
)
def test_callback_event_ends_with_its_page(stack: Stack, event: str, end: str) -> None:
    assert stack.sample
    stack.sample.store()
    answer = invoke(stack, "CallbackFunction", event)
    assert answer["statusCode"] == ENDS[end].status
    assert f"<title>{escape(ENDS[end].title)} - " in answer["body"]

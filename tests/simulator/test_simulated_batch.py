"""Batch requests."""

import json
from typing import Any

import requests

from tests.simulator.facebook_client import APP_TOKEN, FacebookClient, error
from tests.support.people import BAKERY, MARIA


def batch(facebook: FacebookClient, token: str, *calls: dict[str, str]) -> requests.Response:
    form = {"access_token": token, "batch": json.dumps(calls)}
    return facebook.http.post(f"{facebook.url}/v26.0/", data=form)


def test_each_call_has_its_own_answer(facebook: FacebookClient) -> None:
    calls = (
        {"method": "GET", "relative_url": "me?fields=id"},
        {"method": "GET", "relative_url": "v25.0/42/phone_numbers"},
        {"method": "POST", "relative_url": f"{BAKERY}/subscribed_apps", "body": ""},
    )
    answers: list[dict[str, Any]] = batch(facebook, facebook.token(), *calls).json()
    assert [one["code"] for one in answers] == [200, 400, 200]
    assert json.loads(answers[0]["body"]) == {"id": MARIA}
    assert json.loads(answers[1]["body"])["error"]["error_subcode"] == 33
    versions = [one["value"] for one in answers[1]["headers"] if one["name"] == "facebook-api-version"]
    assert versions == ["v25.0"]
    apps = facebook.get(f"{BAKERY}/subscribed_apps", facebook.token()).json()["data"]
    assert len(apps) == 1


def test_calls_of_a_batch_can_fail_by_order(facebook: FacebookClient) -> None:
    facebook.control("faults", endpoint="me", fault="throttled_app")
    call = {"method": "GET", "relative_url": "me"}
    answers = batch(facebook, facebook.token(), call, call).json()
    assert [one["code"] for one in answers] == [400, 200]


def test_invalid_batch_is_refused(facebook: FacebookClient) -> None:
    call = {"method": "GET", "relative_url": "me"}
    assert error(batch(facebook, APP_TOKEN, *[call] * 51)) == (400, 100, None)
    assert error(facebook.http.post(f"{facebook.url}/v26.0", data={"access_token": APP_TOKEN})) == (400, 100, None)
    assert error(batch(facebook, "EAAnever", call)) == (400, 190, None)

"""The page before Embedded Signup, without a browser: what it allows, and what Facebook is told."""

import json
import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html import unescape
from typing import Any

import pytest

from tests.support.every_page import SHOP, SIGNUP
from whatsapp_connect import languages
from whatsapp_connect.languages.en import LANGUAGE as ENGLISH
from whatsapp_connect.pages import Pages
from whatsapp_connect.responses import Response
from whatsapp_connect.signup_page import FIELDS, SignupPage


def page(signup: SignupPage = SIGNUP, tag: str = "en") -> Response:
    return Pages(SHOP).start(
        languages.load(tag), href="?click=x", url="https://h.example/connect/abc", query={}, signup=signup
    )


def directives(signup: SignupPage = SIGNUP) -> dict[str, list[str]]:
    policy = page(signup)["headers"]["Content-Security-Policy"].split("; ")
    return {name: sources for name, *sources in (directive.split() for directive in policy)}


def options(signup: SignupPage = SIGNUP) -> dict[str, Any]:
    (text,) = re.findall('data-options="([^"]*)"', page(signup)["body"])
    read: dict[str, Any] = json.loads(unescape(text))
    return read


def test_the_policy_allows_two_scripts_and_nothing_inline_but_ours() -> None:
    inline, sdk = re.findall(r"<script([^>]*)>(.*?)</script>", page()["body"], re.DOTALL)
    digest = b64encode(sha256(inline[1].encode()).digest()).decode()
    assert directives()["script-src"] == [f"'sha256-{digest}'", "https://connect.facebook.net"]
    assert sdk == (' async crossorigin="anonymous" src="https://connect.facebook.net/en_US/sdk.js"', "")


def test_the_policy_names_every_host() -> None:
    assert directives().keys() == {
        "default-src",
        "script-src",
        "style-src",
        "img-src",
        "base-uri",
        "form-action",
        "frame-ancestors",
    }
    assert (directives()["default-src"], directives()["frame-ancestors"]) == (["'none'"], ["'none'"])
    sources = [source for listed in directives().values() for source in listed]
    assert not any("unsafe" in source or "*" in source or source == "https:" for source in sources)


def test_the_form_may_lead_back_to_the_service_only() -> None:
    assert directives()["form-action"] == ["'self'", "https://shop.example"]
    assert directives(replace(SIGNUP, return_origin=""))["form-action"] == ["'self'"]


def test_a_local_run_allows_its_simulator_and_not_facebook() -> None:
    simulator = "http://localhost:4000"
    local = replace(SIGNUP, sdk_url=simulator, dialog_url=simulator)
    assert "facebook" not in page(local)["headers"]["Content-Security-Policy"]
    assert simulator in directives(local)["script-src"]


def test_facebook_is_told_the_origin_and_not_the_link() -> None:
    assert page()["headers"]["Referrer-Policy"] == "strict-origin"
    # The SDK's default is the address of the page.
    assert options()["fallback_redirect_uri"] == "https://h.example/callback"


@pytest.mark.parametrize(
    ("features", "extras"),
    [
        ((), {}),
        (("whatsapp_business_app_onboarding",), {"featureType": "whatsapp_business_app_onboarding"}),
        (("app_only_install",), {"features": [{"name": "app_only_install"}]}),
        (
            ("app_only_install", "whatsapp_business_app_onboarding"),
            {"featureType": "whatsapp_business_app_onboarding", "features": [{"name": "app_only_install"}]},
        ),
    ],
)
def test_features_become_extras(features: tuple[str, ...], extras: dict[str, Any]) -> None:
    expected = {"version": "v4", "sessionInfoVersion": "3", "setup": {}} | extras
    assert options(replace(SIGNUP, features=features))["extras"] == expected


def test_the_phone_is_named_only_if_its_number_can_stay_in_the_app() -> None:
    assert ENGLISH.texts["signup.phone"] in page()["body"]
    assert ENGLISH.texts["signup.phone"] not in page(replace(SIGNUP, features=()))["body"]


def test_without_the_script_the_button_leads_to_facebook_by_redirect() -> None:
    (button,) = re.findall(r'<a class="button" href="([^"]*)"', page()["body"])
    assert button == "?click=x"


def test_the_page_posts_the_state_and_what_it_was_told() -> None:
    (form,) = re.findall("<form.*?</form>", page()["body"], re.DOTALL)
    assert 'method="post" action="/callback/signup"' in form
    assert re.findall(r'name="(\w+)"', form) == ["state", *FIELDS]
    assert f'name="state" value="{SIGNUP.state}"' in form


@pytest.mark.parametrize("tag", languages.NAMES)
def test_the_window_of_facebook_is_in_the_language_of_the_page(tag: str) -> None:
    (locale,) = re.findall(r"facebook\.net/([a-z]{2}_[A-Z]{2})/sdk\.js", page(tag=tag)["body"])
    assert locale[:2] == tag[:2]

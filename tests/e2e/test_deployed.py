"""The deployed stack, spoken to over HTTP."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from facebook_simulator.world import Account, Business, Person, Phone
from tests.support.people import JONAS
from tests.support.site import Site

pytestmark = pytest.mark.emulator

FUNCTIONS = ("AuthorizeFunction", "CallbackFunction", "PublishFunction")


def test_only_the_routes_of_the_template_are_there(site: Site) -> None:
    def status(method: str, path: str) -> int:
        url = f"{site.base_url}{path}"
        return requests.request(method, url, allow_redirects=False, timeout=30).status_code

    assert (status("GET", "/connect"), status("HEAD", "/connect")) == (302, 200)
    assert (status("PUT", "/connect"), status("POST", "/connect")) == (404, 404)
    assert (status("GET", "/callback"), status("HEAD", "/callback")) == (400, 200)
    assert (status("GET", "/"), status("HEAD", "/"), status("POST", "/")) == (200, 200, 404)
    assert (status("GET", "/wp-login.php"), status("HEAD", "/wp-login.php")) == (404, 404)


def test_trailing_slash_is_removed(site: Site) -> None:
    page = requests.get(f"{site.base_url}/connect/?auth_type=rerequest", timeout=30)
    slash, dialog, *_ = page.history
    assert (slash.status_code, slash.headers["Location"]) == (308, "/connect?auth_type=rerequest")
    assert "auth_type=rerequest" in dialog.headers["Location"]
    told = requests.post(f"{site.base_url}/deauthorize/", data={"signed_request": "x"}, timeout=30)
    assert (told.status_code, told.request.method) == (400, "POST")


def test_a_login_stores_a_token_and_is_announced(site: Site) -> None:
    assert site.connect("jonas").status_code == 200
    announcement = site.announced(JONAS)
    name = announcement.detail["access_token_parameter"]
    assert str(announcement).startswith(f"{announcement.type}: {JONAS} (+")
    assert f"token in {name} until " in str(announcement)
    parameters = site.client("ssm")
    kept = parameters.get_parameter(Name=name, WithDecryption=True)["Parameter"]
    assert kept["Type"] == "SecureString"
    assert not any(kept["Value"] in line for function in FUNCTIONS for line in site.stack.logs(function))


def test_callbacks_at_once_send_the_code_once(site: Site) -> None:
    redirect = requests.get(f"{site.base_url}/connect", allow_redirects=False, timeout=60)
    location = site.facebook.log_in(redirect.headers["Location"], person="priya")
    cookies = redirect.cookies.get_dict()
    site.facebook.control("requests", method="DELETE")
    starting = threading.Barrier(6)

    def call_back() -> int:
        starting.wait()
        return requests.get(location, cookies=cookies, timeout=60).status_code

    with ThreadPoolExecutor(starting.parties) as browsers:
        statuses = [one.result() for one in [browsers.submit(call_back) for _ in range(starting.parties)]]
    assert set(statuses) == {200}
    assert site.facebook.exchanges == 1


def test_business_with_double_brackets_in_its_name_gets_metadata(site: Site) -> None:
    assert site.stack.facebook
    name, user_id = "{{summer}} sale", "122100000000000077"
    account = Account("300000000000077", name, (Phone("400000000000077", "+1 202-555-0177", name),))
    business = Business("200000000000077", name, "122100000000008077", (account,))
    state = site.stack.facebook.state
    before = state.people
    state.populate((*before, Person("summer", user_id, "Sam Summer", (business,))))
    assert site.connect("summer").status_code == 200
    state.populate(before)
    site.wait_until_published(user_id)
    assert site.metadata(user_id)["phone_numbers"][0]["verified_name"] == name


def test_pages_of_the_local_stack_may_use_the_sdk(site: Site) -> None:
    """So that a link with an embedded sign-up works with `make run`."""
    assert site.stack.facebook
    app = site.stack.facebook.state.apps[site.stack.parameters["MetaAppId"]]
    assert app.sdk_login
    assert site.base_url in app.sdk_domains

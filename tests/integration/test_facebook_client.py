"""The Graph API client, on the simulator."""

from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from tests.support import stack
from tests.support.facebook import Facebook
from tests.support.people import BAKERY
from whatsapp_connect.accounts import AccountFinder
from whatsapp_connect.app_secret import AppSecrets
from whatsapp_connect.errors import (
    AccountUnknownError,
    FacebookError,
    FacebookUnavailableError,
    LoginError,
    SetupError,
    TokenRefusedError,
)
from whatsapp_connect.facebook import FacebookClient
from whatsapp_connect.graph import GraphClient
from whatsapp_connect.model import AccessToken
from whatsapp_connect.whatsapp import WhatsAppClient

STRANGER = "300000000000099"


def make_graph(facebook: Facebook, *secrets: str) -> GraphClient:
    """Return a client that finds these app secrets."""
    found = AppSecrets(values=secrets or (stack.APP_SECRET,), ignored=())
    return GraphClient(
        url=facebook.url,
        version="v26.0",
        app_id=stack.APP_ID,
        app_secrets=lambda *, again: found,  # noqa: ARG005
    )


def make_client(facebook: Facebook, *secrets: str) -> FacebookClient:
    return FacebookClient(make_graph(facebook, *secrets))


@pytest.fixture
def client(facebook: Facebook) -> FacebookClient:
    return make_client(facebook)


@pytest.fixture
def whatsapp(facebook: Facebook) -> WhatsAppClient:
    return WhatsAppClient(make_graph(facebook))


def token(facebook: Facebook, **about: Any) -> AccessToken:
    return AccessToken(value=facebook.control("tokens", about)["access_token"], expires_in=None)


def soon() -> float:
    return monotonic() + 10


def requests_made(facebook: Facebook) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = facebook.control("requests", method="GET")["requests"]
    return made


def test_a_code_and_the_secret_travel_in_the_body(client: FacebookClient, facebook: Facebook) -> None:
    code = facebook.control("codes", {"redirect_uri": stack.REDIRECT_URI})["code"]
    got = client.exchange_code(code, redirect_uri=stack.REDIRECT_URI, deadline=soon())
    assert got.expires_in == 5000
    assert got.value not in repr(got)
    (request,) = requests_made(facebook)
    assert (request["method"], request["path"], request["version"]) == (
        "POST",
        "/oauth/access_token",
        "v26.0",
    )


def test_a_token_is_replaced_by_the_longer_one(client: FacebookClient, facebook: Facebook) -> None:
    before = token(facebook, lifetime=5000)
    after = client.extend(before, deadline=soon())
    assert after.value != before.value
    assert after.expires_in == 5_183_944


@pytest.mark.parametrize("lifetime", [-60, 0, 5000])
def test_the_debugger_tells_what_a_token_is(client: FacebookClient, facebook: Facebook, lifetime: int) -> None:
    found = client.debug(token(facebook, lifetime=lifetime), deadline=soon())
    assert found.app_id == stack.APP_ID
    assert (found.is_valid, found.subcode) == ((True, None) if lifetime >= 0 else (False, 463))
    assert (found.expires_at == 0) == (lifetime == 0)
    assert found.target_ids == (BAKERY,)
    assert found.graph_version == "v26.0"
    (request,) = requests_made(facebook)
    assert request["has_token"] == "header"


@pytest.mark.parametrize(
    ("reason", "subcode"),
    [("app_removed", 458), ("checkpoint", 459), ("password_changed", 460), ("logged_out", 467)],
)
def test_why_a_token_died_is_a_number(client: FacebookClient, facebook: Facebook, reason: str, subcode: int) -> None:
    dead = token(facebook)
    facebook.control("tokens/invalidate", {"access_token": dead.value, "reason": reason})
    found = client.debug(dead, deadline=soon())
    assert (found.is_valid, found.subcode) == (False, subcode)
    with pytest.raises(TokenRefusedError) as refusal:
        client.extend(dead, deadline=soon())
    assert refusal.value.fields["facebook_subcode"] == subcode
    assert dead.value not in str(vars(refusal.value))


def test_token_of_another_app_has_its_own_error(client: FacebookClient, facebook: Facebook) -> None:
    facebook.control("app", {"id": "999"})
    with pytest.raises(TokenRefusedError) as refusal:
        client.debug(token(facebook, app_id="999"), deadline=soon())
    assert refusal.value.reason == "token-of-another-app"


def test_wrong_secret_is_a_setup_error_in_every_call(facebook: Facebook) -> None:
    client = make_client(facebook, "f" * 32)
    mine = token(facebook)
    code = facebook.control("codes", {"redirect_uri": stack.REDIRECT_URI})["code"]
    for call in (
        lambda: client.exchange_code(code, redirect_uri=stack.REDIRECT_URI, deadline=soon()),
        lambda: client.extend(mine, deadline=soon()),
        lambda: client.debug(mine, deadline=soon()),
    ):
        with pytest.raises(SetupError) as refusal:
            call()
        assert refusal.value.reason == "app-secret-wrong"


def test_calls_about_accounts_are_signed(whatsapp: WhatsAppClient, facebook: Facebook) -> None:
    facebook.control("app", {"require_app_secret": True})
    number, _ = whatsapp.phone_numbers(BAKERY, token(facebook), deadline=soon())
    assert (number.id, number.display_phone_number, number.verified_name) == (
        "400000000000001",
        "+1 202-555-0100",
        "Corner Bakery",
    )
    (request,) = requests_made(facebook)
    assert (request["has_token"], request["has_proof"]) == ("header", True)


def test_account_of_another_person_does_not_exist_for_the_token(whatsapp: WhatsAppClient, facebook: Facebook) -> None:
    with pytest.raises(AccountUnknownError) as refusal:
        whatsapp.phone_numbers(STRANGER, token(facebook), deadline=soon())
    assert refusal.value.is_missing


def test_after_a_rest_the_exchange_gets_a_new_connection(
    client: FacebookClient, facebook: Facebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = token(facebook)
    client.debug(mine, deadline=soon())
    monkeypatch.setattr("whatsapp_connect.graph.monotonic", lambda: monotonic() + 16)
    code = facebook.control("codes", {"redirect_uri": stack.REDIRECT_URI})["code"]
    client.exchange_code(code, redirect_uri=stack.REDIRECT_URI, deadline=soon() + 16)
    client.debug(mine, deadline=soon() + 16)
    first, second, third = (request["connection"] for request in requests_made(facebook))
    assert first != second == third


def test_retries_stop_where_the_time_does(client: FacebookClient, facebook: Facebook, pauses: list[float]) -> None:
    facebook.fail("debug_token", "server_error", times=3)
    with pytest.raises(FacebookUnavailableError):
        client.debug(token(facebook), deadline=monotonic() + 1)
    assert facebook.inspections == 1
    assert pauses == []


def test_an_answer_of_ten_megabytes_is_not_read_to_its_end(
    client: FacebookClient, facebook: Facebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    monkeypatch.setattr("whatsapp_connect.facebook_responses.json_object", lambda body: sizes.append(len(body)))
    facebook.fail("debug_token", "huge")
    with pytest.raises(FacebookError):
        client.debug(token(facebook), deadline=soon())
    assert 0 < sizes[0] < 500_000


@pytest.mark.parametrize("data", [None, 7, {}, "text", [None, {"id": 4}]])
def test_malformed_list_of_phone_numbers_does_not_crash(
    facebook: Facebook, monkeypatch: pytest.MonkeyPatch, data: object
) -> None:
    graph = make_graph(facebook)
    monkeypatch.setattr(graph, "call", lambda *_, **__: {"data": data, "_version": ""})
    try:
        found = WhatsAppClient(graph).phone_numbers(BAKERY, AccessToken(value="EAA", expires_in=None), deadline=soon())
    except LoginError:
        return
    assert len(found) <= 1


def test_an_environments_proxy_and_netrc_are_not_used(
    whatsapp: WhatsAppClient, facebook: Facebook, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    mine, netrc = token(facebook), tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))  # would replace the token in the Authorization header
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert whatsapp.phone_numbers(BAKERY, mine, deadline=soon())


def test_an_account_that_is_refused_does_not_hide_the_others(whatsapp: WhatsAppClient, facebook: Facebook) -> None:
    found = AccountFinder(whatsapp).prove([STRANGER, BAKERY], token(facebook), deadline=soon())
    assert [number.id for number in found.numbers[BAKERY]] == ["400000000000001", "400000000000002"]
    assert found.missing == {STRANGER}


def test_our_own_app_is_asked_about_with_its_own_token(client: FacebookClient, facebook: Facebook) -> None:
    facebook.control("debug-token", {"invalid": {}})  # which is about people's tokens
    assert client.check_app(deadline=soon()) == "v26.0"
    assert facebook.inspections == 1


@pytest.mark.parametrize(
    ("code", "subcode", "reason"),
    [
        (200, None, "app-blocked"),
        (5, None, "server-not-allowed"),
        (101, None, "app-id-wrong"),
        (190, None, "app-secret-wrong"),
        (0, None, "app-secret-wrong"),
        (1, None, "app-secret-wrong"),
        (1, 99, "facebook-unavailable"),
        (100, None, "app-secret-wrong"),
    ],
)
def test_trouble_of_our_app_is_named(
    client: FacebookClient,
    facebook: Facebook,
    pauses: list[float],
    *,
    code: int,
    subcode: int | None,
    reason: str,
) -> None:
    facebook.fail("debug_token", "graph_error", code=code, subcode=subcode, times=None)
    with pytest.raises(LoginError) as refusal:
        client.check_app(deadline=soon())
    assert refusal.value.reason == reason
    assert bool(pauses) is (reason == "facebook-unavailable")


def test_secret_that_worked_last_is_tried_first(facebook: Facebook) -> None:
    client = make_client(facebook, "f" * 32, stack.APP_SECRET)
    mine = token(facebook)
    for asked in (2, 3, 4):
        assert client.debug(mine, deadline=soon()).is_valid
        assert facebook.inspections == asked

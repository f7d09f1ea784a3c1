"""The way back to the service that a person came from."""

from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.support import stack
from tests.support.browser import Reply, assert_ended
from tests.support.clock import DAY
from tests.support.people import MARIA
from tests.support.world import World

SHOP = "https://shop.example/done?tenant=7"


def hints(url: str) -> dict[str, str]:
    """Return what was added to the return URL."""
    parts = urlsplit(url)
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == "https://shop.example/done"
    query = dict(parse_qsl(parts.query))
    assert query.pop("tenant") == "7"
    return query


def second_button(reply: Reply) -> str:
    return reply.body.partition('class="button second" href="')[2].partition('"')[0].replace("&amp;", "&")


def test_connected_person_goes_back_at_once(world: World) -> None:
    reply = world.browser().finish(link=world.link("acme", return_url=SHOP))
    assert reply.status == 303
    (line,) = reply.logs("login ended")
    assert hints(reply.location) == {
        "connection_id": "acme",
        "status": "connected",
        "reason": "connected",
        "reference": line["reference"],
    }
    assert reply.location.endswith("#")  # or the browser adds Facebook's own fragment to the address
    assert "body" not in reply.response


def test_reload_goes_back_with_the_same_hints(world: World) -> None:
    person = world.browser()
    query = person.log_in(link=world.link("acme", return_url=SHOP))
    assert person.come_back(query).location == person.come_back(query).location


def test_person_whose_account_is_unknown_goes_back_and_the_service_is_told(world: World) -> None:
    person = world.browser()
    reply = person.come_back(person.log_in(link=world.link("acme", return_url=SHOP), person="priya"))
    assert reply.status == 303
    assert (hints(reply.location)["status"], hints(reply.location)["reason"]) == ("connected", "accounts-unknown")


@pytest.mark.parametrize(
    ("error", "status", "reason"),
    [("access_denied", "declined", "declined"), ("server_error", "failed", "facebook-unavailable")],
)
def test_other_end_offers_to_go_back(world: World, error: str, status: str, reason: str) -> None:
    person = world.browser()
    link = world.link("acme", return_url=SHOP)
    state = person.connect(link=link).location.partition("state=")[2].partition("&")[0]
    reply = person.come_back(f"error={error}&state={state}")
    assert reply.button == f"/connect/{link}"
    told = hints(second_button(reply))
    assert told == {"connection_id": "acme", "status": status, "reason": reason, "reference": reply.reference}
    again = person.come_back(f"error={error}&state={state}")
    assert second_button(again) == second_button(reply)


def test_login_that_cannot_be_proven_says_nothing_of_the_connection(world: World) -> None:
    person, link = world.browser(), world.link("acme", return_url=SHOP)
    query = person.log_in(link=link)
    for browser, asked in ((world.browser(), query), (person, "code=x&state=" + "A" * 43 + "l"), (person, "error=x")):
        reply = browser.come_back(asked)
        assert reply.status == 400
        assert "shop.example" not in str(reply.response)
        assert "acme" not in str(reply.response)
    person.cookies.clear()
    assert "shop.example" not in str(person.come_back(query).response)


def test_login_that_took_too_long_stays_on_our_page(world: World) -> None:
    person = world.browser()
    query = person.log_in(link=world.link("acme", return_url=SHOP, lifetime=2 * DAY))
    world.clock.advance(3601)
    reply = person.come_back(query)
    assert (reply.status, "shop.example" in reply.body) == (400, False)


@pytest.mark.parameters(ReturnUrl="https://shop.example/done?tenant=7")
def test_return_url_of_the_stack_is_for_everybody(world: World) -> None:
    assert hints(world.browser().finish().location)["connection_id"] == MARIA
    assert hints(world.browser().finish(link=world.link("acme")).location)["connection_id"] == "acme"
    assert hints(world.browser().finish(reconnect="acme").location)["connection_id"] == "acme"
    elsewhere = world.link("acme", return_url="https://other.example/")
    assert world.browser().finish(link=elsewhere).location.startswith("https://other.example/?connection_id=acme")


@pytest.mark.parametrize(
    "url",
    [
        pytest.param(url, marks=pytest.mark.parameters(ReturnUrl=url))
        for url in (
            "http://localhost:8000/done",
            f"https://{stack.HOST}/connect",
            "https://shop.example/?status=connected",
        )
    ],
)
def test_return_url_of_the_stack_that_a_link_could_not_have_is_ignored(world: World, url: str) -> None:
    person = world.browser()
    started = person.connect()
    (line,) = started.logs("return URL ignored")
    assert url not in str(line)
    assert_ended(person.finish(), "connected")


@pytest.mark.parameters(LocalBaseUrl="http://localhost:3000", ReturnUrl="http://localhost:8000/done")
def test_stack_on_this_machine_returns_to_this_machine(world: World) -> None:
    assert world.browser().open().logs("return URL ignored") == []


@pytest.mark.parameters(ReturnUrl="https://shop.example/done?tenant=7")
def test_user_id_is_not_stored_for_the_way_back(world: World) -> None:
    person = world.browser()
    query = person.log_in()
    person.come_back(query)
    assert "connection_id" not in hints(person.come_back(query).location)
    assert MARIA not in str(world.stored.states())


@pytest.mark.parametrize(
    "query",
    [
        "return_url=https%3A%2F%2Fevil.example",
        "redirect_uri=https%3A%2F%2Fevil.example",
        "status=connected",
        "next=//evil.example",
    ],
)
def test_visitor_never_chooses_where_to_go(world: World, query: str) -> None:
    person = world.browser()
    reply = person.come_back(f"{person.log_in(query)}&{query}")
    assert_ended(reply, "connected")
    assert "evil" not in str(reply.response)

"""A connection that moves from a person's token to a business's, in a browser, and what a service reads after each step."""

import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Page, expect
from pywa.client import WhatsApp

from facebook_simulator.model import WHATSAPP_SCOPES, Configuration
from local.stack import Stack
from tests.e2e.neighbour import Neighbour, neighbour_of
from tests.support.people import BAKERY
from tests.support.pywa_transport import ToSimulator
from tests.support.screen import NewPage, keep
from whatsapp_connect_reader import Connection, TokenReader

pytestmark = [pytest.mark.emulator, pytest.mark.browser]

CONFIGURATION = "555"
SHOP = "shop-of-maria"
APP_ID = "5550007"


@pytest.fixture
def shop(stack: Stack) -> Iterator[Neighbour]:
    with neighbour_of(stack, "business", app_id=APP_ID) as shop:
        yield shop


def connect(page: Page, shop: Neighbour) -> None:
    page.goto(f"{shop.base_url}/connect/{shop.link(SHOP)}")
    page.get_by_role("link", name="Continue to Facebook").click()
    page.get_by_role("button", name=re.compile("^Continue as ")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You are connected")
    expect(page.get_by_text("+1 202-555-0100 (Corner Bakery)")).to_be_visible()


def read(shop: Neighbour) -> Connection:
    """Return what a service reads once the connection is usable."""
    reader = TokenReader(shop.outputs["ParameterPrefix"], client=shop.client("ssm"))
    return reader.read(SHOP, wait=60, usable=True)


def send(shop: Neighbour, connection: Connection) -> str:
    """Send a message with nothing but what the connection's metadata say, and return the token that Facebook got."""
    number = connection.phone_numbers[0]
    with httpx.Client(timeout=10, transport=ToSimulator(shop.facebook.url)) as session:
        whatsapp = WhatsApp(
            phone_id=number.id,
            token=connection.access_token,
            session=session,
            api_version=connection.graph_version.removeprefix("v"),
        )
        return whatsapp.send_text(to="12025550123", text="Hello").id


def test_connection_moves_from_a_person_to_their_business(shop: Neighbour, new_page: NewPage) -> None:
    connect(new_page(), shop)
    persons = read(shop)
    assert (persons.waba_ids, persons.token_type) == ((BAKERY,), "USER")
    assert send(shop, persons).startswith("wamid.")

    # Embedded Signup: a configuration whose tokens belong to the business and never end. The debugger names no account.
    scopes = (*WHATSAPP_SCOPES, "business_management")
    assert shop.stack.facebook
    shop.stack.facebook.state.configure_app(APP_ID, {"configurations": (Configuration(CONFIGURATION, scopes=scopes),)})
    shop.update(LoginConfigId=CONFIGURATION)
    page = new_page()
    connect(page, shop)
    keep(page, "business-connected")
    shop.wait_for(lambda: shop.metadata(SHOP).get("token_type") == "SYSTEM_USER")
    business = read(shop)
    assert (business.waba_ids, business.token_type, business.expires_at) == ((BAKERY,), "SYSTEM_USER", None)
    assert business.access_token != persons.access_token
    assert send(shop, business).startswith("wamid.")

"""The web product as a customer meets it: a browser with script, from the product's button and back to it."""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import boto3
import pytest
import requests
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from facebook_simulator.world import Person
from tests.e2e.examples.service import Service, copy_of, reader_environment, steps
from tests.support.docs import run_blocks
from tests.support.people import newcomer
from tests.support.screen import PHONE, keep
from tests.support.site import PATIENCE_S, Site

pytestmark = [pytest.mark.emulator, pytest.mark.browser]

PAGE_MS = 30_000
"""How long a page may take. The product waits ten seconds for a token."""
USER = "web-product"
BEFORE_LOGIN = "Connect your WhatsApp Business account"
"""The title of the stack's page."""
POLICIES = ("LinkCreatorPolicyArn", "TokenReaderPolicyArn")


@dataclass(frozen=True, slots=True)
class Product:
    url: str
    customer: str
    """The connection ID of its customer."""


@pytest.fixture(scope="module")
def environment(site: Site) -> Iterator[dict[str, str]]:
    """Return the variables of a product whose only rights are the stack's two policies for services."""
    iam = site.client("iam")
    iam.create_user(UserName=USER)
    for name in POLICIES:
        iam.attach_user_policy(UserName=USER, PolicyArn=site.outputs[name])
    key = iam.create_access_key(UserName=USER)["AccessKey"]
    session = boto3.Session(
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
        region_name=site.stack.session.region_name,
    )
    yield Service(site, session, "").environment | {
        "CREATE_LINK_FUNCTION": site.outputs["CreateLinkFunctionName"],
        "CONNECT_URL": f"{site.base_url}/connect",
        "PORT": "0",
    }
    iam.delete_access_key(UserName=USER, AccessKeyId=key["AccessKeyId"])
    for name in POLICIES:
        iam.detach_user_policy(UserName=USER, PolicyArn=site.outputs[name])
    iam.delete_user(UserName=USER)


@pytest.fixture(scope="module")
def program(wheel: Path, environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Return the command that runs a copy of the product, after the steps of its page but the last."""
    folder = copy_of("web-product", tmp_path_factory.mktemp("web-product"), wheel)
    (block,) = steps("web-product")
    *_, start = block.text.splitlines()
    printed = run_blocks(
        [block],
        folder=folder,
        environ=reader_environment(folder.parent / "versions.txt", environment),
        instead={"http://127.0.0.1:4566": environment["AWS_ENDPOINT_URL"], start: 'echo "$CREATE_LINK_FUNCTION"'},
    )
    assert printed.split()[-1] == environment["CREATE_LINK_FUNCTION"]
    return [folder / part for part in start.split()]


@pytest.fixture
def person(site: Site) -> Iterator[Person]:
    """Let somebody live in the simulator, who belongs to the customer."""
    assert site.stack.facebook
    state = site.stack.facebook.state
    before, person = state.people, newcomer("Paula Acker", "+1 202-555-0161")
    state.populate((*before, person))
    yield person
    state.populate(before)


@pytest.fixture
def product(environment: dict[str, str], program: list[Path], person: Person, tmp_path: Path) -> Iterator[Product]:
    """Run the product as a process of its own, on a free port, for a customer who is not connected."""
    customer = f"acme-{person.id}"
    with (
        (tmp_path / "product.log").open("w") as log,
        subprocess.Popen(
            program,
            env=environment | {"CUSTOMER_ID": customer},
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        ) as process,
    ):
        assert process.stdout
        yield Product(process.stdout.readline().strip(), customer)
        process.terminate()
    shown = (tmp_path / "product.log").read_text()
    assert "Traceback" not in shown
    assert "EAA" not in shown, "a token was logged"


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": PHONE["width"], "height": PHONE["height"]})
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext, product: Product) -> Page:
    """Open the product's page of a customer who is not connected."""
    page = context.new_page()
    page.goto(product.url)
    says(page, "WhatsApp is not connected")
    return page


def says(page: Page, title: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(title, timeout=PAGE_MS)


def go_to_facebook(page: Page, person: Person) -> None:
    """Go from the stack's page to the consent page of a person."""
    says(page, BEFORE_LOGIN)
    expect(page.get_by_text("Acme GmbH")).to_be_visible()
    page.get_by_role("link", name="Continue to Facebook").click()
    page.get_by_label("Somebody else?").select_option(label=person.name)
    page.get_by_role("button", name="Switch").click()


def press_continue(page: Page) -> None:
    page.get_by_role("button", name=re.compile("^Continue as ")).click()


def is_connected(page: Page) -> bool:
    """Return whether the product says so. On a busy machine, the stack may need longer than the product waits."""
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("^WhatsApp is "), timeout=PAGE_MS)
    if (again := page.get_by_role("link", name="Check again")).count():
        again.click()
    return page.get_by_role("heading", level=1, name="WhatsApp is connected").count() == 1


def open_pop_up(page: Page) -> Page:
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Connect in a pop-up").click()
    return opened.value


def cut_opener(context: BrowserContext, site: Site) -> None:
    """Let the simulated Facebook send the header with which the real one can cut pop-ups off from their openers."""

    def answer(route: Route) -> None:
        response = route.fetch(max_redirects=0)
        route.fulfill(response=response, headers={**response.headers, "Cross-Origin-Opener-Policy": "same-origin"})

    context.route(f"{site.stack.facebook_url}/**", answer)


def test_customer_connects_and_sends_a_message(page: Page, product: Product, person: Person, site: Site) -> None:
    keep(page, "product-not-connected")
    page.get_by_role("button", name="Connect WhatsApp").click()
    says(page, BEFORE_LOGIN)
    keep(page, "product-before-login")
    go_to_facebook(page, person)
    keep(page, "product-consent")
    press_continue(page)
    site.wait_for(lambda: is_connected(page))
    expect(page).to_have_url(f"{product.url}/")
    assert site.metadata(product.customer)["label"] == "Acme GmbH"
    expect(page.get_by_label("From")).to_have_text("+1 202-555-0161 Paula Acker")
    keep(page, "product-connected")

    page.get_by_label("To").fill("+12025550123")
    page.get_by_label("Text").fill("Hello <b>from</b> the product")
    page.get_by_role("button", name="Send").click()
    says(page, "Message sent")
    keep(page, "product-sent")
    shown = page.get_by_text("ID: ").inner_text()
    sent = site.facebook.control("messages", method="GET")["messages"]
    (message,) = (one for one in sent if one["id"] == shown.removeprefix("ID: "))
    assert (message["user_id"], message["to"]) == (person.id, "12025550123")
    assert message["text"] == {"body": "Hello <b>from</b> the product"}


@pytest.mark.parametrize("is_cut", [False, True])
def test_pop_up_updates_the_page_and_closes(
    page: Page, context: BrowserContext, person: Person, site: Site, *, is_cut: bool
) -> None:
    if is_cut:
        cut_opener(context, site)
    pop_up = open_pop_up(page)
    go_to_facebook(pop_up, person)
    assert pop_up.evaluate("!!window.opener") is not is_cut
    keep(pop_up, "product-pop-up")
    press_continue(pop_up)
    site.wait_for(lambda: is_connected(page))
    if not pop_up.is_closed():
        pop_up.wait_for_event("close")
    keep(page, "product-after-pop-up")


def test_pop_up_that_is_declined_updates_the_page(page: Page, person: Person) -> None:
    pop_up = open_pop_up(page)
    go_to_facebook(pop_up, person)
    pop_up.get_by_role("button", name="Cancel").click()
    with pop_up.expect_event("close"):
        pop_up.get_by_role("link", name="Go back to the service").click()
    says(page, "You did not connect WhatsApp")


def test_customer_who_declines_can_try_again(page: Page, product: Product, person: Person) -> None:
    page.get_by_role("button", name="Connect WhatsApp").click()
    go_to_facebook(page, person)
    page.get_by_role("button", name="Cancel").click()
    says(page, "Not connected")
    page.get_by_role("link", name="Go back to the service").click()
    says(page, "You did not connect WhatsApp")
    expect(page.get_by_text("Reason: declined")).to_be_visible()
    expect(page.get_by_text(re.compile("^Reference: .+"))).to_be_visible()
    assert page.url.startswith(f"{product.url}/connected?connection_id={product.customer}&status=declined")
    keep(page, "product-declined")
    page.get_by_role("button", name="Connect WhatsApp").click()
    says(page, BEFORE_LOGIN)


def test_typed_outcome_is_not_believed(page: Page, product: Product) -> None:
    page.goto(f"{product.url}/connected?connection_id={product.customer}&status=connected")
    says(page, "WhatsApp is not connected")
    keep(page, "product-typed")


def test_typed_reason_is_shown_only_if_it_is_a_code(page: Page, product: Product) -> None:
    typed = "status=failed&reason=Call%20%2B12025550199&reference=<script>alert(1)</script>"
    page.goto(f"{product.url}/connected?connection_id={product.customer}&{typed}")
    says(page, "WhatsApp could not be connected")
    expect(page.get_by_text(re.compile("Reason|Reference"))).to_have_count(0)


def test_connection_of_another_customer_is_refused(page: Page, product: Product) -> None:
    answer = page.goto(f"{product.url}/connected?connection_id=another&status=connected")
    assert answer
    assert answer.status == 403
    says(page, "This is not your connection")


@pytest.mark.parametrize("path", ["connect", "send"])
@pytest.mark.parametrize("origin", [None, "null", "http://127.0.0.1:1", "http://localhost"])
def test_form_of_another_origin_is_refused(product: Product, path: str, origin: str | None) -> None:
    form = {"to": "12025550123", "text": "Hello"}
    headers = {"Origin": origin} if origin else {}
    answer = requests.post(
        f"{product.url}/{path}", data=form, headers=headers, allow_redirects=False, timeout=PATIENCE_S
    )
    assert answer.status_code == 403
    assert "Location" not in answer.headers


def test_browser_of_another_site_starts_no_connection(context: BrowserContext, product: Product) -> None:
    page = context.new_page()
    page.route("http://other.example/", lambda route: route.fulfill(body="<title>Another site</title>"))
    page.goto("http://other.example/")
    page.evaluate(
        "url => { const form = document.createElement('form'); Object.assign(form, {method: 'post', action: url});"
        " document.body.append(form); form.submit(); }",
        f"{product.url}/connect",
    )
    says(page, "Please use the buttons of this site")


def test_pages_have_a_strict_policy(product: Product) -> None:
    for path in ("/", "/connected", "/product.js", "/missing"):
        policy = requests.get(f"{product.url}{path}", timeout=PATIENCE_S).headers["Content-Security-Policy"]
        assert "default-src 'none'; script-src 'self';" in policy
        assert "unsafe" not in policy


def test_empty_variable_is_named(environment: dict[str, str], program: list[Path]) -> None:
    ended = subprocess.run(
        program,
        env=environment | {"CREATE_LINK_FUNCTION": ""},
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "CREATE_LINK_FUNCTION" in ended.stderr

"""axe-core finds nothing on any page: in light and dark, on a phone, from right to left, and at 200 % zoom."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]

from tests.support.every_page import PLAIN, SHOP, every_page
from tests.support.pseudo import pseudo
from tests.support.screen import Show
from whatsapp_connect import languages
from whatsapp_connect.languages.en import LANGUAGE as ENGLISH
from whatsapp_connect.outcomes import OUTCOMES

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 780}
SMALL_PHONE = {"width": 320, "height": 568}
DESKTOP = {"width": 1100, "height": 720}
ZOOMED = {"width": 640, "height": 512}
"""A window of 1280 by 1024 at 200 %: half as many CSS pixels."""
VIEWS: dict[str, dict[str, Any]] = {
    "phone": {"viewport": PHONE},
    "phone-dark": {"viewport": PHONE, "color_scheme": "dark"},
    "desktop": {"viewport": DESKTOP},
    "zoomed-dark": {"viewport": ZOOMED, "color_scheme": "dark", "device_scale_factor": 2},
}
ONE_FOR_EACH_TEXT = {outcome.text: reason for reason, outcome in OUTCOMES.items()}
PAGES = [name for name in every_page(SHOP, ENGLISH) if name not in OUTCOMES or name in ONE_FOR_EACH_TEXT.values()]
PAGES = [name for name in PAGES if name.removesuffix("-back") not in OUTCOMES or name in {*OUTCOMES, "declined-back"}]


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS.keys())
@pytest.mark.parametrize("tag", ["en", "ar"])
def test_axe_finds_nothing(show: Show, view: dict[str, Any], tag: str) -> None:
    pages = every_page(SHOP, languages.load(tag)) | {
        f"plain-{name}": page for name, page in every_page(PLAIN, languages.load(tag)).items() if name == "start"
    }
    found = {}
    for name in (*PAGES, "plain-start"):
        page = show(pages[name], **view)
        violations = Axe().run(page).response["violations"]
        if violations:
            found[name] = [(one["id"], [node["html"] for node in one["nodes"]]) for one in violations]
    assert found == {}


@pytest.mark.parametrize("viewport", [SMALL_PHONE, ZOOMED], ids=["320 pixels", "200 %"])
@pytest.mark.parametrize("tag", [*languages.NAMES, "pseudo"])
def test_nothing_is_cut_off(show: Show, tag: str, viewport: dict[str, int]) -> None:
    language = pseudo(ENGLISH) if tag == "pseudo" else languages.load(tag)
    pages = every_page(SHOP, language)
    for name in PAGES:
        page = show(pages[name], viewport=viewport)
        wide = page.evaluate(
            """() => [document.documentElement, ...document.querySelectorAll("body *")]
                .filter(one => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).display != "inline")
                .map(one => one.outerHTML.slice(0, 80))"""
        )
        assert wide == [], name


def test_arabic_runs_from_right_to_left(show: Show) -> None:
    page = show(every_page(SHOP, languages.load("ar"))["connected"])
    term = page.locator("dt").first.evaluate("one => getComputedStyle(one).textAlign + getComputedStyle(one).direction")
    assert term == "startrtl"
    number = page.locator("dd bdi").first
    assert number.evaluate("one => getComputedStyle(one).direction") == "ltr"


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"status": 404, "body": "x"},
        {"status": 302, "headers": {"Location": "https://elsewhere.example/logo.svg"}},
        {"status": 200, "headers": {"Content-Type": "text/html"}, "body": "<script>alert(1)</script>"},
    ],
    ids=["no answer", "not found", "redirect to another host", "page"],
)
def test_logo_that_does_not_load_leaves_nothing_behind(show: Show, answer: dict[str, Any]) -> None:
    logo = SHOP.logo_url
    page = show(every_page(SHOP, ENGLISH)["start"], answers={logo: answer} if answer else {})
    image = page.locator("header img")
    assert image.evaluate("one => one.naturalWidth") == 0
    assert image.evaluate("one => one.getBoundingClientRect().height") < 20
    assert page.get_by_text("Corner <Shop>").is_visible()


def test_logo_is_shown_on_a_white_plate(show: Show) -> None:
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="400" height="100"><rect width="400" height="100"/></svg>'
    answers = {SHOP.logo_url: {"status": 200, "headers": {"Content-Type": "image/svg+xml"}, "body": svg}}
    page = show(every_page(SHOP, ENGLISH)["start"], answers=answers, color_scheme="dark")
    image = page.locator("header img")
    assert image.evaluate("one => one.naturalWidth") == 400
    assert image.evaluate("one => getComputedStyle(one).backgroundColor") == "rgb(255, 255, 255)"


def test_page_asks_nobody_else_for_anything(show: Show) -> None:
    page = show(every_page(SHOP, ENGLISH)["start"])
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    assert set(asked) == {page.url, SHOP.logo_url}

"""The whole way of a person on a phone, with a brand, in three languages: pictures to look at, and the order of the words."""

import pytest

from tests.support.every_page import every_page
from tests.support.screen import Show, keep
from whatsapp_connect import languages
from whatsapp_connect.brand import Brand

pytestmark = pytest.mark.browser

LOGO = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="360" height="96" viewBox="0 0 360 96">'
    '<circle cx="48" cy="48" r="36" fill="#e4572e"/><path d="M30 52a18 18 0 0 0 36 0z" fill="#fff"/>'
    '<text x="104" y="62" font-family="sans-serif" font-size="42" font-weight="700" fill="#33272a">Brotzeit</text></svg>'
)
BRAND = Brand(
    "Brotzeit Orders",
    logo_url="https://cdn.brotzeit.example/logo.svg",
    accent_color="#e4572e",
    support_contact="help@brotzeit.example",
    privacy_url="https://brotzeit.example/privacy",
    terms_url="https://brotzeit.example/terms",
)
WAY = ("start", "connected", "declined-back", "link-used", "reconnect")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("tag", ["en", "de", "ar"])
def test_way_on_a_phone(show: Show, tag: str, scheme: str) -> None:
    pages = every_page(BRAND, languages.load(tag))
    answers = {BRAND.logo_url: {"status": 200, "headers": {"Content-Type": "image/svg+xml"}, "body": LOGO}}
    for name in WAY:
        page = show(pages[name], answers=answers, color_scheme=scheme, device_scale_factor=2)
        assert page.get_by_role("heading", level=1).is_visible()
        assert page.locator("header img").evaluate("one => one.naturalWidth") == 360
        keep(page, f"way-{name}-{tag}-{scheme}")

import re
from base64 import b64encode
from hashlib import sha256
from html import escape, unescape
from typing import Any

import pytest

from tests.support.every_page import CONNECTED, PLAIN, SHOP, every_page
from tests.support.pseudo import pseudo
from whatsapp_connect import languages
from whatsapp_connect.brand import Brand, text_color
from whatsapp_connect.languages.en import LANGUAGE as ENGLISH
from whatsapp_connect.languages.language import Language
from whatsapp_connect.outcomes import OUTCOMES
from whatsapp_connect.pages import Pages
from whatsapp_connect.responses import Response

HOSTILE = "\"'><script>alert(1)</script>"


def body(response: Response) -> str:
    return response["body"]


def connected(brand: Brand = PLAIN, *, choose: str = "", language: Language = ENGLISH, **changes: str) -> Response:
    return Pages(brand).connected(language, CONNECTED | changes, choose=choose)


def start(brand: Brand = PLAIN, language: Language = ENGLISH, **changes: Any) -> Response:
    about: dict[str, Any] = {"href": "?click=x", "url": "https://h.example/connect/abc", "query": {}}
    return Pages(brand).start(language, **about | changes)


def error(reason: str, *, start: str = "/connect", back: str = "") -> str:
    return body(Pages(PLAIN).error(ENGLISH, reason, reference="r-1", start=start, back=back))


EVERY_PAGE = [page for brand in (PLAIN, SHOP) for page in every_page(brand, ENGLISH).values()]
WITHOUT_SCRIPT = [
    page for brand in (PLAIN, SHOP) for name, page in every_page(brand, ENGLISH).items() if name != "signup"
]
"""Every page but the one for Embedded Signup."""


@pytest.mark.parametrize("page", WITHOUT_SCRIPT)
def test_every_page_is_locked_down(page: Response) -> None:
    headers = page["headers"]
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Robots-Tag"].startswith("noindex")
    assert headers["Strict-Transport-Security"] == "max-age=31536000"
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert {"frame-ancestors 'none'", "form-action 'none'", "base-uri 'none'"} <= set(policy.split("; "))
    assert "unsafe" not in policy


@pytest.mark.parametrize("page", EVERY_PAGE)
def test_the_policy_allows_the_style_of_the_page_and_no_other(page: Response) -> None:
    (style,) = re.findall("<style>(.*?)</style>", body(page), re.DOTALL)
    digest = b64encode(sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in page["headers"]["Content-Security-Policy"]


@pytest.mark.parametrize("page", WITHOUT_SCRIPT)
def test_no_page_loads_anything_or_runs_a_script(page: Response) -> None:
    assert "<script" not in body(page)
    assert not re.search(r'(src|srcset|action)="', body(page).replace(f'src="{SHOP.logo_url}"', ""))
    assert not re.search(r'\son[a-z]+="|\sstyle="', body(page))
    assert re.search(r"img-src data:( https://cdn\.shop\.example)?;", page["headers"]["Content-Security-Policy"])


@pytest.mark.parametrize("page", EVERY_PAGE)
def test_every_page_can_be_read_out(page: Response) -> None:
    assert '<html lang="en" dir="ltr">' in body(page)
    assert page["headers"]["Content-Language"] == "en"
    assert page["headers"]["Vary"] == "Accept-Language"
    assert body(page).count("<h1>") == 1
    assert "<main>" in body(page)
    assert '<svg viewBox="0 0 24 24" aria-hidden="true"' in body(page)


def test_no_text_is_written_in_the_code() -> None:
    """Every word on the pages of the made-up language is in brackets, or a value that was inserted."""
    for page in every_page(SHOP, pseudo(ENGLISH)).values():
        text = re.sub(
            "<style>.*?</style>|<script.*?</script>|<nav.*?</nav>|<bdi.*?</bdi>|<title>.*?</title>",
            "",
            body(page),
            flags=re.DOTALL,
        )
        words = unescape(re.sub("<[^>]*>", "\n", text)).split("\n")
        for line in filter(str.strip, words):
            if line == SHOP.name:  # the title of the first page
                continue
            assert re.fullmatch(r"\[.*\]?:? ?|\]", line.strip()), line


@pytest.mark.parametrize("tag", languages.NAMES)
def test_every_language_has_every_page(tag: str) -> None:
    language = languages.load(tag)
    for page in every_page(SHOP, language).values():
        assert f'<html lang="{tag}" dir="{language.direction}">' in body(page)
        assert page["headers"]["Content-Language"] == tag
        assert not re.search(r"\{[a-z]*\}", re.sub("<(style|script|form).*?</\\1>", "", body(page), flags=re.DOTALL))


def test_every_text_is_used() -> None:
    used: set[str] = set()

    class Texts(dict[str, str]):
        def __getitem__(self, key: str) -> str:
            used.add(key)
            return super().__getitem__(key)

    language = ENGLISH._replace(texts=Texts(ENGLISH.texts))
    for brand in (PLAIN, SHOP):
        every_page(brand, language)
    assert used == ENGLISH.texts.keys()


def test_pages_link_the_other_languages_by_their_own_names() -> None:
    page = body(start(query={"auth_type": "rerequest"}))
    links = re.findall(r'<a href="([^"]*)" lang="([^"]*)"[^>]*>([^<]*)</a>', page)
    assert {(tag, name) for _, tag, name in links} == {one for one in languages.NAMES.items() if one[0] != "en"}
    assert {unescape(href) for href, tag, _ in links if tag == "de"} == {"?auth_type=rerequest&lang=de"}


def test_page_whose_address_holds_the_login_links_no_languages() -> None:
    for page in (connected(), Pages(PLAIN).finishing(ENGLISH, again="/callback?state=s")):
        assert "<nav" not in body(page)
    assert "<nav" not in error("declined")


def test_connected_page_names_account_expiry_and_next_step() -> None:
    page = connected()
    assert page["statusCode"] == 200
    assert '<bdi dir="ltr">+1 555-0100</bdi> <bdi>(Bakery)</bdi>' in body(page)
    assert "24 January 2027" in body(page)
    assert "close this page" in body(page)
    assert "r-1" in body(page)
    assert "More" not in body(page)


def test_connected_page_says_how_many_more_numbers_and_accounts_there_are() -> None:
    page = body(connected(more_numbers="22", more_accounts="3"))
    assert '<dt>More phone numbers</dt><dd><bdi dir="ltr">22</bdi></dd>' in page
    assert '<dt>More accounts</dt><dd><bdi dir="ltr">3</bdi></dd>' in page


def test_token_without_expiry_says_so() -> None:
    assert "It does not expire" in body(connected(expires_at="0"))


def test_number_without_a_name_has_no_brackets() -> None:
    assert "()" not in body(connected(numbers="+1 555-0100\t"))


@pytest.mark.parametrize("field", ["numbers", "reference"])
def test_outside_text_is_escaped(field: str) -> None:
    changes: dict[str, Any] = {field: HOSTILE + "\tx"}
    page = body(connected(**changes))
    assert "<script" not in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize("field", ["href", "url", "label"])
def test_what_the_first_page_shows_is_escaped(field: str) -> None:
    page = body(start(PLAIN, ENGLISH, **{field: HOSTILE}))
    assert "<script" not in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize("label", ["\u202eevil", "\u05d0\u05d1 \u0645\u062a\u062c\u0631", "👩‍🍳 Bäckerei"])
def test_label_is_isolated_from_the_text_around_it(label: str) -> None:
    assert f"<dd><bdi>{label}</bdi></dd>" in body(start(label=label))


@pytest.mark.parametrize("reason", sorted(OUTCOMES))
def test_every_reason_has_its_page(reason: str) -> None:
    page = Pages(PLAIN).error(ENGLISH, reason, reference="r-1", start="/connect")
    assert page["statusCode"] == OUTCOMES[reason].status
    assert 'Reference: <bdi dir="ltr">r-1</bdi>' in body(page)
    assert f"<h1>{escape(ENGLISH.texts[f'{OUTCOMES[reason].text}.title'])}</h1>" in body(page)


@pytest.mark.parametrize(
    ("reason", "href"),
    [
        ("state-unknown", "/connect/abc"),
        ("permission-missing", "/connect/abc?auth_type=rerequest"),
        ("no-account", "/connect/abc?auth_type=rerequest"),
        ("connection-taken", "/connect/abc?auth_type=reauthenticate"),
        ("not-yours", "/connect/abc?auth_type=reauthenticate"),
        ("aws-busy", ""),
    ],
)
def test_the_next_step_is_a_button(reason: str, href: str) -> None:
    assert f'<a class="button" href="{href}" ' in error(reason, start="/connect/abc")


def test_without_a_public_link_the_next_step_is_the_link_that_was_received() -> None:
    page = error("state-unknown", start="")
    assert 'class="button"' not in page
    assert "open the link that you received" in page


def test_used_link_leads_its_owner_to_connect_again() -> None:
    assert 'href="/reconnect/acme"' in error("link-used", start="/reconnect/acme")
    assert 'class="button"' not in error("link-used", start="")


def test_service_that_sent_the_person_is_the_second_way_out() -> None:
    back = "https://shop.example/done?a=1&status=failed"
    page = error("declined", back=back)
    assert page.index('href="/connect"') < page.index(f'class="button second" href="{escape(back)}"')


def test_every_page_shows_the_brand() -> None:
    for page in every_page(SHOP, ENGLISH).values():
        assert "<bdi>Corner &lt;Shop&gt;</bdi>" in body(page)
        assert '<img src="https://cdn.shop.example/logo.svg" alt=""' in body(page)
        assert 'href="mailto:help@shop.example"' in body(page)
        assert 'href="https://shop.example/privacy"' in body(page)
        assert 'href="https://shop.example/terms?a=1&amp;b=2"' in body(page)
        assert "img-src data: https://cdn.shop.example;" in page["headers"]["Content-Security-Policy"]


def test_support_page_is_linked_by_its_address() -> None:
    page = body(start(Brand("Shop", support_contact="https://shop.example/help")))
    assert '<a href="https://shop.example/help"><bdi dir="ltr">shop.example/help</bdi></a>' in page


def test_a_preview_has_a_title_and_a_sentence() -> None:
    page = body(start(SHOP))
    assert '<meta property="og:title" content="Connect your WhatsApp Business account">' in page
    assert '<meta property="og:site_name" content="Corner &lt;Shop&gt;">' in page
    assert '<meta property="og:url" content="https://h.example/connect/abc">' in page


def colours(scheme: str) -> dict[str, str]:
    style = body(connected()).partition("<style>")[2].partition("</style>")[0]
    (block,) = re.findall(scheme, style, re.DOTALL)
    return dict(re.findall(r"--([a-z-]+):(#[0-9a-f]+)", block))


def luminance(colour: str) -> float:
    """Return the relative luminance of WCAG 2."""
    digits = colour.lstrip("#")
    digits = "".join(2 * digit for digit in digits) if len(digits) == 3 else digits
    channels = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", [r"^:root\{(.*?)\}", r"dark\)\{:root\{(.*?)\}"], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("ink", "paper"),
    [("ink", "card"), ("soft", "card"), ("soft", "bg"), ("ink", "bg"), ("on-go", "go"), ("warn", "warn-bg")],
)
def test_text_can_be_read(scheme: str, ink: str, paper: str) -> None:
    """A contrast of 4.5, WCAG 2 level AA."""
    palette = colours(scheme)
    assert contrast(palette[ink], palette[paper]) >= 4.5


@pytest.mark.parametrize("red", range(0, 256, 51))
@pytest.mark.parametrize("green", range(0, 256, 15))
@pytest.mark.parametrize("blue", range(0, 256, 85))
def test_text_on_any_accent_color_can_be_read(red: int, green: int, blue: int) -> None:
    accent = f"#{red:02x}{green:02X}{blue:02x}"
    assert contrast(text_color(accent), accent.lower()) >= 4.5


def test_accent_color_is_that_of_the_button_only() -> None:
    assert "--accent:#ffcc00;--on-accent:#000000" in body(start(SHOP))
    assert "--accent" not in body(start(PLAIN))

import re
from base64 import b64encode
from hashlib import sha256
from html import escape

import pytest

from whatsapp_connect import pages
from whatsapp_connect.outcomes import OUTCOMES
from whatsapp_connect.pages import Response

HOSTILE = "\"'><script>alert(1)</script>"
CONNECTED = {
    "reason": "connected",
    "reference": "r-1",
    "expires_at": "1800791990",
    "accounts": "+1 555-0100 (Bakery)",
    "is_unknown": "",
}


def body(response: Response) -> str:
    return response["body"]


def outcome(**changes: str) -> Response:
    return pages.outcome_page(CONNECTED | changes, success_url="", connect="/connect")


EVERY_PAGE = [
    outcome(),
    pages.preview_page("https://h.example/connect"),
    pages.finishing_page(),
    *(make(connect=connect) for make in (pages.home_page, pages.not_found_page) for connect in (True, False)),
    *(pages.error_page(reason, reference="r-1", connect="/connect") for reason in OUTCOMES),
]


@pytest.mark.parametrize("page", EVERY_PAGE)
def test_every_page_is_locked_down(page: Response) -> None:
    headers = page["headers"]
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Robots-Tag"].startswith("noindex")
    assert headers["Strict-Transport-Security"] == "max-age=31536000"
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("page", EVERY_PAGE)
def test_the_policy_allows_the_style_of_the_page_and_no_other(page: Response) -> None:
    (style,) = re.findall("<style>(.*?)</style>", body(page), re.DOTALL)
    digest = b64encode(sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in page["headers"]["Content-Security-Policy"]


@pytest.mark.parametrize("page", EVERY_PAGE)
def test_no_page_loads_anything_or_runs_a_script(page: Response) -> None:
    assert "<script" not in body(page)
    assert not re.search(r'(src|srcset|action)="', body(page))
    assert not re.search(r'\son[a-z]+="|\sstyle="', body(page))


@pytest.mark.parametrize("page", EVERY_PAGE)
def test_every_page_can_be_read_out(page: Response) -> None:
    assert '<html lang="en">' in body(page)
    assert body(page).count("<h1>") == 1
    assert "<main>" in body(page)
    assert '<svg viewBox="0 0 24 24" aria-hidden="true"' in body(page)


def test_connected_page_names_account_expiry_and_next_step() -> None:
    page = outcome()
    assert page["statusCode"] == 200
    assert "+1 555-0100 (Bakery)" in body(page)
    assert "24 January 2027" in body(page)
    assert "close this page" in body(page)
    assert "r-1" in body(page)


def test_metadata_of_a_token_without_expiry_say_so() -> None:
    assert "It does not expire" in body(outcome(expires_at="0"))


def test_a_connected_person_goes_to_the_success_url() -> None:
    response = pages.outcome_page(CONNECTED, success_url="https://shop.example/done", connect="/connect")
    assert response["statusCode"] == 303
    assert response["headers"]["Location"] == "https://shop.example/done"


def test_a_failed_login_stays_on_our_page() -> None:
    failed = {"reason": "declined", "reference": "r-1"}
    response = pages.outcome_page(failed, success_url="https://shop.example/done", connect="/connect")
    assert response["statusCode"] == 200
    assert "Location" not in response["headers"]


@pytest.mark.parametrize("field", ["accounts", "reference"])
def test_outside_text_is_escaped(field: str) -> None:
    page = body(outcome(**{field: HOSTILE}))
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_the_address_in_a_preview_is_escaped() -> None:
    assert "<script" not in body(pages.preview_page("https://h.example/" + HOSTILE))


@pytest.mark.parametrize("reason", sorted(OUTCOMES))
def test_every_reason_has_its_page_again_when_reloaded(reason: str) -> None:
    page = pages.outcome_page({"reason": reason, "reference": "r-1"}, success_url="", connect="/connect")
    assert page["statusCode"] == OUTCOMES[reason].status
    assert "Reference: r-1" in body(page)
    assert f"<h1>{escape(pages.TEXTS[OUTCOMES[reason].text].title)}</h1>" in body(page)


@pytest.mark.parametrize(
    ("reason", "href"),
    [
        ("state-unknown", "/connect"),
        ("permission-missing", "/connect?auth_type=rerequest"),
        ("aws-busy", ""),
    ],
)
def test_the_next_step_is_a_button(reason: str, href: str) -> None:
    page = body(pages.error_page(reason, reference="r-1", connect="/connect"))
    assert f'<a class="button" href="{href}">' in page


def test_a_person_with_a_link_starts_again_with_it() -> None:
    page = body(pages.error_page("permission-missing", reference="r-1", connect="/connect/abc"))
    assert 'href="/connect/abc?auth_type=rerequest"' in page


def test_without_a_public_link_the_next_step_is_the_link_that_was_sent() -> None:
    page = body(pages.error_page("state-unknown", reference="r-1", connect=""))
    assert 'class="button"' not in page
    assert "open the link you were sent" in page


def test_a_preview_has_a_title_and_a_sentence() -> None:
    page = body(pages.preview_page("https://h.example/connect"))
    assert '<meta property="og:title" content="Connect your WhatsApp Business account">' in page
    assert '<meta property="og:description" content="Sign in with Facebook' in page
    assert '<meta property="og:url" content="https://h.example/connect">' in page


def test_the_finishing_page_asks_again_by_itself() -> None:
    assert '<meta http-equiv="refresh" content="2">' in body(pages.finishing_page())


def test_redirect_is_not_cached_and_sends_no_referrer() -> None:
    response = pages.redirect("https://x.example/", cookies=["a=1"])
    assert response["statusCode"] == 302
    assert response["cookies"] == ["a=1"]
    assert response["headers"]["Cache-Control"] == "no-store"
    assert response["headers"]["Referrer-Policy"] == "no-referrer"


def colours(scheme: str) -> dict[str, str]:
    style = body(pages.finishing_page()).partition("<style>")[2].partition("</style>")[0]
    (block,) = re.findall(scheme, style, re.DOTALL)
    return dict(re.findall(r"--([a-z-]+):(#[0-9a-f]+)", block))


def luminance(colour: str) -> float:
    """Return the relative luminance of WCAG 2."""
    digits = colour.lstrip("#")
    digits = "".join(2 * digit for digit in digits) if len(digits) == 3 else digits
    channels = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("scheme", [r"^:root\{(.*?)\}", r"dark\)\{:root\{(.*?)\}"], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "paper"), [("ink", "card"), ("soft", "card"), ("on-go", "go"), ("warn", "warn-bg")])
def test_text_can_be_read(scheme: str, ink: str, paper: str) -> None:
    """A contrast of 4.5, WCAG 2 level AA."""
    palette = colours(scheme)
    lighter, darker = sorted((luminance(palette[ink]), luminance(palette[paper])), reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) >= 4.5

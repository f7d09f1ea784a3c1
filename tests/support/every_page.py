"""Every page that people can see."""

from functools import partial

from whatsapp_connect.brand import Brand
from whatsapp_connect.languages.language import Language
from whatsapp_connect.outcomes import OUTCOMES
from whatsapp_connect.pages import Pages
from whatsapp_connect.responses import Response
from whatsapp_connect.signup_page import SignupPage

PLAIN = Brand("WhatsApp Connect")
SHOP = Brand(
    "Corner <Shop>",
    logo_url="https://cdn.shop.example/logo.svg",
    accent_color="#ffcc00",
    support_contact="help@shop.example",
    privacy_url="https://shop.example/privacy",
    terms_url="https://shop.example/terms?a=1&b=2",
)
CONNECTED = {
    "reason": "connected",
    "reference": "r-1",
    "expires_at": "1800791990",
    "numbers": "+1 555-0100\tBakery",
    "more_numbers": "0",
    "more_accounts": "0",
    "is_unknown": "",
}
SIGNUP = SignupPage(
    app_id="1234567890",
    config_id="987",
    graph_version="v26.0",
    features=("whatsapp_business_app_onboarding", "app_only_install"),
    state="s" * 43 + "l",
    callback_url="https://h.example/callback",
    signup_url="/callback/signup",
    sdk_url="https://connect.facebook.net",
    dialog_url="https://www.facebook.com",
    return_origin="https://shop.example",
)


def every_page(brand: Brand, language: Language) -> dict[str, Response]:
    pages = Pages(brand)
    start = partial(pages.start, language, href="?click=x", url="https://h.example/connect/abc", query={})
    made = {
        "connected": pages.connected(language, CONNECTED | {"more_numbers": "3", "more_accounts": "2"}, choose=""),
        "connected-for-ever": pages.connected(language, CONNECTED | {"expires_at": "0"}, choose=""),
        "accounts-unknown": pages.connected(language, CONNECTED | {"is_unknown": "yes"}, choose="/connect"),
        "accounts-unknown-link": pages.connected(language, CONNECTED | {"is_unknown": "yes"}, choose=""),
        "start": start(label="Corner Bakery"),
        "start-without-cookie": start(is_without_cookie=True),
        "reconnect": start(is_reconnect=True),
        "signup": start(signup=SIGNUP),
        "finishing": pages.finishing(language, again="/callback?state=s"),
        "deletion": pages.deletion(language, 1800791990),
        "unknown-deletion": pages.unknown_deletion(language),
    }
    for connect in (True, False):
        made[f"home-{connect}"] = pages.home(language, connect=connect)
        made[f"not-found-{connect}"] = pages.not_found(language, connect=connect)
    for reason in OUTCOMES:
        back = "https://shop.example/done"
        made[reason] = pages.error(language, reason, reference="r-1", start="/connect")
        made[f"{reason}-back"] = pages.error(language, reason, reference="r-1", start="", back=back)
    made["signup-failed-session"] = pages.error(
        language, "signup-failed", reference="r-1", start="/connect", session_id="f34b51dab5e0498"
    )
    return made

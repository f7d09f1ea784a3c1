"""What the page before a login needs for Embedded Signup: Meta's JavaScript SDK, a script of ours, and a policy for both.

The page works without them. Its button is a link that goes to Facebook by redirect, and the script takes the click over
only once the SDK is ready. Whatever happens then ends with one form, which is posted to `/callback/signup`.

https://developers.facebook.com/documentation/business-messaging/whatsapp/embedded-signup/implementation
"""

import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from html import escape
from typing import Any

COEXISTENCE = "whatsapp_business_app_onboarding"
"""The feature for numbers that stay in the WhatsApp Business app. Meta calls it a feature type."""
FIELDS = (
    "code",
    "event",
    "waba_id",
    "phone_number_id",
    "business_id",
    "current_step",
    "error_code",
    "session_id",
    "blocked",
)
"""What the page posts beside the state."""

# What comes after the code or instead of it arrives in any order. `told` is the last that the window said.
_SCRIPT = """
(() => {
  const form = document.getElementById("signup"), data = form.dataset;
  const button = document.querySelector("a.button"), progress = document.getElementById("progress");
  const isMeta = (origin) =>
    origin === data.origin || /^https:\\/\\/([a-z0-9-]+\\.)*facebook\\.com$/.test(origin);
  let isReady = false, openedAt = 0, isSent = false, told = {}, blocked = "";
  const send = (fields) => {
    if (isSent) return;
    isSent = true;
    for (const [name, value] of Object.entries({blocked, ...told, ...fields}))
      if (typeof value === "string" || typeof value === "number") form.elements[name].value = value;
    form.submit();
  };
  const sendSoon = () => setTimeout(send, data.patience);
  const answered = (answer) => {
    const code = answer?.authResponse?.code;
    if (code) send({code});
    else if (told.event) send();
    else sendSoon();
  };
  window.fbAsyncInit = () => {
    FB.init({appId: data.app, version: data.version, autoLogAppEvents: false, cookie: false, status: false, xfbml: false});
    isReady = true;
    form.dataset.ready = "yes";
  };
  addEventListener("message", ({origin, data: text}) => {
    if (!openedAt || !isMeta(origin) || typeof text !== "string") return;
    let message;
    try { message = JSON.parse(text); } catch { return; }
    if (message?.type !== "WA_EMBEDDED_SIGNUP" || typeof message.event !== "string") return;
    const {waba_id, phone_number_id, business_id, current_step, error_code, session_id} = message.data ?? {};
    told = {event: message.event, waba_id, phone_number_id, business_id, current_step, error_code, session_id};
    sendSoon();
  });
  addEventListener("securitypolicyviolation", ({effectiveDirective}) => {
    if (!/^(connect|style)-src/.test(effectiveDirective)) blocked = effectiveDirective;  // which the SDK can miss
  });
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  button.addEventListener("click", (event) => {
    // A second click goes to Facebook in this window. A double click does not.
    if (!isReady || (openedAt && event.timeStamp - openedAt > data.doubleClick)) return;
    event.preventDefault();
    if (openedAt) return;
    openedAt = event.timeStamp;
    progress.hidden = false;
    FB.login(answered, JSON.parse(data.options));
  });
})();
""".strip()
_DIGEST = b64encode(sha256(_SCRIPT.encode()).digest()).decode()
_PATIENCE_MS = 5000
"""How long the rest of an answer is waited for: the code after a message, or a message after a window without a code."""
_DOUBLE_CLICK_MS = 1500


@dataclass(frozen=True, slots=True)
class SignupPage:
    """Embedded Signup for one visit of the page."""

    app_id: str
    config_id: str
    graph_version: str
    features: tuple[str, ...]
    state: str
    callback_url: str
    """Where the SDK redirects if the browser has no windows: GET, as after a login by redirect."""
    signup_url: str
    """Where the page posts how it ended."""
    sdk_url: str
    dialog_url: str
    auth_type: str = ""
    """As in the login dialog's URL; "" for none."""
    return_origin: str = ""
    """Origin of the service that the person goes back to; "" if there is none."""

    @property
    def is_coexistence(self) -> bool:
        return COEXISTENCE in self.features

    def login_options(self) -> dict[str, Any]:
        """Return the options of FB.login."""
        extras: dict[str, Any] = {"version": "v4", "sessionInfoVersion": "3", "setup": {}}
        if self.is_coexistence:
            extras["featureType"] = COEXISTENCE
        if others := [{"name": feature} for feature in self.features if feature != COEXISTENCE]:
            extras["features"] = others
        return {
            **({"auth_type": self.auth_type} if self.auth_type else {}),
            "config_id": self.config_id,
            "response_type": "code",
            "override_default_response_type": True,
            # Without it the SDK sends the address of the page to Facebook, and that address is the person's link.
            "fallback_redirect_uri": self.callback_url,
            "state": self.state,
            "extras": extras,
        }

    def html(self, *, language_tag: str) -> str:
        """Return the form and the scripts, for the end of the page."""
        inputs = "".join(f'<input type="hidden" name="{name}">' for name in FIELDS)
        locale = _LOCALES.get(language_tag, "en_US")
        return (
            f'<form id="signup" method="post" action="{escape(self.signup_url)}" data-app="{escape(self.app_id)}"'
            f' data-version="{escape(self.graph_version)}" data-origin="{escape(self.dialog_url)}"'
            f' data-options="{escape(json.dumps(self.login_options()))}" data-patience="{_PATIENCE_MS}"'
            f' data-double-click="{_DOUBLE_CLICK_MS}">'
            f'<input type="hidden" name="state" value="{escape(self.state)}">{inputs}</form>'
            f"<script>{_SCRIPT}</script>"
            f'<script async crossorigin="anonymous" src="{escape(self.sdk_url)}/{locale}/sdk.js"></script>'
        )

    def policy(self) -> Mapping[str, str]:
        """Return the sources that this page needs beside those of every page."""
        return {
            # Ours, and the SDK, which loads the rest of itself from the same host.
            "script-src": f"'sha256-{_DIGEST}' {self.sdk_url}",
            # No connect-src: the SDK only reports with it, and asks after a closed window with the address of the page,
            # which is the person's link. It goes on when both are refused.
            # A browser applies this to the redirect after the form, too.
            "form-action": f"'self' {self.return_origin}".strip(),
        }


_LOCALES = {
    "en": "en_US",
    "es": "es_LA",
    "pt-BR": "pt_BR",
    "hi": "hi_IN",
    "id": "id_ID",
    "ar": "ar_AR",
    "tr": "tr_TR",
    "de": "de_DE",
    "fr": "fr_FR",
    "it": "it_IT",
}
"""Facebook's name of each language. The SDK shows its window in it."""

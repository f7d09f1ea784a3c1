"""Recognize dialogs that the JavaScript SDK of a page has opened, and check that the app allows that page.

Such a dialog ends at xd_arbiter, a page of Facebook that posts the answer to the window that opened the pop-up. The
SDK writes into the fragment of its address which page that is and which callback the answer belongs to.
"""

from dataclasses import dataclass
from typing import Self
from urllib.parse import parse_qs, urlsplit

from facebook_simulator.dialog_error import DialogError
from facebook_simulator.model import App
from facebook_simulator.site import names_this_machine

XD_ARBITER = "/x/connect/xd_arbiter/"


@dataclass(frozen=True, slots=True)
class Opener:
    """A page with the JavaScript SDK. `fragment` is that of the address at which its dialog ends."""

    origin: str
    fragment: str

    @classmethod
    def parse(cls, redirect_uri: str) -> Self | None:
        """Return the page that a dialog with this redirect URI was opened by; None if it is not the SDK's."""
        parts = urlsplit(redirect_uri)
        if parts.path != XD_ARBITER or not names_this_machine(parts.netloc):
            return None
        page = urlsplit(parse_qs(parts.fragment).get("origin", [""])[0])
        return cls(f"{page.scheme}://{page.netloc}", parts.fragment)

    def check(self, app: App) -> None:
        """Raise DialogError if the app's settings do not allow the SDK on this page.

        The page has to be one of the app's "Allowed Domains for the JavaScript SDK", and on the host of one of its
        redirect URIs. https://developers.facebook.com/documentation/business-messaging/whatsapp/embedded-signup/implementation
        """
        page = urlsplit(self.origin)
        if not app.sdk_login:
            raise DialogError(
                "JSSDK Option is Not Toggled: Please toggle the Login with JSSDK option to Yes in developers.facebook.com"
                " to use the JSSDK for login."
            )
        if self.origin not in {domain.rstrip("/") for domain in app.sdk_domains}:
            raise DialogError(
                "JSSDK Unknown Host domain: The domain you are hosting the Facebook Javascript SDK is not in your app's"
                " Javascript SDK host domain list."
            )
        if page.scheme != "https" and not names_this_machine(page.netloc):
            raise DialogError("Insecure Login Blocked: You can't get an access token or log in from an insecure page.")
        if page.netloc not in {urlsplit(uri).netloc for uri in app.redirect_uris}:
            raise DialogError("URL Blocked: The page is not on the domain of one of the app's valid redirect URIs.")

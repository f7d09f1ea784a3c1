"""The brand of the pages: what an operator sets as stack parameters. Nothing that a visitor sends changes it."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from whatsapp_connect.settings import Settings

DEFAULT_NAME = "WhatsApp Connect"

_COLOR = re.compile("#[0-9A-Fa-f]{6}")


@dataclass(frozen=True, slots=True)
class Brand:
    """An empty field is left out of the pages."""

    name: str
    logo_url: str = ""
    accent_color: str = ""
    """#rrggbb, for buttons."""
    support_contact: str = ""
    """An e-mail address or an https URL."""
    privacy_url: str = ""
    terms_url: str = ""

    @classmethod
    def from_settings(cls, settings: Settings) -> "Brand":
        return cls(
            name=settings.service_name or DEFAULT_NAME,
            logo_url=settings.logo_url,
            accent_color=settings.accent_color if _COLOR.fullmatch(settings.accent_color) else "",
            support_contact=settings.support_contact,
            privacy_url=settings.privacy_url,
            terms_url=settings.terms_url,
        )

    @property
    def logo_origin(self) -> str:
        """The origin of the logo, for the content security policy; "" without a logo."""
        return f"https://{urlsplit(self.logo_url).netloc}" if self.logo_url else ""

    @property
    def support_url(self) -> str:
        """Where a click on the support contact leads."""
        return f"mailto:{self.support_contact}" if "@" in self.support_contact else self.support_contact


def text_color(background: str) -> str:
    """Return black or white, whichever has the higher contrast with a color #rrggbb: 4.5 or more, as WCAG 2 AA demands.

    https://www.w3.org/TR/WCAG22/#dfn-relative-luminance
    """
    channels = [int(background[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    luminance = sum(weight * value for weight, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
    return "#ffffff" if 1.05 / (luminance + 0.05) > (luminance + 0.05) / 0.05 else "#000000"

"""Recognize requests that a web page of another site sends through the developer's browser.

The browser runs on this machine, so listening on the loopback address alone does not keep such pages out.
"""

from ipaddress import ip_address
from urllib.parse import urlsplit

# A container's name for the machine it runs on.
_DOCKER_HOST = "host.docker.internal"


def names_this_machine(address: str) -> bool:
    """Tell whether `address`, as in a Host header, is one that nobody else can let lead here, by DNS rebinding."""
    try:
        name = urlsplit(f"//{address}").hostname or ""
        return name in {"localhost", _DOCKER_HOST} or name.endswith(".localhost") or ip_address(name).is_loopback
    except ValueError:
        return False


def is_another_sites(sec_fetch_site: str | None, origin: str | None) -> bool:
    """Tell from these headers whether a page of another site made the request. A program sends neither.

    https://www.w3.org/TR/fetch-metadata/
    """
    if sec_fetch_site is not None:
        return sec_fetch_site == "cross-site"
    return origin is not None and not names_this_machine(origin.partition("://")[2])

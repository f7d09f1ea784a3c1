"""Recognize requests that a web page of another site sends through the developer's browser.

The browser runs on this machine, so it reaches servers that listen only on the loopback address.
"""

from ipaddress import ip_address
from urllib.parse import urlsplit

# The host name of this machine inside a container.
_DOCKER_HOST = "host.docker.internal"


def names_this_machine(address: str) -> bool:
    """Return whether `address`, from a Host header, always means this machine.

    Other names could be pointed at this machine by an attacker (DNS rebinding).
    """
    try:
        name = urlsplit(f"//{address}").hostname or ""
        return name in {"localhost", _DOCKER_HOST} or name.endswith(".localhost") or ip_address(name).is_loopback
    except ValueError:
        return False


def is_another_sites(sec_fetch_site: str | None, origin: str | None) -> bool:
    """Return whether these headers come from a page of another site. Programs send neither header.

    https://www.w3.org/TR/fetch-metadata/
    """
    if sec_fetch_site is not None:
        return sec_fetch_site == "cross-site"
    return origin is not None and not names_this_machine(origin.partition("://")[2])

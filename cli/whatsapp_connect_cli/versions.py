"""Compare the version of a stack with that of the command line."""

import re

from whatsapp_connect.version import VERSION


def difference(stack: str) -> tuple[str, str] | None:
    """Return what is wrong and how to fix it if the command line is not made for a stack of this version.

    `stack` is the stack's output Version; "" without one, as before 1.0.0. Only the first two numbers count: versions with
    the same two numbers have the same records, resources and settings. See docs/versions.md.
    """
    if _minor(stack) == _minor(VERSION):
        return None
    is_newer = _minor(stack) > _minor(VERSION)
    has = f"has version {stack}" if stack else "does not tell its version"
    says = f"The stack {has}, and is {'newer' if is_newer else 'older'} than this command line ({VERSION})."
    install = f"install whatsapp-connect {stack}" if stack else ""
    if is_newer:
        return says, f"{install.capitalize()}."
    return says, f"Update the stack{f', or {install}' if install else ''}."


def _minor(version: str) -> tuple[int, int]:
    """Return the first two numbers; (0, 0) without a version."""
    found = re.match(r"(\d+)\.(\d+)\.", version)
    return (int(found[1]), int(found[2])) if found else (0, 0)

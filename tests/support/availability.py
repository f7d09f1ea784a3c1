"""What this machine can run: tests with one of these markers need a program that is not everywhere."""

import platform
import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.support import firefox

_CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_PROCESSOR = "arm64" if platform.machine() in {"arm64", "aarch64"} else "x86_64"
LAMBDA_IMAGE = f"public.ecr.aws/lambda/python:3.13-{_PROCESSOR}"


@cache
def chromium() -> str | None:
    """Return the browser's executable: the system's or, failing that, Playwright's own."""
    for name in _CHROMIUMS:
        if path := shutil.which(name):
            return path
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return own if Path(own).exists() else None


@cache
def missing(marker: str) -> str | None:
    """Return the line that would make tests with this marker run, or None where they do already."""
    return next((line for is_there, line in _NEEDED[marker] if not is_there()), None)


def _succeeds(*command: str) -> bool:
    try:
        return subprocess.run(command, check=False, capture_output=True, timeout=30).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


_NEEDED: dict[str, list[tuple[Callable[[], object], str]]] = {
    "browser": [(chromium, ".venv/dev/bin/playwright install --with-deps chromium")],
    "docker": [
        (
            lambda: _succeeds("docker", "info"),
            "install Docker from https://docs.docker.com/get-docker/ and start it",
        ),
        (lambda: _succeeds("docker", "image", "inspect", LAMBDA_IMAGE), f"docker pull {LAMBDA_IMAGE}"),
    ],
    "firefox": [(firefox.executable, "install Firefox, for example with apt-get install firefox-esr")],
    "linux": [(lambda: shutil.which("ss"), "apt-get install iproute2, on Linux")],
    "namespaces": [
        (lambda: shutil.which("ip"), "apt-get install iproute2, on Linux"),
        (lambda: _succeeds("unshare", "--net", "true"), "become root"),
    ],
    "node": [
        (
            lambda: _succeeds("node", "--version") and _succeeds("npm", "--version"),
            "install Node.js 20 or later from https://nodejs.org/en/download",
        )
    ],
    "shell": [(lambda: all(map(shutil.which, ("curl", "jq", "openssl"))), "apt-get install curl jq openssl")],
}
MARKERS = tuple(_NEEDED)

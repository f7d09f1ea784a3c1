"""What this machine can run: tests with one of these markers need a program that is not everywhere."""

import platform
import shutil
import subprocess
from functools import cache
from pathlib import Path

from playwright.sync_api import sync_playwright

MARKERS = ("browser", "docker", "linux", "namespaces", "node", "shell")

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
    match marker:
        case "browser":
            return None if chromium() else ".venv/dev/bin/playwright install --with-deps chromium"
        case "docker":
            if not _succeeds("docker", "info"):
                return "install Docker from https://docs.docker.com/get-docker/ and start it"
            if not _succeeds("docker", "image", "inspect", LAMBDA_IMAGE):
                return f"docker pull {LAMBDA_IMAGE}"
        case "linux":
            return None if Path("/proc/net/tcp").exists() else "use Linux"
        case "namespaces":
            if not (_succeeds("unshare", "--net", "ip", "link") and shutil.which("setpriv")):
                return "apt-get install iproute2, on Linux, and become root"
        case "node":
            if not (_succeeds("node", "--version") and _succeeds("npm", "--version")):
                return "install Node.js 20 or later from https://nodejs.org/en/download"
        case "shell":
            if not (shutil.which("curl") and shutil.which("jq")):
                return "apt-get install curl jq"
    return None


def _succeeds(*command: str) -> bool:
    try:
        return subprocess.run(command, check=False, capture_output=True, timeout=30).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False

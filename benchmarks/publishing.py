"""Measure the time from the end of a login to both parameters, on the emulator, with one login after another.

A login ends when the person's browser has the page. callback puts the token parameter before that. publish puts the
metadata after it, when ConnectionTable's stream calls it.
"""

import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from urllib.parse import urlsplit

import requests

from benchmarks.report import table
from facebook_simulator.world import Person
from local.options import Options
from local.stack import Stack
from tests.support.people import people

LOGINS = 200
WARM_UP = 5
"""Logins before the measured ones, because cold starts are measured by cold_start."""
GOALS_S = {"median": 0.15, "99th of 100": 1.0}
_PATIENCE_S = 60


def run() -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        options = Options(port=0, facebook_port=0, emulator_port=0, start_api_port=0, directory=Path(folder) / "stack")
        with Stack.start(options) as stack:
            assert stack.facebook
            persons = people(WARM_UP + LOGINS)
            stack.facebook.state.populate(persons)
            measured = [_login(stack, person) for person in persons][WARM_UP:]
    return {
        "logins": LOGINS,
        "login": _summary([login for login, _, _ in measured]),
        "token": _summary([token for _, token, _ in measured]),
        "both": _summary([both for _, _, both in measured]),
    }


def _summary(seconds: list[float]) -> dict[str, float]:
    return {
        "median": round(median(seconds), 3),
        "90th of 100": round(quantiles(seconds, n=100)[89], 3),
        "99th of 100": round(quantiles(seconds, n=100)[98], 3),
    }


def _login(stack: Stack, person: Person) -> tuple[float, float, float]:
    """Log in. Return the seconds of the callback, from its end to the token, and from its end to both parameters."""
    with requests.Session() as browser:
        dialog = browser.get(f"{stack.base_url}/connect", allow_redirects=False).headers["Location"]
        told = requests.post(
            f"{stack.facebook_url}/_control/login", json={"url": dialog, "person": person.key}, timeout=10
        ).json()
        callback = urlsplit(told["location"])._replace(fragment="").geturl()
        began = time.monotonic()
        page = browser.get(callback)
        ended = time.monotonic()
    if page.status_code != 200:
        raise RuntimeError(f"a login failed: {page.text}")
    ssm = stack.session.client("ssm", endpoint_url=stack.endpoint_url)
    root = f"{stack.outputs['ParameterPrefix']}/connections/{person.id}"
    seen: dict[str, float] = {}
    while len(seen) < 2:
        found = ssm.get_parameters(Names=[f"{root}/access-token", f"{root}/metadata"])["Parameters"]
        now = time.monotonic() - ended
        for parameter in found:
            seen.setdefault(parameter["Name"].rpartition("/")[2], now)
        if now > _PATIENCE_S:
            raise RuntimeError(f"{root} is not published")
    return ended - began, seen["access-token"], max(seen.values())


def tables(figures: Mapping[str, Any]) -> Mapping[str, str]:
    names = ("median", "90th of 100", "99th of 100")
    return {
        "publishing": table(
            ["s", *names],
            [
                [text, *(f"{figures[key][name]:.3f}" for name in names)]
                for text, key in (
                    ("the callback itself", "login"),
                    ("from its end to the token", "token"),
                    ("from its end to both parameters", "both"),
                )
            ]
            + [["goal", f"under {GOALS_S['median']}", "", f"under {GOALS_S['99th of 100']}"]],
        )
    }

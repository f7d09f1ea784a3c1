"""Measure the CPU time of a warm handler, with the SDK and Facebook answering at once."""

import json
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.artifact import Folders
from benchmarks.execution import PYTHON, environment
from benchmarks.login import event
from benchmarks.report import table
from facebook_simulator.server import APP_SECRET
from local.place import ROOT

RUNS = 1000
GOALS_MS = {"authorize": 0.3, "callback": 0.5}

_AUTHORIZE = """
import authorize
authorize._dynamodb._make_api_call = answer
make = lambda: asked["authorize"]
handler = authorize.handler
"""
_CALLBACK = """
import callback, time
import botocore.client
botocore.client.BaseClient._make_api_call = lambda self, operation, asked: answer(operation, asked)
callback.graph.call = lambda method, path, **_: {
    "oauth/access_token": {"access_token": "EAAtoken", "expires_in": 3600, "_version": "v26.0"},
    "debug_token": {"_version": "v26.0", "data": {
        "app_id": callback.settings.meta_app_id, "type": "USER", "is_valid": True, "user_id": "122100000000000001",
        "scopes": list(callback.settings.required_scopes), "issued_at": 1, "expires_at": int(time.time()) + 60 * 86400,
        "granular_scopes": [{"scope": "whatsapp_business_management", "target_ids": ["200000000000001"]}]}},
}.get(path, {"data": [{"id": "400000000000001", "display_phone_number": "+1 555", "verified_name": "Bakery"}],
    "_version": "v26.0"})
def make():
    state = callback.states.issue(redirect_uri="https://connect.example.com/callback", cookies={}, start=callback.Start())
    return asked["callback"] | {
        "rawQueryString": "code=x&state=" + state.value, "cookies": [state.cookies[0].partition(";")[0]]}
handler = callback.handler
"""
_PROGRAM = """
import json, sys, statistics, time
asked, secret, runs = json.loads(sys.argv[1])
sys.path.append(sys.argv[2])
from benchmarks.aws_stand_in import AwsStandIn
stand_in = AwsStandIn(app_secret=secret)
answer = stand_in.answer
class Context:
    get_remaining_time_in_millis = staticmethod(lambda: 28_000)
{entry}
spent = []
for _ in range(runs):
    event = make()
    before = time.process_time()
    status = handler(event, Context)["statusCode"]
    spent.append((time.process_time() - before) * 1000)
    assert status in (200, 302), status
print(statistics.median(spent), sorted(spent)[int(runs * 0.95)], file=sys.stderr)
"""


def run() -> dict[str, Any]:
    asked = json.dumps([{name: event(name) for name in GOALS_MS}, APP_SECRET, RUNS])
    measured = {}
    with tempfile.TemporaryDirectory() as folder:
        folders = Folders.make(Path(folder))
        for name, entry in (("authorize", _AUTHORIZE), ("callback", _CALLBACK)):
            ran = subprocess.run(
                [PYTHON, "-S", "-B", "-c", _PROGRAM.replace("{entry}", entry), asked, str(ROOT)],
                cwd=folders.built,
                env=environment(folders.built, folders.runtime_compiled),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                check=False,
            )
            if ran.returncode:
                raise RuntimeError(ran.stderr)
            middle, most = ran.stderr.split()
            measured[name] = {"median": float(middle), "95th": float(most)}
    return {"runs": RUNS, "cpu": measured}


def tables(figures: Mapping[str, Any]) -> Mapping[str, str]:
    return {
        "warm overhead": table(
            ["function", "ms of CPU, median", "95th of 100", "goal"],
            [
                [
                    name,
                    f"{figures['cpu'][name]['median']:.2f}",
                    f"{figures['cpu'][name]['95th']:.2f}",
                    f"under {goal}",
                ]
                for name, goal in GOALS_MS.items()
            ],
        )
    }

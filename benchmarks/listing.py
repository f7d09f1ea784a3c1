"""Measure `whatsapp-connect connections list` with few connections and with many, on moto.

It reads every record, so its time grows with their number. It must not grow faster.
"""

import io
import os
from collections.abc import Mapping
from contextlib import redirect_stdout
from statistics import median
from time import thread_time
from typing import Any

import boto3
from click.testing import CliRunner

from benchmarks.growth.account import Account, account, person, user_id_of
from benchmarks.growth.index import PAGE_BYTES
from benchmarks.growth.size import item_size
from benchmarks.report import table
from facebook_simulator.server import FacebookServer
from tests.support import stack
from whatsapp_connect.settings import Settings
from whatsapp_connect_cli.app import program
from whatsapp_connect_cli.deployment import Deployment, Place
from whatsapp_connect_cli.options import CommonOptions

FEW, MANY = 300, 3_000
ROUNDS = 9


def run() -> dict[str, Any]:
    """Return the median CPU time in ms and the calls to AWS, by the number of connections."""
    with FacebookServer(redirect_uris=(stack.REDIRECT_URI,)) as facebook:
        facebook.state.populate((person(0),))
        with account(facebook) as aws:
            return _measure(aws)


def _measure(aws: Account) -> dict[str, Any]:
    rows = aws.meter.table(stack.CONNECTIONS)
    with redirect_stdout(io.StringIO()):  # metrics are printed
        aws.log_in(user_id_of(0))
        aws.publish(user_id_of(0))
    scans = {}
    for size in (FEW, MANY):
        aws.populate(size, pattern=user_id_of(0))
        scans[size] = _Scan([row.to_json()["Attributes"] for row in rows.all_items()])
    deployment = Deployment(
        place=Place(boto3.Session()),
        settings=Settings.from_environ(os.environ | {"SITE_URL": stack.SITE_URL, "STACK_NAME": stack.STACK_NAME}),
        stack_parameters={},
        outputs={},
        resources={},
        created_at=0,
    )
    aws.meter.watch(deployment.dynamodb)
    figures: dict[str, Any] = {str(size): {"cpu": []} for size in scans}
    for _ in range(ROUNDS):
        for size, scan in scans.items():
            aws.meter.stand_ins["Scan"] = scan
            cpu, calls = _list(aws, deployment, size)
            figures[str(size)]["cpu"].append(cpu)
            figures[str(size)]["calls"] = calls
    for one in figures.values():
        one["cpu"] = round(median(one["cpu"]), 1)
    return figures


class _Scan:
    """Answer a scan instead of moto, which takes ten seconds for it."""

    def __init__(self, items: list[dict[str, Any]]) -> None:
        self._pages: list[list[dict[str, Any]]] = [[]]
        size = 0
        for item in items:
            size += item_size(item)
            if size > PAGE_BYTES:
                self._pages.append([])
                size = item_size(item)
            self._pages[-1].append(item)

    def __call__(self, sent: Mapping[str, Any]) -> dict[str, Any]:
        number = int(sent["ExclusiveStartKey"]["connection_id"]["S"]) if "ExclusiveStartKey" in sent else 0
        names = sent["ExpressionAttributeNames"].values()
        page = [{name: item[name] for name in names if name in item} for item in self._pages[number]]
        answer: dict[str, Any] = {"Items": page, "Count": len(page), "ScannedCount": len(page)}
        if number + 1 < len(self._pages):
            answer["LastEvaluatedKey"] = {"connection_id": {"S": str(number + 1)}}
        return answer


def _list(aws: Account, deployment: Deployment, size: int) -> tuple[float, int]:
    """List the connections. Return the CPU time in ms without moto's, and the number of calls."""
    meter = aws.meter
    meter.clear()
    began = thread_time()
    ended = CliRunner().invoke(program, ["connections", "list"], obj=CommonOptions(deployment=deployment))
    cpu = (thread_time() - began - meter.emulated) * 1000
    if ended.exit_code or len(ended.stdout.splitlines()) != size + 1:
        raise RuntimeError(f"the list failed: {ended.output[:500]}")
    return cpu, meter.operations.total()


def tables(figures: Mapping[str, Any]) -> Mapping[str, str]:
    few = figures[str(FEW)]["cpu"]
    return {
        "listing": table(
            ["connections", "calls to AWS", "ms of CPU", f"times that of {FEW}"],
            [
                [f"{int(size):,}", one["calls"], f"{one['cpu']:.0f}", f"{one['cpu'] / few:.1f}"]
                for size, one in figures.items()
            ],
        )
    }

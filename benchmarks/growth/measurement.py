"""The same login, check and renewal among few connections and among many, and what an hour and a day cost for all."""

import io
from collections.abc import Callable, Iterable
from contextlib import redirect_stdout
from functools import partial
from statistics import median
from time import thread_time
from typing import Any

from benchmarks.growth.account import Account, account
from benchmarks.subjects.provider import Provider, user_id_of
from tests.integration import stack

SIZES = (10, 1_000, 100_000)
_TIMES = 50
_PAGE = 10
"""Parameters that GetParametersByPath tells at a time."""


def run() -> dict[str, Any]:
    """Measure with each number of connections."""
    with Provider() as provider:
        return {str(size): _among(size, provider) for size in SIZES}


def _among(size: int, provider: Provider) -> dict[str, Any]:
    # Metrics are printed.
    with account(provider) as aws, redirect_stdout(io.StringIO()):
        aws.log_in(user_id_of(0))
        aws.populate(size, pattern=user_id_of(0))
        beyond = [user_id_of(size + one) for one in range(3 * _TIMES)]
        new, checked, extended = beyond[:_TIMES], beyond[_TIMES : 2 * _TIMES], beyond[2 * _TIMES :]
        for user_id in (*checked, *extended):
            aws.make_due(user_id, pattern=user_id_of(0), is_old=user_id in extended)
        figures = {
            "login": _each(aws, provider, [partial(aws.log_in, one) for one in new]),
            "check": _each(aws, provider, [partial(_check, aws, one, "checked") for one in checked]),
            "renewal": _each(aws, provider, [partial(_check, aws, one, "renewed") for one in extended]),
        }
        aws.remove([*new, *checked, *extended])
        return figures | {
            "due": _each(aws, provider, [lambda: list(aws.renew.connections.due())]),
            "census": _each(aws, provider, [aws.renew.take_census]),
            "sweep": _each(aws, provider, [lambda: _sweep(aws, size)]),
        }


def _check(aws: Account, user_id: str, expected: str) -> None:
    if (outcome := aws.renew.check(user_id)) != expected:
        raise RuntimeError(f"a check ended as {outcome}")


def _sweep(aws: Account, size: int) -> None:
    """Run the daily look for parameters without a record; moto would take hours to page through so many."""
    names = (f"{user_id_of(one)}/{name}" for one in range(size) for name in ("access-token", "metadata"))
    parameters = [
        {"Name": f"{stack.PREFIX}/connections/{name}", "Type": "String", "Value": "x" * 500, "Version": 1}
        for name in names
    ]

    def tell(sent: dict[str, Any]) -> dict[str, Any]:
        first = int(sent.get("NextToken", 0))
        answer: dict[str, Any] = {"Parameters": parameters[first : first + _PAGE]}
        if first + _PAGE < len(parameters):
            answer["NextToken"] = str(first + _PAGE)
        return answer

    aws.meter.stand_ins["GetParametersByPath"] = tell
    vars(aws.renew)["SWEEP_HOUR"] = aws.hour()
    aws.renew.sweep(deadline=float("inf"))


def _each(aws: Account, provider: Provider, works: Iterable[Callable[[], object]]) -> dict[str, Any]:
    """Do pieces of work and return what each of them used."""
    meter = aws.meter
    meter.clear()
    provider.calls.clear()
    cpu: list[float] = []
    for work in works:
        emulated, began = meter.emulated, thread_time()
        work()
        cpu.append((thread_time() - began - meter.emulated + emulated) * 1000)
    times = len(cpu)
    return {
        "cpu": round(median(cpu), 3),
        "operations": {name: number / times for name, number in meter.operations.items()},
        "round_trips": sum(provider.calls.values()) / times,
        "items_read": meter.items_read / times,
        "read_units": meter.read_units / times,
        "write_units": meter.write_units / times,
    }

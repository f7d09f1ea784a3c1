"""Measure a login, publishing, a check, a renewal and a run of the schedule with few connections and with many."""

import io
from collections.abc import Callable, Iterable
from contextlib import redirect_stdout
from functools import partial
from statistics import median
from time import thread_time
from typing import Any

from benchmarks.growth.account import Account, account, person, user_id_of
from facebook_simulator.server import FacebookServer
from tests.support import stack

SIZES = (10, 1_000, 50_000)
_REPETITIONS = 50


def run() -> dict[str, Any]:
    """Return the figures for each number of connections."""
    with FacebookServer(redirect_uris=(stack.REDIRECT_URI,)) as facebook:
        return {str(size): _among(size, facebook) for size in SIZES}


def _among(size: int, facebook: FacebookServer) -> dict[str, Any]:
    facebook.state.reset()
    facebook.state.configure({"renewal": "extend"})
    numbers = range(size, size + 2 * _REPETITIONS)
    facebook.state.populate(tuple(map(person, [0, *numbers])))
    # Metrics are printed.
    with account(facebook) as aws, redirect_stdout(io.StringIO()):
        aws.log_in(user_id_of(0))
        aws.publish(user_id_of(0))
        aws.populate(size, pattern=user_id_of(0))
        beyond = [user_id_of(number) for number in numbers]
        checked, extended = beyond[:_REPETITIONS], beyond[_REPETITIONS:]
        figures = {
            "login": _each(aws, [partial(aws.log_in, one) for one in checked]),
            "publish": _each(aws, [partial(aws.publish, one) for one in checked]),
        }
        for user_id in extended:
            aws.log_in(user_id)
            aws.publish(user_id)
        for user_id in beyond:
            aws.make_due(user_id, is_old=False)
        figures |= {
            "set_up": _each(aws, [partial(aws.check, one, expected="checked") for one in checked]),
            "set_up_publish": _each(aws, [partial(aws.publish, one) for one in checked]),
        }
        for user_id in extended:
            aws.check(user_id, expected="checked")
            aws.publish(user_id)
        for user_id in beyond:
            aws.make_due(user_id, is_old=user_id in extended)
        figures |= {
            "check": _each(aws, [partial(aws.check, one, expected="checked") for one in checked]),
            "renewal": _each(aws, [partial(aws.check, one, expected="renewed") for one in extended]),
        }
        aws.remove(beyond)
        return figures | {
            "schedule": _each(aws, [aws.schedule]),
            "idle": _each(aws, [aws.schedule]),
        }


def _each(aws: Account, works: Iterable[Callable[[], object]]) -> dict[str, Any]:
    """Do each piece of work. Return the median CPU time in ms, and the average of calls, items and units."""
    meter = aws.meter
    meter.clear()
    aws.facebook.state.journal.clear()
    cpu: list[float] = []
    for work in works:
        emulated, began = meter.emulated, thread_time()
        work()
        cpu.append((thread_time() - began - meter.emulated + emulated) * 1000)
    times = len(cpu)
    return {
        "cpu": round(median(cpu), 3),
        "operations": {name: number / times for name, number in meter.operations.items()},
        "round_trips": len(aws.facebook.state.journal.describe()["requests"]) / times,
        "items_read": meter.items_read / times,
        "read_units": meter.read_units / times,
        "write_units": meter.write_units / times,
    }

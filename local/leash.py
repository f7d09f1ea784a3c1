"""Run a module for as long as the parent lives: `python leash.py MODULE`, standard input being a pipe it holds.

However the parent ends, even killed, the pipe closes, and the whole process group goes.
"""

import os
import runpy
import signal
import sys
import threading


def _follow_parent() -> None:
    sys.stdin.buffer.read()
    os.killpg(0, signal.SIGKILL)


def _allow_metric_math() -> None:
    """Have the emulator make alarms on metric math, which it refuses and AWS takes. It evaluates the first metric alone."""
    from ministack.services.cloudformation import provisioners  # type: ignore[import-not-found]  # noqa: PLC0415

    original = provisioners._cw_metric_alarm_record  # noqa: SLF001

    def record(name: str, properties: dict[str, object]) -> object:
        queries = properties.get("Metrics")
        if not isinstance(queries, list):
            return original(name, properties)
        stat = next(query["MetricStat"] for query in queries if "MetricStat" in query)
        others = {key: value for key, value in properties.items() if key != "Metrics"}
        return original(name, others | stat["Metric"] | {"Period": stat["Period"], "Statistic": stat["Stat"]})

    provisioners._cw_metric_alarm_record = record  # noqa: SLF001


if __name__ == "__main__":
    threading.Thread(target=_follow_parent, daemon=True).start()
    sys.argv = sys.argv[1:]
    _allow_metric_math()
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)

"""Run functions as Lambda does: in a new process, with the official runtime interface client and nothing else installed."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from benchmarks.quota import Quota
from benchmarks.runtime_api import RuntimeApi
from local.place import ROOT

PYTHON = Path(sys.base_prefix) / "bin" / "python3.13"
_INSTALLED = ROOT / ".venv" / "benchmarks" / "lib" / "python3.13" / "site-packages"
# The contents of /var/runtime in the managed runtime: its client, boto3, and their requirements.
_RUNTIME = (
    "awslambdaric",
    "boto3",
    "botocore",
    "dateutil",
    "jmespath",
    "runtime_client*.so",
    "s3transfer",
    "simplejson",
    "six.py",
    "snapshot_restore_py.py",
    "urllib3",
)

SETTINGS = {
    "META_APP_ID": "1234567890",
    "PARAMETER_PREFIX": "/whatsapp-connect/benchmark",
    "REQUIRED_SCOPES": "whatsapp_business_management,whatsapp_business_messaging",
    "LOGIN_CONFIG_ID": "",
    "LOGIN_MINUTES": "60",
    "PUBLIC_CONNECT": "enabled",
    "STATE_TABLE": "states",
    "CONNECTION_TABLE": "connections",
    "LINK_TABLE": "links",
    "DELETION_TABLE": "deletions",
    "BRAKE_TABLE": "brake",
    "ACCOUNT_TABLE": "accounts",
    "DUE_QUEUE_URL": "https://sqs.eu-central-1.amazonaws.com/123456789012/due",
    "CHECK_QUEUE_URL": "https://sqs.eu-central-1.amazonaws.com/123456789012/check",
    "CHECK_QUEUE_ARN": "arn:aws:sqs:eu-central-1:123456789012:check",
    "PUBLISHING": "enabled",
    "CHECKING": "enabled",
    "SUBSCRIBE_APP": "enabled",
    "REGISTER_NUMBERS": "disabled",
    "SYNC_BUSINESS_APP": "enabled",
    "METADATA": "enabled",
    "PARAMETER_WRITES_PER_SECOND": "2.5",
    "TOKEN_KEY_ID": "arn:aws:kms:eu-central-1:123456789012:key/0b4ccf6c-3c4f-4a0b-9d5a-6a5c1f7a9d10",
    "GRAPH_VERSION": "v26.0",
    "GRAPH_URL": "https://graph.facebook.com",
    "DIALOG_URL": "https://www.facebook.com",
    "PUBLIC_BASE_URL": "",
    "RECONNECT": "enabled",
    "RETURN_URL": "",
    "SERVICE_NAME": "",
    "LOGO_URL": "",
    "ACCENT_COLOR": "",
    "SUPPORT_CONTACT": "",
    "PRIVACY_URL": "",
    "TERMS_URL": "",
    "SITE_URL": "https://connect.example",
    "STACK_NAME": "whatsapp-connect",
    "POWERTOOLS_SERVICE_NAME": "whatsapp-connect",
    "POWERTOOLS_METRICS_NAMESPACE": "WhatsAppConnect",
}


@dataclass(frozen=True, slots=True)
class Cost:
    """Wall time and CPU time in milliseconds."""

    wall: float
    cpu: float
    """The CPU time of all threads of the function's process."""


@dataclass(frozen=True, slots=True)
class Invocation:
    answer: Any
    cost: Cost


def make_runtime(folder: Path, *, compiled: bool) -> Path:
    """Make the folder that is used as /var/runtime, and return it."""
    folder.mkdir(parents=True)
    for pattern in _RUNTIME:
        for path in _INSTALLED.glob(pattern):
            if path.is_dir():
                shutil.copytree(path, folder / path.name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(path, folder)
    if compiled:
        compile_all(folder)
    return folder


def compile_all(folder: Path) -> None:
    subprocess.run(
        [PYTHON, "-m", "compileall", "-q", "-j", "0", "--invalidation-mode", "unchecked-hash", folder],
        check=True,
    )


def without_bytecode(source: Path, target: Path) -> Path:
    """Copy a folder without its bytecode."""
    return shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))


def environment(task: Path, runtime: Path) -> dict[str, str]:
    """Return the variables that a function finds on Lambda, apart from those of one process."""
    return SETTINGS | {
        "PATH": os.environ["PATH"],
        "LANG": "en_US.UTF-8",
        "PYTHONPATH": str(runtime),
        "PYTHONDONTWRITEBYTECODE": "1",  # /var/task and /var/runtime are read-only
        "AWS_LAMBDA_FUNCTION_NAME": "benchmark",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
        "AWS_REGION": "eu-central-1",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_SESSION_TOKEN": "test",
        "LAMBDA_TASK_ROOT": str(task),
    }


class Execution:
    """An execution environment: one process, from its start to its end. Use it as a context manager.

    When start() returns, INIT is over, and `init` has its cost.
    """

    def __init__(
        self,
        *,
        task: Path,
        runtime: Path,
        handler: str,
        environment: Mapping[str, str] | None = None,
        quota: Quota | None = None,
    ) -> None:
        self.task, self.runtime, self.handler = task, runtime, handler
        self.environment = environment or {}
        self.quota = quota
        self._api = RuntimeApi(self.cpu_seconds)

    def start(self) -> Self:
        began = time.perf_counter()
        self._process = subprocess.Popen(
            [PYTHON, "-m", "awslambdaric", self.handler],
            cwd=self.task,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=environment(self.task, self.runtime)
            | {"AWS_LAMBDA_RUNTIME_API": self._api.address, "_HANDLER": self.handler, **self.environment},
        )
        if self.quota:
            self.quota.hold(self._process.pid)
        arrival = self._api.arrivals.get(timeout=120)
        if arrival.kind != "next":
            raise RuntimeError(f"{self.handler}: {arrival.body.decode()}")
        self.init = Cost((arrival.at - began) * 1000, arrival.cpu * 1000)
        return self

    @property
    def pid(self) -> int:
        return self._process.pid

    def invoke(self, event: object) -> Invocation:
        """Send an event to the function, and return its answer. Raises RuntimeError if the function raises."""
        before, began = self.cpu_seconds(), time.perf_counter()
        self._api.events.put(json.dumps(event).encode())
        arrival = self._api.arrivals.get(timeout=120)
        if arrival.kind != "response":
            raise RuntimeError(f"{self.handler}: {arrival.body.decode()}")
        self._api.arrivals.get(timeout=120)  # it asks for the next event
        cost = Cost((arrival.at - began) * 1000, (arrival.cpu - before) * 1000)
        return Invocation(json.loads(arrival.body), cost)

    def cpu_seconds(self) -> float:
        return cpu_seconds(self._process.pid)

    def peak_mib(self) -> float:
        """Return the peak memory of the process in MiB."""
        for line in Path(f"/proc/{self._process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) / 1024
        raise AssertionError

    def stop(self) -> None:
        self._process.kill()
        self._process.communicate()
        self._api.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of a process with nanosecond precision. The number is Linux's clock ID of that process."""
    return time.clock_gettime((~pid << 3) | 2)

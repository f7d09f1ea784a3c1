"""Run the AWS emulator, with IAM enforced and AWS's limits, until the process that started it ends."""

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import Self

import boto3

from local import debugger
from local.error import LocalError
from local.place import EMULATOR_PYTHON, shown
from local.strict.limits import DEFAULT, Limits

REGION = "us-east-1"
# The credentials of the emulator's root user.
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": REGION}

_START_TIMEOUT_S = 60
# The functions inherit the emulator's environment, so only what is needed to reach the network is passed on.
_PASSED_ON = ("PATH", "LANG", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")


class Emulator:
    """A child process on the loopback address. Make clients with `session` and `endpoint_url=url`."""

    def __init__(self, *, port: int, directory: Path, limits: Limits = DEFAULT, debug_terminal: str = "") -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.log = directory / "emulator.log"
        self.session = boto3.Session(
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
            region_name=REGION,
        )
        self._scratch = directory / "emulator"
        shutil.rmtree(self._scratch, ignore_errors=True)
        self._scratch.mkdir(parents=True)
        with self.log.open("w") as log:
            self._process = subprocess.Popen(
                [
                    EMULATOR_PYTHON,
                    "-P",
                    Path(__file__).with_name("run_with_parent.py"),
                    "local.strict",
                    limits.to_json(),
                ],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self._scratch,
                env={name: os.environ[name] for name in _PASSED_ON if name in os.environ}
                | {
                    "AUTH": "true",
                    "BIND_HOST": "127.0.0.1",
                    "GATEWAY_PORT": str(port),
                    "HOME": str(self._scratch),
                    "TMPDIR": str(self._scratch),
                }
                | (debugger.variables(debug_terminal) if debug_terminal else {}),
                start_new_session=True,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def wait(self) -> None:
        """Return when the emulator accepts connections. Raises LocalError if it does not start."""
        deadline = time.monotonic() + _START_TIMEOUT_S
        while self._process.poll() is None and time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                time.sleep(0.1)
            else:
                return
        raise LocalError(f"The AWS emulator did not start. See {shown(self.log)}.")

    def stop(self) -> None:
        """Stop the emulator and the functions that it runs."""
        if self._process.stdin:
            self._process.stdin.close()
        self._process.wait()
        shutil.rmtree(self._scratch, ignore_errors=True)

"""The AWS emulator, with IAM enforced and as strict as AWS, for as long as the process that started it."""

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
# The emulator's root user: what an AWS client needs to talk to it.
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": REGION}

_START_SECONDS = 60
# The functions inherit the emulator's environment, so it gets little of the developer's: how to reach the outside.
_PASSED_ON = ("PATH", "LANG", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")


class Emulator:
    """A child process on the loopback address. `session` makes clients that need `endpoint_url=url`."""

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
                    Path(__file__).with_name("leash.py"),
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
        """Return once it answers."""
        deadline = time.monotonic() + _START_SECONDS
        while self._process.poll() is None and time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                time.sleep(0.1)
            else:
                return
        raise LocalError(f"The AWS emulator did not start: {shown(self.log)} says why.")

    def stop(self) -> None:
        """End it and the functions it runs."""
        if self._process.stdin:
            self._process.stdin.close()
        self._process.wait()
        shutil.rmtree(self._scratch, ignore_errors=True)

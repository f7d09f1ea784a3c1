"""Functions in Docker, by `sam local`, beside a running stack."""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from local import bridge, sam
from local.error import LocalError
from local.place import ROOT, SAM, STATE

INVOKE_VARIABLES = "env.json"
START_API_VARIABLES = "env-start-api.json"
START_API_URL = "http://localhost:3001"


def write_variables(variables: Mapping[str, str], directory: Path = STATE) -> None:
    """Write the deployed functions' variables as `--env-vars` wants them, leading from a container to this machine."""
    inside = {
        name: value.replace("//127.0.0.1:", f"//{bridge.HOST}:").replace("//localhost:", f"//{bridge.HOST}:")
        if name in {"AWS_ENDPOINT_URL", "GRAPH_URL"}
        else value
        for name, value in variables.items()
    }
    _write(directory / INVOKE_VARIABLES, inside)
    _write(directory / START_API_VARIABLES, inside | {"PUBLIC_BASE_URL": START_API_URL})


def remove_variables(directory: Path = STATE) -> None:
    """Forget the stack they lead to."""
    for name in (INVOKE_VARIABLES, START_API_VARIABLES):
        (directory / name).unlink(missing_ok=True)


def is_beside_a_stack(directory: Path = STATE) -> bool:
    """Tell whether `make run` is running."""
    return (directory / INVOKE_VARIABLES).exists()


def check() -> None:
    """Raise LocalError unless a Docker engine answers."""
    try:
        subprocess.run(["docker", "info"], check=True, capture_output=True, timeout=30)  # noqa: S607
    except (OSError, subprocess.SubprocessError) as error:
        raise LocalError("Docker does not answer: install it or start it, then run this again.") from error


def invoke(function: str, event: Path) -> int:
    """Run one function once, with `event` as its input; return the exit code of `sam local invoke`."""
    return _sam("invoke", function, "--event", str(event))


def start_api() -> int:
    """Serve the functions on http://localhost:3001 until interrupted; return the exit code."""
    return _sam("start-api")


def _sam(*arguments: str) -> int:
    return subprocess.run(
        [SAM, "local", *arguments], check=False, cwd=ROOT, env=os.environ | sam.environment()
    ).returncode


def _write(path: Path, variables: Mapping[str, str]) -> None:
    path.write_text(json.dumps({"Parameters": variables}, indent=2) + "\n")

"""Run functions in Docker with `sam local`, beside a running stack."""

import json
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from local import bridge, sam
from local.error import LocalError
from local.place import ROOT, SAM, SAMCONFIG, template

# samconfig.toml has the same names.
_INVOKE_VARIABLES = "env.json"
_START_API_VARIABLES = "env-start-api.json"
_URLS_OF_THIS_MACHINE = {"AWS_ENDPOINT_URL", "GRAPH_URL"}


def write_variables(variables: Mapping[str, str], start_api: str, directory: Path) -> None:
    """Write the deployed functions' variables for `--env-vars`, with URLs that containers can reach.

    `start_api` is the URL at which `sam local start-api` will serve.
    """
    inside = {
        name: value.replace("//127.0.0.1:", f"//{bridge.HOST}:") if name in _URLS_OF_THIS_MACHINE else value
        for name, value in variables.items()
    }
    _write(directory / _INVOKE_VARIABLES, inside)
    _write(directory / _START_API_VARIABLES, inside | {"PUBLIC_BASE_URL": start_api})


def remove_variables(directory: Path) -> None:
    """Delete the files of write_variables."""
    for name in (_INVOKE_VARIABLES, _START_API_VARIABLES):
        (directory / name).unlink(missing_ok=True)


def has_variables(directory: Path) -> bool:
    """Return whether the stack in `directory` is deployed, so that its functions can run in Docker."""
    return (directory / _START_API_VARIABLES).exists()


def check_engine() -> None:
    """Raise LocalError unless a Docker engine answers."""
    try:
        subprocess.run(["docker", "info"], check=True, capture_output=True, timeout=30)  # noqa: S607 - from the PATH
    except (OSError, subprocess.SubprocessError) as error:
        raise LocalError("Docker does not answer. Install or start it, then try again.") from error


def invoke_command(function: str, event: Path, directory: Path) -> list[str]:
    """Return the command that runs `function` once with `event` as its input."""
    return [*_command("invoke", directory, _INVOKE_VARIABLES), "--event", str(event), function]


def start_api_command(directory: Path) -> list[str]:
    """Return the command that serves the functions at start_api_url() until it is interrupted."""
    listens = str(urlsplit(start_api_url(directory)).port)
    return [*_command("start-api", directory, _START_API_VARIABLES), "--port", listens]


def start_api_url(directory: Path) -> str:
    """Return the URL of the functions that start_api_command serves."""
    return _read(directory / _START_API_VARIABLES)["PUBLIC_BASE_URL"]


def environment(directory: Path) -> dict[str, str]:
    """Return the environment of these commands. The SAM CLI reads the account, and functions use the credentials."""
    inside = _read(directory / _INVOKE_VARIABLES)["AWS_ENDPOINT_URL"]
    return sam.environment(AWS_ENDPOINT_URL=inside.replace(bridge.HOST, "127.0.0.1"))


def run(command: list[str], directory: Path) -> int:
    """Run one of these commands, and return its exit code. On Ctrl-C, wait until SAM has removed its containers."""
    with sam.build_lock():
        pass  # a build that is under way replaces the functions
    # In a new session the process does not get the terminal's Ctrl-C, only the signal sent below.
    with subprocess.Popen(command, cwd=ROOT, env=environment(directory), start_new_session=True) as process:
        try:
            return process.wait()
        except KeyboardInterrupt:
            process.send_signal(signal.SIGINT)
            process.wait()
            raise


def _command(command: str, directory: Path, variables: str) -> list[str]:
    files = {
        "--template": template(directory),
        "--config-file": SAMCONFIG,
        "--env-vars": directory / variables,
    }
    return [
        str(SAM),
        "local",
        command,
        *(part for option, path in files.items() for part in (option, str(path))),
        # A build by `sam build` alone has the template's default.
        "--parameter-overrides",
        f"Architecture={sam.ARCHITECTURE}",
    ]


def _write(path: Path, variables: Mapping[str, str]) -> None:
    path.write_text(json.dumps({"Parameters": variables}, indent=2) + "\n")


def _read(path: Path) -> dict[str, str]:
    variables: dict[str, str] = json.loads(path.read_text())["Parameters"]
    return variables

"""Build the template with the SAM CLI, and deploy it to the emulator."""

import fcntl
import os
import platform
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path

import yaml

from local.emulator import CREDENTIALS
from local.error import LocalError
from local.place import BUILD, PYTHON_FOLDER, ROOT, SAM, SAMCONFIG, shown, template

ARCHITECTURE = "arm64" if platform.machine() in {"arm64", "aarch64"} else "x86_64"


def environment(**variables: str) -> dict[str, str]:
    """Return the developer's environment for the SAM CLI, with the emulator's credentials instead of the developer's."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return (
        own
        | CREDENTIALS
        | {"PATH": f"{PYTHON_FOLDER}{os.pathsep}{os.environ['PATH']}", "SAM_CLI_TELEMETRY": "0"}
        | variables
    )


def build(directory: Path) -> None:
    """Build the functions for this machine's processor, for the stack in `directory`. Raises LocalError.

    The SAM CLI has one build folder for each checkout, so stacks that start at the same time build one after another,
    and each takes a copy.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with build_lock() as lock:
        _run(
            "build",
            "--parameter-overrides",
            f"Architecture={ARCHITECTURE}",
            log=directory / "build.log",
            environ=environment(),
            lock=lock,
        )
        _set_default_architecture()
        copy = template(directory).parent
        if copy != BUILD:
            shutil.copytree(BUILD, copy, dirs_exist_ok=True)


@contextmanager
def build_lock() -> Iterator[int]:
    """Wait until no build of this checkout is under way, and let none begin. Return the lock's file descriptor."""
    BUILD.parent.mkdir(exist_ok=True)
    with (BUILD.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock.fileno()


def deploy(
    *, endpoint: str, name: str, region: str, bucket: str, parameters: Mapping[str, str], directory: Path
) -> None:
    """Deploy what was built in `directory` to the emulator at `endpoint`, as the stack `name`. Raises LocalError."""
    # Another stack could build again while this one uploads the result from the shared build folder.
    with build_lock() if template(directory).is_relative_to(BUILD) else nullcontext():
        _run(
            "deploy",
            "--template-file",
            str(template(directory)),
            "--config-file",
            str(SAMCONFIG),
            "--config-env",
            "local",
            "--stack-name",
            name,
            "--region",
            region,
            "--s3-bucket",
            bucket,
            "--parameter-overrides",
            *(f"{name}={value}" for name, value in {**parameters, "Architecture": ARCHITECTURE}.items()),
            log=directory / "deploy.log",
            environ=environment(AWS_ENDPOINT_URL=endpoint, SAM_CLI_POLL_DELAY="1"),
        )


def _set_default_architecture() -> None:
    # `sam local` uses the parameter's default, not the value that `sam build` was given.
    path = BUILD / "template.yaml"
    built = yaml.safe_load(path.read_text())
    built["Parameters"]["Architecture"]["Default"] = ARCHITECTURE
    path.write_text(yaml.safe_dump(built, sort_keys=False))


def _run(command: str, *arguments: str, log: Path, environ: Mapping[str, str], lock: int | None = None) -> None:
    # The SAM CLI holds the lock too, because it works on if this process is killed.
    locks = () if lock is None else (lock,)
    with log.open("w") as output:
        code = subprocess.run(
            [SAM, command, *arguments],
            check=False,
            cwd=ROOT,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=locks,
        ).returncode
    if code:
        raise LocalError(f"sam {command} failed: {_reason(log.read_text())} See {shown(log)}.")


def _reason(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("Error:")] or lines or ["there is no output."]
    return errors[-1].removeprefix("Error:").strip().rstrip(".") + "."

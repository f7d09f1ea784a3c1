"""`python3.13 artifact/build.py FOLDER`: put what is deployed into FOLDER, and try it. See ../Makefile.

SAM's own builder ships no bytecode, so every cold start would compile everything: a function cannot write where it runs. It
also ships the SDK's descriptions of every AWS service, which are 27 MB.
"""

import compileall
import fcntl
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from py_compile import PycInvalidationMode

SOURCE = Path(__file__).resolve().parent.parent

SERVICES = {
    "dynamodb": "2012-08-10",
    "events": "2015-10-07",
    "kms": "2014-11-01",
    "sqs": "2012-11-05",
    "ssm": "2014-11-06",
}
"""The services that the functions call, and the newest API version that the SDK knows."""

_OF_ALL_SERVICES = {"_retry.json", "endpoints.json", "partitions.json", "sdk-default-configuration.json"}
_UNUSED = ("bin", "aws_lambda_powertools/event_handler")
_UTILITIES = {"__init__.py", "jmespath_utils", "serialization.py", "typing"}
"""What Logger and Metrics import of Powertools' utilities."""

# Import every entry file, which makes every client. A variable that an entry file needs has a value here.
_TRY = """
import importlib, os, sys

class Variables(dict):
    def __missing__(self, name):
        return "1"

os.environ = Variables(os.environ)
sys.path.insert(0, sys.argv[1])
for name in sys.argv[2:]:
    importlib.import_module(name).handler
"""
# Use neither the configuration nor the credentials of the person who builds.
_TRY_VARIABLES = {
    "AWS_ACCESS_KEY_ID": "none",
    "AWS_SECRET_ACCESS_KEY": "none",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}


def main(target: Path) -> None:
    """Build into a folder. SAM builds each function alone with the same code, so under .aws-sam build once and copy."""
    place = target.parent.parent
    if place.name != ".aws-sam":
        build(target)
        return
    with (place / "artifact.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        built = place / "artifact" / _digest()
        if not built.exists():
            shutil.rmtree(built.parent, ignore_errors=True)
            unfinished = built.with_name("unfinished")
            build(unfinished)
            unfinished.rename(built)
        shutil.copytree(built, target, dirs_exist_ok=True)


def build(target: Path) -> None:
    """Install, copy, prune, compile and try. Raises SystemExit if one of them fails."""
    _install(target)
    entries = sorted(SOURCE.glob("*.py"))
    for entry in entries:
        shutil.copy(entry, target)
    package = "whatsapp_connect"
    shutil.copytree(SOURCE / package, target / package, ignore=shutil.ignore_patterns("__pycache__"))
    _prune(target)
    # SAM changes the time of every file, so Python would never use bytecode that it checks against its source.
    mode = PycInvalidationMode.UNCHECKED_HASH
    # Bytecode names its source. With the path on Lambda, a build in any folder gives the same bytes.
    if not compileall.compile_dir(
        target, quiet=1, workers=0, invalidation_mode=mode, stripdir=str(target), prependdir="/var/task"
    ):
        raise SystemExit("The functions do not compile.")
    try_entries(target, [entry.stem for entry in entries])


def try_entries(target: Path, names: Iterable[str]) -> None:
    """Import these entry files from what was built, with only the standard library beside it.

    Raises SystemExit if something is missing. Otherwise the first person to connect would find out.
    """
    command = [sys.executable, "-I", "-S", "-B", "-c", _TRY, str(target), *names]
    tried = subprocess.run(command, env=_TRY_VARIABLES, check=False, capture_output=True, text=True)  # noqa: S603  all of it is above
    if tried.returncode:
        why = (tried.stderr.strip() or f"exit code {tried.returncode}").splitlines()[-1]
        raise SystemExit(f"What was built does not run, so it must not be deployed: {why}")


def _install(target: Path) -> None:
    pip = "-m pip install --quiet --disable-pip-version-check"
    # Pure Python, so that one artifact runs on every processor.
    options = "--require-hashes --no-deps --only-binary :all: --implementation py --platform any --no-compile"
    command = [sys.executable, *pip.split(), *options.split()]
    command += ["--requirement", str(SOURCE / "requirements.txt"), "--target", str(target)]
    if code := subprocess.run(command, check=False).returncode:  # noqa: S603  all of it is above
        raise SystemExit(code)


def _prune(target: Path) -> None:
    """Delete what the functions do not use."""
    for name in _UNUSED:
        shutil.rmtree(target / name)
    _leave_only(target / "aws_lambda_powertools" / "utilities", _UTILITIES)
    data = target / "botocore" / "data"
    _leave_only(data, _OF_ALL_SERVICES | set(SERVICES))
    for service, version in SERVICES.items():
        _leave_only(data / service, {version})
    # botocore reads this file at every cold start. It has a megabyte, most of it about other services.
    endpoints = json.loads((data / "endpoints.json").read_text())
    for partition in endpoints["partitions"]:
        services = partition["services"]
        partition["services"] = {name: services[name] for name in services if name in SERVICES}
    (data / "endpoints.json").write_text(json.dumps(endpoints))


def _leave_only(folder: Path, names: set[str]) -> None:
    for path in folder.iterdir():
        if path.name not in names:
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def _digest() -> str:
    """Return a name for the sources and the Python that compiles them."""
    sources = sorted(path for name in ("*.py", "*.txt") for path in SOURCE.rglob(name))
    digest = sha256(sys.version.encode())
    for path in sources:
        digest.update(f"{path.relative_to(SOURCE)}\0".encode() + path.read_bytes())
    return digest.hexdigest()


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())

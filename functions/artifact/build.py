"""`python3.13 artifact/build.py FOLDER`: put into FOLDER what is deployed, and try it. See ../Makefile.

SAM's own builder would ship no bytecode, so that everything was compiled at every cold start: a function cannot write
where it runs. It would also ship what nobody calls: the SDK describes every service that AWS has, in 27 MB.
"""

import compileall
import fcntl
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
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
"""The services that the functions call, and the version of the API: the newest that the SDK knows."""

_OF_ALL_SERVICES = {"_retry.json", "endpoints.json", "partitions.json", "sdk-default-configuration.json"}
_UNUSED = ("bin", "boto3/data", "boto3/examples", "aws_lambda_powertools/event_handler")
_UTILITIES = {"__init__.py", "jmespath_utils", "serialization.py", "typing"}
"""What Logger and Metrics import of Powertools' utilities."""

# Imports every entry file, which makes every client. A variable that an entry file demands has a value here.
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
# Neither the configuration nor the credentials of the person who builds.
_TRY_VARIABLES = {
    "AWS_ACCESS_KEY_ID": "none",
    "AWS_SECRET_ACCESS_KEY": "none",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}


def main(target: Path) -> None:
    """Build into a folder, or copy there what was built before from the same sources.

    SAM builds each function alone, although all have the same code.
    """
    place = target.parent.parent
    if place.name != ".aws-sam":
        build(target)
        return
    with _alone(place):
        built = place / "artifact" / _digest()
        if not built.exists():
            shutil.rmtree(built.parent, ignore_errors=True)
            unfinished = built.with_name("unfinished")
            build(unfinished)
            unfinished.rename(built)
        shutil.copytree(built, target, dirs_exist_ok=True)


def build(target: Path) -> None:
    """Install, copy, prune, compile, try. Raises SystemExit where that does not work."""
    entries = sorted(SOURCE.glob("*.py"))
    _install(target)
    for entry in entries:
        shutil.copy(entry, target)
    package = "whatsapp_connect"
    shutil.copytree(SOURCE / package, target / package, ignore=shutil.ignore_patterns("__pycache__"))
    _prune(target)
    # SAM gives every file a time of its own, so bytecode that is checked against its source would never be used.
    mode = PycInvalidationMode.UNCHECKED_HASH
    if not compileall.compile_dir(target, quiet=1, workers=0, invalidation_mode=mode):
        raise SystemExit("The functions do not compile.")
    try_entries(target, [entry.stem for entry in entries])


def try_entries(target: Path, names: Iterable[str]) -> None:
    """Import these entry files from what was built, with nothing beside it but the standard library.

    Raises SystemExit if something is missing: otherwise the first person to connect would find out.
    """
    command = [sys.executable, "-I", "-S", "-B", "-c", _TRY, str(target), *names]
    tried = subprocess.run(command, env=_TRY_VARIABLES, check=False, capture_output=True, text=True)  # noqa: S603  all of it is above
    if tried.returncode:
        why = (tried.stderr.strip() or f"exit code {tried.returncode}").splitlines()[-1]
        raise SystemExit(f"What was built does not run, so it must not be deployed: {why}")


def _install(target: Path) -> None:
    # Pure Python, so that one artifact runs on every processor.
    options = "--require-hashes --no-deps --only-binary :all: --implementation py --platform any --no-compile"
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        *options.split(),
    ]
    command += ["--requirement", str(SOURCE / "requirements.txt"), "--target", str(target)]
    if code := subprocess.run(command, check=False).returncode:  # noqa: S603  all of it is above
        raise SystemExit(code)


def _prune(target: Path) -> None:
    for name in _UNUSED:
        shutil.rmtree(target / name)
    _keep(target / "aws_lambda_powertools" / "utilities", _UTILITIES)
    data = target / "botocore" / "data"
    _keep(data, _OF_ALL_SERVICES | set(SERVICES))
    for service, version in SERVICES.items():
        _keep(data / service, {version})
    # Read at every cold start: a megabyte before, most of it about other services.
    endpoints = json.loads((data / "endpoints.json").read_text())
    for partition in endpoints["partitions"]:
        services = partition["services"]
        partition["services"] = {name: services[name] for name in services if name in SERVICES}
    (data / "endpoints.json").write_text(json.dumps(endpoints))


def _keep(folder: Path, names: set[str]) -> None:
    for path in folder.iterdir():
        if path.name in names:
            continue
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


@contextmanager
def _alone(place: Path) -> Iterator[None]:
    with (place / "artifact.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _digest() -> str:
    """Name the sources, and the Python that compiles them."""
    sources = sorted(path for name in ("*.py", "*.txt") for path in SOURCE.rglob(name))
    digest = sha256(sys.version.encode())
    for path in sources:
        digest.update(f"{path.relative_to(SOURCE)}\0".encode() + path.read_bytes())
    return digest.hexdigest()


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())

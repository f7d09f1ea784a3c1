"""Each package, installed into an empty environment with the newest and with the oldest dependencies it allows, and used."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from pathlib import Path

import boto3
import pytest
import requests

from tests.client.store import PREFIX, Store
from tests.packages.package import COMMAND_LINE, READER, SIMULATOR, UV, Package
from tests.simulator.facebook_client import FacebookClient
from tests.support.moto_stack import READER_POLICY, stack_over_http
from tests.support.people import MARIA
from whatsapp_connect.version import VERSION

REGION = "eu-west-1"
REDIRECT_URI = "http://localhost:3000/callback"
READ = f"""
from whatsapp_connect_reader import TokenReader
print(TokenReader({PREFIX!r}).read({MARIA!r}).access_token)
"""
TYPED = {
    READER: 'import whatsapp_connect_reader as it; reveal_type(it.TokenReader("/x").read("y").access_token)',
    SIMULATOR: "from facebook_simulator.server import FacebookServer as it; reveal_type(it().url)",
}

type Install = Callable[[Package], Path]


def run(*command: str | Path, env: Mapping[str, str], cwd: Path) -> str:
    ended = subprocess.run(command, cwd=cwd, env=env, check=False, capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
def variables() -> Mapping[str, str]:
    """Return the variables of a shell that knows no checkout and no AWS account of this machine's user."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTHON", "VIRTUAL_ENV"))}
    return own | {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "NO_COLOR": "1",
        "PYTHONWARNINGS": "error",
        "UV_SYSTEM_CERTS": "1",
    }


@pytest.fixture(scope="module", params=["newest", "oldest"])
def install(
    request: pytest.FixtureRequest,
    clone: Path,
    dist: Path,
    variables: Mapping[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Install:
    """Install the wheel of a package into an environment of its own, and return the folder of its programs."""
    uv = partial(run, UV, env=variables, cwd=dist)

    @cache
    def install(package: Package) -> Path:
        folder = tmp_path_factory.mktemp(f"{package.name}-{request.param}")
        environment = folder / "venv"
        uv("venv", "--quiet", "--python", sys.executable, environment)
        wheel = f"{package.wheel(dist)}[boto3]" if package is READER else package.wheel(dist)
        command: list[str | Path] = ["pip", "install", "--quiet", "--python", environment, wheel]
        if request.param == "oldest":
            bounds = folder / "oldest.txt"
            project = clone / package.folder / "pyproject.toml"
            oldest = ("--resolution", "lowest-direct", "--all-extras", "--output-file", bounds)
            uv("pip", "compile", "--quiet", "--python", environment, *oldest, project)
            command += ["--constraint", bounds]
        uv(*command)
        return environment / "bin"

    return install


@pytest.fixture(scope="module")
def aws(variables: Mapping[str, str]) -> Iterator[Mapping[str, str]]:
    """Serve AWS with a stack, and return the variables of a shell whose programs call it."""
    with stack_over_http(REGION, {}) as url:
        yield {**variables, "AWS_ENDPOINT_URL": url}


def test_command_line(install: Install, aws: Mapping[str, str], tmp_path: Path) -> None:
    program = partial(run, install(COMMAND_LINE) / "whatsapp-connect", env=aws, cwd=tmp_path)
    assert program("--version").split()[-1] == VERSION
    assert "Usage: whatsapp-connect" in program("--help")
    assert json.loads(program("policy", "--all", "--json")) == {"policy_arn": READER_POLICY}


def test_reader(install: Install, aws: Mapping[str, str], tmp_path: Path) -> None:
    ssm = boto3.client(
        "ssm",
        endpoint_url=aws["AWS_ENDPOINT_URL"],
        region_name=REGION,
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )
    Store(ssm).connect("EAAtoken")
    assert run(install(READER) / "python", "-c", READ, env=aws, cwd=tmp_path) == "EAAtoken\n"


def test_simulator(install: Install, variables: Mapping[str, str], tmp_path: Path) -> None:
    with subprocess.Popen(
        [install(SIMULATOR) / "facebook-simulator", "--port", "0"],
        cwd=tmp_path,
        env=variables,
        stdout=subprocess.PIPE,
        text=True,
    ) as program:
        try:
            assert program.stdout
            address = re.search(r"http://127\.0\.0\.1:\d+", program.stdout.readline())
            assert address
            facebook = FacebookClient(address[0])
            dialog = facebook.dialog_url(redirect_uri=REDIRECT_URI)
            assert "Corner Bakery" in requests.get(dialog, timeout=10).text
            answer = facebook.token_request(code=facebook.code(dialog), redirect_uri=REDIRECT_URI).json()
            assert facebook.debug(answer["access_token"])["is_valid"]
        finally:
            program.terminate()
    assert program.returncode == 0


@pytest.mark.parametrize("install", ["newest"], indirect=True)
@pytest.mark.parametrize("package", TYPED, ids=lambda package: package.name)
def test_types_of_the_package_are_found(install: Install, package: Package, tmp_path: Path) -> None:
    python = install(package) / "python"
    mypy = (sys.executable, "-m", "mypy", "--strict", "--python-executable", python, "-c", TYPED[package])
    own = {name: value for name, value in os.environ.items() if name not in {"MYPYPATH", "PYTHONPATH"}}
    assert re.search(r'Revealed type is "(builtins\.)?str"', run(*mypy, env=own, cwd=tmp_path))

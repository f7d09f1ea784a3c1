"""What is deployed: everything that the functions need, compiled, and no more."""

import json
import marshal
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import boto3
import pytest

from local.place import template
from local.stack import Stack
from tests.support import stack as deployment

pytestmark = pytest.mark.emulator

FUNCTIONS = {
    "AuthorizeFunction": "authorize",
    "CallbackFunction": "callback",
    "PublishFunction": "publish",
    "ScheduleFunction": "schedule",
    "CheckFunction": "check",
    "DeauthorizeFunction": "deauthorize",
    "DeleteDataFunction": "delete_data",
    "WhatsAppWebhookFunction": "whatsapp_webhook",
    "FallbackFunction": "fallback",
}
REGIONS = ("us-east-1", "eu-central-1", "cn-north-1", "us-gov-west-1", "eusc-de-east-1")
SERVICES = ("dynamodb", "events", "kms", "sqs", "ssm")


@pytest.fixture(scope="module")
def artifacts(stack: Stack) -> Path:
    return template(stack.directory).parent


def run(artifact: Path, program: str, *arguments: str) -> Any:
    """Run a program with nothing but the artifact and the standard library, and return what it prints as JSON."""
    python = Path(sys.base_prefix) / "bin" / "python3.13"
    entry = deployment.environment({}) | deployment.own_environment("publish")
    ran = subprocess.run(
        [python, "-I", "-S", "-B", "-c", f"import sys; sys.path.insert(0, '.')\n{program}", *arguments],
        cwd=artifact,
        env={"PATH": os.environ["PATH"], "AWS_DEFAULT_REGION": "us-east-1", **entry},
        check=False,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


@pytest.mark.parametrize(("function", "entry"), FUNCTIONS.items())
def test_a_function_finds_all_it_imports_and_all_of_it_is_compiled(artifacts: Path, function: str, entry: str) -> None:
    loaded: dict[str, str] = run(
        artifacts / function,
        "import importlib, json; importlib.import_module(sys.argv[1])\n"
        "print(json.dumps({module.__file__: module.__cached__ for module in sys.modules.values()"
        " if hasattr(module, '__cached__') and module.__file__}))",
        entry,
    )
    ours = {
        Path(source): Path(cached)
        for source, cached in loaded.items()
        if Path(source).is_relative_to(artifacts / function)
    }
    packages = {"whatsapp_connect"} if entry == "fallback" else {"botocore", "urllib3", "whatsapp_connect"}
    assert packages <= {path.parent.name for path in ours}
    for source, cached in ours.items():
        # The flags say that the source is not looked at: SAM gives every file a time of its own.
        assert cached.read_bytes()[4:8] == b"\x01\0\0\0", source


def test_compiled_files_name_the_folder_on_lambda_and_not_that_of_the_build(artifacts: Path) -> None:
    """So that builds in two folders give the same bytes."""
    folder = artifacts / "CallbackFunction"
    compiled = list(folder.rglob("*.pyc"))
    assert compiled
    for path in compiled:
        source = path.relative_to(folder).parent.parent / f"{path.name.partition('.')[0]}.py"
        assert marshal.loads(path.read_bytes()[16:]).co_filename == f"/var/task/{source}"


def test_every_function_is_the_same_artifact_and_small(artifacts: Path, tmp_path: Path) -> None:
    packed = {function: pack(artifacts / function, tmp_path / f"{function}.zip") for function in FUNCTIONS}
    names = {function: zipfile.ZipFile(path).namelist() for function, path in packed.items()}
    assert all(name == names["CheckFunction"] for name in names.values())
    assert not [name for name in names["CheckFunction"] if name.endswith((".so", ".exe"))]
    assert packed["CheckFunction"].stat().st_size < 5_000_000


def pack(folder: Path, target: Path) -> Path:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, path.relative_to(folder))
    return target


def test_the_pruned_sdk_calls_the_same_addresses_as_the_whole_one(artifacts: Path) -> None:
    found = run(
        artifacts / "CheckFunction",
        "import json; from botocore.session import Session; session = Session(); session.set_credentials('x', 'x')\n"
        "services, regions = json.loads(sys.argv[1])\n"
        "print(json.dumps([session.create_client(service, region_name=region).meta.endpoint_url"
        " for service in services for region in regions]))",
        json.dumps([SERVICES, REGIONS]),
    )
    session = boto3.Session(aws_access_key_id="x", aws_secret_access_key="x")
    assert found == [
        session.client(service, region_name=region).meta.endpoint_url  # type: ignore[call-overload]
        for service in SERVICES
        for region in REGIONS
    ]


def test_the_pruned_sdk_has_what_other_settings_of_it_need(artifacts: Path) -> None:
    """An operator may set AWS_RETRY_MODE or AWS_DEFAULTS_MODE on a function."""
    run(
        artifacts / "CheckFunction",
        "import json; from botocore.config import Config; from botocore.session import Session\n"
        "session = Session(); session.set_credentials('x', 'x')\n"
        "for service in json.loads(sys.argv[1]):\n"
        "    for retries in 'legacy', 'standard', 'adaptive':\n"
        "        session.create_client(service, config=Config(retries={'mode': retries}))\n"
        "    session.create_client(service, config=Config(defaults_mode='standard'))\n"
        "session.create_client('ssm').get_paginator('get_parameters_by_path')\n"
        "print('null')",
        json.dumps(SERVICES),
    )

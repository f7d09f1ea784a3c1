"""The npm package: its own tests, what is packed, and a service that installs it.

Its tests run on Node.js 20 with the oldest AWS SDK that the package allows, and on Node.js 22 with the one in its lock.
"""

import json
import os
import re
import shutil
import subprocess
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import boto3
import pytest
import requests
from moto.server import ThreadedMotoServer

from facebook_simulator.server import FacebookServer
from tests.client.functions import Function
from tests.client.store import Store

pytestmark = pytest.mark.node

HERE = Path(__file__).parent
PACKAGE = HERE.parents[1] / "clients" / "node"
NPM_CI = ("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent")


def run(*command: str | Path, cwd: Path, env: Mapping[str, str] | None = None) -> str:
    ended = subprocess.run(command, cwd=cwd, env=env, check=False, capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder like the repository's, where the package and its tests are built."""
    folder = tmp_path_factory.mktemp("node")
    package = folder / "clients" / "node"
    shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns("node_modules", "dist", "build"))
    (folder / "tests" / "client").mkdir(parents=True)
    shutil.copy(HERE / "cases.json", folder / "tests" / "client")
    run(*NPM_CI, cwd=package)
    run("node_modules/.bin/tsc", cwd=package)
    run("node_modules/.bin/tsc", "--project", "test", cwd=package)
    return folder


@pytest.fixture(scope="module")
def oldest(folder: Path) -> Path:
    """Return a folder with Node.js 20 and 22 and the oldest AWS SDK; the package in it has no other."""
    oldest = folder / "oldest"
    oldest.mkdir()
    for name in (".npmrc", "package.json", "package-lock.json"):
        shutil.copy(HERE / "node" / name, oldest)
    run(*NPM_CI, cwd=oldest)
    shutil.copytree(
        folder / "clients", oldest / "clients", ignore=shutil.ignore_patterns("node_modules"), symlinks=True
    )
    shutil.copytree(folder / "tests", oldest / "tests")
    return oldest


def node(oldest: Path, version: str) -> Path:
    found = list(oldest.glob(f"node_modules/node{version}-*/bin/node"))
    if not found:
        pytest.skip(f"there is no package of Node.js {version} for this machine")
    assert run(found[0], "--version", cwd=oldest).startswith(f"v{version}.")
    return found[0]


@pytest.mark.parametrize(("version", "sdk"), [("20", "oldest"), ("22", "locked")])
def test_tests_of_the_package_pass(folder: Path, oldest: Path, version: str, sdk: str) -> None:
    package = (oldest if sdk == "oldest" else folder) / "clients" / "node"
    tests = sorted(package.glob("build/*.test.js"))
    assert len(tests) == len(list(PACKAGE.glob("test/*.test.ts")))
    said = run(node(oldest, version), "--test", "--test-reporter=tap", *tests, cwd=package)
    assert int(re.findall(r"(?m)^# pass (\d+)$", said)[0]) > 100
    assert re.findall(r"(?m)^# (?:fail|cancelled|skipped|todo) (\d+)$", said) == ["0"] * 4


def test_oldest_sdk_is_the_lower_bound() -> None:
    bounds = json.loads((PACKAGE / "package.json").read_text())["peerDependencies"]
    oldest = json.loads((HERE / "node" / "package.json").read_text())["dependencies"]
    assert bounds == {name: f"^{version}" for name, version in oldest.items()}


@pytest.fixture(scope="module")
def packed(folder: Path) -> Path:
    package = folder / "clients" / "node"
    shutil.rmtree(package / "dist")  # npm pack builds it
    return package / run("npm", "pack", "--silent", cwd=package).split()[-1]


def test_packed_file_has_programs_and_types_only(packed: Path) -> None:
    with tarfile.open(packed) as archive:
        names = set(archive.getnames())
    modules = {path.stem for path in PACKAGE.glob("src/*.ts")}
    assert names == {"package/package.json", "package/README.md", "package/LICENSE"} | {
        f"package/dist/{module}{suffix}" for module in modules for suffix in (".js", ".d.ts")
    }


def test_service_in_typescript_installs_the_packed_file(folder: Path, oldest: Path, packed: Path) -> None:
    """Check types and imports where neither of the optional packages is installed."""
    service = folder / "service"
    service.mkdir()
    shutil.copy(HERE / "node" / "service.ts", service)
    about = {"private": True, "type": "module", "dependencies": {"whatsapp-connect-reader": f"file:{packed}"}}
    (service / "package.json").write_text(json.dumps(about))
    run("npm", "install", "--offline", "--ignore-scripts", "--legacy-peer-deps", "--no-audit", "--silent", cwd=service)
    locked = folder / "clients" / "node" / "node_modules"
    for name in ("@aws-sdk/client-ssm", "@types/node"):
        (service / "node_modules" / name).parent.mkdir(exist_ok=True)
        (service / "node_modules" / name).symlink_to(locked / name)
    options = {"strict": True, "module": "NodeNext", "target": "ES2022", "types": ["node"]}
    (service / "tsconfig.json").write_text(json.dumps({"compilerOptions": options}))

    run(locked / ".bin" / "tsc", cwd=service)
    for version in ("20", "22"):
        assert run(node(oldest, version), "service.js", cwd=service) == "ERR_MODULE_NOT_FOUND,ERR_MODULE_NOT_FOUND\n"

    exported = re.findall(r"[{,]\s*(?:type )?(\w+)(?=[^{}]*\} from)", (PACKAGE / "src" / "index.ts").read_text())
    assert len(exported) == 23
    source = (service / "service.ts").read_text().partition(' from "whatsapp-connect-reader"')[2]
    assert [name for name in exported if not re.search(rf"\b{name}\b", source)] == []


@pytest.fixture
def aws() -> Iterator[str]:
    """Return the URL of an AWS account over HTTP."""
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def test_the_readme_of_the_package_is_right(folder: Path, oldest: Path, function: Function, aws: str) -> None:
    environment = os.environ | {
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": aws,
        "CREATE_LINK_FUNCTION_NAME": "create-link",
    }
    greeting, link = re.findall(r"```js\n(.*?)```", (PACKAGE / "README.md").read_text(), re.DOTALL)
    package = folder / "clients" / "node"

    def say(block: str) -> str:
        (package / "readme.mjs").write_text(block)
        return run(node(oldest, "22"), "readme.mjs", cwd=package, env=environment).strip()

    with FacebookServer() as facebook:
        made = requests.post(f"{facebook.url}/_control/tokens", json={}, timeout=10).json()
        store = Store(boto3.client("ssm", endpoint_url=aws))
        store.connect(made["access_token"], prefix="/whatsapp-connect")
        said = say(greeting.replace("https://graph.facebook.com", facebook.url))
        assert [sent["id"] for sent in facebook.state.content.messages] == [said]

    assert say(link) == "0123456789abcdef 2026-12-03T10:00:00.000Z"
    assert function.inputs[0].keys() == {"connection_id", "label", "tags", "return_url"}

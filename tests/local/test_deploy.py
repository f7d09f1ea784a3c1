"""The README's steps to deploy, word by word, with the real SAM and AWS CLIs and the emulator in place of AWS."""

import os
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from facebook_simulator.server import APP_SECRET, FacebookServer
from local import sam
from local.emulator import Emulator
from local.place import PYTHON_FOLDER, ROOT, SAM
from local.port import claim

pytestmark = pytest.mark.emulator

ENVIRONMENTS = [
    name
    for name, commands in tomllib.loads((ROOT / "samconfig.toml").read_text()).items()
    if isinstance(commands, dict) and "deploy" in commands
]


class Shell:
    """A checkout of its own and a shell in it, with nothing in the environment but what leads to the emulator."""

    def __init__(self, checkout: Path, home: Path, emulator: Emulator) -> None:
        self.checkout = checkout
        self.emulator = emulator
        self._environ = {
            name: value for name, value in sam.environment().items() if name.startswith(("AWS_", "SAM_", "PIP_"))
        } | {
            "AWS_DEFAULT_REGION": "us-east-1",  # both CLIs read this one
            "AWS_ENDPOINT_URL": emulator.url,
            "HOME": str(home),
            "PATH": f"{SAM.parent}:{PYTHON_FOLDER}:{os.environ['PATH']}",
            "SAM_CLI_POLL_DELAY": "1",
        }

    def __call__(self, script: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-c", script],
            cwd=self.checkout,
            env=self._environ,
            input=typed,
            check=False,
            capture_output=True,
            text=True,
        )

    def stacks(self) -> dict[str, dict[str, str]]:
        """Return the outputs of each of our stacks."""
        formation = self.emulator.session.client("cloudformation", endpoint_url=self.emulator.url)
        return {
            stack["StackName"]: {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}
            for stack in formation.describe_stacks()["Stacks"]
            if not stack["StackName"].startswith("aws-sam-cli-")
        }

    def parameters(self, stack_name: str) -> dict[str, str]:
        formation = self.emulator.session.client("cloudformation", endpoint_url=self.emulator.url)
        (stack,) = formation.describe_stacks(StackName=stack_name)["Stacks"]
        return {one["ParameterKey"]: one["ParameterValue"] for one in stack["Parameters"]}


@pytest.fixture(scope="module")
def steps() -> list[str]:
    """Return the README's commands below Deploy, in order."""
    section = (ROOT / "README.md").read_text().partition("\n## Deploy\n")[2].partition("\n## ")[0]
    return re.findall(r"(?s)```sh\n(.*?)```", section)


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    folder = tmp_path_factory.mktemp("deploy")
    checkout = folder / "checkout"
    checkout.mkdir()
    for name in ("LICENSE", "README.md", "pyproject.toml", "samconfig.toml", "template.yaml"):
        shutil.copy(ROOT / name, checkout)
    for name in ("functions", "cli"):
        shutil.copytree(ROOT / name, checkout / name, ignore=shutil.ignore_patterns("__pycache__"))
    with Emulator(port=claim(0, variable=""), directory=folder) as emulator:
        emulator.wait()
        yield Shell(checkout, folder, emulator)


@pytest.fixture(scope="module")
def built(shell: Shell, steps: list[str]) -> None:
    """Build and deploy prod word by word, then deploy dev."""
    prod = shell(steps[0], typed="y\n")
    assert prod.returncode == 0, prod.stdout + prod.stderr
    dev = shell("sam deploy --config-env dev --parameter-overrides MetaAppId=1234567890", typed="y\n")
    assert dev.returncode == 0, dev.stdout + dev.stderr


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_nothing_is_deployed_that_was_not_built(shell: Shell, tmp_path: Path, environment: str) -> None:
    unbuilt = tmp_path / "checkout"
    unbuilt.mkdir()
    for name in ("template.yaml", "samconfig.toml", "functions"):
        (unbuilt / name).symlink_to(ROOT / name)
    deployed = shell(
        f"cd {unbuilt} && sam deploy --config-env {environment} --stack-name unbuilt-{environment} --no-confirm-changeset"
        " --capabilities CAPABILITY_IAM --resolve-s3 --parameter-overrides MetaAppId=1234567890"
    )
    assert deployed.returncode != 0
    assert re.search(r"Template file not found at .*/\.aws-sam/build/template\.yaml", deployed.stderr)
    assert f"unbuilt-{environment}" not in shell.stacks()


@pytest.mark.usefixtures("built")
def test_each_environment_uses_the_prefix_of_its_own_stack(shell: Shell) -> None:
    prefixes = {name: outputs["ParameterPrefix"] for name, outputs in shell.stacks().items()}
    assert prefixes == {
        "whatsapp-connect": "/whatsapp-connect",
        "whatsapp-connect-dev": "/whatsapp-connect-dev",
    }
    assert shell.parameters("whatsapp-connect")["AlertEmail"] == "you@example.com"


@pytest.mark.usefixtures("built")
def test_without_an_environment_nothing_is_deployed(shell: Shell) -> None:
    before = shell.stacks()
    deployed = shell("sam deploy --parameter-overrides MetaAppId=1234567890")
    assert deployed.returncode != 0
    assert "Missing option '--stack-name'" in deployed.stderr
    assert shell.stacks() == before


@pytest.mark.usefixtures("built")
def test_the_steps_end_with_what_is_still_wrong(shell: Shell, steps: list[str]) -> None:
    _, store_secret, show_address, check = steps
    with FacebookServer(app_id="1234567890", app_secret=APP_SECRET, redirect_uris=()) as facebook:
        # An update that names one parameter. The command line would ask the real Facebook otherwise.
        updated = shell(
            "sam deploy --config-env prod --parameter-overrides"
            f" GraphUrl={facebook.url} AwsEndpointUrl={shell.emulator.url}",
            typed="y\n",
        )
        assert updated.returncode == 0, updated.stdout + updated.stderr
        stored = shell(store_secret, typed=f"{APP_SECRET}\n")
        assert stored.returncode == 0, stored.stdout + stored.stderr
        assert APP_SECRET not in stored.stdout + stored.stderr
        shown = shell(show_address)
        checked = shell(check)
    kept = shell.parameters("whatsapp-connect")
    assert (kept["MetaAppId"], kept["AlertEmail"]) == ("1234567890", "you@example.com")
    outputs = shell.stacks()["whatsapp-connect"]
    assert shown.stdout.strip() == outputs["CallbackUrl"]
    said = dict(
        line.rsplit(maxsplit=1)[::-1]
        for line in (one[:30].strip() for one in checked.stdout.splitlines())
        if " " in line
    )
    assert said["app-secret"] == said["app"] == "ok", checked.stdout + checked.stderr
    assert said["redirect-uri"] == "broken"
    assert f"Valid OAuth Redirect URIs: add exactly {outputs['CallbackUrl']}" in checked.stdout
    assert checked.returncode == 5

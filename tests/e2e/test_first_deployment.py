"""The commands of docs/first-deployment.md are understood by the AWS CLI and find what they name in the deployed stack."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest
from awscli.clidriver import create_clidriver  # type: ignore[import-untyped]

from local.emulator import CREDENTIALS, REGION
from local.stack import Stack

pytestmark = pytest.mark.emulator

TEXT = (Path(__file__).parents[2] / "docs/first-deployment.md").read_text()
# What needs a second profile or deployment, or cuts the stack that the tests share.
NOT_HERE = re.compile(r"--profile|concurrency|delete-|^aws logs tail")


def commands() -> list[str]:
    """Return the AWS commands in the first column of the page's tables."""
    found = []
    for line in TEXT.splitlines():
        if line.startswith("| `"):
            cell = re.split(r"(?<!\\) \| ", line.removeprefix("| "))[0]
            found += [code for code in re.findall(r"`([^`]+)`", cell) if code.startswith(("aws ", "put "))]
    return [command for command in found if not NOT_HERE.search(command)]


def written_out(command: str, stack: Stack) -> list[str]:
    """Do the shell's work, with the page's functions."""
    if command.startswith("put "):
        (function,) = re.findall(r"^put\(\) .*$", TEXT, re.MULTILINE)
        script = f"""stack=whatsapp-connect; aws() {{ printf '%s\\0' "$@"; }}\n{function}\n{command}"""
        run = subprocess.run(["bash", "-c", script], check=True, capture_output=True, text=True)
        return run.stdout.split("\0")[:-1]
    command = command.replace("$stack", "whatsapp-connect")
    command = re.sub(r"\$\(output (\w+)\)", lambda found: stack.outputs[found[1]], command)
    command = re.sub(r"\$\(resource (\w+)\)", lambda found: stack.resources[found[1]], command)
    assert "$" not in command
    return shlex.split(command)[1:]


@pytest.mark.parametrize("number", range(len(commands())))
def test_a_command_of_the_page_works(
    stack: Stack, number: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("AWS_ENDPOINT_URL", stack.endpoint_url)
    monkeypatch.setenv("AWS_PAGER", "")
    code = create_clidriver().main(written_out(commands()[number], stack))
    said = capsys.readouterr()
    assert (code, said.err) == (0, "")
    assert said.out.strip() not in {"None", "null"}  # a query that names nothing

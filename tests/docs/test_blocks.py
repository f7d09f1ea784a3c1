"""Each block of commands in a page runs as it is written, or another test runs it.

A block runs in a copy of the checkout, against a stack on the emulator. Only addresses, and the examples that stand for
the reader's own values, are replaced. A new block fails here until it is in one of the two tables.
"""

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests

from facebook_simulator.server import FacebookServer
from local.emulator import CREDENTIALS, REGION
from local.options import Options
from local.place import PYTHON_FOLDER, SAM
from local.stack import VERIFY_TOKEN, Stack
from tests.support.docs import ROOT, Block, blocks, pages, run_blocks
from tests.support.people import MARIA
from tests.support.site import Site

ACCOUNT = "300000000000001"
"""Maria's WhatsApp Business account."""

ELSEWHERE = {
    "README.md: sam build && sam deploy": "tests/local/test_deploy.py::built",
    "README.md: output()": "tests/local/test_deploy.py::test_the_steps_end_with_what_is_still_wrong",
    "README.md: python3.13 -m venv": "tests/local/test_deploy.py::test_the_steps_end_with_what_is_still_wrong",
    "README.md: .venv/cli/bin/whatsapp-connect doctor": (
        "tests/local/test_deploy.py::test_the_steps_end_with_what_is_still_wrong"
    ),
    # Needs Docker. The test runs each function with the same options.
    "README.md: export AWS_ENDPOINT_URL": "tests/e2e/test_docker.py::test_link_is_created",
    "docs/cli.md: pip install": "tests/docs/test_installation.py::test_line_installs_the_package",
    "clients/python/README.md: pip install": "tests/docs/test_installation.py::test_line_installs_the_package",
    "docs/install.md: unzip": "tests/e2e/test_release.py::released",
    "docs/versions.md: make version": "tests/packages/test_new_version.py::test_version_is_set_everywhere",
    "docs/removal.md: aws iam": "tests/e2e/test_removal.py::removed",
    "docs/removal.md: aws cloudformation describe": "tests/e2e/test_removal.py::removed",
    "docs/removal.md: aws cloudformation delete": "tests/e2e/test_removal.py::removed",
    "docs/removal.md: aws ssm": "tests/e2e/test_removal.py::test_parameters_are_deleted",
    "docs/removal.md: aws cloudformation create": "tests/e2e/test_removal.py::take_over",
    "simulator/README.md: pip install": "tests/packages/test_installed.py::test_simulator",
    "examples/signed-webhook/README.md: secret=": "tests/e2e/examples/test_events.py::webhook",
    "examples/signed-webhook/README.md: sam build": "tests/e2e/examples/test_events.py::webhook",
    "examples/signed-webhook/README.md: resource()": "tests/e2e/examples/test_events.py::test_failed_events_are_moved_back",
    "examples/customer-mail/README.md: sam build": "tests/e2e/examples/test_events.py::mail",
    "examples/web-product/README.md: python3": "tests/e2e/examples/test_web_product.py::program",
    "examples/lambda/README.md: sam build": "tests/e2e/examples/test_aws.py::invoke",
    "examples/node/README.md: npm ci": "tests/e2e/examples/test_programs.py::node_folder",
    "examples/pywa/README.md: python3": "tests/e2e/examples/test_programs.py::test_steps_of_pywa",
    "examples/shell/README.md: export": "tests/e2e/examples/test_programs.py::test_steps_of_shell",
    "examples/webhook/README.md: pip install": "tests/e2e/examples/test_programs.py::test_steps_of_webhook",
    "examples/audit/README.md: RULE=": "tests/e2e/examples/test_operators.py::test_replay_sends_the_event_of_a_login_again",
    "examples/audit/README.md: prefix=": "tests/examples/test_audit.py::test_history_lists_who_has_read_a_token",
    "examples/audit/README.md: id=": "tests/examples/test_audit.py::test_files_of_the_trail_list_who_has_read_a_token",
}
"""The test, or its fixture, that runs a block, by the block's page and the beginning of its first line."""

ON_AWS = {
    "docs/cli.md: aws sso login": "opens a browser with IAM Identity Center",
    "docs/install.md: sha256sum": "needs the files of a release, and GitHub",
    "docs/install.md: pip install": "needs the package on an index; tests/packages installs what was built",
    "docs/updates.md: aws cloudformation cancel": "the emulator's updates end at once",
    "docs/updates.md: aws cloudformation describe": "the emulator's rollback does not fail",
    "docs/updates.md: whatsapp-connect rollback": "the emulator has no triggers; tests/integration/test_cli_rollback.py",
    "examples/audit/README.md: aws cloudformation deploy": "the emulator's CloudFormation has no archives and no trails",
    "examples/audit/README.md: output()": "reads the outputs of that stack",
    "examples/audit/README.md: aws events describe-replay": "the emulator has no replay of that name",
    "examples/audit/README.md: mkdir -p trail": "reads the trail's bucket",
    "examples/cloudfront/README.md: DOMAIN=": "waits for a certificate of ACM",
    "examples/cloudfront/README.md: CERTIFICATE_ARN=": "needs that certificate; test_operators.py deploys the template",
    "examples/cloudfront/README.md: sam deploy": "needs a stack on AWS; test_operators.py deploys with PublicBaseUrl",
    "examples/cloudfront/README.md: front()": "the emulator counts no requests",
}
"""What only AWS can run, and why. Its syntax is checked."""

# What takes minutes, or runs until somebody ends it. make prints what it would run, and pytest finds its tests.
DRY = {
    "README.md: make run",
    "README.md: make test",
    "CONTRIBUTING.md: make dev",
    "CONTRIBUTING.md: .venv/dev/bin/pytest",
    "CONTRIBUTING.md: make run",
    "CONTRIBUTING.md: INTERLEAVINGS",
    "docs/embedded-signup.md: LOGIN_CONFIG_ID",
}


@dataclass(frozen=True, slots=True)
class Run:
    """How the blocks of a page are run."""

    instead: Mapping[str, str] = field(default_factory=dict)
    """The reader's own values, by the examples in the page. {} are filled in from the stack."""
    typed: str = ""
    before: str = ""
    """What the page asks the reader to have, such as the function of another page."""
    expected: str = ""
    """A pattern in what is printed."""


OUTPUT = "\n".join(re.findall(r"(?m)^ *(output\(\) .*)$", (ROOT / "README.md").read_text()))
VERSION_1 = {" --cli-binary-format raw-in-base64-out": ""}
"""The page of links says to leave this out with version 1 of the AWS CLI, which the tests have."""

RUNS = {
    # What doctor asks of AWS alone, such as a confirmed mail address, it does not ask of a local stack.
    "README.md": Run(
        {"doctor --stack whatsapp-connect": "doctor --local"},
        expected=r"tenant-42 is connected and works[\s\S]*\nEAA",
    ),
    "docs/first-deployment.md": Run({"whatsapp-connect-dev": "whatsapp-connect"}),
    "docs/languages.md": Run(expected="/connect/"),
    "docs/links.md": Run(VERSION_1, before=f"{OUTPUT}\ntrap 'cat link.json' EXIT\n", expected='"url"'),
    "docs/webhooks.md": Run(
        {
            "https://graph.facebook.com": "{facebook_url}",
            "https://customer.example.com/whatsapp": "{base_url}/whatsapp-webhook",
            "THEIR_VERIFY_TOKEN": VERIFY_TOKEN,
        },
        before=f"{OUTPUT}\nWABA_ID={ACCOUNT}\nTOKEN=$(whatsapp-connect token {MARIA} --show)\n",
        expected='"success": ?true',
    ),
    "docs/operations.md": Run({"disconnect ID": "disconnect tenant-43"}, typed="y\n", expected="deleted in this stack"),
    "examples/README.md": Run(
        {
            "http://127.0.0.1:4566": "{endpoint_url}",
            "http://127.0.0.1:4000": "{facebook_url}",
            "~/whatsapp-sender": "{folder}/whatsapp-sender",
        },
        expected="wamid",
    ),
}
"""The pages whose other blocks run here, each in one shell."""


def is_in(block: Block, names: Mapping[str, str] | set[str]) -> list[str]:
    return [name for name in names if block.name.startswith(name)]


BLOCKS = [block for page in pages() for block in blocks(page, "sh")]
HERE = [block for block in BLOCKS if not is_in(block, {*ELSEWHERE, *DRY, *ON_AWS})]
SIMULATOR = [block for block in HERE if block.page == "simulator/README.md"]
NODE = [block for block in HERE if block.page == "clients/node/README.md"]


def test_each_block_is_run_by_a_test() -> None:
    run = {*RUNS, "simulator/README.md", "clients/node/README.md"}
    assert [block.name for block in HERE if block.page not in run] == []
    for name in (*ELSEWHERE, *DRY, *ON_AWS):
        assert len([block for block in BLOCKS if block.name.startswith(name)]) == 1, name


@pytest.mark.parametrize("test", sorted(set(ELSEWHERE.values())))
def test_test_that_runs_a_block_exists(test: str) -> None:
    path, _, name = test.partition("::")
    assert re.search(rf"(?m)^def {name}\(", (ROOT / path).read_text())


def environment(**more: str) -> dict[str, str]:
    """Return a reader's variables: the programs that the pages ask for, and no AWS account of this machine's user."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTEST_", "PYTHON"))}
    programs = os.pathsep.join((str(SAM.parent), str(PYTHON_FOLDER), os.environ["PATH"]))
    nobody = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    return own | nobody | {"PATH": programs, "SAM_CLI_TELEMETRY": "0"} | more


@pytest.mark.parametrize("block", [block for block in BLOCKS if is_in(block, DRY)], ids=lambda block: block.name)
def test_block_would_run(block: Block, prepared: Path) -> None:
    environ = environment(MAKEFLAGS="n", PYTEST_ADDOPTS="--collect-only -qq")
    run_blocks([block], folder=prepared, environ=environ)


@pytest.mark.parametrize("block", [block for block in BLOCKS if is_in(block, {*ON_AWS})], ids=lambda block: block.name)
def test_block_for_aws_has_the_syntax_of_a_shell(block: Block) -> None:
    subprocess.run(["bash", "-n"], input=block.text, text=True, check=True)


# On the stack


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Start a stack of its own: the pages name the connections that other tests use, and change the stack."""
    options = Options(
        port=0, facebook_port=0, emulator_port=0, start_api_port=0, directory=tmp_path_factory.mktemp("stack")
    )
    with Stack.start(options) as stack:
        yield stack


@pytest.fixture(scope="module")
def connected(stack: Stack, prepared: Path) -> Site:
    """Connect the people whom the pages name, as after some days with the stack."""
    (prepared / ".local").symlink_to(stack.directory)
    site = Site(stack)
    for connection_id in (MARIA, "tenant-42", "tenant-43"):
        link = "" if connection_id == MARIA else site.link(connection_id)
        assert site.connect("maria", link).status_code == 200
        site.wait_until_published(connection_id)
    site.client("lambda").invoke(FunctionName=site.resources["ScheduleFunction"], Payload=b"{}")
    return site


@pytest.mark.emulator
@pytest.mark.shell
@pytest.mark.parametrize("page", RUNS)
def test_blocks_of_the_page_run(page: str, stack: Stack, connected: Site, prepared: Path, tmp_path: Path) -> None:
    run = RUNS[page]
    places = {
        "facebook_url": stack.facebook_url,
        "base_url": stack.base_url,
        "endpoint_url": stack.endpoint_url,
        "folder": str(tmp_path),
    }
    printed = run_blocks(
        [block for block in HERE if block.page == page],
        folder=prepared,
        environ=environment(AWS_ENDPOINT_URL=stack.endpoint_url, AWS_DEFAULT_REGION=REGION, **CREDENTIALS),
        instead={example: own.format(**places) for example, own in run.instead.items()},
        typed=run.typed,
        before=run.before,
    )
    assert re.search(run.expected, printed), printed


# Without the stack


@pytest.mark.shell
def test_blocks_of_the_simulator_run(checkout: Path) -> None:
    with FacebookServer(redirect_uris=("http://localhost:3000/callback",)) as facebook:
        printed = run_blocks(
            SIMULATOR,
            folder=checkout,
            environ=environment(),
            instead={"http://localhost:4000": facebook.url},
        )
        assert requests.get(f"{facebook.url}/_control/faults", timeout=10).json()["faults"]
    assert "Corner Bakery" in printed
    assert "code=AQ" in printed
    assert '"access_token"' in printed


@pytest.mark.node
def test_block_installs_the_package_for_node(checkout: Path) -> None:
    run_blocks(NODE, folder=checkout, environ=environment())
    program = 'import { TokenReader } from "whatsapp-connect-reader"; console.log(TokenReader.name);'
    said = subprocess.run(
        ["node", "--input-type=module", "--eval", program], cwd=checkout, check=True, capture_output=True, text=True
    )
    assert said.stdout == "TokenReader\n"

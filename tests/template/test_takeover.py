"""docs/takeover.yaml, from which a new stack imports what a deleted one has left."""

import subprocess
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse

ROOT = Path(__file__).parents[2]
TAKEOVER = ROOT / "docs/takeover.yaml"
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/import-resources-manually.html
IDENTIFIED_BY = {"AWS::DynamoDB::Table": "TableName", "AWS::KMS::Key": "KeyId"}


def resources() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml_parse(TAKEOVER.read_text())["Resources"]
    return found


def test_it_has_what_a_deleted_stack_leaves(template: dict[str, Any]) -> None:
    retained = {name for name, about in template["Resources"].items() if "DeletionPolicy" in about}
    assert resources().keys() == retained


def test_it_describes_each_as_the_template_does(template: dict[str, Any]) -> None:
    for name, resource in resources().items():
        wanted = template["Resources"][name]
        assert resource["Type"] == wanted["Type"]
        properties, expected = dict(resource["Properties"]), dict(wanted["Properties"])
        if name == "TokenEncryptionKey":  # its description names the prefix, which is not there yet
            del properties["Description"], expected["Description"]
        assert properties == expected


def test_cloudformation_can_import_it() -> None:
    page = (ROOT / "docs/removal.md").read_text()
    for name, resource in resources().items():
        assert resource["DeletionPolicy"] == resource["UpdateReplacePolicy"] == "Retain"
        assert f'"LogicalResourceId": "{name}"' in page
        assert f'{{"{IDENTIFIED_BY[resource["Type"]]}": ' in page


def test_cfn_lint_finds_nothing() -> None:
    linter = ROOT / ".venv/sam/bin/cfn-lint"
    run = subprocess.run(
        [linter, "--regions", "us-east-1", "--template", TAKEOVER],
        check=False,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout + run.stderr

"""The template, as written and as SAM translates it."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

ROOT = Path(__file__).parents[2]
PARAMETERS = {"MetaAppId": "1234567890"}


class _NoManagedPolicies:
    def load(self) -> dict[str, str]:
        return {}


@pytest.fixture(scope="session")
def template() -> dict[str, Any]:
    parsed: dict[str, Any] = yaml_parse((ROOT / "template.yaml").read_text())
    return parsed


@pytest.fixture(scope="session")
def translated(template: dict[str, Any]) -> dict[str, Any]:
    """Return what CloudFormation gets."""
    uploaded = deepcopy(template)
    uploaded["Globals"]["Function"]["CodeUri"] = "s3://bucket/key"
    defaults = {name: declared.get("Default") for name, declared in template["Parameters"].items()}
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_DEFAULT_REGION", "us-east-1")
        result: dict[str, Any] = transform(uploaded, defaults | PARAMETERS, _NoManagedPolicies())
    return result

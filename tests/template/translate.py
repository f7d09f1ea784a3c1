"""The template as CloudFormation gets it: python -m tests.template.translate > translated.json."""

import json
import os
import sys
from copy import deepcopy
from pathlib import Path
from typing import Any
from unittest.mock import patch

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

TEMPLATE = Path(__file__).parents[2] / "template.yaml"
PARAMETERS = {"MetaAppId": "1234567890"}


class _NoManagedPolicies:
    def load(self) -> dict[str, str]:
        return {}


def parse() -> dict[str, Any]:
    """Return the template as written."""
    parsed: dict[str, Any] = yaml_parse(TEMPLATE.read_text())
    return parsed


def translate(template: dict[str, Any]) -> dict[str, Any]:
    """Return what SAM makes of the template once it has uploaded the functions."""
    uploaded = deepcopy(template)
    uploaded["Globals"]["Function"]["CodeUri"] = "s3://bucket/key"
    defaults = {name: declared.get("Default") for name, declared in template["Parameters"].items()}
    with patch.dict(os.environ, {"AWS_DEFAULT_REGION": "us-east-1"}):
        result: dict[str, Any] = transform(uploaded, defaults | PARAMETERS, _NoManagedPolicies())
    return result


if __name__ == "__main__":
    json.dump(translate(parse()), sys.stdout, indent=1)

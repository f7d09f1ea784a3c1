"""The template, as written and as SAM translates it."""

from typing import Any

import pytest

from tests.template.translate import parse, translate


@pytest.fixture(scope="session")
def template() -> dict[str, Any]:
    return parse()


@pytest.fixture(scope="session")
def translated(template: dict[str, Any]) -> dict[str, Any]:
    """Return what CloudFormation gets."""
    return translate(template)

"""The template as written, as SAM translates it, and as CloudFormation would deploy it."""

from typing import Any

import pytest

from tests.template.resolve import Deployment, deploy
from tests.template.translate import parse, translate


@pytest.fixture(scope="session")
def template() -> dict[str, Any]:
    return parse()


@pytest.fixture(scope="session")
def translated(template: dict[str, Any]) -> dict[str, Any]:
    """Return what CloudFormation gets."""
    return translate(template)


@pytest.fixture(scope="session")
def deployment(translated: dict[str, Any]) -> Deployment:
    """Deploy with nothing given but what must be."""
    return deploy(translated)

"""The functions as in tests/integration, on moto."""

from tests.integration.conftest import *  # noqa: F403  fixtures are found by name

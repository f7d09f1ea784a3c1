"""The functions as in tests/integration, on moto; Facebook answers what a test makes up."""

from tests.integration.conftest import *  # noqa: F403  fixtures are found by name

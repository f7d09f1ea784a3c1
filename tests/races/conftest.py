"""The functions as in tests/integration: on moto, beside the simulator over HTTP."""

from tests.integration.conftest import *  # noqa: F403  fixtures are found by name

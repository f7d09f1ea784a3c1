"""The functions on moto, beside the simulator."""

from tests.support.fixtures import *  # noqa: F403  pytest finds fixtures by name

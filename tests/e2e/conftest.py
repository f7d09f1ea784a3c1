"""One local stack for all tests: they share it, so each uses a person, a table row or a name of its own."""

from collections.abc import Iterator

import pytest

from local.options import Options
from local.stack import Stack


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Start the whole of WhatsApp Connect on free ports, beside the simulator."""
    options = Options(
        port=0, facebook_port=0, emulator_port=0, start_api_port=0, directory=tmp_path_factory.mktemp("stack")
    )
    with Stack.start(options) as stack:
        yield stack

"""One simulator for all tests here; each test finds it as it was at the start."""

from collections.abc import Iterator

import pytest

from facebook_simulator.server import FacebookServer
from tests.simulator.facebook_client import REDIRECT_URI, FacebookClient
from tests.simulator.receiver import Receiver, receiving
from tests.support.clock import SharedClock


@pytest.fixture(scope="session")
def facebook_server() -> Iterator[FacebookServer]:
    with FacebookServer(redirect_uris=(REDIRECT_URI,)) as server:
        yield server


@pytest.fixture
def facebook(facebook_server: FacebookServer) -> Iterator[FacebookClient]:
    facebook_server.state.reset()
    client = FacebookClient(facebook_server.url)
    with client.http:
        yield client


@pytest.fixture
def clock(facebook_server: FacebookServer, facebook: FacebookClient) -> Iterator[SharedClock]:
    """Let time stand still for the simulator and the test."""
    with SharedClock() as clock:
        facebook_server.state.clock = clock
        yield clock


@pytest.fixture
def receiver(facebook: FacebookClient) -> Iterator[Receiver]:
    """Run an app that Facebook is told about."""
    with receiving() as receiver:
        facebook.control(
            "app",
            deauthorize_url=f"{receiver.url}/deauthorize",
            data_deletion_url=f"{receiver.url}/data-deletion?from=facebook",
        )
        yield receiver

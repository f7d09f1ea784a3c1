"""One simulator for all tests here; each test finds it as it was at the start."""

from collections.abc import Iterator

import pytest

from local.facebook.server import FacebookServer
from tests.simulator.facebook_client import REDIRECT_URI, FacebookClient


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

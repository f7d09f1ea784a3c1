"""Clients of AWS, and how long each function can wait for AWS.

They are botocore's, the part of boto3 that calls AWS: the rest of boto3 would make every cold start longer, see
docs/performance.md.
"""

from typing import Any, NamedTuple

from botocore.config import Config
from botocore.session import Session


class Patience(NamedTuple):
    """For one call: seconds to connect, seconds to wait for bytes of the answer, and how often it is tried."""

    connect_s: int
    read_s: int
    attempts: int


AUTHORIZE = Patience(1, 2, 3)
"""A person waits for one or two calls."""
CALLBACK = Patience(1, 2, 2)
"""A person waits for up to eight calls."""
ONCE = Patience(1, 1, 1)
"""The callback's PutParameter: a second function does it if this fails."""
APP_SECRET = Patience(1, 3, 5)
"""The callback cannot go on without the app secret, and rarely reads it."""
WEBHOOK = Patience(1, 3, 4)
"""Meta waits."""
CREATE_LINK = Patience(1, 3, 3)
"""A service waits for one call."""
PUBLISH = Patience(1, 3, 3)
"""Short, because one slow connection delays the others of the stream."""
PARAMETERS = Patience(1, 3, 5)
"""publish's calls of Parameter Store. Each shard of the stream publishes at its own pace, and together they can be too fast."""
BACKGROUND = Patience(2, 5, 4)
"""Nobody waits."""


class Clients:
    """Make the clients of one function. They share a session, because it takes longer to make than a client."""

    def __init__(self) -> None:
        self._session = Session()

    def make(self, service: str, patience: Patience) -> Any:
        """Return a client of the service with this name, as boto3's client of that name."""
        config = Config(
            connect_timeout=patience.connect_s,
            read_timeout=patience.read_s,
            retries={"mode": "standard", "total_max_attempts": patience.attempts},
        )
        return self._session.create_client(service, config=config)

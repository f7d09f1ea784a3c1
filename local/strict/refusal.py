"""Define Refusal."""

from typing import NamedTuple


class Refusal(NamedTuple):
    """The error code and HTTP status with which AWS refuses a request, and a message like AWS's."""

    code: str
    message: str
    status: int = 400

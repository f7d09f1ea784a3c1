"""What AWS answers instead of doing what it is asked."""

from typing import NamedTuple


class Refusal(NamedTuple):
    """AWS's own error code, and a message like AWS's."""

    code: str
    message: str
    status: int = 400

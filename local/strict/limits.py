"""Define Limits, which say which of AWS's limits the emulator applies."""

import json
from dataclasses import asdict, dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits to apply. A rate of None and a pause of 0 mean no limit."""

    put_parameters_per_second: float | None = None
    get_parameters_per_second: float | None = None
    seconds_between_delete_and_put: float = 0
    """For parameters of one name."""
    standard_parameters: int = 10_000
    """Per account and Region."""
    route_throttles: bool = False
    """Whether the throttles in the stage's RouteSettings apply."""

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        return cls(**json.loads(text))


DEFAULT = Limits()
"""No rates and pauses, because they would make every test slow."""

ON_AWS = Limits(
    put_parameters_per_second=3,
    get_parameters_per_second=40,
    seconds_between_delete_and_put=30,
    route_throttles=True,
)
"""The limits of an AWS account with the default quotas."""

"""Read the throttles of an HTTP API, and define its answer to throttled requests."""

from collections.abc import Mapping
from typing import Any, NamedTuple

TOO_MANY_REQUESTS = 429, {"Content-Type": "application/json"}, b'{"message":"Too Many Requests"}'


class Throttle(NamedTuple):
    rate: float
    """Requests a second."""
    burst: float
    """Requests at once after a pause."""


def throttle(stage: Mapping[str, Any], route_key: str) -> Throttle | None:
    """Return a route's own limit, else the stage's; None if there is neither.

    CloudFormation and the API spell the names of the settings with different capitals.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-throttling.html
    """
    own = (stage.get("routeSettings") or {}).get(route_key) or {}
    settings = {name.lower(): value for name, value in {**(stage.get("defaultRouteSettings") or {}), **own}.items()}
    rate, burst = settings.get("throttlingratelimit"), settings.get("throttlingburstlimit")
    return None if rate is None or burst is None else Throttle(float(rate), float(burst))

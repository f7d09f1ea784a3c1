"""What an HTTP API of API Gateway answers by itself."""

from collections.abc import Mapping
from typing import Any, NamedTuple

TOO_MANY_REQUESTS = 429, {"Content-Type": "application/json"}, b'{"message":"Too Many Requests"}'


class Throttle(NamedTuple):
    rate: float
    """Requests a second."""
    burst: float


def throttle(stage: Mapping[str, Any], route_key: str) -> Throttle | None:
    """Return a route's limit: its own setting, else the stage's, or None without either.

    CloudFormation spells the settings in another case than the API does.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-throttling.html
    """
    own = (stage.get("routeSettings") or {}).get(route_key) or {}
    settings = {name.lower(): value for name, value in {**(stage.get("defaultRouteSettings") or {}), **own}.items()}
    rate, burst = settings.get("throttlingratelimit"), settings.get("throttlingburstlimit")
    return None if rate is None or burst is None else Throttle(float(rate), float(burst))

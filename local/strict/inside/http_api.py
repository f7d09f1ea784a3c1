"""Make API Gateway distinguish paths with a trailing slash, and apply the throttles of routes."""

from collections.abc import Awaitable, Callable
from typing import Any

from ministack import app
from ministack.services import apigateway

from local.strict import http_api
from local.strict.inside.patch import Answer, replace
from local.strict.limits import Limits
from local.strict.pace import Pace


def install(limits: Limits) -> None:
    """Make `/connect/` another path than `/connect`, and apply the throttles of routes if the limits say so.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
    """

    def parse(original: Callable[..., Any]) -> Callable[..., Any]:
        def parse_execute_api_url(host: str, path: str) -> Any:
            parsed = original(host, path)
            # The emulator takes the one segment of a path like /connect for a stage. An empty rest marks such a path.
            return (*parsed[:2], "") if parsed and parsed[2] == "/" and not path.endswith("/") else parsed

        return parse_execute_api_url

    def resolve(original: Callable[..., tuple[str, str]]) -> Callable[..., tuple[str, str]]:
        def resolve_stage_and_path(api_id: str, segment: str, path: str) -> tuple[str, str]:
            stage, resolved = original(api_id, segment, path or "/")
            is_segment_of_path = stage == "$default" != segment
            return stage, f"{resolved}/" if path == "/" and is_segment_of_path else resolved

        return resolve_stage_and_path

    replace(app, "_parse_execute_api_url", parse)
    replace(app, "_resolve_stage_and_path", resolve)
    if limits.route_throttles:
        replace(apigateway, "_handle_execute_in_scope", _throttled)


def _throttled(original: Callable[..., Awaitable[Answer]]) -> Callable[..., Awaitable[Answer]]:
    pace = Pace()

    async def handle(api_id: str, stage: str, path: str, method: str, *rest: Any) -> Answer:
        route = apigateway._match_route(api_id, method, "/" + path.lstrip("/"))
        about = apigateway._stages.get(api_id, {}).get(stage, {})
        throttle = http_api.throttle(about, route["routeKey"]) if route else None
        if route and throttle:
            key = api_id, stage, route["routeKey"]
            if not pace.allows(key, rate=throttle.rate, burst=throttle.burst):
                return http_api.TOO_MANY_REQUESTS
        return await original(api_id, stage, path, method, *rest)

    return handle

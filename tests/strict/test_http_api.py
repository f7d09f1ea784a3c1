"""An HTTP API answers by itself what matches no route, and what comes too often."""

from collections.abc import Callable

import pytest
import requests

from local.emulator import Emulator

pytestmark = pytest.mark.emulator

NOT_FOUND, TOO_MANY = 404, 429


def make_api(emulator: Emulator) -> Callable[..., int]:
    """Make an API in the account that requests without a signature belong to."""
    gateway = emulator.session.client("apigatewayv2", endpoint_url=emulator.url)
    api_id = gateway.create_api(Name="api", ProtocolType="HTTP")["ApiId"]
    nowhere = gateway.create_integration(
        ApiId=api_id,
        IntegrationType="HTTP_PROXY",
        IntegrationUri="http://127.0.0.1:9",
        IntegrationMethod="GET",
    )["IntegrationId"]
    for key in ("GET /connect", "GET /connect/{link}"):
        gateway.create_route(ApiId=api_id, RouteKey=key, Target=f"integrations/{nowhere}")
    gateway.create_stage(
        ApiId=api_id,
        StageName="$default",
        DefaultRouteSettings={"ThrottlingBurstLimit": 4, "ThrottlingRateLimit": 0.01},
        RouteSettings={"GET /connect/{link}": {"ThrottlingBurstLimit": 1, "ThrottlingRateLimit": 0.01}},
    )

    def status(method: str, path: str) -> int:
        host = f"{api_id}.execute-api.localhost:{emulator.port}"
        url = f"{emulator.url}{path}"
        return requests.request(method, url, headers={"Host": host}, timeout=30).status_code

    return status


def test_routes_match_methods_and_slashes_exactly(emulator: Emulator) -> None:
    status = make_api(emulator)
    assert NOT_FOUND not in {status("GET", "/connect"), status("GET", "/connect/a")}
    others = [("HEAD", "/connect"), ("POST", "/connect"), ("GET", "/connect/"), ("GET", "/connect/a/")]
    assert {status(*one) for one in [*others, ("GET", "/"), ("GET", "/Connect")]} == {NOT_FOUND}


def test_routes_are_throttled_each_by_itself(few: Emulator, emulator: Emulator) -> None:
    status, unlimited = make_api(few), make_api(emulator)
    answers = [status("GET", "/connect/a") for _ in range(2)]
    assert (answers[0] == TOO_MANY, answers[1]) == (False, TOO_MANY)
    answers = [status("GET", "/connect") for _ in range(5)]
    assert (TOO_MANY in answers[:4], answers[4]) == (False, TOO_MANY)
    assert TOO_MANY not in {unlimited("GET", "/connect/a") for _ in range(3)}

"""The stack that is attacked, as it is on AWS: reached by the host that the gateway tells, not by PublicBaseUrl.

It is the deployed one, with its tables, its roles and its code. Only the functions behind the API are there twice: their
copies have no PublicBaseUrl, so their cookies are Secure and their host is the gateway's word.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests

from facebook_simulator.server import APP_ID, APP_SECRET, FacebookServer
from facebook_simulator.signed_request import sign
from local.stack import Stack
from tests.attacks.visitor import Answer, Visitor
from whatsapp_connect.links import LinkStore, link_hash

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True, slots=True)
class Site:
    stack: Stack
    api_id: str

    @classmethod
    def beside(cls, stack: Stack) -> "Site":
        """Serve every route of the deployed API once more."""
        gateway = stack.session.client("apigatewayv2", endpoint_url=stack.endpoint_url)
        api_id = gateway.create_api(Name="as-on-aws", ProtocolType="HTTP")["ApiId"]
        gateway.create_stage(ApiId=api_id, StageName="$default", AutoDeploy=True)
        deployed = stack.resources["Api"]
        copies: dict[str, str] = {}
        for route in gateway.get_routes(ApiId=deployed)["Items"]:
            uri = gateway.get_integration(ApiId=deployed, IntegrationId=route["Target"].rpartition("/")[2])[
                "IntegrationUri"
            ]
            if uri not in copies:
                copies[uri] = _copy(stack, uri)
            made = gateway.create_integration(
                ApiId=api_id,
                IntegrationType="AWS_PROXY",
                IntegrationUri=copies[uri],
                PayloadFormatVersion="2.0",
            )
            gateway.create_route(
                ApiId=api_id, RouteKey=route["RouteKey"], Target=f"integrations/{made['IntegrationId']}"
            )
        site = cls(stack, api_id)
        site.facebook.state.configure_app(
            APP_ID, {"redirect_uris": (*site.facebook.state.app.redirect_uris, site.redirect_uri)}
        )
        return site

    @property
    def host(self) -> str:
        """The API's domain name, as the gateway tells the functions."""
        return f"{self.api_id}.execute-api.localhost"

    @property
    def redirect_uri(self) -> str:
        return f"https://{self.host}/callback"

    @property
    def facebook(self) -> FacebookServer:
        assert self.stack.facebook
        return self.stack.facebook

    def visitor(self) -> Visitor:
        """Return a browser that has never been here."""
        port = urlsplit(self.stack.endpoint_url).port
        assert port
        return Visitor(port, self.host)

    def client(self, service: str) -> Any:
        """Make an AWS client that may do everything."""
        return self.stack.session.client(service, endpoint_url=self.stack.endpoint_url)  # type: ignore[call-overload]

    def agree(self, dialog: str, person: str, **choice: Any) -> str:
        """Go through Facebook's dialog and return where the browser is sent."""
        told = self.control("login", {"url": dialog, "person": person} | choice)
        location: str = told["location"]
        return location.partition("#")[0]

    def log_in(self, visitor: Visitor, person: str, *, link: str = "", **choice: Any) -> str:
        """Follow the connect link as far as the address that Facebook sends the browser to."""
        answer = visitor.get(f"/connect/{link}" if link else "/connect")
        assert answer.status == 302, answer.title
        return self.agree(answer.header("Location"), person, **choice)

    def control(self, path: str, body: Mapping[str, Any]) -> Any:
        answer = requests.post(f"{self.stack.facebook_url}/_control/{path}", json=body, timeout=10)
        assert answer.ok, answer.text
        return answer.json()

    def codes_sent(self) -> int:
        """Return how many codes the simulator was ever sent."""
        counts: dict[str, int] = self.facebook.state.journal.describe()["counts"]
        return counts.get("oauth/access_token:authorization_code", 0)

    def tell(
        self,
        route: str,
        user_id: str,
        *,
        issued_at: int | None = None,
        secret: str = APP_SECRET,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Tell a webhook what Meta would."""
        now = int(time.time())
        said = {"algorithm": "HMAC-SHA256", "issued_at": issued_at or now, "user_id": user_id}
        body = f"signed_request={sign(said, secret)}".encode()
        return self.visitor().send("POST", route, FORM | dict(headers or {}), body)

    def token(self, connection_id: str) -> str | None:
        """Return the token that readers get, or None."""
        parameters = self.client("ssm")
        name = f"{self.stack.outputs['ParameterPrefix']}/connections/{connection_id}/access-token"
        try:
            return str(parameters.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"])
        except parameters.exceptions.ParameterNotFound:
            return None

    def record(self, connection_id: str) -> dict[str, Any] | None:
        answer = self.client("dynamodb").get_item(
            TableName=self.stack.resources["ConnectionTable"],
            Key={"connection_id": {"S": connection_id}},
            ConsistentRead=True,
        )
        item: dict[str, Any] | None = answer.get("Item")
        return item

    def wait_until_published(self, connection_id: str) -> None:
        """Wait until the parameters agree with the record, or both are gone."""
        for _ in range(60):
            if "publish_at" not in (self.record(connection_id) or {}):
                return
            list(self.stack.announcements(seconds=1))
        raise AssertionError("it is not published")

    def rows(self, table: str) -> str:
        """Return everything in a table, as text."""
        pages = self.client("dynamodb").get_paginator("scan").paginate(TableName=self.stack.resources[table])
        return json.dumps([page["Items"] for page in pages], default=repr)  # tokens are bytes

    @property
    def links(self) -> LinkStore:
        return LinkStore(client=self.client("dynamodb"), table=self.stack.resources["LinkTable"])

    def make_link(self, connection_id: str, **about: Any) -> str:
        return self.links.create(connection_id, **{"lifetime": 86_400, "uses": 1, "any_user": False} | about)

    def uses_left(self, link: str) -> int:
        (found,) = [one for one in self.links.list() if one.hash == link_hash(link)]
        return found.uses_left


def _copy(stack: Stack, arn: str) -> str:
    """Make a function again, without PublicBaseUrl, and return its ARN."""
    functions = stack.session.client("lambda", endpoint_url=stack.endpoint_url)
    original = functions.get_function(FunctionName=arn)
    about = original["Configuration"]
    code = requests.get(original["Code"]["Location"], timeout=30)
    assert code.ok
    return functions.create_function(
        FunctionName=f"{about['FunctionName']}-as-on-aws",
        Runtime=about["Runtime"],
        Handler=about["Handler"],
        Role=about["Role"],
        Code={"ZipFile": code.content},
        Timeout=about["Timeout"],
        MemorySize=about["MemorySize"],
        LoggingConfig=about["LoggingConfig"],
        Environment={"Variables": about["Environment"]["Variables"] | {"PUBLIC_BASE_URL": ""}},
    )["FunctionArn"]

"""The stack that is attacked, as it is on AWS: reached by the host that the gateway tells, not by LocalBaseUrl.

It is the deployed one, with its tables, its roles and its code. Only the functions behind the API are there twice: their
copies have no LocalBaseUrl, so their cookies are Secure and their host is the gateway's word.
"""

import json
import time
from collections.abc import Mapping
from typing import Any, Self
from urllib.parse import urlsplit

import requests

from facebook_simulator.server import APP_ID, APP_SECRET, FacebookServer
from facebook_simulator.signed_request import sign
from local.stack import Stack
from tests.attacks.visitor import Answer, Visitor
from tests.support.site import Site
from whatsapp_connect.links import link_hash

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class AttackedSite(Site):
    def __init__(self, stack: Stack, api_id: str) -> None:
        super().__init__(stack)
        self.api_id = api_id

    @classmethod
    def beside(cls, stack: Stack) -> Self:
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
        site.simulator.state.configure_app(
            APP_ID, {"redirect_uris": (*site.simulator.state.app.redirect_uris, site.redirect_uri)}
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
    def simulator(self) -> FacebookServer:
        assert self.stack.facebook
        return self.stack.facebook

    def visitor(self) -> Visitor:
        """Return a browser that has never been here."""
        port = urlsplit(self.stack.endpoint_url).port
        assert port
        return Visitor(port, self.host)

    def log_in(self, visitor: Visitor, person: str, *, link: str = "", **choice: Any) -> str:
        """Follow the connect link as far as the address that Facebook sends the browser to."""
        return self.agree(self.start(visitor, link=link), person, **choice)

    def start(self, visitor: Visitor, *, link: str = "") -> str:
        """Follow the connect link, or press the button of a link's page; return the address of Facebook's dialog."""
        path = f"/connect/{link}" if link else "/connect"
        answer = visitor.get(path)
        if "click=" in answer.button:
            answer = visitor.get(path + answer.button, {"Sec-Fetch-Site": "same-origin"})
        assert answer.status == 302, answer.title
        return answer.header("Location")

    def agree(self, dialog: str, person: str, **choice: Any) -> str:
        """Go through Facebook's dialog and return where the browser is sent."""
        return self.facebook.log_in(dialog, person=person, **choice).partition("#")[0]

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

    def rows(self, table: str) -> str:
        """Return everything in a table, as text."""
        pages = self.client("dynamodb").get_paginator("scan").paginate(TableName=self.stack.resources[table])
        return json.dumps([page["Items"] for page in pages], default=repr)  # tokens are bytes

    def uses_left(self, link: str) -> int:
        (found,) = [one for one in self.links.list() if one.hash == link_hash(link)]
        return found.uses_left


def _copy(stack: Stack, arn: str) -> str:
    """Make a function again, without LocalBaseUrl, and return its ARN."""
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

"""Recipes for operators: people come through something like CloudFront, and a replay sends the events again."""

import json
import os
import re
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import trustme
from playwright.sync_api import Browser
from samtranslator.yaml_helper import yaml_parse

from local.stack import Stack
from tests.e2e.examples.service import EXAMPLES
from tests.e2e.neighbour import Neighbour, neighbour_of
from tests.support.site import PATIENCE_S, Site
from tests.template.resolve import Deployment

pytestmark = pytest.mark.emulator

FRONT = "connect.shop.example"
CUSTOMER = "front-customer"
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "host"}


@dataclass(frozen=True, slots=True)
class Front:
    port: int
    answers: list[str] = field(default_factory=list)
    """Headers and bodies of all answers of the API."""


@contextmanager
def front_of(stack: Neighbour) -> Iterator[Front]:
    """Serve FRONT over HTTPS, and forward requests as CloudFront does with the policy AllViewerExceptHostHeader.

    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/RequestAndResponseBehaviorCustomOrigin.html
    """
    emulator = stack.stack.emulator.port
    host = f"{stack.resources['Api']}.execute-api.localhost:{emulator}"

    class Relay(BaseHTTPRequestHandler):
        def relay(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
            headers |= {
                "Host": host,
                "Via": "2.0 0123456789abcdef.cloudfront.net (CloudFront)",
                "X-Forwarded-For": "198.51.100.7",
                "X-Amz-Cf-Id": "example",
            }
            api = HTTPConnection("127.0.0.1", emulator, timeout=PATIENCE_S)
            api.request(self.command, self.path, body or None, headers)
            answer = api.getresponse()
            content = answer.read()
            api.close()
            front.answers.append(f"{answer.getheaders()} {content.decode()}")
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in HOP_BY_HOP:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = relay  # noqa: N815 - http.server's names

        def log_message(self, *_: object) -> None:
            """Print nothing: query strings contain codes and states."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert(FRONT).configure_cert(context)
    with ThreadingHTTPServer(("127.0.0.1", 0), Relay) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        front = Front(server.server_port)
        Thread(target=server.serve_forever, daemon=True).start()
        yield front
        server.shutdown()


@pytest.fixture(scope="module")
def behind(stack: Stack) -> Iterator[Neighbour]:
    """Deploy a stack as on AWS, with a distribution in front of it: without LocalBaseUrl, so cookies are Secure."""
    with neighbour_of(stack, "behind", app_id="5550007") as behind:
        behind.update(LocalBaseUrl="", PublicBaseUrl=f"https://{FRONT}")
        assert stack.facebook
        stack.facebook.state.configure_app("5550007", {"redirect_uris": (f"https://{FRONT}/callback",)})
        yield behind


@pytest.mark.browser
def test_whole_login_goes_through_the_front(behind: Neighbour, browser: Browser, chromium: str) -> None:
    created = json.loads(
        behind.client("lambda")
        .invoke(
            FunctionName=behind.outputs["CreateLinkFunctionName"],
            Payload=json.dumps({"connection_id": CUSTOMER}),
        )["Payload"]
        .read()
    )
    assert created["url"].startswith(f"https://{FRONT}/connect/")
    with front_of(behind) as front:
        own = browser.browser_type.launch(
            executable_path=chromium,
            args=["--no-sandbox", f"--host-resolver-rules=MAP {FRONT}:443 127.0.0.1:{front.port}"],
        )
        context = own.new_context(ignore_https_errors=True, java_script_enabled=False)
        page = context.new_page()
        page.goto(created["url"])
        page.get_by_role("link", name="Continue").click()
        assert page.url.startswith(str(behind.stack.facebook_url))
        page.goto(behind.facebook.log_in(page.url, person="maria"))
        assert page.url.startswith(f"https://{FRONT}/")
        assert behind.record(CUSTOMER), page.inner_text("body")
        cookies = context.cookies(f"https://{FRONT}/callback")
        assert cookies
        assert all(cookie["name"].startswith("__Host-") and cookie["secure"] for cookie in cookies)
        own.close()
        # Who does not know the API's host cannot go round the limits.
        assert behind.resources["Api"] not in "".join(front.answers)
    behind.wait_until_published(CUSTOMER)
    assert behind.token(CUSTOMER)


def test_outputs_and_doctor_use_the_address_of_the_front(behind: Neighbour) -> None:
    for output, path in (
        ("ConnectUrl", "/connect"),
        ("CallbackUrl", "/callback"),
        ("DeauthorizeUrl", "/deauthorize"),
        ("DataDeletionUrl", "/data-deletion"),
        ("WhatsAppWebhookUrl", "/whatsapp-webhook"),
    ):
        assert behind.outputs[output] == f"https://{FRONT}{path}"
    assert behind.outputs["ApiHost"].startswith(f"{behind.resources['Api']}.execute-api.")
    assert behind.doctor("redirect-uri").health == "ok"


def test_distribution_is_deployed_with_its_limits(site: Site) -> None:
    formation = site.client("cloudformation")
    formation.create_stack(
        StackName="front",
        TemplateBody=(EXAMPLES / "cloudfront/template.yaml").read_text(),
        Parameters=[
            {"ParameterKey": "DomainName", "ParameterValue": FRONT},
            {"ParameterKey": "CertificateArn", "ParameterValue": "arn:aws:acm:us-east-1:000000000000:certificate/1"},
            {"ParameterKey": "ApiHost", "ParameterValue": site.outputs["ApiHost"]},
        ],
    )
    formation.get_waiter("stack_create_complete").wait(StackName="front", WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    (stack,) = formation.describe_stacks(StackName="front")["Stacks"]
    outputs = {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}
    assert outputs["PublicBaseUrl"] == f"https://{FRONT}"
    acl = site.client("wafv2").get_web_acl(Name=outputs["WebAclName"], Id=outputs["WebAclId"], Scope="CLOUDFRONT")
    assert {rule["Name"] for rule in acl["WebACL"]["Rules"]} == {"logins", "others"}
    (distribution,) = [
        one
        for one in site.client("cloudfront").list_distributions()["DistributionList"]["Items"]
        if one["DomainName"] == outputs["DistributionHost"]
    ]
    assert distribution["WebACLId"] == acl["WebACL"]["ARN"]
    (origin,) = distribution["Origins"]["Items"]
    assert origin["DomainName"] == site.outputs["ApiHost"]
    formation.delete_stack(StackName="front")


def test_replay_sends_the_event_of_a_login_again(site: Site) -> None:
    events, sqs = site.client("events"), site.client("sqs")
    name = site.outputs["AlertTopicArn"].rpartition(":")[2].partition("-AlertTopic")[0]
    template = yaml_parse((EXAMPLES / "audit/template.yaml").read_text())
    region = str(site.stack.session.region_name)
    wanted = Deployment(
        template, {"ConnectStack": name, "Trail": "disabled"}, "audit", region, "000000000000"
    ).properties("EventArchive")
    # The emulator's CloudFormation has no archives.
    archive = events.create_archive(
        ArchiveName="audit",
        EventSourceArn=wanted["SourceArn"],
        EventPattern=json.dumps(wanted["EventPattern"]),
        RetentionDays=wanted["RetentionDays"],
    )["ArchiveArn"]
    queue = sqs.create_queue(QueueName="replayed")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    pattern = {"source": ["whatsapp-connect"], "detail": {"stack": [name], "connection_id": ["archived"]}}
    rule = events.put_rule(Name="replayed", EventPattern=json.dumps(pattern))["RuleArn"]
    events.put_targets(Rule="replayed", Targets=[{"Id": "queue", "Arn": arn}])
    began = datetime.now(UTC) - timedelta(seconds=5)
    assert site.connect("maria", site.link("archived", any_user=True)).status_code == 200
    first = next_event(sqs, queue)
    (commands,) = re.findall(r"```sh\nRULE=.*\n((?s:.*?))```", (EXAMPLES / "audit/README.md").read_text())
    until = datetime.now(UTC) + timedelta(seconds=5)
    environment = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "AWS_ENDPOINT_URL": site.stack.endpoint_url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": region,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "RULE": "replayed",
        "FROM": began.isoformat(),
        "UNTIL": until.isoformat(),
        "ARCHIVE": archive,
    }
    script = f'output() {{ echo "$ARCHIVE"; }}\n{commands}'
    subprocess.run(["bash", "-euo", "pipefail", "-c", script], env=environment, check=True, timeout=120)
    replay = events.describe_replay(ReplayName="missed-events")
    assert replay["Destination"] == {"Arn": wanted["SourceArn"], "FilterArns": [rule]}
    again: dict[str, Any] = {}
    while again.get("detail") != first["detail"] or "replay-name" not in again:
        again = next_event(sqs, queue)
    assert again["replay-name"] == "missed-events"
    assert again["detail"]["event_id"] == first["detail"]["event_id"]
    events.remove_targets(Rule="replayed", Ids=["queue"])
    events.delete_rule(Name="replayed")
    events.delete_archive(ArchiveName="audit")


def next_event(sqs: Any, queue: str) -> dict[str, Any]:
    for _ in range(6):
        for message in sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=10).get("Messages", []):
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
            event: dict[str, Any] = json.loads(message["Body"])
            return event
    raise AssertionError("no event arrived")

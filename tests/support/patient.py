"""A stack that is well, as the doctor sees it: moto, and answers as AWS gives them where moto has none."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from email.utils import formatdate
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from time import time
from typing import Any, Literal
from urllib.parse import urlencode

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from tests.support import stack
from tests.support.command_line import LOG_GROUP, CommandLine
from tests.support.outage import answer_with, watch
from tests.support.world import World
from whatsapp_connect.version import VERSION

STATE = "the-state-of-a-visit"
SCHEDULE = "ScheduleFunctionEveryFiveMinutes"
SOURCES = {
    "PublishFunctionConnectionChanged": "f2501bee-263b-45e7-9630-04026674f8dc",
    "CheckFunctionDue": "25c5ab81-e2ef-4954-93d9-919372ccf702",
    "CheckFunctionAsked": "4bd4702c-6104-4ce2-9715-c17521e4aa5e",
}


class Site:
    """What answers at the address of the stack."""

    def __init__(self) -> None:
        site = self
        self.statuses = {
            "/": 200,
            "/callback": 400,
            "/connect": 302,
            "/whatsapp-webhook": 403,
            "/deauthorize": 400,
        }
        self.location = ""
        self.page = self.page_of(VERSION)

        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status = site.statuses[self.path.partition("?")[0]]
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", site.location)
                    self.send_header("Set-Cookie", f"login={STATE}")
                self.end_headers()
                if status == 200:
                    self.wfile.write(site.page.encode())

            do_POST = do_GET  # noqa: N815

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.redirect_to()

    @staticmethod
    def page_of(version: str) -> str:
        """Return the page at / as a stack of this version shows it."""
        return f'<meta name="generator" content="WhatsApp Connect {version}"><h1>WhatsApp Connect</h1>'

    def redirect_to(
        self,
        dialog: str = "",
        *,
        version: str = "v26.0",
        client_id: str = stack.APP_ID,
        redirect_uri: str = "",
        state: str = "",
    ) -> None:
        query = {
            "client_id": client_id,
            "redirect_uri": redirect_uri or f"{self.url}/callback",
            "state": state or STATE,
        }
        self.location = f"{dialog}/{version}/dialog/oauth?{urlencode(query)}"


@contextmanager
def answering_site() -> Iterator[Site]:
    """Serve the stack's addresses."""
    site = Site()
    with site.server:
        thread = Thread(target=site.server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield site
        finally:
            site.server.shutdown()
            thread.join()


def _answer_by_name(find: Callable[[str], dict[str, Any]], params: Any, **_: object) -> Any:
    """Answer as Lambda for the function or event source mapping that is named in the URL."""
    parts = params["url_path"].split("/")
    try:
        return answer_with(find(parts[3] if len(parts) > 3 else ""))
    except KeyError:
        return AWSResponse("", 404, HTTPHeaders(), None), {"Error": {"Code": "ResourceNotFoundException"}}


class Patient:
    """A stack that is well, until it is broken."""

    def __init__(self, cli: CommandLine, world: World, monkeypatch: pytest.MonkeyPatch, site: Site) -> None:
        self.cli = cli
        self.site = site
        self.world = world
        self.facebook = world.facebook
        self.monkeypatch = monkeypatch
        self.deployment = cli.deployment
        self.set(site_url=site.url)
        site.redirect_to(cli.deployment.settings.dialog_url)
        self.facebook.control(
            "app", {"require_app_secret": True, "redirect_uris": [stack.REDIRECT_URI, f"{site.url}/callback"]}
        )
        self.aws = replace(cli.deployment)
        """The clients that the doctor uses."""
        self.run_the_stack()
        self.subscribe("sqs", f"arn:aws:sqs:{stack.REGION}:{stack.ACCOUNT}:alerts")
        self.simulation = "allowed"
        watch(self.deployment.iam, "SimulatePrincipalPolicy", self._simulate)
        self.clock_skew = 0
        self.deployment.sts.meta.events.register("after-call.sts.GetCallerIdentity", self._date)
        self.log("run ended", at=time() - 600)

    def run_the_stack(self) -> None:
        """Make what moto has quickly; for Lambda and alarms, answer as AWS does."""
        about, aws = vars(self.deployment), self.aws
        session = self.deployment.place.session
        template = stack.TEMPLATE["Resources"]
        alarms = [name for name, one in template.items() if one["Type"] == "AWS::CloudWatch::Alarm"]
        functions = [name for name, one in template.items() if one["Type"] == "AWS::Serverless::Function"]
        about["resources"] = {
            **about["resources"],
            **{name: name for name in (*alarms, *functions, "AlertRule", "TokenEncryptionKey", SCHEDULE)},
            **SOURCES,
            **{f"{name}LogGroup": name for name in ("Authorize", "Callback", "WhatsAppWebhook", "Deauthorize")},
            "DueQueue": stack.DUE_QUEUE,
            "CheckQueue": stack.CHECK_QUEUE,
        }
        self.alarms: dict[str, dict[str, Any]] = {
            name: {"AlarmName": name, "ActionsEnabled": True, "StateValue": "OK"} for name in alarms
        }
        watch(aws.cloudwatch, "DescribeAlarms", lambda **_: answer_with({"MetricAlarms": list(self.alarms.values())}))
        aws.events.put_rule(Name="AlertRule", EventPattern='{"source": ["whatsapp-connect"]}')
        aws.events.put_targets(
            Rule="AlertRule", Targets=[{"Id": "topic", "Arn": self.deployment.outputs["AlertTopicArn"]}]
        )
        aws.scheduler.create_schedule(
            Name=SCHEDULE,
            ScheduleExpression="rate(5 minutes)",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={"Arn": "arn:aws:lambda:x", "RoleArn": "arn:aws:iam::123456789012:role/x"},
        )
        aws.kms.enable_key_rotation(KeyId=stack.KEY)
        stack.operator(session, "dynamodb").update_continuous_backups(
            TableName=stack.CONNECTIONS, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
        )
        self.functions: dict[str, dict[str, Any]] = {
            name: {
                "Runtime": "python3.13",
                "State": "Active",
                "LastUpdateStatus": "Successful",
                "Environment": {"Variables": stack.environment({}) | {"SITE_URL": name}},
            }
            for name in functions
        }
        self.reserved: dict[str, int] = {}
        self.unreserved = 1000
        self.sources: dict[str, dict[str, str]] = {uuid: {"State": "Enabled"} for uuid in SOURCES.values()}
        named = {
            "GetFunctionConfiguration": lambda name: self.functions[name],
            "GetFunctionConcurrency": lambda name: (
                {"ReservedConcurrentExecutions": self.reserved[name]} if name in self.reserved else {}
            ),
            "GetEventSourceMapping": lambda uuid: self.sources[uuid],
            "GetAccountSettings": lambda _: {
                "AccountLimit": {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": self.unreserved}
            },
        }
        for operation, find in named.items():
            watch(aws.functions, operation, partial(_answer_by_name, find))

    def subscribe(self, protocol: str, endpoint: str) -> None:
        topic = self.deployment.outputs["AlertTopicArn"]
        self.deployment.sns.subscribe(TopicArn=topic, Protocol=protocol, Endpoint=endpoint)

    def unsubscribe(self) -> None:
        for one in self.deployment.sns.list_subscriptions()["Subscriptions"]:
            self.deployment.sns.unsubscribe(SubscriptionArn=one["SubscriptionArn"])

    def log(self, message: str, *, at: float) -> None:
        self.deployment.logs.create_log_stream(logGroupName=LOG_GROUP, logStreamName=str(at))
        self.deployment.logs.put_log_events(
            logGroupName=LOG_GROUP,
            logStreamName=str(at),
            logEvents=[{"timestamp": int(at * 1000), "message": f'{{"message":"{message}"}}'}],
        )

    def set(self, **settings: Any) -> None:
        self.cli.set(**settings)

    def change(self, **changes: Any) -> None:
        """Write Maria's record."""
        record = self.world.record()
        self.world.connections.write(record, replace(record, **changes))

    def secret(
        self, value: str, kind: Literal["SecureString", "String"] = "SecureString", key: str = stack.KEY
    ) -> None:
        ssm, name = self.deployment.ssm, f"{stack.PREFIX}/app-secret"
        ssm.delete_parameter(Name=name)
        more: Any = {"KeyId": key} if kind == "SecureString" else {}
        ssm.put_parameter(Name=name, Value=value, Type=kind, **more)

    def _simulate(self, params: Any, **_: object) -> object:
        body = params["body"]
        actions, resources = (
            [value for key, value in body.items() if key.startswith(f"{name}.member.")]
            for name in ("ActionNames", "ResourceArns")
        )
        return answer_with(
            {
                "EvaluationResults": [
                    {"EvalActionName": action, "EvalResourceName": resource, "EvalDecision": self.simulation}
                    for action in actions
                    for resource in resources
                ]
            }
        )

    def _date(self, parsed: Any, **_: object) -> None:
        headers = parsed["ResponseMetadata"].setdefault("HTTPHeaders", {})
        headers["date"] = formatdate(time() - self.clock_skew, usegmt=True)

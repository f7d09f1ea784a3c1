"""The recipe for an archive and a trail: what they keep, and the commands that find who has read a token."""

import gzip
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import boto3
import pytest
from moto import mock_aws
from samtranslator.yaml_helper import yaml_parse

from tests.template.resolve import Deployment

ROOT = Path(__file__).parents[2]
AUDIT = ROOT / "examples/audit"
TEMPLATE: dict[str, Any] = yaml_parse((AUDIT / "template.yaml").read_text())
RESOURCES: dict[str, Any] = TEMPLATE["Resources"]
RECORDED = Path(__file__).parent / "cloudtrail.json"
EVENTS: list[dict[str, Any]] = json.loads(RECORDED.read_text())["Records"]
SSM = {"GetParameter", "GetParameters", "GetParameterHistory", "GetParametersByPath"}
READS = [
    ("08:00:00", "whatsapp-connect-PublishFunction-3C4D", "52.16.0.1", "Decrypt record", "ok"),
    ("09:15:02", "send", "203.0.113.7", "GetParameter", "ok"),
    ("09:15:02", "send", "ssm.amazonaws.com", "Decrypt parameter", "ok"),
    ("10:00:00", "many", "198.51.100.4", "GetParameters", "ok"),
    ("10:05:00", "path", "198.51.100.5", "GetParametersByPath", "ok"),
    ("10:06:00", "past", "198.51.100.6", "GetParameterHistory", "ok"),
    ("10:07:00", "cipher", "198.51.100.7", "GetParameter encrypted", "ok"),
    ("11:40:51", "mallory", "198.51.100.9", "GetParameter", "AccessDenied"),
]
"""Who has read the token of 122100000000000001: time, the last part of the ARN, address, call, result."""


def block(containing: str) -> str:
    """Return the commands of the README that contain a text."""
    blocks = re.findall(r"```sh\n(.*?)```", (AUDIT / "README.md").read_text(), re.DOTALL)
    (found,) = [text for text in blocks if containing in text]
    return str(found)


def run(script: str, directory: Path, **environment: str) -> list[tuple[str, ...]]:
    """Run commands of the README; return the lines as READS has them."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=directory,
        env={"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}", **environment},
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    return [
        (time.removeprefix("2026-11-26T").removesuffix("Z"), re.split("[/:]", who)[-1], *rest)
        for time, who, *rest in lines
    ]


@pytest.fixture
def cloudtrail() -> Iterator[str]:
    """Serve LookupEvents with the recorded events, two a page; yield the URL."""

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            (attribute,) = asked["LookupAttributes"]
            assert attribute["AttributeKey"] == "EventName"
            found = [event for event in EVENTS if event["eventName"] == attribute["AttributeValue"]]
            start = int(asked.get("NextToken", 0))
            answer: dict[str, Any] = {
                "Events": [
                    {"EventId": one["eventID"], "CloudTrailEvent": json.dumps(one)} for one in found[start : start + 2]
                ]
            }
            if start + 2 < len(found):
                answer["NextToken"] = str(start + 2)
            body = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.shell
def test_history_lists_who_has_read_a_token(cloudtrail: str) -> None:
    found = run(
        block("lookup-events"),
        ROOT,
        AWS_ENDPOINT_URL=cloudtrail,
        AWS_ACCESS_KEY_ID="test",
        AWS_SECRET_ACCESS_KEY="test",
        AWS_DEFAULT_REGION="eu-west-1",
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
    )
    assert sorted(found) == sorted(READS)


@pytest.mark.shell
def test_files_of_the_trail_list_who_has_read_a_token(tmp_path: Path) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    for number, events in enumerate((EVENTS[:5], EVENTS[5:])):
        file = tmp_path / f"trail/123456789012/CloudTrail/eu-west-1/2026/11/26/{number}.json.gz"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(gzip.compress(json.dumps({"Records": events}).encode()))
    assert sorted(run(block("gunzip"), tmp_path)) == sorted(READS)


def test_every_call_that_returns_a_token_is_looked_up() -> None:
    """GetParametersByPath and the history return tokens too, to whoever may call them."""
    (line,) = re.findall(r"for call in (.*); do", block("lookup-events"))
    assert (
        {*line.split()}
        == {*SSM, "Decrypt"}
        == {event["eventName"] for event in EVENTS if event["readOnly"]} - {"DescribeParameters"}
    )


# The archive


def test_archive_keeps_the_events_of_this_stack_only() -> None:
    wanted = Deployment(TEMPLATE, {"ConnectStack": "shop", "EventDays": 30, "Trail": "disabled"}, "audit").properties(
        "EventArchive"
    )
    assert wanted["SourceArn"] == "arn:aws:events:eu-west-1:111122223333:event-bus/default"
    with mock_aws():
        events = boto3.client("events", region_name="eu-west-1")
        events.create_archive(  # moto's CloudFormation cannot create one with a pattern
            ArchiveName="audit",
            EventSourceArn=wanted["SourceArn"].replace("111122223333", "123456789012"),
            EventPattern=json.dumps(wanted["EventPattern"]),
            RetentionDays=wanted["RetentionDays"],
        )
        for source, stack in (("whatsapp-connect", "shop"), ("whatsapp-connect", "shop-dev"), ("other", "shop")):
            detail = json.dumps({"stack": stack, "event_id": "1-1"})
            events.put_events(Entries=[{"Source": source, "DetailType": "Connected", "Detail": detail}])
        about = events.describe_archive(ArchiveName="audit")
        assert about["EventCount"] == 1
        assert about["RetentionDays"] == 30


# The trail


def test_trail_has_every_read_of_parameters_and_keys() -> None:
    trail = RESOURCES["ReadTrail"]["Properties"]
    (selector,) = trail["AdvancedEventSelectors"]
    fields = {one["Field"]: one for one in selector["FieldSelectors"]}
    assert fields == {
        "eventCategory": {"Field": "eventCategory", "Equals": ["Management"]},
        "readOnly": {"Field": "readOnly", "Equals": ["true"]},
    }
    assert trail["IsLogging"] is True
    assert trail["EnableLogFileValidation"] is True
    assert RESOURCES["ReadTrail"]["DependsOn"] == "ReadBucketPolicy"


def test_only_this_trail_may_write_to_the_bucket() -> None:
    statements = RESOURCES["ReadBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    allowed = [one for one in statements if one["Effect"] == "Allow"]
    own = {"Fn::Sub": "arn:${AWS::Partition}:cloudtrail:${AWS::Region}:${AWS::AccountId}:trail/${AWS::StackName}-reads"}
    assert {one["Action"] for one in allowed} == {"s3:GetBucketAcl", "s3:PutObject"}
    for one in allowed:
        assert one["Principal"] == {"Service": "cloudtrail.amazonaws.com"}
        assert one["Condition"]["StringEquals"]["aws:SourceArn"] == own
    assert RESOURCES["ReadTrail"]["Properties"]["TrailName"] == {"Fn::Sub": "${AWS::StackName}-reads"}
    (denied,) = [one for one in statements if one["Effect"] == "Deny"]
    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert denied["Principal"] == "*"


def test_bucket_is_private_and_outlives_the_stack() -> None:
    bucket = RESOURCES["ReadBucket"]
    assert bucket["DeletionPolicy"] == bucket["UpdateReplacePolicy"] == "Retain"
    properties = bucket["Properties"]
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(properties["PublicAccessBlockConfiguration"]) == 4
    assert properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    (rule,) = properties["LifecycleConfiguration"]["Rules"]
    assert rule["Status"] == "Enabled"
    assert rule["ExpirationInDays"] == {"Ref": "ReadDays"}
    assert rule["NoncurrentVersionExpiration"]

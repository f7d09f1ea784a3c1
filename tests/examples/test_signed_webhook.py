"""The webhook recipe's function, with queues and secrets on moto, and an HTTPS server that verifies its signatures."""

import base64
import json
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import boto3
import pytest
import time_machine
from moto import mock_aws
from moto.sqs.models import sqs_backends
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from tests.support.canary import spot
from tests.support.https_receiver import HANG, HttpsReceiver, Received, https_receiver
from tests.support.source import load
from tests.support.stack import read_template

RECIPE = Path(__file__).parents[2] / "examples/signed-webhook"
TEMPLATE = read_template(RECIPE / "template.yaml")
SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
OLD_SECRET = "whsec_" + base64.b64encode(bytes(range(100, 164))).decode()
SECRET_PARAMETER = "/webhook/secret"
EVENT_ID = "tenant-7-1795658367437"
EVENT: dict[str, Any] = {
    "id": "c1b5a0de-2f5a-4a0c-8f6e-000000000001",
    "source": "whatsapp-connect",
    "detail-type": "Expiring",
    "time": "2026-11-26T08:00:00Z",
    "detail": {
        "event_id": EVENT_ID,
        "stack": "whatsapp-connect",
        "connection_id": "tenant-7",
        "label": "Bäckerei \ud800 “Süß”",
        "tags": {"plan": "gold"},
        "language": "de",
        "reconnect_url": "https://connect.example.com/reconnect/tenant-7",
    },
}


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[HttpsReceiver]:
    with https_receiver(tmp_path) as receiver:
        yield receiver


class Recipe:
    """The queues of the template, and the function that SQS invokes."""

    def __init__(self, function: ModuleType, clock: time_machine.Traveller, queue: str, failures: str) -> None:
        self.function = function
        self.clock = clock
        self.queue = queue
        self.failures = failures
        self.sqs = boto3.client("sqs")

    def put(self, event: dict[str, Any] = EVENT) -> None:
        self.sqs.send_message(QueueUrl=self.queue, MessageBody=json.dumps(event))

    def receive(self, queue: str) -> list[dict[str, Any]]:
        answer = self.sqs.receive_message(QueueUrl=queue, MessageSystemAttributeNames=["All"], MaxNumberOfMessages=1)
        return [dict(message) for message in answer.get("Messages", [])]

    def invoke(self) -> str | None:
        """Bring a message to the function as Lambda does; return the outcome, or None if no message is visible."""
        messages = self.receive(self.queue)
        if not messages:
            return None
        (message,) = messages
        # SQS counts its limit of 12 hours from ReceiveMessage, moto from SendMessage.
        queue = sqs_backends["123456789012"]["eu-west-1"].queues["queue"]
        for sent in vars(queue)["_messages"]:
            sent.sent_timestamp = time.time() * 1000
        record = {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": message["Attributes"],
        }
        answer = self.function.handler({"Records": [record]}, None)
        if answer == {"batchItemFailures": []}:
            self.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
            return "done"
        assert answer == {"batchItemFailures": [{"itemIdentifier": message["MessageId"]}]}
        return "failed"

    def check_waits(self, seconds: int) -> None:
        """Check for how long the message stays invisible. This receives it."""
        self.clock.shift(seconds - 1)
        assert self.receive(self.queue) == []
        self.clock.shift(2)
        assert len(self.receive(self.queue)) == 1


def store_secret(value: str) -> None:
    boto3.client("ssm").put_parameter(Name=SECRET_PARAMETER, Value=value, Type="SecureString", Overwrite=True)


@pytest.fixture
def recipe(receiver: HttpsReceiver, monkeypatch: pytest.MonkeyPatch) -> Iterator[Recipe]:
    properties = TEMPLATE["Resources"]["Queue"]["Properties"]
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("SSL_CERT_FILE", str(receiver.authority))
    with time_machine.travel(datetime.now(UTC), tick=False) as clock, mock_aws():
        sqs = boto3.client("sqs")
        failures = sqs.create_queue(QueueName="failures")["QueueUrl"]
        redrive = {
            "deadLetterTargetArn": "arn:aws:sqs:eu-west-1:123456789012:failures",
            "maxReceiveCount": properties["RedrivePolicy"]["maxReceiveCount"],
        }
        queue = sqs.create_queue(
            QueueName="queue",
            Attributes={
                "RedrivePolicy": json.dumps(redrive),
                "VisibilityTimeout": str(properties["VisibilityTimeout"]),
            },
        )["QueueUrl"]
        store_secret(SECRET)
        monkeypatch.setenv("QUEUE_URL", queue)
        monkeypatch.setenv("SECRET_PARAMETER", SECRET_PARAMETER)
        monkeypatch.setenv("WEBHOOK_URL", receiver.url)
        yield Recipe(load(RECIPE / "src/signed_webhook.py"), clock, queue, failures)


def verify(received: Received, secret: str = SECRET) -> dict[str, Any]:
    content: dict[str, Any] = Webhook(secret).verify(received.body, dict(received.headers))
    return content


def test_event_is_posted_once_and_verified(recipe: Recipe, receiver: HttpsReceiver) -> None:
    recipe.put()
    assert recipe.invoke() == "done"
    (received,) = receiver.received
    assert verify(received) == {"type": "Expiring", "timestamp": EVENT["time"], "data": EVENT["detail"]}
    assert received.path == "/hook?key=s3cret-query"
    assert received.headers["webhook-id"] == EVENT_ID
    assert received.headers["content-type"] == "application/json"
    recipe.clock.shift(timedelta(days=2))
    assert recipe.invoke() is None


def test_receiver_of_the_readme_verifies_and_orders(recipe: Recipe, receiver: HttpsReceiver) -> None:
    program = (RECIPE / "README.md").read_text().partition("```python\n")[2].partition("```")[0]
    newest: dict[str, tuple[int, str]] = {}
    names: dict[str, Any] = {
        "SECRET": SECRET,
        "newest_sequence": lambda connection_id: newest.get(connection_id, (0, ""))[0],
        "update": lambda connection_id, sequence, kind, _: newest.update({connection_id: (sequence, kind)}),
    }
    exec(program, names)
    for kind, sequence in (("Connected", 1), ("Reconnected", 3), ("Expired", 2), ("Reconnected", 3)):
        detail = {**EVENT["detail"], "event_id": f"tenant-7-{sequence}"}
        recipe.put({**EVENT, "detail-type": kind, "detail": detail})
        assert recipe.invoke() == "done"
        received = receiver.received[-1]
        assert names["receive"](received.headers, received.body) == 204
        assert names["receive"](received.headers, received.body + b" ") == 401
    assert newest == {"tenant-7": (3, "Reconnected")}


def test_signature_covers_id_time_and_body(recipe: Recipe, receiver: HttpsReceiver) -> None:
    recipe.put()
    recipe.invoke()
    (received,) = receiver.received
    timestamp = str(int(received.headers["webhook-timestamp"]) + 1)
    for headers, body in (
        ({"webhook-id": "tenant-7-1795658367438"}, received.body),
        ({"webhook-timestamp": timestamp}, received.body),
        ({}, received.body.replace(b"gold", b"free")),
    ):
        with pytest.raises(WebhookVerificationError, match="No matching signature"):
            Webhook(SECRET).verify(body, {**received.headers, **headers})


def test_all_secrets_sign_during_a_rotation(recipe: Recipe, receiver: HttpsReceiver) -> None:
    store_secret(f"{OLD_SECRET} {SECRET}\n")
    recipe.put()
    assert recipe.invoke() == "done"
    (received,) = receiver.received
    assert len(received.headers["webhook-signature"].split(" ")) == 2
    assert verify(received, SECRET) == verify(received, OLD_SECRET)


def test_new_secret_is_read_within_a_minute(recipe: Recipe, receiver: HttpsReceiver) -> None:
    recipe.put()
    recipe.invoke()
    store_secret(OLD_SECRET)
    recipe.clock.shift(60)
    recipe.put()
    recipe.invoke()
    verify(receiver.received[0], SECRET)
    verify(receiver.received[1], OLD_SECRET)


@pytest.mark.parametrize("status", [301, 302, 307, 400, 404, 429, 500, 503])
def test_other_answers_fail_and_no_redirect_is_followed(recipe: Recipe, receiver: HttpsReceiver, status: int) -> None:
    receiver.answers[EVENT_ID].append((status, {"Location": receiver.url}))
    recipe.put()
    assert recipe.invoke() == "failed"
    assert len(receiver.received) == 1


def test_receiver_that_does_not_answer_fails(
    recipe: Recipe, receiver: HttpsReceiver, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(recipe.function, "TIMEOUT_S", 0.5)
    receiver.answers[EVENT_ID].append((HANG, {}))
    recipe.put()
    assert recipe.invoke() == "failed"
    assert json.loads(capsys.readouterr().out)["problem"] == "TimeoutError"


def test_certificate_of_an_unknown_authority_is_refused(
    recipe: Recipe, receiver: HttpsReceiver, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    monkeypatch.setattr(recipe.function, "tls", recipe.function.ssl.create_default_context())
    recipe.put()
    assert recipe.invoke() == "failed"
    assert json.loads(capsys.readouterr().out)["problem"] == "SSLCertVerificationError"
    assert receiver.received == []


@pytest.mark.parametrize(
    "secret",
    [
        " ",
        SECRET.removeprefix("whsec_"),
        "whsec_not-base64",
        f"{SECRET[:20]}-{SECRET[20:]}",
        "whsec_" + base64.b64encode(bytes(23)).decode(),
        "whsec_" + base64.b64encode(bytes(65)).decode(),
        f"{SECRET} whsec_",
    ],
)
def test_broken_secret_sends_nothing(
    recipe: Recipe, receiver: HttpsReceiver, secret: str, capsys: pytest.CaptureFixture[str]
) -> None:
    store_secret(secret)
    recipe.put()
    assert recipe.invoke() == "failed"
    assert json.loads(capsys.readouterr().out)["problem"] == "SecretError"
    assert receiver.received == []


@pytest.mark.parametrize("size", [24, 64])
def test_secret_of_24_to_64_bytes_signs(recipe: Recipe, receiver: HttpsReceiver, size: int) -> None:
    secret = "whsec_" + base64.b64encode(bytes(range(size))).decode()
    store_secret(secret)
    recipe.put()
    assert recipe.invoke() == "done"
    verify(receiver.received[0], secret)


def test_missing_secret_fails(recipe: Recipe, capsys: pytest.CaptureFixture[str]) -> None:
    boto3.client("ssm").delete_parameter(Name=SECRET_PARAMETER)
    recipe.put()
    assert recipe.invoke() == "failed"
    assert json.loads(capsys.readouterr().out)["problem"] == "ParameterNotFound"


def test_gone_ends_the_event_and_is_logged(
    recipe: Recipe, receiver: HttpsReceiver, capsys: pytest.CaptureFixture[str]
) -> None:
    receiver.answers[EVENT_ID].append((410, {}))
    recipe.put()
    assert recipe.invoke() == "done"
    log = json.loads(capsys.readouterr().out)
    assert (log["outcome"], log["status"]) == ("gone", 410)
    recipe.clock.shift(timedelta(days=2))
    assert recipe.invoke() is None
    assert recipe.receive(recipe.failures) == []


def test_event_is_retried_for_a_day_and_then_put_aside(recipe: Recipe, receiver: HttpsReceiver) -> None:
    receiver.answers[EVENT_ID].extend([(500, {})] * 20)
    recipe.put()
    for delay in recipe.function.DELAYS_S:
        assert recipe.invoke() == "failed"
        recipe.clock.shift(delay - 1)
        assert recipe.invoke() is None
        recipe.clock.shift(2)
    assert recipe.invoke() == "failed"
    assert len(receiver.received) == 8
    assert timedelta(hours=23) < timedelta(seconds=sum(recipe.function.DELAYS_S)) < timedelta(hours=24)
    recipe.clock.shift(60)
    assert recipe.invoke() is None
    (failure,) = recipe.receive(recipe.failures)
    assert json.loads(failure["Body"]) == EVENT
    first, last = receiver.received[0], receiver.received[-1]
    assert verify(last) == json.loads(first.body)
    assert last.headers["webhook-id"] == first.headers["webhook-id"]
    assert last.headers["webhook-timestamp"] > first.headers["webhook-timestamp"]


def test_function_that_is_cut_off_leaves_the_message_waiting(recipe: Recipe, monkeypatch: pytest.MonkeyPatch) -> None:
    def cut_off(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(recipe.function, "deliver", cut_off)
    recipe.put()
    with pytest.raises(KeyboardInterrupt):
        recipe.invoke()
    recipe.check_waits(recipe.function.DELAYS_S[0])


def test_function_ends_before_its_message_returns(recipe: Recipe) -> None:
    timeout = TEMPLATE["Resources"]["WebhookFunction"]["Properties"]["Timeout"]
    assert recipe.function.TIMEOUT_S < timeout < min(recipe.function.DELAYS_S)
    assert max(recipe.function.DELAYS_S) < 12 * 3600  # SQS's limit


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "https://user:password@example.com/",
        "https://example.com/a b",
        "https://example.com/#part",
        "https://example.com?key=x",
        "https://",
        "example.com",
    ],
)
def test_template_accepts_only_https_urls(url: str) -> None:
    pattern = TEMPLATE["Parameters"]["WebhookUrl"]["AllowedPattern"]
    assert re.fullmatch(pattern, url) is None
    for accepted in ("https://example.com", "https://example.com:8443/a/b?c=d&e=%20"):
        assert re.fullmatch(pattern, accepted)


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [
        ("100", 100),
        ("DATE", 200),
        ("1", 30),  # shorter than our own delay
        ("999999999", 11 * 3600),
        ("soon", 30),
        ("-5", 30),
        ("", 30),
    ],
)
def test_retry_after_is_honoured_within_limits(
    recipe: Recipe, receiver: HttpsReceiver, retry_after: str, seconds: int
) -> None:
    if retry_after == "DATE":
        retry_after = format_datetime(datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=200), usegmt=True)
    receiver.answers[EVENT_ID].append((503, {"Retry-After": retry_after}))
    recipe.put()
    assert recipe.invoke() == "failed"
    recipe.check_waits(seconds)


def test_last_attempt_does_not_wait_for_retry_after(recipe: Recipe, receiver: HttpsReceiver) -> None:
    receiver.answers[EVENT_ID].extend([(500, {})] * 7 + [(503, {"Retry-After": "40000"})])
    recipe.put()
    for delay in recipe.function.DELAYS_S:
        recipe.invoke()
        recipe.clock.shift(delay + 1)
    recipe.invoke()
    recipe.clock.shift(60)
    assert recipe.invoke() is None
    assert len(recipe.receive(recipe.failures)) == 1


@pytest.mark.parametrize("status", [204, 410, 500])
def test_log_contains_no_secret(
    recipe: Recipe, receiver: HttpsReceiver, capsys: pytest.CaptureFixture[str], status: int
) -> None:
    receiver.answers[EVENT_ID].append((status, {"X-Note": "text-of-the-receiver"}))
    recipe.put()
    recipe.invoke()
    (received,) = receiver.received
    output = capsys.readouterr()
    log = json.loads(output.out)
    assert (log["event_id"], log["type"], log["attempt"]) == (EVENT_ID, "Expiring", 1)
    hidden = [
        SECRET,
        received.headers["webhook-signature"],
        "s3cret-query",
        "text-of-the-receiver",
        received.body.decode(),
    ]
    # The log names the event, which the body begins with in other words.
    hidden[-1] = hidden[-1].partition('"connection_id"')[2]
    assert spot(output.out + output.err, hidden) is None

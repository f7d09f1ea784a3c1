"""Recipes for the events: each is built and deployed with the SAM CLI, and gets events from the bus."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import requests
from standardwebhooks.webhooks import Webhook

from tests.e2e.examples.service import CONNECTION, copy_of, deployed, deployer, may, steps
from tests.e2e.neighbour import Mailbox
from tests.support.docs import run_blocks
from tests.support.https_receiver import HttpsReceiver, Received, https_receiver
from tests.support.schema import validate
from tests.support.site import Site

pytestmark = pytest.mark.emulator

SECRET_PARAMETER = "/whatsapp-connect-webhook/secret"
SENDER = "service@example.com"
CUSTOMER = "customer@customer.example"
SENT_BY_OTHERS = "another-stack"


def put_event(site: Site, kind: str, event_id: str, *, stack: str = "", **more: object) -> dict[str, Any]:
    """Put an event on the bus; return it as functions get it."""
    detail = {
        "event_id": event_id,
        "stack": stack or stack_name(site),
        "connection_id": event_id.rpartition("-")[0],
        "expires_at": "2026-12-05T08:00:00Z",
        "label": "Flowers",
        "tags": {},
        "language": "",
        **more,
    }
    entry = {"Source": "whatsapp-connect", "DetailType": kind, "Detail": json.dumps(detail)}
    assert site.client("events").put_events(Entries=[entry])["FailedEntryCount"] == 0
    return {"source": "whatsapp-connect", "detail-type": kind, "detail": detail}


def stack_name(site: Site) -> str:
    return site.outputs["AlertTopicArn"].rpartition(":")[2].partition("-AlertTopic")[0]


# signed-webhook


@pytest.fixture(scope="module")
def receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpsReceiver]:
    with https_receiver(tmp_path_factory.mktemp("receiver")) as receiver:
        yield receiver


@pytest.fixture(scope="module")
def webhook(
    site: Site, receiver: HttpsReceiver, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mapping[str, str]]:
    folder = copy_of("signed-webhook", tmp_path_factory.mktemp("signed-webhook"))
    store_secret, deploy, _ = steps("signed-webhook")
    run_blocks([store_secret], folder=folder, environ=deployer(site))
    instead = {
        "WebhookUrl=https://example.com/whatsapp-events": f"WebhookUrl={receiver.url} ConnectStack={stack_name(site)}",
        "arn:aws:sns:...": site.outputs["AlertTopicArn"],
    }
    with deployed(site, deploy, folder, instead) as resources:
        # The receiver's authority is not one that the operating system knows.
        functions = site.client("lambda")
        name = resources["WebhookFunction"]
        variables = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        variables["SSL_CERT_FILE"] = str(receiver.authority)
        functions.update_function_configuration(FunctionName=name, Environment={"Variables": variables})
        yield resources
    site.client("ssm").delete_parameter(Name=SECRET_PARAMETER)


def received(receiver: HttpsReceiver, connection_id: str) -> list[Received]:
    return [one for one in receiver.received if one.headers["webhook-id"].startswith(f"{connection_id}-")]


def verify(site: Site, one: Received) -> dict[str, Any]:
    secret = site.client("ssm").get_parameter(Name=SECRET_PARAMETER, WithDecryption=True)["Parameter"]["Value"]
    content: dict[str, Any] = Webhook(secret).verify(one.body, dict(one.headers))
    return content


@pytest.mark.shell
def test_event_of_a_login_reaches_the_webhook(
    site: Site, webhook: Mapping[str, str], receiver: HttpsReceiver, replace_token: Callable[[], None]
) -> None:
    replace_token()
    site.wait_for(lambda: received(receiver, CONNECTION))
    content = verify(site, received(receiver, CONNECTION)[0])
    validate(content["type"], content["data"])
    assert content["data"]["connection_id"] == CONNECTION
    assert received(receiver, CONNECTION)[0].headers["webhook-id"] == content["data"]["event_id"]


@pytest.mark.shell
def test_refused_event_is_sent_again(site: Site, webhook: Mapping[str, str], receiver: HttpsReceiver) -> None:
    put_event(site, "Revoked", "other-1", stack=SENT_BY_OTHERS)
    receiver.answers["retried-1"].append((503, {"Retry-After": "1"}))
    put_event(site, "Revoked", "retried-1")
    site.wait_for(lambda: len(received(receiver, "retried")) == 2)
    first, second = received(receiver, "retried")
    assert verify(site, first) == verify(site, second)
    assert int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) >= 30
    assert received(receiver, "other") == []
    counts = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    sqs = site.client("sqs")

    def is_empty() -> bool:
        attributes = sqs.get_queue_attributes(QueueUrl=webhook["Queue"], AttributeNames=counts)["Attributes"]
        return all(attributes[name] == "0" for name in counts)

    site.wait_for(is_empty)
    failures = sqs.get_queue_attributes(QueueUrl=webhook["Failures"], AttributeNames=counts)["Attributes"]
    assert failures == dict.fromkeys(counts, "0")


@pytest.mark.shell
def test_failed_events_are_moved_back(site: Site, webhook: Mapping[str, str], tmp_path: Path) -> None:
    """Run the page's commands, but print the last one: the emulator does not move messages."""
    _, _, move = steps("signed-webhook")
    instead = {
        "aws sqs get-queue-attributes": f"aws --endpoint-url {site.stack.endpoint_url} sqs get-queue-attributes",
        "aws sqs start-message-move-task": "echo",
    }
    printed = run_blocks([move], folder=tmp_path, environ=deployer(site), instead=instead).split()
    names = [webhook[queue].rpartition("/")[2] for queue in ("Failures", "Queue")]
    assert [printed[1].rpartition(":")[2], printed[3].rpartition(":")[2]] == names
    assert (printed[0], printed[2]) == ("--source-arn", "--destination-arn")


@pytest.mark.shell
def test_function_of_the_webhook_has_few_rights(site: Site, webhook: Mapping[str, str]) -> None:
    arn = f"arn:aws:iam::000000000000:role/{webhook['Role']}"
    folder = f"arn:aws:ssm:{site.stack.session.region_name}:000000000000:parameter"
    assert may(site, arn, "ssm:GetParameter", f"{folder}{SECRET_PARAMETER}")
    for action, resource in (
        ("ssm:GetParameter", f"{folder}{site.outputs['ParameterPrefix']}/app-secret"),
        ("ssm:GetParameter", f"{folder}{site.outputs['ParameterPrefix']}/connections/{CONNECTION}/access-token"),
        ("ssm:PutParameter", f"{folder}{SECRET_PARAMETER}"),
        ("sqs:ReceiveMessage", f"arn:aws:sqs:{site.stack.session.region_name}:000000000000:another"),
        ("sqs:SendMessage", f"arn:aws:sqs:{site.stack.session.region_name}:000000000000:another"),
    ):
        assert not may(site, arn, action, resource), (action, resource)


# customer-mail


@pytest.fixture(scope="module")
def mail(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    dynamodb = site.client("dynamodb")
    dynamodb.create_table(
        TableName="customers",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "connection_id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "connection_id", "KeyType": "HASH"}],
    )
    dynamodb.put_item(TableName="customers", Item={"connection_id": {"S": "mailed"}, "email": {"S": CUSTOMER}})
    ses = site.client("sesv2")
    ses.create_email_identity(EmailIdentity=SENDER)
    ses.put_account_details(MailType="TRANSACTIONAL", WebsiteURL="https://example.com", ProductionAccessEnabled=True)
    instead = {
        "SenderAddress=service@example.com": f"SenderAddress={SENDER} ConnectStack={stack_name(site)}",
        "arn:aws:sns:...": site.outputs["AlertTopicArn"],
    }
    (deploy,) = steps("customer-mail")
    folder = copy_of("customer-mail", tmp_path_factory.mktemp("customer-mail"))
    with deployed(site, deploy, folder, instead) as resources:
        yield resources
    ses.delete_email_identity(EmailIdentity=SENDER)
    dynamodb.delete_table(TableName="customers")


def mails(site: Site) -> list[dict[str, Any]]:
    """Return the mails to the customer."""
    answer = requests.get(f"{site.stack.endpoint_url}/_ministack/ses/messages", timeout=10).json()
    return [one for each in answer["messages"].values() for one in each if one["To"] == [CUSTOMER]]


def test_customer_gets_one_mail(site: Site, mail: Mapping[str, str]) -> None:
    url = "https://connect.example.com/reconnect/mailed"
    put_event(site, "Expiring", "mailed-1", stack=SENT_BY_OTHERS, reconnect_url=url)
    put_event(site, "Renewed", "mailed-2", reconnect_url=url)
    put_event(site, "CheckFailed", "mailed-3", reconnect_url=url)
    expiring = put_event(site, "Expiring", "mailed-4", cause="token", language="ar", reconnect_url=url)
    table = site.client("dynamodb")

    def is_noted() -> bool:
        row = table.get_item(TableName=mail["MailTable"], Key={"event_id": {"S": "mailed-4"}}).get("Item", {})
        return bool(row) and "claimed_until" not in row

    site.wait_for(is_noted)
    functions = site.client("lambda")
    for event in (
        expiring,
        put_event(site, "Expired", "mailed-5"),
        put_event(site, "Expired", "unknown-1", reconnect_url=url),
    ):
        answer = functions.invoke(FunctionName=mail["MailFunction"], Payload=json.dumps(event))
        assert "FunctionError" not in answer, answer["Payload"].read()
    (sent,) = mails(site)
    assert sent["Source"] == f"Example <{SENDER}>"
    assert "WhatsApp" in sent["Subject"]
    assert sent["BodyText"].endswith(f"\n{url}\n")
    assert "\u2068Flowers\u2069" in sent["BodyText"]
    assert '<html lang="ar" dir="rtl">' in sent["BodyHtml"]
    assert f'href="{url}"' in sent["BodyHtml"]


def test_function_of_the_mails_has_few_rights(site: Site, mail: Mapping[str, str]) -> None:
    role = f"arn:aws:iam::000000000000:role/{mail['MailFunctionRole']}"
    identity = f"arn:aws:ses:{site.stack.session.region_name}:000000000000:identity/example.com"
    table = f"arn:aws:dynamodb:{site.stack.session.region_name}:000000000000:table"
    assert may(site, role, "dynamodb:GetItem", f"{table}/customers")
    for action, resource in (
        ("ses:SendEmail", identity),  # the simulation has no sender, whom the policy names
        ("dynamodb:PutItem", f"{table}/customers"),
        ("dynamodb:Scan", f"{table}/customers"),
        ("dynamodb:GetItem", f"{table}/{site.resources['ConnectionTable']}"),
        ("ssm:GetParameter", f"arn:aws:ssm:{site.stack.session.region_name}:000000000000:parameter/app-secret"),
    ):
        assert not may(site, role, action, resource), (action, resource)


@pytest.mark.shell
def test_alarms_reach_the_topic_of_the_stack(site: Site, webhook: Mapping[str, str], mail: Mapping[str, str]) -> None:
    expected = {webhook["FailuresAlarm"], webhook["TroubleAlarm"], mail["FailuresAlarm"]}
    told: set[str] = set()
    with closing(Mailbox(site.client, site.outputs["AlertTopicArn"])) as mailbox:
        for name in expected:
            site.client("cloudwatch").set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="test")
        while not expected <= told:
            message = mailbox.next()["Message"]  # events of other tests are mailed too, without JSON
            told |= {json.loads(message)["AlarmName"]} if message.startswith("{") else set()

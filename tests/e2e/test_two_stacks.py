"""Two stacks in one account and Region: alerts of each arrive, and neither learns of the other's trouble."""

import json
from collections.abc import Iterator

import pytest

from local.deployment import deploy
from local.error import LocalError
from local.stack import Stack
from tests.e2e.neighbour import Mailbox, Neighbour, neighbour_of

pytestmark = pytest.mark.emulator

MARIA, JONAS, PRIYA = "122100000000000001", "122100000000000002", "122100000000000003"


@pytest.fixture(scope="module")
def prod(stack: Stack) -> Iterator[Neighbour]:
    with neighbour_of(stack, "shop", app_id="5550001") as prod:
        yield prod


@pytest.fixture(scope="module")
def dev(stack: Stack) -> Iterator[Neighbour]:
    # The name begins with the other's, as whatsapp-connect-dev does.
    with neighbour_of(stack, "shop-dev", app_id="5550002") as dev:
        yield dev


def mailbox(stack: Neighbour) -> Mailbox:
    return Mailbox(stack.client, stack.outputs["AlertTopicArn"])


def lose(stack: Neighbour, connection_id: str) -> None:
    """Have Facebook revoke the token of a connection, and the stack find out."""
    stack.revoke(connection_id)
    stack.check(connection_id)
    assert stack.existing_record(connection_id).status == "revoked"


def test_a_lost_connection_is_mailed_by_its_own_stack_alone(prod: Neighbour, dev: Neighbour) -> None:
    prod_mail, dev_mail = mailbox(prod), mailbox(dev)
    assert dev.connect("maria").status_code == 200
    lose(dev, MARIA)
    text = dev_mail.next()["Message"]
    reason = dev.existing_record(MARIA).status_reason
    assert f"WhatsApp connection {MARIA} has lost its access token" in text
    assert reason
    assert reason in text
    assert f"{dev.base_url}/reconnect/{MARIA}" in text
    assert '"Stack: shop-dev"' in text
    # What prod is told next is its own: nothing of dev's came before it.
    assert prod.connect("jonas").status_code == 200
    lose(prod, JONAS)
    text = prod_mail.next()["Message"]
    assert f"WhatsApp connection {JONAS} " in text
    assert '"Stack: shop"' in text
    assert dev_mail.is_empty()


def test_an_event_of_another_stack_is_not_mailed(prod: Neighbour, dev: Neighbour) -> None:
    prod_mail = mailbox(prod)
    for name in ("shop-dev", "sho", "shop"):
        detail = {
            "stack": name,
            "connection_id": "test",
            "message": f"something of {name}",
        }
        entry = {"Source": "whatsapp-connect", "DetailType": "Revoked", "Detail": json.dumps(detail)}
        assert prod.client("events").put_events(Entries=[entry])["FailedEntryCount"] == 0
    assert 'something of shop"' in prod_mail.next()["Message"]
    assert prod_mail.is_empty()


def test_an_alarm_is_mailed_by_its_own_stack_alone(prod: Neighbour, dev: Neighbour) -> None:
    prod_mail, dev_mail = mailbox(prod), mailbox(dev)
    for stack in (dev, prod):
        stack.client("cloudwatch").set_alarm_state(
            AlarmName=stack.resources["TokensNotStoredAlarm"], StateValue="ALARM", StateReason="test"
        )
    for stack, mail in ((prod, prod_mail), (dev, dev_mail)):
        told = json.loads(mail.next()["Message"])
        assert told["AlarmName"] == stack.resources["TokensNotStoredAlarm"]
        assert told["NewStateValue"] == "ALARM"
        assert mail.is_empty()


def test_they_have_no_resource_in_common(prod: Neighbour, dev: Neighbour) -> None:
    common = set(prod.resources.values()) & set(dev.resources.values())
    assert common == {"$default"}  # the stage of either's own API


def test_they_export_nothing(prod: Neighbour, dev: Neighbour) -> None:
    assert prod.client("cloudformation").list_exports()["Exports"] == []


def test_a_dashboard_shows_its_own_stack_alone(prod: Neighbour, dev: Neighbour) -> None:
    for stack, other in ((prod, dev), (dev, prod)):
        body = stack.client("cloudwatch").get_dashboard(DashboardName=stack.resources["Dashboard"])
        words = mentioned(body["DashboardBody"])
        assert {stack.name, stack.resources["CallbackFunction"]} <= words
        assert words.isdisjoint({other.name, *other.resources.values()})


def mentioned(dashboard: str) -> set[str]:
    """Return every word in quotes of a dashboard, those within its expressions included."""
    return set(dashboard.replace("\\", "").split('"'))


@pytest.fixture
def broken_dev(dev: Neighbour) -> Iterator[Neighbour]:
    """Let the app secret of one stack be wrong."""
    dev.configure_app(dev.parameters["MetaAppId"], "f" * 32)
    yield dev
    dev.configure_app(dev.parameters["MetaAppId"], dev.app_secret)


def test_wrong_app_secret_does_not_harm_the_other_stack(prod: Neighbour, broken_dev: Neighbour) -> None:
    assert broken_dev.connect("priya").status_code == 500
    assert broken_dev.doctor("app").health == "broken"
    assert prod.connect("priya").status_code == 200
    token = prod.token(PRIYA)
    assert token
    assert prod.check(PRIYA) == {"checked"}
    prod.schedule()
    assert prod.token(PRIYA) == token
    for check in ("app-secret", "app", "heartbeat"):
        assert prod.doctor(check).health == "ok"
    for stack in (prod, broken_dev):
        assert services(stack) == {stack.name}


def test_deleted_table_does_not_harm_the_other_stack(prod: Neighbour, dev: Neighbour) -> None:
    dev.client("dynamodb").delete_table(TableName=dev.resources["LinkTable"])
    assert dev.connect("priya", "A" * 22).status_code == 500
    assert prod.connect("priya", prod.link("tenant-1")).status_code == 200
    assert prod.token("tenant-1")
    prod.wait_until_published("tenant-1")


def services(stack: Neighbour) -> set[str]:
    """Return what the metrics of a stack's functions say that they are of."""
    found = set()
    for name in ("CallbackLogGroup", "CheckLogGroup"):
        pages = stack.client("logs").get_paginator("filter_log_events").paginate(logGroupName=stack.resources[name])
        for event in (event for page in pages for event in page["events"]):
            message = event["message"].strip()
            if message.startswith("{") and "_aws" in (line := json.loads(message)):
                found.add(line["service"])
    return found


def test_a_prefix_that_another_stack_has_is_refused(prod: Neighbour) -> None:
    formation = prod.client("cloudformation")
    before = prod.parameter_names()
    with pytest.raises(LocalError, match="ROLLBACK_COMPLETE"):
        deploy(
            prod.stack.emulator,
            {**prod.parameters, "ParameterPrefix": prod.outputs["ParameterPrefix"]},
            prod.stack.directory,
            name="shop-copy",
        )
    events = formation.describe_stack_events(StackName="shop-copy")["StackEvents"]
    failed = [one["LogicalResourceId"] for one in events if one["ResourceStatus"] == "CREATE_FAILED"]
    assert "Prefix" in failed
    assert prod.parameter_names() == before

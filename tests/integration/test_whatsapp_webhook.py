"""Meta tells what happens to WhatsApp accounts: the connections that have them are checked within a minute."""

import hmac
import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any
from urllib.parse import urlencode

import pytest

from facebook_simulator.account_update import EVENTS, WEBHOOK_VARIANTS, AccountUpdate
from facebook_simulator.sender import Parcel
from facebook_simulator.world import change_accounts
from tests.support import stack
from tests.support.browser import Reply, event_json
from tests.support.events import Context
from tests.support.interleaving import Wire
from tests.support.outage import Outage
from tests.support.people import BAKERY, JONAS
from tests.support.world import World
from whatsapp_connect.account_index import AccountIndex

SHOP = "shop-1"
VERIFY_TOKEN = "a-verify-token-of-our-own"
OLD_SECRET = "fedcba9876543210fedcba9876543210"
USELESS = {"not_json": "not-understood", "json_array": "not-understood", "other_object": "not-understood"}
REFUSED = {"unsigned": "signature-missing", "old_signature": "signature-missing", "bad_signature": "signature-wrong"}


class Webhook:
    def __init__(self, world: World, function: ModuleType) -> None:
        self.world = world
        self.function = function

    def tell(self, event: str = "PARTNER_REMOVED", *, waba_id: str = BAKERY, **about: Any) -> Reply:
        """Send what Meta sends of an account."""
        update = AccountUpdate(event, self.world.state.app, waba_id, "200000000000001", self.world.clock.now(), **about)
        return self.send(update.parcel())

    def send(self, parcel: Parcel) -> Reply:
        sent = event_json("whatsapp-webhook", method="POST")
        del sent["headers"]["x-hub-signature-256"]
        sent["headers"] |= {name.lower(): value for name, value in parcel.headers}
        sent["body"] = parcel.body.decode()
        return self.handle(sent)

    def ask(self, **query: str) -> Reply:
        """Ask for the challenge, as Meta does when the operator saves the address."""
        return self.handle(event_json("whatsapp-webhook", method="GET", query=urlencode(query)))

    def handle(self, event: dict[str, Any]) -> Reply:
        self.world.console.read()
        return Reply(self.function.handler(event, Context()), self.world.console.read())


@pytest.fixture
def webhook(world: World, load: Callable[..., ModuleType]) -> Webhook:
    return Webhook(world, load("whatsapp_webhook"))


@pytest.fixture
def forwarding(world: World, load: Callable[..., ModuleType]) -> Webhook:
    """Give the function a bus, as ForwardWebhooks=enabled does."""
    return Webhook(world, load("whatsapp_webhook", WEBHOOK_BUS=stack.WEBHOOK_BUS))


def outcomes(reply: Reply) -> list[str]:
    return reply.metric("WhatsAppWebhook", "outcome")


def counts(reply: Reply) -> dict[str, int]:
    """Return how many changes ended how."""
    lines = [line for line in reply.printed if "WhatsAppWebhook" in line]
    return {line["outcome"]: int(line["WhatsAppWebhook"][0]) for line in lines}


def put_verify_token(world: World, value: str = VERIFY_TOKEN) -> None:
    stack.operator(world.session, "ssm").put_parameter(
        Name=f"{stack.PREFIX}/webhook-verify-token", Value=value, Type="SecureString", KeyId=stack.KEY
    )


def connect(world: World, person: str = "maria", connection_id: str = "") -> None:
    world.connect(person, connection_id=connection_id)
    world.clock.advance(120)


# Account updates


@pytest.mark.parametrize("event", EVENTS)
def test_every_account_update_has_its_connections_checked(world: World, webhook: Webhook, event: str) -> None:
    connect(world)
    connect(world, connection_id=SHOP)
    connect(world, "jonas")
    reply = webhook.tell(event)
    assert (reply.status, json.loads(reply.body)) == (200, {})
    assert outcomes(reply) == ["queued"]
    assert world.during(lambda: None).outcomes == {"checked": 2}
    assert world.record(JONAS).checked_at < world.clock.now()


def test_removed_partner_is_noticed_within_a_minute(world: World, webhook: Webhook) -> None:
    connect(world)
    world.state.populate(change_accounts(world.state.people, lambda _: None))
    webhook.tell("PARTNER_REMOVED")
    world.settle()
    assert world.metadata()["status_reason"] == "doubtful"
    world.sent_events()
    world.after(seconds=3_601)
    metadata = world.metadata()
    assert (metadata["status_reason"], metadata["usable"]) == ("no-account", False)
    assert world.sent_types(set_up=True) == ["AccountsLost"]


def test_account_that_is_back_is_noticed_within_a_minute(world: World, webhook: Webhook) -> None:
    connect(world)
    everybody = world.state.people
    world.state.populate(change_accounts(everybody, lambda _: None))
    world.after(days=1)
    world.after(seconds=3_601)
    assert not world.metadata()["usable"]
    world.state.populate(everybody)
    world.clock.advance(120)
    webhook.tell("PARTNER_ADDED")
    world.settle()
    assert world.metadata()["usable"]


def test_late_and_repeated_webhooks_change_nothing(world: World, webhook: Webhook) -> None:
    connect(world)
    world.sent_events()
    before = world.stored.parameters()
    for _ in range(3):
        assert webhook.tell("PARTNER_REMOVED").status == 200
    world.clock.advance(86_400)
    assert webhook.tell("PARTNER_REMOVED").status == 200
    world.settle()
    assert world.stored.parameters() == before
    assert world.sent_events() == []


def test_webhooks_of_an_account_of_three_connections_ask_facebook_no_more_than_needed(
    world: World, webhook: Webhook
) -> None:
    connect(world)
    for _ in range(20):
        webhook.tell("ACCOUNT_RESTRICTION")
    world.settle()
    assert world.facebook.inspections == 1


def test_account_without_a_connection_is_counted(world: World, webhook: Webhook) -> None:
    connect(world)
    reply = webhook.tell(waba_id="300000000000077")
    assert (reply.status, outcomes(reply)) == (200, ["unknown-account"])
    assert world.check_queue.waiting() == 0


def test_log_names_the_business_whose_sign_up_was_not_completed(world: World, webhook: Webhook) -> None:
    reply = webhook.tell("PARTNER_ADDED", waba_id="300000000000077")
    (line,) = reply.logs("account update")
    assert (line["waba_id"], line["business_id"]) == ("300000000000077", "200000000000001")
    assert (line["event"], line["connections"]) == ("PARTNER_ADDED", 0)


@pytest.mark.parametrize("event", ["<script>", "partner_added", "A" * 65, None, {"a": 1}])
def test_log_holds_no_text_from_outside(webhook: Webhook, event: object) -> None:
    reply = webhook.tell(changed={"event": event, "waba_info": {"waba_id": BAKERY, "owner_business_id": "../1"}})
    (line,) = reply.logs("account update")
    assert line.get("event") is None
    assert line.get("business_id") is None


def test_two_entries_in_one_webhook(world: World, webhook: Webhook) -> None:
    connect(world)
    reply = webhook.tell(variant="two_entries")
    assert (reply.status, sorted(outcomes(reply))) == (200, ["dropped", "queued"])
    assert world.check_queue.waiting() == 1


def test_three_megabytes_are_read(world: World, webhook: Webhook) -> None:
    connect(world)
    reply = webhook.tell(variant="oversized")
    assert (reply.status, outcomes(reply)) == (200, ["queued"])


@pytest.mark.parametrize("variant", USELESS)
def test_signed_webhook_that_is_not_understood_is_not_repeated(world: World, webhook: Webhook, variant: str) -> None:
    connect(world)
    reply = webhook.tell(variant=variant)
    assert (reply.status, outcomes(reply)) == (200, [USELESS[variant]])
    assert world.check_queue.waiting() == 0


@pytest.mark.parametrize(
    "changed",
    [
        {"waba_info": None},
        {"waba_info": "300000000000001"},
        {"waba_info": {"waba_id": "../300000000000001"}},
        {"waba_info": {"waba_id": True}},
        {"waba_info": {"waba_id": ["300000000000001"]}},
    ],
)
def test_value_that_names_no_account_is_about_that_of_the_entry(
    world: World, webhook: Webhook, changed: Mapping[str, Any]
) -> None:
    reply = webhook.tell(changed=changed)
    assert (reply.status, outcomes(reply)) == (200, ["unknown-account"])
    assert "../" not in str(reply.printed)


# Signatures


def test_variants_are_all_tried() -> None:
    assert {*WEBHOOK_VARIANTS} == {"good", "oversized", "two_entries", "other_field", *USELESS, *REFUSED}


@pytest.mark.parametrize("variant", REFUSED)
def test_webhook_that_meta_has_not_signed_is_refused(world: World, webhook: Webhook, variant: str) -> None:
    connect(world)
    reply = webhook.tell(variant=variant)
    assert (reply.status, outcomes(reply)) == (403, [REFUSED[variant]])
    assert world.check_queue.waiting() == 0


@pytest.mark.parametrize(
    "signature", ["", "sha256=", "sha256=" + "0" * 63, "sha1=" + "0" * 40, "é", "sha256=" + "é" * 64]
)
def test_signature_of_another_form_is_refused(webhook: Webhook, signature: str) -> None:
    reply = webhook.send(Parcel("POST", "", "", b"{}", (("X-Hub-Signature-256", signature),)))
    assert (reply.status, outcomes(reply)) == (403, ["signature-missing"])


def test_old_secret_works_while_it_is_rotated(world: World, webhook: Webhook) -> None:
    connect(world)
    assert webhook.tell(secret=OLD_SECRET).status == 403
    stack.put_app_secret(world.session, f"{stack.APP_SECRET}\n{OLD_SECRET}")
    world.clock.advance(301)
    assert webhook.tell(secret=OLD_SECRET).status == 200
    assert webhook.tell().status == 200


def test_new_secret_is_read_at_once(world: World, webhook: Webhook) -> None:
    connect(world)
    assert webhook.tell().status == 200
    stack.put_app_secret(world.session, f"{OLD_SECRET}\n{stack.APP_SECRET}")
    assert webhook.tell(secret=OLD_SECRET).status == 200


def test_forged_webhooks_do_not_use_up_parameter_store(world: World, webhook: Webhook, wire: Wire) -> None:
    asked: list[str] = []
    with wire.action(asked.append):
        for _ in range(50):
            assert webhook.tell(variant="bad_signature").status == 403
    assert asked.count("GetParameter") <= 2


@pytest.mark.parametrize("operation", ["Query", "SendMessageBatch", "GetParameter"])
def test_webhook_is_repeated_if_aws_fails(world: World, webhook: Webhook, wire: Wire, operation: str) -> None:
    connect(world)

    def fail(name: str) -> None:
        if name == operation:
            raise ConnectionError

    with wire.action(fail):
        reply = webhook.tell()
    assert (reply.status, outcomes(reply)) == (500, ["failed"])
    assert reply.logs("webhook failed")
    assert webhook.tell().status == 200


def test_webhook_is_repeated_if_sqs_accepts_only_some_messages(
    world: World, webhook: Webhook, clients: Callable[[str], list[Any]]
) -> None:
    connect(world)
    connect(world, connection_id=SHOP)
    refused = {"Id": "1", "Code": "InternalError", "SenderFault": False}
    accepted = {"Id": "0", "MessageId": "1", "MD5OfMessageBody": ""}
    Outage(clients("whatsapp_webhook"), "SendMessageBatch", "", answer={"Successful": [accepted], "Failed": [refused]})
    reply = webhook.tell()
    assert (reply.status, outcomes(reply)) == (500, ["failed"])


def test_more_connections_than_a_request_of_sqs_takes_are_queued(world: World, webhook: Webhook) -> None:
    index = AccountIndex(client=stack.operator(world.session, "dynamodb"), table=stack.ACCOUNTS)
    for number in range(23):
        index.change(f"shop-{number}", added=[BAKERY], removed=[])
    assert webhook.tell().status == 200
    assert world.check_queue.waiting() == 23


@pytest.mark.parametrize("variant", ["good", "oversized", "bad_signature"])
def test_signature_is_of_the_body_that_the_gateway_has_encoded(world: World, webhook: Webhook, variant: str) -> None:
    connect(world)
    update = AccountUpdate("PARTNER_REMOVED", world.state.app, BAKERY, "1", world.clock.now(), variant=variant)
    parcel = update.parcel()
    sent = event_json("whatsapp-webhook", method="POST")
    sent["headers"] |= {name.lower(): value for name, value in parcel.headers}
    sent |= {"body": b64encode(parcel.body).decode(), "isBase64Encoded": True}
    assert webhook.handle(sent).status == (403 if variant == "bad_signature" else 200)
    sent["isBase64Encoded"] = False
    assert webhook.handle(sent).status == 403


# Other webhooks


def test_other_webhooks_are_dropped(world: World, webhook: Webhook) -> None:
    connect(world)
    reply = webhook.tell(variant="other_field")
    assert (reply.status, outcomes(reply)) == (200, ["dropped"])
    assert world.check_queue.waiting() == 0


@pytest.fixture
def forwarded(world: World) -> Callable[[], list[dict[str, Any]]]:
    """Make the stack's own bus, and return what reads the events on it."""
    bus, sqs = (stack.operator(world.session, service) for service in ("events", "sqs"))
    bus.create_event_bus(Name=stack.WEBHOOK_BUS)
    url = sqs.create_queue(QueueName="webhooks")["QueueUrl"]
    bus.put_rule(Name="all", EventBusName=stack.WEBHOOK_BUS, EventPattern=json.dumps({"account": [stack.ACCOUNT]}))
    arn = f"arn:aws:sqs:{stack.REGION}:{stack.ACCOUNT}:webhooks"
    bus.put_targets(Rule="all", EventBusName=stack.WEBHOOK_BUS, Targets=[{"Id": "queue", "Arn": arn}])

    def read() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                found.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return found

    return read


def signed(payload: object) -> Parcel:
    body = json.dumps(payload).encode()
    signature = hmac.new(stack.APP_SECRET.encode(), body, "sha256").hexdigest()
    return Parcel("POST", "", "application/json", body, (("X-Hub-Signature-256", f"sha256={signature}"),))


def messages(*values: object, field: str = "messages") -> Parcel:
    changes = [{"field": field, "value": value} for value in values]
    return signed({"object": "whatsapp_business_account", "entry": [{"id": BAKERY, "changes": changes}]})


def test_other_webhooks_are_forwarded_to_a_bus_of_the_stack(
    world: World, forwarding: Webhook, forwarded: Callable[[], list[dict[str, Any]]]
) -> None:
    reply = forwarding.send(messages({"text": "Hello {{name}} 👋"}, {"text": "Hi"}))
    assert (reply.status, counts(reply)) == (200, {"forwarded": 2})
    events = forwarded()
    assert [one["source"] for one in events] == ["whatsapp-connect.webhook"] * 2
    assert events[0]["detail-type"] == "WhatsAppWebhook"
    assert events[0]["detail"] == {
        "stack": stack.STACK_NAME,
        "waba_id": BAKERY,
        "field": "messages",
        "value": {"text": "Hello {{name}} 👋"},
    }
    assert "Hello" not in str(reply.printed)
    assert world.sent_events() == []


def test_many_and_large_webhooks_fit_into_requests(
    forwarding: Webhook, wire: Wire, forwarded: Callable[[], list[dict[str, Any]]]
) -> None:
    asked: list[str] = []
    with wire.action(asked.append):
        assert forwarding.send(messages(*range(25))).status == 200
    assert asked.count("PutEvents") == 3
    assert [one["detail"]["value"] for one in forwarded()] == [*range(25)]
    asked.clear()
    with wire.action(asked.append):
        assert forwarding.send(messages(*["x" * 100_000] * 5)).status == 200
    assert asked.count("PutEvents") == 3
    assert len(forwarded()) == 5


def test_webhook_that_no_event_can_hold_is_dropped_alone(
    forwarding: Webhook, forwarded: Callable[[], list[dict[str, Any]]]
) -> None:
    reply = forwarding.send(messages("first", "x" * 300_000, "last"))
    assert reply.status == 200
    assert counts(reply) == {"forwarded": 2, "too-large": 1}
    assert [one["detail"]["value"] for one in forwarded()] == ["first", "last"]


def history(texts: list[str], *, threads: int = 1, chunk: int = 1) -> dict[str, Any]:
    """Return a part of a history as Meta sends it, with these messages in each thread."""
    listed = [
        {
            "id": f"1202555018{thread}",
            "messages": [
                {"from": "12025550100", "id": f"wamid.{thread}.{number}", "type": "text", "text": {"body": text}}
                for number, text in enumerate(texts)
            ],
        }
        for thread in range(threads)
    ]
    return {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "12025550100", "phone_number_id": "400000000000001"},
        "history": [{"metadata": {"phase": 1, "chunk_order": chunk, "progress": 55}, "threads": listed}],
    }


def old_messages(value: dict[str, Any]) -> list[str]:
    return [message["id"] for part in value["history"] for thread in part["threads"] for message in thread["messages"]]


def test_large_history_becomes_several_events_that_lose_nothing(
    forwarding: Webhook, forwarded: Callable[[], list[dict[str, Any]]]
) -> None:
    sent = history(["é" * 4_000] * 40, threads=3)
    reply = forwarding.send(messages(sent, field="history"))
    values = [one["detail"]["value"] for one in forwarded()]
    assert counts(reply) == {"forwarded": len(values)}
    assert len(values) > 10
    for value in values:
        assert value["metadata"] == sent["metadata"]
        assert [part["metadata"] for part in value["history"]] == [sent["history"][0]["metadata"]]
    assert [one for value in values for one in old_messages(value)] == old_messages(sent)


@pytest.mark.parametrize("contacts", [2, 5_000])
def test_contacts_lose_nobody(
    forwarding: Webhook, forwarded: Callable[[], list[dict[str, Any]]], contacts: int
) -> None:
    listed = [
        {"type": "contact", "action": "add", "contact": {"full_name": f"Customer {number}", "phone_number": "1202"}}
        for number in range(contacts)
    ]
    forwarding.send(messages({"state_sync": listed}, field="smb_app_state_sync"))
    events = forwarded()
    assert (len(events) > 1) == (contacts > 2)
    assert {one["detail"]["field"] for one in events} == {"smb_app_state_sync"}
    assert [contact for one in events for contact in one["detail"]["value"]["state_sync"]] == listed


@pytest.mark.parametrize(
    "value",
    [
        {"history": [{"errors": [{"code": 2593109, "title": "History sync is turned off"}]}]},
        {"messages": [{"id": "wamid.1", "type": "image", "image": {"id": "24230790383178626"}}]},
        {"message_echoes": [{"from": "12025550100", "to": "12025550180", "type": "text", "text": {"body": "Hi"}}]},
    ],
)
def test_other_webhooks_of_the_business_app_are_forwarded_as_they_are(
    forwarding: Webhook, forwarded: Callable[[], list[dict[str, Any]]], value: dict[str, Any]
) -> None:
    field = "smb_message_echoes" if "message_echoes" in value else "history"
    forwarding.send(messages(value, field=field))
    (event,) = forwarded()
    assert (event["detail"]["field"], event["detail"]["value"]) == (field, value)


@pytest.mark.parametrize(
    "value",
    ["x" * 300_000, {"history": "x" * 300_000}, {"history": [{"errors": "x" * 300_000}]}, history(["x" * 300_000])],
)
def test_history_that_cannot_be_divided_is_dropped_alone(
    forwarding: Webhook, forwarded: Callable[[], list[dict[str, Any]]], value: object
) -> None:
    reply = forwarding.send(messages(value, history(["Hi"]), field="history"))
    assert counts(reply) == {"forwarded": 1, "too-large": 1}
    assert len(forwarded()) == 1


def test_webhook_that_eventbridge_never_takes_is_dropped_alone(
    world: World, forwarding: Webhook, forwarded: Callable[[], list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Moto takes everything, so the answer is made up."""
    (client,) = world.clients("whatsapp_webhook")[-1:]
    put = client.put_events

    def refuse_one(**asked: list[dict[str, Any]]) -> dict[str, Any]:
        put(Entries=asked["Entries"][1:])
        refused = {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}
        return {"FailedEntryCount": 1, "Entries": [refused, {"EventId": "1"}]}

    monkeypatch.setattr(client, "put_events", refuse_one)
    reply = forwarding.send(messages("first", "second"))
    assert (reply.status, counts(reply)) == (200, {"forwarded": 1, "malformed": 1})
    assert [one["detail"]["value"] for one in forwarded()] == ["second"]


def test_webhook_is_repeated_if_eventbridge_takes_only_some_events(
    world: World, forwarding: Webhook, clients: Callable[[str], list[Any]]
) -> None:
    """The account is checked nevertheless, as that comes first."""
    connect(world)
    refused = {"ErrorCode": "InternalFailure", "ErrorMessage": "of nobody's business"}
    answer = {"FailedEntryCount": 1, "Entries": [{"EventId": "1"}, refused]}
    Outage(clients("whatsapp_webhook"), "PutEvents", "", answer=answer)
    values = [("messages", 1), ("account_update", {"waba_info": {"waba_id": BAKERY}}), ("messages", 2)]
    changes = [{"field": field, "value": value} for field, value in values]
    reply = forwarding.send(signed({"object": "whatsapp_business_account", "entry": [{"changes": changes}]}))
    assert (reply.status, sorted(outcomes(reply))) == (500, ["failed", "queued"])
    assert "nobody's business" not in str(reply.printed)
    assert world.check_queue.waiting() == 1


def test_numbers_that_are_not_json_are_not_forwarded(forwarding: Webhook) -> None:
    reply = forwarding.send(messages(float("nan")))
    assert (reply.status, outcomes(reply)) == (200, ["not-understood"])


def test_webhook_is_repeated_if_the_bus_is_gone(forwarding: Webhook) -> None:
    reply = forwarding.send(messages("first"))
    assert (reply.status, outcomes(reply)) == (500, ["failed"])


# The address


@pytest.mark.parametrize("mark", ["", "\ufeff", "ï»¿"])
def test_meta_is_answered_its_challenge(world: World, webhook: Webhook, mark: str) -> None:
    put_verify_token(world, f"{mark}{VERIFY_TOKEN}\r\n")
    asked = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": VERIFY_TOKEN}
    reply = webhook.ask(**asked)
    assert (reply.status, reply.body) == (200, "1158201444")
    assert reply.response["headers"]["Content-Type"] == "text/plain"
    assert VERIFY_TOKEN not in str(reply.printed)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"hub.verify_token": "another"}, "verify-token-wrong"),
        ({"hub.verify_token": ""}, "verify-token-wrong"),
        ({"hub.verify_token": "é"}, "verify-token-wrong"),
        ({"hub.mode": "unsubscribe"}, "request-malformed"),
        ({"hub.challenge": "<script>"}, "request-malformed"),
        ({"hub.challenge": ""}, "request-malformed"),
        ({"hub.challenge": "1" * 201}, "request-malformed"),
        ({f"p{number}": "1" for number in range(30)}, "request-malformed"),
    ],
)
def test_wrong_request_for_the_challenge_is_refused(
    world: World, webhook: Webhook, change: dict[str, str], reason: str
) -> None:
    put_verify_token(world)
    asked = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": VERIFY_TOKEN}
    reply = webhook.ask(**(asked | change))
    assert (reply.status, json.loads(reply.body), outcomes(reply)) == (403, {"error": reason}, [reason])


@pytest.mark.parametrize("stored", ["\n", " ", "\ufeff\r\n", "ï»¿"])
def test_empty_verify_token_verifies_no_address(world: World, webhook: Webhook, stored: str) -> None:
    """A request without a token has the same one."""
    put_verify_token(world, stored)
    for token in ({}, {"hub.verify_token": ""}, {"hub.verify_token": " "}):
        reply = webhook.ask(**{"hub.mode": "subscribe", "hub.challenge": "1158201444"} | token)
        assert (reply.status, outcomes(reply)) == (403, ["verify-token-missing"])


def test_without_a_verify_token_no_address_is_verified(webhook: Webhook) -> None:
    asked = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": ""}
    reply = webhook.ask(**asked)
    assert (reply.status, outcomes(reply)) == (403, ["verify-token-missing"])

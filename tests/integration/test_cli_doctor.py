"""`whatsapp-connect doctor`: a healthy stack, and one for each thing that can be broken."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from time import time
from typing import Any, Literal

import pytest

from tests.support import stack
from tests.support.clock import DAY, HOUR
from tests.support.command_line import LOG_GROUP, CommandLine, Ended
from tests.support.interleaving import Wire
from tests.support.outage import Outage, answer_with, watch
from tests.support.people import MARIA
from tests.support.world import World

OTHER_APP = "987654321"
ANOTHER_KEY = f"arn:aws:kms:{stack.REGION}:{stack.ACCOUNT}:key/99999999-2222-3333-4444-555555555555"
HEALTHY = {
    "app secret",
    "app",
    "address",
    "redirect URI",
    "permissions",
    "connections",
    "require secret",
    "Graph version",
    "records",
    "accounts",
    "keys",
    "publishing",
    "checks",
    "brake",
    "dead letters",
    "rights",
    "time to live",
    "alarms",
    "clock",
    "quota",
    "heartbeat",
}

AWS_CALLS = {
    "Decrypt": 3,
    "DescribeParameters": 2,
    "DescribeTimeToLive": 4,
    "FilterLogEvents": 1,
    "GetCallerIdentity": 1,
    "GetItem": 1,
    "GetParameter": 2,
    "GetQueueAttributes": 2,
    "ListSubscriptionsByTopic": 1,
    "Query": 1,
    "Scan": 1,
    "SimulatePrincipalPolicy": 35,
}
GRAPH_CALLS = [
    "debug_token",
    "oauth/access_token:authorization_code",
    "debug_token",
    "me",
    "debug_token",
]

type Break = Callable[["Patient"], None]


class Site:
    """What answers at the address of the stack."""

    def __init__(self) -> None:
        site = self
        self.status = 400

        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(site.status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    with site.server:
        Thread(target=site.server.serve_forever, daemon=True).start()
        yield site
        site.server.shutdown()


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
        self.facebook.control(
            "app", {"require_app_secret": True, "redirect_uris": [stack.REDIRECT_URI, f"{site.url}/callback"]}
        )
        self.subscribe("sqs", f"arn:aws:sqs:{stack.REGION}:{stack.ACCOUNT}:alerts")
        self.simulation = "allowed"
        watch(self.deployment.iam, "SimulatePrincipalPolicy", self._simulate)
        self.clock_skew = 0
        self.deployment.sts.meta.events.register("after-call.sts.GetCallerIdentity", self._date)
        self.log("run ended", at=time() - 600)

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

    def _simulate(self, **_: object) -> object:
        return answer_with({"EvaluationResults": [{"EvalActionName": "x", "EvalDecision": self.simulation}]})

    def _date(self, parsed: Any, **_: object) -> None:
        headers = parsed["ResponseMetadata"].setdefault("HTTPHeaders", {})
        headers["date"] = formatdate(time() - self.clock_skew, usegmt=True)


@pytest.fixture
def patient(cli: CommandLine, world: World, monkeypatch: pytest.MonkeyPatch, site: Site) -> Patient:
    world.connect()
    world.change_accounts(subscribed=True)
    return Patient(cli, world, monkeypatch, site)


def findings(ended: Ended) -> dict[str, dict[str, str]]:
    return {one["check"]: one for one in ended.json}


def test_a_healthy_stack(patient: Patient) -> None:
    ended = patient.cli("doctor")
    assert (ended.code, ended.err) == (0, "Nothing is broken.\n")
    lines = ended.out.splitlines()
    assert len(lines) == len(HEALTHY) == 21
    assert all(line.startswith("ok ") for line in lines)
    assert findings(patient.cli("doctor", "--json")).keys() == HEALTHY


def test_doctor_asks_all_of_these_and_nothing_else(patient: Patient, wire: Wire) -> None:
    """A check that stops asking would report a broken stack as healthy."""
    patient.facebook.control("requests", method="DELETE")
    asked: list[str] = []
    with wire.action(asked.append):
        patient.cli("doctor")
    assert Counter(name for name in asked if name != "facebook") == AWS_CALLS
    assert patient.facebook.graph_calls() == GRAPH_CALLS


def test_doctor_changes_nothing(patient: Patient) -> None:
    ssm = patient.deployment.ssm
    before = ssm.get_parameters_by_path(Path=stack.PREFIX, Recursive=True)["Parameters"]
    patient.cli("doctor")
    assert ssm.get_parameters_by_path(Path=stack.PREFIX, Recursive=True)["Parameters"] == before


def _secret_gone(patient: Patient) -> None:
    patient.deployment.ssm.delete_parameter(Name=f"{stack.PREFIX}/app-secret")


def _secret_wrong(patient: Patient) -> None:
    patient.secret("f" * 32)


def _redirect(patient: Patient) -> None:
    patient.facebook.control("app", {"redirect_uris": ["https://elsewhere.example/callback"]})


def _another_answers(patient: Patient) -> None:
    patient.site.status = 404


def _another_app(patient: Patient) -> None:
    patient.facebook.control(
        "app", {"id": OTHER_APP, "secret": "f" * 32, "redirect_uris": [f"{patient.site.url}/callback"]}
    )
    patient.set(meta_app_id=OTHER_APP)
    patient.secret("f" * 32)


def _scopes(patient: Patient) -> None:
    patient.set(required_scopes=("whatsapp_business_messaging",))


def _version(patient: Patient) -> None:
    patient.set(graph_version="v2.0")


def _rights(patient: Patient) -> None:
    patient.simulation = "implicitDeny"


def _time_to_live(patient: Patient) -> None:
    patient.deployment.dynamodb.update_time_to_live(
        TableName=stack.STATES, TimeToLiveSpecification={"Enabled": False, "AttributeName": "expires_at"}
    )


def _clock(patient: Patient) -> None:
    patient.clock_skew = 200


def _quota(patient: Patient) -> None:
    patient.monkeypatch.setattr("whatsapp_connect_cli.check_aws.STANDARD_PARAMETERS", 2)


def _heartbeat(patient: Patient) -> None:
    patient.deployment.logs.delete_log_stream(
        logGroupName=LOG_GROUP,
        logStreamName=patient.deployment.logs.describe_log_streams(logGroupName=LOG_GROUP)["logStreams"][0][
            "logStreamName"
        ],
    )


def _record(patient: Patient) -> None:
    patient.deployment.dynamodb.put_item(
        TableName=stack.CONNECTIONS, Item={"connection_id": {"S": "broken"}, "history": {"S": "none"}}
    )


def _key(patient: Patient) -> None:
    stack.make_key(patient.deployment.place.session, ANOTHER_KEY)
    patient.set(token_key_id=ANOTHER_KEY)
    patient.secret(stack.APP_SECRET, key=ANOTHER_KEY)


def _unpublished(patient: Patient) -> None:
    patient.change(publish_at=int(time()) - HOUR)


def _overdue(patient: Patient) -> None:
    patient.change(next_check_at=int(time()) - 3 * HOUR)


def _doubt(patient: Patient) -> None:
    patient.change(doubt_since=int(time()) - 3 * HOUR)


BROKEN: list[tuple[str, Break, str]] = [
    ("app secret", _secret_gone, f"--name {stack.PREFIX}/app-secret --value file://app-secret.txt"),
    ("app", _secret_wrong, "Press Show at the App secret"),
    ("address", _another_answers, "check its DNS record"),
    ("redirect URI", _redirect, "Valid OAuth Redirect URIs: add exactly http://127.0.0.1:"),
    ("permissions", _scopes, "RequiredScopes=whatsapp_business_management,whatsapp_business_messaging"),
    ("connections", _another_app, "Deploy with the MetaAppId of the app that made them"),
    ("Graph version", _version, "newer GraphVersion, for example v26.0"),
    ("records", _record, "ask the person to connect again"),
    ("keys", _key, f"Deploy with PreviousTokenKey={stack.KEY}"),
    ("publishing", _unpublished, "whatsapp-connect publish ID"),
    ("checks", _overdue, "whatsapp-connect due"),
    ("brake", _doubt, "whatsapp-connect brake release"),
    ("rights", _rights, "Deploy the template again"),
    ("time to live", _time_to_live, f"update-time-to-live --table-name {stack.STATES}"),
    ("alarms", Patient.unsubscribe, "Deploy with AlertEmail"),
    ("clock", _clock, "Switch on time synchronisation"),
    ("quota", _quota, "Delete unused parameters"),
    ("heartbeat", _heartbeat, f"Read the log group {LOG_GROUP}"),
]


@pytest.mark.parametrize(("check", "break_it", "fix"), BROKEN, ids=[check for check, _, _ in BROKEN])
def test_a_broken_stack(patient: Patient, check: str, break_it: Break, fix: str) -> None:
    break_it(patient)
    ended = patient.cli("doctor", "--json")
    assert ended.code == 5
    found = findings(ended)
    assert found[check]["health"] == "broken"
    assert fix in found[check]["fix"]
    assert {name for name, one in found.items() if one["health"] == "broken"} == {check}
    assert ended.err.endswith(f"Error: Broken: {check}.\n")
    shown = patient.cli("doctor").out
    assert f"fix: {found[check]['fix']}" in shown


def test_an_app_that_does_not_require_its_secret_is_a_warning(patient: Patient) -> None:
    patient.facebook.control("app", {"require_app_secret": False})
    ended = patient.cli("doctor", "--json")
    assert ended.code == 0
    found = findings(ended)["require secret"]
    assert found["health"] == "warning"
    assert "switch on Require App Secret" in found["fix"]


def test_a_secret_in_the_clear_is_broken(patient: Patient) -> None:
    patient.secret(stack.APP_SECRET, "String")
    found = findings(patient.cli("doctor", "--json"))["app secret"]
    assert found["health"] == "broken"
    assert "reset the App secret" in found["fix"]


@pytest.mark.parametrize("key", ["alias/mine", "alias/aws/ssm"])
def test_a_secret_under_another_key_is_broken(patient: Patient, key: str) -> None:
    patient.secret(stack.APP_SECRET, key=key)
    found = findings(patient.cli("doctor", "--json"))["app secret"]
    assert found["health"] == "broken"
    assert key in found["says"]
    assert f"--key-id {stack.KEY} " in found["fix"]


@pytest.mark.parametrize("value", [stack.APP_SECRET[:-1], f"App secret: {stack.APP_SECRET}", "\u0661" * 32, "\ufeff\n"])
def test_malformed_app_secret_is_broken_and_not_shown(patient: Patient, value: str) -> None:
    patient.secret(value)
    ended = patient.cli("doctor", "--json")
    assert ended.code == 5
    found = findings(ended)
    assert found["app secret"]["health"] == "broken"
    assert "press Show at the App secret" in found["app secret"]["fix"]
    assert found["app"]["health"] == found["redirect URI"]["health"] == "not checked"
    assert not any(word in ended.out for word in value.split() if len(word) > 10)


@pytest.mark.parametrize("rest", ["# from the dashboard", f"\n{'f' * 32}\n{'e' * 32}"])
def test_text_beside_the_app_secret_is_a_warning(patient: Patient, rest: str) -> None:
    patient.secret(f"{stack.APP_SECRET} {rest}")
    ended = patient.cli("doctor", "--json")
    assert ended.code == 0
    found = findings(ended)
    assert found["app secret"]["health"] == "warning"
    assert found["app"]["health"] == "ok"


def test_an_app_id_that_facebook_does_not_know_is_broken(patient: Patient) -> None:
    patient.set(meta_app_id=OTHER_APP)
    found = findings(patient.cli("doctor", "--json"))
    assert found["app"]["health"] == "broken"
    assert found["redirect URI"]["health"] == "not checked"


def test_a_relative_redirect_uri_is_broken(patient: Patient) -> None:
    patient.set(site_url="connect.example.com")
    found = findings(patient.cli("doctor", "--json"))
    assert found["redirect URI"]["health"] == found["address"]["health"] == "broken"


def test_unreachable_address_is_broken(patient: Patient) -> None:
    patient.site.server.server_close()
    found = findings(patient.cli("doctor", "--json"))["address"]
    assert found["health"] == "broken"
    assert "cannot be reached" in found["says"]


def test_a_version_that_never_was_is_broken(patient: Patient) -> None:
    patient.set(graph_version="v99.0")
    ended = patient.cli("doctor", "--json")
    assert ended.code == 5
    found = findings(ended)["Graph version"]
    assert found["health"] == "broken"
    assert "has no version v99.0" in found["says"]


def test_people_who_connected_before_business_login_are_a_warning(patient: Patient) -> None:
    patient.set(login_config_id="55")
    found = findings(patient.cli("doctor", "--json"))["connections"]
    assert found["health"] == "warning"
    assert MARIA in found["says"]
    assert "--any-user" in found["fix"]


def test_public_connections_are_a_warning_once_nobody_can_connect_again(patient: Patient) -> None:
    patient.set(public_connect=False)
    assert findings(patient.cli("doctor", "--json"))["connections"]["health"] == "ok"
    patient.set(reconnect=False)
    found = findings(patient.cli("doctor", "--json"))["connections"]
    assert found["health"] == "warning"
    assert MARIA in found["says"]
    assert "links create" in found["fix"]


def test_a_version_that_ends_soon_is_broken(patient: Patient) -> None:
    patient.set(graph_version="v21.0")
    vars(patient.deployment)["clock"] = lambda: time() + 30 * DAY
    assert findings(patient.cli("doctor", "--json"))["Graph version"]["health"] == "broken"


def test_connections_that_lack_a_permission_are_named(patient: Patient) -> None:
    scopes = (*patient.deployment.settings.required_scopes, "business_management")
    patient.set(required_scopes=scopes)
    found = findings(patient.cli("doctor", "--json"))["permissions"]
    assert found["health"] == "broken"
    assert MARIA in found["says"]


@pytest.mark.parametrize(("check", "setting"), [("publishing", "publishing"), ("checks", "checking")])
def test_paused_function_is_a_warning(patient: Patient, check: str, setting: str) -> None:
    patient.set(**{setting: False})
    ended = patient.cli("doctor", "--json")
    assert ended.code == 0
    found = findings(ended)[check]
    assert found["health"] == "warning"
    assert f"{setting.capitalize()}=enabled" in found["fix"]


def test_previous_key_is_named_until_nothing_is_encrypted_with_it(patient: Patient) -> None:
    _key(patient)
    vars(patient.deployment)["stack_parameters"] = {"PreviousTokenKey": stack.KEY}
    found = findings(patient.cli("doctor", "--json"))["keys"]
    assert found["health"] == "warning"
    assert stack.KEY in found["says"]
    record = patient.world.record()
    token, _ = patient.deployment.cipher.decrypt(MARIA, record.token or b"")
    patient.change(
        token=patient.deployment.cipher.encrypt(MARIA, token),
        published=replace(record.published, key_id=ANOTHER_KEY),
    )
    assert findings(patient.cli("doctor", "--json"))["keys"]["health"] == "ok"


def test_token_that_kms_does_not_decrypt_is_broken(patient: Patient) -> None:
    other = patient.deployment.cipher.encrypt("another", "EAAanother")
    patient.change(token=other)
    found = findings(patient.cli("doctor", "--json"))["keys"]
    assert found["health"] == "broken"
    assert MARIA in found["says"]


def test_stuck_connection_is_a_warning(patient: Patient) -> None:
    patient.change(failures=10)
    found = findings(patient.cli("doctor", "--json"))["checks"]
    assert found["health"] == "warning"
    assert MARIA in found["says"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"is_proven": False}, "No WhatsApp account is known"),
        ({"subscribed": False}, "subscribed to no account"),
        ({"can_send": "BLOCKED", "problem_code": 141006}, "cannot send yet: no payment method"),
    ],
)
def test_connection_that_is_not_usable_is_a_warning(patient: Patient, changes: dict[str, Any], words: str) -> None:
    patient.world.change_accounts(**changes)
    found = findings(patient.cli("doctor", "--json"))["accounts"]
    assert found["health"] == "warning"
    assert words in found["says"]
    assert MARIA in found["says"]
    assert "whatsapp-connect connections accounts" in found["fix"]


def test_released_brake_is_a_warning(patient: Patient) -> None:
    patient.deployment.brake.release(until=int(time()) + HOUR)
    assert findings(patient.cli("doctor", "--json"))["brake"]["health"] == "warning"


@pytest.mark.parametrize("queue", ["CheckFailures", "AlertFailures"])
def test_message_that_was_given_up_is_a_warning(patient: Patient, queue: str) -> None:
    patient.deployment.sqs.send_message(QueueUrl=patient.deployment.resources[queue], MessageBody="{}")
    found = findings(patient.cli("doctor", "--json"))["dead letters"]
    assert (found["health"], found["says"]) == (
        "warning",
        f"Messages that could not be processed: 1 in {queue}.",
    )


@pytest.mark.parametrize("table", [stack.STATES, stack.LINKS, stack.DELETIONS])
def test_time_to_live_that_is_off_is_broken(patient: Patient, table: str) -> None:
    patient.deployment.dynamodb.update_time_to_live(
        TableName=table, TimeToLiveSpecification={"Enabled": False, "AttributeName": "expires_at"}
    )
    assert table in findings(patient.cli("doctor", "--json"))["time to live"]["says"]


def test_a_mail_that_was_not_confirmed_is_broken(patient: Patient) -> None:
    patient.unsubscribe()
    pending = {"SubscriptionArn": "PendingConfirmation", "Protocol": "email"}
    Outage(patient.deployment.sns, "ListSubscriptionsByTopic", "", answer={"Subscriptions": [pending]})
    found = findings(patient.cli("doctor", "--json"))["alarms"]
    assert found["health"] == "broken"
    assert "Follow the link in the mail" in found["fix"]


def test_a_new_stack_need_not_have_had_a_run(patient: Patient) -> None:
    _heartbeat(patient)
    vars(patient.deployment)["created_at"] = time() - 60
    assert findings(patient.cli("doctor", "--json"))["heartbeat"]["health"] == "not checked"


def test_rights_are_not_checked_without_iam_simulation(cli: CommandLine) -> None:
    assert findings(cli("doctor", "--json"))["rights"]["health"] == "not checked"


def test_denied_check_is_not_checked_and_the_others_run(patient: Patient) -> None:
    Outage(patient.deployment.sns, "ListSubscriptionsByTopic", "AccessDeniedException")
    ended = patient.cli("doctor", "--json")
    assert ended.code == 0
    found = findings(ended)
    assert found["alarms"]["health"] == "not checked"
    assert "does not allow you ListSubscriptionsByTopic" in found["alarms"]["says"]
    assert {one["health"] for name, one in found.items() if name != "alarms"} == {"ok"}


def test_a_facebook_that_is_down_is_not_a_broken_stack(patient: Patient) -> None:
    for endpoint in ("debug_token", "oauth/access_token", "me"):
        patient.facebook.fail(endpoint, "html_error", times=None)
    ended = patient.cli("doctor", "--json")
    assert ended.code == 0
    assert findings(ended)["app"]["health"] == "not checked"

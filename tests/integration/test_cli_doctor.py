"""`whatsapp-connect doctor`: a healthy stack, and one for each thing that can be broken."""

import ssl
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from threading import Barrier
from time import time
from typing import Any

import pytest
import trustme
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from tests.support import stack
from tests.support.clock import DAY, HOUR
from tests.support.command_line import LOG_GROUP, CommandLine, Ended
from tests.support.interleaving import PATIENCE_S
from tests.support.outage import Outage, answer_with, watch
from tests.support.patient import SCHEDULE, SOURCES, STATE, Patient, Site, answering_site
from tests.support.people import MARIA
from tests.support.world import World
from whatsapp_connect_cli import check_aws, check_connections, doctor
from whatsapp_connect_cli.doctor import CHECKS
from whatsapp_connect_cli.finding import Finding, ok

OTHER_APP = "987654321"
ANOTHER_KEY = f"arn:aws:kms:{stack.REGION}:{stack.ACCOUNT}:key/99999999-2222-3333-4444-555555555555"
RECORD_CHECKS = {
    "accounts",
    "brake",
    "checks",
    "connections",
    "encryption",
    "parameters",
    "permissions",
    "publishing",
    "records",
    "require-secret",
    "tokens",
}
OPERATIONS: dict[str, tuple[int, set[str]]] = {
    "Decrypt": (3, {"connections", "encryption", "require-secret"}),
    "DescribeAlarms": (1, {"alarms"}),
    "DescribeContinuousBackups": (1, {"tables"}),
    "DescribeKey": (1, {"key"}),
    "DescribeParameters": (2, {"app-secret", "quota"}),
    "DescribeRule": (1, {"alerts"}),
    "DescribeTable": (6, {"tables"}),
    "DescribeTimeToLive": (4, {"time-to-live"}),
    "FilterLogEvents": (1, {"heartbeat"}),
    "GetAccountSettings": (1, {"concurrency"}),
    "GetCallerIdentity": (1, {"clock"}),
    "GetEventSourceMapping": (3, {"sources"}),
    "GetFunctionConcurrency": (10, {"concurrency"}),
    "GetFunctionConfiguration": (10, {"functions"}),
    "GetItem": (2, {"brake", "logins"}),
    "GetKeyRotationStatus": (1, {"key"}),
    "GetMetricData": (1, {"queues"}),
    "GetParameter": (2, {"app", "app-secret", "connections", "graph-version", "redirect-uri"}),
    "GetParameters": (1, {"parameters"}),
    "GetQueueAttributes": (4, {"alerts", "dead-letters", "queues"}),
    "GetSchedule": (1, {"schedule"}),
    "ListSubscriptionsByTopic": (1, {"alerts"}),
    "ListTargetsByRule": (1, {"alerts"}),
    "Query": (1, {"checks"}),
    "Scan": (1, RECORD_CHECKS),
    "SimulatePrincipalPolicy": (33, {"rights"}),
}
"""How often the doctor asks for an operation of AWS, and which checks need the answer."""
NORMAL = {("empty", "GetFunctionConcurrency"), ("empty", "GetItem")}
"""Odd answers that are none: these operations answer {} if there is nothing."""

GRAPH_CALLS = {"debug_token": 3, "oauth/access_token:authorization_code": 1, "me": 1}

type Break = Callable[["Patient"], None]


@pytest.fixture
def site() -> Iterator[Site]:
    with answering_site() as site:
        yield site


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
    assert [line.split()[0] for line in lines if "app-mode" not in line and "fix:" not in line] == ["ok"] * (
        len(CHECKS) - 1
    )
    assert list(findings(patient.cli("doctor", "--json"))) == list(CHECKS)


def is_of_moto(client: Any) -> bool:
    """Tell the doctor's clients from those of a local stack, which has threads in this process, too."""
    return bool(client.meta.endpoint_url.endswith(".amazonaws.com"))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """List the operations of AWS that are asked for, on every thread."""
    asked: list[str] = []
    call = BaseClient._make_api_call  # type: ignore[attr-defined]  # noqa: SLF001  botocore has no event that every call passes

    def record(client: Any, operation: str, parameters: Any) -> Any:
        if is_of_moto(client):
            asked.append(operation)
        return call(client, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", record)
    return asked


def test_doctor_asks_all_of_these_and_nothing_else(patient: Patient, asked: list[str]) -> None:
    """A check that stops asking would report a broken stack as healthy."""
    patient.facebook.control("requests", method="DELETE")
    asked.clear()
    patient.cli("doctor")
    assert Counter(asked) == {operation: calls for operation, (calls, _) in OPERATIONS.items()}
    assert Counter(patient.facebook.graph_calls()) == GRAPH_CALLS


def test_checks_do_not_wait_for_each_other(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    together = Barrier(len(CHECKS))

    def check(_: object) -> Finding:
        together.wait(timeout=PATIENCE_S)
        return ok("")

    monkeypatch.setattr(doctor, "CHECKS", dict.fromkeys(CHECKS, check))
    assert {one["health"] for one in patient.cli("doctor", "--json").json} == {"ok"}


ODD: dict[str, Callable[[str], Any]] = {
    "denied": lambda name: ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, name),
    "empty": lambda _: {},
    "not JSON": lambda _: ResponseParserError("<html>canary</html>"),
}


@pytest.mark.parametrize("odd", ODD)
def test_odd_answer_leaves_every_other_check_as_it_is(
    patient: Patient, monkeypatch: pytest.MonkeyPatch, odd: str
) -> None:
    call = BaseClient._make_api_call  # type: ignore[attr-defined]  # noqa: SLF001  botocore has no event that every call passes
    spoiled = ""

    def answer(client: Any, name: str, parameters: Any) -> Any:
        if name != spoiled or not is_of_moto(client):
            return call(client, name, parameters)
        answered = ODD[odd](name)
        if isinstance(answered, Exception):
            raise answered
        return answered

    monkeypatch.setattr(BaseClient, "_make_api_call", answer)
    healthy = dict.fromkeys(CHECKS, "ok") | {"app-mode": "not checked"}
    for spoiled, (_, users) in OPERATIONS.items():
        ended = patient.cli("doctor", "--json")
        expected = healthy | dict.fromkeys(set() if (odd, spoiled) in NORMAL else users, "not checked")
        assert {name: one["health"] for name, one in findings(ended).items()} == expected, spoiled
        assert "canary" not in ended.out
        assert ended.code == 0


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
    patient.site.statuses["/callback"] = 404


def _another_app(patient: Patient) -> None:
    patient.facebook.control(
        "app", {"id": OTHER_APP, "secret": "f" * 32, "redirect_uris": [f"{patient.site.url}/callback"]}
    )
    patient.set(meta_app_id=OTHER_APP)
    patient.site.redirect_to(patient.facebook.url, client_id=OTHER_APP)
    patient.secret("f" * 32)


def _scopes(patient: Patient) -> None:
    patient.set(required_scopes=("whatsapp_business_messaging",))


def _version(patient: Patient) -> None:
    patient.site.redirect_to(patient.facebook.url, version="v2.0")
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


def _no_redirect(patient: Patient) -> None:
    patient.site.statuses["/connect"] = 500


def _no_webhook(patient: Patient) -> None:
    patient.site.statuses["/deauthorize"] = 404


def _old_runtime(patient: Patient) -> None:
    patient.functions["CheckFunction"]["Runtime"] = "python3.9"


def _switched_off(patient: Patient) -> None:
    patient.reserved["CallbackFunction"] = 0


def _schedule(patient: Patient) -> None:
    patient.aws.scheduler.delete_schedule(Name=SCHEDULE)


def _source(patient: Patient) -> None:
    patient.sources[SOURCES["CheckFunctionAsked"]]["State"] = "Disabled"


def _old_message(patient: Patient) -> None:
    patient.deployment.sqs.send_message(QueueUrl=stack.CHECK_QUEUE, MessageBody="{}")
    results = [{"Id": "checkqueue", "Values": [4000.0]}, {"Id": "duequeue", "Values": []}]
    watch(patient.aws.cloudwatch, "GetMetricData", lambda **_: answer_with({"MetricDataResults": results}))


def _table(patient: Patient) -> None:
    stack.operator(patient.deployment.place.session, "dynamodb").delete_table(TableName=stack.ACCOUNTS)


def _silent(patient: Patient) -> None:
    patient.alarms["ThrottlesAlarm"]["ActionsEnabled"] = False


def _parameter(patient: Patient) -> None:
    patient.deployment.ssm.delete_parameter(Name=patient.deployment.parameters.token_name(MARIA))


BROKEN: list[tuple[str, Break, str]] = [
    ("app-secret", _secret_gone, "whatsapp-connect app-secret store"),
    ("app", _secret_wrong, "Press Show at the App secret"),
    ("address", _another_answers, "check its DNS record"),
    ("redirect-uri", _redirect, "Valid OAuth Redirect URIs: add exactly http://127.0.0.1:"),
    ("permissions", _scopes, "RequiredScopes=whatsapp_business_management,whatsapp_business_messaging"),
    ("connections", _another_app, "Deploy with the MetaAppId of the app that made them"),
    ("graph-version", _version, "newer GraphVersion, for example v26.0"),
    ("visit", _no_redirect, "Read the log group Authorize"),
    ("webhooks", _no_webhook, "Read the log groups"),
    ("functions", _old_runtime, "Deploy with another LoginMinutes"),
    ("concurrency", _switched_off, "delete-function-concurrency --function-name CallbackFunction"),
    ("schedule", _schedule, "deploy"),
    ("sources", _source, "Enable the trigger"),
    ("queues", _old_message, "See the checks `sources`"),
    ("tables", _table, "docs/recovery.md"),
    ("alarms", _silent, "enable-alarm-actions --alarm-names ThrottlesAlarm"),
    ("parameters", _parameter, "whatsapp-connect publish ID"),
    ("records", _record, "ask the person to connect again"),
    ("encryption", _key, f"Deploy with PreviousTokenKey={stack.KEY}"),
    ("publishing", _unpublished, "whatsapp-connect publish ID"),
    ("checks", _overdue, "whatsapp-connect due"),
    ("brake", _doubt, "whatsapp-connect brake release"),
    ("rights", _rights, "Deploy the template again"),
    ("time-to-live", _time_to_live, f"update-time-to-live --table-name {stack.STATES}"),
    ("alerts", Patient.unsubscribe, "Deploy with AlertEmail"),
    ("clock", _clock, "Switch on time synchronisation"),
    ("quota", _quota, "Delete unused parameters"),
    ("heartbeat", _heartbeat, f"read the log group {LOG_GROUP}"),
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
    found = findings(ended)["require-secret"]
    assert found["health"] == "warning"
    assert "switch on Require App Secret" in found["fix"]


def test_a_secret_in_the_clear_is_broken(patient: Patient) -> None:
    patient.secret(stack.APP_SECRET, "String")
    found = findings(patient.cli("doctor", "--json"))["app-secret"]
    assert found["health"] == "broken"
    assert "reset the App secret" in found["fix"]


@pytest.mark.parametrize("key", ["alias/mine", "alias/aws/ssm"])
def test_a_secret_under_another_key_is_broken(patient: Patient, key: str) -> None:
    patient.secret(stack.APP_SECRET, key=key)
    found = findings(patient.cli("doctor", "--json"))["app-secret"]
    assert found["health"] == "broken"
    assert key in found["says"]
    assert "whatsapp-connect app-secret store" in found["fix"]


@pytest.mark.parametrize("value", [stack.APP_SECRET[:-1], f"App secret: {stack.APP_SECRET}", "\u0661" * 32, "\ufeff\n"])
def test_malformed_app_secret_is_broken_and_not_shown(patient: Patient, value: str) -> None:
    patient.secret(value)
    ended = patient.cli("doctor", "--json")
    assert ended.code == 5
    found = findings(ended)
    assert found["app-secret"]["health"] == "broken"
    assert "press Show at the App secret" in found["app-secret"]["fix"]
    assert found["app"]["health"] == found["redirect-uri"]["health"] == "not checked"
    assert not any(word in ended.out for word in value.split() if len(word) > 10)


@pytest.mark.parametrize("rest", ["# from the dashboard", f"\n{'f' * 32}\n{'e' * 32}"])
def test_text_beside_the_app_secret_is_a_warning(patient: Patient, rest: str) -> None:
    patient.secret(f"{stack.APP_SECRET} {rest}")
    ended = patient.cli("doctor", "--json")
    assert ended.code == 0
    found = findings(ended)
    assert found["app-secret"]["health"] == "warning"
    assert found["app"]["health"] == "ok"


def test_an_app_id_that_facebook_does_not_know_is_broken(patient: Patient) -> None:
    patient.set(meta_app_id=OTHER_APP)
    found = findings(patient.cli("doctor", "--json"))
    assert found["app"]["health"] == "broken"
    assert found["redirect-uri"]["health"] == "not checked"


def test_a_relative_redirect_uri_is_broken(patient: Patient) -> None:
    patient.set(site_url="connect.example.com")
    found = findings(patient.cli("doctor", "--json"))
    assert found["redirect-uri"]["health"] == found["address"]["health"] == "broken"


def test_unreachable_address_is_broken(patient: Patient) -> None:
    patient.site.server.server_close()
    found = findings(patient.cli("doctor", "--json"))["address"]
    assert found["health"] == "broken"
    assert "cannot be reached" in found["says"]


def test_a_version_that_never_was_is_broken(patient: Patient) -> None:
    patient.set(graph_version="v99.0")
    ended = patient.cli("doctor", "--json")
    assert ended.code == 5
    found = findings(ended)["graph-version"]
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
    assert findings(patient.cli("doctor", "--json"))["graph-version"]["health"] == "broken"


def test_connections_that_lack_a_permission_are_named(patient: Patient) -> None:
    scopes = (*patient.deployment.settings.required_scopes, "business_management")
    patient.set(required_scopes=scopes)
    found = findings(patient.cli("doctor", "--json"))["permissions"]
    assert found["health"] == "needs person"
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
    found = findings(patient.cli("doctor", "--json"))["encryption"]
    assert found["health"] == "warning"
    assert stack.KEY in found["says"]
    record = patient.world.record()
    token, _ = patient.deployment.cipher.decrypt(MARIA, record.token or b"")
    patient.change(
        token=patient.deployment.cipher.encrypt(MARIA, token),
        published=replace(record.published, key_id=ANOTHER_KEY),
    )
    assert findings(patient.cli("doctor", "--json"))["encryption"]["health"] == "ok"


def test_token_that_kms_does_not_decrypt_is_broken(patient: Patient) -> None:
    other = patient.deployment.cipher.encrypt("another", "EAAanother")
    patient.change(token=other)
    found = findings(patient.cli("doctor", "--json"))["encryption"]
    assert found["health"] == "broken"
    assert MARIA in found["says"]


def test_stuck_connection_needs_a_person(patient: Patient) -> None:
    patient.change(failures=10)
    found = findings(patient.cli("doctor", "--json"))["checks"]
    assert found["health"] == "needs person"
    assert MARIA in found["says"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"is_proven": False}, "No WhatsApp account is known"),
        ({"subscribed": False}, "subscribed to no account"),
        ({"can_send": "BLOCKED", "problem_code": 141006}, "cannot send yet: no payment method"),
    ],
)
def test_connection_that_is_not_usable_needs_a_person(patient: Patient, changes: dict[str, Any], words: str) -> None:
    patient.world.change_accounts(**changes)
    ended = patient.cli("doctor", "--json")
    assert ended.code == 6
    found = findings(ended)["accounts"]
    assert found["health"] == "needs person"
    assert words in found["says"]
    assert MARIA in found["says"]
    assert "whatsapp-connect connections accounts" in found["fix"]


def test_released_brake_is_a_warning(patient: Patient) -> None:
    patient.deployment.brake.release(until=int(time()) + HOUR)
    assert findings(patient.cli("doctor", "--json"))["brake"]["health"] == "warning"


def test_check_that_was_given_up_is_a_warning(patient: Patient) -> None:
    queue = patient.deployment.resources["CheckFailures"]
    patient.deployment.sqs.send_message(QueueUrl=queue, MessageBody="{}")
    found = findings(patient.cli("doctor", "--json"))["dead-letters"]
    assert found["health"] == "warning"
    assert "1 in CheckFailures" in found["says"]


def _lost_alert(patient: Patient) -> None:
    patient.deployment.sqs.send_message(QueueUrl=patient.deployment.resources["AlertFailures"], MessageBody="{}")


def _disabled_rule(patient: Patient) -> None:
    patient.aws.events.disable_rule(Name="AlertRule")


def _no_target(patient: Patient) -> None:
    patient.aws.events.remove_targets(Rule="AlertRule", Ids=["topic"])


def _no_rule(patient: Patient) -> None:
    _no_target(patient)
    patient.aws.events.delete_rule(Name="AlertRule")


def _disabled_schedule(patient: Patient) -> None:
    about = patient.aws.scheduler.get_schedule(Name=SCHEDULE)
    names = ("ScheduleExpression", "FlexibleTimeWindow", "Target")
    patient.aws.scheduler.update_schedule(Name=SCHEDULE, State="DISABLED", **{name: about[name] for name in names})  # type: ignore[literal-required]


def _missing_alarm(patient: Patient) -> None:
    del patient.alarms["ThrottlesAlarm"]


def _ringing(patient: Patient) -> None:
    patient.alarms["ThrottlesAlarm"]["StateValue"] = "ALARM"


def _missing_function(patient: Patient) -> None:
    del patient.functions["PublishFunction"]


def _half_updated(patient: Patient) -> None:
    patient.functions["PublishFunction"]["Environment"]["Variables"]["GRAPH_VERSION"] = "v1.0"


def _updating(patient: Patient) -> None:
    patient.functions["PublishFunction"]["LastUpdateStatus"] = "InProgress"


def _new_account(patient: Patient) -> None:
    patient.unreserved = 10


def _missing_source(patient: Patient) -> None:
    del patient.sources[SOURCES["PublishFunctionConnectionChanged"]]


def _failing_source(patient: Patient) -> None:
    patient.sources[SOURCES["CheckFunctionDue"]]["LastProcessingResult"] = "PROBLEM: Function call failed"


def _disabled_key(patient: Patient) -> None:
    patient.aws.kms.disable_key(KeyId=stack.KEY.rpartition("/")[2])


def _deleted_key(patient: Patient) -> None:
    patient.aws.kms.schedule_key_deletion(KeyId=stack.KEY.rpartition("/")[2])


def _no_rotation(patient: Patient) -> None:
    patient.aws.kms.disable_key_rotation(KeyId=stack.KEY)


def _no_backups(patient: Patient) -> None:
    stack.operator(patient.deployment.place.session, "dynamodb").update_continuous_backups(
        TableName=stack.CONNECTIONS, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": False}
    )


def _other_page(patient: Patient) -> None:
    patient.site.page = "<h1>Parked domain</h1>"


def _older_answers(patient: Patient) -> None:
    patient.site.page = patient.site.page_of("0.9.0")


def _page_without_version(patient: Patient) -> None:
    patient.site.page = "<h1>WhatsApp Connect</h1>"


def _deployed(patient: Patient, version: str) -> None:
    vars(patient.deployment)["outputs"] = {**patient.deployment.outputs, "Version": version}
    patient.site.page = patient.site.page_of(version)


def _newer_stack(patient: Patient) -> None:
    _deployed(patient, "99.0.0")


def _older_stack(patient: Patient) -> None:
    _deployed(patient, "0.9.0")


def _unavailable(patient: Patient) -> None:
    patient.site.statuses["/connect"] = 503


def _paused_logins(patient: Patient) -> None:
    patient.deployment.login_switch.pause()


def _revoked(patient: Patient) -> None:
    patient.change(status="revoked", token=None)


def _expiring(patient: Patient) -> None:
    patient.change(status="expiring")


def _other_version(patient: Patient) -> None:
    patient.deployment.parameters.put_token(MARIA, "EAAother")


def _other_metadata(patient: Patient) -> None:
    patient.deployment.parameters.put_metadata(MARIA, "{}")


FOUND: list[tuple[str, Break, str, str]] = [
    ("alerts", _lost_alert, "broken", "AlertFailures"),
    ("alerts", _disabled_rule, "broken", "is disabled"),
    ("alerts", _no_target, "broken", "does not send to the topic"),
    ("alerts", _no_rule, "broken", "does not exist"),
    ("schedule", _disabled_schedule, "broken", "is disabled"),
    ("alarms", _missing_alarm, "broken", "ThrottlesAlarm"),
    ("alarms", _ringing, "warning", "ThrottlesAlarm"),
    ("functions", _missing_function, "broken", "PublishFunction does not exist"),
    ("functions", _half_updated, "broken", "GRAPH_VERSION"),
    ("functions", _updating, "warning", "PublishFunction"),
    ("concurrency", _new_account, "warning", "share 10 executions"),
    ("sources", _missing_source, "broken", "ConnectionTable's stream"),
    ("sources", _failing_source, "warning", "DueQueue"),
    ("key", _disabled_key, "broken", "is not enabled"),
    ("key", _deleted_key, "broken", "will be deleted"),
    ("key", _no_rotation, "warning", "not rotated"),
    ("tables", _no_backups, "warning", "Point-in-time recovery"),
    ("address", _other_page, "broken", "does not show this stack's page"),
    ("version", _older_answers, "warning", "answers with version 0.9.0"),
    ("version", _page_without_version, "warning", "answers with no version"),
    ("version", _newer_stack, "warning", "newer than this command line"),
    ("version", _older_stack, "warning", "older than this command line"),
    ("visit", _unavailable, "warning", "nobody can log in"),
    ("logins", _paused_logins, "warning", "paused since"),
    ("tokens", _revoked, "needs person", MARIA),
    ("tokens", _expiring, "warning", MARIA),
    ("parameters", _revoked, "broken", MARIA),
    ("parameters", _other_version, "broken", MARIA),
    ("parameters", _other_metadata, "broken", MARIA),
]


@pytest.mark.parametrize(
    ("check", "break_it", "health", "words"), FOUND, ids=[f"{check}-{one.__name__}" for check, one, _, _ in FOUND]
)
def test_what_one_check_finds(patient: Patient, check: str, break_it: Break, health: str, words: str) -> None:
    break_it(patient)
    ended = patient.cli("doctor", "--only", check, "--json")
    (found,) = ended.json
    assert found["health"] == health
    assert words in found["says"]
    assert found["fix"]
    assert ended.code == {"broken": 5, "needs person": 6, "warning": 0}[health]


def test_version_is_not_compared_with_an_address_that_does_not_answer(patient: Patient) -> None:
    patient.site.statuses["/"] = 500
    (found,) = patient.cli("doctor", "--only", "version", "--json").json
    assert found["health"] == "not checked"


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"dialog": "https://elsewhere.example"}, "the dialog"),
        ({"version": "v1.0"}, "the Graph version"),
        ({"client_id": OTHER_APP}, "the App ID"),
        ({"redirect_uri": "https://elsewhere.example/callback"}, "the redirect URI"),
    ],
)
def test_redirect_of_another_stack_is_broken(patient: Patient, changes: dict[str, str], part: str) -> None:
    patient.site.redirect_to(**{"dialog": patient.facebook.url, **changes})
    ended = patient.cli("doctor", "--only", "visit", "--json")
    (found,) = ended.json
    assert found["health"] == "broken"
    assert part in found["says"]
    assert STATE not in ended.out


@pytest.mark.parameters(SignupMode="embedded", LoginConfigId="77")
def test_embedded_sign_up_has_settings_at_meta_that_only_a_person_can_see(patient: Patient) -> None:
    found = findings(patient.cli("doctor", "--only", "signup", "--json"))["signup"]
    assert found["health"] == "not checked"
    assert patient.cli.deployment.settings.site_url in found["fix"]


def test_closed_connect_link_is_well(patient: Patient) -> None:
    patient.set(public_connect=False)
    patient.site.statuses["/connect"] = 404
    (found,) = patient.cli("doctor", "--only", "visit", "--json").json
    assert found["health"] == "ok"


def test_certificate_of_another_host_is_explained(patient: Patient) -> None:
    certificate = trustme.CA().issue_cert("elsewhere.example")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    server = patient.site.server
    server.socket = context.wrap_socket(server.socket, server_side=True)
    patient.set(site_url=patient.site.url.replace("http:", "https:"))
    (found,) = patient.cli("doctor", "--only", "address", "--json").json
    assert found["health"] == "broken"
    assert "certificate" in found["says"]


def test_host_without_a_dns_record_is_explained(patient: Patient) -> None:
    patient.set(site_url="http://connect.invalid")
    (found,) = patient.cli("doctor", "--only", "address", "--json").json
    assert found["health"] == "broken"
    assert "no DNS record" in found["says"]


def test_broken_stack_comes_before_connections_that_need_a_person(patient: Patient) -> None:
    _revoked(patient)
    _disabled_rule(patient)
    assert patient.cli("doctor").code == 5


def test_only_some_checks_are_made_in_the_order_of_all(patient: Patient) -> None:
    ended = patient.cli("doctor", "--only", "clock", "--only", "app", "--json")
    assert [one["check"] for one in ended.json] == ["app", "clock"]


def test_unknown_check_is_a_usage_error_that_lists_the_checks(patient: Patient) -> None:
    ended = patient.cli("doctor", "--only", "weather")
    assert ended.code == 2
    assert all(name in ended.err for name in CHECKS)


def test_only_asked_for_are_all_parameters_counted(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_aws, "COUNT_S", -1.0)
    for number in range(51):
        patient.deployment.ssm.put_parameter(Name=f"/another/{number}", Value="x", Type="String")
    found = findings(patient.cli("doctor", "--json"))["quota"]
    assert found["health"] == "not checked"
    assert "--only quota" in found["fix"]
    (found,) = patient.cli("doctor", "--only", "quota", "--json").json
    assert found["health"] == "ok"


def test_only_asked_for_are_all_records_compared(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_connections, "SAMPLED", 0)
    _other_version(patient)
    assert findings(patient.cli("doctor", "--json"))["parameters"]["health"] == "ok"
    (found,) = patient.cli("doctor", "--only", "parameters", "--json").json
    assert found["health"] == "broken"


@pytest.mark.parametrize("table", [stack.STATES, stack.LINKS, stack.DELETIONS])
def test_time_to_live_that_is_off_is_broken(patient: Patient, table: str) -> None:
    patient.deployment.dynamodb.update_time_to_live(
        TableName=table, TimeToLiveSpecification={"Enabled": False, "AttributeName": "expires_at"}
    )
    assert table in findings(patient.cli("doctor", "--json"))["time-to-live"]["says"]


def test_a_mail_that_was_not_confirmed_is_broken(patient: Patient) -> None:
    patient.unsubscribe()
    pending = {"SubscriptionArn": "PendingConfirmation", "Protocol": "email"}
    Outage(patient.deployment.sns, "ListSubscriptionsByTopic", "", answer={"Subscriptions": [pending]})
    found = findings(patient.cli("doctor", "--json"))["alerts"]
    assert found["health"] == "broken"
    assert "Follow the link in the mail" in found["fix"]


def test_a_new_stack_need_not_have_had_a_run(patient: Patient) -> None:
    _heartbeat(patient)
    vars(patient.deployment)["created_at"] = time() - 60
    assert findings(patient.cli("doctor", "--json"))["heartbeat"]["health"] == "not checked"


def test_rights_are_not_checked_without_iam_simulation(cli: CommandLine) -> None:
    assert findings(cli("doctor", "--json"))["rights"]["health"] == "not checked"


def test_denied_check_names_what_is_not_allowed(patient: Patient) -> None:
    Outage(patient.deployment.sns, "ListSubscriptionsByTopic", "AccessDeniedException")
    ended = patient.cli("doctor", "--json")
    assert ended.code == 0
    found = findings(ended)
    assert found["alerts"]["health"] == "not checked"
    assert "does not allow you ListSubscriptionsByTopic" in found["alerts"]["says"]


def test_a_facebook_that_is_down_is_not_a_broken_stack(patient: Patient) -> None:
    for endpoint in ("debug_token", "oauth/access_token", "me"):
        patient.facebook.fail(endpoint, "html_error", times=None)
    ended = patient.cli("doctor", "--json")
    assert ended.code == 0
    assert findings(ended)["app"]["health"] == "not checked"

"""What people do to parameters and records by hand, and logins that were cut off: healed, or said out loud."""

import json
from typing import Any

import boto3
import pytest

from tests.support import stack
from tests.support.clock import DAY, HOUR
from tests.integration.life import JONAS, MARIA, Life
from tests.support.outage import watch

TOKEN = f"{stack.PREFIX}/connections/{MARIA}/access-token"
METADATA = f"{stack.PREFIX}/connections/{MARIA}/metadata"


def write(session: boto3.Session, name: str, value: str) -> None:
    session.client("ssm").put_parameter(
        Name=name, Value=value, Type="String" if name == METADATA else "SecureString", Overwrite=True
    )


def issue(life: Life, person: str = "maria", **token: Any) -> str:
    value: str = life.facebook.control("tokens", {"person": person, **token})["access_token"]
    return value


@pytest.mark.parametrize(
    "value", ["rubbish", "EAA" + "x" * 197, "\n", " spaced out ", '{"a": 1}', "x" * 4000]
)
def test_rubbish_in_place_of_a_token_is_replaced_by_the_token(
    life: Life, deployed: boto3.Session, value: str
) -> None:
    life.connect()
    before = life.token()
    write(deployed, TOKEN, value)
    assert life.next_day().outcomes == {"checked": 1}
    assert (life.token(), life.version()) == (before, 3)
    assert life.events() == ["Connected", "Renewed"]
    life.assert_healthy()


def test_somebody_elses_token_is_replaced(life: Life, deployed: boto3.Session) -> None:
    life.connect()
    before = life.token()
    write(deployed, TOKEN, issue(life, "jonas"))
    assert life.next_day().outcomes == {"checked": 1}
    assert life.token() == before
    life.assert_healthy()


def test_another_apps_token_is_replaced(life: Life, deployed: boto3.Session) -> None:
    life.facebook.control("app", {"id": "9876543210", "secret": "0" * 32})
    life.connect()
    before = life.token()
    write(deployed, TOKEN, issue(life, app_id="9876543210"))
    assert life.next_day().outcomes == {"checked": 1}
    assert life.token() == before
    life.assert_healthy()


@pytest.mark.parametrize(
    ("token", "stays"),
    [
        ({"lifetime": 0}, True),
        ({"lifetime": 70 * DAY}, True),
        ({}, False),
        ({"lifetime": 3 * DAY}, False),
        ({"lifetime": 0, "scopes": ["whatsapp_business_management"]}, False),
        ({"lifetime": -1}, False),
    ],
)
def test_the_better_of_two_tokens_of_the_same_person_stays(
    life: Life, deployed: boto3.Session, token: dict[str, Any], *, stays: bool
) -> None:
    life.connect()
    before = life.token()
    by_hand = issue(life, **token)
    write(deployed, TOKEN, by_hand)
    assert life.next_day().outcomes == {"checked": 1}
    assert life.token() == (by_hand if stays else before)
    assert life.events() == ["Connected", "Renewed"]
    life.assert_healthy()


def test_a_token_by_hand_lives_on_where_the_recorded_one_is_dead(life: Life, deployed: boto3.Session) -> None:
    life.connect()
    life.facebook.control("tokens/invalidate", {"person": "maria"})
    by_hand = issue(life, lifetime=20 * DAY)
    write(deployed, TOKEN, by_hand)
    assert life.next_day().outcomes == {"renewed": 1}
    assert life.token() != by_hand
    life.assert_healthy()


def test_a_parameter_made_anew_with_somebody_elses_token_is_taken_away_and_told(
    life: Life, deployed: boto3.Session
) -> None:
    life.connect()
    deployed.client("ssm").delete_parameter(Name=TOKEN)
    write(deployed, TOKEN, issue(life, "jonas"))  # version 1, as recorded
    assert life.next_day().outcomes == {"revoked": 1}
    assert life.kept.token(MARIA) is None
    assert life.events() == ["Connected", "Revoked"]
    assert life.metadata()["status_reason"] == "token-of-another-user"


def test_a_token_deleted_by_hand_is_said_out_loud(life: Life, deployed: boto3.Session) -> None:
    life.connect()
    deployed.client("ssm").delete_parameter(Name=TOKEN)
    assert life.next_day().outcomes == {"revoked": 1}
    told = life.stream.bring()[-1]
    assert (told.type, told.detail["status_reason"]) == ("Revoked", "parameter-missing")
    assert told.detail["connect_url"] == stack.CONNECT_URL
    assert life.record()["due"] == "dead"
    assert life.next_day().outcomes == {}
    life.connect()
    assert life.events() == ["Reconnected"]
    life.assert_healthy()


@pytest.mark.parametrize("text", [None, "rubbish", "[]", "null", '{"user_id": "1"}'])
def test_metadata_missing_or_altered_is_written_again(
    life: Life, deployed: boto3.Session, text: str | None
) -> None:
    life.connect()
    life.stream.bring()
    before = life.metadata()
    if text is None:
        deployed.client("ssm").delete_parameter(Name=METADATA)
    else:
        write(deployed, METADATA, text)
    assert life.next_day().outcomes == {"checked": 1}
    assert life.events() == []
    assert life.metadata() == before
    assert "announced_at" in life.record()
    announced_at = life.record()["announced_at"]
    life.next_day()
    assert life.record()["announced_at"] == announced_at


@pytest.mark.parametrize("hour", range(0, 24, 4))
def test_parameters_without_a_record_are_found_once_a_day(
    life: Life, deployed: boto3.Session, hour: int
) -> None:
    life.connect()
    write(deployed, f"{stack.PREFIX}/connections/stray/access-token", "EAAstray")
    write(deployed, f"{stack.PREFIX}/connections/stray/metadata", "{}")
    life.clock.advance((hour - 12) % 24 * HOUR)
    run = life.run()
    found = [line["connection_id"] for line in run.logs("parameters without a record")]
    assert (found, run.metrics("OrphanParameters")) == ((["stray"], [1]) if hour == 4 else ([], []))
    assert life.kept.token("stray") == "EAAstray"


def test_looking_for_parameters_without_a_record_reads_no_record_that_the_index_knows(
    life: Life, deployed: boto3.Session
) -> None:
    life.connect()
    write(deployed, f"{stack.PREFIX}/connections/stray/access-token", "EAAstray")
    read: list[str] = []
    watch(
        life.renew.connections._client,
        "GetItem",
        lambda params, **_: read.append(json.loads(params["body"])["Key"]["connection_id"]["S"]),
    )
    life.clock.advance(16 * HOUR)
    assert life.run().metrics("OrphanParameters") == [1]
    assert read == ["stray"]


def test_looking_for_parameters_without_a_record_ends_with_the_time_the_function_has(
    life: Life, deployed: boto3.Session
) -> None:
    life.connect()
    write(deployed, f"{stack.PREFIX}/connections/stray/access-token", "EAAstray")
    life.clock.advance(16 * HOUR)
    run = life.run(milliseconds=9_000)
    assert run.metrics("OrphanParameters") == [0]
    assert [line["known"] for line in run.logs("sweep not finished")] == [1]


def test_a_record_deleted_by_hand_takes_the_metadata_along_and_its_token_is_found(
    life: Life, deployed: boto3.Session
) -> None:
    life.connect()
    deployed.client("dynamodb").delete_item(TableName=stack.CONNECTIONS, Key={"connection_id": {"S": MARIA}})
    assert life.events() == ["Connected", "Deleted"]
    assert life.kept.parameters().keys() == {TOKEN}
    life.clock.advance(16 * HOUR)
    assert life.run().metrics("OrphanParameters") == [1]
    life.connect()
    assert life.events() == ["Connected"]
    life.assert_healthy()


def cut_off_login(life: Life, monkeypatch: pytest.MonkeyPatch, step: str, *, person: str = "maria") -> None:
    """Begin a login that ends before one of its steps, as if the power went."""

    def cut_off(*_: object, **__: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(
            life.callback.vault if step == "put_token" else life.callback.connections, step, cut_off
        )
        with pytest.raises(SystemExit):
            life.connect(person)


def test_a_login_cut_off_before_its_token_was_stored_leaves_nothing(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut_off_login(life, monkeypatch, "put_token")
    assert life.run().outcomes == {}
    life.clock.advance(301)
    assert life.run().outcomes == {"login-abandoned": 1}
    assert (life.kept.everything(), life.events()) == (({}, []), [])


def test_a_login_cut_off_after_its_token_was_stored_is_completed(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut_off_login(life, monkeypatch, "finish", person="jonas")
    life.clock.advance(301)
    assert life.run().outcomes == {"checked": 1}
    (told,) = life.stream.bring()
    assert (told.type, told.detail["status"]) == ("Connected", "active")
    assert life.record(JONAS)["connected_at"] == life.clock.now()
    assert len(life.metadata(JONAS)["phone_numbers"]) == 32
    life.assert_healthy()


def test_a_login_cut_off_whose_token_is_dead_by_then_leaves_nothing(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut_off_login(life, monkeypatch, "finish")
    life.facebook.control("tokens/invalidate", {"person": "maria", "reason": "app_removed"})
    life.clock.advance(301)
    assert life.run().outcomes == {"login-abandoned": 1}
    assert (life.kept.everything(), life.events()) == (({}, []), [])


@pytest.mark.parametrize("step", ["put_token", "finish"])
def test_a_later_login_cut_off_leaves_a_token_that_works(
    life: Life, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    life.connect()
    life.clock.pass_days(10)
    before = life.token()
    cut_off_login(life, monkeypatch, step)
    life.clock.advance(301)
    assert life.run().outcomes == {"checked": 1}
    assert (life.token() == before) is (step == "put_token")
    assert life.events() == ["Connected"] + ["Renewed"] * (step == "finish")
    life.assert_healthy()


def test_a_record_that_says_nonsense_fails_alone(life: Life, deployed: boto3.Session) -> None:
    life.connect()
    life.connect("jonas")
    deployed.client("dynamodb").update_item(
        TableName=stack.CONNECTIONS,
        Key={"connection_id": {"S": MARIA}},
        UpdateExpression="SET token_version = :nonsense",
        ExpressionAttributeValues={":nonsense": {"S": json.dumps("?")}},
    )
    assert life.next_day().outcomes == {"failed": 1, "checked": 1}
    assert life.token()

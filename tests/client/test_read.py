"""A token and the metadata that describes this very token, or why there is none."""

import pickle
from datetime import UTC, datetime, timedelta

import pytest
from aws_lambda_powertools.utilities.parameters import SSMProvider
from botocore.exceptions import ClientError

from tests.client.store import PREFIX, Clock, Store
from tests.support.people import MARIA
from whatsapp_connect_reader import Account, NotReady, NotUsable, PhoneNumberRequired, ReconnectRequired, TokenReader

NUMBERS = [
    {"id": number, "display_phone_number": "+1 202-555-0100", "verified_name": "Bakery", **more}
    for number, more in (("41", {"waba_id": "31", "status": "CONNECTED", "registered": True}), ("42", {}))
]


def test_token_and_metadata_are_one_pair(reader: TokenReader, store: Store) -> None:
    store.connect("EAAone")
    connection = reader.read(MARIA)
    assert connection.access_token == "EAAone"
    assert connection.authorization == {"Authorization": "Bearer EAAone"}
    assert connection.token_version == 1
    assert connection.expires_at == datetime(2026, 12, 31, 8, tzinfo=UTC)
    assert connection.phone_numbers[0].id == "400000000000001"
    assert connection.waba_ids == ("300000000000001",)


def test_token_newer_than_its_metadata_is_not_returned_with_it(reader: TokenReader, store: Store) -> None:
    store.connect("EAAold")
    store.put_token("EAAnew")
    assert (reader.read(MARIA).access_token, reader.read(MARIA).token_version) == ("EAAold", 1)


def test_a_token_replaced_between_the_two_reads_stays_with_its_metadata(reader: TokenReader, store: Store) -> None:
    store.connect("EAAold")
    store.before_read = [lambda: None, lambda: store.connect("EAAnew")]
    connection = reader.read(MARIA)
    assert (connection.access_token, connection.token_version) == ("EAAold", 1)


def test_a_pair_that_changes_under_the_reader_is_read_again(reader: TokenReader, store: Store, clock: Clock) -> None:
    store.connect("EAAold")
    store.before_read = [lambda: None, store.delete_token, lambda: store.connect("EAAnew", status="expiring")]
    connection = reader.read(MARIA)
    assert (connection.access_token, connection.status) == ("EAAnew", "expiring")
    assert clock.pauses == [0.2]


def test_metadata_that_follows_the_first_token_is_waited_for(reader: TokenReader, store: Store, clock: Clock) -> None:
    store.put_token("EAAfirst")
    store.before_read = [lambda: None, lambda: None, store.put_metadata]
    assert reader.read(MARIA).access_token == "EAAfirst"
    assert clock.pauses == [0.2]


def test_metadata_that_does_not_come_is_not_waited_for_long(reader: TokenReader, store: Store, clock: Clock) -> None:
    store.put_token("EAAfirst")
    with pytest.raises(NotReady) as caught:
        reader.read(MARIA)
    assert sum(clock.pauses) < 2
    assert caught.value.connection_id == MARIA
    store.put_metadata()
    assert reader.read(MARIA).access_token == "EAAfirst"


@pytest.mark.parametrize(
    ("status", "reason"), [("expired", "expired"), ("revoked", "password-changed"), ("revoked", None)]
)
def test_event_of_a_lost_connection_names_the_cause(
    reader: TokenReader, store: Store, status: str, reason: str | None
) -> None:
    store.put_metadata(status=status, status_reason=reason)
    with pytest.raises(ReconnectRequired) as caught:
        reader.read(MARIA)
    assert (caught.value.connection_id, caught.value.status, caught.value.status_reason) == (
        MARIA,
        status,
        reason,
    )


def test_a_connection_that_never_was_or_was_deleted(reader: TokenReader, store: Store, clock: Clock) -> None:
    with pytest.raises(ReconnectRequired) as caught:
        reader.read(MARIA)
    assert (caught.value.status, caught.value.status_reason) == (None, "not-connected")
    assert clock.pauses == []


def test_deleted_token_needs_a_reconnect(reader: TokenReader, store: Store) -> None:
    store.put_metadata()
    with pytest.raises(ReconnectRequired) as caught:
        reader.read(MARIA)
    assert caught.value.status_reason == "parameter-missing"


def test_expiring_token_is_returned(reader: TokenReader, store: Store) -> None:
    store.connect("EAAone", status="expiring")
    assert reader.read(MARIA).status == "expiring"


def test_metadata_that_are_cut_say_so(reader: TokenReader, store: Store) -> None:
    store.connect("EAAone", truncated=True)
    assert reader.read(MARIA).truncated


def test_a_token_that_does_not_expire(reader: TokenReader, store: Store) -> None:
    store.connect("EAAone", expires_at=None, data_access_expires_at=None)
    connection = reader.read(MARIA)
    assert (connection.expires_at, connection.days_left, connection.data_access_days_left) == (
        None,
        None,
        None,
    )


def test_accounts_and_numbers_have_the_state_of_their_set_up(reader: TokenReader, store: Store) -> None:
    account = {"id": "31", "name": "Bakery", "subscribed": True, "can_send": "BLOCKED", "problem_code": 141006}
    store.connect("EAAone", usable=True, accounts=[account], phone_numbers=NUMBERS)
    connection = reader.read(MARIA)
    assert connection.usable
    assert connection.accounts == (Account("31", "Bakery", subscribed=True, can_send="BLOCKED", problem_code=141006),)
    first = connection.phone_number("41")
    assert (first.waba_id, first.status, first.registered) == ("31", "CONNECTED", True)


def test_metadata_without_the_set_up_are_read(reader: TokenReader, store: Store) -> None:
    store.connect("EAAone", accounts=[{"id": "31"}])
    connection = reader.read(MARIA)
    assert (connection.usable, connection.accounts) == (False, (Account("31"),))
    assert not connection.phone_number().registered


def test_only_phone_number_is_the_one_to_send_from(reader: TokenReader, store: Store) -> None:
    store.connect("EAAone", phone_numbers=NUMBERS[:1])
    connection = reader.read(MARIA)
    assert (connection.phone_number().id, connection.phone_number("").id) == ("41", "41")


def test_named_phone_number_is_used_even_if_metadata_do_not_list_it(reader: TokenReader, store: Store) -> None:
    store.connect("EAAone", phone_numbers=NUMBERS)
    connection = reader.read(MARIA)
    assert (connection.phone_number("42").id, connection.phone_number("42").verified_name) == ("42", "Bakery")
    assert (connection.phone_number("43").id, connection.phone_number("43").verified_name) == ("43", "")


@pytest.mark.parametrize(
    ("numbers", "truncated", "ids"), [([], False, ()), (NUMBERS, False, ("41", "42")), (NUMBERS[:1], True, ("41",))]
)
def test_phone_number_that_is_not_the_only_one_must_be_named(
    reader: TokenReader, store: Store, numbers: list[object], *, truncated: bool, ids: tuple[str, ...]
) -> None:
    store.connect("EAAone", phone_numbers=numbers, truncated=truncated)
    connection = reader.read(MARIA)
    with pytest.raises(PhoneNumberRequired) as caught:
        connection.phone_number()
    assert (caught.value.connection_id, caught.value.phone_number_ids) == (MARIA, ids)
    assert all(one in str(caught.value) for one in (MARIA, *ids))


def test_read_waits_until_connection_is_usable(reader: TokenReader, store: Store, clock: Clock) -> None:
    store.connect("EAAone", usable=False)
    reader.read(MARIA)
    store.before_read = [lambda: None, lambda: None, lambda: store.connect("EAAone", usable=True)]
    assert reader.read(MARIA, wait=10, usable=True).usable
    assert sum(clock.pauses) == 2


@pytest.mark.parametrize("reason", ["accounts-unknown", None])
def test_connection_that_does_not_become_usable_says_why(
    reader: TokenReader, store: Store, clock: Clock, reason: str | None
) -> None:
    store.connect("EAAone", usable=False, status_reason=reason)
    with pytest.raises(NotUsable) as caught:
        reader.read(MARIA, wait=3, usable=True)
    assert (caught.value.connection_id, caught.value.status_reason) == (MARIA, reason)
    assert clock.now == 1003
    assert reader.read(MARIA).access_token == "EAAone"


def test_lost_connection_is_not_called_unusable(reader: TokenReader, store: Store) -> None:
    store.put_metadata(status="revoked", status_reason="checkpoint")
    with pytest.raises(ReconnectRequired):
        reader.read(MARIA, usable=True)


@pytest.mark.parametrize(("hours", "days"), [(24 * 14 + 1, 14), (23, 0), (-30, 0)])
def test_days_left(reader: TokenReader, store: Store, hours: int, days: int) -> None:
    end = (datetime.now(UTC) + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")
    store.connect("EAAone", expires_at=end, data_access_expires_at=end)
    connection = reader.read(MARIA)
    assert (connection.days_left, connection.data_access_days_left) == (days, days)


@pytest.mark.parametrize("connection_id", ["", "a/b", "../app-secret", "a:3", "a b", "x" * 65, "..", "-a"])
def test_invalid_connection_id_is_not_looked_up(reader: TokenReader, store: Store, connection_id: str) -> None:
    with pytest.raises(ValueError, match="connection id"):
        reader.read(connection_id)
    assert store.reads == []


def test_errors_of_aws_are_botocores(reader: TokenReader, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: object) -> None:
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": ""}}, "GetParameter")

    monkeypatch.setattr(store, "get_parameter", refuse)
    with pytest.raises(ClientError):
        reader.read(MARIA)


def test_the_token_is_in_no_repr_and_no_message(reader: TokenReader, store: Store) -> None:
    store.connect("EAAone")
    connection = reader.read(MARIA)
    assert "EAAone" not in repr(connection) + repr(reader) + repr(vars(reader))
    with pytest.raises(ReconnectRequired) as caught:
        reader.read_again(connection)
    assert "EAAone" not in repr(caught.value) + str(caught.value)


def test_exceptions_survive_being_sent_to_another_process() -> None:
    lost = ReconnectRequired(MARIA, status="revoked", status_reason="checkpoint")
    back = pickle.loads(pickle.dumps(lost))
    assert (back.connection_id, back.status, back.status_reason) == (MARIA, "revoked", "checkpoint")
    assert pickle.loads(pickle.dumps(NotReady(MARIA))).connection_id == MARIA
    assert pickle.loads(pickle.dumps(NotUsable(MARIA, status_reason="no-account"))).status_reason == "no-account"
    assert pickle.loads(pickle.dumps(PhoneNumberRequired(MARIA, ("41",)))).phone_number_ids == ("41",)


def test_a_client_is_made_where_none_is_given(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    store.connect("EAAone")
    assert TokenReader(f"{PREFIX}/").read(MARIA).access_token == "EAAone"


def test_the_client_of_powertools_will_do(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    parameters = SSMProvider()
    reader = TokenReader(PREFIX, client=parameters.client)
    store.connect("EAAold")
    reader.read(MARIA)
    store.connect("EAAnew")
    reader.forget(MARIA)
    assert reader.read(MARIA).access_token == "EAAnew"

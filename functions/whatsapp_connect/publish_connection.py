"""Make Parameter Store, AccountTable and EventBridge agree with the record of a connection.

It acts on the record as it is now, so it may run twice, late, or for an old change. Parameter Store has no conditional
write, so a slow publisher could put an older token back. After every put or delete the record is read again, and the
work is repeated if it changed. A publisher can be killed before that, so checks compare the parameter's version with
the recorded one.
"""

from collections.abc import Callable
from dataclasses import replace
from itertools import takewhile
from time import time

from whatsapp_connect import events
from whatsapp_connect.account_index import AccountIndex
from whatsapp_connect.cipher import Cipher
from whatsapp_connect.connections import ConnectionStore
from whatsapp_connect.deletions import DeletedConnection, DeletionStore
from whatsapp_connect.errors import ConflictError, RecordUnreadableError, TokenUnreadableError
from whatsapp_connect.event_bus import EventBus
from whatsapp_connect.model import ConnectionRecord, HistoryEvent, Published
from whatsapp_connect.parameters import ParameterStore
from whatsapp_connect.pins import PinStore

REST_S = 30
"""Wait between deleting a parameter and making one of the same name.
https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DeleteParameter.html"""
MIN_PAUSE_S = 60
MAX_PAUSE_S = 3_600
"""The pause after a failure: it doubles from the shortest to the longest."""
_MAX_ROUNDS = 10
_OF_A_NEW_TOKEN = frozenset({"Connected", "Reconnected", "Renewed"})


class PublishFlow:
    def __init__(
        self,
        *,
        connections: ConnectionStore,
        parameters: ParameterStore,
        cipher: Cipher,
        pins: PinStore,
        pin_cipher: Cipher,
        accounts: AccountIndex,
        deletions: DeletionStore,
        bus: EventBus,
        stack: str,
        reconnect_url: str,
        service_name: str,
        metadata: bool,
        before_write: Callable[[], None],
        on_trouble: Callable[[str, str, Exception], None],
        after_login: Callable[[ConnectionRecord], None],
        clock: Callable[[], float] = time,
    ) -> None:
        """`reconnect_url` is where people connect again, before the connection ID; "" if that is switched off.

        `service_name` is the name that they know, or "". `metadata` says whether connections have a metadata parameter.
        `before_write` is called before each write to Parameter Store, to limit their rate. `on_trouble` is called with a
        message, the connection ID and the exception for each failure that is handled. `after_login` is called with the
        record after a login was published.
        """
        self._connections = connections
        self._parameters = parameters
        self._cipher = cipher
        self._pins = pins
        self._pin_cipher = pin_cipher
        self._accounts = accounts
        self._deletions = deletions
        self._bus = bus
        self._stack = stack
        self._reconnect_url = reconnect_url
        self._service_name = service_name
        self._metadata = metadata
        self._before_write = before_write
        self._on_trouble = on_trouble
        self._after_login = after_login
        self._clock = clock

    def publish(self, connection_id: str) -> bool:
        """Publish a connection if that is due. Return whether everything is published.

        Raises errors of DynamoDB, and RecordUnreadableError.
        """
        done: Published | None = None
        for _ in range(_MAX_ROUNDS):
            record = self._load(connection_id)
            if record is None and done not in {None, Published()}:
                # Another publisher deleted the forgotten record meanwhile: delete what this one has put.
                self._parameters.delete_token(connection_id)
                self._parameters.delete_metadata(connection_id)
                self._accounts.change(connection_id, added=(), removed=done.waba_ids)
                done = Published()
                continue
            if record is None or not (done or self._is_due(record)):
                return True
            after, is_settled = self._round(_continued(record, done) if done else record)
            done = after.published
            if is_settled is None:
                continue  # the record has changed
            try:
                self._settle(record, after, is_settled=is_settled)
            except ConflictError:
                continue
            return is_settled
        self._on_trouble("record changes all the time", connection_id, ConflictError())
        return False

    def _load(self, connection_id: str) -> ConnectionRecord | None:
        try:
            return self._connections.load(connection_id)
        except RecordUnreadableError:
            self._connections.put_off_publishing(connection_id, until=int(self._clock()) + MAX_PAUSE_S)
            raise

    def _is_due(self, record: ConnectionRecord) -> bool:
        return record.publish_at is not None and max(record.publish_at, record.publish_not_before) <= self._clock()

    def _round(self, record: ConnectionRecord) -> tuple[ConnectionRecord, bool | None]:
        """Publish what differs. Return the record with what was done, and whether all is done; None to start again."""
        after, is_settled = record, True
        try:
            after = self._publish_token(record)
        except Exception as exception:  # noqa: BLE001  tried again later
            self._on_trouble("token not published", record.connection_id, exception)
            is_settled = False
        if self._has_changed(record):
            return after, None
        sendable = _sendable(after) if is_settled or _token_to_publish(record) else ()
        is_written = False
        try:
            is_written = self._publish_metadata(after)
        except Exception as exception:  # noqa: BLE001  token and events do not wait for it
            self._on_trouble("metadata not published", record.connection_id, exception)
            is_settled = False
        try:
            after, is_indexed = self._publish_accounts(after)
            is_written |= is_indexed
        except Exception as exception:  # noqa: BLE001  nor for this
            self._on_trouble("accounts not published", record.connection_id, exception)
            is_settled = False
        if is_written and self._has_changed(record):
            return after, None
        try:
            after = self._publish_pins(after)
        except Exception as exception:  # noqa: BLE001  nor for this
            self._on_trouble("PINs not published", record.connection_id, exception)
            is_settled = False
        if is_settled:
            after = replace(after, replace_parameter=False)
        after, is_sent = self._send_all(after, sendable)
        return after, is_settled and is_sent

    def _send_all(self, record: ConnectionRecord, sendable: tuple[HistoryEvent, ...]) -> tuple[ConnectionRecord, bool]:
        """Send events. Return the record with the last one that was sent, and whether that is all."""
        for event in sendable:
            try:
                self._send(record, event)
            except Exception as exception:  # noqa: BLE001  sent later
                self._on_trouble("event not sent", record.connection_id, exception)
                return record, False
            record = replace(record, published=replace(record.published, last_sent=event.sequence))
            if event.type in {"Connected", "Reconnected"}:
                self._follow_up(record)
        return record, True

    def _publish_token(self, record: ConnectionRecord) -> ConnectionRecord:
        """Put or delete the token parameter if it differs. Return the record with what is published."""
        if record.is_alive and record.token is None:
            raise TokenUnreadableError("token-missing")  # the record is damaged: leave the parameter as it is
        connection_id, published = record.connection_id, record.published
        version = self._parameters.token_version(connection_id)
        encrypted = _token_to_publish(record)
        if encrypted is None:
            if version:
                self._before_write()
                self._parameters.delete_token(connection_id)
            gone = replace(published, token_number=0, version=0, prefix="", key_id="")
            return replace(record, published=gone)
        there = replace(
            published,
            token_number=record.token_number,
            version=version,
            prefix=self._parameters.prefix,
            key_id=self._parameters.key_id,
        )
        if there == published:
            return record
        token, _ = self._cipher.decrypt(connection_id, encrypted)
        self._before_write()
        version = self._parameters.put_token(connection_id, token)
        return replace(record, published=replace(there, version=version))

    def _publish_metadata(self, record: ConnectionRecord) -> bool:
        """Put or delete the metadata parameter if it differs. Return whether it was written."""
        connection_id = record.connection_id
        there = self._parameters.metadata(connection_id)
        if record.status == "forgotten" or record.replace_parameter or not self._metadata:
            if there is None:
                return False
            self._before_write()
            self._parameters.delete_metadata(connection_id)
            return True
        wanted = events.parameter_text(events.metadata(record))
        if there == wanted:
            return False
        self._before_write()
        self._parameters.put_metadata(connection_id, wanted)
        return True

    def _publish_accounts(self, record: ConnectionRecord) -> tuple[ConnectionRecord, bool]:
        """Make the rows in AccountTable those of the record. Return the record, and whether rows were written."""
        wanted = tuple(account.id for account in record.accounts)
        written = set(record.published.waba_ids)
        added = [waba_id for waba_id in wanted if waba_id not in written]
        removed = sorted({*written, *record.former_waba_ids} - {*wanted})
        if not added and not removed:
            return replace(record, former_waba_ids=()), False
        self._accounts.change(record.connection_id, added=added, removed=removed)
        published = replace(record.published, waba_ids=wanted)
        return replace(record, published=published, former_waba_ids=()), True

    def _publish_pins(self, record: ConnectionRecord) -> ConnectionRecord:
        """Store the PINs of registered phone numbers, or delete them. Return the record with those that wait."""
        registered = {number.id for number in record.phone_numbers if number.registered}
        waiting = dict(record.pins)
        for phone_number_id, encrypted in record.pins.items():
            if encrypted and phone_number_id not in registered:
                continue  # nobody knows yet whether it is the number's PIN
            self._before_write()
            if encrypted:
                pin, _ = self._pin_cipher.decrypt(record.connection_id, encrypted)
                self._pins.put(phone_number_id, pin, replace=False)
            else:
                self._pins.delete(phone_number_id)
            del waiting[phone_number_id]
        return replace(record, pins=waiting)

    def _has_changed(self, record: ConnectionRecord) -> bool:
        """Return whether somebody has written the record since it was read."""
        now = self._connections.load(record.connection_id)
        return now is None or now.revision != record.revision

    def _send(self, record: ConnectionRecord, event: HistoryEvent) -> None:
        detail = events.detail(
            record,
            event,
            stack=self._stack,
            parameter_name=self._parameters.token_name(record.connection_id),
            reconnect_url=f"{self._reconnect_url}/{record.connection_id}" if self._reconnect_url else "",
            service_name=self._service_name,
        )
        self._bus.put(events.SOURCE, event.type, detail)

    def _follow_up(self, record: ConnectionRecord) -> None:
        try:
            self._after_login(record)
        except Exception as exception:  # noqa: BLE001  they are checked within a day anyway
            self._on_trouble("other connections not checked", record.connection_id, exception)

    def _settle(self, record: ConnectionRecord, after: ConnectionRecord, *, is_settled: bool) -> None:
        """Write what was done, and when to go on. Delete a forgotten record once nothing of it is left."""
        if is_settled and record.status == "forgotten":
            self._deletions.store_connection(
                DeletedConnection(record.connection_id, int(self._clock()), record.status_reason or "", record.link_id)
            )
            self._connections.delete(record)
            return
        failures = 0 if is_settled else after.published.failures + 1
        pause = min(MAX_PAUSE_S, MIN_PAUSE_S * 2 ** min(failures - 1, 6)) if failures else 0
        if record.replace_parameter and not after.replace_parameter and record.token is not None:
            # The parameters are deleted. New ones of these names must wait.
            pause = max(pause, REST_S)
        wanted = replace(
            record,
            replace_parameter=after.replace_parameter,
            former_waba_ids=after.former_waba_ids,
            pins=after.pins,
            published=replace(after.published, failures=failures),
            publish_at=record.publish_at if pause else None,
            publish_not_before=int(self._clock() + pause) if pause else 0,
        )
        if wanted != record:
            self._connections.write(record, wanted)


def _continued(record: ConnectionRecord, done: Published) -> ConnectionRecord:
    """Return a record that has changed since this publisher read it, with what this publisher has done."""
    stored = record.published
    published = replace(
        done,
        last_sent=max(done.last_sent, stored.last_sent),
        failures=stored.failures,
        # Another publisher may have made or deleted rows meanwhile, so only what both say is sure to be there.
        waba_ids=tuple(one for one in done.waba_ids if one in stored.waba_ids),
    )
    former = {*record.former_waba_ids, *done.waba_ids, *stored.waba_ids}
    return replace(record, published=published, former_waba_ids=tuple(sorted(former)))


def _token_to_publish(record: ConnectionRecord) -> bytes | None:
    """Return the encrypted token that readers should have now; None if the parameter must be deleted."""
    return None if record.replace_parameter else record.token


def _sendable(record: ConnectionRecord) -> tuple[HistoryEvent, ...]:
    """Return the unsent events that may be sent now. Those of a new token, and all after them, wait for its parameter."""
    unsent = events.unsent(record)
    if record.token is None or record.published.token_number == record.token_number:
        return unsent
    return tuple(takewhile(lambda event: event.type not in _OF_A_NEW_TOKEN, unsent))

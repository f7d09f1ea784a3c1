"""Have Meta send the contacts and the chats of numbers that stay in the WhatsApp Business app, each once.

Meta allows it once for each sign-up of a number, within 24 hours, and sends them as webhooks to the app that is
subscribed. So it is written into the record before Meta is called, only the writer that won calls Meta, and nothing is
repeated of which Meta may have seen the request.
https://developers.facebook.com/documentation/business-messaging/whatsapp/embedded-signup/onboarding-business-app-users
"""

from collections.abc import Callable
from time import time
from typing import get_args

from whatsapp_connect import events, record_changes
from whatsapp_connect.connections import ConnectionStore
from whatsapp_connect.errors import ConflictError, FacebookError, FacebookUnavailableError, LoginError
from whatsapp_connect.model import (
    NO_ANSWER,
    AccessToken,
    Account,
    ConnectionRecord,
    EventType,
    PhoneNumber,
    Sync,
    SyncKind,
)
from whatsapp_connect.token_rules import DAY_S
from whatsapp_connect.whatsapp import WhatsAppClient

KINDS: tuple[SyncKind, ...] = get_args(SyncKind)
"""In the order in which Meta wants to be asked."""
REPEATED, TOO_LATE = 2593107, 2593108
"""Meta's codes for a second request, and for one after 24 hours."""
_MAX_TRIES = 10


def missing(record: ConnectionRecord, *, now: float) -> list[tuple[Account, PhoneNumber, SyncKind]]:
    """Return what Meta was not asked for yet, and may be asked for."""
    return [
        (account, number, kind)
        for account in record.proven_accounts
        for number in account.numbers
        for kind in KINDS
        if number.is_on_biz_app
        and not sync_of(number, kind).asked_at
        and number.contacts.code != TOO_LATE
        and now - _signed_up_at(record, account, number) < DAY_S
    ]


def _signed_up_at(record: ConnectionRecord, account: Account, number: PhoneNumber) -> int:
    """Return the latest time at which the business can have signed the number up.

    That is Facebook's time, or the login that brought the account. A later login of the same connection is no new sign-up.
    """
    return max(number.onboarded_at, min(account.first_seen_at, record.connected_at))


def sync_of(number: PhoneNumber, kind: SyncKind) -> Sync:
    return number.contacts if kind == "contacts" else number.history


class BusinessApp:
    def __init__(
        self, *, connections: ConnectionStore, whatsapp: WhatsAppClient, clock: Callable[[], float] = time
    ) -> None:
        self._connections = connections
        self._whatsapp = whatsapp
        self._clock = clock

    def start(
        self,
        connection_id: str,
        phone_number_id: str,
        kind: SyncKind,
        token: AccessToken,
        *,
        deadline: float,
        again: bool = False,
    ) -> int | None:
        """Have Meta send contacts or history of a number, if it was not asked for them before, or `again`.

        Return 0 if Meta sends them, its code or NO_ANSWER if not, or None if Meta was not asked. `deadline` is on the
        monotonic clock. Raises ConflictError and the errors of AWS before Meta is called, and LoginError if Meta has not
        seen the request, is busy, or refuses the token or the app: then it may be asked again.
        """
        before = self._claim(connection_id, phone_number_id, kind, again=again)
        if before is None:
            return None
        try:
            self._whatsapp.start_sync(phone_number_id, kind, token, deadline=deadline)
        except LoginError as error:
            if _may_be_repeated(error):
                self._write(connection_id, phone_number_id, kind, before)
                raise
            refusal = _refusal(error)
            if refusal == REPEATED and before.code == NO_ANSWER:
                refusal = 0  # the request whose answer did not come has arrived
        else:
            refusal = 0
        self._note(connection_id, phone_number_id, kind, refusal)
        return refusal

    def _claim(self, connection_id: str, phone_number_id: str, kind: SyncKind, *, again: bool) -> Sync | None:
        """Write that Meta is asked. Return what was known before, or None if Meta must not be asked."""
        for _ in range(_MAX_TRIES):
            record = self._connections.load(connection_id)
            number = _number(record, phone_number_id)
            if record is None or number is None or not number.is_on_biz_app:
                return None
            before = sync_of(number, kind)
            if before.asked_at and not again:
                return None
            claim = Sync(int(self._clock()), NO_ANSWER)
            try:
                self._connections.write(record, record_changes.with_sync(record, phone_number_id, kind, claim))
            except ConflictError:
                continue
            return before
        raise ConflictError

    def _note(self, connection_id: str, phone_number_id: str, kind: SyncKind, refusal: int) -> None:
        """Write how it ended, with its event."""
        sync = Sync(int(self._clock()), refusal)
        facts: dict[str, str | int | None] = {"sync": kind, "phone_number_id": phone_number_id}
        if refusal:
            facts["facebook_code"] = None if refusal == NO_ANSWER else refusal
        self._write(connection_id, phone_number_id, kind, sync, facts=facts)

    def _write(
        self,
        connection_id: str,
        phone_number_id: str,
        kind: SyncKind,
        sync: Sync,
        *,
        facts: dict[str, str | int | None] | None = None,
    ) -> None:
        """Write a state, and an event with these facts. If the record is gone, there is nothing to write."""
        for _ in range(_MAX_TRIES):
            record = self._connections.load(connection_id)
            if record is None or _number(record, phone_number_id) is None:
                return
            now = self._clock()
            after = record_changes.with_sync(record, phone_number_id, kind, sync)
            if facts:
                event_type: EventType = "SyncFailed" if sync.code else "SyncStarted"
                after = record_changes.unpublished(events.add_event(after, event_type, now=now, **facts), now=now)
            try:
                self._connections.write(record, after)
            except ConflictError:
                continue
            return


def _may_be_repeated(error: LoginError) -> bool:
    """Return whether Meta has surely done nothing, for a reason that is not the number's."""
    if isinstance(error, FacebookUnavailableError):
        return error.fields.get("facebook_code") is not None or error.fields.get("facebook_asked") is False
    return not isinstance(error, FacebookError)


def _refusal(error: LoginError) -> int:
    code = error.fields.get("facebook_code")
    return code if isinstance(error, FacebookError) and isinstance(code, int) and code else NO_ANSWER


def _number(record: ConnectionRecord | None, phone_number_id: str) -> PhoneNumber | None:
    """Return a phone number of a living connection, or None."""
    if record is None or not record.is_alive:
        return None
    return next((number for number in record.phone_numbers if number.id == phone_number_id), None)

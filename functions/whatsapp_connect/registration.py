"""Register phone numbers for the Cloud API, each once.

Meta allows ten PINs in 72 hours, and a registered number asks for its PIN for ever. So the PIN is written into the
record before Meta is called, only the writer that won calls Meta, and nothing is repeated.
https://developers.facebook.com/documentation/business-messaging/whatsapp/reference/whatsapp-business-phone-number/register-api
"""

import re
import secrets
from collections.abc import Callable
from dataclasses import replace
from time import time
from typing import cast

from whatsapp_connect import record_changes
from whatsapp_connect.cipher import Cipher
from whatsapp_connect.connections import ConnectionStore
from whatsapp_connect.errors import ConflictError, FacebookError, FacebookUnavailableError, LoginError
from whatsapp_connect.model import NO_ANSWER, AccessToken, ConnectionRecord, PhoneNumber
from whatsapp_connect.pins import PinStore
from whatsapp_connect.whatsapp import WhatsAppClient

_MAX_TRIES = 10
PIN = re.compile(r"[0-9]{6}")


class Registrar:
    def __init__(
        self,
        *,
        connections: ConnectionStore,
        cipher: Cipher,
        pins: PinStore,
        whatsapp: WhatsAppClient,
        clock: Callable[[], float] = time,
    ) -> None:
        """`cipher` encrypts PINs."""
        self._connections = connections
        self._cipher = cipher
        self._pins = pins
        self._whatsapp = whatsapp
        self._clock = clock

    def register(
        self, connection_id: str, phone_number_id: str, token: AccessToken, *, deadline: float, again: bool = False
    ) -> int | None:
        """Register a number if it needs that and Meta was not asked before, or `again`.

        Return 0 if it is registered now, Facebook's code or NO_ANSWER if not, or None if Meta was not asked. The PIN is
        the one in Parameter Store; else one that was tried without an answer; else a random one. `deadline` is on the
        monotonic clock. Raises ConflictError, TokenUnreadableError and the errors of AWS before Meta is called, and
        LoginError if Meta refuses the token or the app, or throttles: then no PIN was tried.
        """
        pin = self._claim(connection_id, phone_number_id, again=again)
        if pin is None:
            return None
        try:
            self._whatsapp.register(phone_number_id, pin, token, deadline=deadline)
        except LoginError as error:
            code = error.fields.get("facebook_code")
            is_about_number = isinstance(error, FacebookError | FacebookUnavailableError)
            if not is_about_number or error.reason == "facebook-throttled":
                # The token, the app or its quota is the cause. No PIN was tried.
                self._note(connection_id, phone_number_id, None)
                raise
            is_refused = isinstance(error, FacebookError) and isinstance(code, int) and code != 0
            refusal = cast("int", code) if is_refused else NO_ANSWER
        else:
            refusal = 0
        self._note(connection_id, phone_number_id, refusal)
        return refusal

    def _claim(self, connection_id: str, phone_number_id: str, *, again: bool) -> str | None:
        """Write that Meta is asked, with the PIN. Return the PIN, or None if Meta must not be asked."""
        stored = self._pins.read(phone_number_id)
        for _ in range(_MAX_TRIES):
            record = self._connections.load(connection_id)
            number = _number(record, phone_number_id)
            if record is None or number is None or not number.needs_registration or (number.was_tried and not again):
                return None
            pin, pins = stored, record.pins
            if pin is None and phone_number_id in pins:
                pin, _ = self._cipher.decrypt(connection_id, pins[phone_number_id])
            if pin is None:
                pin = f"{secrets.randbelow(1_000_000):06}"
                pins = {**pins, phone_number_id: self._cipher.encrypt(connection_id, pin)}
            after = record_changes.with_number(record, phone_number_id, register_code=NO_ANSWER)
            try:
                self._connections.write(record, replace(after, pins=pins))
            except ConflictError:
                continue
            return pin
        raise ConflictError

    def _note(self, connection_id: str, phone_number_id: str, refusal: int | None) -> None:
        """Write how it ended; None if no PIN was tried, so that the next check asks. If the record is gone meanwhile, or belongs to somebody else, there is nothing to write."""
        for _ in range(_MAX_TRIES):
            record = self._connections.load(connection_id)
            if record is None or _number(record, phone_number_id) is None:
                return
            # For the event, the refusal is new even if it is the same as that of an earlier attempt.
            before = record_changes.with_number(record, phone_number_id, registered=False, register_code=0)
            after = record_changes.with_number(
                record, phone_number_id, registered=refusal == 0, register_code=refusal or 0
            )
            if refusal not in {0, NO_ANSWER, None}:
                # The PIN is wrong, or was never set.
                after = replace(after, pins={one: pin for one, pin in record.pins.items() if one != phone_number_id})
            now = self._clock()
            after = record_changes.with_set_up_events(after, before, now=now)
            try:
                self._connections.write(record, record_changes.unpublished(after, now=now))
            except ConflictError:
                continue
            return
        # The next check reads from Facebook whether the number is registered.


def _number(record: ConnectionRecord | None, phone_number_id: str) -> PhoneNumber | None:
    """Return a phone number of a living connection, or None."""
    if record is None or not record.is_alive:
        return None
    return next((number for number in record.phone_numbers if number.id == phone_number_id), None)

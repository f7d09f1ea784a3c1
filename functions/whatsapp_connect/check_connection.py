"""Check one connection: ask Facebook about its token, extend it, warn, and end what is dead.

The record is the truth and a message only a hint, so a message that came late or twice does no harm. A connection is
blamed for a failure only if Facebook answers our own app: otherwise the app or the world is in trouble, nothing counts,
and the connection stays due.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from time import monotonic, time
from typing import Literal

from whatsapp_connect import events, record_changes, token_rules
from whatsapp_connect.brake import BrakeStore
from whatsapp_connect.connections import ConnectionStore
from whatsapp_connect.errors import ConflictError, LoginError, TokenUnreadableError
from whatsapp_connect.facebook import FacebookClient
from whatsapp_connect.model import NEVER, AccessToken, ConnectionRecord, TokenInfo
from whatsapp_connect.parameters import ParameterStore
from whatsapp_connect.token_cipher import TokenCipher

FACEBOOK_S = 20.0
"""How long the calls of one check may take."""
APP_ANSWER_S = 60.0
"""How long the answer about our own app is good."""
SAME_QUESTION_S = 60
"""Checks of one connection that are asked for within this time are one."""
_MAX_TRIES = 5

Outcome = Literal[
    "checked",
    "renewed",
    "not-extended",
    "expired",
    "revoked",
    "doubtful",
    "braked",
    "compared",
    "postponed",
    "unavailable",
    "dropped",
    "later",
]


@dataclass(frozen=True, slots=True)
class Request:
    """A message of one of the queues."""

    connection_id: str
    sent_at: float
    asked: bool
    """Somebody asked for it; otherwise it is due."""


class CheckFlow:
    def __init__(
        self,
        *,
        connections: ConnectionStore,
        parameters: ParameterStore,
        cipher: TokenCipher,
        facebook: FacebookClient,
        brake: BrakeStore,
        app_id: str,
        metadata: bool,
        on_trouble: Callable[[str, str, Exception], None],
        clock: Callable[[], float] = time,
    ) -> None:
        """`metadata` is whether there is a metadata parameter. `on_trouble` is told what failed: a message, the connection id and the exception."""
        self._connections = connections
        self._parameters = parameters
        self._cipher = cipher
        self._facebook = facebook
        self._brake = brake
        self._app_id = app_id
        self._metadata = metadata
        self._on_trouble = on_trouble
        self._clock = clock
        self._app_answer: tuple[float, bool] | None = None

    def check(self, request: Request) -> Outcome:
        """Check a connection if the record agrees that there is something to do; return how that ended.

        "later" asks for the message to be sent again in a minute. Raises errors of DynamoDB, and RecordUnreadableError.
        """
        for _ in range(_MAX_TRIES):
            record = self._connections.load(request.connection_id)
            if record is None or record.status == "forgotten":
                return "dropped"
            now = self._clock()
            if request.asked:
                if record.checked_at > request.sent_at:
                    return "dropped"
                if now - record.checked_at < SAME_QUESTION_S:
                    return "later"
            elif record.next_check_at > now:
                return "dropped"
            try:
                return self._check(record)
            except ConflictError:
                continue  # a login, publish or another check has written: look again
        return "postponed"

    def _check(self, record: ConnectionRecord) -> Outcome:
        now = self._clock()
        if not record.is_alive or record.token is None:
            after = replace(record, next_check_at=int(now + token_rules.DAY_S), checked_at=int(now))
            self._write(record, after)
            return "compared"
        try:
            token, key_id = self._cipher.decrypt(record.connection_id, record.token)
        except TokenUnreadableError as error:
            # The key is missing or wrong, which is not the connection's fault: nothing ends but what its dates end.
            self._on_trouble("token not decrypted", record.connection_id, error)
            return self._without_facebook(record, blamed=True)
        if key_id != self._cipher.key_id:
            encrypted = self._cipher.encrypt(record.connection_id, token)
            record = self._connections.write(record, replace(record, token=encrypted))
        deadline = monotonic() + FACEBOOK_S
        access_token = AccessToken(token, expires_in=None)
        try:
            info = self._debug(access_token, deadline=deadline)
        except LoginError as error:
            self._on_trouble("check failed", record.connection_id, error)
            return self._without_facebook(record, blamed=self._app_works())
        if info.is_valid:
            return self._living(record, access_token, info, deadline=deadline)
        return self._invalid(record, info)

    def _debug(self, token: AccessToken, *, deadline: float) -> TokenInfo:
        """Ask the debugger, twice before "invalid" is believed. Raises LoginError."""
        info = self._facebook.debug(token, deadline=deadline)
        return info if info.is_valid else self._facebook.debug(token, deadline=deadline)

    def _living(
        self, record: ConnectionRecord, token: AccessToken, info: TokenInfo, *, deadline: float
    ) -> Outcome:
        now = self._clock()
        if info.app_id != self._app_id or info.user_id != record.user_id:
            # A token cannot change its app or its owner, so the answer or our settings are wrong.
            return self._without_facebook(record, blamed=self._app_works())
        lost = sorted(set(record.scopes) - set(info.scopes))
        accounts = record.accounts
        after = record_changes.with_info(record, info, now=now)
        if not info.waba_ids:
            after = replace(after, accounts=accounts)  # absence proves nothing
        after = replace(
            after,
            checked_at=int(now),
            failures=0,
            doubt_since=0,
            status_reason=None if record.status_reason == "doubtful" else record.status_reason,
        )
        if record.failures >= token_rules.STUCK_FAILURES:
            after = events.add_event(after, "Recovered", now=now)
        if lost:
            after = events.add_event(after, "ScopesReduced", now=now, lost_scopes=" ".join(lost))
        after, outcome = self._extend(after, token, info, deadline=deadline)
        after = record_changes.with_dates(after, now=now)
        after = self._with_numbers(after, token, deadline=deadline)
        self._write(record, after)
        return outcome

    def _extend(
        self, record: ConnectionRecord, token: AccessToken, info: TokenInfo, *, deadline: float
    ) -> tuple[ConnectionRecord, Outcome]:
        """Return the record with a token that is proven to live longer, if Facebook gives one."""
        now = self._clock()
        is_ending = info.expires_at != NEVER and token_rules.is_short(info.expires_at - now)
        if not is_ending or record.extend_after > now:
            return record, "checked"
        try:
            longer = self._facebook.extend(
                token,
                deadline=deadline,
                system_user=info.token_type == "SYSTEM_USER",  # noqa: S105  a kind of token
            )
            better = longer.value != token.value and self._facebook.debug(longer, deadline=deadline)
        except LoginError as error:
            self._on_trouble("not extended", record.connection_id, error)
            better = False
        if not better or not token_rules.is_better(better, info):
            refused = record.extensions_refused + 1
            pause = token_rules.extension_pause_s(refused)
            return replace(record, extensions_refused=refused, extend_after=int(now) + pause), "not-extended"
        after = replace(
            record_changes.with_info(record, better, now=now),
            token=self._cipher.encrypt(record.connection_id, longer.value),
            token_number=max(record.token_number + 1, int(now * 1000)),
            renewed_at=int(now),
            extensions_refused=0,
            extend_after=0,
            publish_at=int(now),
        )
        return events.add_event(after, "Renewed", now=now), "renewed"

    def _invalid(self, record: ConnectionRecord, info: TokenInfo) -> Outcome:
        now = self._clock()
        end = token_rules.end_of(info, now=now) or self._known_end(record)
        if end and end[0] == "expired":
            return self._end(record, "expired", end[1])
        if end:
            return self._end(record, "revoked", end[1])
        if not record.doubt_since:
            after = record_changes.with_dates(
                replace(record, doubt_since=int(now), status_reason="doubtful", checked_at=int(now)), now=now
            )
            self._write(record, replace(after, next_check_at=int(now) + token_rules.DOUBT_S))
            return "doubtful"
        if now - record.doubt_since < token_rules.DOUBT_S:
            after = replace(
                record, checked_at=int(now), next_check_at=record.doubt_since + token_rules.DOUBT_S
            )
            self._write(record, after)
            return "doubtful"
        if not self._brake.take_permit():
            after = replace(record, checked_at=int(now), next_check_at=int(now) + token_rules.DOUBT_S)
            self._write(record, after)
            return "braked"
        return self._end(record, "revoked", "token-invalid")

    def _known_end(self, record: ConnectionRecord) -> tuple[str, str] | None:
        passed = record.token_expires_at != NEVER and record.token_expires_at <= self._clock()
        return ("expired", "expired") if passed else None

    def _end(self, record: ConnectionRecord, status: Literal["expired", "revoked"], reason: str) -> Outcome:
        now = self._clock()
        after = record_changes.ended(record, status, reason, now=now)
        self._connections.write(record, replace(after, checked_at=int(now)))
        return status

    def _without_facebook(self, record: ConnectionRecord, *, blamed: bool) -> Outcome:
        """Do what the record's own dates ask for. A failure counts only where the connection is to blame."""
        now = self._clock()
        if self._known_end(record):
            return self._end(record, "expired", "expired")
        after = record_changes.with_dates(record, now=now)
        if not blamed:
            # It is due: the schedule queues it again once Facebook answers our app.
            self._write(record, replace(after, next_check_at=min(record.next_check_at, int(now))))
            return "unavailable"
        failures = record.failures + 1
        after = replace(
            after,
            failures=failures,
            next_check_at=int(now) + token_rules.failure_pause_s(failures),
        )
        if failures == token_rules.STUCK_FAILURES:
            after = events.add_event(after, "CheckFailed", now=now, failures=failures)
        self._write(record, after)
        return "postponed"

    def _app_works(self) -> bool:
        """Return whether Facebook answers our own app right now. The answer is good for a minute."""
        now = self._clock()
        if self._app_answer is None or now - self._app_answer[0] > APP_ANSWER_S:
            try:
                self._facebook.check_app(deadline=monotonic() + FACEBOOK_S)
            except LoginError:
                self._app_answer = (now, False)
            else:
                self._app_answer = (now, True)
        return self._app_answer[1]

    def _with_numbers(
        self, record: ConnectionRecord, token: AccessToken, *, deadline: float
    ) -> ConnectionRecord:
        """Return the record with the phone numbers of accounts that have none yet."""
        unknown = [account.id for account in record.accounts if not account.numbers]
        if not unknown:
            return record
        try:
            found = self._facebook.phone_numbers(unknown, token, deadline=deadline)
        except LoginError as error:
            self._on_trouble("phone numbers not listed", record.connection_id, error)
            return record
        return replace(record, accounts=record_changes.with_numbers(record.accounts, found))

    def _write(self, before: ConnectionRecord, after: ConnectionRecord) -> None:
        """Write the record, due for publishing if readers see a difference or the parameters are not as recorded."""
        if after == before:
            return
        differs = events.metadata(after) != events.metadata(before) or len(after.history) != len(
            before.history
        )
        if after.publish_at is None and (differs or events.untold(after) or not self._is_published(after)):
            after = replace(after, publish_at=int(self._clock()))
        self._connections.write(before, after)

    def _is_published(self, record: ConnectionRecord) -> bool:
        published = record.published
        if published.key_id != (self._parameters.key_id if record.token else ""):
            return False
        if self._parameters.token_version(record.connection_id) != published.version:
            return False
        text = self._parameters.metadata(record.connection_id)
        return text == (events.parameter_text(events.metadata(record)) if self._metadata else None)

"""Check one connection: ask Facebook about its token, extend it, warn, and end what is dead.

A message is a hint and the record decides, so a message may come late or twice. A failure counts against a connection
only if Facebook answers our own app. Otherwise the app or Facebook is in trouble: nothing is counted, and the
connection stays due.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from time import monotonic, time
from typing import Literal

from whatsapp_connect import business_app, events, record_changes, token_rules
from whatsapp_connect.accounts import AccountFinder
from whatsapp_connect.brake import BrakeStore
from whatsapp_connect.business_app import BusinessApp
from whatsapp_connect.cipher import Cipher
from whatsapp_connect.connections import ConnectionStore
from whatsapp_connect.errors import (
    ConflictError,
    FacebookUnavailableError,
    LoginError,
    SetupError,
    TokenUnreadableError,
)
from whatsapp_connect.facebook import FacebookClient
from whatsapp_connect.model import NEVER, AccessToken, ConnectionRecord, TokenInfo
from whatsapp_connect.parameters import ParameterStore
from whatsapp_connect.registration import Registrar
from whatsapp_connect.set_up import SetUp

FACEBOOK_S = 20.0
"""Time limit for the calls to Facebook in one check."""
SET_UP_S = 30.0
"""Time limit for subscribing the app and reading the condition of every account."""
REGISTER_S = 20.0
"""Time limit for registering phone numbers."""
SYNC_S = 15.0
"""Time limit for asking for contacts and history."""
SET_UP_PAUSE_S = 900
"""When an account is tried again that Facebook neither subscribed nor refused, or asked for contacts and history."""
APP_ANSWER_S = 60.0
"""How long an answer about our own app is used again."""
SAME_QUESTION_S = 60
"""A second request for a check within this time waits for its end."""
_MAX_TRIES = 5

EndStatus = Literal["expired", "revoked"]
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
    """A message from DueQueue or CheckQueue. `sent_at` is in epoch seconds."""

    connection_id: str
    sent_at: float
    asked: bool
    """True if a reader, Meta or an operator asked for the check; False if it is due."""


class CheckFlow:
    def __init__(
        self,
        *,
        connections: ConnectionStore,
        parameters: ParameterStore,
        cipher: Cipher,
        facebook: FacebookClient,
        finder: AccountFinder,
        set_up: SetUp,
        registrar: Registrar | None,
        business_app: BusinessApp | None,
        brake: BrakeStore,
        app_id: str,
        required_scopes: Iterable[str],
        metadata: bool,
        on_trouble: Callable[[str, str, Exception], None],
        clock: Callable[[], float] = time,
    ) -> None:
        """`metadata` says whether connections have a metadata parameter. Without a registrar no number is registered.

        Without a business app no contacts and no history are asked for.

        `on_trouble` is called with a message, the connection ID and the exception for each failure that is handled.
        """
        self._connections = connections
        self._parameters = parameters
        self._cipher = cipher
        self._facebook = facebook
        self._finder = finder
        self._set_up = set_up
        self._registrar = registrar
        self._business_app = business_app
        self._brake = brake
        self._app_id = app_id
        self._required_scopes = frozenset(required_scopes)
        self._metadata = metadata
        self._on_trouble = on_trouble
        self._clock = clock
        self._app_answer: tuple[float, bool] | None = None

    def check(self, request: Request) -> Outcome:
        """Check a connection if its record says that a check is due or useful. Return the outcome.

        "later" means: send the message again in a minute. Raises errors of DynamoDB, and RecordUnreadableError.
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
                continue  # a login, publish or another check has written the record: read it again
        return "postponed"

    def _check(self, record: ConnectionRecord) -> Outcome:
        now = self._clock()
        if not record.is_alive:
            after = replace(record, next_check_at=int(now + token_rules.DAY_S), checked_at=int(now))
            self._write(record, after)
            return "compared"
        try:
            record, token = self._decrypt(record)
        except TokenUnreadableError as error:
            # The key is missing or wrong. Only the record's own dates may end the connection.
            self._on_trouble("token not decrypted", record.connection_id, error)
            return self._without_facebook(record, blamed=True)
        if self._app_failed():
            return self._without_facebook(record, blamed=False)
        deadline = monotonic() + FACEBOOK_S
        try:
            info = self._debug(token, deadline=deadline)
        except Exception as error:  # noqa: BLE001  AWS can fail too: it stores the app secret
            self._on_trouble("check failed", record.connection_id, error)
            return self._without_facebook(record, blamed=self._app_works())
        if info.is_valid:
            return self._living(record, token, info, deadline=deadline)
        return self._invalid(record, info)

    def _decrypt(self, record: ConnectionRecord) -> tuple[ConnectionRecord, AccessToken]:
        """Return the token, and the record with the token encrypted under the current key. Raises TokenUnreadableError."""
        if record.token is None:
            raise TokenUnreadableError("token-missing")
        value, key_id = self._cipher.decrypt(record.connection_id, record.token)
        if key_id != self._cipher.key_id:
            try:
                encrypted = self._cipher.encrypt(record.connection_id, value)
            except Exception as exception:  # noqa: BLE001  the token can be read, so this can wait
                self._on_trouble("token not encrypted again", record.connection_id, exception)
            else:
                record = self._connections.write(record, replace(record, token=encrypted))
        return record, AccessToken(value, expires_in=None)

    def _debug(self, token: AccessToken, *, deadline: float) -> TokenInfo:
        """Ask the debugger. Ask again before "invalid" and its cause are believed. Raises LoginError."""
        info = self._facebook.debug(token, deadline=deadline)
        if info.is_valid:
            return info
        again = self._facebook.debug(token, deadline=deadline)
        return again if again.subcode == info.subcode else replace(again, subcode=None)

    def _living(self, record: ConnectionRecord, token: AccessToken, info: TokenInfo, *, deadline: float) -> Outcome:
        now = self._clock()
        whose = (info.app_id, info.user_id, info.token_type)
        if whose != (self._app_id, record.user_id, record.token_type):
            # A token cannot change its app, owner or type, so the answer or our settings are wrong.
            return self._without_facebook(record, blamed=self._app_works())
        after = record_changes.with_info(record, info, now=now)
        after = replace(after, checked_at=int(now), failures=0, doubt_since=0)
        after, outcome = self._extend(after, token, info, deadline=deadline)
        after, ask_again_at = self._with_accounts(after, info, token, deadline=deadline)
        after, is_complete = self._with_set_up(after, token)
        after = record_changes.with_dates(after, now=now)
        # If Facebook does not take the request for contacts and history now, there is a day to ask again.
        is_complete = is_complete and not (self._business_app and business_app.missing(after, now=now))
        sooner = (ask_again_at, 0 if is_complete else int(now) + SET_UP_PAUSE_S)
        after = replace(after, next_check_at=min([after.next_check_at, *filter(None, sooner)]))
        # Add events last: they hold the new status.
        if record.failures >= token_rules.STUCK_FAILURES:
            after = events.add_event(after, "Recovered", now=now)
        # Facebook lists some permissions for a while that nobody asked for.
        if lost := sorted(self._required_scopes & set(record.scopes) - set(info.scopes)):
            after = events.add_event(after, "ScopesReduced", now=now, lost_scopes=" ".join(lost))
        if outcome == "renewed":
            after = events.add_event(after, "Renewed", now=now)
        after = record_changes.with_account_events(after, record, now=now)
        after = record_changes.with_set_up_events(after, record, now=now)
        self._write(record, after)
        if self._registrar:
            self._register(self._registrar, after, token)
        if self._business_app:
            self._sync(self._business_app, after, token)
        return outcome

    def _extend(
        self, record: ConnectionRecord, token: AccessToken, info: TokenInfo, *, deadline: float
    ) -> tuple[ConnectionRecord, Outcome]:
        """Return the record with an extended token, if it is time and the debugger confirms that the new token is better."""
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
            if not better or not token_rules.is_better(better, info):
                return _not_extended(record, now=now), "not-extended"
            encrypted = self._cipher.encrypt(record.connection_id, longer.value)
        except LoginError as error:
            self._on_trouble("not extended", record.connection_id, error)
            if isinstance(error, FacebookUnavailableError | SetupError):
                return record, "not-extended"  # Facebook has not refused: the next check asks again
            return _not_extended(record, now=now), "not-extended"
        after = replace(
            record_changes.with_info(record, better, now=now),
            token=encrypted,
            token_number=max(record.token_number + 1, int(now * 1000)),
            renewed_at=int(now),
            extensions_refused=0,
            extend_after=0,
        )
        return after, "renewed"

    def _invalid(self, record: ConnectionRecord, info: TokenInfo) -> Outcome:
        now = self._clock()
        end = token_rules.end_of(info, now=now) or self._known_end(record)
        if end:
            return self._end(record, *end)
        outcome: Outcome = "doubtful"
        doubt_since = record.doubt_since or int(now)
        again_at = doubt_since + token_rules.DOUBT_S
        if again_at <= now:
            if self._brake.take_permit():
                return self._end(record, "revoked", "token-invalid")
            outcome, again_at = "braked", int(now) + token_rules.DOUBT_S
        after = record_changes.with_dates(replace(record, doubt_since=doubt_since, checked_at=int(now)), now=now)
        self._write(record, replace(after, next_check_at=min(again_at, after.next_check_at)))
        return outcome

    def _known_end(self, record: ConnectionRecord) -> tuple[EndStatus, str] | None:
        passed = record.token_expires_at != NEVER and record.token_expires_at <= self._clock()
        return ("expired", "expired") if passed else None

    def _end(self, record: ConnectionRecord, status: EndStatus, reason: str) -> Outcome:
        now = self._clock()
        after = record_changes.ended(record, status, reason, now=now)
        self._write(record, replace(after, checked_at=int(now)))
        return status

    def _without_facebook(self, record: ConnectionRecord, *, blamed: bool) -> Outcome:
        """Warn or end by the record's own dates. Count a failure if the connection is to blame."""
        now = self._clock()
        if end := self._known_end(record):
            return self._end(record, *end)
        after = record_changes.with_dates(record, now=now)
        if not blamed:
            # It stays due: the schedule queues it again once Facebook answers our app.
            due = replace(after, next_check_at=min(record.next_check_at, int(now)))
            if due != record:
                self._write(record, due)
            return "unavailable"
        failures = record.failures + 1
        pause_ends = int(now) + token_rules.failure_pause_s(failures)
        after = replace(
            after,
            failures=failures,
            checked_at=int(now),
            next_check_at=min(pause_ends, after.next_date_at or pause_ends),
        )
        if failures == token_rules.STUCK_FAILURES:
            after = events.add_event(after, "CheckFailed", now=now, failures=failures)
        self._write(record, after)
        return "postponed"

    def _app_works(self) -> bool:
        """Return whether Facebook answers our own app. An answer of the last minute is used again."""
        now = self._clock()
        if self._app_answer is None or now - self._app_answer[0] > APP_ANSWER_S:
            try:
                self._facebook.check_app(deadline=monotonic() + FACEBOOK_S)
            except Exception:  # noqa: BLE001  any failure means no
                self._app_answer = (now, False)
            else:
                self._app_answer = (now, True)
        return self._app_answer[1]

    def _app_failed(self) -> bool:
        """Return whether our own app was refused within the last minute. Facebook is not asked."""
        asked_at, works = self._app_answer or (0.0, True)
        return not works and self._clock() - asked_at <= APP_ANSWER_S

    def _with_accounts(
        self, record: ConnectionRecord, info: TokenInfo, token: AccessToken, *, deadline: float
    ) -> tuple[ConnectionRecord, int]:
        """Return the record with its accounts as Facebook lists them, and when to ask about missing ones again, or 0."""
        now = self._clock()
        # If there is no time for all, the next check begins with the others.
        ids = [account.id for account in sorted(record.accounts, key=lambda account: account.checked_at)]
        found = self._finder.prove(ids, token, deadline=deadline)
        if not (record.proven_accounts or found.numbers):
            listed, _ = self._finder.look_up(info, record.client_business_id, token, deadline=deadline)
            found.add(self._finder.prove(listed, token, deadline=deadline))
            found.names |= listed
        if found.trouble:
            self._on_trouble("accounts not read", record.connection_id, found.trouble)
        after = record_changes.with_findings(record, found, now=now)
        ask_again_at = 0
        for account in after.accounts:
            if account.id not in found.missing or account.is_lost:
                continue
            again_at = account.missing_since + token_rules.DOUBT_S
            if again_at <= now:
                if self._brake.take_permit():
                    after = record_changes.lose_account(after, account.id)
                    continue
                again_at = int(now) + token_rules.DOUBT_S
            ask_again_at = min(ask_again_at or again_at, again_at)
        return after, ask_again_at

    def _with_set_up(self, record: ConnectionRecord, token: AccessToken) -> tuple[ConnectionRecord, bool]:
        """Return the record with its accounts set up, and whether Facebook has done or refused all that is missing."""
        deadline = monotonic() + SET_UP_S
        accounts = {account.id: account for account in record.accounts}
        trouble: Exception | None = None
        # If there is no time for all, those that cannot be used yet come first.
        for account in sorted(record.proven_accounts, key=lambda one: one.subscribed):
            if not account.missing_since:
                accounts[account.id], failure = self._set_up.complete(account, token, deadline=deadline)
                trouble = trouble or failure
        if trouble:
            self._on_trouble("accounts not set up", record.connection_id, trouble)
        after = replace(record, accounts=tuple(accounts.values()))
        is_complete = trouble is None or all(one.subscribed or one.subscribe_code for one in after.proven_accounts)
        return after, is_complete

    def _register(self, registrar: Registrar, record: ConnectionRecord, token: AccessToken) -> None:
        """Register the phone numbers that need it and that Facebook was not asked about before."""
        deadline = monotonic() + REGISTER_S
        for number in record.phone_numbers:
            if monotonic() >= deadline:
                return  # the next check goes on
            if number.needs_registration and not number.was_tried:
                try:
                    registrar.register(record.connection_id, number.id, token, deadline=deadline)
                except Exception as exception:  # noqa: BLE001  the check is done; the next one tries again
                    self._on_trouble("number not registered", record.connection_id, exception)

    def _sync(self, app: BusinessApp, record: ConnectionRecord, token: AccessToken) -> None:
        """Have Meta send contacts and history of the numbers of the WhatsApp Business app, if it may be asked for them."""
        deadline = monotonic() + SYNC_S
        too_late: set[str] = set()
        for account, number, kind in business_app.missing(record, now=self._clock()):
            if not account.subscribed or number.id in too_late:
                continue  # what Meta sends must reach the app
            try:
                refusal = app.start(record.connection_id, number.id, kind, token, deadline=deadline)
            except Exception as exception:  # noqa: BLE001  the check is done; the next one tries again
                self._on_trouble("contacts and history not asked for", record.connection_id, exception)
                return
            if refusal == business_app.TOO_LATE:
                too_late.add(number.id)

    def _write(self, before: ConnectionRecord, after: ConnectionRecord) -> None:
        """Write the record. Make it due for publishing if readers see a difference or the parameters differ from it.

        Raises ConflictError if a writer other than publish has written the record since it was read.
        """
        differs = events.metadata(after) != events.metadata(before) or after.history != before.history
        if differs or (after.publish_at is None and not self._is_published(after)):
            after = record_changes.unpublished(after, now=self._clock())
        after = replace(after, queued_until=0)
        for _ in range(_MAX_TRIES):
            try:
                self._connections.write(before, after)
            except ConflictError:
                there = self._connections.load(before.connection_id)
                if there is None or not _differ_by_publishing(before, there):
                    raise
                # Only publish has written: what Facebook said still holds.
                after = replace(
                    after, published=there.published, pins=there.pins, former_waba_ids=there.former_waba_ids
                )
                after = record_changes.unpublished(after, now=self._clock())
                before = there
            else:
                return
        raise ConflictError

    def _is_published(self, record: ConnectionRecord) -> bool:
        try:
            return self._agrees(record)
        except Exception as exception:  # noqa: BLE001  the next check compares again
            self._on_trouble("parameters not compared", record.connection_id, exception)
            return True

    def _agrees(self, record: ConnectionRecord) -> bool:
        published = record.published
        if events.unsent(record):
            return False
        where = (self._parameters.prefix, self._parameters.key_id) if record.is_alive else ("", "")
        if (published.prefix, published.key_id) != where:
            return False
        if self._parameters.token_version(record.connection_id) != published.version:
            return False
        text = self._parameters.metadata(record.connection_id)
        return text == (events.parameter_text(events.metadata(record)) if self._metadata else None)


def _not_extended(record: ConnectionRecord, *, now: float) -> ConnectionRecord:
    refused = record.extensions_refused + 1
    pause = token_rules.extension_pause_s(refused)
    return replace(record, extensions_refused=refused, extend_after=int(now) + pause)


def _differ_by_publishing(one: ConnectionRecord, other: ConnectionRecord) -> bool:
    """Return whether two records differ only in what publish and the schedule write."""
    return one == replace(
        other,
        revision=one.revision,
        published=one.published,
        pins=one.pins,
        former_waba_ids=one.former_waba_ids,
        publish_at=one.publish_at,
        publish_not_before=one.publish_not_before,
        queued_until=one.queued_until,
    )

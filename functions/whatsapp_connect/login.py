"""A login, from Facebook's code to a stored connection.

One transaction ends a login: the record with the encrypted token, the use of the link and the outcome are written
together or not at all. What comes after it never changes the answer: publish does what was not done.
"""

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import count
from time import monotonic, sleep, time

from whatsapp_connect import dialog, events, record_changes, token_rules
from whatsapp_connect.connections import ConnectionStore
from whatsapp_connect.errors import (
    CodeError,
    CommitUnknownError,
    ConflictError,
    LoginError,
    TokenRefusedError,
    TransactionCancelledError,
)
from whatsapp_connect.facebook import FacebookClient
from whatsapp_connect.links import Link, LinkStore
from whatsapp_connect.model import AccessToken, ConnectionRecord, PhoneNumber, TokenInfo
from whatsapp_connect.parameters import ParameterStore
from whatsapp_connect.states import Login, StateStore
from whatsapp_connect.token_cipher import TokenCipher
from whatsapp_connect.transactions import REPEAT_S, TransactionRunner

COMMIT_S = REPEAT_S + 5.0
"""How long a transaction may take whose answer does not come, with a look at the state's row after it."""
STORE_RESERVE_S = COMMIT_S + 3.0
"""Kept back, of the time a login has, for storing the token."""
PHONE_NUMBERS_S = 2.0
"""How long a person waits for the list of phone numbers."""
PUBLISH_AFTER_S = 10
"""When publish takes over from a callback that was cut off."""

_MAX_TRIES = 3
_REFUSED = "ConditionalCheckFailed"


@dataclass(frozen=True, slots=True)
class Verified:
    """A token that Facebook's debugger vouches for."""

    token: AccessToken
    info: TokenInfo
    client_business_id: str


class LoginFlow:
    def __init__(
        self,
        *,
        states: StateStore,
        links: LinkStore,
        connections: ConnectionStore,
        transactions: TransactionRunner,
        cipher: TokenCipher,
        parameters: ParameterStore,
        facebook: FacebookClient,
        app_id: str,
        required_scopes: Iterable[str],
        on_trouble: Callable[[str, Exception], None],
        clock: Callable[[], float] = time,
    ) -> None:
        """`on_trouble` is told what went wrong after the commit, as a message and the exception."""
        self._states = states
        self._links = links
        self._connections = connections
        self._transactions = transactions
        self._cipher = cipher
        self._parameters = parameters
        self._facebook = facebook
        self._app_id = app_id
        self._required_scopes = tuple(required_scopes)
        self._on_trouble = on_trouble
        self._clock = clock

    def finish(
        self, login: Login, answer: dict[str, str], *, reference: str, deadline: float
    ) -> tuple[str, dict[str, str]]:
        """Turn Facebook's answer into a connection; return its id and the outcome to show.

        `answer` has Facebook's parameters; `deadline` is on the monotonic clock. Raises LoginError where nothing was
        stored.
        """
        if refusal := dialog.refusal(answer):
            raise refusal
        if "code" not in answer:
            raise CodeError("code-missing")
        link = self._links.load(login.link) if login.link else None
        verified = self.verify(
            self._exchange(answer["code"], login.redirect_uri, deadline=deadline - STORE_RESERVE_S),
            deadline=deadline - STORE_RESERVE_S,
        )
        connection_id = link.connection_id if link else verified.info.user_id
        record, outcome = self._commit(
            connection_id, verified, login=login, link=link, reference=reference, deadline=deadline
        )
        if record is None:
            return connection_id, outcome
        numbers = self._publish_first(record, verified, deadline=deadline)
        shown = "\n".join(f"{one.display_phone_number} ({one.verified_name})" for one in numbers[:5])
        return connection_id, outcome | {"accounts": shown}

    def verify(self, token: AccessToken, *, deadline: float) -> Verified:
        """Return the token, extended if it is short, with what the debugger says. Raises LoginError."""
        is_short = token.expires_in is not None and token_rules.is_short(token.expires_in)
        if is_short:
            token = self._extend(token, seconds_left=token.expires_in or 0, deadline=deadline)
        try:
            info = self._facebook.debug(token, deadline=deadline)
        except TokenRefusedError:
            # The app has just been given this token: if the debugger refuses it, it is our own question that is wrong.
            self._facebook.check_app(deadline=deadline)
            raise
        left = info.expires_at - self._clock()
        if not is_short and info.is_valid and info.expires_at and token_rules.is_short(left):
            # Facebook did not say how long the token lives, and it is not long.
            longer = self._extend(
                token,
                seconds_left=left,
                deadline=deadline,
                system_user=info.token_type == "SYSTEM_USER",  # noqa: S105  a kind of token
            )
            if longer is not token:
                token, info = longer, self._facebook.debug(longer, deadline=deadline)
        token_rules.require_acceptable(
            info, app_id=self._app_id, required_scopes=self._required_scopes, now=self._clock()
        )
        business = ""
        if info.token_type == "SYSTEM_USER":  # noqa: S105  a kind of token
            business = self._facebook.client_business_id(token, deadline=deadline)
        return Verified(token, info, business)

    def _extend(
        self, token: AccessToken, *, seconds_left: float, deadline: float, system_user: bool = False
    ) -> AccessToken:
        """Return a token that lives longer, or the same one where Facebook gives none and it lives long enough.

        The checks ask for a longer one again. Raises LoginError.
        """
        try:
            return self._facebook.extend(token, deadline=deadline, system_user=system_user)
        except LoginError as error:
            if seconds_left < token_rules.MIN_LIFETIME_S:
                raise
            self._on_trouble("not extended", error)
            return token

    def store(self, connection_id: str, verified: Verified, *, any_user: bool, deadline: float) -> ConnectionRecord:
        """Store a token that an operator brings, as a login would. Raises LoginError."""
        encrypted = self._cipher.encrypt(connection_id, verified.token.value)
        for tries in count(1):
            _require_time(deadline)
            before = self._connections.load(connection_id)
            self._require_owner(before, verified, connection_id, any_user=any_user, has_link=True)
            after = self._record(before, verified, encrypted, connection_id, link_id="")
            after, write = self._connections.login_write(connection_id, before, after)
            try:
                self._transactions.commit([write])
            except TransactionCancelledError:
                _pause(tries)
            except CommitUnknownError:
                raise LoginError("token-not-stored") from None
            else:
                self._publish_first(after, verified, deadline=deadline)
                return after
        raise AssertionError

    def _exchange(self, code: str, redirect_uri: str, *, deadline: float) -> AccessToken:
        return self._facebook.exchange_code(code, redirect_uri=redirect_uri, deadline=deadline)

    def _commit(
        self,
        connection_id: str,
        verified: Verified,
        *,
        login: Login,
        link: Link | None,
        reference: str,
        deadline: float,
    ) -> tuple[ConnectionRecord | None, dict[str, str]]:
        """Write record, link and outcome in one transaction; return the record, or None if a later login has won."""
        encrypted = self._cipher.encrypt(connection_id, verified.token.value)
        outcome = {
            "reason": "connected",
            "reference": reference,
            "expires_at": str(verified.info.expires_at),
            "accounts": "",
        }
        for tries in count(1):
            _require_time(deadline)
            before = self._connections.load(connection_id)
            if before and _gives_way(before, verified, login):
                outcome |= {"expires_at": str(before.token_expires_at)}
                return None, self._states.finish(login, outcome)
            self._require_owner(
                before,
                verified,
                connection_id,
                any_user=link is not None and link.any_user,
                has_link=link is not None,
            )
            after = self._record(
                before,
                verified,
                encrypted,
                connection_id,
                link_id=link.hash[:16] if link else "",
            )
            after, write = self._connections.login_write(
                connection_id, before, replace(after, login_at=login.consumed_at)
            )
            writes = [write, self._states.outcome_write(login, outcome)]
            if link:
                writes.append(self._links.use_write(link))
            try:
                self._transactions.commit(writes)
            except TransactionCancelledError as cancelled:
                if cancelled.reasons[1:2] != (_REFUSED,):
                    if link and cancelled.reasons[2:] == (_REFUSED,):
                        self._links.check(link)  # raises what is wrong with it
                    _pause(tries)
                    continue
            except CommitUnknownError:
                pass
            else:
                return after, outcome
            if self._states.outcome(login) != outcome:  # the state's row tells
                raise LoginError("token-not-stored")
            return after, outcome
        raise AssertionError

    def _require_owner(
        self,
        before: ConnectionRecord | None,
        verified: Verified,
        connection_id: str,
        *,
        any_user: bool,
        has_link: bool,
    ) -> None:
        """Return if the token may become the connection's. Raises LoginError."""
        info, business = verified.info, verified.client_business_id
        if before is None or before.status == "forgotten":
            if connection_id.isdigit() and connection_id != verified.info.user_id:
                raise LoginError("connection-taken")
        elif not (any_user or record_changes.is_same_owner(before, info, business, has_link=has_link)):
            raise LoginError("connection-taken")

    def _record(
        self,
        before: ConnectionRecord | None,
        verified: Verified,
        encrypted: bytes,
        connection_id: str,
        *,
        link_id: str,
    ) -> ConnectionRecord:
        now, info, business = self._clock(), verified.info, verified.client_business_id
        start = before or ConnectionRecord(connection_id, revision=0)
        is_known = before is not None and before.status != "forgotten"
        owner_changed = (
            before is not None and is_known and not record_changes.is_same_owner(before, info, business, has_link=True)
        )
        replaced = start.replace_parameter or owner_changed or (before is not None and not is_known)
        after = replace(
            start,
            token=encrypted,
            token_number=max(start.token_number + 1, int(now * 1000)),
            client_business_id=business or (start.client_business_id if start.user_id == info.user_id else ""),
            accounts=start.accounts if is_known and not owner_changed else (),
            status="active",
            status_reason=None,
            link_id=link_id,
            connected_at=int(now),
            checked_at=int(now),
            failures=0,
            doubt_since=0,
            extend_after=0,
            extensions_refused=0,
            warned_days=None,
            data_access_warned_days=None,
            replace_parameter=replaced,
        )
        after = record_changes.with_info(after, info, now=now)
        after = replace(record_changes.unpublished(after, now=now), publish_not_before=int(now) + PUBLISH_AFTER_S)
        if owner_changed:
            after = events.add_event(after, "OwnerChanged", now=now)
        after = events.add_event(after, "Reconnected" if is_known else "Connected", now=now)
        return record_changes.with_dates(after, now=now)

    def _publish_first(
        self, record: ConnectionRecord, verified: Verified, *, deadline: float
    ) -> tuple[PhoneNumber, ...]:
        """Try once to give readers the token, and list the phone numbers. Nothing here can fail the login."""
        version = 0
        if not record.replace_parameter:
            try:
                version = self._parameters.put_token(record.connection_id, verified.token.value)
            except Exception as exception:  # noqa: BLE001  publish does it
                self._on_trouble("token left to publish", exception)
        found = self._phone_numbers(record, verified, deadline=deadline)
        accounts = record_changes.with_numbers(record.accounts, found)
        try:
            self._ask_for_publishing(replace(record, accounts=accounts), record, version=version)
        except Exception as exception:  # noqa: BLE001  publish comes by itself in ten seconds
            self._on_trouble("publishing not asked for", exception)
        return tuple(number for account in accounts for number in account.numbers)

    def _ask_for_publishing(self, wanted: ConnectionRecord, before: ConnectionRecord | None, *, version: int) -> None:
        """Write what was published, and have publish do the rest. `version` is of the parameter that was put, or 0."""
        for _ in range(_MAX_TRIES):
            if before is None:  # forgotten meanwhile, and published so: nothing may come back
                if version:
                    self._parameters.delete_token(wanted.connection_id)
                return
            after = record_changes.unpublished(before, now=self._clock())
            if before.token_number == wanted.token_number:
                if before.replace_parameter != wanted.replace_parameter:
                    return  # publish is at work, and the name of the parameter rests
                after = replace(after, accounts=wanted.accounts if before.is_alive else before.accounts)
                if version:
                    after = replace(
                        after,
                        published=replace(
                            before.published,
                            token_number=wanted.token_number,
                            version=version,
                            prefix=self._parameters.prefix,
                            key_id=self._parameters.key_id,
                        ),
                    )
            elif not version:
                return
            # Otherwise another token has come since, and ours may be in its place: publish compares.
            try:
                self._connections.write(before, after)
            except ConflictError:
                before = self._connections.load(wanted.connection_id)
            else:
                return

    def _phone_numbers(
        self, record: ConnectionRecord, verified: Verified, *, deadline: float
    ) -> dict[str, tuple[PhoneNumber, ...]]:
        try:
            return self._facebook.phone_numbers(
                record.waba_ids, verified.token, deadline=min(deadline, monotonic() + PHONE_NUMBERS_S)
            )
        except LoginError as error:
            self._on_trouble("phone numbers not listed", error)
            return {}


def _require_time(deadline: float) -> None:
    """Return while there is time for a transaction and its answer. Raises LoginError."""
    if monotonic() > deadline - COMMIT_S:
        raise LoginError("token-not-stored")


def _pause(tries: int) -> None:
    """Wait a little before the record is read again."""
    sleep(random.uniform(0.02, min(1.0, 0.1 * 2**tries)))  # noqa: S311  jitter, not a secret


def _gives_way(before: ConnectionRecord, verified: Verified, login: Login) -> bool:
    """Return whether the record is of a login of the same person that came back later, and still alive."""
    return before.is_alive and before.login_at > login.consumed_at and before.user_id == verified.info.user_id

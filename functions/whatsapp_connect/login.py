"""A login, from Facebook's code to a stored connection.

One transaction ends a login: the record with the encrypted token, the use of the link and the outcome are written
together or not at all. What follows never changes the answer: publish does what was not done.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import count
from time import monotonic, time
from typing import TYPE_CHECKING

from whatsapp_connect import events, record_changes, repeated_logins, token_rules
from whatsapp_connect.accounts import AccountFinder
from whatsapp_connect.cipher import Cipher
from whatsapp_connect.connections import ConnectionStore
from whatsapp_connect.dialog import Answer
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
from whatsapp_connect.model import AccessToken, ConnectionRecord, EventType, Findings, TokenInfo
from whatsapp_connect.parameters import ParameterStore
from whatsapp_connect.states import Login, StateStore
from whatsapp_connect.transactions import REPEAT_S, TransactionRunner
from whatsapp_connect.waiting import pause

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

COMMIT_S = REPEAT_S + 5.0
"""How long a transaction whose answer does not come may take, with a look at the state's row after it."""
STORE_RESERVE_S = COMMIT_S + 3.0
"""How much of a login's time is reserved for storing the token."""
ACCOUNTS_S = 2.0
"""How long a person waits for what Facebook says of their accounts."""
ASK_AGAIN_S = 2.0
"""How long to wait, at most, before a new token that is called invalid without a cause is asked about again."""
SET_UP_AFTER_S = 900
"""When the schedule has a new connection set up that publish has not asked a check for."""
SHOWN_NUMBERS = 5
"""How many phone numbers the page lists after a login."""

_REFUSED = "ConditionalCheckFailed"


@dataclass(frozen=True, slots=True)
class Verified:
    """A token that Facebook's debugger has confirmed."""

    token: AccessToken
    info: TokenInfo
    client_business_id: str


@dataclass(frozen=True, slots=True)
class Target:
    """The connection that a token is for."""

    connection_id: str
    any_user: bool
    """Whether another owner than before may take it over."""
    is_invited: bool
    """Whether a link or an operator names the connection; otherwise the person has chosen it."""
    must_exist: bool = False
    """Whether the login may only replace a token, and never make a connection."""
    link: Link | None = None
    waba_ids: tuple[str, ...] = ()
    """WhatsApp Business accounts that the link or the operator names."""
    claimed_waba_ids: tuple[str, ...] = ()
    """Those that the browser names. That the token does not reach them says nothing."""


class LoginFlow:
    def __init__(
        self,
        *,
        states: StateStore,
        links: LinkStore,
        connections: ConnectionStore,
        transactions: TransactionRunner,
        cipher: Cipher,
        parameters: ParameterStore,
        facebook: FacebookClient,
        finder: AccountFinder,
        app_id: str,
        required_scopes: Iterable[str],
        on_trouble: Callable[[str, Exception], None],
        clock: Callable[[], float] = time,
    ) -> None:
        """`on_trouble` is called with a message and an exception for each failure that does not fail the login."""
        self._states = states
        self._links = links
        self._connections = connections
        self._transactions = transactions
        self._cipher = cipher
        self._parameters = parameters
        self._facebook = facebook
        self._finder = finder
        self._app_id = app_id
        self._required_scopes = tuple(required_scopes)
        self._on_trouble = on_trouble
        self._clock = clock

    def finish(self, login: Login, answer: Answer, *, reference: str, deadline: float) -> tuple[str, dict[str, str]]:
        """Turn Facebook's answer into a connection. Return its ID and the outcome to show.

        `deadline` is on the monotonic clock. Raises LoginError if nothing was stored.
        """
        if answer.refusal:
            raise answer.refusal
        if not answer.code:
            raise CodeError("code-missing")
        link = self._links.load(login.start.link) if login.start.link else None
        facebook_deadline = deadline - STORE_RESERVE_S
        # The code of a sign-up in a window lives 30 seconds, so nothing is asked of Facebook before it is exchanged.
        token = self._facebook.exchange_code(
            answer.code, redirect_uri=login.redirect_uri if answer.is_redirect else None, deadline=facebook_deadline
        )
        verified = self.verify(token, deadline=facebook_deadline)
        connection_id = login.connection_id or verified.info.user_id
        target = Target(
            connection_id,
            any_user=bool(link and link.any_user),
            is_invited=bool(link),
            must_exist=bool(login.start.reconnect),
            link=link,
            waba_ids=link.waba_ids if link else (),
            claimed_waba_ids=answer.claimed_waba_ids,
        )
        before = self._connections.load(connection_id)
        if target.must_exist:
            # A stranger learns nothing, and changes nothing, whether the connection exists or not.
            _require_owner(before, verified, target, Findings())
        found = self._find_accounts(before, verified, target, deadline=facebook_deadline)
        outcome = {
            "reason": "connected",
            "reference": reference,
            "expires_at": str(verified.info.expires_at),
            "numbers": "",
            "more_numbers": "",
            "more_accounts": "",
            "is_unknown": "" if found.numbers or verified.info.target_ids else "yes",
        }
        record = self._commit(target, verified, found, before=before, login=login, outcome=outcome, deadline=deadline)
        if record.login_at > login.consumed_at:  # of a later login
            outcome["expires_at"] = str(record.token_expires_at)
            return connection_id, self._states.finish(login, outcome)
        record = self._publish_first(record, verified, deadline=deadline)
        return connection_id, outcome | _shown(record)

    def verify(self, token: AccessToken, *, deadline: float) -> Verified:
        """Return the token with what Facebook's debugger says, extended if it is short. Raises LoginError."""
        is_short = token.expires_in is not None and token_rules.is_short(token.expires_in)
        if is_short:
            token = self._extend(token, left_s=token.expires_in or 0, deadline=deadline)
        info = self._debug(token, deadline=deadline)
        left_s = info.expires_at - self._clock()
        if not is_short and info.is_valid and info.expires_at and token_rules.is_short(left_s):
            # Facebook did not say how long the token lives, and it is not long.
            is_system_user = info.token_type == "SYSTEM_USER"  # noqa: S105  a kind of token
            longer = self._extend(token, left_s=left_s, deadline=deadline, system_user=is_system_user)
            if longer is not token:
                token, info = longer, self._debug(longer, deadline=deadline)
        token_rules.require_acceptable(
            info, app_id=self._app_id, required_scopes=self._required_scopes, now=self._clock()
        )
        business = ""
        if info.token_type == "SYSTEM_USER":  # noqa: S105  a kind of token
            business = self._facebook.client_business_id(token, deadline=deadline)
        return Verified(token, info, business)

    def store(
        self,
        connection_id: str,
        verified: Verified,
        *,
        any_user: bool,
        deadline: float,
        waba_ids: Iterable[str] = (),
    ) -> ConnectionRecord:
        """Store a token that an operator brings, as a login would. Raises LoginError.

        `waba_ids` are the WhatsApp Business accounts that the operator names.
        """
        target = Target(connection_id, any_user=any_user, is_invited=True, waba_ids=tuple(waba_ids))
        before = self._connections.load(connection_id)
        found = self._find_accounts(before, verified, target, deadline=deadline - STORE_RESERVE_S)
        record = self._commit(target, verified, found, before=before, login=None, outcome={}, deadline=deadline)
        return self._publish_first(record, verified, deadline=deadline)

    def _find_accounts(
        self, before: ConnectionRecord | None, verified: Verified, target: Target, *, deadline: float
    ) -> Findings:
        """Return what Facebook says of the token's accounts. Raises LoginError if it proves that there is none.

        If the debugger names accounts, they are asked about after the transaction.
        """
        try:
            return self._look_for_accounts(before, verified, target, deadline=deadline)
        except LoginError:
            if before and before.is_alive:
                # The choice that left nothing to this token can have taken accounts away from the earlier one.
                self._connections.make_due_now(before.connection_id)
            raise

    def _look_for_accounts(
        self, before: ConnectionRecord | None, verified: Verified, target: Target, *, deadline: float
    ) -> Findings:
        info, token = verified.info, verified.token
        if info.has_no_account:
            raise LoginError("no-account")
        if info.target_ids:
            return Findings()
        by = min(deadline, monotonic() + ACCOUNTS_S)
        known = [account.id for account in before.accounts] if before else []
        found = self._finder.prove(
            dict.fromkeys((*known, *target.waba_ids, *target.claimed_waba_ids)), token, deadline=by
        )
        if found.numbers:
            return found
        listed, is_all = self._finder.look_up(info, verified.client_business_id, token, deadline=by)
        found.names |= listed
        found.add(self._finder.prove(listed, token, deadline=by))
        if found.numbers:
            return found
        # Accounts of another owner say nothing about this one's.
        is_same = before is not None and before.user_id == info.user_id
        named = {*target.waba_ids, *(known if is_same else ())}
        if not listed and (is_all or (named and named <= found.missing)):
            raise LoginError("no-account")
        return found

    def _extend(self, token: AccessToken, *, left_s: float, deadline: float, system_user: bool = False) -> AccessToken:
        """Return the extended token; or the same one if Facebook refuses and it lives long enough. Raises LoginError."""
        try:
            return self._facebook.extend(token, deadline=deadline, system_user=system_user)
        except LoginError as error:
            if left_s < token_rules.MIN_LIFETIME_S:
                raise
            self._on_trouble("not extended", error)  # the checks ask again
            return token

    def _debug(self, token: AccessToken, *, deadline: float) -> TokenInfo:
        info = self._ask_debugger(token, deadline=deadline)
        if info.is_valid or info.subcode is not None:
            return info
        # Facebook has called a new token invalid without a cause, and valid a second later.
        if pause(1, max_s=ASK_AGAIN_S, until=deadline - ASK_AGAIN_S):
            info = self._ask_debugger(token, deadline=deadline)
        return info

    def _ask_debugger(self, token: AccessToken, *, deadline: float) -> TokenInfo:
        try:
            return self._facebook.debug(token, deadline=deadline)
        except TokenRefusedError:
            # The app has just been given this token. If the debugger refuses it, the app itself may be in trouble.
            self._facebook.check_app(deadline=deadline)
            # The app works, perhaps with its other secret.
            return self._facebook.debug(token, deadline=deadline)

    def _commit(
        self,
        target: Target,
        verified: Verified,
        found: Findings,
        *,
        before: ConnectionRecord | None,
        login: Login | None,
        outcome: dict[str, str],
        deadline: float,
    ) -> ConnectionRecord:
        """Write record, link and outcome in one transaction. `before` is the record as it was read.

        Return the record, or that of a later login, which is left as it is: its `login_at` tells.
        """
        encrypted = self._cipher.encrypt(target.connection_id, verified.token.value)
        for tries in count(1):
            if monotonic() > deadline - COMMIT_S:
                raise LoginError("token-not-stored")
            if before and login and _gives_way(before, verified, login):
                return before
            owner_changed = _require_owner(before, verified, target, found)
            login_at = login.consumed_at if login else before.login_at if before else 0
            after = self._record(
                before, verified, found, encrypted, target, owner_changed=owner_changed, login_at=login_at
            )
            if before and login and not owner_changed:
                after = repeated_logins.held(before, after, now=self._clock())
            after, write = self._connections.login_write(target.connection_id, before, after)
            if self._try_to_commit(write, target, login=login, outcome=outcome):
                return after
            pause(tries, first_s=0.2, max_s=1.0)
            before = self._connections.load(target.connection_id)
        raise AssertionError

    def _try_to_commit(
        self,
        write: "TransactWriteItemTypeDef",
        target: Target,
        *,
        login: Login | None,
        outcome: dict[str, str],
    ) -> bool:
        """Commit a write of the record. Return False if somebody else has written it first. Raises LoginError."""
        writes = [write]
        if login:
            writes.append(self._states.outcome_write(login, outcome))
        if target.link:
            writes.append(self._links.use_write(target.link))
        try:
            self._transactions.commit(writes)
        except TransactionCancelledError as cancelled:
            if cancelled.reasons[1:2] != (_REFUSED,):
                if target.link and cancelled.reasons[2:] == (_REFUSED,):
                    self._links.check(target.link)  # raises what is wrong with it
                return False
        except CommitUnknownError:
            pass
        else:
            return True
        # The state's row tells whether this, or an attempt before it, was carried out.
        if login is None or self._states.outcome(login) != outcome:
            raise LoginError("token-not-stored")
        return True

    def _record(
        self,
        before: ConnectionRecord | None,
        verified: Verified,
        found: Findings,
        encrypted: bytes,
        target: Target,
        *,
        owner_changed: bool,
        login_at: int,
    ) -> ConnectionRecord:
        """Return the record of a connection with its new token."""
        now, info, link = self._clock(), verified.info, target.link
        start = before or ConnectionRecord(target.connection_id, revision=0)
        is_known = before is not None and before.status != "forgotten"
        business = start.client_business_id if start.user_id == info.user_id else ""
        after = ConnectionRecord(
            target.connection_id,
            revision=start.revision,
            token=encrypted,
            token_number=max(start.token_number + 1, int(now * 1000)),
            client_business_id=verified.client_business_id or business,
            # The new token may reach other accounts. Nobody has read the subscription while the old one was dead.
            accounts=tuple(
                replace(one, is_proven=False, subscribed=one.subscribed and start.is_alive) for one in start.accounts
            )
            if is_known and not owner_changed
            else (),
            pins={} if owner_changed else start.pins,
            label=(link.label if link else "") or start.label,
            tags=(link.tags if link else {}) or start.tags,
            language=(link.language if link else "") or start.language,
            link_id=link.id if link else "",
            login_at=login_at,
            connected_at=int(now),
            # A name that had another owner's token, or is being deleted, is deleted with all its versions first.
            replace_parameter=start.replace_parameter or owner_changed or (before is not None and not is_known),
            former_waba_ids=start.former_waba_ids,
            history=start.history,
            publish_at=int(now) if start.publish_at is None else start.publish_at,
            publish_not_before=int(now) + repeated_logins.PUBLISH_AFTER_S,
            published=start.published,
        )
        if target.waba_ids:
            after = record_changes.with_candidates(after, target.waba_ids, now=now)
        after = record_changes.with_info(after, info, now=now)
        if not info.target_ids:
            after = record_changes.with_findings(after, found, now=now)
        if owner_changed:
            after = events.add_event(after, "OwnerChanged", now=now)
        kind: EventType = "Reconnected" if is_known else "Connected"
        reason = record_changes.accounts_reason(after.accounts)
        after = events.add_event(after, kind, now=now, status_reason=reason, link_id=after.link_id or None)
        after = record_changes.with_dates(after, now=now)
        # publish asks for a check at once. If it is cut off, the schedule does.
        return replace(after, next_check_at=min(after.next_check_at, int(now) + SET_UP_AFTER_S))

    def _publish_first(self, record: ConnectionRecord, verified: Verified, *, deadline: float) -> ConnectionRecord:
        """Try once to put the token parameter, and ask about the accounts. No failure here fails the login.

        Return the record with its accounts.
        """
        version = 0
        if not record.replace_parameter and not repeated_logins.is_held(record, now=self._clock()):
            try:
                version = self._parameters.put_token(record.connection_id, verified.token.value)
            except Exception as exception:  # noqa: BLE001  publish does it
                self._on_trouble("token left to publish", exception)
        after = record
        if verified.info.target_ids:
            by = min(deadline, monotonic() + ACCOUNTS_S)
            found = self._finder.prove([account.id for account in record.accounts], verified.token, deadline=by)
            if found.trouble:
                self._on_trouble("accounts not read", found.trouble)
            after = record_changes.with_login_findings(record, found, now=self._clock())
        try:
            self._ask_for_publishing(record, after, version=version)
        except Exception as exception:  # noqa: BLE001  publish comes by itself in ten seconds
            self._on_trouble("publishing not asked for", exception)
        return after

    def _ask_for_publishing(self, record: ConnectionRecord, after: ConnectionRecord, *, version: int) -> None:
        """Write what was found and published, and make publish do the rest. `version` is the parameter's, or 0."""
        published = record.published
        if version:
            published = replace(
                published,
                token_number=record.token_number,
                version=version,
                prefix=self._parameters.prefix,
                key_id=self._parameters.key_id,
            )
        is_held = repeated_logins.is_held(record, now=self._clock())
        not_before = record.publish_not_before if is_held else 0
        try:
            self._connections.write(record, replace(after, published=published, publish_not_before=not_before))
        except ConflictError:
            # If our token was put, it may be in the place of a newer one, or of one that is deleted. If it was not, and
            # the name rests after a deletion or the token is held, publish knows when to go on.
            if version or not (record.replace_parameter or is_held):
                is_gone = not self._connections.make_unpublished(record.connection_id)
                if is_gone and version:
                    self._parameters.delete_token(record.connection_id)


def _require_owner(before: ConnectionRecord | None, verified: Verified, target: Target, found: Findings) -> bool:
    """Return whether the connection gets another owner. Raises LoginError if it may not."""
    info, business = verified.info, verified.client_business_id
    if target.must_exist:
        if before is None or before.status == "forgotten":
            raise LoginError("not-yours", connection="forgotten" if before else "unknown")
        if not record_changes.is_same_owner(before, info, business, reached=(), is_invited=False):
            raise LoginError("not-yours", connection="of-another-owner")
        return False
    if before is None or before.status == "forgotten":
        # Digits are the ID of a person's own connection.
        if target.connection_id.isdigit() and target.connection_id != info.user_id:
            raise LoginError("connection-taken")
        return False
    reached = {*info.target_ids, *found.numbers}
    if record_changes.is_same_owner(before, info, business, reached=reached, is_invited=target.is_invited):
        return False
    if not target.any_user:
        raise LoginError("connection-taken")
    return True


def _gives_way(before: ConnectionRecord, verified: Verified, login: Login) -> bool:
    """Return whether the record is of a login of the same person that came back later, and is alive."""
    return before.is_alive and before.login_at > login.consumed_at and before.user_id == verified.info.user_id


def _shown(record: ConnectionRecord) -> dict[str, str]:
    """Return what the page shows of the accounts: the first numbers, and how many more there are."""
    numbers, accounts = record.phone_numbers, record.proven_accounts
    shown = numbers[:SHOWN_NUMBERS]
    named = sum(any(number in shown for number in account.numbers) for account in accounts)
    return {
        "numbers": "\n".join(f"{_line(one.display_phone_number)}\t{_line(one.verified_name)}" for one in shown),
        "more_numbers": str(len(numbers) - len(shown)),
        "more_accounts": str(len(accounts) - named),
        "is_unknown": "" if accounts else "yes",
    }


def _line(text: str) -> str:
    return " ".join(text.split())

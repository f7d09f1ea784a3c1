"""Changes of a connection's record: by what the debugger says, by time, by an end. Pure. Times are epoch seconds."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Literal

from whatsapp_connect import events, token_rules
from whatsapp_connect.model import (
    MAX_ACCOUNTS,
    MAX_PHONE_NUMBERS,
    NEVER,
    NO_ANSWER,
    Account,
    ConnectionRecord,
    EventType,
    Findings,
    PhoneNumber,
    Sync,
    SyncKind,
    TokenInfo,
)

_IDS_IN_EVENT = 5
"""An event in a record stays small. The metadata have every account."""


def with_info(record: ConnectionRecord, info: TokenInfo, *, now: float) -> ConnectionRecord:
    """Return the record with what Facebook's debugger says of its token.

    Accounts that it does not name stay: absence proves nothing.
    """
    accounts = _with_candidates(record.accounts, info.target_ids, now=now)
    return replace(
        record,
        user_id=info.user_id,
        token_type=info.token_type,
        scopes=info.scopes,
        issued_at=info.issued_at,
        token_expires_at=info.expires_at,
        data_access_expires_at=info.data_access_expires_at,
        graph_version=info.graph_version,
        accounts=accounts[:MAX_ACCOUNTS],
        is_truncated=len(accounts) > MAX_ACCOUNTS,
    )


def with_candidates(record: ConnectionRecord, ids: Iterable[str], *, now: float) -> ConnectionRecord:
    """Return the record with more IDs that may be accounts, after those it has. It holds at most 50."""
    return replace(record, accounts=_with_candidates(record.accounts, ids, now=now)[:MAX_ACCOUNTS])


def _with_candidates(accounts: tuple[Account, ...], ids: Iterable[str], *, now: float) -> tuple[Account, ...]:
    have = {account.id for account in accounts}
    new = [Account(one, first_seen_at=int(now)) for one in dict.fromkeys(ids) if one not in have]
    return (*accounts, *new)


def with_findings(record: ConnectionRecord, found: Findings, *, now: float) -> ConnectionRecord:
    """Return the record with what Facebook says of its accounts, and with the accounts that were found.

    An account that is missing stays until lose_account().
    """
    accounts, is_truncated = _found_accounts(record, found, now=now)
    return replace(record, accounts=accounts, is_truncated=is_truncated)


def with_login_findings(record: ConnectionRecord, found: Findings, *, now: float) -> ConnectionRecord:
    """Return the record of a login whose accounts were asked about since, with the status reason that follows.

    The event of the login, which is not sent yet, gets it too.
    """
    accounts, is_truncated = _found_accounts(record, found, now=now)
    reason, history = record.status_reason, record.history
    if reason == accounts_reason(record.accounts) != accounts_reason(accounts):
        reason = accounts_reason(accounts)
        history = tuple(
            replace(event, facts={**event.facts, "status_reason": reason})
            if event.type in {"Connected", "Reconnected"} and event.at >= record.connected_at
            else event
            for event in history
        )
    return replace(record, accounts=accounts, is_truncated=is_truncated, status_reason=reason, history=history)


def _found_accounts(record: ConnectionRecord, found: Findings, *, now: float) -> tuple[tuple[Account, ...], bool]:
    """Return the accounts, at most 50 with 250 numbers in all, and whether there are more."""
    kept = tuple(account for account in record.accounts if account.id not in found.businesses)
    accounts = _with_candidates(kept, found.numbers, now=now)
    is_truncated = record.is_truncated or len(accounts) > MAX_ACCOUNTS
    after, left = [], MAX_PHONE_NUMBERS
    for account in accounts[:MAX_ACCOUNTS]:
        changed = _with_finding(account, found, now=now)
        if len(changed.numbers) > left:
            changed, is_truncated = replace(changed, numbers=changed.numbers[:left]), True
        left -= len(changed.numbers)
        after.append(changed)
    return tuple(after), is_truncated


def _with_finding(account: Account, found: Findings, *, now: float) -> Account:
    name = found.names.get(account.id, account.name)
    if account.id in found.numbers:
        numbers = _with_registration(found.numbers[account.id], account.numbers)
        return replace(
            account,
            name=name,
            numbers=numbers,
            is_proven=True,
            is_lost=False,
            missing_since=0,
            checked_at=int(now),
        )
    if account.id in found.missing:
        return replace(account, name=name, missing_since=account.missing_since or int(now), checked_at=int(now))
    return account


def _with_registration(numbers: Iterable[PhoneNumber], known: Iterable[PhoneNumber]) -> tuple[PhoneNumber, ...]:
    """Return phone numbers as Facebook lists them, with what this stack has done about them."""
    by_id = {number.id: number for number in known}
    return tuple(_with_done(number, by_id.get(number.id, number)) for number in numbers)


def _with_done(number: PhoneNumber, before: PhoneNumber) -> PhoneNumber:
    number = replace(number, contacts=before.contacts, history=before.history)
    if not number.is_connected:
        return replace(number, registered=before.registered, register_code=before.register_code)
    # The answer to our own request may not have come. After a refusal somebody else has registered it.
    return replace(number, registered=before.registered or before.register_code == NO_ANSWER)


def with_number(record: ConnectionRecord, phone_number_id: str, **values: Any) -> ConnectionRecord:
    """Return the record with other values of one phone number."""
    return replace(
        record,
        accounts=tuple(
            replace(
                account,
                numbers=tuple(
                    replace(number, **values) if number.id == phone_number_id else number for number in account.numbers
                ),
            )
            for account in record.accounts
        ),
    )


def with_sync(record: ConnectionRecord, phone_number_id: str, kind: SyncKind, sync: Sync) -> ConnectionRecord:
    """Return the record with another state of the contacts or the history of a phone number."""
    return with_number(record, phone_number_id, **{kind: sync})


def lose_account(record: ConnectionRecord, waba_id: str) -> ConnectionRecord:
    """Return the record without the use of an account. The account stays listed: a person may share it again."""
    return replace(
        record,
        accounts=tuple(
            replace(account, is_proven=False, is_lost=True, numbers=(), subscribed=False, can_send="", problem_code=0)
            if account.id == waba_id
            else account
            for account in record.accounts
        ),
    )


def with_account_events(record: ConnectionRecord, before: ConnectionRecord, *, now: float) -> ConnectionRecord:
    """Return the record with the event that its proven accounts are not those of before, if that is so."""
    added = [one for one in record.waba_ids if one not in before.waba_ids]
    lost = [one for one in before.waba_ids if one not in record.waba_ids]
    if not added and not lost:
        return record
    kind: EventType = "AccountsChanged" if record.waba_ids else "AccountsLost"
    facts = {"added_waba_ids": " ".join(added[:_IDS_IN_EVENT]), "lost_waba_ids": " ".join(lost[:_IDS_IN_EVENT])}
    return events.add_event(record, kind, now=now, **facts)


def with_set_up_events(record: ConnectionRecord, before: ConnectionRecord, *, now: float) -> ConnectionRecord:
    """Return the record with the events of what has been set up since `before`, and of what Facebook has refused since.

    An account or a number is named once for each result, not at every check.
    """
    accounts = {account.id: account for account in before.accounts}
    numbers = {number.id: number for number in before.phone_numbers}
    done: dict[str, list[str]] = {"subscribed_waba_ids": [], "registered_phone_number_ids": []}
    refused: dict[int, dict[str, list[str]]] = {}
    for account in record.proven_accounts:
        known = accounts.get(account.id)
        if account.subscribed and not (known and known.subscribed):
            done["subscribed_waba_ids"].append(account.id)
        if account.subscribe_code and account.subscribe_code != (known.subscribe_code if known else 0):
            refused.setdefault(account.subscribe_code, {}).setdefault("failed_waba_ids", []).append(account.id)
    for number in record.phone_numbers:
        before_it = numbers.get(number.id, number)
        if number.registered and not before_it.registered:
            done["registered_phone_number_ids"].append(number.id)
        if number.register_code not in {0, before_it.register_code}:
            refused.setdefault(number.register_code, {}).setdefault("failed_phone_number_ids", []).append(number.id)
    if any(done.values()):
        record = events.add_event(record, "Onboarded", now=now, **_as_facts(done))
    for code, ids in refused.items():
        failed = {"failed_waba_ids": [], "failed_phone_number_ids": [], **ids}
        facebook_code = None if code == NO_ANSWER else code
        record = events.add_event(record, "OnboardingFailed", now=now, facebook_code=facebook_code, **_as_facts(failed))
    return record


def _as_facts(ids: dict[str, list[str]]) -> dict[str, str]:
    return {name: " ".join(some[:_IDS_IN_EVENT]) for name, some in ids.items()}


def accounts_reason(accounts: Iterable[Account]) -> str | None:
    """Return the status reason that follows from a connection's accounts, or None if one of them is in use.

    "doubtful": Facebook says of every proven account that it does not exist for the token, but not for an hour yet.
    """
    known = tuple(accounts)
    if proven := [account for account in known if account.is_proven]:
        return "doubtful" if all(account.missing_since for account in proven) else None
    return "no-account" if known and all(account.is_lost for account in known) else "accounts-unknown"


def with_dates(record: ConnectionRecord, *, now: float) -> ConnectionRecord:
    """Return a living record with its status, warnings and next dates at this time.

    A new warning and the end of data access add events.
    """
    warned = token_rules.warning(record.token_expires_at, now=now)
    access_ended = record.data_access_expires_at != NEVER and record.data_access_expires_at <= now
    access_warned = 0 if access_ended else token_rules.warning(record.data_access_expires_at, now=now)
    reason = "data-access-ended" if access_ended else accounts_reason(record.accounts)
    after = replace(
        record,
        status="active" if warned is None else "expiring",
        status_reason="doubtful" if record.doubt_since else reason,
        warned_days=warned,
        data_access_warned_days=access_warned,
        next_date_at=token_rules.next_date_at(record, now=now),
        next_check_at=token_rules.next_check_at(record, now=now),
    )
    if warned is not None and warned != record.warned_days:
        left = token_rules.days_left(record.token_expires_at, now=now)
        after = events.add_event(after, "Expiring", now=now, cause="token", days_left=left)
    if access_warned is not None and access_warned != record.data_access_warned_days:
        if access_ended:
            after = events.add_event(after, "DataAccessEnded", now=now)
        else:
            left = token_rules.days_left(record.data_access_expires_at, now=now)
            after = events.add_event(after, "Expiring", now=now, cause="data-access", days_left=left)
    return after


def ended(
    record: ConnectionRecord, status: Literal["expired", "revoked"], reason: str, *, now: float
) -> ConnectionRecord:
    """Return the record of a dead token: without the token, due for publishing."""
    after = replace(
        record,
        token=None,
        status=status,
        status_reason=reason,
        warned_days=None,
        data_access_warned_days=None,
        doubt_since=0,
        failures=0,
        next_date_at=0,
        next_check_at=int(now + token_rules.DAY_S),
    )
    after = unpublished(after, now=now)
    return events.add_event(after, "Expired" if status == "expired" else "Revoked", now=now)


def forgotten(record: ConnectionRecord, reason: str, *, now: float) -> ConnectionRecord:
    """Return the record of a forgotten connection, without the person's data.

    Until publish has deleted the parameters, the user ID and the IDs of registered phone numbers stay.

    Events that were not sent yet are dropped: they describe what is deleted.
    """
    sent = [event for event in record.history if event.sequence <= record.published.last_sent]
    registered = {number.id for account in record.accounts for number in account.numbers if number.registered}
    after = ConnectionRecord(
        connection_id=record.connection_id,
        revision=record.revision,
        user_id=record.user_id,
        status="forgotten",
        status_reason=reason,
        token_number=record.token_number,
        link_id=record.link_id,
        former_waba_ids=record.former_waba_ids,
        pins=dict.fromkeys(sorted(registered), b""),
        history=record.history,
        published=record.published,
        publish_at=int(now),
    )
    after = events.add_event(after, "Deleted", now=now)
    return replace(after, history=(*sent, after.history[-1]))


def logins_since(record: ConnectionRecord, moment: float) -> int:
    """Return how many logins the record's history has since then."""
    return sum(event.type in {"Connected", "Reconnected"} and event.at >= moment for event in record.history)


def unpublished(record: ConnectionRecord, *, now: float) -> ConnectionRecord:
    """Return the record due for publishing now."""
    since = int(now) if record.publish_at is None else record.publish_at
    return replace(record, publish_at=since, publish_not_before=0)


def republished(record: ConnectionRecord, *, now: float) -> ConnectionRecord:
    """Return the record due for publishing now, so that all its rows in AccountTable are written again.

    Parameters are read and compared. To read the rows would cost as much as to write them.
    """
    published = replace(record.published, waba_ids=())
    former = _merged(record.former_waba_ids, record.published.waba_ids)
    return replace(unpublished(record, now=now), published=published, former_waba_ids=former)


def with_former_accounts(before: ConnectionRecord, after: ConnectionRecord) -> ConnectionRecord:
    """Return the record as it is to be written, with the accounts that it has no more.

    A publisher may have made their rows in AccountTable and been killed before it could note that.
    """
    have = {account.id for account in after.accounts}
    gone = [account.id for account in before.accounts if account.id not in have]
    return replace(after, former_waba_ids=_merged(after.former_waba_ids, gone)) if gone else after


def _merged(ids: Iterable[str], more: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*ids, *more)))


def is_same_owner(
    before: ConnectionRecord,
    info: TokenInfo,
    client_business_id: str,
    *,
    reached: Iterable[str],
    is_invited: bool,
) -> bool:
    """Return whether a new token belongs to the owner of a connection. `reached` has the accounts that it reaches.

    It does if the user or the client business is the same; or if a link or an operator names the connection, and a
    business's token replaces a person's token for an account that the record has.
    """
    if before.user_id == info.user_id:
        return True
    if client_business_id and client_business_id == before.client_business_id:
        return True
    return (
        is_invited
        and (before.token_type, info.token_type) == ("USER", "SYSTEM_USER")
        and not set(before.waba_ids).isdisjoint(reached)
    )

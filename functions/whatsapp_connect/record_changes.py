"""Changes of a connection's record: by what the debugger says, by time, by an end. Pure. Times are epoch seconds."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Literal

from whatsapp_connect import events, token_rules
from whatsapp_connect.model import (
    MAX_ACCOUNTS,
    MAX_PHONE_NUMBERS,
    NEVER,
    Account,
    ConnectionRecord,
    PhoneNumber,
    TokenInfo,
)


def with_info(record: ConnectionRecord, info: TokenInfo, *, now: float) -> ConnectionRecord:
    """Return the record with what Facebook's debugger says of its token."""
    return replace(
        record,
        user_id=info.user_id,
        token_type=info.token_type,
        scopes=info.scopes,
        issued_at=info.issued_at,
        token_expires_at=info.expires_at,
        data_access_expires_at=info.data_access_expires_at,
        graph_version=info.graph_version,
        accounts=merge_accounts(record.accounts, info.waba_ids, now=now),
    )


def merge_accounts(known: tuple[Account, ...], waba_ids: Iterable[str], *, now: float) -> tuple[Account, ...]:
    """Return the accounts of a token, at most 50: known ones first, with their numbers, in their order."""
    wanted = dict.fromkeys(waba_ids)
    kept = [account for account in known if account.id in wanted]
    have = {account.id for account in kept}
    new = [Account(waba_id, first_seen_at=int(now)) for waba_id in wanted if waba_id not in have]
    return tuple((kept + new)[:MAX_ACCOUNTS])


def with_numbers(accounts: tuple[Account, ...], found: dict[str, tuple[PhoneNumber, ...]]) -> tuple[Account, ...]:
    """Return the accounts with the phone numbers that were found, at most 250 in all. Other accounts are unchanged."""
    after, left = [], MAX_PHONE_NUMBERS
    for account in accounts:
        numbers = found.get(account.id, account.numbers)[:left]
        left -= len(numbers)
        after.append(replace(account, numbers=numbers))
    return tuple(after)


def with_dates(record: ConnectionRecord, *, now: float) -> ConnectionRecord:
    """Return a living record with its status, warnings and next dates at this time.

    A new warning and the end of data access add events.
    """
    warned = token_rules.warning(record.token_expires_at, now=now)
    access_ended = record.data_access_expires_at != NEVER and record.data_access_expires_at <= now
    access_warned = 0 if access_ended else token_rules.warning(record.data_access_expires_at, now=now)
    reason = "data-access-ended" if access_ended else None
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
    """Return the record of a forgotten connection, without the person's data. Only the user ID stays, for publish.

    Events that were not sent yet are dropped: they describe what is deleted.
    """
    sent = [event for event in record.history if event.sequence <= record.published.last_sent]
    after = ConnectionRecord(
        connection_id=record.connection_id,
        revision=record.revision,
        user_id=record.user_id,
        status="forgotten",
        status_reason=reason,
        token_number=record.token_number,
        history=record.history,
        published=record.published,
        publish_at=int(now),
    )
    after = events.add_event(after, "Deleted", now=now)
    return replace(after, history=(*sent, after.history[-1]))


def unpublished(record: ConnectionRecord, *, now: float) -> ConnectionRecord:
    """Return the record due for publishing now."""
    since = int(now) if record.publish_at is None else record.publish_at
    return replace(record, publish_at=since, publish_not_before=0)


def is_same_owner(before: ConnectionRecord, info: TokenInfo, client_business_id: str, *, is_invited: bool) -> bool:
    """Return whether a new token belongs to the owner of a connection.

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
        and bool(set(before.waba_ids) & set(info.waba_ids))
    )

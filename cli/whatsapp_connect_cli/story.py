"""Describe a connection in sentences, and what to do next. Pure functions; times are epoch seconds."""

from typing import NamedTuple

from whatsapp_connect import token_rules
from whatsapp_connect.business_app import KINDS, REPEATED, TOO_LATE, sync_of
from whatsapp_connect.model import NEVER, NO_ANSWER, Account, ConnectionRecord, PhoneNumber, SyncKind
from whatsapp_connect_cli.output import DAY_S, ago, count, day

HOUR_S = 3_600
PUBLISH_LATE_S = 120
"""A record that waits longer than this is shown as unpublished."""

_WHY = {
    "app-not-authorized": "the person removed the app at Facebook",
    "app-removed": "the person removed the app at Facebook; its parameters and record are being deleted",
    "checkpoint": "Facebook requires the person to log in at facebook.com and confirm their identity",
    "data-access-expired": "the person has not used the app for 90 days",
    "deletion-requested": "the person asked for deletion; its parameters and record are being deleted",
    "disconnected": "an operator disconnected it; its parameters and record are being deleted",
    "expired": "the token expired, and Facebook did not extend it",
    "logged-out": "the person logged out of Facebook in a way that ends tokens",
    "password-changed": "the person changed their password, or Facebook ended their sessions for security",
    "role-lost": "the person lost their role in the business",
    "token-invalid": "Facebook no longer accepts the token and gives no reason",
    "user-unconfirmed": "the person's Facebook account is not confirmed",
}


_ACCOUNTS = {
    "accounts-unknown": "Facebook does not show which WhatsApp Business account it is for",
    "doubtful": "Facebook says that its WhatsApp accounts do not exist for the token, and is asked again after an hour",
    "no-account": "Facebook says that its WhatsApp Business accounts no longer exist for the token",
}
_MAX_PROBLEMS = 3
_ENDS = frozenset({"Revoked", "Expired", "Deleted"})
NO_PAYMENT_METHOD = 141006
_CANNOT_SEND = {NO_PAYMENT_METHOD: "no payment method", 141014: "Meta has banned the account"}
"""Error codes of https://developers.facebook.com/docs/whatsapp/cloud-api/health-status, in words."""
WRONG_PIN, TOO_MANY_PINS = 133005, 133016
_CANNOT_REGISTER = {
    WRONG_PIN: "it has another PIN",
    TOO_MANY_PINS: "too many PINs were tried",
    NO_ANSWER: "no answer came",
}
"""Error codes of https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes, in words."""


_CANNOT_SYNC = {
    REPEATED: "Meta was asked before",
    TOO_LATE: "the sign-up was more than 24 hours ago",
    NO_ANSWER: "no answer came",
}
"""Error codes of
https://developers.facebook.com/documentation/business-messaging/whatsapp/embedded-signup/onboarding-business-app-users,
in words."""


class Story(NamedTuple):
    sentences: list[str]
    next: list[str]


class Moment(NamedTuple):
    """One event of a connection."""

    at: int
    """Epoch seconds."""
    type: str
    about: str
    """What was true at that moment, in words; "" if there is nothing to say."""


_FACTS = {
    "link_id": "by the link {}",
    "status_reason": "{}",
    "cause": "of the {}",
    "days_left": "in {} days",
    "facebook_code": "Facebook's code {}",
    "failures": "{} failures",
    "lost_scopes": "lost {}",
    "added_waba_ids": "new accounts {}",
    "lost_waba_ids": "lost accounts {}",
    "subscribed_waba_ids": "subscribed to {}",
    "registered_phone_number_ids": "registered numbers {}",
    "failed_waba_ids": "failed accounts {}",
    "failed_phone_number_ids": "failed numbers {}",
    "sync": "{}",
    "phone_number_id": "of number {}",
}
_HIDDEN_FACTS = frozenset({"status", "expires_at"})


def history(record: ConnectionRecord) -> list[Moment]:
    """Return the events that a record holds, the last one first."""
    return [
        Moment(
            event.at,
            event.type,
            ", ".join(
                _FACTS.get(name, f"{name.replace('_', ' ')} {{}}").format(value)
                for name, value in event.facts.items()
                if name not in _HIDDEN_FACTS and value not in {None, ""}
            ),
        )
        for event in reversed(record.history)
    ]


def why(reason: str) -> str:
    """Return a status reason in words."""
    return _WHY.get(reason, reason or "no reason is known")


def days_left(record: ConnectionRecord, *, now: float) -> int | None:
    """Return whole days until the token ends; None if it never ends or the connection has ended."""
    if record.token_expires_at == NEVER or not record.is_alive:
        return None
    return token_rules.days_left(record.token_expires_at, now=now)


def is_stuck(record: ConnectionRecord) -> bool:
    """Return whether so many checks have failed that the record is checked once a day only."""
    return record.failures >= token_rules.STUCK_FAILURES


def account_problem(account: Account) -> str:
    """Return what keeps an account from being used; "" if nothing is known to."""
    if account.is_lost:
        return "does not exist for the token"
    if not account.is_proven:
        return "Facebook has not listed its phone numbers yet"
    if account.missing_since:
        return "Facebook says that it does not exist for the token, and is asked again after an hour"
    found = []
    if account.subscribe_code:
        found.append(f"cannot receive: Facebook refused the subscription (code {account.subscribe_code})")
    elif not account.subscribed:
        found.append("cannot receive: the app is not subscribed")
    found += [
        f"{number.display_phone_number} is not registered: {register_problem(number.register_code)}"
        for number in _unregistered(account)
    ]
    found += [
        f"no {kind} of {number.display_phone_number}: {sync_problem(code)}" for number, kind, code in _unsynced(account)
    ]
    return "; ".join(filter(None, [*found, _send_problem(account)]))


def _unsynced(account: Account) -> list[tuple[PhoneNumber, SyncKind, int]]:
    """Return what Meta was asked to send of numbers of the WhatsApp Business app and does not send, with its code."""
    return [
        (number, kind, sync_of(number, kind).code)
        for number in account.numbers
        for kind in KINDS
        if number.is_on_biz_app and sync_of(number, kind).code
    ]


def sync_problem(code: int) -> str:
    """Return why Meta does not send contacts or history, from its code or NO_ANSWER."""
    return _CANNOT_SYNC.get(code) or f"Facebook's code {code}"


def _synced(record: ConnectionRecord) -> list[str]:
    """Return sentences about what Meta sends of numbers of the WhatsApp Business app."""
    return [
        f"Meta was asked for the {kind} of {number.display_phone_number} on {day(sync_of(number, kind).asked_at)}."
        for number in record.phone_numbers
        for kind in KINDS
        if sync_of(number, kind).is_started
    ][:_MAX_PROBLEMS]


def _unregistered(account: Account) -> list[PhoneNumber]:
    """Return the phone numbers that Facebook has not registered although it was asked."""
    return [number for number in account.numbers if number.register_code and number.needs_registration]


def register_problem(code: int) -> str:
    """Return why a phone number is not registered, from Facebook's code or NO_ANSWER."""
    return _CANNOT_REGISTER.get(code) or f"Facebook's code {code}"


def send_problem(record: ConnectionRecord) -> str:
    """Return what keeps the first blocked account of a connection from sending; "" if it is none."""
    return next(filter(None, map(_send_problem, record.proven_accounts)), "")


def _send_problem(account: Account) -> str:
    if account.can_send != "BLOCKED":
        return ""
    return f"cannot send yet: {why_blocked(account.problem_code)}"


def why_blocked(code: int) -> str:
    """Return why Facebook does not send for an account or a number, from the code of its health status."""
    return _CANNOT_SEND.get(code) or (f"Facebook's code {code}" if code else "Facebook gives no reason")


def is_late(record: ConnectionRecord, *, now: float) -> bool:
    """Return whether the record has waited to be published for longer than PUBLISH_LATE_S."""
    return record.publish_at is not None and now - record.publish_at > PUBLISH_LATE_S


def has_unregistered_number(record: ConnectionRecord) -> bool:
    """Return whether Facebook was asked to register a number of a proven account and has not."""
    return any(map(_unregistered, record.proven_accounts))


def business(record: ConnectionRecord) -> str:
    """Return the first name of a business that the record has, and how many more there are; "" if there is none."""
    names = [number.verified_name for number in record.phone_numbers] or [one.name for one in record.proven_accounts]
    known = list(dict.fromkeys(filter(None, names)))
    return known[0] + (f" and {len(known) - 1} more" if len(known) > 1 else "") if known else ""


def numbers(record: ConnectionRecord, *, most: int) -> str:
    """Return the first phone numbers, and how many more there are."""
    known = [number.display_phone_number for number in record.phone_numbers]
    more = f" and {len(known) - most} more" if len(known) > most else ""
    return ", ".join(known[:most]) + more


def describe(
    record: ConnectionRecord,
    *,
    parameter_name: str,
    differs: bool,
    now: float,
    reconnect_url: str,
    required_scopes: tuple[str, ...] = (),
) -> Story:
    """Return sentences about a connection, and sentences that say what to do next.

    `parameter_name` is the name of the token's parameter. `reconnect_url` is where the person can connect again, or "".
    `differs` says that the parameters differ from the record.
    """
    sentences = [_status(record), *([f"It is the connection of {record.label}."] if record.label else [])]
    if record.status != "forgotten":
        sentences += [*_accounts(record), *_token(record, parameter_name=parameter_name, now=now)]
    sentences += [*_checks(record, now=now), *_publishing(record, now=now)]
    to_do = _next(record, now=now, reconnect_url=reconnect_url, required_scopes=required_scopes)
    if differs:
        to_do.append(
            "The parameters differ from the record. Publish it again: whatsapp-connect publish " + record.connection_id
        )
    return Story(sentences, to_do or ["Nothing."])


def _status(record: ConnectionRecord) -> str:
    connection_id = record.connection_id
    match record.status:
        case "active" | "expiring" if record.doubt_since:
            return f"{connection_id} is in doubt: Facebook calls its token invalid and gives no reason."
        case "active" | "expiring" if reason := _ACCOUNTS.get(record.status_reason or ""):
            return f"{connection_id} has a token that works, but it cannot be used: {reason}."
        case "active" | "expiring" if not record.is_usable:
            return f"{connection_id} has a token that works, but it cannot be used yet: no account is subscribed."
        case "active":
            return f"{connection_id} is connected and works."
        case "expiring":
            return f"{connection_id} works, but its token or its data access ends soon."
        case status:
            ended = next((event.at for event in reversed(record.history) if event.type in _ENDS), 0)
            since = f" since {day(ended)}" if ended else ""
            readers = "may still find its token" if record.published.token_number else "find no token"
            return f"{connection_id} is {status}{since}: {why(record.status_reason or '')}. Readers {readers}."


def _accounts(record: ConnectionRecord) -> list[str]:
    problems = ((account, account_problem(account)) for account in record.accounts)
    listed = [f"Account {account.name or account.id}: {problem}." for account, problem in problems if problem]
    if not record.is_alive:
        listed = []
    more = [f"More accounts with a problem: {len(listed) - _MAX_PROBLEMS}."] if len(listed) > _MAX_PROBLEMS else []
    return [_numbers_sentence(record), *listed[:_MAX_PROBLEMS], *more, *_synced(record)]


def _numbers_sentence(record: ConnectionRecord) -> str:
    names = list(dict.fromkeys(number.verified_name for number in record.phone_numbers))
    if not names:
        accounts = ", ".join(record.waba_ids)
        return f"WhatsApp Business accounts: {accounts or 'none is known'}. No phone number is known."
    return f"Its WhatsApp numbers belong to {', '.join(names[:3])}: {numbers(record, most=3)}."


def _token(record: ConnectionRecord, *, parameter_name: str, now: float) -> list[str]:
    link = f" by the link {record.link_id}" if record.link_id else ""
    found = [f"Facebook user {record.user_id} connected it on {day(record.connected_at)}{link}."]
    if not record.is_alive:
        return found
    kind = {"USER": "a person's", "SYSTEM_USER": "a system user's"}[record.token_type]
    if record.published.version:
        found.append(f"The token is {kind}. It is version {record.published.version} of {parameter_name}.")
    else:
        found.append(f"The token is {kind}. It is not yet in {parameter_name}.")
    if ends_at := record.token_expires_at:
        extended = ends_at - token_rules.LONG_LIFETIME_S
        found.append(
            f"It ends on {day(ends_at)}, {_when(ends_at, now=now)}. The checks ask Facebook to extend it"
            f"{'.' if extended <= now else f' from {day(extended)} on.'}"
        )
    else:
        found.append("It does not expire.")
    if record.renewed_at:
        found.append(f"It was last extended on {day(record.renewed_at)}.")
    if record.extensions_refused:
        times = "once" if record.extensions_refused == 1 else f"{record.extensions_refused} times in a row"
        found.append(f"Facebook did not extend it {times}. The next attempt is {ago(now - record.extend_after)}.")
    if access := record.data_access_expires_at:
        over = "ended" if access <= now else "ends"
        found.append(f"Access to the person's data {over} on {day(access)}, {_when(access, now=now)}.")
    return found


def _when(ends_at: int, *, now: float) -> str:
    """Return "in 3 days", rounded as in the list, or how long ago the end was."""
    return f"in {token_rules.days_left(ends_at, now=now)} days" if ends_at - now > DAY_S else ago(now - ends_at)


def _checks(record: ConnectionRecord, *, now: float) -> list[str]:
    found = []
    if record.checked_at:
        found.append(f"It was last checked {ago(now - record.checked_at)}.")
    if record.doubt_since:
        found.append(f"Facebook first called the token invalid {ago(now - record.doubt_since)}.")
    if record.failures:
        found.append(f"The last {count(record.failures, 'check')} failed. The token was not changed.")
    return found


def _publishing(record: ConnectionRecord, *, now: float) -> list[str]:
    if record.publish_at is None or not is_late(record, now=now):
        return []
    failures = record.published.failures
    tried = f" {count(failures, 'attempt')} failed." if failures else ""
    return [f"Its last change is not published yet. That was due {ago(now - record.publish_at)}.{tried}"]


def _next(record: ConnectionRecord, *, now: float, reconnect_url: str, required_scopes: tuple[str, ...]) -> list[str]:
    found = []
    again = reconnect_url or f"whatsapp-connect links create {record.connection_id}"
    if record.status == "forgotten":
        found.append("Nothing. PublishFunction deletes the parameters and the record.")
    elif not record.is_alive:
        found.append(f"Ask the person to connect again: {again}")
    elif record.warned_days is not None:
        found.append(f"Ask the person to connect again before it ends: {again}")
    elif record.data_access_warned_days is not None:
        suffix = "?auth_type=reauthorize" if reconnect_url else ""
        found.append(f"Ask the person to connect again, so that access to the data does not end: {again}{suffix}")
    found += _next_for_accounts(record, again)
    if record.is_alive and (missing := sorted(set(required_scopes) - set(record.scopes))):
        found.append(f"It lacks {', '.join(missing)}. Ask the person to connect again: {again}")
    if record.doubt_since:
        is_overdue = now - record.doubt_since > token_rules.DOUBT_S + HOUR_S
        found.append(
            "The brake may be keeping it. See: whatsapp-connect brake show"
            if is_overdue
            else "Wait. The connection ends if Facebook says the same an hour later."
        )
    if is_stuck(record):
        found.append("To see why checks fail: whatsapp-connect doctor, and `check failed` in CheckFunction's log.")
    if is_late(record, now=now):
        found.append(
            f"See `not published` in PublishFunction's log, then: whatsapp-connect publish {record.connection_id}"
        )
    return found


def _next_for_accounts(record: ConnectionRecord, again: str) -> list[str]:
    if not record.is_alive:
        return []
    found = []
    match record.status_reason:
        case "accounts-unknown":
            command = f"whatsapp-connect connections accounts {record.connection_id} --add WABA_ID"
            found.append(f"If you know the account, name it: {command}")
        case "no-account":
            found.append(f"Ask the person to choose the account again: {again}")
        case _ if not record.is_usable:
            found.append(
                f"Have it checked, to try the set-up again: whatsapp-connect connections check {record.connection_id}"
            )
    for number in (number for account in record.proven_accounts for number in _unregistered(account)):
        command = f"whatsapp-connect numbers register {record.connection_id} {number.id}"
        found.append(f"To register {number.display_phone_number}: {command}")
    # Later, and after these refusals, Meta would only refuse again.
    unsynced = (one for account in record.proven_accounts for one in _unsynced(account))
    for number in dict.fromkeys(number for number, _, code in unsynced if code not in {REPEATED, TOO_LATE}):
        command = f"whatsapp-connect numbers sync {record.connection_id} {number.id}"
        found.append(f"To ask for contacts and history of {number.display_phone_number} again: {command}")
    if any(account.problem_code == NO_PAYMENT_METHOD for account in record.proven_accounts):
        found.append("Ask the business to add a payment method in WhatsApp Manager.")
    return found

"""The state of a login: good for one use, in one browser, for ten minutes.

Two defences. The cookie binds the login to the browser that started it, so nobody can make another person finish it.
The row, consumed by one conditional write, makes sure that it is finished once, however often the callback arrives.
Reading the table gives neither: it holds only hashes.
"""

import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from time import time
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from whatsapp_connect.errors import CookieMissingError, LoginInterruptedError, RequestError, StateError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

LIFETIME = 600
"""Seconds from the redirect to Facebook until the callback."""
FINISHING = 35
"""Seconds after which a login without an outcome will never have one: longer than the callback may run."""

_MOST_COOKIES = 8
_HAS_LINK = "l"
_STATE = re.compile(rf"[A-Za-z0-9_-]{{43}}{_HAS_LINK}?")
_COOKIE_WITH_LINK = re.compile(r"[A-Za-z0-9_-]{43}\.([A-Za-z0-9_-]+)")


@dataclass(frozen=True, slots=True)
class IssuedState:
    value: str
    cookies: list[str]
    """Set-Cookie values."""


@dataclass(frozen=True, slots=True)
class Login:
    """A login that came back to the browser it was started in."""

    state_hash: str
    redirect_uri: str
    link: str
    """The link the login began with, or empty."""
    consumed_at: int
    """When the state was used up, in epoch seconds."""
    is_first: bool
    """True for exactly one caller. The others see `outcome`, or None while the first is still at work."""
    outcome: dict[str, str] | None


class StateStore:
    """States in DynamoDB. `secure_cookies` is off only on plain HTTP, see Settings."""

    def __init__(
        self,
        *,
        client: "DynamoDBClient",
        table: str,
        secure_cookies: bool,
        clock: Callable[[], float] = time,
    ) -> None:
        self._client = client
        self._table = table
        self._prefix = "__Host-connect-" if secure_cookies else "connect-"
        self._attributes = "; Secure" * secure_cookies + "; HttpOnly; Path=/; SameSite=Lax"
        self._clock = clock

    def issue(self, *, redirect_uri: str, cookies: Mapping[str, str], link: str = "") -> IssuedState:
        """Start a login. `cookies` are the browser's; the oldest make room, as a request holds only 10 KB of them.

        The link a login begins with is kept in the browser alone, with the rest of its cookie. The state says that
        there is one.
        """
        value = secrets.token_urlsafe(32) + (_HAS_LINK if link else "")
        browser = f"{secrets.token_urlsafe(32)}.{link}"
        state_hash = _hash(value)
        now = int(self._clock())
        item = {
            "state_hash": {"S": state_hash},
            "browser_hash": {"S": _hash(browser)},
            "redirect_uri": {"S": redirect_uri},
            "created_at": {"N": str(now)},
            "expires_at": {"N": str(now + LIFETIME)},
        }
        self._client.put_item(TableName=self._table, Item=item)
        # Browsers send the oldest first.
        ours = [name for name in cookies if re.fullmatch(re.escape(self._prefix) + "[0-9a-f]{16}", name)]
        return IssuedState(
            value=value,
            cookies=[
                f"{self._cookie(state_hash)}={browser}{self._attributes}; Max-Age={LIFETIME}",
                *(f"{name}={self._attributes}; Max-Age=0" for name in ours[: -_MOST_COOKIES + 1]),
            ],
        )

    def consume(self, value: str, *, cookies: Mapping[str, str]) -> Login:
        """Use up a state, if this browser started it and nobody has done so before.

        A reload, a double click and a retry by the browser get the same login again, with `is_first` False. Another
        browser cannot use the state up and learns nothing. Raises RequestError, CookieMissingError, StateError or LoginInterruptedError;
        errors of DynamoDB are passed on and say nothing about the state.
        """
        if not _STATE.fullmatch(value):
            raise RequestError("state-malformed")
        state_hash = _hash(value)
        browser = cookies.get(self._cookie(state_hash))
        if browser is None:
            raise CookieMissingError("cookie-missing")
        now = int(self._clock())
        # A write whose answer was lost is sent again by the SDK and must not be taken for somebody else's.
        claim = secrets.token_hex(8)
        try:
            row: dict[str, Any] = self._client.update_item(
                TableName=self._table,
                Key={"state_hash": {"S": state_hash}},
                UpdateExpression="SET consumed_at = :now, claim = :claim",
                # DynamoDB deletes expired rows late, so the condition looks at the time itself.
                ConditionExpression="browser_hash = :browser AND expires_at > :now AND attribute_not_exists(consumed_at)",
                ExpressionAttributeValues={
                    ":now": {"N": str(now)},
                    ":claim": {"S": claim},
                    ":browser": {"S": _hash(browser)},
                },
                ReturnValues="ALL_NEW",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )["Attributes"]
        except self._client.exceptions.ConditionalCheckFailedException as refusal:
            row = _used_row(refusal, browser_hash=_hash(browser))
        outcome = _outcome(row)
        is_first = row["claim"]["S"] == claim
        if not is_first and outcome is None and int(row["consumed_at"]["N"]) + FINISHING < now:
            raise LoginInterruptedError("login-interrupted")
        return Login(
            state_hash=state_hash,
            redirect_uri=row["redirect_uri"]["S"],
            link=browser.partition(".")[2],
            consumed_at=int(row["consumed_at"]["N"]),
            is_first=is_first,
            outcome=outcome,
        )

    def link(self, value: str, *, cookies: Mapping[str, str]) -> str | None:
        """Return the link a login began with, empty for none, or None where only the cookie knows that is not here."""
        if not value.endswith(_HAS_LINK) or len(value) == 43:
            return ""
        # Shown before it is known whether the cookie is one of ours.
        found = _COOKIE_WITH_LINK.fullmatch(cookies.get(self._cookie(_hash(value)), ""))
        return found[1] if found else None

    def finish(self, login: Login, outcome: dict[str, str]) -> dict[str, str]:
        """Store how the login ended, for the same browser to see again. Return the outcome: the first one stays."""
        try:
            self._client.update_item(
                **self._outcome_update(login, outcome), ReturnValuesOnConditionCheckFailure="ALL_OLD"
            )
        except self._client.exceptions.ConditionalCheckFailedException as refusal:
            return _outcome(dict(refusal.response).get("Item", {})) or outcome  # type: ignore[arg-type]
        return outcome

    def outcome_write(self, login: Login, outcome: Mapping[str, str]) -> "TransactWriteItemTypeDef":
        """Return the write of finish() for a transaction."""
        return {"Update": self._outcome_update(login, outcome)}

    def outcome(self, login: Login) -> dict[str, str] | None:
        """Return how the login ended, or None where nothing was stored."""
        answer = self._client.get_item(
            TableName=self._table, Key={"state_hash": {"S": login.state_hash}}, ConsistentRead=True
        )
        return _outcome(answer.get("Item", {}))

    def _outcome_update(self, login: Login, outcome: Mapping[str, str]) -> Any:
        return {
            "TableName": self._table,
            "Key": {"state_hash": {"S": login.state_hash}},
            "UpdateExpression": "SET outcome = :outcome",
            "ConditionExpression": "attribute_exists(state_hash) AND attribute_not_exists(outcome)",
            "ExpressionAttributeValues": {":outcome": {"M": {key: {"S": text} for key, text in outcome.items()}}},
        }

    def _cookie(self, state_hash: str) -> str:
        return self._prefix + state_hash[:16]


def _outcome(row: Mapping[str, Any]) -> dict[str, str] | None:
    stored = row.get("outcome", {}).get("M")
    return None if stored is None else {key: text["S"] for key, text in stored.items()}


def _used_row(refusal: ClientError, *, browser_hash: str) -> dict[str, Any]:
    """Return the row that could not be consumed, if it is this browser's and was consumed before."""
    # Item is not in the type stubs:
    # https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateItem.html
    row: dict[str, Any] = dict(refusal.response).get("Item", {})  # type: ignore[assignment]
    if not row:
        raise StateError("state-unknown") from None
    if not secrets.compare_digest(row["browser_hash"]["S"], browser_hash):
        raise StateError("state-foreign") from None
    if "consumed_at" not in row:
        raise StateError("state-expired") from None
    return row


def _hash(value: str) -> str:
    return sha256(value.encode()).hexdigest()

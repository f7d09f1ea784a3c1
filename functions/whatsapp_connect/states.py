"""The state of a login: valid for one use, in one browser, for a limited time.

There are two defences. The cookie binds the login to the browser that started it, so nobody can make another person finish
it. The row in the table is used up by one conditional write, so the login is finished once, however often the callback
arrives. The table holds only hashes, so reading it gives neither.
"""

import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from time import time
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from whatsapp_connect.errors import LoginError
from whatsapp_connect.start import Start

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

EXPLAINED_S = 86_400
"""How long after its end a state still has its row and its cookie, to tell the person that the login was too old."""
MAX_FINISHING_S = 35
"""A login that has no outcome after this time will never have one. Longer than the callback may run."""

_MAX_COOKIES = 8
_RANDOM_CHARACTERS = 43
_LINK = "l"
_RECONNECT = "r"
_STATE = re.compile(rf"[A-Za-z0-9_-]{{{_RANDOM_CHARACTERS}}}[{_LINK}{_RECONNECT}]?")
_COOKIE = re.compile(r"[A-Za-z0-9_-]{43}\.([A-Za-z0-9_.-]+)")


@dataclass(frozen=True, slots=True)
class IssuedState:
    value: str
    cookies: list[str]
    """Set-Cookie values."""


@dataclass(frozen=True, slots=True)
class Login:
    """A login that came back to the browser that started it."""

    state_hash: str
    redirect_uri: str
    start: Start
    connection_id: str
    """The connection that the login is for; "" for the person's own."""
    return_url: str
    """Where the browser goes afterwards; "" for our own page."""
    language: str
    """The tag of the language that the login started in."""
    consumed_at: int
    """When the state was used up, in epoch seconds."""
    is_first: bool
    """True for exactly one caller. The others get `outcome`: None while the first is still at work."""
    outcome: dict[str, str] | None


class StateStore:
    """StateTable. `secure_cookies` is False only on plain HTTP, see Settings."""

    def __init__(
        self,
        *,
        client: "DynamoDBClient",
        table: str,
        lifetime_s: int,
        secure_cookies: bool,
        clock: Callable[[], float] = time,
    ) -> None:
        """`lifetime_s` is how long a person may take, from the redirect to Facebook until the callback."""
        self._client = client
        self._table = table
        self._lifetime_s = lifetime_s
        self._prefix = "__Host-connect-" if secure_cookies else "connect-"
        self._attributes = "; Secure" * secure_cookies + "; HttpOnly; Path=/; SameSite=Lax"
        self._clock = clock

    def issue(
        self,
        *,
        redirect_uri: str,
        cookies: Mapping[str, str],
        start: Start,
        connection_id: str = "",
        return_url: str = "",
        language: str = "en",
    ) -> IssuedState:
        """Start a login and return its state. `connection_id` is that of the link; the rest is as in Login.

        `cookies` are the browser's: the oldest of ours are deleted, because a request holds only 10 KB of them. The start
        is stored in the new cookie only. The row has no user ID of its own, because DynamoDB may delete expired rows days
        late; a link can name one as its connection ID.
        The state itself says which kind of start it is.
        """
        kind = _LINK if start.link else _RECONNECT if start.reconnect else ""
        value = secrets.token_urlsafe(32) + kind
        browser = f"{secrets.token_urlsafe(32)}.{start.link or start.reconnect}"
        state_hash = _hash(value)
        now = int(self._clock())
        self._client.put_item(
            TableName=self._table,
            Item={
                "state_hash": {"S": state_hash},
                "browser_hash": {"S": _hash(browser)},
                "redirect_uri": {"S": redirect_uri},
                "connection_id": {"S": connection_id},
                "return_url": {"S": return_url},
                "language": {"S": language},
                "created_at": {"N": str(now)},
                "valid_until": {"N": str(now + self._lifetime_s)},
                "expires_at": {"N": str(now + self._lifetime_s + EXPLAINED_S)},
            },
        )
        # Browsers send the oldest cookie first.
        ours = [name for name in cookies if re.fullmatch(re.escape(self._prefix) + "[0-9a-f]{16}", name)]
        new = f"{self._cookie(state_hash)}={browser}{self._attributes}; Max-Age={self._lifetime_s + EXPLAINED_S}"
        gone = [f"{name}={self._attributes}; Max-Age=0" for name in ours[: -_MAX_COOKIES + 1]]
        return IssuedState(value=value, cookies=[new, *gone])

    def consume(self, value: str, *, cookies: Mapping[str, str]) -> Login:
        """Use up a state, if this browser started the login and the state was not used before.

        A reload, a double click and a retry by the browser get the same login with `is_first` False. Another browser
        cannot use the state up and learns nothing. Raises LoginError. Errors of DynamoDB say nothing about the state.
        """
        if not _STATE.fullmatch(value):
            raise LoginError("state-malformed")
        state_hash = _hash(value)
        browser = cookies.get(self._cookie(state_hash))
        if browser is None:
            raise LoginError("cookie-missing")
        now = int(self._clock())
        # If an answer is lost, the SDK sends the write again: the claim says that the first write was ours.
        claim = secrets.token_hex(8)
        try:
            row: dict[str, Any] = self._client.update_item(
                TableName=self._table,
                Key={"state_hash": {"S": state_hash}},
                UpdateExpression="SET consumed_at = :now, claim = :claim",
                ConditionExpression="browser_hash = :browser AND valid_until > :now AND attribute_not_exists(consumed_at)",
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
        consumed_at = int(row["consumed_at"]["N"])
        if not is_first and outcome is None and consumed_at + MAX_FINISHING_S < now:
            raise LoginError("login-interrupted")
        return Login(
            state_hash=state_hash,
            redirect_uri=row["redirect_uri"]["S"],
            start=(start := _start(value, browser.partition(".")[2])),
            connection_id=start.reconnect or row["connection_id"]["S"],
            return_url=row["return_url"]["S"],
            language=row["language"]["S"],
            consumed_at=consumed_at,
            is_first=is_first,
            outcome=outcome,
        )

    def start(self, value: str, *, cookies: Mapping[str, str]) -> Start | None:
        """Return where this login started; None if the cookie that holds it is missing."""
        if len(value) == _RANDOM_CHARACTERS or not _STATE.fullmatch(value):
            return Start()
        # The cookie is not verified yet, so only what looks like a link or a connection ID may be shown.
        found = _COOKIE.fullmatch(cookies.get(self._cookie(_hash(value)), ""))
        return _start(value, found[1]) if found else None

    def finish(self, login: Login, outcome: dict[str, str]) -> dict[str, str]:
        """Store how the login ended, unless that is stored already. Return the outcome that is stored."""
        try:
            self._client.update_item(
                **self._outcome_update(login, outcome), ReturnValuesOnConditionCheckFailure="ALL_OLD"
            )
        except self._client.exceptions.ConditionalCheckFailedException as refusal:
            return _outcome(_row(refusal)) or outcome
        return outcome

    def outcome_write(self, login: Login, outcome: Mapping[str, str]) -> "TransactWriteItemTypeDef":
        """Return the write of finish() for a transaction."""
        return {"Update": self._outcome_update(login, outcome)}

    def outcome(self, login: Login) -> dict[str, str] | None:
        """Return how the login ended, or None if nothing is stored."""
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


def _start(state: str, value: str) -> Start:
    """Return the start from what the cookie holds. The state says which kind it is."""
    kind = state[_RANDOM_CHARACTERS:]
    return Start(link=value if kind == _LINK else "", reconnect=value if kind == _RECONNECT else "")


def _row(refusal: ClientError) -> dict[str, Any]:
    """Return the row that a write was refused for, or {} if there is none."""
    # https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateItem.html; the type stubs lack Item.
    return dict(refusal.response).get("Item", {})  # type: ignore[return-value]


def _used_row(refusal: ClientError, *, browser_hash: str) -> dict[str, Any]:
    """Return the row that could not be used up, if this browser used it up before. Raises LoginError."""
    row = _row(refusal)
    if not row:
        raise LoginError("state-unknown") from None
    if not secrets.compare_digest(row["browser_hash"]["S"], browser_hash):
        raise LoginError("state-foreign") from None
    if "consumed_at" not in row:
        raise LoginError("state-expired") from None
    return row


def _outcome(row: Mapping[str, Any]) -> dict[str, str] | None:
    stored = row.get("outcome", {}).get("M")
    return None if stored is None else {key: text["S"] for key, text in stored.items()}


def _hash(value: str) -> str:
    return sha256(value.encode()).hexdigest()

"""Make connect links through the stack's function create_link."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from whatsapp_connect_reader.errors import LinkNotCreated, LinkRefused

if TYPE_CHECKING:
    from mypy_boto3_lambda.client import LambdaClient

_ERROR_TYPE = re.compile(r"[A-Za-z0-9_.]{1,100}")


@dataclass(frozen=True, slots=True)
class ConnectLink:
    """A link for one customer. The repr does not show the URL, because everybody who has it can use it."""

    url: str = field(repr=False)
    link_id: str
    expires_at: datetime
    """In UTC."""


class LinkCreator:
    """Make connect links. Thread-safe: use one for each process.

    `function_name` is the stack's output `CreateLinkFunctionName`. `client` is a boto3 client for Lambda. The default is a
    new one that waits 30 seconds for the answer and never retries, because a repeated call can make a second link.
    """

    def __init__(self, function_name: str, *, client: "LambdaClient | None" = None) -> None:
        self._function_name = function_name
        self._client = client or _make_client()

    def create(
        self,
        connection_id: str,
        *,
        label: str = "",
        tags: Mapping[str, str] | None = None,
        lifetime_s: int | None = None,
        uses: int | None = None,
        any_user: bool = False,
        accounts: Iterable[str] = (),
        return_url: str = "",
        language: str = "",
        signup: str = "",
        signup_features: Iterable[str] | None = None,
    ) -> ConnectLink:
        """Return a new link. What is not given has the stack's default: one use, and seven days.

        Raises LinkRefused if a value is not valid, LinkNotCreated if the function failed, and botocore's exceptions.
        After the last two the link may exist, but nobody has it.
        """
        wanted = {
            "connection_id": connection_id,
            "label": label or None,
            "tags": None if tags is None else dict(tags),
            "lifetime_s": lifetime_s,
            "uses": uses,
            "any_user": any_user or None,
            "accounts": list(accounts) or None,
            "return_url": return_url or None,
            "language": language or None,
            "signup": signup or None,
            "signup_features": None if signup_features is None else list(signup_features),
        }
        answer = self._client.invoke(
            FunctionName=self._function_name,
            InvocationType="RequestResponse",
            Payload=json.dumps({name: value for name, value in wanted.items() if value is not None}).encode(),
        )
        return _parse(answer["Payload"].read(), failed="FunctionError" in answer)


def _parse(payload: bytes, *, failed: bool) -> ConnectLink:
    """Return the link in the function's answer. Raises LinkRefused and LinkNotCreated."""
    try:
        answer = json.loads(payload)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise LinkNotCreated
    if failed:
        error_type = answer.get("errorType")
        raise LinkNotCreated(error_type if isinstance(error_type, str) and _ERROR_TYPE.fullmatch(error_type) else None)
    match answer:
        case {"error": str(code), "field": str(field_), "message": str(message)}:
            raise LinkRefused(code, field_, message)
        case {"url": str(url), "link_id": str(link_id), "expires_at": str(expires_at)}:
            return ConnectLink(url, link_id, _utc(expires_at))
    raise LinkNotCreated


def _utc(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise LinkNotCreated from None
    if time.tzinfo is None:
        raise LinkNotCreated
    return time.astimezone(UTC)


def _make_client() -> "LambdaClient":
    import boto3  # noqa: PLC0415 - optional: callers that pass a client may not have it
    from botocore.config import Config  # noqa: PLC0415

    return boto3.client("lambda", config=Config(read_timeout=30, retries={"total_max_attempts": 1}))

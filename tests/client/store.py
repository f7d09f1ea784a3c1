"""What the stack leaves in Parameter Store for a reader, and a clock of the reader's."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.support.people import MARIA

if TYPE_CHECKING:
    from mypy_boto3_ssm.client import SSMClient

PREFIX = "/whatsapp-connect/test"


@dataclass
class Store:
    """Parameter Store as the stack leaves it; `reads` are the names that were asked for."""

    client: "SSMClient"
    reads: list[str] = field(default_factory=list)
    before_read: list[Callable[[], None]] = field(default_factory=list)
    """Done one by one, each just before the next read."""

    @property
    def exceptions(self) -> Any:
        return self.client.exceptions

    def get_parameter(self, *, Name: str, **how: bool) -> Any:  # noqa: N803 - AWS's own name
        if self.before_read:
            self.before_read.pop(0)()
        self.reads.append(Name.removeprefix(f"{PREFIX}/connections/"))
        return self.client.get_parameter(Name=Name, **how)

    def put_token(self, value: str, connection_id: str = MARIA, *, prefix: str = PREFIX) -> int:
        return self.client.put_parameter(
            Name=f"{prefix}/connections/{connection_id}/access-token",
            Value=value,
            Type="SecureString",
            Overwrite=True,
        )["Version"]

    def delete_token(self, connection_id: str = MARIA) -> None:
        self.client.delete_parameter(Name=f"{PREFIX}/connections/{connection_id}/access-token")

    def put_metadata(self, connection_id: str = MARIA, *, prefix: str = PREFIX, **changes: object) -> None:
        metadata: dict[str, object] = {
            "user_id": MARIA,
            "token_type": "USER",
            "token_version": 1,
            "issued_at": "2026-11-01T08:00:00Z",
            "expires_at": "2026-12-31T08:00:00Z",
            "data_access_expires_at": "2027-01-30T08:00:00Z",
            "scopes": ["whatsapp_business_management", "whatsapp_business_messaging"],
            "waba_ids": ["300000000000001"],
            "phone_numbers": [
                {
                    "id": "400000000000001",
                    "display_phone_number": "+1 202-555-0100",
                    "verified_name": "Bakery",
                }
            ],
            "status": "active",
            "status_reason": None,
            "graph_version": "v26.0",
            "truncated": False,
        }
        self.client.put_parameter(
            Name=f"{prefix}/connections/{connection_id}/metadata",
            Value=json.dumps(metadata | changes),
            Type="String",
            Overwrite=True,
        )

    def connect(self, value: str, connection_id: str = MARIA, *, prefix: str = PREFIX, **changes: object) -> None:
        version = self.put_token(value, connection_id, prefix=prefix)
        self.put_metadata(connection_id, prefix=prefix, token_version=version, **changes)


@dataclass
class Clock:
    now: float = 1000.0
    pauses: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds

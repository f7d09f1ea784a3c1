"""DynamoDB transactions whose answer may be lost.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
"""

from itertools import count
from time import monotonic
from typing import TYPE_CHECKING
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError

from whatsapp_connect.errors import CommitUnknownError, TransactionCancelledError
from whatsapp_connect.faults import is_passing
from whatsapp_connect.waiting import pause

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

REPEAT_S = 8.0
"""How long an unanswered transaction is repeated: DynamoDB says "in progress" for up to five seconds."""


class TransactionRunner:
    def __init__(self, *, client: "DynamoDBClient") -> None:
        self._client = client

    def commit(self, writes: "Sequence[TransactWriteItemTypeDef]") -> None:
        """Write all or nothing.

        While the answer is unknown, repeat the same request with the same token, so that it is carried out once. Raises
        TransactionCancelledError, with a reason for each write, if nothing was written, and CommitUnknownError if no
        answer came.
        """
        token = uuid4().hex  # 32 characters; 36 are allowed
        until = monotonic() + REPEAT_S
        for tries in count(1):
            try:
                self._client.transact_write_items(TransactItems=writes, ClientRequestToken=token)
            except self._client.exceptions.TransactionCanceledException as cancelled:
                raise TransactionCancelledError(_reasons(cancelled)) from None
            except (ClientError, BotoCoreError) as error:
                if not is_passing(error):
                    raise
                if not pause(tries, max_s=0.5, until=until):
                    raise CommitUnknownError from None
            else:
                return


def _reasons(cancelled: ClientError) -> tuple[str, ...]:
    reasons = dict(cancelled.response).get("CancellationReasons", [])
    return tuple(str(reason.get("Code") or "None") for reason in reasons)  # type: ignore[attr-defined]

"""DynamoDB transactions whose answer may be lost.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
"""

import random
from collections.abc import Callable, Sequence
from time import monotonic, sleep
from typing import TYPE_CHECKING
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError

from whatsapp_connect.errors import CommitUnknownError, TransactionCancelledError
from whatsapp_connect.faults import is_passing

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

REPEAT_S = 8.0
"""How long an unanswered transaction is repeated: DynamoDB says "in progress" for up to five seconds."""


class TransactionRunner:
    def __init__(self, *, client: "DynamoDBClient", clock: Callable[[], float] = monotonic) -> None:
        self._client = client
        self._clock = clock

    def commit(self, writes: "Sequence[TransactWriteItemTypeDef]") -> None:
        """Write all or nothing.

        While the answer is unknown, the same request is repeated with the same token, so that it is carried out once.
        Raises TransactionCancelledError, with a reason for each write, where nothing was written, and
        CommitUnknownError where nobody can tell.
        """
        token = uuid4().hex  # 32 characters; 36 are allowed
        end = self._clock() + REPEAT_S
        while True:
            try:
                self._client.transact_write_items(TransactItems=writes, ClientRequestToken=token)
            except self._client.exceptions.TransactionCanceledException as cancelled:
                raise TransactionCancelledError(_reasons(cancelled)) from None
            except (ClientError, BotoCoreError) as error:
                if not is_passing(error):
                    raise
                if self._clock() > end:
                    raise CommitUnknownError from None
            else:
                return
            sleep(random.uniform(0.1, 0.5))  # noqa: S311  jitter, not a secret


def _reasons(cancelled: ClientError) -> tuple[str, ...]:
    reasons = dict(cancelled.response).get("CancellationReasons", [])
    return tuple(str(reason.get("Code") or "None") for reason in reasons)  # type: ignore[attr-defined]

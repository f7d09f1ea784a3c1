"""AccountTable: which connections have a WhatsApp Business account.

Meta names accounts, and everything else here names connections. publish makes the rows from the records, so they can be
made again at any time. A row is a hint: a connection that it names may have lost the account, or be gone.
"""

from collections.abc import Iterable
from itertools import batched
from typing import TYPE_CHECKING

from whatsapp_connect.errors import RowsNotWrittenError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import WriteRequestTypeDef

_MAX_BATCH = 25
"""https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html"""


class AccountIndex:
    """AccountTable. One row for each account of each connection. Every method raises the errors of DynamoDB."""

    def __init__(self, *, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def connections_of(self, waba_id: str) -> list[str]:
        """Return the IDs of all connections that have an account, in order."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="waba_id = :waba_id",
            ExpressionAttributeValues={":waba_id": {"S": waba_id}},
            ConsistentRead=True,
        )
        return [item["connection_id"]["S"] for page in pages for item in page["Items"]]

    def change(self, connection_id: str, *, added: Iterable[str], removed: Iterable[str]) -> None:
        """Make and delete rows of a connection, given as IDs of accounts. Rows may be there, or gone, already.

        Raises RowsNotWrittenError if DynamoDB leaves some of them out. It may have written others.
        """
        puts: list[WriteRequestTypeDef] = [{"PutRequest": {"Item": _row(one, connection_id)}} for one in added]
        deletes: list[WriteRequestTypeDef] = [{"DeleteRequest": {"Key": _row(one, connection_id)}} for one in removed]
        for batch in batched(puts + deletes, _MAX_BATCH, strict=False):
            answer = self._client.batch_write_item(RequestItems={self._table: list(batch)})
            if left := answer.get("UnprocessedItems", {}).get(self._table):
                raise RowsNotWrittenError(len(left))


def _row(waba_id: str, connection_id: str) -> dict[str, dict[str, str]]:
    return {"waba_id": {"S": waba_id}, "connection_id": {"S": connection_id}}

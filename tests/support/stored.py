"""What is in the account after a login: parameters and rows."""

from typing import Any

import boto3
from boto3.dynamodb.types import TypeDeserializer

from tests.support import stack
from whatsapp_connect.connections import ConnectionStore
from whatsapp_connect.model import ConnectionRecord


class Stored:
    def __init__(self, session: boto3.Session) -> None:
        self._ssm = stack.operator(session, "ssm")
        self._dynamodb = stack.operator(session, "dynamodb")
        self._connections = ConnectionStore(client=self._dynamodb, table=stack.CONNECTIONS)

    def token(self, connection_id: str, version: int | None = None) -> str | None:
        """Return a stored token, decrypted, or an earlier version of it."""
        name = f"{stack.PREFIX}/connections/{connection_id}/access-token" + (f":{version}" if version else "")
        try:
            value: str = self._ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]
        except (self._ssm.exceptions.ParameterNotFound, self._ssm.exceptions.ParameterVersionNotFound):
            return None
        return value

    def parameters(self) -> dict[str, str]:
        """Return every parameter of the connections."""
        pages = self._ssm.get_paginator("get_parameters_by_path").paginate(
            Path=f"{stack.PREFIX}/connections", Recursive=True, WithDecryption=True
        )
        return {one["Name"]: one["Value"] for page in pages for one in page["Parameters"]}

    def version(self, connection_id: str) -> int:
        """Return the version of a stored token."""
        name = f"{stack.PREFIX}/connections/{connection_id}/access-token"
        version: int = self._ssm.get_parameter(Name=name)["Parameter"]["Version"]
        return version

    def connection(self, connection_id: str) -> ConnectionRecord:
        """Return a record that is there."""
        record = self._connections.load(connection_id)
        assert record
        return record

    def record(self, connection_id: str) -> dict[str, Any] | None:
        item = self._dynamodb.get_item(
            TableName=stack.CONNECTIONS, Key={"connection_id": {"S": connection_id}}, ConsistentRead=True
        ).get("Item")
        return _row(item) if item else None

    def records(self) -> list[dict[str, Any]]:
        return self._rows(stack.CONNECTIONS)

    def states(self) -> list[dict[str, Any]]:
        return self._rows(stack.STATES)

    def links(self) -> list[dict[str, Any]]:
        return self._rows(stack.LINKS)

    def deletions(self) -> list[dict[str, Any]]:
        return self._rows(stack.DELETIONS)

    def account_rows(self) -> list[dict[str, Any]]:
        return self._rows(stack.ACCOUNTS)

    def accounts(self) -> set[tuple[str, str]]:
        """Return which connections have which account: the IDs of both."""
        return {(row["waba_id"], row["connection_id"]) for row in self.account_rows()}

    def everything(self) -> tuple[dict[str, str], list[dict[str, Any]]]:
        """Return what must not change while nothing is connected: parameters, and rows."""
        return self.parameters(), self.records() + self.account_rows()

    def delete(self, connection_id: str) -> None:
        """Delete all there is of a connection, as an operator may."""
        self._dynamodb.delete_item(TableName=stack.CONNECTIONS, Key={"connection_id": {"S": connection_id}})
        for name in self.parameters():
            if f"/{connection_id}/" in name:
                self._ssm.delete_parameter(Name=name)
        for row in self.account_rows():
            if row["connection_id"] == connection_id:
                key = {name: {"S": value} for name, value in row.items()}
                self._dynamodb.delete_item(TableName=stack.ACCOUNTS, Key=key)

    def _rows(self, table: str) -> list[dict[str, Any]]:
        pages = self._dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
        return [_row(item) for page in pages for item in page["Items"]]


class Earlier:
    """A connection made before, which nothing that goes wrong may touch."""

    def __init__(self, stored: Stored) -> None:
        self.stored = stored
        self._parameters, self._records = stored.everything()

    def assert_unchanged(self) -> None:
        parameters, records = self.stored.everything()
        assert parameters == self._parameters
        assert records == self._records


def _row(item: dict[str, Any]) -> dict[str, Any]:
    deserialize = TypeDeserializer().deserialize
    return {name: deserialize(value) for name, value in item.items()}

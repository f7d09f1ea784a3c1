"""The stack on the emulator, announcing by itself."""

import os
from collections.abc import Iterator
from typing import Any

from local.emulator import CREDENTIALS
from local.stack import Stack
from tests.life.account import Told


class EmulatedAccount:
    """Gives the functions of this process the environment of those deployed, and the rights of the root user."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        functions = self.client("lambda")
        about = functions.get_function_configuration(FunctionName=stack.resources["RenewFunction"])
        self._variables: dict[str, str] = about["Environment"]["Variables"]
        self._streams = self.client("dynamodbstreams")
        table = self.client("dynamodb").describe_table(TableName=self.connection_table)["Table"]
        arn = table["LatestStreamArn"]
        (shard,) = self._streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
        self._iterator = self._streams.get_shard_iterator(
            StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        # It would run by the clock of this machine.
        self.client("scheduler").delete_schedule(Name=stack.resources["RenewFunctionHourly"])

    @property
    def prefix(self) -> str:
        return self._variables["PARAMETER_PREFIX"]

    @property
    def connection_table(self) -> str:
        return self._stack.resources["ConnectionTable"]

    def set_environment(self) -> None:
        for name in [name for name in os.environ if name.startswith(("AWS_", "POWERTOOLS_", "BOTO_"))]:
            del os.environ[name]
        os.environ |= {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
        os.environ |= CREDENTIALS | {"AWS_DEFAULT_REGION": CREDENTIALS["AWS_REGION"]} | self._variables

    def client(self, service: str) -> Any:
        return self._stack.session.client(service, endpoint_url=self._stack.endpoint_url)  # type: ignore[call-overload]

    def changes(self) -> Iterator[dict[str, Any]]:
        while True:  # a page may end at a number of bytes, too
            page = self._streams.get_records(ShardIterator=self._iterator)
            self._iterator = page["NextShardIterator"]
            if not page["Records"]:
                return
            yield from page["Records"]

    def receive(self, *, seconds: int) -> Iterator[Told]:
        for announcement in self._stack.announcements(seconds=seconds):
            yield Told(announcement.type, announcement.detail)

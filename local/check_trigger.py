"""Make a person's connections due for a check at once. On AWS the next check would come within a day."""

import json
from contextlib import suppress
from time import time

from local.deployment import Deployment
from local.emulator import Emulator


class CheckTrigger:
    """Call it with a Facebook user's id, and each of their connections is checked at once."""

    def __init__(self) -> None:
        self._target: tuple[Emulator, Deployment] | None = None

    def set_stack(self, emulator: Emulator, deployment: Deployment) -> None:
        """Set the stack. Calls before this do nothing."""
        self._target = emulator, deployment

    def __call__(self, user_id: str) -> None:
        if self._target is None:
            return
        emulator, deployment = self._target
        dynamodb = emulator.session.client("dynamodb", endpoint_url=emulator.url)
        connections = dynamodb.query(
            TableName=deployment.resources["ConnectionTable"],
            IndexName="by-user",
            KeyConditionExpression="user_id = :user",
            ExpressionAttributeValues={":user": {"S": user_id}},
        )["Items"]
        queues = emulator.session.client("sqs", endpoint_url=emulator.url)
        for connection in connections:
            with suppress(dynamodb.exceptions.ConditionalCheckFailedException):  # the record was deleted
                dynamodb.update_item(
                    TableName=deployment.resources["ConnectionTable"],
                    Key={"connection_id": connection["connection_id"]},
                    UpdateExpression="SET next_check_at = :now",
                    ConditionExpression="attribute_exists(user_id)",
                    ExpressionAttributeValues={":now": {"N": str(int(time()))}},
                )
            # CheckQueue would wait for a minute after a login, because a login counts as a check. DueQueue does not.
            queues.send_message(
                QueueUrl=deployment.resources["DueQueue"],
                MessageBody=json.dumps({"connection_id": connection["connection_id"]["S"]}),
            )

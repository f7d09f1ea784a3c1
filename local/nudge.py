"""Has the stack check a person's connections at once, where on AWS it would do so within the day."""

import json
from contextlib import suppress
from time import time

from local.deployment import Deployment
from local.emulator import Emulator


class Nudge:
    """To be called with a Facebook user's id: a check of each of their connections is due at once."""

    def __init__(self) -> None:
        self._target: tuple[Emulator, Deployment] | None = None

    def aim(self, emulator: Emulator, deployment: Deployment) -> None:
        """Say which stack is meant; until then a call does nothing."""
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
            with suppress(dynamodb.exceptions.ConditionalCheckFailedException):  # forgotten since
                dynamodb.update_item(
                    TableName=deployment.resources["ConnectionTable"],
                    Key={"connection_id": connection["connection_id"]},
                    UpdateExpression="SET next_check_at = :now",
                    ConditionExpression="attribute_exists(user_id)",
                    ExpressionAttributeValues={":now": {"N": str(int(time()))}},
                )
            # What somebody asks for would wait for a minute after a login, which was a check as well.
            queues.send_message(
                QueueUrl=deployment.resources["DueQueue"],
                MessageBody=json.dumps({"connection_id": connection["connection_id"]["S"]}),
            )

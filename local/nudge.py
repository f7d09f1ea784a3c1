"""Lets the stack look at a person's connections at once, where on AWS it would do so within the day."""

from local.deployment import Deployment
from local.emulator import Emulator


class Nudge:
    """To be called with a Facebook user's id: their connections become due, and the hourly run happens now."""

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
        table = deployment.resources["ConnectionTable"]
        connections = dynamodb.query(
            TableName=table,
            IndexName="by-user",
            KeyConditionExpression="user_id = :user",
            ExpressionAttributeValues={":user": {"S": user_id}},
        )["Items"]
        for connection in connections:
            dynamodb.update_item(
                TableName=table,
                Key={"connection_id": connection["connection_id"]},
                UpdateExpression="SET next_check_at = :now",
                ExpressionAttributeValues={":now": {"N": "0"}},
            )
        emulator.session.client("lambda", endpoint_url=emulator.url).invoke(
            FunctionName=deployment.resources["RenewFunction"], InvocationType="Event"
        )

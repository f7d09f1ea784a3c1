"""`whatsapp-connect policy`: what a service may be allowed that reads tokens."""

from typing import Any

import click

from whatsapp_connect_cli.deployment import Deployment
from whatsapp_connect_cli.options import Asked, ConnectionId, common_options
from whatsapp_connect_cli.output import show_json, show_line


@click.command()
@click.argument("connection_id", type=ConnectionId(), required=False)
@click.option("--all", "everything", is_flag=True, help="The ARN of the policy for all connections.")
@common_options
@click.pass_obj
def policy(asked: Asked, connection_id: str | None, *, everything: bool) -> None:
    """Print the IAM policy of a service that reads one connection's token.

    It also allows to report a call that Facebook refused, on CheckQueue. The connection need not be there yet.
    """
    if (connection_id is None) != everything:
        raise click.UsageError("Give a CONNECTION_ID, or --all.")
    deployment = asked.find()
    arn = deployment.outputs["TokenReaderPolicyArn"]
    if connection_id is not None:
        show_json(reader_policy(deployment, connection_id))
    elif asked.json:
        show_json({"policy_arn": arn})
    else:
        show_line(arn)


def reader_policy(deployment: Deployment, connection_id: str) -> dict[str, Any]:
    """Return the policy: like the stack's TokenReaderPolicy, but for one connection."""
    root = f"{deployment.settings.parameter_prefix}/connections/{connection_id}"
    token, metadata = (deployment.parameter_arn(f"{root}/{leaf}") for leaf in ("access-token", "metadata"))
    key, previous = deployment.settings.token_key_id, deployment.stack_parameters.get("PreviousTokenKey")
    statements: list[dict[str, Any]] = [
        {
            "Effect": "Allow",
            "Action": ["ssm:GetParameter", "ssm:GetParameters"],
            # With a version the emulator's ARN has it too; no name holds a colon, so nothing else is meant.
            "Resource": [token, f"{token}:*", metadata],
        },
        {
            "Effect": "Allow",
            "Action": "kms:Decrypt",
            "Resource": [key, previous] if previous else key,
            "Condition": {"StringEquals": {"kms:EncryptionContext:PARAMETER_ARN": token}},
        },
        {
            "Effect": "Allow",
            "Action": "sqs:SendMessage",
            "Resource": deployment.settings.check_queue_arn,
        },
    ]
    return {"Version": "2012-10-17", "Statement": statements}

"""`whatsapp-connect policy`: print the IAM policy of a service that reads tokens."""

from typing import Any

import click

from whatsapp_connect_cli.deployment import Deployment
from whatsapp_connect_cli.options import CommonOptions, ConnectionId, common_options
from whatsapp_connect_cli.output import show_json, show_line


@click.command()
@click.argument("connection_id", type=ConnectionId(), required=False)
@click.option("--all", "everything", is_flag=True, help="Print the ARN of the policy for all connections.")
@common_options
@click.pass_obj
def policy(options: CommonOptions, connection_id: str | None, *, everything: bool) -> None:
    """Print the IAM policy for reading a token.

    A service with this policy can read the token of one connection. The policy also allows the service to report
    refused calls to CheckQueue. The connection does not have to exist.
    """
    if (connection_id is None) != everything:
        raise click.UsageError("Give a CONNECTION_ID, or --all.")
    deployment = options.find()
    arn = deployment.outputs["TokenReaderPolicyArn"]
    if connection_id is not None:
        show_json(reader_policy(deployment, connection_id))
    elif options.json:
        show_json({"policy_arn": arn})
    else:
        show_line(arn)


def reader_policy(deployment: Deployment, connection_id: str) -> dict[str, Any]:
    """Return the statements of the stack's TokenReaderPolicy, limited to one connection."""
    root = f"{deployment.settings.parameter_prefix}/connections/{connection_id}"
    token, metadata = (deployment.parameter_arn(f"{root}/{leaf}") for leaf in ("access-token", "metadata"))
    key, previous = deployment.settings.token_key_id, deployment.stack_parameters.get("PreviousTokenKey")
    statements: list[dict[str, Any]] = [
        {
            "Effect": "Allow",
            "Action": ["ssm:GetParameter", "ssm:GetParameters"],
            # The emulator's ARN of a parameter version ends in ":" and the version. Names have no colon, so this
            # matches no other parameter.
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

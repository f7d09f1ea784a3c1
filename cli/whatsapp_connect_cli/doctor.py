"""`whatsapp-connect doctor`: compare the deployed stack with what Meta will accept and what it needs on AWS."""

from collections.abc import Callable
from dataclasses import replace

import click
from botocore.exceptions import BotoCoreError, ClientError

from whatsapp_connect.errors import LoginError
from whatsapp_connect_cli import check_aws, check_connections, check_facebook
from whatsapp_connect_cli.deployment import Deployment
from whatsapp_connect_cli.errors import BrokenError, as_click
from whatsapp_connect_cli.finding import Finding, not_checked
from whatsapp_connect_cli.options import Asked, common_options
from whatsapp_connect_cli.output import say, show_json, show_line

CHECKS: dict[str, Callable[[Deployment], Finding]] = {
    "app secret": check_aws.app_secret,
    "app": check_facebook.app,
    "address": check_aws.address,
    "redirect URI": check_facebook.redirect_uri,
    "permissions": check_facebook.scopes,
    "connections": check_facebook.connections,
    "require secret": check_facebook.app_secret_required,
    "Graph version": check_facebook.graph_version,
    "records": check_connections.records,
    "keys": check_connections.keys,
    "publishing": check_connections.publishing,
    "checks": check_connections.checks,
    "brake": check_connections.brake,
    "dead letters": check_connections.dead_letters,
    "rights": check_aws.rights,
    "time to live": check_aws.time_to_live,
    "alarms": check_aws.alarms,
    "clock": check_aws.clock,
    "quota": check_aws.quota,
    "heartbeat": check_aws.heartbeat,
}
_NAME = max(map(len, CHECKS))
_HEALTH = len("not checked")


@click.command()
@common_options
@click.pass_obj
def doctor(asked: Asked) -> None:
    """Check the stack, one line for each check, with the fix for what is broken.

    Nothing is changed. Ends with exit code 5 if something is broken; a warning alone is no failure.
    """
    deployment = replace(asked.find())  # remembers nothing of an earlier look
    findings = {}
    for name, check in CHECKS.items():
        findings[name] = finding = examine(check, deployment)
        if not asked.json:
            show(name, finding)
    if asked.json:
        show_json(
            [
                {"check": name, "health": one.health, "says": one.says, "fix": one.fix or None}
                for name, one in findings.items()
            ]
        )
    broken = [name for name, finding in findings.items() if finding.health == "broken"]
    if broken:
        raise BrokenError(f"Broken: {', '.join(broken)}.")
    say("Nothing is broken.")


def examine(check: Callable[[Deployment], Finding], deployment: Deployment) -> Finding:
    """Make one check; what keeps it from being made must not keep the others."""
    try:
        return check(deployment)
    except (LoginError, ClientError, BotoCoreError) as error:
        return not_checked(as_click(error).format_message())


def show(name: str, finding: Finding) -> None:
    """Print a finding on a line, and under it the fix, which is never broken up: it is there to be copied."""
    show_line(f"{finding.health:{_HEALTH}}  {name:{_NAME}}  {finding.says}")
    if finding.fix:
        show_line(f"{'':{_HEALTH}}  fix: {finding.fix}")

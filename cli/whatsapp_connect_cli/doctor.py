"""`whatsapp-connect doctor`: check a deployed stack, its connections and its Meta app."""

from collections.abc import Callable
from dataclasses import replace

import click
from botocore.exceptions import BotoCoreError, ClientError

from whatsapp_connect.errors import LoginError
from whatsapp_connect_cli import check_aws, check_connections, check_facebook
from whatsapp_connect_cli.deployment import Deployment
from whatsapp_connect_cli.errors import BrokenError, as_click
from whatsapp_connect_cli.finding import Finding, not_checked
from whatsapp_connect_cli.options import CommonOptions, common_options
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
    "accounts": check_connections.accounts,
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
_NAME_COLUMNS = max(map(len, CHECKS))
_HEALTH_COLUMNS = len("not checked")


@click.command()
@common_options
@click.pass_obj
def doctor(options: CommonOptions) -> None:
    """Check the stack. Prints one line for each check, and a fix for each problem.

    Changes nothing. Ends with exit code 5 if something is broken; with 0 if there are only warnings.
    """
    deployment = replace(options.find())  # a copy has no cached records
    findings = {}
    for name, check in CHECKS.items():
        findings[name] = finding = run_check(check, deployment)
        if not options.json:
            show(name, finding)
    if options.json:
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


def run_check(check: Callable[[Deployment], Finding], deployment: Deployment) -> Finding:
    """Return a check's finding; `not checked` if AWS or Facebook fails, so that the other checks still run."""
    try:
        return check(deployment)
    except (LoginError, ClientError, BotoCoreError) as error:
        return not_checked(as_click(error, profile=deployment.place.session.profile_name).format_message())


def show(name: str, finding: Finding) -> None:
    """Print a finding on one line, and its fix on the next, unwrapped, so that it can be copied."""
    show_line(f"{finding.health:{_HEALTH_COLUMNS}}  {name:{_NAME_COLUMNS}}  {finding.says}")
    if finding.fix:
        show_line(f"{'':{_HEALTH_COLUMNS}}  fix: {finding.fix}")

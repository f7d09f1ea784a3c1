"""`whatsapp-connect doctor`: check a deployed stack, its connections and its Meta app."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import partial

import click
from botocore.exceptions import BotoCoreError, ClientError

from whatsapp_connect.errors import LoginError, TokenUnreadableError
from whatsapp_connect.faults import describe
from whatsapp_connect_cli import (
    check_alerts,
    check_aws,
    check_connections,
    check_facebook,
    check_functions,
    check_rights,
    check_site,
)
from whatsapp_connect_cli.deployment import Deployment
from whatsapp_connect_cli.errors import BrokenError, NeedsPersonError, as_click
from whatsapp_connect_cli.finding import Finding, not_checked
from whatsapp_connect_cli.options import CommonOptions, common_options
from whatsapp_connect_cli.output import say, show_json, show_line

type Check = Callable[[Deployment], Finding]

CHECKS: dict[str, Check] = {
    "app-secret": check_aws.app_secret,
    "app": check_facebook.app,
    "app-mode": check_facebook.app_mode,
    "redirect-uri": check_facebook.redirect_uri,
    "signup": check_facebook.signup,
    "require-secret": check_facebook.app_secret_required,
    "graph-version": check_facebook.graph_version,
    "address": check_site.address,
    "version": check_site.version,
    "visit": check_site.visit,
    "logins": check_site.logins,
    "webhooks": check_site.webhooks,
    "functions": check_functions.functions,
    "concurrency": check_functions.concurrency,
    "schedule": check_functions.schedule,
    "heartbeat": check_functions.heartbeat,
    "sources": check_functions.sources,
    "queues": check_functions.queues,
    "dead-letters": check_functions.dead_letters,
    "rights": check_rights.rights,
    "key": check_aws.key,
    "tables": check_aws.tables,
    "time-to-live": check_aws.time_to_live,
    "quota": check_aws.quota,
    "alerts": check_alerts.alerts,
    "alarms": check_alerts.alarms,
    "clock": check_aws.clock,
    "records": check_connections.records,
    "encryption": check_connections.encryption,
    "publishing": check_connections.publishing,
    "parameters": check_connections.parameters,
    "checks": check_connections.checks,
    "brake": check_connections.brake,
    "connections": check_facebook.connections,
    "permissions": check_facebook.scopes,
    "tokens": check_connections.tokens,
    "accounts": check_connections.accounts,
}
_COMPLETE: Mapping[str, Check] = {
    "quota": partial(check_aws.quota, complete=True),
    "parameters": partial(check_connections.parameters, complete=True),
}
"""Checks that take a sample in a run of all checks, and look at everything if they are asked for by name."""
_UNSUPPORTED = frozenset({"InvalidAction", "NotImplemented", "UnknownOperationException", "501"})
"""What emulators answer to an operation that they do not have."""
_NAME_COLUMNS = max(map(len, CHECKS))
_HEALTH_COLUMNS = len("needs person")


@click.command()
@click.option(
    "--only",
    multiple=True,
    type=click.Choice(list(CHECKS)),
    metavar="NAME",
    help="Make only this check. Can be repeated. quota and parameters then look at everything, not at a sample.",
)
@common_options
@click.pass_obj
def doctor(options: CommonOptions, *, only: tuple[str, ...]) -> None:
    """Check the stack. Prints one line for each check, and a fix for each problem.

    Changes nothing, but opens the connect link as a visitor does, which leaves one state that is soon deleted.

    Ends with exit code 5 if the stack or its app is broken; with 6 if the stack works, but connections need a person;
    with 0 otherwise, also if there are warnings.
    """
    deployment = replace(options.find())  # a copy has no cached records
    checks = {name: _COMPLETE.get(name, check) if only else check for name, check in CHECKS.items()}
    names = [name for name in checks if name in only] if only else list(checks)
    deployment.make_clients()
    # Read once what many checks need. If that fails, they try again, and say what is wrong.
    with suppress(Exception):
        _ = deployment.all_records
    with suppress(Exception):
        deployment.app_secrets.read()
    findings: dict[str, Finding] = {}
    with ThreadPoolExecutor(len(names)) as pool:
        for name, finding in zip(names, pool.map(lambda name: run_check(checks[name], deployment), names), strict=True):
            findings[name] = finding
            if not options.json:
                show(name, finding)
    if options.json:
        show_json(
            [
                {"check": name, "health": one.health, "says": one.says, "fix": one.fix or None}
                for name, one in findings.items()
            ]
        )
    if broken := [name for name, finding in findings.items() if finding.health == "broken"]:
        raise BrokenError(f"Broken: {', '.join(broken)}.")
    if person := [name for name, finding in findings.items() if finding.health == "needs person"]:
        raise NeedsPersonError(f"The stack works. Connections need a person: {', '.join(person)}.")
    say("Nothing is broken.")


def run_check(check: Check, deployment: Deployment) -> Finding:
    """Return a check's finding; `not checked` after any exception, so that the other checks still run."""
    try:
        return check(deployment)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in _UNSUPPORTED:
            return not_checked(f"This endpoint does not support {error.operation_name}.")
        return not_checked(as_click(error, profile=deployment.place.session.profile_name).format_message())
    except (LoginError, TokenUnreadableError, BotoCoreError) as error:
        return not_checked(as_click(error, profile=deployment.place.session.profile_name).format_message())
    except Exception as error:  # noqa: BLE001  an answer that is not as documented must not stop the others
        fields = describe(error)  # without the exception's text, which can quote an answer
        places = fields["at"]
        place = places[-1] if isinstance(places, list) and places else "an unknown place"
        return not_checked(f"An answer was not understood ({fields['exception']} at {place}).")


def show(name: str, finding: Finding) -> None:
    """Print a finding on one line, and its fix on the next, unwrapped, so that it can be copied."""
    show_line(f"{finding.health:{_HEALTH_COLUMNS}}  {name:{_NAME_COLUMNS}}  {finding.says}")
    if finding.fix:
        show_line(f"{'':{_HEALTH_COLUMNS}}  fix: {finding.fix}")

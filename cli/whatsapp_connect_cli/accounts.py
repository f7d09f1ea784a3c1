"""`whatsapp-connect connections accounts`: show the WhatsApp Business accounts of a connection, and name more."""

from typing import Any

import click

from whatsapp_connect import record_changes
from whatsapp_connect.model import MAX_ACCOUNTS, Account, ConnectionRecord
from whatsapp_connect_cli import story
from whatsapp_connect_cli.errors import FailedError, RefusedError
from whatsapp_connect_cli.options import CommonOptions, ConnectionId, WabaId, common_options
from whatsapp_connect_cli.output import say, show_json, show_table
from whatsapp_connect_cli.records import load, write


@click.command()
@click.argument("connection_id", type=ConnectionId())
@click.option(
    "--add",
    "added",
    type=WabaId(),
    multiple=True,
    help="Name an account that Facebook does not, and ask for a check. May be repeated.",
)
@common_options
@click.pass_obj
def accounts(options: CommonOptions, connection_id: str, *, added: tuple[str, ...]) -> None:
    """List the WhatsApp Business accounts of a connection, or name more.

    An account that you name counts once Facebook lists its phone numbers for the connection's token.
    """
    deployment = options.find()
    record = load(deployment, connection_id)
    if added:
        if not record.is_alive:
            raise RefusedError(f"{connection_id} is {record.status}. Nothing was changed.")
        now = deployment.clock()
        written = write(deployment, record, lambda found: _with_named(found, added, now=now))
        if written is None:
            raise FailedError(f"{connection_id} was deleted during the command.")
        record = written
        deployment.check_queue.send(connection_id)
    if options.json:
        show_json([_json(account) for account in record.accounts])
    elif record.accounts:
        show_table(
            ("ACCOUNT", "NAME", "SUBSCRIBED", "CAN SEND", "PROBLEM", "PHONE NUMBERS"),
            (
                (
                    account.id,
                    account.name or "-",
                    "yes" if account.subscribed else "no",
                    account.can_send.lower() or "-",
                    story.account_problem(account) or "-",
                    ", ".join(number.display_phone_number for number in account.numbers) or "-",
                )
                for account in record.accounts
            ),
        )
    else:
        say(f"No account is known. To name one: whatsapp-connect connections accounts {connection_id} --add WABA_ID")
    if added:
        say(f"A check was asked for. See the result: whatsapp-connect connections accounts {connection_id}")
        if not deployment.settings.checking:
            say("Checking is paused. To check, deploy with Checking=enabled.")


def _with_named(record: ConnectionRecord, waba_ids: tuple[str, ...], *, now: float) -> ConnectionRecord:
    """Return the record with the accounts that the operator names. Raises RefusedError if it cannot hold them."""
    after = record_changes.with_candidates(record, waba_ids, now=now)
    if not set(waba_ids) <= {account.id for account in after.accounts}:
        raise RefusedError(
            f"{record.connection_id} has {MAX_ACCOUNTS} accounts, which is the limit. Nothing was changed."
        )
    return after


def _json(account: Account) -> dict[str, Any]:
    return {
        "id": account.id,
        "name": account.name,
        "proven": account.is_proven,
        "subscribed": account.subscribed,
        "can_send": account.can_send,
        "problem_code": account.problem_code,
        "problem": story.account_problem(account) or None,
        "phone_numbers": [
            {
                "id": number.id,
                "display_phone_number": number.display_phone_number,
                "verified_name": number.verified_name,
                "status": number.status,
                "registered": number.registered,
            }
            for number in account.numbers
        ],
    }

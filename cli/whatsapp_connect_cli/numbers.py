"""`whatsapp-connect numbers`: register a phone number for the Cloud API, or ask for contacts and history, by hand."""

import sys
from time import monotonic

import click

from whatsapp_connect.business_app import KINDS, sync_of
from whatsapp_connect.model import NO_ANSWER, AccessToken, PhoneNumber
from whatsapp_connect.registration import PIN
from whatsapp_connect_cli import story
from whatsapp_connect_cli.deployment import Deployment
from whatsapp_connect_cli.errors import FailedError, NotFoundError, RefusedError
from whatsapp_connect_cli.options import CommonOptions, ConnectionId, WabaId, common_options
from whatsapp_connect_cli.output import show_json, show_line
from whatsapp_connect_cli.records import decrypt_token, load

FACEBOOK_TIMEOUT_S = 30.0
_NEXT = {
    story.WRONG_PIN: (
        " The customer can change it in WhatsApp Manager, Phone numbers, Two-step verification. Then try again with --pin."
    ),
    story.TOO_MANY_PINS: " Facebook accepts no other for 72 hours.",
    NO_ANSWER: " The next check reads whether it is registered.",
}


@click.group()
@common_options
def numbers() -> None:
    """Register phone numbers, and ask for the contacts and history of the WhatsApp Business app."""


@numbers.command()
@click.argument("connection_id", type=ConnectionId())
@click.argument("phone_number_id", type=WabaId())
@click.option("--pin", "has_pin", is_flag=True, help="Read the PIN from stdin or a prompt, and store it.")
@common_options
@click.pass_obj
def register(options: CommonOptions, connection_id: str, phone_number_id: str, *, has_pin: bool) -> None:
    """Register a phone number for the Cloud API, also if Facebook refused that before.

    The PIN is the one that you type; else the one in Parameter Store; else a random one, which is stored. Facebook
    allows ten PINs in 72 hours.
    """
    deployment = options.find()
    number, token = _number(deployment, connection_id, phone_number_id)
    if number.is_on_biz_app:
        raise RefusedError(
            "The number is used in the WhatsApp Business app. Registering it would take it away from there."
        )
    if not number.needs_registration:
        raise RefusedError("The number is registered. Nothing was changed.")
    if has_pin:
        deployment.pins.put(phone_number_id, _typed_pin(), replace=True)
    refusal = deployment.registrar.register(
        connection_id, phone_number_id, token, deadline=monotonic() + FACEBOOK_TIMEOUT_S, again=True
    )
    if refusal:
        reason = story.register_problem(refusal)
        raise FailedError(f"{phone_number_id} is not registered: {reason}.{_NEXT.get(refusal, '')}")
    if refusal is None:
        raise FailedError(f"{connection_id} has changed during the command. Try again.")
    _show(deployment, phone_number_id, as_json=options.json)


@numbers.command()
@click.argument("connection_id", type=ConnectionId())
@click.argument("phone_number_id", type=WabaId())
@common_options
@click.pass_obj
def sync(options: CommonOptions, connection_id: str, phone_number_id: str) -> None:
    """Have Meta send the contacts and the history of a number of the WhatsApp Business app.

    Asks for what Meta does not send yet, also if it refused that before. Meta sends each once, within 24 hours of the
    sign-up, as webhooks to the app.
    """
    deployment = options.find()
    number, token = _number(deployment, connection_id, phone_number_id)
    if not number.is_on_biz_app:
        raise RefusedError("The number is not used in the WhatsApp Business app. Nothing was changed.")
    wanted = [kind for kind in KINDS if not sync_of(number, kind).is_started]
    if not wanted:
        raise RefusedError("Meta sends its contacts and its history already, or has sent them. Nothing was changed.")
    deadline = monotonic() + FACEBOOK_TIMEOUT_S
    refusals = {
        kind: deployment.business_app.start(connection_id, phone_number_id, kind, token, deadline=deadline, again=True)
        for kind in wanted
    }
    if None in refusals.values():
        raise FailedError(f"{connection_id} has changed during the command. Try again.")
    if failed := {kind: code for kind, code in refusals.items() if code}:
        reasons = "; ".join(f"{kind}: {story.sync_problem(code)}" for kind, code in failed.items())
        raise FailedError(f"Meta does not send all of {phone_number_id}: {reasons}.")
    if options.json:
        show_json({"phone_number_id": phone_number_id, "started": wanted})
    else:
        show_line(f"Meta sends the {' and the '.join(wanted)} of {phone_number_id} as webhooks.")


def _number(deployment: Deployment, connection_id: str, phone_number_id: str) -> tuple[PhoneNumber, AccessToken]:
    """Return a phone number of a connection, and the connection's token. Raises NotFoundError or RefusedError."""
    record = load(deployment, connection_id)
    number = next((one for one in record.phone_numbers if one.id == phone_number_id), None)
    if number is None:
        raise NotFoundError(
            f"{connection_id} has no phone number {phone_number_id}. See whatsapp-connect connections show {connection_id}."
        )
    token = decrypt_token(deployment, record)
    if token is None:
        raise RefusedError(f"{connection_id} is {record.status}. Nothing was changed.")
    return number, token


def _typed_pin() -> str:
    """Return the PIN that the operator types or pipes in. Raises RefusedError."""
    typed = sys.stdin.isatty()
    pin = click.prompt("PIN", hide_input=True, err=True) if typed else sys.stdin.read(64)
    if not PIN.fullmatch(pin.strip()):
        raise RefusedError("A PIN has six digits. Nothing was changed.")
    return str(pin.strip())


def _show(deployment: Deployment, phone_number_id: str, *, as_json: bool) -> None:
    name = deployment.pins.name(phone_number_id)
    if as_json:
        show_json({"phone_number_id": phone_number_id, "registered": True, "pin_parameter": name})
    else:
        show_line(f"{phone_number_id} is registered. Its PIN is in {name}.")

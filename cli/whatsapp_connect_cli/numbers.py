"""`whatsapp-connect numbers register`: register a phone number for the Cloud API, by hand."""

import sys
from time import monotonic

import click

from whatsapp_connect.model import NO_ANSWER
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
    """Register phone numbers."""


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
    record = load(deployment, connection_id)
    number = next((one for one in record.phone_numbers if one.id == phone_number_id), None)
    if number is None:
        raise NotFoundError(
            f"{connection_id} has no phone number {phone_number_id}. See whatsapp-connect connections show {connection_id}."
        )
    token = decrypt_token(deployment, record)
    if token is None:
        raise RefusedError(f"{connection_id} is {record.status}. Nothing was changed.")
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

"""`whatsapp-connect connections test ID`: check that a connection can send messages, or send one."""

import re
from collections.abc import Mapping
from time import monotonic
from typing import Any, NoReturn

import click

from whatsapp_connect.errors import FacebookUnavailableError, LoginError, SetupError, TokenRefusedError
from whatsapp_connect.model import AccessToken, ConnectionRecord
from whatsapp_connect_cli import story
from whatsapp_connect_cli.deployment import Deployment
from whatsapp_connect_cli.errors import FailedError, RefusedError
from whatsapp_connect_cli.facebook import NumberHealth
from whatsapp_connect_cli.options import CommonOptions, ConnectionId, WabaId, common_options
from whatsapp_connect_cli.output import show_json, show_line
from whatsapp_connect_cli.records import load, published_token

FACEBOOK_TIMEOUT_S = 20.0
_PHONE = re.compile(r"\+?[0-9][0-9 ().-]{6,30}")
_MAX_DIGITS = 15
"""Of a phone number with its country code: https://www.itu.int/rec/T-REC-E.164"""

_DOES_NOT_EXIST = 33
_WHY = {
    3: "the token lacks a permission. Ask the person to connect again: {again}",
    4: "the app has made too many calls. Try again later.",
    10: "the token lacks a permission. Ask the person to connect again: {again}",
    33: "the phone number was deleted. See: whatsapp-connect connections accounts {id}",
    100: "a parameter is invalid. Check the recipient, and the name and language of the template.",
    368: "Meta has restricted the account for breaking a policy. The business sees more in its WhatsApp Manager.",
    80007: "the account has made too many calls. Try again later.",
    130429: "too many messages are sent from this number. Try again later.",
    130497: "Meta does not allow the account to send to people of this country.",
    131000: "Facebook failed. Try again later.",
    131005: "the token lacks a permission. Ask the person to connect again: {again}",
    131008: "the template needs parameters, which a test message does not have. Choose another with --template.",
    131009: "a parameter is invalid. Check the recipient, and the name and language of the template.",
    131016: "Facebook is overloaded. Try again later.",
    131021: "sender and recipient are the same number. Choose another with --to.",
    131026: "the recipient cannot get it: no WhatsApp on this number, an old version, or terms that are not accepted.",
    131030: (
        "the sender is a test number, and the recipient is not on its list. Add the recipient in the app's dashboard:"
        " WhatsApp, API Setup, To."
    ),
    131031: "Meta has locked the account. The business sees the reason in its WhatsApp Manager.",
    131037: "the display name of the number is not approved yet. The business sees it in its WhatsApp Manager.",
    131042: "the account has no valid payment method. Ask the business to add one in WhatsApp Manager.",
    131045: "the phone number is not registered. Register it: whatsapp-connect numbers register {id} {number}",
    131047: "the recipient has not written to this number within 24 hours. Send a template: --template",
    131048: "too many earlier messages of this number were blocked or marked as spam. Try again later.",
    131049: "Meta limits the marketing messages that a person gets. Send another template, or try again tomorrow.",
    131056: "too many messages were sent to this recipient. Try again later.",
    131057: "the account is in maintenance. Try again in some minutes.",
    132000: "the template needs parameters, which a test message does not have. Choose another with --template.",
    132001: "the account has no approved template of this name in this language. Choose another with --template.",
    132012: "the template needs parameters, which a test message does not have. Choose another with --template.",
    132015: "Meta has paused the template for its low quality. Choose another with --template.",
    132016: "Meta has disabled the template for its low quality. Choose another with --template.",
    133010: "the phone number is not registered. Register it: whatsapp-connect numbers register {id} {number}",
    141006: "the account has no valid payment method. Ask the business to add one in WhatsApp Manager.",
}
"""https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes, in words."""


class PhoneNumber(click.ParamType[str]):
    """Convert a phone number with its country code to its digits."""

    name = "phone number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        digits = re.sub(r"[^0-9]", "", str(value))
        if not _PHONE.fullmatch(str(value)) or len(digits) > _MAX_DIGITS:
            self.fail("A phone number has its country code and up to 15 digits, such as +12025550123.", param, ctx)
        return digits


@click.command("test")
@click.argument("connection_id", type=ConnectionId())
@click.option(
    "--from", "phone_number_id", type=WabaId(), help="ID of the phone number that sends, if there are several."
)
@click.option("--to", type=PhoneNumber(), help="Send a message to this phone number.")
@click.option("--text", help="Send this text instead of a template.")
@click.option("--template", help="Send this template [hello_world].")
@click.option("--language", help="Language of the template [en_US].")
@common_options
@click.pass_obj
def test(
    options: CommonOptions,
    connection_id: str,
    *,
    phone_number_id: str | None,
    to: str | None,
    text: str | None,
    template: str | None,
    language: str | None,
) -> None:
    """Check that a connection can send messages, or send one.

    Uses the token that readers get from Parameter Store. Without --to nothing is sent: Facebook is asked about the
    number and its account. With --to a template message is sent, or a text. Meta delivers a text only within 24 hours of
    a message from the recipient.
    """
    if text is not None and (template or language):
        raise click.UsageError("--text cannot be used with --template or --language.")
    if to is None and (text is not None or template or language):
        raise click.UsageError("--text, --template and --language need --to.")
    deployment = options.find()
    record = load(deployment, connection_id)
    token = _token(deployment, record)
    number = phone_number_id or _only_number(record)
    if to is None:
        health = _ask(deployment, record, number, token)
        _raise_if_blocked(health, record, number)
        _show_health(health, record, number, as_json=options.json)
        return
    content = (
        {"type": "text", "text": {"body": text}}
        if text is not None
        else {
            "type": "template",
            "template": {"name": template or "hello_world", "language": {"code": language or "en_US"}},
        }
    )
    message_id = _send(deployment, record, number, token, {"to": to, **content})
    if options.json:
        show_json({"connection_id": connection_id, "phone_number_id": number, "to": to, "message_id": message_id})
    else:
        show_line(f"Accepted by Meta: message {message_id}. The webhooks of the app say whether it is delivered.")


def _token(deployment: Deployment, record: ConnectionRecord) -> AccessToken:
    if not record.is_alive:
        raise RefusedError(
            f"{record.connection_id} is {record.status} and has no token. Ask the person to connect again:"
            f" {_again(deployment, record)}"
        )
    value, _ = published_token(deployment, record.connection_id)
    return AccessToken(value, expires_in=None)


def _again(deployment: Deployment, record: ConnectionRecord) -> str:
    """Return where the person connects again, or the command that makes a link."""
    link = f"whatsapp-connect links create {record.connection_id}"
    return deployment.reconnect_url(record.connection_id) or link


def _only_number(record: ConnectionRecord) -> str:
    numbers = record.phone_numbers
    if not numbers:
        raise RefusedError(
            f"No phone number of {record.connection_id} is known. See: whatsapp-connect connections show"
            f" {record.connection_id}"
        )
    if len(numbers) > 1:
        listed = ", ".join(f"{number.id} ({number.display_phone_number})" for number in numbers)
        raise RefusedError(f"{record.connection_id} has several phone numbers. Choose one with --from: {listed}.")
    return numbers[0].id


def _ask(deployment: Deployment, record: ConnectionRecord, number: str, token: AccessToken) -> NumberHealth:
    try:
        return deployment.facebook.number_health(number, token, deadline=monotonic() + FACEBOOK_TIMEOUT_S)
    except LoginError as error:
        _explain(deployment, record, number, error, what="Facebook does not answer about the phone number")


def _raise_if_blocked(health: NumberHealth, record: ConnectionRecord, number: str) -> None:
    phone = health.number.display_phone_number or number
    if not health.is_registered:
        advice = (
            "It stays in the WhatsApp Business app."
            if health.number.is_on_biz_app
            else f"Register it: whatsapp-connect numbers register {record.connection_id} {number}"
        )
        raise FailedError(f"{phone} is not registered for the Cloud API. {advice}")
    if health.can_send == "BLOCKED":
        raise FailedError(
            f"{phone} cannot send: {story.why_blocked(health.problem_code)}. The business sees more in its WhatsApp"
            " Manager."
        )


def _show_health(health: NumberHealth, record: ConnectionRecord, number: str, *, as_json: bool) -> None:
    phone = health.number.display_phone_number or number
    if as_json:
        show_json(
            {
                "connection_id": record.connection_id,
                "phone_number_id": number,
                "display_phone_number": health.number.display_phone_number,
                "can_send": health.can_send,
                "problem_code": health.problem_code,
            }
        )
        return
    match health.can_send:
        case "":
            show_line(f"{phone} is registered, and the token works. Facebook does not say whether it can send.")
        case "LIMITED":
            code = f" (code {health.problem_code})" if health.problem_code else ""
            show_line(f"{phone} can send, but Facebook limits it{code}. The token works.")
        case _:
            show_line(f"{phone} can send, and the token works.")
    sender = f" --from {number}" if len(record.phone_numbers) != 1 else ""
    show_line(f"To send a message: whatsapp-connect connections test {record.connection_id}{sender} --to PHONE")


def _send(
    deployment: Deployment, record: ConnectionRecord, number: str, token: AccessToken, message: Mapping[str, Any]
) -> str:
    deadline = monotonic() + FACEBOOK_TIMEOUT_S
    try:
        return deployment.facebook.send_message(number, message, token, deadline=deadline)
    except LoginError as error:
        is_unknown = error.reason == "facebook-answer-unreadable" or (
            isinstance(error, FacebookUnavailableError) and error.fields.get("facebook_code") is None
        )
        if is_unknown:
            raise FailedError(
                "Facebook gave no answer, so the message may have been sent. Look at the recipient's phone before you"
                " try again."
            ) from None
        _explain(deployment, record, number, error, what="The message was not sent")


def _explain(
    deployment: Deployment, record: ConnectionRecord, number: str, error: LoginError, *, what: str
) -> NoReturn:
    """Raise what a refusal of Facebook means, from its code. Put a connection whose token is refused on CheckQueue."""
    code, subcode = error.fields.get("facebook_code"), error.fields.get("facebook_subcode")
    connection_id = record.connection_id
    if isinstance(error, TokenRefusedError):
        deployment.check_queue.send(connection_id)
        raise FailedError(
            f"{what}: Facebook refuses the token. A check was asked for, as readers do. See the result: whatsapp-connect"
            f" connections show {connection_id}"
        )
    is_passing = isinstance(error, FacebookUnavailableError) and code not in _WHY
    if not isinstance(code, int) or is_passing or isinstance(error, SetupError):
        raise error
    if (code, subcode) == (100, _DOES_NOT_EXIST):
        why = (
            f"the token reaches no phone number {number}. See the IDs: whatsapp-connect connections accounts"
            f" {connection_id} --json"
        )
    else:
        why = _WHY.get(10 if 200 <= code < 300 else code, f"Facebook's code is {code}.")
        why = why.format(id=connection_id, number=number, again=_again(deployment, record))
    raise FailedError(f"{what}: {why}")

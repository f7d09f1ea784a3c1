"""Turn any exception into one sentence for the operator and an exit code for scripts.

    0  done, or healthy
    1  AWS or Facebook refused or did not answer; the command may be tried again
    2  the command line was wrong
    3  the stack, connection, link or token was not found
    4  refused, and nothing was changed: a refused token, another owner's connection, or not confirmed
    5  the doctor found that the stack or its app is broken
    6  the doctor found that the stack works, but connections need a person

A message never contains Facebook's texts, or texts of AWS that could quote a value.
"""

import click
from botocore.exceptions import BotoCoreError, ClientError

from whatsapp_connect.errors import LoginError, NewerRecordError, RecordUnreadableError, TokenUnreadableError
from whatsapp_connect.faults import describe
from whatsapp_connect_cli import credentials
from whatsapp_connect_cli.output import copyable


class _PlainError(click.ClickException):
    def __init__(self, message: str) -> None:
        super().__init__(copyable(message))


class FailedError(_PlainError):
    exit_code = 1


class NotFoundError(_PlainError):
    exit_code = 3


class RefusedError(_PlainError):
    exit_code = 4


class BrokenError(_PlainError):
    exit_code = 5


class NeedsPersonError(_PlainError):
    exit_code = 6


_ACCESS_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
_SENTENCES = {
    "app-blocked": "Facebook has blocked the app. See its dashboard.",
    "app-id-wrong": "Facebook does not know the app. Correct the stack parameter MetaAppId.",
    "app-secret-malformed": "The stored app secret is not 32 hexadecimal digits. For the fix, run whatsapp-connect doctor.",
    "app-secret-missing": "The app secret is not in Parameter Store. For the fix, run whatsapp-connect doctor.",
    "app-secret-wrong": "Facebook does not accept the app secret. For the fix, run whatsapp-connect doctor.",
    "connection-taken": "The connection belongs to another Facebook user. Allow that with --any-user.",
    "facebook-throttled": "The app has used up its Graph API quota. Try again later.",
    "facebook-unavailable": "Facebook does not answer. Try again later, and see https://metastatus.com.",
    "no-account": (
        "The token reaches no WhatsApp Business account: Facebook names none, and those that you or the record name do"
        " not exist for it."
    ),
    "permission-missing": "The token lacks a permission that the stack requires.",
    "token-invalid": "Facebook's debugger says that the token is not valid.",
    "token-kind-unsupported": "The token is neither a system user's nor a person's.",
    "token-not-stored": "The token could not be stored, because the record keeps changing. Try again in a minute.",
    "token-of-another-app": "The token was made for another app than the stack's.",
    "token-short-lived": "The token ends in less than seven days.",
    "token-too-long": "The token is longer than 4,096 bytes.",
    "token-without-user": "The token belongs to no user.",
}


def as_click(exception: Exception, *, profile: str = "") -> click.ClickException:
    """Return a ClickException with one sentence and an exit code. It contains no secret.

    `profile` is the AWS profile that the operator chose, or "".
    """
    if isinstance(exception, click.ClickException):
        return exception
    if isinstance(exception, LoginError):
        return _from_login_error(exception)
    return FailedError(credentials.explain(exception, profile=profile) or _sentence(exception))


def _sentence(exception: Exception) -> str:
    match exception:
        case ClientError():
            return _client_error_sentence(exception)
        case NewerRecordError():
            return f"A later version of the stack has stored the record of {exception}. Use a command line of that version."
        case RecordUnreadableError():
            return f"The record of {exception} cannot be read: an attribute is missing or wrong."
        case TokenUnreadableError():
            return f"KMS does not decrypt the token ({exception}). Check the stack's key and your right to use it."
        case BotoCoreError():
            return f"The call to AWS failed ({type(exception).__name__})."
    fields = describe(exception)
    places = fields["at"] if isinstance(fields["at"], list) else []
    return f"Unexpected {fields['exception']} at {places[-1] if places else 'an unknown place'}."


def _from_login_error(error: LoginError) -> click.ClickException:
    sentence = _SENTENCES.get(error.reason, f"The call to Facebook failed: {error.reason}.")
    missing = error.fields.get("missing_scopes")
    if isinstance(missing, list):
        sentence += f" Missing: {', '.join(missing)}."
    if error.outcome.text in {"token-refused", "permission-missing", "connection-taken", "no-account"}:
        return RefusedError(f"{sentence} Nothing was changed.")
    return FailedError(sentence)


def _client_error_sentence(error: ClientError) -> str:
    code = error.response["Error"].get("Code", "an unknown error")
    if code in _ACCESS_DENIED:
        # This message of AWS names the missing right and quotes no values.
        return f"AWS does not allow you {error.operation_name}. {error.response['Error'].get('Message', '')}".strip()
    return f"AWS refused {error.operation_name} ({code})."

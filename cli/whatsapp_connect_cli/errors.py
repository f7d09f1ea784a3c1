"""What ends a command other than well: one sentence, and an exit code for scripts.

    0  done, or healthy
    1  AWS or Facebook refused or did not answer; the command may be tried again
    2  the command line was wrong
    3  there is no such stack, connection, link or token
    4  refused, and nothing was changed: not a good token, somebody else's connection, or not confirmed
    5  the doctor found something broken

Texts of Facebook's, and those of AWS that can quote a value, are never shown.
"""

import click
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    ProfileNotFound,
)

from whatsapp_connect.errors import LoginError, RecordUnreadableError, TokenUnreadableError
from whatsapp_connect.faults import describe
from whatsapp_connect_cli.output import plain


class _PlainError(click.ClickException):
    def __init__(self, message: str) -> None:
        super().__init__(plain(message))


class FailedError(_PlainError):
    exit_code = 1


class NotFoundError(_PlainError):
    exit_code = 3


class RefusedError(_PlainError):
    exit_code = 4


class BrokenError(_PlainError):
    exit_code = 5


ACCESS_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
_CREDENTIALS = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
_SENTENCES = {
    "app-blocked": "Facebook has blocked the app: see its dashboard.",
    "app-id-wrong": "Facebook does not know the app: correct the stack's parameter MetaAppId.",
    "app-secret-malformed": "The stored app secret is not 32 hexadecimal digits: whatsapp-connect doctor says more.",
    "app-secret-missing": "The app secret is not in Parameter Store: whatsapp-connect doctor says how to put it there.",
    "app-secret-wrong": "Facebook does not accept the app secret: whatsapp-connect doctor says what to do.",
    "connection-taken": "The connection belongs to another Facebook user. Allow that with --any-user.",
    "facebook-throttled": "The app has used up its Graph API quota: try again later.",
    "facebook-unavailable": "Facebook does not answer: try again later, and see https://metastatus.com.",
    "permission-missing": "The token lacks a permission that the stack requires.",
    "token-invalid": "Facebook's debugger says that the token is not valid.",
    "token-kind-unsupported": "The token is neither a system user's nor a user's.",
    "token-not-stored": "The token could not be stored, as others keep writing: try again in a minute.",
    "token-of-another-app": "The token was made for another app than the stack's.",
    "token-short-lived": "The token ends in less than seven days.",
    "token-too-long": "The token is longer than 4,096 bytes.",
    "token-without-user": "The token belongs to nobody.",
}


def as_click(exception: Exception) -> click.ClickException:
    """Return what to tell the operator of any exception."""
    if isinstance(exception, click.ClickException):
        return exception
    if isinstance(exception, LoginError):
        return _of_login(exception)
    return FailedError(_words(exception))


def _words(exception: Exception) -> str:
    match exception:
        case ClientError():
            return _of_aws(exception)
        case RecordUnreadableError():
            return f"The record of {exception} cannot be read: an attribute is missing or wrong."
        case TokenUnreadableError():
            return f"KMS does not decrypt the token ({exception}). Look at the stack's key and at your right to use it."
        case BotoCoreError():
            return _of_botocore(exception)
    fields = describe(exception)
    places = fields["at"] if isinstance(fields["at"], list) else []
    return f"Unexpected {fields['exception']} at {places[-1] if places else 'an unknown place'}."


def _of_botocore(error: BotoCoreError) -> str:
    match error:
        case NoCredentialsError():
            return "There are no AWS credentials. Set them up as for the AWS CLI, or choose with --profile."
        case NoRegionError():
            return "There is no AWS Region. Choose one with --region, or set AWS_REGION."
        case ProfileNotFound() | EndpointConnectionError():
            return str(error)
    return f"AWS could not be asked ({type(error).__name__})."


def _of_login(error: LoginError) -> click.ClickException:
    sentence = _SENTENCES.get(error.reason, f"Facebook could not be used: {error.reason}.")
    missing = error.fields.get("missing_scopes")
    if isinstance(missing, list):
        sentence += f" Missing: {', '.join(missing)}."
    if error.outcome.text in {"token-refused", "permission-missing", "connection-taken"}:
        return RefusedError(f"{sentence} Nothing was changed.")
    return FailedError(sentence)


def _of_aws(error: ClientError) -> str:
    code = error.response["Error"].get("Code", "an unknown error")
    if code in ACCESS_DENIED:  # names the right that is missing
        return f"AWS does not allow you {error.operation_name}. {error.response['Error'].get('Message', '')}".strip()
    if code in _CREDENTIALS:
        return f"AWS does not accept your credentials ({code})."
    return f"AWS refused {error.operation_name} ({code})."

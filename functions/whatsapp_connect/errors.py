"""What the project raises.

A text or a field of these exceptions is an identifier or a number. It is never something that a person or Facebook wrote.
"""

from whatsapp_connect.outcomes import OUTCOMES

Field = str | int | list[str] | None


class LoginError(Exception):
    """A login ended without a connection. `fields` are logged with the reason.

    A kind of ending that callers catch apart has a class below. Raises ValueError for an unknown reason, or one that
    belongs to another class.
    """

    def __init__(self, reason: str, **fields: Field) -> None:
        if reason not in OUTCOMES or type(self) is not CLASSES.get(OUTCOMES[reason].text, LoginError):
            raise ValueError(f"{type(self).__name__} has no reason {reason!r}")
        super().__init__(reason)
        self.reason = reason
        self.outcome = OUTCOMES[reason]
        self.fields = fields


class CodeError(LoginError):
    """Facebook refuses the code."""


class TokenRefusedError(LoginError):
    """The token cannot be stored, or Facebook calls it invalid."""


class FacebookError(LoginError):
    """Facebook gave an unexpected answer."""


class FacebookUnavailableError(LoginError):
    """Facebook is down, slow or busy."""


class SetupError(LoginError):
    """The Meta app or the stack is not set up correctly."""


CLASSES: dict[str, type[LoginError]] = {
    "code-refused": CodeError,
    "token-refused": TokenRefusedError,
    "facebook-refused": FacebookError,
    "facebook-unavailable": FacebookUnavailableError,
    "setup-wrong": SetupError,
}
"""By the key of the page's text."""


class AccountUnknownError(Exception):
    """Facebook says that an ID is not a WhatsApp account that the token may use."""

    def __init__(self, *, is_missing: bool) -> None:
        """`is_missing`: it does not exist for the token. Otherwise it is something else, such as a business."""
        super().__init__()
        self.is_missing = is_missing


class SignedRequestError(Exception):
    """A request to a webhook does not come from Meta, or cannot be read. Its text is the reason."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class WebhookRefusedError(Exception):
    """A request to the webhook about WhatsApp accounts does not come from Meta. Its text is the reason."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class LinkRefusedError(Exception):
    """The input of create_link is not valid. `message` says what the field may be, and never repeats its value."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(field)
        self.field = field
        self.message = message


class ConflictError(Exception):
    """Another writer has written the record since it was read. Read it again."""


class RecordUnreadableError(Exception):
    """An attribute of a record is missing or has an impossible value. Its text is the connection ID."""


class NewerRecordError(RecordUnreadableError):
    """A later version of the stack has stored a record in a form that this version does not know."""


class TokenUnreadableError(Exception):
    """A token cannot be decrypted: the key or the ciphertext is wrong. Its text is AWS's error code."""


class EventRefusedError(Exception):
    """EventBridge refused an event. Its text is AWS's error code."""


class RowsNotWrittenError(Exception):
    """DynamoDB left some rows of a batch out. Its text is how many."""


class CommitUnknownError(Exception):
    """No answer came to a transaction, so it was carried out or not."""


class TransactionCancelledError(Exception):
    """A transaction was not carried out. `reasons` has DynamoDB's code for each write; "None" for no objection."""

    def __init__(self, reasons: tuple[str, ...]) -> None:
        super().__init__(*reasons)
        self.reasons = reasons

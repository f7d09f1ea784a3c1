"""Define the exceptions. No message contains a token or a text from Facebook."""


class ReadError(Exception):
    """There is no usable token for this connection."""

    def __init__(self, connection_id: str, message: str) -> None:
        super().__init__(message)
        self.connection_id = connection_id


class ReconnectRequired(ReadError):  # noqa: N818 - the name says what to do
    """The person has to connect again.

    `status` is the connection's status (`expired`, `revoked`), or None if the connection is unknown. `status_reason`
    comes from the connection's metadata, or is one of the reader's own reasons: `not-connected`, `parameter-missing`,
    `token-refused`.
    """

    def __init__(self, connection_id: str, *, status: str | None, status_reason: str | None) -> None:
        super().__init__(
            connection_id,
            f"WhatsApp connection {connection_id} has to be connected again:"
            f" {status or 'unknown'} ({status_reason or 'no reason given'})",
        )
        self.status = status
        self.status_reason = status_reason

    def __reduce__(self) -> tuple[object, ...]:
        return _restored, (self.connection_id, self.status, self.status_reason)


class NotReady(ReadError):  # noqa: N818 - a state, not a fault
    """Token and metadata are being replaced now. Try again in a few seconds."""

    def __init__(self, connection_id: str) -> None:
        super().__init__(connection_id, f"WhatsApp connection {connection_id} is being changed")

    def __reduce__(self) -> tuple[object, ...]:
        return NotReady, (self.connection_id,)


class NotUsable(ReadError):  # noqa: N818 - a state, not a fault
    """The connection has a token, but the stack has not finished its set-up. Raised only if `usable` was asked for.

    `status_reason` is the one in the metadata, such as `no-account` or `accounts-unknown`. It is None while the stack has
    not subscribed the app to an account.
    """

    def __init__(self, connection_id: str, *, status_reason: str | None) -> None:
        super().__init__(
            connection_id,
            f"WhatsApp connection {connection_id} cannot be used yet: {status_reason or 'no account is subscribed'}",
        )
        self.status_reason = status_reason

    def __reduce__(self) -> tuple[object, ...]:
        return _not_usable, (self.connection_id, self.status_reason)


class PhoneNumberRequired(Exception):  # noqa: N818 - the name says what to do
    """The connection does not have exactly one phone number, and none was named.

    `phone_number_ids` has the IDs to choose from. It is empty if the metadata list no number.
    """

    def __init__(self, connection_id: str, phone_number_ids: tuple[str, ...]) -> None:
        several = f"has several phone numbers, so name one by its ID: {', '.join(phone_number_ids)}"
        super().__init__(
            f"WhatsApp connection {connection_id} {several if phone_number_ids else 'has no phone number to send from'}"
        )
        self.connection_id = connection_id
        self.phone_number_ids = phone_number_ids

    def __reduce__(self) -> tuple[object, ...]:
        return PhoneNumberRequired, (self.connection_id, self.phone_number_ids)


class TokenRefused(Exception):  # noqa: N818 - a state, not a fault
    """Facebook refused a call because of its token. When `TokenReader.call` catches it, it reads the token again."""

    def __init__(self, subcode: int | None = None, *, code: int = 190) -> None:
        super().__init__(subcode)
        self.subcode = subcode
        self.code = code

    def __str__(self) -> str:
        return f"Facebook refused the token: {self.code}" + (f"/{self.subcode}" if self.subcode else "")


class LinkRefused(Exception):  # noqa: N818 - a state, not a fault
    """The stack refused to make a link, because a value is not valid.

    `code` is the stack's word, such as `invalid-input`. `field` is the name of the value. `message` is a sentence for
    developers, without the value.
    """

    def __init__(self, code: str, field: str, message: str) -> None:
        super().__init__(code, field, message)
        self.code = code
        self.field = field
        self.message = message

    def __str__(self) -> str:
        return f"no link was made ({self.code}, {self.field}): {self.message}"


class LinkNotCreated(Exception):  # noqa: N818 - a state, not a fault
    """The function that makes links failed. The stack's log has the reason, and its alarm rings.

    `error_type` is the type of the function's error, such as `Runtime.ExitError`. It is None if the answer cannot be read.
    """

    def __init__(self, error_type: str | None = None) -> None:
        super().__init__(error_type)
        self.error_type = error_type

    def __str__(self) -> str:
        return f"the function failed to make a link: {self.error_type or 'its answer cannot be read'}"


def _not_usable(connection_id: str, status_reason: str | None) -> NotUsable:
    return NotUsable(connection_id, status_reason=status_reason)


def _restored(connection_id: str, status: str | None, status_reason: str | None) -> ReconnectRequired:
    return ReconnectRequired(connection_id, status=status, status_reason=status_reason)

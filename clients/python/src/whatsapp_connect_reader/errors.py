"""Define the reader's exceptions. No message contains a token or a text from Facebook."""


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


class TokenRefused(Exception):  # noqa: N818 - a state, not a fault
    """Facebook refused a call because of its token. When `TokenReader.call` catches it, it reads the token again."""

    def __init__(self, subcode: int | None = None, *, code: int = 190) -> None:
        super().__init__(subcode)
        self.subcode = subcode
        self.code = code

    def __str__(self) -> str:
        return f"Facebook refused the token: {self.code}" + (f"/{self.subcode}" if self.subcode else "")


def _restored(connection_id: str, status: str | None, status_reason: str | None) -> ReconnectRequired:
    return ReconnectRequired(connection_id, status=status, status_reason=status_reason)

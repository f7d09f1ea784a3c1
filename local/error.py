"""Define LocalError."""


class LocalError(Exception):
    """The local stack cannot run. The message tells the developer what went wrong and what to do."""

"""What can go wrong on a developer's machine."""


class LocalError(Exception):
    """One sentence for the developer: what went wrong and what to do about it."""

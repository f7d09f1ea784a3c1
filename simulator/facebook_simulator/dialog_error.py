"""Define the error of an invalid dialog URL."""


class DialogError(Exception):
    """The dialog URL is invalid. Facebook shows an error page and does not redirect."""

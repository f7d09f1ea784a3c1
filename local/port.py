"""Find out which TCP ports of this machine are free."""

import socket

from local.error import LocalError


def claim(port: int, *, variable: str) -> int:
    """Return `port`, or a free port for 0. Raises LocalError if it is in use.

    `variable` is the environment variable with which the developer can choose another port.
    """
    if port and answers(port):
        raise LocalError(
            f"Port {port} is in use. Stop the program that uses it, or choose another port with {variable}=<port>."
        )
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise LocalError(
                f"Port {port} cannot be used ({error.strerror}). Choose another port with {variable}=<port>."
            ) from error
        number: int = probe.getsockname()[1]
        return number


def answers(port: int) -> bool:
    """Return whether a program listens at this port."""
    # "localhost" can be 127.0.0.1 or ::1, and a browser may use either, so both must be free.
    try:
        socket.create_connection(("localhost", port), timeout=1).close()
    except OSError:
        return False
    return True

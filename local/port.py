"""Ports of this machine."""

import socket

from local.error import LocalError


def claim(port: int, *, variable: str) -> int:
    """Return `port` if nothing listens there, or a free one for 0. `variable` is how to choose another."""
    if port and answers(port):
        raise LocalError(f"Port {port} is in use: stop what listens there, or choose another with {variable}=<port>.")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise LocalError(
                f"Port {port} cannot be used ({error.strerror}): choose another with {variable}=<port>."
            ) from error
        number: int = probe.getsockname()[1]
        return number


def answers(port: int) -> bool:
    """Tell whether anything listens there."""
    # By name: a browser may prefer the other "localhost", so neither may be somebody else's.
    try:
        socket.create_connection(("localhost", port), timeout=1).close()
    except OSError:
        return False
    return True

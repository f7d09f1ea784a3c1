"""Find out which TCP ports of this machine are free."""

import random
import socket
from collections.abc import Mapping

from local.error import LocalError


def check_all(ports: Mapping[str, int]) -> None:
    """Raise LocalError that names all of the ports that are in use.

    The keys are the environment variables with which the developer can choose other ports.
    """
    busy = {variable: port for variable, port in ports.items() if port and answers(port)}
    if len(busy) > 1:
        raise LocalError(
            f"Ports {', '.join(str(port) for port in busy.values())} are in use. Stop the programs that use them, or let"
            f" make run choose free ports with {' '.join(f'{variable}=0' for variable in busy)}."
        )


FREE = range(20_000, 30_000)
"""Where free ports are chosen. Systems give their own connections ports above this, from 32,768 or 49,152 on, and a port
that is chosen here is bound a minute later only."""


def claim(port: int, *, variable: str) -> int:
    """Return `port`, or a free port for 0. Raises LocalError if it is in use.

    `variable` is the environment variable with which the developer can choose another port.
    """
    if not port:
        return next(one for one in iter(lambda: random.choice(FREE), 0) if _is_free(one))  # noqa: S311  not a secret
    if answers(port):
        raise LocalError(
            f"Port {port} is in use. Stop the program that uses it, or choose another port with {variable}=<port>."
        )
    try:
        _bind(port)
    except OSError as error:
        raise LocalError(
            f"Port {port} cannot be used ({error.strerror}). Choose another port with {variable}=<port>."
        ) from error
    return port


def _is_free(port: int) -> bool:
    try:
        _bind(port)
    except OSError:
        return False
    return not answers(port)


def _bind(port: int) -> None:
    """Bind a port for a moment. Raises OSError."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))


def answers(port: int) -> bool:
    """Return whether a program listens at this port."""
    # "localhost" can be 127.0.0.1 or ::1, and a browser may use either, so both must be free.
    try:
        socket.create_connection(("localhost", port), timeout=1).close()
    except OSError:
        return False
    return True

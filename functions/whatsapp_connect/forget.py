"""Forget a person: the token, the record, and with the record the metadata parameter.

The record is marked first and deleted last. Whatever comes in between, the hourly run finds the mark and goes on.
"""

from whatsapp_connect.connections import ConnectionStore, Lease
from whatsapp_connect.errors import NotKeptError
from whatsapp_connect.signed_request import SignedRequest
from whatsapp_connect.vault import Vault

SKEW = 60
"""Seconds that Facebook's clock may be behind ours."""


def forget_person(
    request: SignedRequest, *, reason: str, connections: ConnectionStore, vault: Vault, deadline: float
) -> int:
    """Forget every connection of a person and return how many there were.

    Connections made again after the request was issued stay: Meta may deliver it late, or twice.
    """
    forgotten = 0
    for connection_id in connections.of_user(request.user_id):
        lease = connections.begin_forgetting(
            connection_id,
            user_id=request.user_id,
            reason=reason,
            connected_before=request.issued_at + SKEW,
            deadline=deadline,
        )
        if lease:
            forget(lease, connections=connections, vault=vault)
            forgotten += 1
    return forgotten


def forget(lease: Lease, *, connections: ConnectionStore, vault: Vault) -> None:
    """Finish forgetting a connection that is marked. Raises NotKeptError where another writer may have taken over."""
    if not connections.may_write(lease):
        raise NotKeptError("connection-busy")
    vault.delete_token(lease.connection_id)
    connections.delete(lease)

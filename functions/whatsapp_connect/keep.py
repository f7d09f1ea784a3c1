"""Keep a token that was proven to be good: record, token, record, so that no token is ever stored that nothing watches.

A link is spent by the token stored, and before anybody else may write: of two logins with one use only one gets it.
"""

from collections.abc import Callable
from time import time

from whatsapp_connect import lifecycle
from whatsapp_connect.connections import ConnectionStore, described
from whatsapp_connect.links import Link, LinkStore
from whatsapp_connect.model import AccessToken, Inspection, PhoneNumber
from whatsapp_connect.vault import Vault


def keep(
    connection_id: str,
    token: AccessToken,
    inspection: Inspection,
    *,
    connections: ConnectionStore,
    vault: Vault,
    list_phone_numbers: Callable[[], list[PhoneNumber]],
    deadline: float,
    links: LinkStore,
    link: Link | None = None,
    new_user: bool = False,
) -> list[PhoneNumber]:
    """Record the connection, publish the token, spend the link, record what was published.

    Another writer is waited for until `deadline` on the monotonic clock. Raises NotKeptError, ConnectionTakenError or
    LinkError; then an earlier token is still there, or the next check finds the new one.
    """
    lease = connections.begin_login(
        connection_id,
        user_id=inspection.user_id,
        parameter_name=vault.parameter_name(connection_id),
        deadline=deadline,
        new_user=new_user,
    )
    try:
        if link:
            links.confirm(link)  # another login may have spent it while this one waited
        version = vault.put_token(connection_id, token)
        if link:
            links.spend(link)
        phone_numbers = list_phone_numbers()
        now = int(time())
        connections.finish(
            lease,
            {
                "connected_at": now,
                **described(inspection, token_version=version, phone_numbers=phone_numbers),
                **lifecycle.standing(inspection, now=now),
            },
        )
    except Exception:
        connections.abandon(lease)
        raise
    return phone_numbers

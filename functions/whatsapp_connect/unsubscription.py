"""End the subscriptions of a connection that is being deleted."""

from collections.abc import Callable
from time import monotonic

from whatsapp_connect.account_index import AccountIndex
from whatsapp_connect.cipher import Cipher
from whatsapp_connect.connections import ConnectionStore
from whatsapp_connect.model import AccessToken, ConnectionRecord
from whatsapp_connect.whatsapp import WhatsAppClient


class Unsubscriber:
    def __init__(
        self,
        *,
        connections: ConnectionStore,
        account_index: AccountIndex,
        cipher: Cipher,
        whatsapp: WhatsAppClient,
        on_trouble: Callable[[str, str, Exception], None],
    ) -> None:
        """`on_trouble` is called with a message, the connection ID and the exception for each failure."""
        self._connections = connections
        self._account_index = account_index
        self._cipher = cipher
        self._whatsapp = whatsapp
        self._on_trouble = on_trouble

    def unsubscribe(self, record: ConnectionRecord, *, deadline: float) -> None:
        """Unsubscribe the app from each account of a connection, unless another connection has the account.

        `record` is the connection as it was, with its token. `deadline` is on the monotonic clock. Raises nothing: if the
        token is dead or Facebook does not answer, the connection is deleted all the same.
        """
        if record.token is None:
            return
        token: AccessToken | None = None
        for account in record.proven_accounts:
            if not account.subscribed or monotonic() >= deadline:
                continue
            try:
                if self._is_used(account.id, record.connection_id):
                    continue
                if token is None:
                    token = AccessToken(self._cipher.decrypt(record.connection_id, record.token)[0], expires_in=None)
                self._whatsapp.unsubscribe(account.id, token, deadline=deadline)
            except Exception as exception:  # noqa: BLE001  the other accounts do not wait for it
                self._on_trouble("not unsubscribed", record.connection_id, exception)

    def _is_used(self, waba_id: str, connection_id: str) -> bool:
        """Return whether another living connection has an account."""
        others = (one for one in self._account_index.connections_of(waba_id) if one != connection_id)
        return any(
            record.is_alive and waba_id in record.waba_ids
            for record in map(self._connections.load, others)
            if record is not None
        )

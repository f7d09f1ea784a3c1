"""Have connections checked when Meta's webhook says that something happened to their WhatsApp account.

For a service that receives the app's webhooks itself. Verify the signature first.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from whatsapp_connect_reader import ReadError, TokenReader


def check_accounts(reader: TokenReader, webhook: Mapping[str, Any], connection_ids: Iterable[str]) -> list[str]:
    """Put on CheckQueue those of your connections that a webhook of the field account_update is about.

    `reader` needs the `check_queue_url`. Returns the IDs of the connections that will be checked.
    """
    changes = [
        (entry, change["value"])
        for entry in webhook.get("entry", [])
        for change in entry.get("changes", [])
        if change.get("field") == "account_update"
    ]
    # Where the value names the account, the entry has another ID.
    waba_ids = {value.get("waba_info", {}).get("waba_id", entry.get("id")) for entry, value in changes}
    checked = []
    for connection_id in connection_ids if waba_ids else ():
        try:
            connection = reader.read(connection_id)
        except ReadError:
            continue  # its person has to connect again anyway
        if waba_ids & {*connection.waba_ids}:
            reader.report(connection)
            checked.append(connection_id)
    return checked

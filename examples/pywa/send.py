"""Send a WhatsApp message with pywa: python send.py 122100000000000001 12025550123 Hello."""

import os
import sys

import httpx
from pywa.client import WhatsApp
from pywa.errors import AuthException, ExpiredAccessToken

from whatsapp_connect_reader import Connection, ReconnectRequired, TokenReader, TokenRefused


def send(reader: TokenReader, connection_id: str, to: str, text: str) -> str:
    """Send a text, and return the ID of the message. Raises ReconnectRequired."""

    def request(connection: Connection) -> str:
        # A pywa client cannot change its token, so each call makes a new client. This is cheap: it sends no request.
        with httpx.Client(timeout=10) as session:
            whatsapp = WhatsApp(
                phone_id=connection.phone_numbers[0].id,
                token=connection.access_token,
                session=session,
                api_version=connection.graph_version.removeprefix("v"),
            )
            try:
                return whatsapp.send_text(to=to, text=text).id
            except (AuthException, ExpiredAccessToken) as error:  # codes 0 and 190, for every cause
                # Do not use `from error`: Facebook's text can repeat the token.
                raise TokenRefused(error.subcode) from None

    return reader.call(connection_id, request)


if __name__ == "__main__":
    connect = TokenReader(
        os.environ.get("PARAMETER_PREFIX", "/whatsapp-connect"),
        check_queue_url=os.environ.get("CHECK_QUEUE_URL"),
    )
    try:
        print(send(connect, *sys.argv[1:4]))
    except ReconnectRequired as error:
        sys.exit(str(error))

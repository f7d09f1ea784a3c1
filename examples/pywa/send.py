"""Send a WhatsApp message with pywa: python send.py 122100000000000001 12025550123 Hello.

If the connection has several phone numbers, PHONE_NUMBER_ID names the one to send from.
"""

import os
import sys

import httpx
from pywa.client import WhatsApp
from pywa.errors import AuthException, ExpiredAccessToken

from whatsapp_connect_reader import Connection, PhoneNumberRequired, ReconnectRequired, TokenReader, TokenRefused


def send(reader: TokenReader, connection_id: str, to: str, text: str, *, phone_number_id: str | None = None) -> str:
    """Send a text, and return the ID of the message. Raises ReconnectRequired and PhoneNumberRequired."""

    def request(connection: Connection) -> str:
        # A pywa client cannot change its token, so each call makes a new client. This is cheap: it sends no request.
        with httpx.Client(timeout=10) as session:
            whatsapp = WhatsApp(
                phone_id=connection.phone_number(phone_number_id).id,
                token=connection.access_token,
                session=session,
                api_version=connection.graph_version.removeprefix("v"),
            )
            try:
                return whatsapp.send_text(to=to, text=text).id
            except (AuthException, ExpiredAccessToken) as error:  # codes 0 and 190, for every cause
                # Do not use `from error`: Facebook's text can repeat the token.
                raise TokenRefused(error.subcode, code=error.code) from None

    return reader.call(connection_id, request)


if __name__ == "__main__":
    connect = TokenReader(
        os.environ.get("PARAMETER_PREFIX", "/whatsapp-connect"),
        check_queue_url=os.environ.get("CHECK_QUEUE_URL"),
    )
    try:
        print(send(connect, *sys.argv[1:4], phone_number_id=os.environ.get("PHONE_NUMBER_ID")))
    except (ReconnectRequired, PhoneNumberRequired) as error:
        sys.exit(str(error))

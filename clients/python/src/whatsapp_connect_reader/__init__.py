"""Read the WhatsApp tokens that WhatsApp Connect stores in AWS Systems Manager Parameter Store, and make connect links.

reader = TokenReader("/whatsapp-connect")
connection = reader.read("122100000000000001")
"""

from whatsapp_connect_reader.connection import Account, BusinessApp, Connection, PhoneNumber
from whatsapp_connect_reader.errors import (
    LinkNotCreated,
    LinkRefused,
    NotReady,
    NotUsable,
    PhoneNumberRequired,
    ReadError,
    ReconnectRequired,
    TokenRefused,
)
from whatsapp_connect_reader.graph import (
    appsecret_proof,
    raise_if_refused,
    timestamped_appsecret_proof,
)
from whatsapp_connect_reader.links import ConnectLink, LinkCreator
from whatsapp_connect_reader.reader import TokenReader

__all__ = [
    "Account",
    "BusinessApp",
    "ConnectLink",
    "Connection",
    "LinkCreator",
    "LinkNotCreated",
    "LinkRefused",
    "NotReady",
    "NotUsable",
    "PhoneNumber",
    "PhoneNumberRequired",
    "ReadError",
    "ReconnectRequired",
    "TokenReader",
    "TokenRefused",
    "appsecret_proof",
    "raise_if_refused",
    "timestamped_appsecret_proof",
]

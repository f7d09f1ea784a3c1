"""Send a WhatsApp message. The event is {"connection_id": "1221...", "to": "12025550123", "text": "Hello"}."""

import json
import os
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from whatsapp_connect_reader import Connection, ReconnectRequired, TokenReader, raise_if_refused

GRAPH_URL = os.environ.get("GRAPH_URL", "https://graph.facebook.com")

# The reader is made outside the handler, so that later invocations use its cache.
reader = TokenReader(os.environ["PARAMETER_PREFIX"], check_queue_url=os.environ.get("CHECK_QUEUE_URL"))


def handler(event: dict[str, str], _: object) -> dict[str, object]:
    try:
        answer = reader.call(event["connection_id"], lambda connection: send(connection, event["to"], event["text"]))
    except ReconnectRequired as error:
        # Do not retry: the person has to connect again.
        return {"sent": False, "status": error.status, "status_reason": error.status_reason}
    if "error" in answer:
        return {"sent": False, "facebook_code": answer["error"]["code"]}
    return {"sent": True, "message_id": answer["messages"][0]["id"]}


def send(connection: Connection, to: str, text: str) -> dict[str, Any]:
    phone_number_id = connection.phone_numbers[0].id
    message = {"messaging_product": "whatsapp", "to": to, "type": "text", "text": {"body": text}}
    request = Request(  # noqa: S310 - the operator sets the URL
        f"{GRAPH_URL}/{connection.graph_version}/{phone_number_id}/messages",
        data=json.dumps(message).encode(),
        headers={**connection.authorization, "Content-Type": "application/json"},
    )
    try:
        with urlopen(request, timeout=10) as response:  # noqa: S310
            answer: dict[str, Any] = json.load(response)
    except HTTPError as error:
        with error:
            answer = json.load(error)
    raise_if_refused(answer)
    return answer

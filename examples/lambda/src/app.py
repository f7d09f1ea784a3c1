"""Send a WhatsApp message. The event is {"connection_id": "1221...", "to": "12025550123", "text": "Hello"}.

If the connection has several phone numbers, "phone_number_id" in the event names the one to send from.
"""

import json
import os
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from whatsapp_connect_reader import Connection, PhoneNumberRequired, ReconnectRequired, TokenReader, raise_if_refused

GRAPH_URL = os.environ.get("GRAPH_URL", "https://graph.facebook.com")

# The reader is made outside the handler, so that later invocations use its cache.
reader = TokenReader(os.environ["PARAMETER_PREFIX"], check_queue_url=os.environ.get("CHECK_QUEUE_URL"))


def handler(event: dict[str, str], _: object) -> dict[str, object]:
    try:
        answer = reader.call(event["connection_id"], lambda connection: send(connection, event))
    except ReconnectRequired as error:
        # Do not retry: the person has to connect again.
        return {"sent": False, "status": error.status, "status_reason": error.status_reason}
    except PhoneNumberRequired as error:
        return {"sent": False, "problem": str(error)}
    if "error" in answer:
        return {"sent": False, "facebook_code": answer["error"]["code"]}
    return {"sent": True, "message_id": answer["messages"][0]["id"]}


def send(connection: Connection, event: dict[str, str]) -> dict[str, Any]:
    phone_number_id = connection.phone_number(event.get("phone_number_id")).id
    message = {"messaging_product": "whatsapp", "to": event["to"], "type": "text", "text": {"body": event["text"]}}
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

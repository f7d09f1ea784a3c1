"""Mail the customer when a connection needs a person, in the language of the connection.

EventBridge invokes the handler with an event of WhatsApp Connect.
"""

import json
import os
import re
import time
from datetime import datetime
from email.utils import formataddr
from html import escape
from pathlib import Path
from typing import Any

import boto3

CLAIM_S = 45
"""Longer than the function's timeout, shorter than the minute that Lambda waits before it invokes the function again."""
MEMORY_S = 365 * 86_400
"""How long the table knows what was mailed."""
TEXTS: dict[str, dict[str, Any]] = {
    path.stem: json.loads(path.read_text()) for path in (Path(__file__).parent / "texts").glob("*.json")
}

CUSTOMER_TABLE = os.environ["CUSTOMER_TABLE"]
MAIL_TABLE = os.environ["MAIL_TABLE"]
SENDER = formataddr((os.environ["SERVICE_NAME"], os.environ["SENDER_ADDRESS"]))
CONFIGURATION_SET = os.environ["CONFIGURATION_SET"]

dynamodb = boto3.client("dynamodb")
ses = boto3.client("sesv2")


class MailInProgressError(Exception):
    """Another invocation is sending this mail. Lambda tries again in a minute."""


def handler(event: dict[str, Any], _: object) -> None:
    detail = event["detail"]
    reason = mail(event["detail-type"], detail)
    level = "WARNING" if reason.endswith("-missing") else "INFO"
    about = {"level": level, "message": "not mailed" if reason else "mailed", "reason": reason}
    print(json.dumps(about | {"event_id": detail["event_id"], "connection_id": detail["connection_id"]}))


def mail(kind: str, detail: dict[str, Any]) -> str:
    """Mail the customer; return the reason if no mail is sent."""
    if not detail.get("reconnect_url"):
        return "reconnect-url-missing"  # the stack has Reconnect=disabled
    address = address_of(detail["connection_id"])
    if not address:
        return "address-missing"
    if not claim(detail["event_id"]):
        return "already-mailed"
    send(address, compose(kind, detail))
    mark_mailed(detail["event_id"])
    return ""


def address_of(connection_id: str) -> str:
    """Return the customer's mail address; "" if there is none. Change this function to ask your own system."""
    row = dynamodb.get_item(TableName=CUSTOMER_TABLE, Key={"connection_id": {"S": connection_id}}).get("Item", {})
    return row.get("email", {}).get("S", "")


def claim(event_id: str) -> bool:
    """Note that this invocation sends the mail of an event; return False if it was sent. Raises MailInProgressError.

    A claim is valid for a while only. If the function is cut off before it notes that the mail was sent, the customer
    may get a second mail, but never none.
    """
    now = int(time.time())
    try:
        dynamodb.put_item(
            TableName=MAIL_TABLE,
            Item={
                "event_id": {"S": event_id},
                "claimed_until": {"N": str(now + CLAIM_S)},
                "expires_at": {"N": str(now + MEMORY_S)},
            },
            ConditionExpression="attribute_not_exists(event_id) OR claimed_until < :now",
            ExpressionAttributeValues={":now": {"N": str(now)}},
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    except dynamodb.exceptions.ConditionalCheckFailedException as error:
        response: Any = error.response
        if "claimed_until" in response["Item"]:
            raise MailInProgressError from None
        return False
    return True


def mark_mailed(event_id: str) -> None:
    dynamodb.update_item(
        TableName=MAIL_TABLE, Key={"event_id": {"S": event_id}}, UpdateExpression="REMOVE claimed_until"
    )


def send(address: str, mail: dict[str, str]) -> None:
    parts = {name: {"Data": text, "Charset": "UTF-8"} for name, text in mail.items()}
    ses.send_email(
        FromEmailAddress=SENDER,
        Destination={"ToAddresses": [address]},
        Content={
            "Simple": {"Subject": parts["Subject"], "Body": {"Text": parts["Text"], "Html": parts["Html"]}},
        },
        **({"ConfigurationSetName": CONFIGURATION_SET} if CONFIGURATION_SET else {}),
    )


def compose(kind: str, detail: dict[str, Any]) -> dict[str, str]:
    """Return the subject, the text and the HTML of a mail."""
    if kind == "Expiring" and detail.get("cause") == "data-access":
        kind = "ExpiringDataAccess"
    language = detail["language"] if detail.get("language") in TEXTS else "en"
    texts = TEXTS[language]
    subject, sentence = texts["mails"][kind]
    facts = [(texts["service"], os.environ["SERVICE_NAME"])]
    if label := harmless(detail.get("label", "")):
        facts.append((texts["connection"], label))
    if end := detail.get(END.get(kind, "")):
        facts.append((texts["end"], date_of(end, texts)))
    url = detail["reconnect_url"]
    # Values are isolated, so that one of another direction does not reorder its line. The URL stands alone in its line
    # instead: mail programs would take the sign that ends the isolation as a part of the URL.
    lines = "\n".join(f"{name} \u2068{value}\u2069" for name, value in facts)
    text = "\n\n".join([sentence, texts["request"], lines, f"{texts['button']}\n{url}"])
    html = HTML.format(
        language=language,
        dir=texts["dir"],
        subject=escape(subject),
        sentence=escape(sentence),
        request=escape(texts["request"]),
        facts="".join(f"<p>{escape(name)} <bdi>{escape(value)}</bdi></p>\n" for name, value in facts),
        url=escape(url),
        button=escape(texts["button"]),
        address=escape(texts["address"]),
    )
    return {"Subject": subject, "Text": text + "\n", "Html": html}


HTML = """<!doctype html>
<html lang="{language}" dir="{dir}">
<head>
<meta charset="utf-8">
<meta name="format-detection" content="telephone=no,date=no,address=no,email=no,url=no">
<title>{subject}</title>
</head>
<body style="font:16px/1.5 sans-serif">
<p>{sentence}</p>
<p>{request}</p>
{facts}<p><a href="{url}" style="display:inline-block;padding:12px 20px;background:#0b5d4e;color:#fff">{button}</a></p>
<p>{address} <bdi dir="ltr">{url}</bdi></p>
</body>
</html>
"""
END = {
    "Expiring": "expires_at",
    "ExpiringDataAccess": "data_access_expires_at",
    "Expired": "expires_at",
    "DataAccessEnded": "data_access_expires_at",
}
"""The field with the day that a mail names. The other events have just happened."""


def harmless(label: str) -> str:
    """Return a label on one line that no mail program turns into a link or lets reorder other text.

    Mail programs make links of what looks like an address, so a space follows each sign that addresses have.
    """
    one_line = re.sub("[\\s\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ud800-\udfff]+", " ", label).strip()
    return re.sub("([.:/@\uff0e\u3002\uff61])(?=\\S)", "\\1 ", one_line)


def date_of(time_utc: str, texts: dict[str, Any]) -> str:
    """Return the day of a time such as 2026-12-05T08:00:00Z in words."""
    day = datetime.fromisoformat(time_utc)
    return str(texts["day"]).format(day=day.day, month=texts["months"][day.month - 1], year=day.year)

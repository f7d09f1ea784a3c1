"""A web product whose customers connect WhatsApp in the page or in a pop-up. README.md has the steps and the rules."""

import json
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlsplit
from urllib.request import Request, urlopen

from botocore.exceptions import BotoCoreError, ClientError

from whatsapp_connect_reader import (
    Connection,
    LinkCreator,
    LinkNotCreated,
    LinkRefused,
    NotUsable,
    PhoneNumberRequired,
    ReadError,
    ReconnectRequired,
    TokenReader,
    raise_if_refused,
)

LINK_LIFETIME_S = 900
WAIT_S = 10.0
MAX_BODY_BYTES = 10_000
FILES = {"/product.js": "text/javascript", "/product.css": "text/css"}

CONNECT = """
<form method="post" action="/connect"><button>Connect WhatsApp</button>
<button id="popup" name="window" value="popup" formtarget="whatsapp-connect" hidden>Connect in a pop-up</button></form>"""
SEND = """
<form method="post" action="/send"><label>To <input name="to" type="tel" required></label>
<label>From <select name="phone_number_id">{numbers}</select></label>
<label>Text <input name="text" maxlength="1000" required></label><button>Send</button></form>"""
CHECK_AGAIN = '<p><a href="">Check again</a></p>'
HOME = '<p><a href="/">Back to your page</a></p>'


@dataclass(frozen=True, slots=True)
class Customer:
    connection_id: str
    label: str
    language: str


def signed_in_customer() -> Customer:
    """Return who sends this request. A real product finds the customer in its session, never in the request itself."""
    return Customer(os.environ.get("CUSTOMER_ID", "acme"), "Acme GmbH", "en")


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: str = ""
    location: str = ""


def page(title: str, *texts: str, status: int = 200, html: str = "", is_popup: bool = False) -> Answer:
    """Return a page. `html` is the only argument that is not escaped."""
    return Answer(
        status,
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f'<title>{escape(title)}</title><link rel="icon" href="data:,"><link rel="stylesheet" href="/product.css">'
        f'<script src="/product.js" defer></script><body{" data-popup" * is_popup}><main><h1>{escape(title)}</h1>'
        f"{''.join(f'<p>{escape(text)}</p>' for text in texts if text)}{html}"
        f"{'<p>You can close this window.</p>' * is_popup}</main>",
    )


class Product:
    """What the product answers. `url` is its own address, without a path."""

    def __init__(self, reader: TokenReader, links: LinkCreator, *, url: str, graph_url: str) -> None:
        self.url = url
        self._reader = reader
        self._links = links
        self._graph_url = graph_url

    def home(self, customer: Customer) -> Answer:
        """Show whether WhatsApp is connected."""
        try:
            connection = self._reader.read(customer.connection_id, usable=True)
        except ReadError as error:
            self._reader.forget(customer.connection_id)  # the next page reads again
            return page("WhatsApp is not connected", customer.label, explain(error), html=CONNECT)
        names = [(one.id, f"{one.display_phone_number} {one.verified_name}") for one in connection.phone_numbers]
        numbers = "".join(f'<option value="{escape(number)}">{escape(name)}</option>' for number, name in names)
        return page("WhatsApp is connected", customer.label, html=SEND.format(numbers=numbers) + CONNECT)

    def connect(self, customer: Customer, form: Mapping[str, str]) -> Answer:
        """Redirect to a new link, which only this customer's browser gets. It comes back to `connected`."""
        is_popup = form.get("window") == "popup"
        link = self._links.create(
            customer.connection_id,
            label=customer.label,
            language=customer.language,
            lifetime_s=LINK_LIFETIME_S,
            return_url=f"{self.url}/connected{'?window=popup' * is_popup}",
        )
        return Answer(303, location=link.url)

    def connected(self, customer: Customer, query: Mapping[str, str]) -> Answer:
        """Show how a login ended. Anybody can type the query, so only a token that can be read proves a connection."""
        if query.get("connection_id") != customer.connection_id:
            return page("This is not your connection", status=403, html=HOME)
        is_popup = query.get("window") == "popup"
        if query.get("status") == "connected":
            self._reader.forget(customer.connection_id)  # a reconnection has made a new token
            try:
                self._reader.read(customer.connection_id, wait=WAIT_S, usable=True)
            except ReadError as error:
                again = "If you have just connected it, check again in a moment."
                html = CHECK_AGAIN + CONNECT
                return page("WhatsApp is not connected", explain(error), again, html=html, is_popup=is_popup)
            return page("WhatsApp is connected", is_popup=True) if is_popup else Answer(303, location="/")
        is_declined = query.get("status") == "declined"
        return page(
            "You did not connect WhatsApp" if is_declined else "WhatsApp could not be connected",
            # Show codes only: a link of somebody else's could carry any text into the product's page.
            *(f"{name.capitalize()}: {query[name]}" for name in ("reason", "reference") if is_code(query.get(name))),
            html=CONNECT + HOME,
            is_popup=is_popup,
        )

    def send(self, customer: Customer, form: Mapping[str, str]) -> Answer:
        """Send a text message with the customer's token."""
        to, text = form.get("to", "").strip().removeprefix("+"), form.get("text", "")
        if not re.fullmatch("[0-9]{6,15}", to) or not text:
            return page("Not sent", "Enter a phone number with its country code, and a text.", status=400, html=HOME)

        def request(connection: Connection) -> dict[str, Any]:
            listed = {one.id for one in connection.phone_numbers}
            chosen = form.get("phone_number_id")
            number = connection.phone_number(chosen if chosen in listed else None)
            message = {"messaging_product": "whatsapp", "to": to, "type": "text", "text": {"body": text}}
            answer = post(
                f"{self._graph_url}/{connection.graph_version}/{number.id}/messages", message, connection.authorization
            )
            raise_if_refused(answer)
            return answer

        try:
            answer = self._reader.call(customer.connection_id, request)
        except ReadError as error:
            return page("Not sent", explain(error), status=409, html=CONNECT)
        except PhoneNumberRequired:
            return page("Not sent", "Choose the phone number to send from.", status=409, html=HOME)
        if "error" in answer:  # Facebook's text is not shown, because it can repeat the token
            return page("Not sent", f"Facebook refused the message: {answer['error']['code']}", status=502, html=HOME)
        return page("Message sent", f"ID: {answer['messages'][0]['id']}", html=HOME)


def explain(error: ReadError) -> str:
    """Return why there is no usable token."""
    match error:
        case ReconnectRequired(status=None):
            return "Press the button to connect it."
        case ReconnectRequired():
            return f"Connect it again: {error.status} ({error.status_reason})."
        case NotUsable(status_reason=str(reason)):
            return f"Connect it again, and choose a WhatsApp account: {reason}."
    return "It is being set up."


def is_code(text: str | None) -> bool:
    return bool(re.fullmatch("[A-Za-z0-9_=-]{1,64}", text or ""))


def post(url: str, message: Mapping[str, object], headers: Mapping[str, str]) -> dict[str, Any]:
    """Return Facebook's answer, which may be an error. Raises OSError if there is none."""
    data = json.dumps(message).encode()
    request = Request(url, data=data, headers={**headers, "Content-Type": "application/json"})  # noqa: S310 - the operator sets the URL
    try:
        with urlopen(request, timeout=10) as response:  # noqa: S310
            answer: dict[str, Any] = json.load(response)
    except HTTPError as error:
        with error:
            answer = json.load(error)
    return answer


class Handler(BaseHTTPRequestHandler):
    """HTTP. Your framework does this part."""

    product: Product
    policy: str
    """The content security policy."""
    timeout = 30

    def do_GET(self) -> None:
        path, query = urlsplit(self.path).path, urlsplit(self.path).query
        if path in FILES:
            self.reply(Answer(200, (Path(__file__).parent / path[1:]).read_text(encoding="utf-8")), kind=FILES[path])
        elif path in {"/", "/connected"}:
            self.work(path, query)
        else:
            self.reply(page("This page does not exist", status=404, html=HOME))

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > MAX_BODY_BYTES:
            self.reply(page("The form is too large", status=413))
            return
        body = self.rfile.read(int(length)).decode(errors="replace")
        # Other sites can send forms here with the customer's session, but not with our origin.
        if self.headers.get("Origin") != self.product.url:
            self.reply(page("Please use the buttons of this site", status=403, html=HOME))
        elif self.path in {"/connect", "/send"}:
            self.work(self.path, body)
        else:
            self.reply(page("This page does not exist", status=404, html=HOME))

    def work(self, path: str, encoded: str) -> None:
        customer, product = signed_in_customer(), self.product
        values = {name: value[0] for name, value in parse_qs(encoded).items()}
        try:
            if path == "/":
                answer = product.home(customer)
            else:
                actions = {"/connected": product.connected, "/connect": product.connect, "/send": product.send}
                answer = actions[path](customer, values)
        except (BotoCoreError, ClientError, LinkNotCreated, LinkRefused, OSError, ValueError) as error:
            self.log_error("%s failed: %s", path, type(error).__name__)
            answer = page("Please try again in a moment", status=503, html=HOME)
        self.reply(answer)

    def reply(self, answer: Answer, *, kind: str = "text/html") -> None:
        body = answer.body.encode()
        headers = {
            "Content-Type": f"{kind}; charset=utf-8",
            "Content-Length": str(len(body)),
            "Content-Security-Policy": self.policy,
            "Cache-Control": "no-store",
            # With no-referrer, browsers would send our own forms with "Origin: null".
            "Referrer-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
        }
        self.send_response(answer.status)
        for name, value in {**headers, **({"Location": answer.location} if answer.location else {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def main() -> None:
    variables = {name: value for name, value in os.environ.items() if value}
    server = ThreadingHTTPServer(("127.0.0.1", int(variables.get("PORT", "8000"))), Handler)
    Handler.product = Product(
        TokenReader(variables["PARAMETER_PREFIX"], check_queue_url=variables.get("CHECK_QUEUE_URL")),
        LinkCreator(variables["CREATE_LINK_FUNCTION"]),
        url=variables.get("PRODUCT_URL", f"http://localhost:{server.server_port}"),
        graph_url=variables.get("GRAPH_URL", "https://graph.facebook.com"),
    )
    connect = urlsplit(variables["CONNECT_URL"])
    Handler.policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; base-uri 'none'; "
        # Chromium applies form-action to the redirect of a form too, so the stack's origin has to be in it.
        f"form-action 'self' {connect.scheme}://{connect.netloc}; frame-ancestors 'none'"
    )
    print(Handler.product.url, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    try:
        main()
    except KeyError as missing:
        sys.exit(f"Set the environment variable {missing}. README.md lists them.")
    except KeyboardInterrupt:
        pass

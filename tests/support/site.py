"""A stack on the emulator, as people, operators and services meet it."""

import json
import re
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from html import unescape
from typing import Any

import requests

from local.announcement import Announcement
from local.stack import Stack
from tests.support.clock import HOUR
from tests.support.facebook import Facebook
from whatsapp_connect import record_changes
from whatsapp_connect.connections import ConnectionStore
from whatsapp_connect.errors import ConflictError
from whatsapp_connect.link_request import LinkRequest
from whatsapp_connect.links import LinkStore
from whatsapp_connect.model import ConnectionRecord
from whatsapp_connect.repeated_logins import LOGINS_PER_HOUR

PATIENCE_S = 90
"""How long the stream and the queues may take on a busy machine. A second check within a minute waits for its end."""


class Site:
    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.facebook = Facebook(stack.facebook_url)

    @property
    def base_url(self) -> str:
        return self.stack.base_url

    @property
    def outputs(self) -> Mapping[str, str]:
        return self.stack.outputs

    @property
    def resources(self) -> Mapping[str, str]:
        return self.stack.resources

    def client(self, service: str) -> Any:
        """Return an AWS client that may do everything."""
        return self.stack.session.client(service, endpoint_url=self.stack.endpoint_url)  # type: ignore[call-overload]

    # People

    def connect(self, person: str, link: str = "") -> requests.Response:
        """Connect a person; return the page they end on, which may be that the link does not work."""
        self.let_logins_be_old()
        url = f"{self.base_url}/connect/{link}" if link else f"{self.base_url}/connect"
        with requests.Session() as browser:
            page = browser.get(url, allow_redirects=False, timeout=PATIENCE_S)
            if found := re.search(r'href="(\?[^"]*click=[^"]*)"', page.text):
                page = browser.get(url + unescape(found[1]), allow_redirects=False, timeout=PATIENCE_S)
            if page.status_code != 302:
                return page
            location = self.facebook.log_in(page.headers["Location"], person=person)
            return browser.get(location, allow_redirects=False, timeout=PATIENCE_S)

    def let_logins_be_old(self) -> None:
        """Make the logins of connections that have many an hour older, so that the next one is published at once."""
        connections = self.connections
        for record in connections.all():
            if record_changes.logins_since(record, time.time() - HOUR) > LOGINS_PER_HOUR // 2:
                history = tuple(replace(event, at=event.at - HOUR) for event in record.history)
                with suppress(ConflictError):  # then the next call does it
                    connections.write(record, replace(record, history=history))

    # Operators

    @property
    def links(self) -> LinkStore:
        return LinkStore(client=self.client("dynamodb"), table=self.resources["LinkTable"])

    def link(
        self, connection_id: str, *, lifetime: int = 86_400, uses: int = 1, any_user: bool = False, **more: Any
    ) -> str:
        """Create a connect link for a connection id."""
        return self.links.create(
            LinkRequest(connection_id, lifetime_s=lifetime, uses=uses, any_user=any_user, **more)
        ).value

    # What is stored

    def parameter(self, connection_id: str, leaf: str) -> Any:
        """Return a parameter of a connection, decrypted, or None."""
        ssm = self.client("ssm")
        name = f"{self.outputs['ParameterPrefix']}/connections/{connection_id}/{leaf}"
        try:
            return ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]
        except ssm.exceptions.ParameterNotFound:
            return None

    def token(self, connection_id: str) -> str | None:
        """Return the token that readers get, or None."""
        parameter = self.parameter(connection_id, "access-token")
        return parameter and str(parameter["Value"])

    def metadata(self, connection_id: str) -> dict[str, Any]:
        """Return the metadata that readers get; {} if there are none."""
        parameter = self.parameter(connection_id, "metadata")
        metadata: dict[str, Any] = json.loads(parameter["Value"]) if parameter else {}
        return metadata

    @property
    def connections(self) -> ConnectionStore:
        return ConnectionStore(client=self.client("dynamodb"), table=self.resources["ConnectionTable"])

    def record(self, connection_id: str) -> ConnectionRecord | None:
        return self.connections.load(connection_id)

    def existing_record(self, connection_id: str) -> ConnectionRecord:
        record = self.record(connection_id)
        assert record
        return record

    def set(self, connection_id: str, **numbers: int) -> None:
        """Set attributes of a record."""
        self.client("dynamodb").update_item(
            TableName=self.resources["ConnectionTable"],
            Key={"connection_id": {"S": connection_id}},
            UpdateExpression="SET " + ", ".join(f"{name} = :{name}" for name in numbers),
            ExpressionAttributeValues={f":{name}": {"N": str(value)} for name, value in numbers.items()},
        )

    # What happens by itself

    def wait_for(self, condition: Callable[[], object]) -> float:
        """Wait until a condition holds; return for how many seconds that took. Events meanwhile are dropped."""
        began = time.monotonic()
        while not condition():
            assert time.monotonic() < began + PATIENCE_S, "it did not happen"
            list(self.stack.announcements(seconds=1))
        return time.monotonic() - began

    def announced(self, connection_id: str) -> Announcement:
        """Wait for the next event of a connection, and return it. Events before it are dropped."""
        for _ in range(10):
            for announcement in self.stack.announcements(seconds=5):
                if announcement.detail.get("connection_id") == connection_id:
                    return announcement
        raise AssertionError("nothing was announced")

    def wait_until_published(self, connection_id: str) -> None:
        """Wait until a login is checked and the parameters agree with the record, or both are gone."""

        def is_published() -> bool:
            record = self.record(connection_id)
            return record is None or (record.publish_at is None and (record.checked_at > 0 or not record.is_alive))

        self.wait_for(is_published)

    def logged(self, function: str, message: str) -> list[dict[str, Any]]:
        """Return the lines of a function's log that have this message."""
        lines = [json.loads(line) for line in self.stack.logs(function) if line.startswith("{")]
        return [line for line in lines if line.get("message") == message]

    def rows_of(self, table: str) -> list[dict[str, Any]]:
        """Return every row of a table, given its logical id."""
        pages = self.client("dynamodb").get_paginator("scan").paginate(TableName=self.resources[table])
        return [item for page in pages for item in page["Items"]]

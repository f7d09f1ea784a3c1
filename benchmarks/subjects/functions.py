"""WhatsApp Connect: the two functions of a login, called with the events that API Gateway makes."""

import importlib
import os
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import parse_qs, urlsplit

import boto3

from benchmarks.subjects.subject import (
    APP_ID,
    PREFIX,
    SCOPES,
    Login,
    cookies_of,
    gateway_event,
    provider_url,
)

_FUNCTIONS = Path(__file__).parents[2] / "functions"


class Functions:
    def __init__(self, *, shared: bool, entries: Iterable[str] = ("authorize", "callback")) -> None:
        os.environ |= {
            "META_APP_ID": APP_ID,
            "PARAMETER_PREFIX": PREFIX,
            "REQUIRED_SCOPES": ",".join(SCOPES),
            "LOGIN_CONFIG_ID": "",
            "PUBLIC_CONNECT": "enabled",
            "SUCCESS_URL": "",
            "STATE_TABLE": "states",
            "CONNECTION_TABLE": "connections",
            "LINK_TABLE": "links",
            "DELETION_TABLE": "deletions",
            "BRAKE_TABLE": "brake",
            "DUE_QUEUE_URL": "",
            "CHECK_QUEUE_URL": "",
            "CHECK_QUEUE_ARN": "",
            "PUBLISHING": "enabled",
            "CHECKING": "enabled",
            "METADATA": "enabled",
            "PARAMETER_WRITES_PER_SECOND": "2.5",
            "GRAPH_VERSION": "v26.0",
            "GRAPH_URL": provider_url(),
            "DIALOG_URL": provider_url(),
            "PUBLIC_BASE_URL": "",
            "POWERTOOLS_SERVICE_NAME": "whatsapp-connect",
            "POWERTOOLS_METRICS_NAMESPACE": "WhatsAppConnect",
        }
        sys.path.insert(0, str(_FUNCTIONS))
        self._clients: list[Any] = []
        self._entries: dict[str, Any] = {name: self._load(name) for name in entries}
        self._shared = shared
        self.operations = Counter[str]()

    def _load(self, name: str) -> Any:
        """Import an entry file, and note the clients that it makes."""
        make = boto3.Session.client

        def client(session: boto3.Session, *arguments: Any, **options: Any) -> Any:
            self._clients.append(make(session, *arguments, **options))
            return self._clients[-1]

        with patch.object(boto3.Session, "client", client):
            return importlib.import_module(name)

    def wire(self) -> None:
        """Count what is asked of AWS, and where the store is not shared, let it be answered in the process."""
        from benchmarks.subjects.answers import answer_in_process
        from benchmarks.subjects.aws import count_operations

        for client in self._clients:
            count_operations(client, self.operations)
        if not self._shared:
            answer_in_process(self._clients)

    def authorize(self) -> Login:
        response = self._entries["authorize"].handler(gateway_event("/connect"), _CONTEXT)
        state = parse_qs(urlsplit(response["headers"]["Location"]).query)["state"][0]
        return Login(state, cookies_of(response["cookies"]))

    def callback(self, login: Login, code: str) -> bool:
        sent = gateway_event("/callback", {"code": code, "state": login.state}, login.cookies)
        response: dict[str, Any] = self._entries["callback"].handler(sent, _CONTEXT)
        return "You&#x27;re connected" in response["body"] or "You're connected" in response["body"]


class _Context:
    def get_remaining_time_in_millis(self) -> int:
        return 28_000


_CONTEXT = _Context()


def make(*, shared: bool) -> Functions:
    functions = Functions(shared=shared)
    functions.wire()
    return functions

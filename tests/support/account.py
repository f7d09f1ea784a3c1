"""An AWS account of a test's own, and the functions in it as Lambda starts them."""

import importlib
import os
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import boto3
import pytest

from tests.support import stack
from tests.support.clients import Clients
from tests.support.strict import make_strict
from whatsapp_connect import aws

CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_REGION": stack.REGION,
    "AWS_DEFAULT_REGION": stack.REGION,
}


def forget_the_developer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove everything from the environment that belongs to the developer's own AWS account."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "POWERTOOLS_", "BOTO_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)


def use(session: boto3.Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give functions and command line this session, with clients that refuse what AWS refuses and moto accepts."""
    forget_the_developer(monkeypatch)
    set_environment(CREDENTIALS, monkeypatch)
    monkeypatch.setattr(session, "client", Clients(session.client))
    make = boto3.Session

    def choose(**options: Any) -> boto3.Session:
        return make(**options) if any(options.values()) else session

    monkeypatch.setattr(boto3, "Session", choose)
    give_functions(session, monkeypatch)
    make_strict(monkeypatch)


def give_functions(session: boto3.Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the functions take their clients from this session."""
    monkeypatch.setattr(aws, "Session", lambda: SimpleNamespace(create_client=session.client))


def set_environment(variables: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


def load(session: boto3.Session, entry: str, **variables: str) -> ModuleType:
    """Import an entry file as a new execution environment does, with these variables besides its own."""
    sys.modules.pop(entry, None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(session.client, "owner", entry)
        set_environment(stack.own_environment(entry) | variables, patch)
        return importlib.import_module(entry)


def record_pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return a list that receives the pauses between attempts in seconds; nobody waits for them."""
    pauses: list[float] = []
    monkeypatch.setattr("whatsapp_connect.waiting.sleep", pauses.append)
    monkeypatch.setattr("whatsapp_connect.transactions.REPEAT_S", 0.1)
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0)
    return pauses

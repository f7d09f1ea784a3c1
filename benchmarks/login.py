"""Run a login, from the connect link to the last page, with functions that run as on Lambda."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from benchmarks.aws_stand_in import AwsStandIn
from benchmarks.execution import Invocation
from benchmarks.tls import Authority, Front
from facebook_simulator.server import APP_ID, APP_SECRET, FacebookServer
from local.place import ROOT

HOST = "connect.example.com"


@dataclass(frozen=True, slots=True)
class World:
    """Simulated Facebook and AWS, behind HTTPS."""

    facebook: FacebookServer
    aws: AwsStandIn
    graph_front: Front
    aws_front: Front
    certificate: bytes

    @classmethod
    @contextmanager
    def serving(cls) -> "Iterator[World]":
        with (
            tempfile.TemporaryDirectory() as folder,
            FacebookServer(redirect_uris=(f"https://{HOST}/callback",)) as facebook,
            AwsStandIn(app_secret=APP_SECRET).serving() as aws,
        ):
            authority = Authority.make(Path(folder))
            graph = Front(authority, urlsplit(facebook.url).port or 0)
            with graph.serving(), Front(authority, aws.port).serving() as aws_front:
                yield cls(facebook, aws, graph, aws_front, authority.certificate)

    @property
    def environment(self) -> dict[str, str]:
        """Return the variables that make a function use these servers."""
        return {
            "META_APP_ID": APP_ID,
            "GRAPH_URL": self.graph_front.url,
            "DIALOG_URL": self.facebook.url,
            "AWS_ENDPOINT_URL": self.aws_front.url,
        }

    def delay(self, seconds: float) -> None:
        """Delay each call to Facebook."""
        self.graph_front.delay = seconds

    def trusted_by(self, artifact: Path, folder: Path) -> Path:
        """Copy an artifact, add this certificate authority to those that it trusts, and return the copy."""
        shutil.copytree(artifact, folder)
        for store in (folder / "certifi" / "cacert.pem", folder / "botocore" / "cacert.pem"):
            with store.open("ab") as file:
                file.write(self.certificate)
        return folder

    def log_in(self, started: Invocation) -> dict[str, Any]:
        """Accept Facebook's dialog, and return the event of the redirect to the callback."""
        answer = started.answer
        assert answer["statusCode"] == 302, answer
        dialog = answer["headers"]["Location"]
        told = requests.post(f"{self.facebook.url}/_control/login", json={"url": dialog}, timeout=10).json()
        cookies = [cookie.partition(";")[0] for cookie in answer["cookies"]]
        return event("callback", urlsplit(told["location"]).query, cookies)

    def calls(self) -> dict[str, int]:
        """Return the number of calls, by operation."""
        told = requests.get(f"{self.facebook.url}/_control/requests", timeout=10).json()["counts"]
        return dict(sorted((told | self.aws.calls).items()))

    def forget_calls(self) -> None:
        requests.delete(f"{self.facebook.url}/_control/requests", timeout=10)
        self.aws.calls.clear()


def event(name: str, query: str = "", cookies: list[str] | None = None) -> dict[str, Any]:
    """Return an event of the folder events/ with this query and these cookies."""
    adapted: dict[str, Any] = json.loads((ROOT / "events" / f"{name}.json").read_text())
    adapted |= {"rawQueryString": query, "cookies": cookies or []}
    adapted["requestContext"]["domainName"] = HOST
    return adapted

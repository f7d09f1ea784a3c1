"""What a local run opens and prints: nothing for another machine, nothing that steers a terminal."""

import json
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from tests.support.listening import Listening, listening
from tests.support.local_run import Run, connect, containers, start_api

pytestmark = [pytest.mark.emulator, pytest.mark.linux]

SPOILT = "\x1b]0;owned\x07\x1b[2J\r\nConnected: \u202e\u2066\u200b\u2028\x7f\x9b31m"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    run = Run(tmp_path_factory.mktemp("run"), {})
    yield run
    run.process.terminate()
    run.process.communicate()


@pytest.fixture(scope="module")
def link(run: Run) -> str:
    """Return the connect link of the run, once it has begun to wait for people."""
    link = run.read_until(r"http://localhost:\d+/connect")[0]
    run.read_until("Waiting for people to connect")
    return link


def emulator_url(run: Run) -> str:
    variables: dict[str, str] = json.loads((run.directory / "env.json").read_text())["Parameters"]
    return variables["AWS_ENDPOINT_URL"].replace("host.docker.internal", "127.0.0.1")


def open_to_the_network(pid: int) -> list[Listening]:
    return [one for one in listening(pid) if one.is_open_to_the_network()]


def test_no_process_of_make_run_is_open_to_the_network(run: Run, link: str) -> None:
    facebook = connect(link)  # the functions have processes of their own
    ports = {one.port for one in listening(run.process.pid)}
    assert ports >= {urlsplit(url).port for url in (link, facebook.url, emulator_url(run))}
    assert open_to_the_network(run.process.pid) == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "https://evil.example"},
    ],
)
@pytest.mark.parametrize("path", ["/", "/_ministack/reset", "/_aws/execute-api/x/y"])
def test_a_page_of_another_site_gets_nothing_from_the_emulator(
    run: Run, link: str, headers: dict[str, str], path: str
) -> None:
    answer = requests.post(f"{emulator_url(run)}{path}", headers=headers, timeout=10)
    assert (answer.status_code, answer.content) == (403, b"")


def test_the_host_of_the_api_leads_a_page_to_no_endpoint_of_the_emulators(run: Run, link: str) -> None:
    headers = {"Host": "x.execute-api.localhost", "Origin": "https://evil.example"}
    answer = requests.post(f"{emulator_url(run)}/_ministack/reset", headers=headers, timeout=10)
    assert (answer.status_code, answer.content) == (403, b"")


def test_a_link_on_another_site_leads_to_the_stack(link: str) -> None:
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert requests.get(link, headers=headers, allow_redirects=False, timeout=60).status_code == 302


def test_a_business_name_cannot_steer_the_terminal(run: Run, link: str) -> None:
    facebook = connect(link)
    people = facebook.control("people", method="GET")["people"]
    number = people[0]["businesses"][0]["accounts"][0]["phones"][0]
    number["display_phone_number"] = f"+1 {SPOILT} 5"
    facebook.control("people", {"people": people})
    connect(link)
    line = run.read_until("owned").string
    assert line.removesuffix("\n").isprintable()


@pytest.mark.docker
def test_no_container_of_start_api_is_open_to_the_network(run: Run, link: str, tmp_path: Path) -> None:
    with start_api(run.directory, tmp_path / "start-api.log") as served:
        assert urlsplit(served.url).port in {one.port for one in listening(served.pid)}
        assert open_to_the_network(served.pid) == []
        with ThreadPoolExecutor() as background:
            answer = background.submit(requests.get, f"{served.url}/connect", allow_redirects=False, timeout=60)
            published = set[str]()
            while not answer.done():
                published |= publishing_addresses()
        assert answer.result().status_code == 302
        assert published == {"127.0.0.1"}


def publishing_addresses() -> set[str]:
    """Return the addresses of this machine at which ports of running containers are published."""
    addresses = set[str]()
    for one in containers():
        shown = subprocess.run(
            ["docker", "inspect", "--format", "{{json .HostConfig.PortBindings}}", one],
            check=False,  # it may be gone by now
            capture_output=True,
            text=True,
        )
        for bindings in (json.loads(shown.stdout or "{}") or {}).values():
            addresses |= {binding["HostIp"] for binding in bindings}
    return addresses

"""`python -m facebook_simulator`: the simulator as a program of its own."""

import re
import subprocess
import sys
from ipaddress import ip_address

import pytest
import requests

from local.place import ROOT
from tests.support.listening import Listening, listening


@pytest.mark.linux
def test_it_listens_at_the_address_it_prints_and_on_this_machine_only() -> None:
    command = [sys.executable, "-m", "facebook_simulator", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as program:
        try:
            assert program.stdout
            said = re.search(r"http://127\.0\.0\.1:(\d+)\n", program.stdout.readline())
            assert said
            assert listening(program.pid) == {Listening("tcp", ip_address("127.0.0.1"), int(said[1]))}
        finally:
            program.terminate()
    assert program.returncode == 0


def test_sdk_domain_allows_a_page_to_use_the_sdk() -> None:
    command = [sys.executable, "-m", "facebook_simulator", "--port", "0", "--sdk-domain", "http://localhost:3000"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as program:
        try:
            assert program.stdout
            url = program.stdout.readline().split()[-1]
            app = requests.post(f"{url}/_control/app", json={}, timeout=10).json()
            assert (app["sdk_login"], app["sdk_domains"]) == (True, ["http://localhost:3000"])
            script = requests.get(f"{url}/de_DE/sdk.js", timeout=10)
            assert script.headers["Content-Type"].startswith("application/x-javascript")
        finally:
            program.terminate()

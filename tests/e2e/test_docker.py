"""The functions in Docker, as `sam local` runs them, beside the running stack."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from local import container
from local.place import ROOT
from local.stack import Stack
from tests.support.facebook import Facebook
from tests.support.local_run import start_api
from tests.support.people import MARIA
from tests.support.site import Site

pytestmark = [pytest.mark.emulator, pytest.mark.docker]


def invoke(stack: Stack, function: str, event: str) -> Any:
    command = container.invoke_command(function, ROOT / "events" / event, stack.directory)
    run = subprocess.run(
        command,
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=container.environment(stack.directory),
        timeout=180,
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


@pytest.fixture
def api_url(stack: Stack, tmp_path: Path) -> Iterator[str]:
    """Serve the functions from Docker as `make start-api` does; return where."""
    with start_api(stack.directory, tmp_path / "start-api.log") as served:
        yield served.url


def test_authorize_redirects_to_facebook(stack: Stack) -> None:
    answer = invoke(stack, "AuthorizeFunction", "authorize.json")
    assert answer["statusCode"] == 302
    assert answer["headers"]["Location"].startswith(f"{stack.facebook_url}/v26.0/dialog/oauth?")


def test_page_before_a_login_is_in_the_language_of_its_address(stack: Stack) -> None:
    answer = invoke(stack, "AuthorizeFunction", "authorize-reconnect.json")
    assert (answer["statusCode"], answer["headers"]["Content-Language"]) == (200, "de")


def test_link_is_created(stack: Stack) -> None:
    assert invoke(stack, "CreateLinkFunction", "create-link.json").keys() == {"url", "link_id", "expires_at"}


@pytest.fixture
def without_stream(stack: Stack) -> Iterator[None]:
    """Have nobody publish."""
    functions = stack.session.client("lambda", endpoint_url=stack.endpoint_url)
    (mapping,) = functions.list_event_source_mappings(FunctionName=stack.resources["PublishFunction"])[
        "EventSourceMappings"
    ]
    functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    yield
    functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)


@pytest.mark.usefixtures("without_stream")
def test_callback_alone_gives_readers_the_token_as_often_as_it_is_invoked(stack: Stack) -> None:
    assert stack.sample
    Site(stack).let_logins_be_old()
    stack.sample.store()
    parameters = stack.session.client("ssm", endpoint_url=stack.endpoint_url)
    name = f"{stack.outputs['ParameterPrefix']}/connections/{MARIA}/access-token"
    tokens = set()
    for _ in range(2):
        parameters.delete_parameters(Names=[name])
        answer = invoke(stack, "CallbackFunction", "callback.json")
        assert answer["statusCode"] == 200, answer["body"]
        tokens.add(parameters.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"])
    assert len(tokens) == 2


@pytest.mark.parametrize(
    ("function", "event"),
    [
        ("PublishFunction", "publish-connected.json"),
        ("ScheduleFunction", "schedule.json"),
        ("CheckFunction", "check.json"),
    ],
)
def test_asynchronous_function_accepts_its_event(stack: Stack, function: str, event: str) -> None:
    assert invoke(stack, function, event) is None


def test_start_api_serves_a_whole_login(stack: Stack, api_url: str) -> None:
    with requests.Session() as browser:
        dialog = browser.get(f"{api_url}/connect", allow_redirects=False, timeout=60).headers["Location"]
        location = Facebook(stack.facebook_url).log_in(dialog)
        assert location.startswith(f"{api_url}/callback?")
        assert browser.get(location, timeout=60).status_code == 200
    assert requests.get(f"{api_url}/", timeout=60).status_code == 200
    assert requests.get(f"{api_url}/wp-login.php", timeout=60).status_code == 404

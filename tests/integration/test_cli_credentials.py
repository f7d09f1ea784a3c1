"""The installed program with the profiles of a real ~/.aws, beside stand-ins for SSO and sign-in, and AWS over HTTP."""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha1, sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.support import stack
from tests.support.moto_stack import stack_over_http

PROGRAM = Path(sys.executable).with_name("whatsapp-connect")
ANOTHER_REGION = "ap-south-1"
"""Where the stack is; no variable of the environment names it, only profiles do."""
SESSION = "arn:aws:iam::123456789012:user/maria"
SSO = f"sso_session = company\nsso_account_id = 123456789012\nsso_role_name = Operator\nregion = {ANOTHER_REGION}\n"
COMPANY = "[sso-session company]\nsso_start_url = https://company.example.com/start\nsso_region = eu-west-1\n"
LOGIN = f"login_session = {SESSION}\nregion = {ANOTHER_REGION}\n"
KEYS = {"accessKeyId": "ASIAQQQQQQQQQQQQQQQQ", "secretAccessKey": "s3cret-key", "sessionToken": "s3cret-session"}
PROCESS = json.dumps({"Version": 1, "AccessKeyId": "AKIA", "SecretAccessKey": "s3cret-key"})
SECRETS = ("s3cret", "PRIVATE KEY")
TOKEN_KEY = f"arn:aws:kms:{ANOTHER_REGION}:123456789012:key/1"


@dataclass(slots=True)
class StandIn:
    """A server that answers every request alike, and remembers them."""

    url: str
    status: int = 200
    answer: Any = None
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.requests.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
            self.rfile.read(int(self.headers.get("Content-Length", "0")))
            body = json.dumps(server.answer).encode()
            self.send_response(server.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815  the name is http.server's

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        server = StandIn(f"http://127.0.0.1:{listening.server_port}")
        thread = Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            listening.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    """Return the URL of an AWS account with a stack in ANOTHER_REGION."""
    variables = {"TOKEN_KEY_ID": TOKEN_KEY, "CHECK_QUEUE_ARN": f"arn:aws:sqs:{ANOTHER_REGION}:123456789012:check"}
    with stack_over_http(ANOTHER_REGION, variables) as url:
        yield url


@dataclass(frozen=True, slots=True)
class Home:
    """A home directory with a folder .aws."""

    folder: Path
    variables: dict[str, str]

    def write(self, name: str, content: str) -> None:
        path = self.folder / ".aws" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)

    def run(self, *options: str, **variables: str) -> subprocess.CompletedProcess[str]:
        ended = subprocess.run(
            [PROGRAM, "policy", "tenant-42", *options],
            env=self.variables | variables,
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # without a terminal
        )
        said = ended.stdout + ended.stderr
        assert "Traceback" not in said
        assert not any(secret in said for secret in SECRETS)
        return ended

    def fails(self, *options: str, **variables: str) -> str:
        """Return the error of a command that must fail with one line."""
        ended = self.run(*options, **variables)
        assert (ended.returncode, ended.stdout) == (1, "")
        assert ended.stderr.startswith("Error: ")
        assert ended.stderr.count("\n") == 1
        return ended.stderr.strip()

    def sso_token(self, *, ends_in: int, **more: str) -> None:
        name = sha1(b"company", usedforsecurity=False).hexdigest()
        token = {"accessToken": "s3cret-sso", "expiresAt": at(ends_in)} | more
        self.write(f"sso/cache/{name}.json", json.dumps(token))

    def login(self, *, ends_in: int) -> None:
        key = ec.generate_private_key(ec.SECP256R1()).private_bytes(
            Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()
        )
        cached = {
            "accessToken": KEYS | {"accountId": "123456789012", "expiresAt": at(ends_in)},
            "refreshToken": "s3cret-refresh",
            "clientId": "arn:aws:signin:::devtools/same-device",
            "dpopKey": key.decode(),
        }
        self.write(f"login/cache/{sha256(SESSION.encode()).hexdigest()}.json", json.dumps(cached))


def at(seconds: int) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture
def home(tmp_path: Path, aws: str, stand_in: StandIn) -> Home:
    return Home(
        tmp_path,
        {
            "HOME": str(tmp_path),
            "PATH": "/usr/bin:/bin",
            "AWS_ENDPOINT_URL": aws,
            "AWS_ENDPOINT_URL_SSO": stand_in.url,
            "AWS_ENDPOINT_URL_SSO_OIDC": stand_in.url,
            "AWS_ENDPOINT_URL_SIGNIN": stand_in.url,
            "AWS_EC2_METADATA_DISABLED": "true",
        },
    )


def assert_works(ended: subprocess.CompletedProcess[str]) -> None:
    assert ended.returncode == 0, ended.stderr
    assert f"arn:aws:ssm:{ANOTHER_REGION}:{stack.ACCOUNT}:parameter{stack.PREFIX}/" in ended.stdout


def test_sso_profile_works_while_its_session_lasts(home: Home, stand_in: StandIn) -> None:
    home.write("config", f"[profile dev]\n{SSO}{COMPANY}")
    assert home.fails("--profile", "dev").endswith("aws sso login --profile dev")

    home.sso_token(ends_in=-60)
    assert home.fails("--profile", "dev").endswith("aws sso login --profile dev")
    assert stand_in.requests == []

    home.sso_token(ends_in=3600)
    expiration = int((datetime.now(UTC) + timedelta(hours=1)).timestamp() * 1000)
    stand_in.answer = {"roleCredentials": KEYS | {"expiration": expiration}}
    assert_works(home.run("--profile", "dev"))
    assert_works(home.run(AWS_PROFILE="dev"))
    ((path, headers), _) = stand_in.requests
    assert "role_name=Operator" in path
    assert headers["x-amz-sso_bearer_token"] == "s3cret-sso"

    stand_in.status, stand_in.answer = 401, {"__type": "UnauthorizedException", "message": "s3cret"}
    assert home.fails("--profile", "dev").endswith("aws sso login --profile dev")
    stand_in.status, stand_in.answer = 403, {"__type": "ForbiddenException", "message": "s3cret"}
    assert "sso_role_name" in home.fails("--profile", "dev")


def test_sso_token_that_can_be_refreshed_is(home: Home, stand_in: StandIn) -> None:
    home.write("config", f"[profile dev]\n{SSO}{COMPANY}")
    registered = {"clientId": "x", "clientSecret": "s3cret-client", "registrationExpiresAt": at(3600)}
    home.sso_token(ends_in=-60, refreshToken="s3cret-refresh", **registered)
    expiration = int((datetime.now(UTC) + timedelta(hours=1)).timestamp() * 1000)
    credentials = {"roleCredentials": KEYS | {"expiration": expiration}}
    stand_in.answer = {"accessToken": "s3cret-new", "expiresIn": 3600} | credentials
    assert_works(home.run("--profile", "dev"))
    ((path, _), (_, headers)) = stand_in.requests
    assert path == "/token"
    assert headers["x-amz-sso_bearer_token"] == "s3cret-new"


def test_keys_of_the_environment_win_over_its_profile_only(home: Home) -> None:
    home.write("config", f"[profile dev]\n{SSO}{COMPANY}")
    keys = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_PROFILE": "dev"}
    assert_works(home.run(**keys))
    assert home.fails("--profile", "dev", **keys).endswith("aws sso login --profile dev")


def test_older_sso_profile_without_a_section_is_explained_alike(home: Home) -> None:
    start = "https://company.example.com/start"
    home.write(
        "config", f"[default]\n{SSO.replace('sso_session = company', f'sso_start_url = {start}')}sso_region = x\n"
    )
    name = sha1(start.encode(), usedforsecurity=False).hexdigest()
    home.write(f"sso/cache/{name}.json", json.dumps({"accessToken": "s3cret-sso", "expiresAt": at(-60)}))
    assert home.fails().endswith("aws sso login")


def test_aws_login_profile_works_while_its_session_lasts(home: Home, stand_in: StandIn) -> None:
    home.write("config", f"[profile dev]\n{LOGIN}")
    assert home.fails("--profile", "dev").endswith(": aws login --profile dev")

    home.login(ends_in=900)
    assert_works(home.run("--profile", "dev"))
    assert stand_in.requests == []

    home.login(ends_in=-60)
    stand_in.answer = {"accessToken": KEYS, "tokenType": "aws_sigv4", "expiresIn": 900, "refreshToken": "s3cret-next"}
    assert_works(home.run("--profile", "dev"))
    ((_, headers),) = stand_in.requests
    proof = json.loads(base64.urlsafe_b64decode(headers["dpop"].partition(".")[0] + "=="))
    assert proof["typ"] == "dpop+jwt"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("TOKEN_EXPIRED", "has ended"),
        ("USER_CREDENTIALS_CHANGED", "has ended"),
        ("INSUFFICIENT_PERMISSIONS", "signin:CreateOAuth2Token"),
    ],
)
def test_ended_aws_login_is_explained(home: Home, stand_in: StandIn, error: str, words: str) -> None:
    home.write("config", f"[profile dev]\n{LOGIN}")
    home.login(ends_in=-60)
    stand_in.status = 403
    stand_in.answer = {"__type": "AccessDeniedException", "error": error, "message": "s3cret"}
    said = home.fails("--profile", "dev")
    assert words in said
    assert said.endswith(": aws login --profile dev")


def test_aws_login_with_an_unreadable_cache_is_explained(home: Home) -> None:
    home.write("config", f"[profile dev]\n{LOGIN}")
    home.write(f"login/cache/{sha256(SESSION.encode()).hexdigest()}.json", "half of a fi")
    assert "the profile dev" in home.fails("--profile", "dev")


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ("[profile other]\nregion = eu-west-1\n", "no AWS profile dev"),
        ("[profile dev\n", "/.aws/config is not a valid"),
        ("region = eu-west-1\n", "/.aws/config is not a valid"),
        ("[profile dev]\nregion = eu-west-1\n", "No AWS credentials were found"),
        (f"[profile dev]\ncredential_process = echo '{PROCESS}'\n", "No AWS Region"),
        (f"[profile dev]\n{SSO}", "sso-session does not exist"),
        ("[profile dev]\nregion = eu-west-1\nsso_role_name = x\n", "sso_start_url"),
        ("[profile dev]\nregion = eu-west-1\naws_access_key_id = AKIA\n", "aws_secret_access_key is missing"),
        (
            "[profile dev]\nregion = eu-west-1\ncredential_process = /bin/false\n",
            "credential_process of the profile dev",
        ),
        ("[profile dev]\nregion = eu-west-1\ncredential_process = echo s3cret\n", "could not be loaded"),
        ("[profile dev]\nregion = eu-west-1\ncredential_process = /not/there\n", "could not be loaded"),
        ("[profile dev]\nregion = eu west\n", "eu west is not an AWS Region"),
        ("[profile dev]\nregion = eu-west-1\nrole_arn = arn:aws:iam::1:role/x\nsource_profile = y\n", "does not exist"),
    ],
)
def test_wrong_configuration_is_explained(home: Home, config: str, words: str) -> None:
    home.write("config", config)
    assert words in home.fails("--profile", "dev")


@pytest.mark.parametrize(
    ("variables", "config"),
    [
        ({"AWS_DEFAULT_REGION": ANOTHER_REGION}, ""),
        ({}, f"[default]\nregion = {ANOTHER_REGION}\n"),
        ({"AWS_PROFILE": "dev"}, f"[profile dev]\nregion = {ANOTHER_REGION}\n"),
    ],
)
def test_region_is_found_as_boto3_finds_it(home: Home, variables: dict[str, str], config: str) -> None:
    home.write("config", config)
    keys = "aws_access_key_id = x\naws_secret_access_key = x\n"
    home.write("credentials", f"[default]\n{keys}[dev]\n{keys}")
    assert_works(home.run(**variables))


def test_variable_that_boto3_does_not_read_is_named(home: Home) -> None:
    said = home.fails(AWS_REGION=ANOTHER_REGION, AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="x")
    assert "AWS_DEFAULT_REGION" in said


def test_stack_in_another_region_is_not_found(home: Home) -> None:
    keys = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_DEFAULT_REGION": ANOTHER_REGION}
    ended = home.run("--region", "eu-west-1", **keys)
    assert ended.returncode == 3
    assert "eu-west-1" in ended.stderr


@pytest.fixture
def role(home: Home) -> Home:
    """Have a profile with a role that needs an MFA code."""
    home.write(
        "config",
        f"[profile dev]\nregion = {ANOTHER_REGION}\nrole_arn = arn:aws:iam::123456789012:role/x\n"
        "source_profile = person\nmfa_serial = arn:aws:iam::123456789012:mfa/maria\n",
    )
    home.write("credentials", "[person]\naws_access_key_id = x\naws_secret_access_key = x\n")
    return home


def test_mfa_code_cannot_be_asked_for_without_a_terminal(role: Home) -> None:
    ended = role.run("--profile", "dev")
    assert ended.returncode == 1
    assert "needs a terminal" in ended.stderr


def test_mfa_code_is_asked_for_on_a_terminal(role: Home) -> None:
    terminal, inside = os.openpty()
    with subprocess.Popen(
        [PROGRAM, "policy", "tenant-42", "--profile", "dev"],
        env=role.variables,
        stdin=inside,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as program:
        assert program.stdout
        assert program.stderr
        prompt = b""
        while b"MFA code" not in prompt and (read := program.stderr.read(1)):
            prompt += read
        os.write(terminal, b"123456\n")
        printed = program.stdout.read().decode()
    os.close(inside)
    os.close(terminal)
    assert program.returncode == 0
    assert f"arn:aws:ssm:{ANOTHER_REGION}:" in printed

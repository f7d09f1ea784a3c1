"""Rosa's connection, and a service that may read it."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest

from tests.e2e.examples.service import CONNECTION, EXAMPLES, ROSA, Service, fill_in
from tests.support.docs import ROOT
from tests.support.site import Site


@pytest.fixture(scope="package")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the wheel of the reader, which a recipe has beside it."""
    folder = tmp_path_factory.mktemp("wheel")
    uv = str(Path(sys.executable).with_name("uv"))
    build = [uv, "build", "--quiet", "--wheel", "--offline", "--no-build-isolation"]
    build += ["--python", sys.executable, "--out-dir", str(folder)]
    subprocess.run([*build, ROOT / "clients/python"], check=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="package")
def replace_token(site: Site) -> Iterator[Callable[[], None]]:
    """Connect Rosa when called: her earlier tokens die, and the stack has a new one."""
    people = site.facebook.control("people", method="GET")["people"]
    site.facebook.control("people", {"people": [*people, ROSA]})

    def replace() -> None:
        site.facebook.control("tokens/invalidate", {"person": "rosa", "reason": "password_changed"})
        connect(site)

    yield replace
    site.facebook.control("people", {"people": people})


def connect(site: Site) -> None:
    assert site.connect("rosa").status_code == 200
    site.wait_until_published(CONNECTION)


@pytest.fixture(scope="package")
def service(site: Site, replace_token: Callable[[], None]) -> Iterator[Service]:
    """Connect Rosa, and be a service whose only right is the policy of the docs."""
    connect(site)
    policy = fill_in(site, (EXAMPLES / "one-connection-policy.json").read_text())
    iam = site.client("iam")
    iam.create_user(UserName="service")
    iam.put_user_policy(UserName="service", PolicyName="one-connection", PolicyDocument=policy)
    key = iam.create_access_key(UserName="service")["AccessKey"]
    session = boto3.Session(
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
        region_name=site.stack.session.region_name,
    )
    yield Service(site, session, policy)
    iam.delete_access_key(UserName="service", AccessKeyId=key["AccessKeyId"])
    iam.delete_user_policy(UserName="service", PolicyName="one-connection")
    iam.delete_user(UserName="service")

"""A stack with living connections whose parameters are changed, as docs/updates.md says: safe, refused, or found by doctor.

Each test begins and ends with the parameters that the stack was deployed with.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import requests
from botocore.exceptions import ClientError

from local.place import template
from local.stack import Stack
from tests.e2e.neighbour import Neighbour, neighbour_of
from tests.support.site import PATIENCE_S

pytestmark = pytest.mark.emulator

MARIA, JONAS, BUSINESS = "122100000000000001", "tenant-jonas", "tenant-business"
CERTIFICATE = "arn:aws:acm:us-east-1:000000000000:certificate/0b4ccf6c-3c4f-4a0b-9d5a-6a5c1f7a9d10"
OTHER_APP = "5550099"
MOVED = "/moved"
SCOPES = "whatsapp_business_management,whatsapp_business_messaging"


class Living:
    """A stack with two living connections: Maria's from the public link, Jonas's from a link of his own."""

    def __init__(self, stack: Neighbour) -> None:
        self.stack = stack
        assert stack.connect("maria").status_code == 200
        assert stack.connect("jonas", stack.link(JONAS)).status_code == 200
        self.tokens = self.read()
        assert all(self.tokens.values())

    def read(self) -> dict[str, str | None]:
        return {name: self.stack.token(name) for name in (MARIA, JONAS)}

    def check(self) -> set[str]:
        """Check both; return the outcomes."""
        return self.stack.check(MARIA, JONAS)

    def statuses(self) -> set[str]:
        return {self.stack.existing_record(name).status for name in (MARIA, JONAS)}


@pytest.fixture(scope="module")
def updated(stack: Stack) -> Iterator[Neighbour]:
    with neighbour_of(stack, "updated", app_id="5550003") as neighbour:
        yield neighbour


@pytest.fixture(scope="module")
def connected(updated: Neighbour) -> Living:
    return Living(updated)


@pytest.fixture
def living(connected: Living) -> Iterator[Living]:
    """Whatever a test changes, both connections come out of it as they went in."""
    connected.tokens = connected.read()
    yield connected
    connected.stack.let_checks_end()
    connected.stack.update()
    assert connected.check() == {"checked"}
    assert connected.statuses() == {"active"}
    assert connected.read() == connected.tokens


SAFE: dict[str, Mapping[str, str]] = {
    "LogRetentionDays": {"LogRetentionDays": "14"},
    "LoginMinutes": {"LoginMinutes": "10"},
    "SubscribeApp": {"SubscribeApp": "disabled"},
    "RegisterNumbers": {"RegisterNumbers": "enabled"},
    "ForwardWebhooks": {"ForwardWebhooks": "enabled"},
    "SyncBusinessApp": {"SyncBusinessApp": "disabled"},
    "SignupFeatures": {"SignupFeatures": "app_only_install"},
    "AlertEmail": {"AlertEmail": "you@example.com"},
    "ReturnUrl": {"ReturnUrl": "https://example.com/connected"},
    "Reconnect": {"Reconnect": "disabled"},
    "brand": {
        "ServiceName": "Corner Shop",
        "LogoUrl": "https://example.com/logo.svg",
        "AccentColor": "#ffcc00",
        "SupportContact": "help@example.com",
        "PrivacyUrl": "https://example.com/privacy",
        "TermsUrl": "https://example.com/terms",
    },
    "GraphVersion-older": {"GraphVersion": "v24.0"},
    "PermissionsBoundary": {"PermissionsBoundary": "arn:aws:iam::aws:policy/AdministratorAccess"},
}


@pytest.mark.parametrize("change", SAFE.values(), ids=SAFE)
def test_a_safe_change_leaves_connections_and_logins_working(living: Living, change: Mapping[str, str]) -> None:
    living.stack.update(**change)
    assert living.check() == {"checked"}
    assert living.read() == living.tokens
    page = living.stack.connect("priya")
    assert page.status_code == (303 if "ReturnUrl" in change else 200)
    assert living.stack.doctor("connections").health == "ok"


def test_the_functions_hold_nothing_that_is_made_for_one_processor(stack: Stack) -> None:
    built = template(stack.directory).parent
    assert list(built.rglob("*.py"))
    assert not [path for pattern in ("*.so", "*.so.*", "*.pyd") for path in built.rglob(pattern)]


def test_a_graph_version_that_never_was_is_found_by_doctor(living: Living) -> None:
    living.stack.update(GraphVersion="v99.0")
    found = living.stack.doctor("graph-version")
    assert found.health == "broken"
    assert "v99.0" in found.says
    assert living.stack.connect("priya").status_code == 502
    assert living.check() == {"unavailable"}
    assert living.read() == living.tokens


def test_another_app_with_the_old_secret_is_found_by_doctor(living: Living) -> None:
    living.stack.configure_app(OTHER_APP, "e" * 32)
    living.stack.update(MetaAppId=OTHER_APP)
    assert living.stack.doctor("app").health == "broken"
    assert living.stack.connect("priya").status_code == 500
    assert living.check() == {"unavailable"}
    assert living.read() == living.tokens


def test_tokens_of_the_app_before_are_kept_and_found_by_doctor(living: Living) -> None:
    living.stack.configure_app(OTHER_APP, "e" * 32)
    living.stack.update(MetaAppId=OTHER_APP)
    living.stack.store_app_secret("e" * 32)
    try:
        assert living.stack.doctor("app").health == "ok"
        found = living.stack.doctor("connections")
        assert found.health == "broken"
        assert MARIA in found.says
        assert JONAS in found.says
        assert living.check() == {"postponed"}
        assert living.statuses() == {"active"}
        assert living.read() == living.tokens
    finally:
        living.stack.store_app_secret(living.stack.app_secret)


def test_a_permission_more_keeps_connections_and_is_found_by_doctor(living: Living) -> None:
    living.stack.update(RequiredScopes=f"{SCOPES},business_management")
    assert living.check() == {"checked"}
    assert living.read() == living.tokens
    found = living.stack.doctor("permissions")
    assert found.health == "needs person"
    assert JONAS in found.says


def test_business_login_takes_a_persons_connection_over_by_its_link(living: Living) -> None:
    stack = living.stack
    assert stack.connect("jonas", stack.link(BUSINESS)).status_code == 200
    stack.configure_login("77")
    stack.update(LoginConfigId="77")
    assert living.check() == {"checked"}
    assert living.read() == living.tokens
    token = stack.token(BUSINESS)
    assert stack.connect("jonas", stack.link(BUSINESS)).status_code == 200
    assert stack.existing_record(BUSINESS).token_type == "SYSTEM_USER"
    assert stack.token(BUSINESS) not in {token, None}
    stack.let_checks_end()
    stack.update()
    # A business's connection does not go back to a person unless the operator allows any.
    assert stack.connect("jonas", stack.link(BUSINESS)).status_code == 403
    assert stack.check(BUSINESS) == {"checked"}


def test_embedded_signup_is_switched_on_and_off_under_living_connections(living: Living) -> None:
    stack = living.stack
    stack.configure_login("77")
    stack.update(LoginConfigId="77", SignupMode="embedded")
    assert living.check() == {"checked"}
    assert living.read() == living.tokens
    with requests.Session() as browser:
        page = browser.get(f"{stack.base_url}/connect", timeout=PATIENCE_S)
        state, action = (re.search(found, page.text) for found in (r'name="state" value="(.*?)"', r'action="(.*?)"'))
        assert state
        assert action
        about = {"redirect_uri": "", "person": "priya", "app_id": stack.parameters["MetaAppId"]}
        form = {"state": state[1], "code": stack.facebook.control("codes", about)["code"]}
        # The mode of the next page is no matter of a login that has begun.
        stack.update()
        ended = browser.post(action[1], form, headers={"Sec-Fetch-Site": "same-origin"}, timeout=PATIENCE_S)
        assert "You are signed in" in ended.text
    assert requests.get(f"{stack.base_url}/connect", allow_redirects=False, timeout=PATIENCE_S).status_code == 302


def test_public_connect_switched_off_keeps_connections_and_is_a_warning(living: Living) -> None:
    living.stack.update(PublicConnect="disabled")
    assert living.stack.connect("priya").status_code == 404
    assert living.check() == {"checked"}
    assert living.read() == living.tokens
    assert living.stack.doctor("connections").health == "ok"  # they connect again at their own addresses
    living.stack.update(PublicConnect="disabled", Reconnect="disabled")
    found = living.stack.doctor("connections")
    assert found.health == "warning"
    assert MARIA in found.says
    assert JONAS not in found.says
    assert living.stack.connect("maria", living.stack.link(MARIA)).status_code == 200
    living.tokens = living.read()


def test_a_domain_that_meta_does_not_know_is_found_by_doctor(living: Living) -> None:
    zones = living.stack.client("route53")
    zone = zones.create_hosted_zone(Name="invalid", CallerReference="updates")["HostedZone"]["Id"]
    living.stack.update(
        LocalBaseUrl="",
        DomainName="connect.invalid",
        CertificateArn=CERTIFICATE,
        HostedZoneId=zone.rpartition("/")[2],
    )
    assert "connect.invalid." in names_in(zones, zone)
    found = living.stack.doctor("redirect-uri")
    assert found.health == "broken"
    assert "https://connect.invalid/callback" in found.says
    assert living.stack.doctor("address").health == "broken"
    assert living.check() == {"checked"}
    assert living.read() == living.tokens
    living.stack.update(LocalBaseUrl="")
    assert "connect.invalid." not in names_in(zones, zone)
    found = living.stack.doctor("redirect-uri")
    assert found.health == "broken"
    assert ".execute-api." in found.says


def names_in(zones: Any, zone: str) -> set[str]:
    return {one["Name"] for one in zones.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]}


def test_new_prefix_gets_every_token_and_the_old_one_the_latest(living: Living) -> None:
    stack = living.stack
    assert stack.connect("jonas", stack.link(JONAS)).status_code == 200
    stack.wait_until_published(JONAS)  # what still follows the login would come under the new prefix
    living.tokens, version = living.read(), stack.token_version(JONAS)
    stack.store_app_secret(stack.app_secret, prefix=MOVED)
    stack.update(ParameterPrefix=MOVED)
    assert living.read() == {MARIA: None, JONAS: None}
    assert living.check() == {"checked"}
    for name in (MARIA, JONAS):
        stack.wait_for_parameter(f"connections/{name}/metadata")
    assert living.read() == living.tokens
    # Until the new parameter has the version that was left under the old prefix, with another token.
    while stack.token_version(JONAS) < version:
        assert stack.connect("jonas", stack.link(JONAS)).status_code == 200
        stack.wait_until_published(JONAS)
    latest = living.read()
    assert latest[JONAS] not in {living.tokens[JONAS], None}
    stack.update()
    assert living.read() == living.tokens
    assert living.check() == {"checked"}
    stack.wait_for(lambda: living.read() == latest)
    living.tokens = latest


def test_new_key_keeps_tokens_readable_and_checks_encrypt_again(living: Living) -> None:
    stack, everybody = living.stack, living.stack.connection_ids()
    old = stack.outputs["TokenKeyArn"]
    new = stack.client("kms").create_key()["KeyMetadata"]["Arn"]
    stack.update(TokenKey=new, PreviousTokenKey=old)
    assert stack.outputs["TokenKeyArn"] == new
    assert stack.doctor("encryption").health == "warning"
    # The app secret is still under the old key.
    assert stack.connect("priya").status_code == 200
    encrypt_again(living, everybody, key=new)
    # The old key is needed for nothing any more but the app secret, which is stored again.
    stack.store_app_secret(stack.app_secret)
    stack.update(TokenKey=new)
    assert living.check() == {"checked"}
    assert stack.doctor("encryption").health == "ok"
    # An empty TokenKey makes another key than the one that the stack made before.
    stack.update(PreviousTokenKey=new)
    assert stack.outputs["TokenKeyArn"] not in {old, new}
    encrypt_again(living, everybody, key=stack.outputs["TokenKeyArn"])
    stack.store_app_secret(stack.app_secret)


def encrypt_again(living: Living, everybody: list[str], *, key: str) -> None:
    """Have every connection checked, and see that its tokens are under a key."""
    stack = living.stack
    assert stack.check(*everybody) == {"checked"}
    assert {stack.key_of_record(name) for name in everybody} == {key}
    stack.wait_for(lambda: {stack.key_of(name) for name in everybody} == {key})
    assert living.read() == living.tokens


def test_sam_deploy_keeps_what_is_not_named_and_empties_what_is_two_quotes(updated: Neighbour) -> None:
    updated.update(ReturnUrl="https://example.com/connected", LogRetentionDays="14")
    updated.deploy(ReturnUrl='""')
    formation = updated.client("cloudformation")
    parameters = formation.describe_stacks(StackName=updated.name)["Stacks"][0]["Parameters"]
    values = {one["ParameterKey"]: one["ParameterValue"] for one in parameters}
    assert (values["ReturnUrl"], values["LogRetentionDays"]) == ("", "14")
    updated.update()


REFUSED: dict[str, tuple[Mapping[str, str], str]] = {
    "DomainName": ({"DomainName": "connect.invalid"}, "DomainName needs a CertificateArn"),
    "GraphUrl": ({"AwsEndpointUrl": ""}, "GraphUrl, DialogUrl and SdkUrl are for local runs"),
    "SignupMode": ({"SignupMode": "embedded"}, "SignupMode embedded needs a LoginConfigId"),
    "SignupFeatures": ({"SignupFeatures": "coexistence"}, "is a comma-separated list"),
    "SdkUrl": (
        {"AwsEndpointUrl": "", "GraphUrl": "https://graph.facebook.com", "DialogUrl": "https://www.facebook.com"},
        "GraphUrl, DialogUrl and SdkUrl are for local runs",
    ),
    "LocalBaseUrl": (
        {
            "AwsEndpointUrl": "",
            "GraphUrl": "https://graph.facebook.com",
            "DialogUrl": "https://www.facebook.com",
            "SdkUrl": "https://connect.facebook.net",
        },
        "LocalBaseUrl is for local runs",
    ),
    "PublicBaseUrl": ({"PublicBaseUrl": "http://connect.example.com"}, "is https:// and a host name"),
    "AwsEndpointUrl": ({"AwsEndpointUrl": "https://example.com"}, "is http://127.0.0.1 with a port"),
    "RequiredScopes": ({"RequiredScopes": f"{SCOPES}, email"}, "without spaces"),
    "MetaAppId": ({"MetaAppId": "my app"}, "is the number shown as App ID"),
    "AlertEmail": ({"AlertEmail": "you at example.com"}, "is an e-mail address"),
    "GraphVersion": ({"GraphVersion": "26"}, "looks like v26.0"),
    "ReturnUrl": ({"ReturnUrl": "http://example.com"}, "is an https URL"),
}


@pytest.mark.parametrize(("change", "why"), REFUSED.values(), ids=REFUSED)
def test_a_change_is_refused_before_anything_happens(updated: Neighbour, change: Mapping[str, str], why: str) -> None:
    formation = updated.client("cloudformation")
    before = formation.describe_stacks(StackName=updated.name)["Stacks"][0]
    with pytest.raises(ClientError, match=why):
        updated.update(**change)
    after = formation.describe_stacks(StackName=updated.name)["Stacks"][0]
    assert after["Parameters"] == before["Parameters"]
    assert after["StackStatus"] == before["StackStatus"]

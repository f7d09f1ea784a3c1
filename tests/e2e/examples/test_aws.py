"""Recipes for what reads the parameters by itself: Lambda by the SDK, ECS, Salesforce. And the policy they have."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from tests.e2e.examples.service import CONNECTION, EXAMPLES, Service, copy_of, deployed, may, steps

pytestmark = pytest.mark.emulator

Invoke = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def invoke(service: Service, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Invoke]:
    """Build and deploy a copy of the function by the steps of its page, with the policy for one connection."""
    iam = service.site.client("iam")
    policy_arn = iam.create_policy(PolicyName="one-connection", PolicyDocument=service.policy)["Policy"]["Arn"]
    instead = {
        "TokenReaderPolicyArn=arn:aws:iam::...": f"TokenReaderPolicyArn={policy_arn} GraphUrl={service.site.facebook.url}",
        "https://sqs...": service.site.outputs["CheckQueueUrl"],
        " --cli-binary-format raw-in-base64-out": "",  # the page says so for version 1 of the AWS CLI
        "122100000000000001": CONNECTION,
    }
    folder = copy_of("lambda", tmp_path_factory.mktemp("lambda"), wheel)
    (block,) = steps("lambda")
    with deployed(service.site, block, folder, instead) as resources:
        assert json.loads((folder / "answer.json").read_text())["sent"] is True
        functions = service.site.client("lambda")

        def invoke(**event: str) -> dict[str, Any]:
            answer = functions.invoke(FunctionName=resources["SendFunction"], Payload=json.dumps(event))
            result: dict[str, Any] = json.load(answer["Payload"])
            return result

        yield invoke


def test_lambda(service: Service, invoke: Invoke, replace_token: Callable[[], None]) -> None:
    event = {"connection_id": CONNECTION, "to": "12025550123", "text": "Hello from Lambda"}
    first = invoke(**event)
    assert service.message(first["message_id"])["text"] == {"body": "Hello from Lambda"}

    replace_token()
    assert invoke(**event)["sent"] is True

    # A named number is used as it is. Facebook refuses one that the token does not reach.
    assert invoke(**event, phone_number_id="400000000000999")["facebook_code"] == 100

    fault = {"endpoint": "messages", "fault": "graph_error", "code": 131030, "status": 400}
    service.site.facebook.control("faults", fault)
    assert invoke(**event) == {"sent": False, "facebook_code": 131030}

    service.expect_check()
    service.site.facebook.control("faults", fault | {"code": 190, "status": 401})
    assert invoke(**event) == {"sent": False, "status": "active", "status_reason": "token-refused"}
    service.wait_for_check()


@pytest.fixture
def execution_role(service: Service) -> Iterator[str]:
    """Make the role that the task definition names, with the policy for one connection, and return its ARN."""
    iam = service.site.client("iam")
    name = "whatsapp-sender-execution"
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "ecs-tasks.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]
    iam.put_role_policy(RoleName=name, PolicyName="one-connection", PolicyDocument=service.policy)
    yield role["Arn"]
    iam.delete_role_policy(RoleName=name, PolicyName="one-connection")
    iam.delete_role(RoleName=name)


def test_ecs(service: Service, execution_role: str) -> None:
    definition = json.loads(service.fill_in((EXAMPLES / "ecs" / "task-definition.json").read_text()))
    ecs = service.site.client("ecs")
    registered = ecs.register_task_definition(**definition)["taskDefinition"]
    assert registered["executionRoleArn"] == execution_role
    (container,) = registered["containerDefinitions"]
    arns = {secret["name"]: secret["valueFrom"] for secret in container["secrets"]}

    # The emulator judges GetParameters without looking at the names, so the role's rights are asked for one by one
    # below, and the request is made by somebody who may.
    ssm = service.site.client("ssm")
    answer = ssm.get_parameters(Names=list(arns.values()), WithDecryption=True)
    assert answer["InvalidParameters"] == []
    values = {parameter["ARN"]: parameter["Value"] for parameter in answer["Parameters"]}
    assert values[arns["WHATSAPP_TOKEN"]] == service.token()
    assert json.loads(values[arns["WHATSAPP_METADATA"]])["user_id"] == CONNECTION

    folder = arns["WHATSAPP_TOKEN"].partition("/connections/")[0]
    stranger = arns["WHATSAPP_TOKEN"].replace(CONNECTION, "122100000000000099")
    asked = [*arns.values(), stranger, f"{folder}/app-secret"]
    assert [may(service.site, execution_role, "ssm:GetParameters", arn) for arn in asked] == [
        True,
        True,
        False,
        False,
    ]


def salesforce_request(name: str) -> AWSRequest:
    """Return the request that the Apex class makes, before it is signed."""
    source = (EXAMPLES / "salesforce" / "WhatsAppToken.cls").read_text()
    headers = dict(re.findall(r"setHeader\('([^']+)', '([^']+)'\)", source))
    (method,) = re.findall(r"setMethod\('([A-Z]+)'\)", source)
    (path,) = re.findall(r"setEndpoint\('callout:WhatsAppConnect([^']*)'\)", source)
    (body,) = re.findall(r"setBody\(JSON\.serialize\(new Map<String, Object>\{(.+)\}\)\)", source)
    sent = {key: {"name": name, "true": True}[value] for key, value in re.findall(r"'(\w+)' => (\w+)", body)}
    return AWSRequest(method=method, url=path, headers=headers, data=json.dumps(sent))


def call(service: Service, credentials: Credentials, name: str) -> requests.Response:
    """Sign and send it, as the named credential does: service `ssm`, the stack's Region."""
    request = salesforce_request(name)
    request.url = f"{service.site.stack.endpoint_url}{request.url}"
    SigV4Auth(credentials, "ssm", str(service.session.region_name)).add_auth(request)
    prepared = request.prepare()
    assert isinstance(prepared.body, bytes | str)
    return requests.request(
        prepared.method, prepared.url, headers=dict(prepared.headers), data=prepared.body, timeout=10
    )


def test_salesforce(service: Service) -> None:
    found = service.session.get_credentials()
    assert found
    credentials = Credentials(found.access_key, found.secret_key)
    folder = f"{service.prefix}/connections/{CONNECTION}"
    request = salesforce_request("x")
    assert (request.method, request.headers["X-Amz-Target"]) == ("POST", "AmazonSSM.GetParameter")

    answer = call(service, credentials, f"{folder}/metadata")
    assert answer.status_code == 200
    version = json.loads(answer.json()["Parameter"]["Value"])["token_version"]
    token = call(service, credentials, f"{folder}/access-token:{version}").json()["Parameter"]["Value"]
    assert token == service.token()

    for name, error in (
        (f"{service.prefix}/app-secret", "AccessDenied"),
        (f"{service.prefix}/connections/122100000000000099/metadata", "AccessDenied"),
        (f"{folder}/access-token:99", "ParameterVersionNotFound"),
    ):
        refused = call(service, credentials, name)
        assert refused.status_code == 400
        assert error in refused.json()["__type"]
    forged = Credentials(found.access_key, "wrong")
    assert call(service, forged, f"{folder}/metadata").status_code in {400, 403}


@pytest.mark.parametrize(
    ("call_name", "arguments"),
    [
        ("get_parameter", {"Name": "{prefix}/app-secret"}),
        ("get_parameter", {"Name": "{prefix}/connections/122100000000000099/access-token"}),
        ("get_parameter", {"Name": "{prefix}/connections/{connection}/access-token-2"}),
        ("get_parameter_history", {"Name": "{prefix}/connections/{connection}/access-token"}),
        ("get_parameters_by_path", {"Path": "{prefix}/connections/{connection}"}),
        ("delete_parameter", {"Name": "{prefix}/connections/{connection}/access-token"}),
    ],
)
def test_the_policy_is_good_for_one_connection_and_for_reading(
    service: Service, call_name: str, arguments: dict[str, str]
) -> None:
    client = service.session.client("ssm", endpoint_url=service.site.stack.endpoint_url)
    filled = {key: value.format(prefix=service.prefix, connection=CONNECTION) for key, value in arguments.items()}
    with pytest.raises(ClientError) as refused:
        getattr(client, call_name)(**filled)
    assert refused.value.response["Error"]["Code"] in {"AccessDeniedException", "AccessDenied"}


def test_the_lambda_gets_no_other_right() -> None:
    text = (EXAMPLES / "lambda" / "template.yaml").read_text()
    template = yaml.safe_load(re.sub(r"!Ref (\w+)", r"{Ref: \1}", text))
    policies = template["Resources"]["SendFunction"]["Properties"]["Policies"]
    assert policies == [{"Ref": "TokenReaderPolicyArn"}]


def test_the_recipes_name_the_wheel_as_it_is_built(wheel: Path) -> None:
    texts = [(EXAMPLES / "lambda" / "src" / "requirements.txt").read_text()]
    texts += [block.text for recipe in ("pywa", "webhook", "web-product") for block in steps(recipe)]
    assert {name for text in texts for name in re.findall(r"\w+-[\w.-]+\.whl", text)} == {wheel.name}

"""AWS over HTTP, for a program in a process of its own, with as much of a stack as the command line needs to find it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from zipfile import ZipFile

import boto3
import requests
from moto.server import ThreadedMotoServer

from tests.support import stack
from whatsapp_connect.version import VERSION

READER_POLICY = f"arn:aws:iam::{stack.ACCOUNT}:policy/reader"


@contextmanager
def stack_over_http(region: str, variables: dict[str, str]) -> Iterator[str]:
    """Serve AWS with the stack whatsapp-connect in a Region. Yield the URL.

    `variables` are those of its functions that differ from the tests' usual ones.
    """
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    session = boto3.Session(aws_access_key_id="x", aws_secret_access_key="x", region_name=region)
    role = session.client("iam", endpoint_url=url).create_role(
        RoleName="publish", AssumeRolePolicyDocument='{"Version": "2012-10-17", "Statement": []}'
    )["Role"]
    code = BytesIO()
    with ZipFile(code, "w") as archive:
        archive.writestr("publish.py", "")
    storage = session.client("s3", endpoint_url=url)
    storage.create_bucket(Bucket="code", CreateBucketConfiguration={"LocationConstraint": region})
    storage.put_object(Bucket="code", Key="code.zip", Body=code.getvalue())
    function = {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Runtime": "python3.13",
            "Handler": "publish.handler",
            "Role": role["Arn"],
            "Code": {"S3Bucket": "code", "S3Key": "code.zip"},
            "Environment": {
                "Variables": stack.environment({}) | stack.own_environment("publish") | variables,
            },
        },
    }
    outputs = {"TokenReaderPolicyArn": {"Value": READER_POLICY}, "Version": {"Value": VERSION}}
    session.client("cloudformation", endpoint_url=url).create_stack(
        StackName="whatsapp-connect",
        TemplateBody=json.dumps({"Resources": {"PublishFunction": function}, "Outputs": outputs}),
    )
    yield url
    requests.post(f"{url}/moto-api/reset", timeout=10)  # servers of one process share what they store
    server.stop()

from collections import Counter
from pathlib import Path

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)

from whatsapp_connect.errors import BY_REASON, CodeError, LoginError
from whatsapp_connect.faults import classify, describe

ROOT = Path(__file__).parents[2]


def client_error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "secret text"}}, "PutParameter")


def test_a_reason_belongs_to_one_error() -> None:
    counted = Counter(reason for error in LoginError.__subclasses__() for reason in error.reasons)
    assert set(counted.values()) == {1}


@pytest.mark.parametrize("error", LoginError.__subclasses__())
def test_every_error_has_a_page(error: type[LoginError]) -> None:
    assert error.title
    assert error.message.endswith(".")
    assert error.status in {200, 400, 403, 404, 500, 502, 503}


def test_an_error_refuses_a_reason_that_is_not_its_own() -> None:
    with pytest.raises(ValueError, match="CodeError has no reason 'declined'"):
        CodeError("declined")


@pytest.mark.parametrize("reason", [*sorted(BY_REASON), "connected"])
def test_every_reason_is_explained_to_operators(reason: str) -> None:
    assert f"`{reason}`" in (ROOT / "docs/operations.md").read_text()


def test_an_end_of_a_login_is_what_it_says() -> None:
    error = CodeError("code-used")
    assert classify(error, code_spent=True) is error


@pytest.mark.parametrize(
    "fault",
    [
        client_error("ThrottlingException"),
        client_error("ProvisionedThroughputExceededException"),
        client_error("TooManyUpdates"),
        client_error("InternalServerError"),
        ClientError(
            {"Error": {"Code": "502"}, "ResponseMetadata": {"HTTPStatusCode": 502}},  # type: ignore[typeddict-item]
            "PutParameter",
        ),
        EndpointConnectionError(endpoint_url="https://ssm.example"),
        ConnectTimeoutError(endpoint_url="https://ssm.example"),
        ReadTimeoutError(endpoint_url="https://ssm.example"),
        ConnectionClosedError(endpoint_url="https://ssm.example"),
    ],
)
def test_aws_asking_to_wait_is_expected(fault: Exception) -> None:
    assert classify(fault, code_spent=False).reason == "aws-busy"
    assert classify(fault, code_spent=True).reason == "token-not-stored"


@pytest.mark.parametrize("fault", [client_error("AccessDeniedException"), KeyError("x"), ValueError("y")])
@pytest.mark.parametrize("code_spent", [True, False])
def test_any_other_fault_is_ours(fault: Exception, *, code_spent: bool) -> None:
    assert classify(fault, code_spent=code_spent).reason == "unexpected"


def test_a_fault_is_described_without_its_text() -> None:
    try:
        raise client_error("AccessDeniedException")
    except ClientError as error:
        described = describe(error)
    assert described["exception"] == "ClientError"
    assert described["aws_error"] == "AccessDeniedException"
    assert described["aws_operation"] == "PutParameter"
    assert "test_faults.py" in str(described["at"])
    assert "secret text" not in str(described)

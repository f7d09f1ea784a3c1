from contextlib import suppress
from pathlib import Path

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)

from local import reasons
from whatsapp_connect.errors import CLASSES, CodeError, LoginError
from whatsapp_connect.faults import classify, describe
from whatsapp_connect.languages.en import LANGUAGE
from whatsapp_connect.outcomes import OUTCOMES, Outcome

ROOT = Path(__file__).parents[2]


def client_error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "secret text"}}, "PutParameter")


@pytest.mark.parametrize("outcome", OUTCOMES.values())
def test_every_outcome_has_a_page(outcome: Outcome) -> None:
    assert LANGUAGE.texts[f"{outcome.text}.title"]
    assert LANGUAGE.texts[f"{outcome.text}.text"].endswith(".")
    assert outcome.status in {200, 400, 403, 404, 500, 502, 503}


def test_unknown_reason_is_refused() -> None:
    with pytest.raises(ValueError, match="LoginError has no reason 'never-heard-of'"):
        LoginError("never-heard-of")


def accepts(error: type[LoginError], reason: str) -> bool:
    with suppress(ValueError):
        return bool(error(reason))
    return False


@pytest.mark.parametrize("reason", OUTCOMES)
def test_reason_belongs_to_one_class(reason: str) -> None:
    """Otherwise an `except CodeError` could miss a code that was refused."""
    classes: list[type[LoginError]] = [LoginError, *CLASSES.values()]
    assert sum(accepts(error, reason) for error in classes) == 1


@pytest.mark.parametrize("error", LoginError.__subclasses__())
def test_every_class_has_a_reason(error: type[LoginError]) -> None:
    assert any(accepts(error, reason) for reason in OUTCOMES)


@pytest.mark.parametrize("reason", [*OUTCOMES, "connected"])
def test_every_reason_is_explained_to_operators(reason: str) -> None:
    assert reasons.ADVICE[reason].meaning
    assert reasons.ADVICE[reason].to_do


def test_table_of_reasons_is_that_of_the_code() -> None:
    """If this fails after a change of a reason or of a page, run `python -m local reasons`."""
    assert reasons.ADVICE.keys() == {"connected", "accounts-unknown", *OUTCOMES}
    assert reasons.PAGE.read_text() == reasons.as_page()
    assert reasons.DATA.read_text() == reasons.as_data()


def test_login_error_is_classified_as_itself() -> None:
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

"""Every problem of AWS credentials and their configuration is a sentence with a next step."""

import string
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from botocore import exceptions as aws
from botocore.credentials import CachedCredentialFetcher
from botocore.exceptions import BotoCoreError, ClientError

from whatsapp_connect_cli.deployment import Deployment
from whatsapp_connect_cli.doctor import run_check
from whatsapp_connect_cli.errors import as_click
from whatsapp_connect_cli.finding import Finding

OTHER = {
    # The program calls nothing that raises these, or only a mistake in it does.
    *("AliasConflictParameterError", "ApiVersionNotFoundError", "AwsChunkedWrapperError", "BotoCoreError"),
    *("CapacityNotAvailableError", "ChecksumError", "DataNotFoundError", "FlexibleChecksumError"),
    *("IncompleteReadError", "InvalidExpressionError", "InvalidHostLabelError", "MD5UnavailableError"),
    *("MissingParametersError", "OperationNotPageableError", "PaginationError", "ParamValidationError"),
    *("RangeError", "ServiceNotInRegionError", "StubAssertionError", "StubResponseError", "UnStubbedResponseError"),
    *("UnknownClientMethodError", "UnknownCredentialError", "UnknownKeyError", "UnknownParameterError"),
    *("UnknownServiceError", "UnknownServiceStyle", "UnknownSignatureVersionError", "UnknownTokenProviderError"),
    *("UnseekableStreamError", "UnsupportedServiceProtocolsError", "UnsupportedSignatureVersionError"),
    *("ValidationError", "WaiterConfigError", "WaiterError"),
    # S3
    *("InvalidDNSNameError", "InvalidS3AddressingStyleError", "InvalidS3UsEast1RegionalEndpointConfigError"),
    *("UnsupportedOutpostResourceError", "UnsupportedS3AccesspointConfigurationError", "UnsupportedS3ArnError"),
    *("UnsupportedS3ConfigurationError", "UnsupportedS3ControlArnError", "UnsupportedS3ControlConfigurationError"),
}
NEXT_STEP = (
    "AWS_CA_BUNDLE",
    "Add it",
    "Ask for",
    "Check",
    "Choose",
    "Correct",
    "HTTPS_PROXY",
    "Install",
    "Log in with",
    "Run",
    "Set them up",
    "To list",
    "ry again",
)


def exceptions() -> dict[str, type[BotoCoreError]]:
    found = {name: value for name, value in vars(aws).items() if isinstance(value, type)}
    return {name: value for name, value in found.items() if issubclass(value, BotoCoreError) and name not in OTHER}


def made(kind: type[BotoCoreError]) -> BotoCoreError:
    fields = {field.partition(".")[0] for _, field, _, _ in string.Formatter().parse(kind.fmt) if field}
    return kind(**dict.fromkeys(fields, "x"))


def said(error: Exception, *, profile: str = "dev") -> str:
    return as_click(error, profile=profile).message


@pytest.mark.parametrize("name", exceptions())
def test_exception_of_botocore_is_explained_with_a_next_step(name: str) -> None:
    sentence = said(made(exceptions()[name]))
    assert name not in sentence
    assert any(words in sentence for words in NEXT_STEP), sentence
    assert "\n" not in sentence


@pytest.mark.parametrize(
    "kind",
    [
        aws.SSOError,
        aws.SSOTokenLoadError,
        aws.UnauthorizedSSOTokenError,
        aws.TokenRetrievalError,
        aws.NoAuthTokenError,
    ],
)
def test_ended_sso_session_names_the_command(kind: type[BotoCoreError]) -> None:
    assert said(made(kind)).endswith("aws sso login --profile dev")
    assert said(made(kind), profile="my profile").endswith("aws sso login --profile 'my profile'")
    assert said(made(kind), profile="default").endswith("aws sso login")


@pytest.mark.parametrize("kind", [aws.LoginError, *aws.LoginError.__subclasses__()])
def test_ended_aws_login_names_the_command(kind: type[BotoCoreError]) -> None:
    assert said(made(kind)).endswith(": aws login --profile dev")
    assert said(made(kind), profile="default").endswith(": aws login")


def test_profile_of_the_environment_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "staging")
    assert said(aws.UnauthorizedSSOTokenError(), profile="").endswith("--profile staging")


def test_source_of_an_assumed_role_is_where_to_log_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "config"
    config.write_text(
        "[profile admin]\nrole_arn = arn:aws:iam::1:role/admin\nsource_profile = person\n"
        "[profile person]\nsso_session = company\n"
        "[profile loop]\nrole_arn = arn:aws:iam::1:role/admin\nsource_profile = loop\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    assert said(aws.UnauthorizedSSOTokenError(), profile="admin").endswith("--profile person")
    assert said(aws.UnauthorizedSSOTokenError(), profile="loop").endswith("--profile loop")


@pytest.mark.parametrize(
    ("code", "message", "words"),
    [
        ("ExpiredToken", "The security token included in the request is expired", "have expired"),
        ("ExpiredTokenException", "", "have expired"),
        ("InvalidClientTokenId", "", "does not know your access key"),
        ("UnrecognizedClientException", "", "does not know your access key"),
        ("SignatureDoesNotMatch", "The request signature we calculated does not match", "secret access key"),
        ("SignatureDoesNotMatch", "Signature expired: 20261127T000000Z is now earlier than", "clock is wrong"),
        ("InvalidSignatureException", "Signature not yet current: 20261127T000000Z", "clock is wrong"),
        ("RequestTimeTooSkewed", "", "clock is wrong"),
        ("RequestExpired", "", "clock is wrong"),
    ],
)
def test_credentials_that_aws_refuses(code: str, message: str, words: str) -> None:
    sentence = said(ClientError({"Error": {"Code": code, "Message": message}}, "DescribeStacks"))
    assert words in sentence
    assert message[:20] not in sentence or not message


def test_role_that_sso_does_not_give_is_explained() -> None:
    error = ClientError({"Error": {"Code": "ForbiddenException", "Message": "No access"}}, "GetRoleCredentials")
    assert "sso_role_name" in said(error)


@pytest.mark.parametrize(
    "error", [KeyError("secret"), FileNotFoundError("secret"), ValueError("secret"), RuntimeError()]
)
def test_other_exception_while_credentials_are_loaded_names_the_profile(error: Exception) -> None:
    class Fetcher(CachedCredentialFetcher):
        def _create_cache_key(self) -> str:
            return "key"

        def _get_credentials(self) -> None:
            raise error

    with pytest.raises(type(error)) as raised:
        Fetcher().fetch_credentials()
    sentence = said(raised.value)
    assert sentence.endswith(": aws sts get-caller-identity --profile dev")
    assert "secret" not in sentence
    assert "get-caller-identity" not in said(type(error)("secret"))


def test_output_of_a_credential_process_is_not_shown() -> None:
    error = aws.CredentialRetrievalError(provider="custom-process", error_msg="password hunter2")
    assert "hunter2" not in said(error)
    assert "credential_process of the profile dev" in said(error)


def test_doctor_names_the_profile_whose_session_has_ended() -> None:
    session = SimpleNamespace(profile_name="dev")
    deployment = cast("Deployment", SimpleNamespace(place=SimpleNamespace(session=session)))

    def check(_: Deployment) -> Finding:
        raise aws.UnauthorizedSSOTokenError

    assert run_check(check, deployment).says.endswith("aws sso login --profile dev")

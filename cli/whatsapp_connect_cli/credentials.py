"""Explain why AWS credentials or their configuration do not work, and what to do about it."""

import shlex
import traceback

from botocore import exceptions as aws
from botocore.session import Session

_CREDENTIAL_MODULES = ("botocore/credentials.py", "botocore/tokens.py")
"""Every exception that passes through these comes from loading credentials, also one that is not botocore's own."""

_CLOCK_CODES = frozenset({"RequestExpired", "RequestInTheFuture", "RequestTimeTooSkewed"})
_CLOCK_TEXTS = ("Signature expired", "Signature not yet current")
"""How AWS's message begins if a signature is refused because of its time."""
_EXPIRED_CODES = frozenset({"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"})
_KEY_CODES = frozenset(
    {
        "AuthFailure",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidToken",
        "UnrecognizedClientException",
    }
)
_SIGNATURE_CODES = frozenset({"IncompleteSignature", "InvalidSignatureException", "SignatureDoesNotMatch"})
_CLOCK = "AWS refused the request, because this machine's clock is wrong. Set the clock, and try again."


def explain(error: Exception, *, profile: str) -> str:
    """Return what is wrong with the AWS credentials, the Region or their configuration; "" if the error is about neither.

    `profile` is the profile that the operator chose; "" for the one of the environment variables. The sentence shows
    neither a value of AWS's answer nor the output of a credential process.
    """
    if isinstance(error, aws.ClientError):
        return _refused(error, profile)
    explained = _botocore(error, profile) if isinstance(error, aws.BotoCoreError) else ""
    return explained or (_not_loaded(error, profile) if _is_from_loading(error) else "")


def _refused(error: aws.ClientError, profile: str) -> str:
    about = error.response["Error"]
    code = about.get("Code", "")
    if code in _CLOCK_CODES or (code in _SIGNATURE_CODES and about.get("Message", "").startswith(_CLOCK_TEXTS)):
        return _CLOCK
    if code in _EXPIRED_CODES:
        return (
            "Your temporary AWS credentials have expired. Get new ones where you got these, or choose another profile"
            " with --profile."
        )
    if code in _KEY_CODES:
        return f"AWS does not know your access key or its session token ({code}). Check them, and the profile."
    if code in _SIGNATURE_CODES:
        return f"AWS does not accept your secret access key ({code}). Check it, and the profile."
    if error.operation_name == "GetRoleCredentials":
        # https://docs.aws.amazon.com/singlesignon/latest/PortalAPIReference/API_GetRoleCredentials.html
        return (
            f"SSO does not give you the role of {_name(profile)} ({code}). Check its sso_account_id and sso_role_name in"
            " ~/.aws/config, and your assignment to the account."
        )
    return ""


def _botocore(error: aws.BotoCoreError, profile: str) -> str:
    return _session(error, profile) or _credentials(error, profile) or _configuration(error) or _network(error)


def _session(error: aws.BotoCoreError, profile: str) -> str:
    """Explain the end of a session that a command of the AWS CLI starts again."""
    match error:
        case aws.SSOError() | aws.TokenRetrievalError() | aws.NoAuthTokenError():
            return (
                "You are not logged in with SSO, or the session has ended. Log in with:"
                f" aws sso login{_option(_session_profile(profile))}"
            )
        case aws.LoginInsufficientPermissions():
            return (
                "Your AWS user may not refresh the session of aws login. Ask for the permission signin:CreateOAuth2Token,"
                f" then log in with: aws login{_option(_session_profile(profile))}"
            )
        case aws.LoginError():
            return (
                "You are not logged in with aws login, or the session has ended. Log in with:"
                f" aws login{_option(_session_profile(profile))}"
            )
        case aws.RefreshWithMFAUnsupportedError():
            return (
                "The session that you started with an MFA code has ended. Run the command again to enter another code."
            )
    return ""


def _credentials(error: aws.BotoCoreError, profile: str) -> str:
    match error:
        case aws.NoCredentialsError():
            return "No AWS credentials were found. Set them up as for the AWS CLI, or choose a profile with --profile."
        case aws.PartialCredentialsError():
            return (
                f"The AWS credentials are incomplete: {error.kwargs['cred_var']} is missing. Add it in the environment"
                " variables or in ~/.aws, wherever the rest is."
            )
        case aws.CredentialRetrievalError() if error.kwargs["provider"] == "custom-process":
            return f"The credential_process of {_name(profile)} failed. Run its command by hand to see the reason."
        case aws.CredentialRetrievalError() | aws.MetadataRetrievalError():
            return (
                "AWS credentials could not be fetched from the server that should provide them. Choose a profile with"
                " --profile, or check the role of this machine or container."
            )
        case aws.MissingDependencyException():
            return (
                "The profile needs the package awscrt, which is not installed beside whatsapp-connect. Install it there"
                ' with: pip install "botocore[crt]"'
            )
    return ""


def _configuration(error: aws.BotoCoreError) -> str:  # noqa: PLR0911  one for each kind
    match error:
        case aws.ProfileNotFound():
            return (
                f"There is no AWS profile {error.kwargs['profile']}. To list the profiles: aws configure list-profiles"
            )
        case aws.ConfigParseError():
            return f"{error.kwargs['path']} is not a valid configuration file of AWS. Correct it, and try again."
        case aws.ConfigNotFound():
            return f"The AWS configuration file {error.kwargs['path']} does not exist. Correct AWS_CONFIG_FILE."
        case aws.NoRegionError():
            return (
                "No AWS Region is set. Choose one with --region, set AWS_DEFAULT_REGION (AWS_REGION is not read), or set"
                " region in the profile."
            )
        case aws.InvalidRegionError():
            return f"{error.kwargs['region_name']} is not an AWS Region. Choose another with --region."
        case _ if isinstance(error, _SETTINGS):
            # Each of these texts is botocore's own and names the setting that is wrong. None holds a secret.
            return f"The AWS configuration is wrong: {str(error).strip().removesuffix('.')}. Correct it, and try again."
    return ""


_SETTINGS = (
    aws.BaseEndpointResolverError,
    aws.EndpointProviderError,
    aws.InvalidChecksumConfigError,
    aws.InvalidConfigError,
    aws.InvalidDefaultsMode,
    aws.InvalidEndpointConfigurationError,
    aws.InvalidEndpointDiscoveryConfigurationError,
    aws.InvalidIMDSEndpointError,
    aws.InvalidIMDSEndpointModeError,
    aws.InvalidProxiesConfigError,
    aws.InvalidRetryConfigurationError,
    aws.InvalidSTSRegionalEndpointsConfigError,
    aws.UnknownRegionError,
)


def _network(error: aws.BotoCoreError) -> str:
    match error:
        case aws.EndpointConnectionError() | aws.ConnectTimeoutError():
            return f"{error.kwargs['endpoint_url']} cannot be reached. Check the Region and your network."
        case aws.SSLError():
            return (
                f"The certificate of {error.kwargs['endpoint_url']} is not trusted. Behind a proxy of your company, set"
                " AWS_CA_BUNDLE."
            )
        case aws.ProxyConnectionError():
            # The URL of a proxy can hold a password.
            return "The proxy cannot be reached. Check HTTPS_PROXY."
        case aws.ConnectionError() | aws.HTTPClientError():
            return "The connection to AWS was interrupted. Try again."
    return ""


def _not_loaded(error: Exception, profile: str) -> str:
    if isinstance(error, EOFError):
        return f"AWS asks for the MFA code of {_name(profile)}, which needs a terminal."
    return (
        f"The AWS credentials of {_name(profile)} could not be loaded ({type(error).__name__}). To see the reason:"
        f" aws sts get-caller-identity{_option(_chosen(profile))}"
    )


def _is_from_loading(error: Exception) -> bool:
    files = (frame.filename.replace("\\", "/") for frame in traceback.extract_tb(error.__traceback__))
    return any(file.endswith(_CREDENTIAL_MODULES) for file in files)


def _chosen(profile: str) -> str:
    """Return the name of the profile that boto3 uses."""
    return profile or Session().profile or "default"


def _session_profile(profile: str) -> str:
    """Return the profile that a person logs in with: the one at the end of the chain of source_profile."""
    name = _chosen(profile)
    try:
        profiles = Session(profile=name).full_config["profiles"]
    except aws.BotoCoreError:
        return name
    visited = set()
    while name not in visited and "role_arn" in (about := profiles.get(name, {})) and "source_profile" in about:
        visited.add(name)
        name = about["source_profile"]
    return name


def _name(profile: str) -> str:
    return f"the profile {_chosen(profile)}"


def _option(name: str) -> str:
    return "" if name == "default" else f" --profile {shlex.quote(name)}"

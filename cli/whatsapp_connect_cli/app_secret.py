"""`whatsapp-connect app-secret`: store the Meta app secret, and rotate it."""

import sys
from time import monotonic

import click

from whatsapp_connect.app_secret import AppSecrets, read_app_secrets
from whatsapp_connect.errors import SetupError
from whatsapp_connect.facebook import FacebookClient
from whatsapp_connect.graph import GraphClient
from whatsapp_connect_cli.deployment import Deployment
from whatsapp_connect_cli.errors import FailedError, RefusedError
from whatsapp_connect_cli.options import CommonOptions, common_options
from whatsapp_connect_cli.output import say, show_json, show_line

FACEBOOK_TIMEOUT_S = 20.0


@click.group("app-secret")
@common_options
def app_secret() -> None:
    """Store the Meta app secret, or rotate it."""


@app_secret.command()
@click.option(
    "--drop-previous",
    is_flag=True,
    help="Do not keep the secret that is stored now. Use it if that one has leaked: it can sign requests as Meta.",
)
@common_options
@click.pass_obj
def store(options: CommonOptions, *, drop_previous: bool) -> None:
    """Store the app secret. Reads it from stdin, or from a prompt that does not show it.

    Facebook must accept it. The secret that is stored now stays as the second one, so that webhooks which Meta has
    signed with it are accepted. Functions use the new one at once, or at the latest after five minutes.
    """
    deployment = options.find()
    secret = _typed()
    _require_accepted(deployment, secret)
    before = _stored(deployment)
    previous = next((one for one in before if one != secret), None)
    values = (secret,) if drop_previous or previous is None else (secret, previous)
    _put(deployment, values)
    _report(options, deployment, values)


@app_secret.command("drop-previous")
@common_options
@click.pass_obj
def drop_previous_(options: CommonOptions) -> None:
    """Remove the previous secret, at the end of a rotation. Facebook must accept the one that stays."""
    deployment = options.find()
    before = _stored(deployment)
    if not before:
        raise RefusedError("No app secret is stored. Nothing was changed.")
    if len(before) == 1:
        show_line("There is no previous secret.")
        return
    _require_accepted(deployment, before[0])
    _put(deployment, before[:1])
    _report(options, deployment, before[:1])


def _typed() -> str:
    """Return the app secret that the operator types or pipes in. Raises RefusedError; the text is never repeated."""
    typed = sys.stdin.isatty()
    text = click.prompt("App secret", hide_input=True, err=True) if typed else sys.stdin.read(64 * 1024)
    secrets = read_app_secrets(text)
    if len(secrets.values) != 1 or secrets.ignored:
        raise RefusedError(
            "This is not an app secret, which has 32 hexadecimal digits. In Meta's dashboard, App settings, Basic: press"
            " Show at the App secret. Nothing was changed."
        )
    return secrets.values[0]


def _require_accepted(deployment: Deployment, secret: str) -> None:
    """Return if Facebook accepts this secret. Raises RefusedError, or a LoginError if Facebook does not say."""
    graph = GraphClient.from_settings(deployment.settings, app_secrets=lambda **_: AppSecrets((secret,), ()))
    say("Asking Facebook whether it accepts the secret ...")
    try:
        FacebookClient(graph).check_app(deadline=monotonic() + FACEBOOK_TIMEOUT_S)
    except SetupError as error:
        if error.reason != "app-secret-wrong":
            raise
        raise RefusedError(
            f"Facebook does not accept it for the app {deployment.settings.meta_app_id}. Nothing was changed."
        ) from None


def _stored(deployment: Deployment) -> tuple[str, ...]:
    try:
        return deployment.app_secrets.read(again=True).values
    except SetupError:
        return ()


def _put(deployment: Deployment, values: tuple[str, ...]) -> None:
    """Write the parameter, under the stack's key, and read it again. Raises FailedError if it holds something else."""
    name = f"{deployment.settings.parameter_prefix}/app-secret"
    try:
        deployment.ssm.put_parameter(
            Name=name,
            Value="\n".join(values),
            Type="SecureString",
            KeyId=deployment.settings.token_key_id,
            Overwrite=True,
        )
    except deployment.ssm.exceptions.HierarchyTypeMismatchException:
        # https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
        raise RefusedError(
            f"{name} is not a SecureString, and AWS does not change the type of a parameter. Delete it, then try again:"
            f" aws ssm delete-parameter --name {name}"
        ) from None
    if _stored(deployment) != values:
        raise FailedError("Somebody else has changed the app secret meanwhile. Run whatsapp-connect doctor.")


def _report(options: CommonOptions, deployment: Deployment, values: tuple[str, ...]) -> None:
    name = f"{deployment.settings.parameter_prefix}/app-secret"
    if options.json:
        show_json({"parameter": name, "secrets": len(values)})
    elif len(values) == 1:
        show_line(f"{name} holds the app secret, and no previous one.")
    else:
        show_line(f"{name} holds the new app secret and the previous one.")
        say("When Meta has delivered what it signed before: whatsapp-connect app-secret drop-previous")

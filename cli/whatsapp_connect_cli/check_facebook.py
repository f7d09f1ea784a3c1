"""The doctor's checks of what Meta will accept."""

from collections.abc import Sequence
from datetime import UTC, datetime
from time import monotonic

from whatsapp_connect.errors import (
    CodeError,
    FacebookError,
    SetupError,
    TokenRefusedError,
    TokenUnreadableError,
)
from whatsapp_connect.model import ConnectionRecord
from whatsapp_connect.token_rules import DAY_S, GRAPH_VERSION_ENDS
from whatsapp_connect_cli.deployment import Deployment
from whatsapp_connect_cli.finding import Finding, broken, not_checked, ok, warning
from whatsapp_connect_cli.records import token_of

PATIENCE = 20.0
"""Seconds for Facebook's answers to one check."""
VERSION_WARNING = 90
"""Days before the end of a Graph version."""
ASKED_ABOUT = 5
"""Tokens that Facebook is asked about, those first that were not checked for longest."""

_UNKNOWN_PATH = 2500
"""Facebook's code for a path it does not have, such as one that begins with a version that never was."""
DASHBOARD = "https://developers.facebook.com/apps"
_WHATSAPP = frozenset({"whatsapp_business_management", "whatsapp_business_messaging"})
_KNOWN = _WHATSAPP | {
    "ads_read",
    "business_management",
    "email",
    "public_profile",
    "whatsapp_business_manage_events",
}


def app(deployment: Deployment) -> Finding:
    """Ask Facebook anything in the app's own name."""
    try:
        _ask(deployment)
    except SetupError as error:
        if error.reason in {"app-secret-missing", "app-secret-malformed"}:
            return not_checked("There is no app secret to try.")
        return broken(
            f"Facebook does not accept the App ID {deployment.settings.meta_app_id} with this app secret"
            f" ({error.reason}).",
            f"In {DASHBOARD}, App settings, Basic: compare the App ID with the parameter MetaAppId, press Show at the"
            f" App secret and store that: {put_app_secret(deployment)}",
        )
    return ok(f"Facebook accepts the App ID {deployment.settings.meta_app_id} and the secret.")


def redirect_uri(deployment: Deployment) -> Finding:
    """Exchange an invalid code: Facebook refuses the code only if it accepts everything else."""
    url = deployment.callback_url
    try:
        deployment.facebook.exchange_code(
            "doctor",
            redirect_uri=url,
            deadline=monotonic() + PATIENCE,
        )
    except CodeError:
        return ok(f"Facebook accepts {url}.")
    except SetupError as error:
        if error.reason == "redirect-uri-refused":
            return broken(
                f"Facebook does not accept {url}.",
                f"In {DASHBOARD}, Facebook Login, Settings, Valid OAuth Redirect URIs: add exactly {url}",
            )
        return not_checked(f"Facebook refuses the app before it looks at the address ({error.reason}).")
    return not_checked("Facebook accepted an invalid code.")


def scopes(deployment: Deployment) -> Finding:
    """Look whether the permissions asked for make sense, and whether every connection has them."""
    required = set(deployment.settings.required_scopes)
    if missing := sorted(_WHATSAPP - required):
        return broken(
            f"RequiredScopes lacks {', '.join(missing)}: tokens cannot send messages or list numbers.",
            f"Deploy with RequiredScopes={','.join(sorted(required | _WHATSAPP))}",
        )
    lacking = sorted(record.connection_id for record in living(deployment) if not required <= set(record.scopes))
    if lacking:
        return broken(
            f"{len(lacking)} connections lack a required permission: {', '.join(lacking[:5])}.",
            "Have each connected again: whatsapp-connect connections show ID says how.",
        )
    if unknown := sorted(required - _KNOWN):
        return warning(
            f"Not a permission for WhatsApp, as far as is known: {', '.join(unknown)}.",
            "Open the connect link yourself: Facebook's page says Invalid Scopes if there is no such permission.",
        )
    return ok(f"{', '.join(sorted(required))}; every connection has them.")


def connections(deployment: Deployment) -> Finding:
    """Look whether the living connections are this app's, and whether their people could connect again."""
    settings = deployment.settings
    alive = sorted(living(deployment), key=lambda record: record.checked_at)
    if foreign := [record for record in alive[:ASKED_ABOUT] if _is_of_another_app(deployment, record)]:
        return broken(
            f"{len(foreign)} of the {min(len(alive), ASKED_ABOUT)} tokens asked about are another app's:"
            f" {_named(foreign)}. They are kept, but neither checked nor extended.",
            f"Deploy with the MetaAppId of the app that made them, and store its App secret: {put_app_secret(deployment)}."
            " Or stay with the new app, and have everybody connected again: whatsapp-connect links create ID --any-user",
        )
    if settings.login_config_id and (people := [one for one in alive if one.token_type == "USER"]):  # noqa: S105  a kind of token
        return warning(
            f"{len(people)} connections hold a person's token, from before LoginConfigId was set: {_named(people)}.",
            "If the configuration makes tokens of a business, a link refuses its login as somebody else's: use"
            " whatsapp-connect links create ID --any-user",
        )
    public = [one for one in alive if one.connection_id == one.user_id]
    if public and not settings.public_connect:
        return warning(
            f"{len(public)} connections were made at {settings.connect_url}, where PublicConnect lets nobody start now:"
            f" {_named(public)}. Mails about them lead there.",
            "When one has to be connected again: whatsapp-connect links create ID",
        )
    return ok(f"{len(alive)} connections, and nothing keeps their people from connecting again.")


def app_secret_required(deployment: Deployment) -> Finding:
    """Make a call with somebody's token that is not signed with the app secret."""
    for record in living(deployment):
        try:
            token = token_of(deployment, record)
            if token is None:
                continue
            required = deployment.facebook.requires_app_secret(token, deadline=monotonic() + PATIENCE)
        except (FacebookError, SetupError, TokenRefusedError, TokenUnreadableError):
            continue  # this token is dead or cannot be read, which is found out elsewhere
        if required:
            return ok("Meta requires the app secret: a stolen token alone is worth nothing.")
        return warning(
            "Meta does not require the app secret: a stolen token works from anywhere.",
            f"Have your services sign their calls with appsecret_proof, then switch on Require App Secret in"
            f" {DASHBOARD}, App settings, Advanced, Security.",
        )
    return not_checked("It takes a connection to try.")


def graph_version(deployment: Deployment) -> Finding:
    """Compare the version that answers with the one asked for, and look when that ends."""
    asked = deployment.settings.graph_version
    fix = f"Deploy with a newer GraphVersion, say {max(*GRAPH_VERSION_ENDS, 'v26.0')}."
    try:
        answered = _ask(deployment)
    except FacebookError as error:
        if error.fields.get("facebook_code") == _UNKNOWN_PATH:
            return broken(f"Facebook has no version {asked}: nobody can connect.", fix)
        return not_checked("Facebook does not answer the app.")
    except SetupError:
        return not_checked("Facebook does not answer the app.")
    if answered != asked:
        return broken(f"{asked} was asked for and {answered} answered: {asked} is not served any more.", fix)
    if asked not in GRAPH_VERSION_ENDS:
        return ok(f"{asked} answers; its end is not announced.")
    end = datetime.fromisoformat(GRAPH_VERSION_ENDS[asked]).replace(tzinfo=UTC)
    left = int((end.timestamp() - deployment.clock()) // DAY_S)
    words = f"{asked} answers until {end:%-d %B %Y}, in {left} days"
    return ok(f"{words}.") if left >= VERSION_WARNING else broken(f"{words}.", fix)


def living(deployment: Deployment) -> list[ConnectionRecord]:
    records, _ = deployment.survey
    return [record for record in records if record.is_alive]


def _is_of_another_app(deployment: Deployment, record: ConnectionRecord) -> bool:
    try:
        token = token_of(deployment, record)
    except TokenUnreadableError:
        return False
    if token is None:
        return False
    try:
        found = deployment.facebook.debug(token, deadline=monotonic() + PATIENCE)
    except TokenRefusedError:
        return True
    return found.is_valid and found.app_id != deployment.settings.meta_app_id


def _named(records: Sequence[ConnectionRecord]) -> str:
    return named([record.connection_id for record in records])


def named(connection_ids: Sequence[str]) -> str:
    """Return a few of the ids, in order, and three dots for the others."""
    return ", ".join(sorted(connection_ids)[:5]) + (", ..." if len(connection_ids) > 5 else "")


def put_app_secret(deployment: Deployment) -> str:
    """Return the command that stores the app secret from a file, which keeps it out of the shell's history."""
    key = deployment.settings.token_key_id
    return (
        f"aws ssm put-parameter --overwrite --type SecureString --key-id {key}"
        f" --name {deployment.settings.parameter_prefix}/app-secret --value file://app-secret.txt"
        " && rm app-secret.txt"
    )


def _ask(deployment: Deployment) -> str:
    """Ask the debugger about the app's own token, and return the version that answers."""
    return deployment.facebook.check_app(deadline=monotonic() + PATIENCE)

"""The doctor's checks of what Meta will accept."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from time import monotonic
from typing import Any

from whatsapp_connect.errors import CodeError, FacebookError, SetupError, TokenRefusedError
from whatsapp_connect.lifecycle import DAY, GRAPH_VERSIONS_END
from whatsapp_connect.model import AccessToken
from whatsapp_connect_cli.deployment import Deployment
from whatsapp_connect_cli.finding import Finding, broken, not_checked, ok, warning

PATIENCE = 20.0
"""Seconds for Facebook's answers to one check."""
VERSION_WARNING = 90
"""Days before the end of a Graph version."""
ASKED_ABOUT = 5
"""Tokens that Facebook is asked about, those first that were not checked for longest."""

_LIVING = frozenset({"active", "expiring"})
_UNKNOWN_PATH = 2500
"""Facebook's code for a path it does not have, such as one that begins with a version that never was."""
_NO_TOKEN = AccessToken(value="doctor", expires_in=None)
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
    """Exchange a code that is none: Facebook complains of the code only when it has nothing else to complain of."""
    url = deployment.callback_url
    try:
        deployment.facebook.exchange_code(
            "doctor",
            redirect_uri=url,
            app_secret=deployment.vault.app_secret(),
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
    return not_checked("Facebook took a code that is none.")


def scopes(deployment: Deployment) -> Finding:
    """Look whether the permissions asked for make sense, and whether every connection has them."""
    required = set(deployment.settings.required_scopes)
    if missing := sorted(_WHATSAPP - required):
        return broken(
            f"RequiredScopes lacks {', '.join(missing)}: tokens cannot send messages or list numbers.",
            f"Deploy with RequiredScopes={','.join(sorted(required | _WHATSAPP))}",
        )
    lacking = sorted(
        str(record["connection_id"])
        for record in deployment.connections.list()
        if record["status"] in _LIVING and not required <= set(record["scopes"])
    )
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
    living = [record for record in deployment.connections.list() if record["status"] in _LIVING]
    living.sort(key=lambda record: int(record.get("checked_at", 0)))
    if foreign := [record for record in living[:ASKED_ABOUT] if _is_of_another_app(deployment, record)]:
        return broken(
            f"{len(foreign)} of the {min(len(living), ASKED_ABOUT)} tokens asked about are another app's:"
            f" {_named(foreign)}. They are kept, but neither checked nor extended.",
            f"Deploy with the MetaAppId of the app that made them, and store its App secret: {put_app_secret(deployment)}."
            " Or stay with the new app, and have everybody connected again: whatsapp-connect links create ID --any-user",
        )
    if settings.login_config_id and (people := [one for one in living if one["token_type"] == "USER"]):  # noqa: S105  a kind of token
        return warning(
            f"{len(people)} connections hold a person's token, from before LoginConfigId was set: {_named(people)}.",
            "If the configuration makes tokens of a business, a link refuses its login as somebody else's: use"
            " whatsapp-connect links create ID --any-user",
        )
    public = [one for one in living if one["connection_id"] == one["user_id"]]
    if public and not settings.public_connect:
        return warning(
            f"{len(public)} connections were made at {settings.connect_url}, where PublicConnect lets nobody start now:"
            f" {_named(public)}. Mails about them lead there.",
            "When one has to be connected again: whatsapp-connect links create ID",
        )
    return ok(f"{len(living)} connections, and nothing keeps their people from connecting again.")


def app_secret_required(deployment: Deployment) -> Finding:
    """Make a call with somebody's token that is not signed with the app secret."""
    for record in deployment.connections.list():
        if record["status"] not in _LIVING:
            continue
        stored = deployment.vault.token(record["connection_id"])
        if stored is None:
            continue
        try:
            required = deployment.facebook.requires_app_secret(stored.token, deadline=monotonic() + PATIENCE)
        except (FacebookError, SetupError):  # this token is dead, which the hourly run will notice
            continue
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
    fix = f"Deploy with a newer GraphVersion, say {max(*GRAPH_VERSIONS_END, 'v26.0')}."
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
    if asked not in GRAPH_VERSIONS_END:
        return ok(f"{asked} answers; its end is not announced.")
    end = datetime.fromisoformat(GRAPH_VERSIONS_END[asked]).replace(tzinfo=UTC)
    left = int((end.timestamp() - deployment.clock()) // DAY)
    words = f"{asked} answers until {end:%-d %B %Y}, in {left} days"
    return ok(f"{words}.") if left >= VERSION_WARNING else broken(f"{words}.", fix)


def _is_of_another_app(deployment: Deployment, record: Mapping[str, Any]) -> bool:
    stored = deployment.vault.token(record["connection_id"])
    if stored is None:
        return False
    try:
        found = deployment.facebook.inspect(
            stored.token, app_secret=deployment.vault.app_secret(), deadline=monotonic() + PATIENCE
        )
    except TokenRefusedError:
        return True
    return found.is_valid and found.app_id != deployment.settings.meta_app_id


def _named(records: Sequence[Mapping[str, Any]]) -> str:
    names = sorted(str(record["connection_id"]) for record in records)
    return ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")


def put_app_secret(deployment: Deployment) -> str:
    """Return the command that stores the app secret from a file, which keeps it out of the shell's history."""
    key = deployment.settings.token_key_id
    return (
        f"aws ssm put-parameter --overwrite --type SecureString --key-id {key}"
        f" --name {deployment.settings.parameter_prefix}/app-secret --value file://app-secret.txt"
        " && rm app-secret.txt"
    )


def _ask(deployment: Deployment) -> str:
    """Ask the debugger about what is no token, and return the version that answers."""
    return deployment.facebook.inspect(
        _NO_TOKEN, app_secret=deployment.vault.app_secret(), deadline=monotonic() + PATIENCE
    ).graph_version

"""Check for the doctor what Meta accepts: app, redirect URI, permissions, tokens and Graph version."""

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
from whatsapp_connect_cli.finding import Finding, broken, needs_person, not_checked, ok, warning
from whatsapp_connect_cli.output import name_some
from whatsapp_connect_cli.records import decrypt_token

FACEBOOK_TIMEOUT_S = 20.0
"""For all of Facebook's answers to one check."""
MIN_VERSION_DAYS = 90
"""A Graph version that ends sooner counts as broken."""
TOKENS_DEBUGGED = 5
"""How many tokens are sent to Facebook's debugger. The tokens with the oldest checks come first."""

ACCESS_DENIED = "AccessDeniedException"
"""KMS's error code if the operator lacks a right. That says nothing about the key and the token."""
_UNKNOWN_PATH = 2500
"""Facebook's error code for an unknown path, such as one that begins with an unknown version."""
STORE_APP_SECRET = "whatsapp-connect app-secret store"  # noqa: S105  a command
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
    """Check that Facebook accepts the App ID and the app secret."""
    try:
        _ask(deployment)
    except SetupError as error:
        if error.reason in {"app-secret-missing", "app-secret-malformed"}:
            return not_checked("There is no valid app secret to try.")
        return broken(
            f"Facebook does not accept the App ID {deployment.settings.meta_app_id} with this app secret"
            f" ({error.reason}).",
            f"In {DASHBOARD}, App settings, Basic: compare the App ID with the stack parameter MetaAppId. Press Show at"
            f" the App secret, then run: {STORE_APP_SECRET}",
        )
    return ok(f"Facebook accepts the App ID {deployment.settings.meta_app_id} and the secret.")


def signup(deployment: Deployment) -> Finding:
    """Say where to look at what the embedded sign-up needs, because Meta has no API for it."""
    settings = deployment.settings
    if settings.signup_mode != "embedded":
        return ok("SignupMode=redirect: only links that ask for it have the embedded sign-up.")
    return not_checked(
        "Meta has no API that tells whether the app allows this host to use its JavaScript SDK. If not, the window of the"
        " embedded sign-up ends without a code.",
        f"In {DASHBOARD}, Facebook Login for Business, Settings: switch Login with the JavaScript SDK on, and look for"
        f" {settings.site_url} under Allowed Domains for the JavaScript SDK.",
    )


def redirect_uri(deployment: Deployment) -> Finding:
    """Exchange an invalid code. Facebook refuses the code itself only after it has accepted the redirect URI."""
    url = deployment.callback_url
    try:
        deployment.facebook.exchange_code(
            "doctor",
            redirect_uri=url,
            deadline=monotonic() + FACEBOOK_TIMEOUT_S,
        )
    except CodeError:
        return ok(f"Facebook accepts {url}.")
    except SetupError as error:
        if error.reason == "redirect-uri-refused":
            return broken(
                f"Facebook does not accept {url}.",
                f"In {DASHBOARD}, Facebook Login, Settings, Valid OAuth Redirect URIs: add exactly {url}",
            )
        return not_checked(f"Facebook refuses the app before it checks the redirect URI ({error.reason}).")
    return not_checked("Facebook accepted an invalid code.")


def scopes(deployment: Deployment) -> Finding:
    """Check that RequiredScopes has the WhatsApp permissions and that every connection has the required ones."""
    required = set(deployment.settings.required_scopes)
    if missing := sorted(_WHATSAPP - required):
        return broken(
            f"RequiredScopes lacks {', '.join(missing)}: tokens cannot send messages or list numbers.",
            f"Deploy with RequiredScopes={','.join(sorted(required | _WHATSAPP))}",
        )
    lacking = [record.connection_id for record in live_records(deployment) if not required <= set(record.scopes)]
    if lacking:
        return needs_person(
            f"{len(lacking)} connections lack a required permission: {name_some(lacking)}.",
            "Ask their people to connect again. whatsapp-connect connections show ID shows the address to send.",
        )
    if unknown := sorted(required - _KNOWN):
        return warning(
            f"RequiredScopes has permissions that this version does not know: {', '.join(unknown)}.",
            "Open the connect link: Facebook shows Invalid Scopes if there is no such permission.",
        )
    return ok(f"Every connection has {', '.join(sorted(required))}.")


def connections(deployment: Deployment) -> Finding:
    """Check that the tokens of live connections belong to this app, and that their people could connect again."""
    settings = deployment.settings
    alive = sorted(live_records(deployment), key=lambda record: record.checked_at)
    if of_other_app := [record for record in alive[:TOKENS_DEBUGGED] if _is_of_other_app(deployment, record)]:
        return broken(
            f"{len(of_other_app)} of {min(len(alive), TOKENS_DEBUGGED)} tokens sent to Facebook's debugger belong to"
            f" another app: {_name_some(of_other_app)}. They are not deleted, and neither checked nor extended.",
            "Deploy with the MetaAppId of the app that made them, and store its App secret:"
            f" {STORE_APP_SECRET}. Or use the new app, and ask everybody to connect again:"
            " whatsapp-connect links create ID --any-user",
        )
    if settings.login_config_id and (people := [one for one in alive if one.token_type == "USER"]):  # noqa: S105  a kind of token
        return warning(
            f"{len(people)} connections have a person's token, from before LoginConfigId was set: {_name_some(people)}.",
            "If the configuration makes business tokens, a normal link refuses the new login because its owner differs."
            " Use whatsapp-connect links create ID --any-user",
        )
    public = [one for one in alive if one.connection_id == one.user_id]
    if public and not (settings.public_connect or settings.reconnect):
        return warning(
            f"{len(public)} connections were made at {settings.connect_url}, which PublicConnect=disabled closed, and"
            f" Reconnect=disabled closed their own addresses: {_name_some(public)}.",
            "To have one connected again: whatsapp-connect links create ID",
        )
    return ok(f"Connections whose people can connect again: all {len(alive)}.")


def app_mode(deployment: Deployment) -> Finding:
    """Say where to look at the app's mode and access, because Meta has no API for it."""
    app_id = deployment.settings.meta_app_id
    return not_checked(
        "Meta has no API that tells whether the app is Live and has Advanced access. If not, only people with a role on the"
        " app can connect. Facebook refuses others on its own page, or their logins end as if they had cancelled.",
        f"Look at the top of {DASHBOARD}/{app_id}/dashboard/ for the mode, and at"
        f" {DASHBOARD}/{app_id}/app-review/permissions/ for the access to {', '.join(sorted(_WHATSAPP))}.",
    )


def app_secret_required(deployment: Deployment) -> Finding:
    """Check that Meta refuses a call that is not signed with the app secret. Uses a connection's token."""
    for record in live_records(deployment):
        try:
            token = decrypt_token(deployment, record)
            if token is None:
                continue
            required = deployment.facebook.requires_app_secret(token, deadline=monotonic() + FACEBOOK_TIMEOUT_S)
        except (FacebookError, SetupError, TokenRefusedError, TokenUnreadableError):
            continue  # other checks report a token that is dead or cannot be read
        if required:
            return ok("Meta requires the app secret: a stolen token does not work without it.")
        return warning(
            "Meta does not require the app secret: a stolen token works without it.",
            "Make your services sign their calls with appsecret_proof, then switch on Require App Secret in"
            f" {DASHBOARD}, App settings, Advanced, Security.",
        )
    return not_checked("There is no live connection to try with.")


def graph_version(deployment: Deployment) -> Finding:
    """Check that Facebook serves the stack's Graph version, for MIN_VERSION_DAYS or longer."""
    asked = deployment.settings.graph_version
    fix = f"Deploy with a newer GraphVersion, for example {max(*GRAPH_VERSION_ENDS, 'v26.0')}."
    try:
        answered = _ask(deployment)
    except FacebookError as error:
        if error.fields.get("facebook_code") == _UNKNOWN_PATH:
            return broken(f"Facebook has no version {asked}: nobody can connect.", fix)
        return not_checked("Facebook does not answer the app.")
    except SetupError:
        return not_checked("Facebook does not answer the app.")
    if answered != asked:
        return broken(f"Facebook no longer serves {asked}: a call to {asked} was answered by {answered}.", fix)
    if asked not in GRAPH_VERSION_ENDS:
        return ok(f"{asked} works. Its end is not announced.")
    end = datetime.fromisoformat(GRAPH_VERSION_ENDS[asked]).replace(tzinfo=UTC)
    days = int((end.timestamp() - deployment.clock()) // DAY_S)
    sentence = f"{asked} works until {end:%-d %B %Y}, in {days} days."
    return ok(sentence) if days >= MIN_VERSION_DAYS else broken(sentence, fix)


def live_records(deployment: Deployment) -> list[ConnectionRecord]:
    """Return the readable records whose connection has not ended."""
    records, _ = deployment.all_records
    return [record for record in records if record.is_alive]


def _is_of_other_app(deployment: Deployment, record: ConnectionRecord) -> bool:
    try:
        token = decrypt_token(deployment, record)
    except TokenUnreadableError as error:
        if str(error) == ACCESS_DENIED:
            raise
        return False
    if token is None:
        return False
    try:
        found = deployment.facebook.debug(token, deadline=monotonic() + FACEBOOK_TIMEOUT_S)
    except TokenRefusedError:
        return True
    return found.is_valid and found.app_id != deployment.settings.meta_app_id


def _name_some(records: Sequence[ConnectionRecord]) -> str:
    return name_some([record.connection_id for record in records])


def _ask(deployment: Deployment) -> str:
    """Send the app's own token to the debugger, and return the Graph version that answered."""
    return deployment.facebook.check_app(deadline=monotonic() + FACEBOOK_TIMEOUT_S)

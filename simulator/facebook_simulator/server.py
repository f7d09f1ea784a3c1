"""Make the simulator as a Flask application, and run it as a server on a thread."""

from collections.abc import Callable
from threading import Thread
from typing import Self

from flask import Flask, Response, g, request
from flask.json.provider import DefaultJSONProvider
from werkzeug.exceptions import HTTPException

from facebook_simulator import errors
from facebook_simulator.answer import failure_response, language_of
from facebook_simulator.app_subscription import AppSubscriptionApi
from facebook_simulator.batch import BatchApi
from facebook_simulator.business import BusinessApi
from facebook_simulator.business_app_api import BusinessAppApi
from facebook_simulator.caller import parameters, token_place, user_asked_about
from facebook_simulator.connection import CONNECTION, ConnectionServer
from facebook_simulator.control import Control
from facebook_simulator.debugger import DebuggerApi
from facebook_simulator.developer import DeveloperPage
from facebook_simulator.dialog import Dialog
from facebook_simulator.errors import GraphError
from facebook_simulator.faults import HTTP_FAULTS, FaultyRequest, apply_fault
from facebook_simulator.journal import Entry
from facebook_simulator.me import MeApi
from facebook_simulator.media import MediaApi
from facebook_simulator.message_templates import MessageTemplateApi
from facebook_simulator.messages import MessagesApi
from facebook_simulator.model import App
from facebook_simulator.notification import Notification
from facebook_simulator.numbers import NumberApi
from facebook_simulator.oauth import TokenApi, grant_type
from facebook_simulator.permission import PermissionApi
from facebook_simulator.registration import RegistrationApi
from facebook_simulator.sdk import Sdk
from facebook_simulator.signup_control import SignupControl
from facebook_simulator.site import is_another_sites, names_this_machine
from facebook_simulator.state import State
from facebook_simulator.subscription import SubscriptionApi
from facebook_simulator.system_user_token import SystemUserTokenApi
from facebook_simulator.version import VERSION, VersionPrefix, serving
from facebook_simulator.whatsapp import WhatsAppApi
from facebook_simulator.world_control import WorldControl

APP_ID = "1234567890"
APP_SECRET = "0123456789abcdef0123456789abcdef"  # noqa: S105 - the simulator's, not a secret
REDIRECT_URI = "http://localhost:3000/callback"


class _FacebookJson(DefaultJSONProvider):
    """Write keys in the order of the code, as Facebook does not sort them."""

    sort_keys = False


def create_app(state: State, on_change: Callable[[str], None] | None = None) -> Flask:
    """Return the simulator as a WSGI application that uses `state`. FacebookServer explains `on_change`."""
    app = Flask(__name__)
    app.json = _FacebookJson(app)
    app.url_map.strict_slashes = False
    parts = (
        Control,
        WorldControl,
        Notification,
        Dialog,
        Sdk,
        SignupControl,
        TokenApi,
        DebuggerApi,
        MeApi,
        SystemUserTokenApi,
        BatchApi,
        PermissionApi,
        BusinessApi,
        WhatsAppApi,
        SubscriptionApi,
        AppSubscriptionApi,
        RegistrationApi,
        NumberApi,
        BusinessAppApi,
        MessageTemplateApi,
        MediaApi,
        MessagesApi,
    )
    for part in parts:
        part(state).add_to(app)
    DeveloperPage(state, on_change).add_to(app)

    app.before_request(_refuse_other_sites)

    @app.before_request
    def arrive() -> Response | None:
        if _is_ours(request.path):
            return None
        asked = request.environ[VERSION]
        g.version = serving(asked, state.settings.default_version)
        endpoint = request.endpoint
        grant = grant_type(parameters(request)) if endpoint == "oauth/access_token" else None
        user_id = user_asked_about(request, state)
        g.fault = state.faults.take(endpoint, HTTP_FAULTS, request.method, grant, user_id) if endpoint else None
        state.journal.add(
            Entry(
                method=request.method,
                # An unknown path is not recorded, because it could contain a token.
                path=request.path if endpoint else "",
                version=asked,
                endpoint=endpoint,
                grant_type=grant,
                has_token=token_place(request),
                has_proof="appsecret_proof" in parameters(request),
                fault=g.fault.name if g.fault else None,
                connection=request.environ.get(CONNECTION, 0),
            )
        )
        if g.version is None:
            g.version = state.settings.default_version
            raise GraphError(errors.unknown_path(request.path))
        return Response() if g.fault and not g.fault.after else None

    @app.after_request
    def leave(response: Response) -> Response:
        fault = g.get("fault")
        if fault is None:
            return response
        client = request.environ.get("werkzeug.socket")
        faulty = FaultyRequest(response, client, state.stopping, g.version, language_of(request))
        return apply_fault(fault, faulty)

    @app.errorhandler(GraphError)
    def refuse(error: GraphError) -> Response:
        return failure_response(error.failure, g.version, language_of(request))

    @app.errorhandler(HTTPException)
    def unknown(error: HTTPException) -> Response | HTTPException:
        if _is_ours(request.path) or (error.code or 500) >= 500:
            return error
        failure = errors.unsupported(request.method, request.path.strip("/").partition("/")[0])
        return failure_response(failure, g.version, language_of(request))

    app.wsgi_app = VersionPrefix(app.wsgi_app)  # type: ignore[method-assign]
    return app


def _refuse_other_sites() -> Response | None:
    """Refuse requests with which a page of another site could read or change state. Links to the pages here work."""
    headers = request.headers
    is_readable = not names_this_machine(headers.get("Host", ""))
    is_change = _is_ours(request.path) and request.method != "GET"
    if is_readable or (is_change and is_another_sites(headers.get("Sec-Fetch-Site"), headers.get("Origin"))):
        return Response(status=403)
    return None


def _is_ours(path: str) -> bool:
    """Return whether this path belongs to the simulator and does not exist at Facebook."""
    return path == "/" or path.startswith("/_control")


class FacebookServer:
    """Run the simulator on a thread. Use it as a context manager, or call start() and stop(). Port 0 is any free port.

    Tests in the same process may use `state` directly; others use the control endpoints. After a button of the
    developers' page was pressed, `on_change` is called on a new thread, with the ID of the person or system user whose
    tokens may have changed.
    """

    def __init__(
        self,
        *,
        app_id: str = APP_ID,
        app_secret: str = APP_SECRET,
        redirect_uris: tuple[str, ...] = (REDIRECT_URI,),
        deauthorize_url: str = "",
        data_deletion_url: str = "",
        whatsapp_webhook_url: str = "",
        webhook_verify_token: str = "",
        sdk_domains: tuple[str, ...] = (),
        port: int = 0,
        verbose: bool = False,
        on_change: Callable[[str], None] | None = None,
    ) -> None:
        self.state = State(
            App(
                id=app_id,
                secret=app_secret,
                redirect_uris=redirect_uris,
                deauthorize_url=deauthorize_url,
                data_deletion_url=data_deletion_url,
                whatsapp_webhook_url=whatsapp_webhook_url,
                webhook_verify_token=webhook_verify_token,
                sdk_login=bool(sdk_domains),
                sdk_domains=sdk_domains,
            )
        )
        self._server = ConnectionServer(port, create_app(self.state, on_change), verbose=verbose)
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.url = f"http://127.0.0.1:{self._server.port}"

    def start(self) -> Self:
        """Start to answer requests."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop answering requests, and close all connections."""
        self.state.stopping.set()
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.hang_up()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

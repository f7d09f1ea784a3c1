"""Run WhatsApp Connect on this machine: the template on the AWS emulator, and the simulated or the real Facebook.

with Stack.start(Options(port=0, facebook_port=0, emulator_port=0)) as stack:
    requests.get(f"{stack.base_url}/connect")
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import boto3

from facebook_simulator.model import WHATSAPP_SCOPES, Configuration
from facebook_simulator.server import APP_ID, APP_SECRET, FacebookServer
from local import container, debugger, sam
from local.announcement import Announcement, Announcements
from local.bridge import Bridge
from local.check_trigger import CheckTrigger
from local.deployment import Deployment, deploy
from local.emulator import Emulator
from local.folder import Reservation
from local.options import MetaApp, Options
from local.port import check_all, claim
from local.progress import step
from local.proxy import Proxy
from local.sample import Sample

VERIFY_TOKEN = "local-verify-token"  # noqa: S105  of the local stack only


@dataclass(frozen=True, slots=True)
class Stack:
    """A running stack. Use it as a context manager, or call stop()."""

    base_url: str
    """The connect link is `{base_url}/connect`."""
    endpoint_url: str
    """The endpoint URL for AWS clients."""
    session: boto3.Session
    """Makes clients with all rights. Pass `endpoint_url` to them."""
    emulator: Emulator
    parameters: Mapping[str, str]
    """The stack parameters it was deployed with."""
    outputs: Mapping[str, str]
    resources: Mapping[str, str]
    """Physical ids by logical id."""
    facebook: FacebookServer | None
    """The simulator; None if the stack uses the real Facebook."""
    sample: Sample | None
    """Keeps events/callback.json valid; None if the stack uses the real Facebook."""
    directory: Path
    """The folder of the logs and of the variables for `sam local`."""
    _announcements: Announcements
    _parts: ExitStack

    @classmethod
    def start(cls, options: Options, *, say: Callable[[str], None] = lambda _: None) -> Self:
        """Build, deploy and serve. Calls `say` with progress messages. Raises LocalError if a step fails.

        Raises FolderInUseError if another stack uses the folder.
        """
        app = options.app or MetaApp(APP_ID, APP_SECRET)
        check_trigger = CheckTrigger()
        with ExitStack() as parts:
            reservation = parts.enter_context(Reservation(options.directory))
            container.remove_variables(options.directory)  # a killed run leaves them
            check_all(
                {
                    "CONNECT_PORT": options.port,
                    "EMULATOR_PORT": options.emulator_port,
                    "FACEBOOK_PORT": 0 if options.app else options.facebook_port,
                }
            )
            port = claim(options.port, variable="CONNECT_PORT")
            emulator_port = claim(options.emulator_port, variable="EMULATOR_PORT")
            base_url = f"http://localhost:{port}"
            start_api_port = options.start_api_port or claim(0, variable="START_API_PORT")
            start_api_url = f"http://localhost:{start_api_port}"
            reservation.write_link(f"{base_url}/connect")
            facebook = (
                None
                if options.app
                else parts.enter_context(_simulator(app, (base_url, start_api_url), options, check_trigger))
            )
            emulator = parts.enter_context(
                Emulator(
                    port=emulator_port,
                    directory=options.directory,
                    limits=options.limits,
                    debug_terminal=options.debug_terminal,
                )
            )
            with step(say, "Building the functions", usual="10 to 30 seconds"):
                sam.build(options.directory)
                emulator.wait()
            parameters = {**_parameters(app, base_url, emulator, facebook), **options.parameters}
            with step(say, "Deploying the template to the AWS emulator", usual="10 to 30 seconds"):
                deployment = deploy(emulator, parameters, options.directory)
                _store_secrets(emulator, app, deployment)
            if options.debug_terminal:
                _extend_timeouts(emulator, deployment)
            announcements = Announcements(emulator)
            sample = None
            if facebook:
                check_trigger.set_stack(emulator, deployment)
                sample = parts.enter_context(_sample(emulator, deployment, base_url, facebook))
            parts.enter_context(Bridge(emulator.url, *([facebook.url] if facebook else []), say=say))
            container.write_variables(_variables(emulator, deployment), start_api_url, options.directory)
            parts.callback(container.remove_variables, options.directory)
            parts.enter_context(Proxy(port=port, emulator_port=emulator_port, api_id=deployment.resources["Api"]))
            return cls(
                base_url=base_url,
                endpoint_url=emulator.url,
                session=emulator.session,
                emulator=emulator,
                parameters=parameters,
                outputs=deployment.outputs,
                resources=deployment.resources,
                facebook=facebook,
                sample=sample,
                directory=options.directory,
                _announcements=announcements,
                _parts=parts.pop_all(),
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def facebook_url(self) -> str:
        """The simulator's URL. Its control endpoints are below `/_control/`. Raises LookupError without a simulator."""
        if self.facebook is None:
            raise LookupError("This stack uses the real Facebook and has no simulator.")
        return self.facebook.url

    def announcements(self, *, seconds: int = 20) -> Iterator[Announcement]:
        """Wait up to `seconds` for lifecycle events, and yield each event once."""
        return self._announcements.receive(seconds=seconds)

    def logs(self, function: str) -> list[str]:
        """Return all log messages of a function, given its logical id."""
        functions = self.session.client("lambda", endpoint_url=self.endpoint_url)
        about = functions.get_function_configuration(FunctionName=self.resources[function])
        logs = self.session.client("logs", endpoint_url=self.endpoint_url)
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=about["LoggingConfig"]["LogGroup"])
        return [event["message"] for page in pages for event in page["events"]]

    def stop(self) -> None:
        """Stop everything that start() started."""
        self._parts.close()


def _simulator(app: MetaApp, base_urls: Sequence[str], options: Options, check_trigger: CheckTrigger) -> FacebookServer:
    server = FacebookServer(
        app_id=app.id,
        app_secret=app.secret,
        redirect_uris=tuple(f"{url}/callback" for url in base_urls),
        deauthorize_url=f"{base_urls[0]}/deauthorize",
        data_deletion_url=f"{base_urls[0]}/data-deletion",
        whatsapp_webhook_url=f"{base_urls[0]}/whatsapp-webhook",
        webhook_verify_token=VERIFY_TOKEN,
        sdk_domains=tuple(base_urls),
        on_change=check_trigger,
        port=claim(options.facebook_port, variable="FACEBOOK_PORT"),
    )
    config_id = options.parameters.get("LoginConfigId")
    if config_id:
        # With this permission the accounts of a business can be looked up. The debugger does not name them.
        scopes = (*WHATSAPP_SCOPES, "business_management")
        server.state.configure_app(app.id, {"configurations": (Configuration(config_id, scopes=scopes),)})
    return server


def _parameters(app: MetaApp, base_url: str, emulator: Emulator, facebook: FacebookServer | None) -> dict[str, str]:
    parameters = {
        "MetaAppId": app.id,
        "LocalBaseUrl": base_url,
        "AwsEndpointUrl": emulator.url,
    }
    if facebook:
        # For the browser, 127.0.0.1 is another site than localhost, as facebook.com is another site than the stack.
        parameters |= {"GraphUrl": facebook.url, "DialogUrl": facebook.url, "SdkUrl": facebook.url}
    return parameters


def _store_secrets(emulator: Emulator, app: MetaApp, deployment: Deployment) -> None:
    ssm = emulator.session.client("ssm", endpoint_url=emulator.url)
    for output, value in (("AppSecretParameter", app.secret), ("WebhookVerifyTokenParameter", VERIFY_TOKEN)):
        ssm.put_parameter(
            Name=deployment.outputs[output],
            Value=value,
            Type="SecureString",
            KeyId=deployment.outputs["TokenKeyArn"],
            Overwrite=True,
        )


def _extend_timeouts(emulator: Emulator, deployment: Deployment) -> None:
    """Set the functions' timeouts so that they can stop at a breakpoint."""
    functions = emulator.session.client("lambda", endpoint_url=emulator.url)
    for logical_id, name in deployment.resources.items():
        if logical_id.endswith("Function"):
            functions.update_function_configuration(FunctionName=name, Timeout=debugger.TIMEOUT_S)


def _variables(emulator: Emulator, deployment: Deployment) -> dict[str, str]:
    about = emulator.session.client("lambda", endpoint_url=emulator.url).get_function_configuration(
        FunctionName=deployment.resources["CallbackFunction"]
    )
    return about["Environment"]["Variables"]


def _sample(emulator: Emulator, deployment: Deployment, base_url: str, facebook: FacebookServer) -> Sample:
    return Sample(
        emulator,
        table=deployment.resources["StateTable"],
        redirect_uri=f"{base_url}/callback",
        facebook_url=facebook.url,
    )

"""The whole of WhatsApp Connect on this machine: the template on the emulator, beside a Facebook.

with Stack.start(Options(port=0, facebook_port=0, emulator_port=0)) as stack:
    requests.get(f"{stack.base_url}/connect")
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import boto3

from facebook_simulator.model import Configuration
from facebook_simulator.server import APP_ID, APP_SECRET, FacebookServer
from local import container, debugger, sam
from local.announcement import Announcement, Announcements
from local.bridge import Bridge
from local.deployment import Deployment, deploy
from local.emulator import Emulator
from local.front import Front
from local.nudge import Nudge
from local.options import MetaApp, Options
from local.port import claim
from local.sample import Sample


@dataclass(frozen=True, slots=True)
class Stack:
    """A running stack; use it as a context manager or call stop(), which leaves nothing behind."""

    base_url: str
    """Where people reach it: `{base_url}/connect`."""
    endpoint_url: str
    """Where AWS clients reach it."""
    session: boto3.Session
    """Makes clients that may do everything, given `endpoint_url`."""
    emulator: Emulator
    parameters: Mapping[str, str]
    """The stack parameters it was deployed with."""
    outputs: Mapping[str, str]
    resources: Mapping[str, str]
    """Physical ids by logical id."""
    facebook: FacebookServer | None
    """The simulator, or None beside the real Facebook."""
    sample: Sample | None
    """Keeps events/callback.json good, beside the simulator."""
    directory: Path
    """Logs, and the variables for `sam local`."""
    _announcements: Announcements
    _parts: ExitStack

    @classmethod
    def start(cls, options: Options, *, say: Callable[[str], None] = lambda _: None) -> Self:
        """Build, deploy and serve; `say` is told what is going on. Raises LocalError where that does not work."""
        port = claim(options.port, variable="CONNECT_PORT")
        emulator_port = claim(options.emulator_port, variable="EMULATOR_PORT")
        base_url = f"http://localhost:{port}"
        start_api_port = options.start_api_port or claim(0, variable="START_API_PORT")
        start_api_url = f"http://localhost:{start_api_port}"
        app = options.app or MetaApp(APP_ID, APP_SECRET)
        nudge = Nudge()
        with ExitStack() as parts:
            facebook = (
                None if options.app else parts.enter_context(_simulator(app, (base_url, start_api_url), options, nudge))
            )
            emulator = parts.enter_context(
                Emulator(
                    port=emulator_port,
                    directory=options.directory,
                    limits=options.limits,
                    debug_terminal=options.debug_terminal,
                )
            )
            say("Building the functions ...")
            sam.build(options.directory)
            emulator.wait()
            say("Deploying the template to the AWS emulator ...")
            parameters = {**_parameters(app, base_url, emulator, facebook), **options.parameters}
            deployment = deploy(emulator, parameters, options.directory)
            _keep_app_secret(emulator, app, deployment)
            if options.debug_terminal:
                _extend_timeouts(emulator, deployment)
            announcements = Announcements(emulator)
            sample = None
            if facebook:
                nudge.aim(emulator, deployment)
                sample = parts.enter_context(_sample(emulator, deployment, base_url, facebook))
            parts.enter_context(Bridge(emulator.url, *([facebook.url] if facebook else [])))
            container.write_variables(_variables(emulator, deployment), start_api_url, options.directory)
            parts.callback(container.remove_variables, options.directory)
            parts.enter_context(Front(port=port, emulator_port=emulator_port, api_id=deployment.resources["Api"]))
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
        """Where the simulator listens; its control endpoints are below `/_control/`."""
        if self.facebook is None:
            raise LookupError("There is no simulator beside the real Facebook.")
        return self.facebook.url

    def announcements(self, *, seconds: int = 20) -> Iterator[Announcement]:
        """Wait up to `seconds` for lifecycle events. Each is told once."""
        return self._announcements.receive(seconds=seconds)

    def logs(self, function: str) -> list[str]:
        """Return everything a function has logged, by its logical id."""
        functions = self.session.client("lambda", endpoint_url=self.endpoint_url)
        about = functions.get_function_configuration(FunctionName=self.resources[function])
        logs = self.session.client("logs", endpoint_url=self.endpoint_url)
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=about["LoggingConfig"]["LogGroup"])
        return [event["message"] for page in pages for event in page["events"]]

    def stop(self) -> None:
        """End everything that was started."""
        self._parts.close()


def _simulator(app: MetaApp, base_urls: Sequence[str], options: Options, nudge: Nudge) -> FacebookServer:
    server = FacebookServer(
        app_id=app.id,
        app_secret=app.secret,
        redirect_uris=tuple(f"{url}/callback" for url in base_urls),
        deauthorize_url=f"{base_urls[0]}/deauthorize",
        data_deletion_url=f"{base_urls[0]}/data-deletion",
        on_change=nudge,
        port=claim(options.facebook_port, variable="FACEBOOK_PORT"),
    )
    config_id = options.parameters.get("LoginConfigId")
    if config_id:
        server.state.configure_app(app.id, {"configurations": (Configuration(config_id),)})
    return server


def _parameters(app: MetaApp, base_url: str, emulator: Emulator, facebook: FacebookServer | None) -> dict[str, str]:
    parameters = {
        "MetaAppId": app.id,
        "PublicBaseUrl": base_url,
        "AwsEndpointUrl": emulator.url,
    }
    if facebook:
        # 127.0.0.1 and not localhost: another site to the browser, as facebook.com is.
        parameters |= {"GraphUrl": facebook.url, "DialogUrl": facebook.url}
    return parameters


def _keep_app_secret(emulator: Emulator, app: MetaApp, deployment: Deployment) -> None:
    emulator.session.client("ssm", endpoint_url=emulator.url).put_parameter(
        Name=deployment.outputs["AppSecretParameter"],
        Value=app.secret,
        Type="SecureString",
        KeyId=deployment.outputs["TokenKeyArn"],
        Overwrite=True,
    )


def _extend_timeouts(emulator: Emulator, deployment: Deployment) -> None:
    """Give whoever debugs a function time to think."""
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

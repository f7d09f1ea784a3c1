"""slack-bolt's OAuth flow behind its adapter for Lambda: its stores in S3, or in SQLite."""

from collections import Counter
from urllib.parse import parse_qs, urlsplit

from slack_bolt import App
from slack_bolt.adapter.aws_lambda import SlackRequestHandler
from slack_bolt.oauth import OAuthFlow
from slack_bolt.oauth.oauth_settings import OAuthSettings
from slack_sdk import WebClient

from benchmarks.subjects.subject import (
    REDIRECT_URI,
    Login,
    directory,
    gateway_event,
    provider_url,
)

_APP = {"client_id": "1.2", "client_secret": "secret", "scopes": ["chat:write"], "redirect_uri": REDIRECT_URI}


class Slack:
    def __init__(self, *, shared: bool) -> None:
        self.operations = Counter[str]()
        client = WebClient(base_url=f"{provider_url()}/api/")
        if shared:
            from slack_bolt.adapter.aws_lambda.lambda_s3_oauth_flow import LambdaS3OAuthFlow

            from benchmarks.subjects.aws import count_operations

            # Without its page in between: the others have none.
            flow: OAuthFlow = LambdaS3OAuthFlow(
                client=client,
                settings=OAuthSettings(
                    **_APP,
                    install_page_rendering_enabled=False,
                    authorization_url=f"{provider_url()}/authorize",
                ),
                oauth_state_bucket_name="slack-states",
                installation_bucket_name="slack-installations",
            )
            count_operations(flow.s3_client, self.operations)
        else:
            flow = OAuthFlow.sqlite3(
                database=str(directory() / "slack.db"),
                client=client,
                authorization_url=f"{provider_url()}/authorize",
                **_APP,
            )
            flow.settings.install_page_rendering_enabled = False
        self._handler = SlackRequestHandler(App(signing_secret="secret", oauth_flow=flow, process_before_response=True))

    def authorize(self) -> Login:
        response = self._handler.handle(gateway_event("/slack/install"), None)
        state = parse_qs(urlsplit(response["headers"]["location"]).query)["state"][0]
        name, _, value = response["headers"]["set-cookie"].partition(";")[0].partition("=")
        return Login(state, {name: value})

    def callback(self, login: Login, code: str) -> bool:
        sent = gateway_event("/slack/oauth_redirect", {"code": code, "state": login.state}, login.cookies)
        response = self._handler.handle(sent, None)
        return bool(response["statusCode"] == 200)


def make(*, shared: bool) -> Slack:
    return Slack(shared=shared)

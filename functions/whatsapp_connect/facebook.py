"""What the Graph API does for a login: exchange a code, extend a token, ask the debugger."""

from typing import Any

from whatsapp_connect import facebook_responses
from whatsapp_connect.errors import FacebookError, LoginError, SetupError, TokenRefusedError
from whatsapp_connect.graph import GraphClient
from whatsapp_connect.model import AccessToken, TokenInfo


class FacebookClient:
    """`deadline` is when the caller must have the answer, on the monotonic clock. Every method raises LoginError."""

    def __init__(self, graph: GraphClient) -> None:
        self._graph = graph

    def exchange_code(self, code: str, *, redirect_uri: str | None, deadline: float) -> AccessToken:
        """Exchange a code for a token. Send it once: after a timeout the code may be used up.

        A code of the JavaScript SDK has no redirect URI.
        """
        self._graph.close_if_idle()
        data = {"client_id": self._graph.app_id, "code": code}
        if redirect_uri is not None:
            data["redirect_uri"] = redirect_uri
        of: facebook_responses.Call = "sdk-code" if redirect_uri is None else "code"
        answer = self._graph.with_secret(
            lambda app_secret: self._graph.call(
                "POST", "oauth/access_token", data={**data, "client_secret": app_secret}, deadline=deadline, of=of
            )
        )
        return facebook_responses.access_token(answer)

    def extend(self, token: AccessToken, *, deadline: float, system_user: bool = False) -> AccessToken:
        """Exchange a token for one that ends about 60 days from now. Facebook may answer the same token.

        The old token stays valid. For a system user's token Facebook needs one more parameter.
        """
        data = {"grant_type": "fb_exchange_token", "client_id": self._graph.app_id, "fb_exchange_token": token.value}
        if system_user:
            data |= {"set_token_expires_in_60_days": "true"}
        answer = self._graph.with_secret(
            lambda app_secret: self._graph.repeat(
                "POST", "oauth/access_token", data={**data, "client_secret": app_secret}, deadline=deadline
            )
        )
        return facebook_responses.access_token(answer)

    def debug(self, token: AccessToken, *, deadline: float) -> TokenInfo:
        """Ask Facebook's debugger about a token.

        https://developers.facebook.com/docs/graph-api/reference/debug_token
        """
        answer = self._graph.with_secret(lambda app_secret: self._debug(token.value, app_secret, deadline=deadline))
        return facebook_responses.token_info(answer["data"], graph_version=answer["_version"])

    def check_app(self, *, deadline: float) -> str:
        """Ask the debugger about the app's own token. Return the Graph version that answers."""

        def ask(app_secret: str) -> dict[str, Any]:
            try:
                return self._debug(f"{self._graph.app_id}|{app_secret}", app_secret, deadline=deadline)
            except TokenRefusedError as error:
                # The debugger refuses a wrong app token with the code for a token of another app. This is our own.
                raise SetupError("app-secret-wrong", **error.fields) from None

        return str(self._graph.with_secret(ask)["_version"])

    def client_business_id(self, token: AccessToken, *, deadline: float) -> str:
        """Return the ID of the business whose system user has this token, or "" if Facebook does not say."""
        params = {"fields": "client_business_id", "appsecret_proof": self._graph.proof(token)}
        try:
            answer = self._graph.call("GET", "me", params=params, bearer=token.value, deadline=deadline, of="user")
        except LoginError:
            return ""
        return facebook_responses.identifier(answer.get("client_business_id"))

    def _debug(self, token: str, app_secret: str, *, deadline: float) -> dict[str, Any]:
        params, bearer = {"input_token": token}, f"{self._graph.app_id}|{app_secret}"
        answer = self._graph.repeat(
            "GET", "debug_token", params=params, bearer=bearer, deadline=deadline, of="debugger"
        )
        if not isinstance(answer.get("data"), dict):
            raise FacebookError("facebook-answer-unreadable")
        return answer

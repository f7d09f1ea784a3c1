"""What an app, a person and a test do with the simulator, over real HTTP."""

from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import requests

from facebook_simulator.server import APP_ID, APP_SECRET

REDIRECT_URI = "https://example.com/callback?tenant=1"
SCOPES = "whatsapp_business_management,whatsapp_business_messaging"
APP_TOKEN = f"{APP_ID}|{APP_SECRET}"


class FacebookClient:
    """Answers are `requests.Response` where a test looks at the HTTP side, else the parsed JSON."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.http = requests.Session()

    def control(self, path: str, **body: Any) -> Any:
        answer = self.http.post(f"{self.url}/_control/{path}", json=body)
        assert answer.ok, answer.text
        return answer.json()

    def dialog_url(self, **changes: str | None) -> str:
        query = {
            "client_id": APP_ID,
            "redirect_uri": REDIRECT_URI,
            "state": "state-1",
            "scope": SCOPES,
            "response_type": "code",
        }
        sent = {key: value for key, value in (query | changes).items() if value is not None}
        return f"{self.url}/v26.0/dialog/oauth?{urlencode(sent)}"

    def login(self, url: str | None = None, **choice: Any) -> dict[str, str]:
        """Log in; the parameters that come back to the redirect URI."""
        location = self.control("login", url=url or self.dialog_url(), **choice)["location"]
        return {key: values[0] for key, values in parse_qs(urlsplit(location).query).items()}

    def code(self, url: str | None = None, **choice: Any) -> str:
        return self.login(url, **choice)["code"]

    def token_request(self, **changes: str | None) -> requests.Response:
        form = {"client_id": APP_ID, "client_secret": APP_SECRET, "redirect_uri": REDIRECT_URI} | changes
        return self.http.post(f"{self.url}/v26.0/oauth/access_token", data=form)

    def exchange(self, code: str) -> dict[str, Any]:
        answer = self.token_request(code=code)
        assert answer.ok, answer.text
        body: dict[str, Any] = answer.json()
        return body

    def extend(self, token: str, **changes: str | None) -> requests.Response:
        return self.token_request(grant_type="fb_exchange_token", fb_exchange_token=token, redirect_uri=None, **changes)

    def token(self, **body: Any) -> str:
        """Make a token to order, without a login."""
        value: str = self.control("tokens", **body)["access_token"]
        return value

    def get(self, path: str, token: str | None = None, **query: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return self.http.get(f"{self.url}/v26.0/{path}", params=query, headers=headers)

    def post(self, path: str, token: str | None = None, **body: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return self.http.post(f"{self.url}/v26.0/{path}", json=body, headers=headers)

    def delete(self, path: str, token: str) -> requests.Response:
        return self.http.delete(f"{self.url}/v26.0/{path}", headers={"Authorization": f"Bearer {token}"})

    def scopes(self, token: str) -> list[str]:
        """Return the scopes that debug_token shows in either list."""
        return sorted({*self.debug(token)["scopes"], *self.granular(token)})

    def granular(self, token: str) -> dict[str, list[str] | None]:
        """Return the target_ids by scope that debug_token shows; None where it shows none."""
        return {one["scope"]: one.get("target_ids") for one in self.debug(token)["granular_scopes"]}

    def debug(self, token: str) -> dict[str, Any]:
        answer = self.get("debug_token", APP_TOKEN, input_token=token)
        assert answer.ok, answer.text
        data: dict[str, Any] = answer.json()["data"]
        return data


def error(answer: requests.Response) -> tuple[int, int, int | None]:
    """Return the HTTP status, Facebook's code and its subcode."""
    body: dict[str, Any] = answer.json()["error"]
    return answer.status_code, body["code"], body.get("error_subcode")

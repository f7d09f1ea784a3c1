"""What a test tells and asks the Facebook simulator, over its control endpoint."""

from typing import Any

import requests


class Facebook:
    """The simulator at `url`."""

    def __init__(self, url: str) -> None:
        self.url = url

    def control(self, path: str, body: object = None, *, method: str = "POST") -> Any:
        answer = requests.request(method, f"{self.url}/_control/{path}", json=body, timeout=10)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def log_in(self, url: str, **choice: object) -> str:
        """Play the person in the dialog that `url` opens; return where they are sent."""
        location: str = self.control("login", {"url": url, **choice})["location"]
        return location

    def fail(self, endpoint: str, fault: str, **options: object) -> None:
        """Spoil the next request to an endpoint."""
        self.control("faults", {"endpoint": endpoint, "fault": fault, **options})

    def fail_exchange(self, fault: str, **options: object) -> None:
        self.fail("oauth/access_token", fault, grant_type="authorization_code", **options)

    def fail_extend(self, fault: str, **options: object) -> None:
        self.fail("oauth/access_token", fault, grant_type="fb_exchange_token", **options)

    def counts(self) -> dict[str, int]:
        counts: dict[str, int] = self.control("requests", method="GET")["counts"]
        return counts

    def graph_calls(self) -> list[str]:
        """Return the requests to the Graph API so far, in order: the endpoint, and for a token the grant type."""
        requests: list[dict[str, Any]] = self.control("requests", method="GET")["requests"]
        return [
            f"{one['endpoint']}:{one['grant_type']}" if one["grant_type"] else str(one["endpoint"])
            for one in requests
            if one["endpoint"] not in {"dialog", "login"}
        ]

    @property
    def exchanges(self) -> int:
        """How many code exchanges arrived."""
        return self.counts().get("oauth/access_token:authorization_code", 0)

    @property
    def extensions(self) -> int:
        return self.counts().get("oauth/access_token:fb_exchange_token", 0)

    @property
    def inspections(self) -> int:
        return self.counts().get("debug_token", 0)

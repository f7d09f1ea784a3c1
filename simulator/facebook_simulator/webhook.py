"""Verify the address of an app's webhooks, as Facebook does before it uses one.

https://developers.facebook.com/docs/graph-api/webhooks/getting-started
"""

import secrets
from urllib.parse import urlencode

from facebook_simulator.sender import Parcel, send


def verification_problem(url: str, verify_token: str) -> str:
    """Ask the address to repeat a challenge. Return what is wrong with its answer; "" if nothing is."""
    challenge = str(secrets.randbelow(10**10))
    query = {"hub.mode": "subscribe", "hub.challenge": challenge, "hub.verify_token": verify_token}
    answer = send(url, Parcel("GET", urlencode(query), "", b""))
    if answer.status is None:
        return "no answer"
    if answer.status != 200:
        return f"HTTP Status Code = {answer.status}"
    return "" if answer.body == challenge else "the answer is not the challenge"

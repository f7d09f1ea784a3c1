"""Whatever Facebook answers, the client returns something sound or raises one of its own errors."""

import json
from collections.abc import Callable
from dataclasses import asdict
from time import monotonic
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.answer import APP, DEBUG, EXCHANGE, GRAPH_URL, PHONE_NUMBERS, TOKEN, Answer, Oracle, answers
from tests.fuzz.inputs import CANARY, corpus, fuzzed, names
from tests.support import stack
from whatsapp_connect.app_secret import AppSecrets
from whatsapp_connect.errors import AccountUnknownError, LoginError
from whatsapp_connect.facebook import FacebookClient
from whatsapp_connect.facebook_responses import MAX_TOKEN_BYTES
from whatsapp_connect.graph import GraphClient
from whatsapp_connect.model import MAX_PHONE_NUMBERS, AccessToken, PhoneNumber, TokenInfo
from whatsapp_connect.whatsapp import WhatsAppClient

LAST_MOMENT = 253_402_300_799
MOST_REQUESTS = 2 * 20
"""Twenty pages of each of two lists, which is more than three attempts at anything else."""


class Asked:
    """The client, and what Facebook answers it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        secrets = AppSecrets(values=(stack.APP_SECRET,), ignored=())
        graph = GraphClient(
            url=GRAPH_URL,
            version="v26.0",
            app_id=stack.APP_ID,
            app_secrets=lambda *, again: secrets,  # noqa: ARG005
        )
        self.client = FacebookClient(graph)
        self.whatsapp = WhatsAppClient(graph)
        self.oracle = Oracle(monkeypatch)

    def check(self, call: str, given_answers: list[Answer], sound: Callable[[Any], bool]) -> None:
        self.oracle.give(given_answers)
        raised: LoginError | None = None
        try:
            found = self._call(call)
        except LoginError as error:
            raised = error
        else:
            assert sound(found), found
        if raised:
            shown = json.dumps(raised.fields)
            assert len(shown) < 500
            assert CANARY not in shown
            assert TOKEN not in shown
            assert raised.__suppress_context__ or raised.__context__ is None
        assert self.oracle.requests <= MOST_REQUESTS

    def _call(self, call: str) -> Any:  # noqa: PLR0911  one for each call
        token = AccessToken(TOKEN, None)
        about: dict[str, Any] = {"deadline": monotonic() + 60}
        match call:
            case "exchange":
                return self.client.exchange_code("code", redirect_uri=stack.REDIRECT_URI, **about)
            case "extend":
                return self.client.extend(token, **about)
            case "debug":
                return self.client.debug(token, **about)
            case "business":
                return self.client.client_business_id(token, **about)
            case "app":
                return self.client.check_app(**about)
            case "accounts":
                return self.whatsapp.owned_accounts("1", token, **about)
        try:
            return self.whatsapp.phone_numbers("1", token, **about)
        except AccountUnknownError:
            return ()


def is_sound_token(token: AccessToken) -> bool:
    return (
        0 < len(token.value) <= MAX_TOKEN_BYTES
        and token.value.isascii()
        and token.value.isprintable()
        and " " not in token.value
        and (token.expires_in is None or abs(token.expires_in) <= 2**53)
    )


def is_sound_info(info: TokenInfo) -> bool:
    moments = (info.issued_at, info.expires_at, info.data_access_expires_at)
    ids = [info.app_id, info.user_id, *info.target_ids]
    return (
        all(0 <= moment <= LAST_MOMENT for moment in moments)
        and all(one.isascii() and (one.isdigit() or not one) and len(one) <= 32 for one in ids)
        and all(scope.isascii() and len(scope) <= 100 for scope in info.scopes)
        and len(info.token_type) <= 40
        and (info.graph_version == "v26.0" or len(info.graph_version) <= 8)
        and can_be_written(asdict(info))
    )


def are_sound_numbers(found: tuple[PhoneNumber, ...]) -> bool:
    return len(found) <= MAX_PHONE_NUMBERS and can_be_written([asdict(number) for number in found])


def are_sound_names(found: dict[str, str]) -> bool:
    return len(found) <= 400 and all(map(is_sound_id, found)) and can_be_written(found)


def is_sound_id(value: str) -> bool:
    return not value or (value.isascii() and value.isdigit() and len(value) <= 32)


def is_sound_version(version: str) -> bool:
    return version == "v26.0" or len(version) <= 8


def can_be_written(value: object) -> bool:
    return bool(json.dumps(value, ensure_ascii=False).encode())


CALLS: dict[str, tuple[dict[str, Any], Callable[[Any], bool]]] = {
    "exchange": (EXCHANGE, is_sound_token),
    "extend": (EXCHANGE, is_sound_token),
    "debug": (DEBUG, is_sound_info),
    "business": ({"client_business_id": "2001", "id": "1"}, is_sound_id),
    "app": (APP, is_sound_version),
    "phone_numbers": (PHONE_NUMBERS, are_sound_numbers),
    "accounts": ({"data": [{"id": "1", "name": "Shop"}]}, are_sound_names),
}


@pytest.fixture
def asked(pauses: list[float], monkeypatch: pytest.MonkeyPatch) -> Asked:
    return Asked(monkeypatch)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("kept", corpus("answers"), ids=names("answers"))
def test_an_answer_worth_keeping(asked: Asked, call: str, kept: dict[str, Any]) -> None:
    asked.check(call, [Answer.of(kept)], CALLS[call][1])


@pytest.mark.parametrize("call", CALLS)
@fuzzed()
@given(data=st.data())
def test_any_answer(asked: Asked, call: str, data: st.DataObject) -> None:
    like, sound = CALLS[call]
    asked.check(call, data.draw(st.lists(answers(like), min_size=1, max_size=4)), sound)

"""What Facebook, or something in its place, could answer: right, nearly right, and anything at all."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import pytest
from hypothesis import strategies as st
from requests import PreparedRequest, Response, Session
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3 import HTTPResponse

from tests.fuzz.inputs import CANARY
from tests.support import stack
from tests.support.clock import DAY, START

TOKEN = "EAA" + "x" * 197
USER_ID = "122100000000000001"
EXCHANGE = {"access_token": TOKEN, "token_type": "bearer", "expires_in": 5_183_944}
DEBUG = {
    "data": {
        "app_id": stack.APP_ID,
        "type": "USER",
        "application": "Shop",
        "is_valid": True,
        "user_id": USER_ID,
        "expires_at": START + 60 * DAY,
        "data_access_expires_at": START + 90 * DAY,
        "issued_at": START,
        "scopes": ["whatsapp_business_management", "whatsapp_business_messaging", "public_profile"],
        "granular_scopes": [{"scope": "whatsapp_business_management", "target_ids": ["300000000000001"]}],
    }
}
APP = {"data": {"app_id": stack.APP_ID, "type": "APP", "application": "Shop", "is_valid": True, "scopes": []}}
PHONE_NUMBERS = {
    "data": [{"id": "400000000000001", "display_phone_number": "+1 202-555-0100", "verified_name": "Shop"}],
    "paging": {"cursors": {"before": "a", "after": "b"}, "next": "https://graph.facebook.com/x"},
}


@dataclass(frozen=True, slots=True)
class Answer:
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @classmethod
    def of(cls, kept: dict[str, Any]) -> "Answer":
        """Make one of what the corpus keeps."""
        body = kept["body"] if isinstance(kept["body"], str) else json.dumps(kept["body"])
        return cls(kept.get("status", 200), kept.get("headers", {}), (body * kept.get("times", 1)).encode("latin-1"))


GRAPH_URL = "https://graph.invalid"


class Oracle(HTTPAdapter):
    """Answers requests to GRAPH_URL with what it was given, and the last of it again and again."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__()
        get_adapter = Session.get_adapter

        def choose(session: Session, url: str) -> BaseAdapter:
            return self if url.startswith(GRAPH_URL) else get_adapter(session, url)

        monkeypatch.setattr(Session, "get_adapter", choose)
        self.requests = 0
        self._answers: Iterator[Answer] = iter(())
        self._last = Answer()

    def give(self, answers: Iterable[Answer]) -> None:
        self.requests = 0
        self._answers = iter(answers)

    def send(self, request: PreparedRequest, *_: object, **__: object) -> Response:
        self.requests += 1
        self._last = next(self._answers, self._last)
        raw = HTTPResponse(
            body=BytesIO(self._last.body),
            headers=self._last.headers,
            status=self._last.status,
            preload_content=False,
        )
        return self.build_response(request, raw)


_numbers = st.one_of(
    st.integers(-10, 2000),
    st.integers(),
    st.sampled_from([-1, 0, 2**31, 2**53 + 1, START * 1000, 253_402_300_800, 10**40, 10**400]),
)
_texts = st.one_of(
    st.text(st.characters(), max_size=40),  # half characters, too: JSON can spell them
    st.sampled_from(["", "0", "true", CANARY, TOKEN, "../../app-secret", "x" * 9000, "٣٣", "\n\r\0", "\ud800"]),
)
_scalars = st.one_of(st.none(), st.booleans(), _numbers, st.floats(), _texts)
anything = st.recursive(
    _scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=6), st.dictionaries(st.text(max_size=12), inner, max_size=6)),
    max_leaves=12,
)


def spoiled(value: Any) -> st.SearchStrategy[Any]:
    """Return values like this one, of which something may be missing or something else."""
    if isinstance(value, dict):
        required = {key: _mostly(inner) for key, inner in value.items()}
        return st.builds(
            lambda full, lost: {key: inner for key, inner in full.items() if key not in lost},
            st.fixed_dictionaries(required),
            st.one_of(st.just(set()), st.sets(st.sampled_from(sorted(value)), max_size=2)),
        )
    if isinstance(value, list):
        return st.one_of(
            st.tuples(*map(_mostly, value)).map(list),
            st.lists(st.one_of(*map(_mostly, value), anything), max_size=5),
            # More of it than fits anywhere.
            st.integers(50, 400).map(lambda number: value * number),
        )
    return anything


def _mostly(value: Any) -> st.SearchStrategy[Any]:
    same = st.just(value)
    return st.one_of(same, same, same, spoiled(value))


_errors = st.fixed_dictionaries(
    {"code": st.one_of(st.sampled_from([1, 2, 3, 4, 10, 17, 100, 101, 102, 190, 191, 200, 368, 613]), anything)},
    optional={
        "error_subcode": st.one_of(st.sampled_from([463, 460, 36007, 36008, 36009]), anything),
        "message": st.just(CANARY),
        "error_user_msg": st.just(CANARY),
        "type": st.just("OAuthException"),
        "is_transient": st.one_of(st.booleans(), anything),
        "fbtrace_id": st.one_of(st.just("A_bc-123"), _texts),
    },
).map(lambda error: {"error": error})

_rubbish = st.one_of(
    st.binary(max_size=200),
    st.sampled_from(
        [
            b"",
            b"null",
            b"[]",
            b"[" * 100_000,
            b'{"data":' * 50_000,
            b'{"expires_in": ' + b"9" * 5_000 + b"}",
            b'{"padding": "' + b"x" * 300_000 + b'"}',
            b"\xef\xbb\xbf{}",
            '{"access_token": "EAA"}'.encode("utf-16"),
            b'{"data": NaN}',
            b"<!DOCTYPE html><title>Error</title>",
            CANARY.encode(),
        ]
    ),
)
_statuses = st.one_of(
    st.just(200), st.just(200), st.sampled_from([204, 302, 304, 400, 401, 403, 404, 429, 500, 502, 503, 999])
)
_headers: st.SearchStrategy[dict[str, str]] = st.one_of(
    st.just({}),
    st.fixed_dictionaries(
        {"facebook-api-version": st.one_of(st.sampled_from(["v26.0", "v27.0", "26", CANARY]), st.text("v.09é"))}
    ),
    st.just({"Location": f"https://example.com/{CANARY}", "Content-Encoding": "gzip"}),
)


def answers(like: dict[str, Any]) -> st.SearchStrategy[Answer]:
    """Return answers to a call that is to be answered like this."""
    bodies = st.one_of(
        spoiled(like).map(_dump), spoiled(like).map(_dump), _errors.map(_dump), anything.map(_dump), _rubbish
    )
    good = st.builds(Answer, st.just(200), st.just({"facebook-api-version": "v26.0"}), spoiled(like).map(_dump))
    return st.one_of(good, good, st.builds(Answer, _statuses, _headers, bodies))


def _dump(value: Any) -> bytes:
    return json.dumps(value).encode()

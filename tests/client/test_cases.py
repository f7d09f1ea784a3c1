"""Cases that the Python and the Node.js package share: see also clients/node/test/cases.test.ts."""

import dataclasses
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import whatsapp_connect_reader
from tests.client.functions import Function
from tests.client.store import PREFIX, Clock, Store
from whatsapp_connect_reader import (
    LinkCreator,
    TokenReader,
    TokenRefused,
    appsecret_proof,
    raise_if_refused,
    timestamped_appsecret_proof,
)

CASES = json.loads((Path(__file__).parent / "cases.json").read_text())
CONNECTION = CASES["connection_id"]


def as_json(value: object) -> Any:
    """Return the JSON of a dataclass, whose times must be in UTC."""

    def text(time: object) -> str:
        assert isinstance(time, datetime)
        assert time.tzinfo is UTC
        return time.strftime("%Y-%m-%dT%H:%M:%SZ")

    assert dataclasses.is_dataclass(value)
    assert not isinstance(value, type)
    return json.loads(json.dumps(dataclasses.asdict(value), default=text))


def check_error(error: Exception, expected: dict[str, Any]) -> None:
    """Check the type, the message and the attributes of an error; "other" is one that the package does not define."""
    kind = expected["type"]
    if kind == "other":
        assert type(error).__name__ not in whatsapp_connect_reader.__all__
        return
    assert type(error) is getattr(whatsapp_connect_reader, kind)
    attributes = {name: value for name, value in expected.items() if name != "type"}
    assert {name: getattr(error, name, str(error)) for name in attributes} == attributes
    assert "s3cret" not in str(error) + repr(error)


@pytest.mark.parametrize("case", CASES["pairs"], ids=lambda case: case["name"])
def test_pair(reader: TokenReader, store: Store, clock: Clock, case: dict[str, Any]) -> None:
    for token in case["tokens"]:
        store.put_token(token, CONNECTION)
    metadata = CASES["metadata"] | case.get("changes", {})
    if case.get("metadata", metadata):
        store.client.put_parameter(
            Name=f"{PREFIX}/connections/{CONNECTION}/metadata",
            Value=json.dumps({name: value for name, value in metadata.items() if name not in case.get("without", ())}),
            Type="String",
        )
    usable = case.get("usable", False)
    if "error" in case:
        with pytest.raises(Exception) as caught:  # noqa: PT011 - the case says which
            reader.read(CONNECTION, usable=usable)
        check_error(caught.value, case["error"])
    else:
        found = as_json(reader.read(CONNECTION, usable=usable))
        expected = CASES["metadata"] | {"connection_id": CONNECTION, "access_token": case["token"]} | case["connection"]
        assert found == expected
    assert store.reads == [f"{CONNECTION}/{name}" for name in case["reads"]]
    assert clock.pauses == case.get("pauses_s", [])


@pytest.mark.parametrize("case", CASES["answers"], ids=lambda case: json.dumps(case["answer"]))
def test_answer(case: dict[str, Any]) -> None:
    if not case["refused"]:
        raise_if_refused(case["answer"])
        return
    with pytest.raises(TokenRefused) as caught:
        raise_if_refused(case["answer"])
    assert [caught.value.code, caught.value.subcode, str(caught.value)] == case["refused"]


def test_proofs() -> None:
    case = CASES["proofs"]
    signed = (case["access_token"], case["app_secret"])
    assert appsecret_proof(*signed) == case["proof"]
    assert timestamped_appsecret_proof(*signed, now=case["now"]) == case["timestamped_proof"]


@pytest.mark.parametrize("case", CASES["links"], ids=lambda case: case["name"])
def test_link(function: Function, case: dict[str, Any]) -> None:
    function.answer = json.dumps(case["answer"]).encode()
    if "function_error" in case:
        function.headers = {"X-Amz-Function-Error": case["function_error"]}
    links = LinkCreator("create-link")
    if "error" in case:
        with pytest.raises(Exception) as caught:  # noqa: PT011 - the case says which
            links.create(CONNECTION, **case["options"])
        check_error(caught.value, case["error"])
    else:
        assert as_json(links.create(CONNECTION, **case["options"])) == case["link"]
    assert function.inputs == [{"connection_id": CONNECTION, **case["sent"]}]

"""What Parameter Store refuses, as the strict layer before the emulator knows it."""

from typing import Any

import pytest

from local.strict import parameter_store
from local.strict.refusal import Refusal

NEW: dict[str, Any] = {"Name": "/p/connections/1/metadata", "Value": "x", "Type": "String"}
OVERSIZE = "x" * 4097


def code(answer: Refusal | str | None) -> str | None:
    return answer.code if isinstance(answer, Refusal) else None


@pytest.mark.parametrize("value", ["{{summer}} sale", "a{{\n}}", '{"a": "{{", "b": {"c": {}}}', "{{}}"])
def test_value_in_double_brackets_is_refused(value: str) -> None:
    assert code(parameter_store.refuse_value(NEW | {"Value": value})) == "ValidationException"


@pytest.mark.parametrize("value", ["{summer}", '{"a": {"b": {}}}', "}} {{", "{{ alone", "{ {a} }"])
def test_other_brackets_are_taken(value: str) -> None:
    assert parameter_store.refuse_value(NEW | {"Value": value}) is None


def test_empty_value_is_refused() -> None:
    assert code(parameter_store.refuse_value(NEW | {"Value": ""})) == "ValidationException"


@pytest.mark.parametrize("name", ["aws", "awsome", "SSM-x", "/ssm/a", "/SsmThing", "ssm/a"])
def test_reserved_name_is_refused_in_any_case(name: str) -> None:
    assert code(parameter_store.refuse_name(name)) == "ValidationException"


@pytest.mark.parametrize("name", ["/aws/a", "/AWS/a", "/Awsome"])
def test_reserved_path_is_refused_as_no_access(name: str) -> None:
    assert code(parameter_store.refuse_name(name)) == "AccessDeniedException"


@pytest.mark.parametrize("name", ["/a b", "a/b", "/a:1", "/ä", "/" + "a" * 1011])
def test_name_of_other_characters_is_refused(name: str) -> None:
    assert code(parameter_store.refuse_name(name)) == "ValidationException"


def test_sixteenth_level_of_a_name_is_refused() -> None:
    assert parameter_store.refuse_name("/a" * 15) is None
    assert code(parameter_store.refuse_name("/a" * 16)) == "HierarchyLevelLimitExceededException"


@pytest.mark.parametrize("name", ["/my/aws", "/p/connections/acme.de_1-x/access-token", "plain"])
def test_usual_name_is_taken(name: str) -> None:
    assert parameter_store.refuse_name(name) is None


@pytest.mark.parametrize("about", [{"Type": "Number"}, {"Type": "String", "KeyId": "alias/a"}])
def test_unknown_type_and_key_for_plain_text_are_refused(about: dict[str, str]) -> None:
    assert code(parameter_store.refuse_type(NEW | about)) == "ValidationException"


@pytest.mark.parametrize("about", [{}, {"Type": "SecureString", "KeyId": "alias/a"}, {"Type": None}])
def test_known_type_is_accepted(about: dict[str, str]) -> None:
    assert parameter_store.refuse_type(NEW | about) is None


@pytest.mark.parametrize(
    ("tier", "value", "expected"),
    [
        (None, "x" * 4096, "Standard"),
        ("Advanced", "x", "Advanced"),
        ("Advanced", "x" * 8192, "Advanced"),
        ("Intelligent-Tiering", "x" * 4096, "Standard"),
        ("Intelligent-Tiering", OVERSIZE, "Advanced"),
    ],
)
def test_tier_follows_from_request_and_size(tier: str | None, value: str, expected: str) -> None:
    request = NEW | {"Tier": tier, "Value": value}
    assert parameter_store.tier(request, existing=None, is_standard_full=False) == expected


@pytest.mark.parametrize(
    ("tier", "value"),
    [
        (None, OVERSIZE),
        ("Standard", "\u20ac" * 1366),
        ("Advanced", "x" * 8193),
        ("Intelligent-Tiering", "x" * 8193),
    ],
)
def test_value_larger_than_its_tier_is_refused(tier: str | None, value: str) -> None:
    request = NEW | {"Tier": tier, "Value": value}
    answer = parameter_store.tier(request, existing=None, is_standard_full=False)
    assert code(answer) == "ValidationException"


def test_advanced_parameter_never_becomes_standard() -> None:
    asked = [
        parameter_store.tier(NEW | {"Tier": tier}, existing="Advanced", is_standard_full=False)
        for tier in (None, "Intelligent-Tiering", "Standard")
    ]
    assert asked[:2] == ["Advanced", "Advanced"]
    assert code(asked[2]) == "ValidationException"


def test_new_parameter_beyond_the_standard_ones_is_refused_or_advanced() -> None:
    plain = parameter_store.tier(NEW, existing=None, is_standard_full=True)
    tiering = parameter_store.tier(NEW | {"Tier": "Intelligent-Tiering"}, existing=None, is_standard_full=True)
    overwritten = parameter_store.tier(NEW, existing="Standard", is_standard_full=True)
    assert (code(plain), tiering, overwritten) == ("ParameterLimitExceeded", "Advanced", "Standard")


def test_hundred_and_first_version_is_refused_while_the_oldest_has_a_label() -> None:
    labelled, plain = [["keep"], *[[]] * 99], [[], ["keep"], *[[]] * 98]
    assert code(parameter_store.refuse_version(labelled)) == "ParameterMaxVersionLimitExceeded"
    assert parameter_store.refuse_version(plain) is None
    assert parameter_store.refuse_version(labelled[:99]) is None


@pytest.mark.parametrize(("now", "expected"), [(129.9, "TooManyUpdates"), (130.0, None)])
def test_deleted_name_is_accepted_after_thirty_seconds(now: float, expected: str | None) -> None:
    assert code(parameter_store.refuse_recreation(deleted_at=100.0, now=now, seconds=30)) == expected


def test_name_never_deleted_is_accepted() -> None:
    assert parameter_store.refuse_recreation(deleted_at=None, now=0.0, seconds=30) is None


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ("PutParameter", "writes"),
        ("GetParameter", "reads"),
        ("GetParametersByPath", "reads"),
        ("DeleteParameter", None),
    ],
)
def test_reads_and_writes_count_against_quotas_of_their_own(operation: str, expected: str | None) -> None:
    assert parameter_store.quota(operation) == expected


@pytest.mark.parametrize(
    ("operation", "request_", "expected"),
    [
        ("GetParameter", {"Name": "/p/a:1"}, ["/p/a"]),
        ("GetParameter", {"Name": "/p/a:label"}, ["/p/a"]),
        ("GetParameter", {"Name": "arn:aws:ssm:us-east-1:000000000000:parameter/p/a:1"}, ["/p/a"]),
        ("GetParameters", {"Names": ["/p/a:1", "b"]}, ["/p/a", "b"]),
        ("DeleteParameters", {"Names": ["/p/a"]}, ["/p/a"]),
        ("GetParametersByPath", {"Path": "/p/"}, ["/p"]),
        ("PutParameter", {"Name": "/p/a"}, ["/p/a"]),
    ],
)
def test_request_is_authorised_on_names_without_version(
    operation: str, request_: dict[str, Any], expected: list[str]
) -> None:
    assert parameter_store.resources(operation, request_) == expected

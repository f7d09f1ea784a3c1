"""Break template.yaml, one setting at a time, and see which changes the tests in tests/template do not notice.

python -m tests.mutants template. Every mutant is tested in a process of its own, forked from one that has run the tests
and so has everything loaded.
"""

import gc
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from typing import Any, NoReturn
from unittest.mock import patch

import pytest

from local.place import ROOT
from tests.template import translate

FOLDER = ROOT / "tests" / "template"
LINT = "test_cfn_lint_finds_nothing_in_what_cloudformation_gets"
FILES = [
    FOLDER / f"test_{name}.py"
    for name in (
        *("rights", "api", "functions", "storage", "parameters", "alert_rule", "decisions", "dashboard"),
        "alarms",
    )
]
"""The quick ones first. cfn-lint takes seconds and comes last."""
TIMEOUT_S = 300
"""A mutant that keeps the tests from ending for so long counts as noticed."""

EXCLUDED = {
    *("Description", "AlarmDescription", "ConstraintDescription", "AssertDescription", "DisplayName"),
    *("Label", "label", "title", "PolicyName", "checkov", "cfn-lint"),
    *("x", "y", "width", "height", "stacked"),
}
"""What is only shown to people, or to tools: never changed."""

SWAPS = {
    "Sum": "Maximum",
    "Maximum": "Sum",
    "Minimum": "Maximum",
    "p95": "p50",
    "GreaterThanOrEqualToThreshold": "GreaterThanThreshold",
    "GreaterThanThreshold": "GreaterThanOrEqualToThreshold",
    "LessThanThreshold": "LessThanOrEqualToThreshold",
    "breaching": "notBreaching",
    "notBreaching": "breaching",
    "Allow": "Deny",
    "RetainExceptOnCreate": "Delete",
    "Retain": "Delete",
    "PAY_PER_REQUEST": "PROVISIONED",
    "TRIM_HORIZON": "LATEST",
    "NEW_IMAGE": "NEW_AND_OLD_IMAGES",
    "KEYS_ONLY": "ALL",
    "INCLUDE": "ALL",
    "HASH": "RANGE",
    "S": "N",
    "N": "S",
    "String": "Number",
    "Number": "String",
    "GET": "POST",
    "POST": "GET",
    "TLS_1_2": "TLS_1_0",
    "arm64": "x86_64",
    "x86_64": "arm64",
    "enabled": "disabled",
    "disabled": "enabled",
    "paused": "disabled",
    "rate(5 minutes)": "rate(1 hour)",
}
"""Other good words, which are harder to notice than misspelt ones."""

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Mutant:
    path: Path
    change: str
    template: dict[str, Any]

    def __str__(self) -> str:
        return f"{'.'.join(map(str, self.path))}: {self.change}"


def main(*, every: int = 1) -> None:
    """Try every mutant, or every so manieth, and print how many were noticed and which were not."""
    chosen = list(mutants(translate.parse()))[::every]
    options = ["-q", "-x", "-n0", "-p", "no:cacheprovider", "--rootdir", str(ROOT), *map(str, FILES)]
    if pytest.main(options) != 0:  # which also loads everything and has the code emit its metrics, once
        raise SystemExit("The tests fail without any change.")
    gc.freeze()  # what is loaded now is not looked through again in every process
    pytest.main([*options, "-s", "--no-header", "--no-summary"], plugins=[_Loop(chosen)])


class _Loop:
    """Runs the tests that pytest has found once for every mutant instead of once."""

    def __init__(self, chosen: Sequence[Mutant]) -> None:
        self._chosen = chosen

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        survivors = 0
        for number, (mutant, is_noticed) in enumerate(_try_all(self._chosen, session.items), 1):
            if not is_noticed:
                survivors += 1
                say(f"  {mutant}")
            if number % 500 == 0:
                say(f"... {number} of {len(self._chosen)}")
        noticed = len(self._chosen) - survivors
        say(f"template: {noticed} of {len(self._chosen)} noticed, {noticed / len(self._chosen):.1%}")
        return True


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def mutants(template: dict[str, Any]) -> Iterator[Mutant]:
    """Yield the template with one change, for every change there is."""
    for path, change, value in _changes((), template, template):
        mutated = deepcopy(template)
        _put(mutated, path, value)
        if mutated != template:
            yield Mutant(path, change, mutated)


_REMOVED = object()


def _put(node: Any, path: Path, value: Any) -> None:
    *parents, last = path
    for key in parents:
        node = node[key]
    if value is _REMOVED:
        del node[last]
    else:
        node[last] = value


def _changes(path: Path, node: Any, template: Mapping[str, Any]) -> Iterator[tuple[Path, str, Any]]:
    if isinstance(node, dict) and len(node) == 1 and (about := _function(node)):
        yield from _of_function(path, *about, template)
    elif isinstance(node, dict):
        for key, item in node.items():
            if key not in EXCLUDED:
                yield (*path, key), "removed", _REMOVED
                if key.startswith(("String", "Arn")) and "Condition" in path:
                    yield path, f"made {key}IfExists", _renamed(node, key, f"{key}IfExists")
                yield from _changes((*path, key), item, template)
    elif isinstance(node, list):
        for index, item in enumerate(node):
            if isinstance(item, dict) and item.keys() <= EXCLUDED:
                continue
            yield (*path, index), f"removed {json.dumps(item)[:60]}", _REMOVED
            yield from _changes((*path, index), item, template)
    else:
        yield from ((path, change, value) for change, value in _other_values(node))


def _renamed(node: Mapping[str, Any], key: str, name: str) -> dict[str, Any]:
    return {name if one == key else one: about for one, about in node.items()}


def _function(node: Mapping[str, Any]) -> tuple[str, Any] | None:
    ((name, about),) = node.items()
    is_function = name.startswith("Fn::") or (name in {"Ref", "Condition"} and isinstance(about, str))
    return (name, about) if is_function else None


def _of_function(path: Path, name: str, about: Any, template: Mapping[str, Any]) -> Iterator[tuple[Path, str, Any]]:
    match name:
        case "Ref" | "Condition" | "Fn::GetAtt":
            yield from ((path, change, value) for change, value in _of_reference(name, about, template))
        case "Fn::If":
            condition, yes, no = about
            yield path, "turned round", {name: [condition, no, yes]}
            yield path, "always as if", yes
            yield path, "never as if", no
            for index in (1, 2):
                yield from _changes((*path, name, index), about[index], template)
        case "Fn::Sub":
            text, *more = about if isinstance(about, list) else [about]
            for change, value in _other_texts(text):
                yield path, change, {name: [value, *more] if more else value}
            for key, item in more[0].items() if more else ():
                yield from _changes((*path, name, 1, key), item, template)
        case "Fn::Not":
            (inner,) = about
            yield path, "turned round", inner
            yield from _changes((*path, name, 0), inner, template)
        case _:
            yield from _changes((*path, name), about, template)


def _of_reference(name: str, about: Any, template: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    match name:
        case "Ref":
            for other in _like(about, template):
                yield f"referred to {other}", {"Ref": other}
        case "Condition":
            for other in template["Conditions"]:
                yield f"referred to {other}", {"Condition": other}
        case _:
            resource, attribute = about if isinstance(about, list) else about.split(".", 1)
            for other in _like(resource, template):
                yield f"referred to {other}", {"Fn::GetAtt": [other, attribute]}
            yield "widened to *", "*"


def _like(name: str, template: Mapping[str, Any]) -> list[str]:
    """Return up to two others of the kind that a name is of."""
    resources, parameters = template["Resources"], template["Parameters"]
    if name in resources:
        kind = resources[name]["Type"]
        return [one for one, about in resources.items() if about["Type"] == kind and one != name][:2]
    if name in parameters:
        kind = parameters[name]["Type"]
        return [one for one, about in parameters.items() if about["Type"] == kind and one != name][:2]
    return [one for one in ("AWS::StackName", "AWS::Region", "AWS::AccountId") if one != name][:2]


def _other_values(value: Any) -> Iterator[tuple[str, Any]]:
    match value:
        case bool():
            yield f"made {not value}", not value
        case int() | float():
            yield f"made {value * 2 or 1}", value * 2 or 1
            yield f"made {value - 1}", value - 1
        case str():
            yield from _other_texts(value)


def _other_texts(text: str) -> Iterator[tuple[str, str]]:
    """Misspell a text, widen it, or change what it holds if it is JSON."""
    if text.lstrip().startswith("{"):
        document = json.loads(text)
        for path, change, value in _changes((), document, {}):
            changed = deepcopy(document)
            _put(changed, path, value)
            yield f"{change} at {'.'.join(map(str, path))}", json.dumps(changed)
        return
    misspelt = SWAPS.get(text, f"{text}x")
    yield f"made {misspelt}", misspelt
    for reference in _references(text):
        yield f"widened at {reference}", text.replace(reference, "*", 1)
    head, separator, last = max((text.rpartition(":"), text.rpartition("/")), key=lambda one: len(one[0]))
    if separator and last not in {"*", ""}:
        yield f"widened at {last}", f"{head}{separator}*"


def _references(text: str) -> Iterator[str]:
    """Yield every ${...}."""
    _, *parts = text.split("${")
    for part in parts:
        yield "${" + part.partition("}")[0] + "}"


def _try_all(chosen: Sequence[Mutant], items: Sequence[pytest.Item]) -> Iterator[tuple[Mutant, bool]]:
    """Test mutants, as many at once as there are processors; yield each with whether it was noticed."""
    running: dict[int, Mutant] = {}
    waiting = list(reversed(chosen))
    while waiting or running:
        while waiting and len(running) < (os.cpu_count() or 1):
            mutant = waiting.pop()
            pid = os.fork()
            if not pid:
                _end_with(partial(_is_noticed, mutant, items))
            running[pid] = mutant
        pid, status = os.wait()
        yield running.pop(pid), status != 0


def _end_with(action: Callable[[], bool]) -> NoReturn:
    """End this process, with status 0 where `action` returns False."""
    signal.alarm(TIMEOUT_S)  # the signal ends the process
    status = 1
    try:
        status = int(action())
    finally:
        os._exit(status)


def _is_noticed(mutant: Mutant, items: Sequence[pytest.Item]) -> bool:
    """Run the tests on a mutant until one fails: those that name the changed resource first, cfn-lint last."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, 1)
    os.dup2(devnull, 2)
    name = str(mutant.path[1]) if len(mutant.path) > 1 else ""
    ordered = sorted(items, key=lambda item: (item.name == LINT, name.lower() not in item.nodeid.lower()))
    with patch.object(translate, "yaml_parse", lambda _: deepcopy(mutant.template)):
        for item, following in zip(ordered, [*ordered[1:], None], strict=True):
            item.ihook.pytest_runtest_protocol(item=item, nextitem=following)
            if item.session.testsfailed:
                return True
    return False

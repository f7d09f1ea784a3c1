"""Break template.yaml, one setting at a time, and see which changes the tests in tests/template do not notice.

python -m tests.mutants template. Every mutant is tested in a process of its own, forked from one that has run the tests
and so has everything loaded.
"""

import gc
import json
import os
import signal
import sys
from collections import Counter
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
LINT = f"{FOLDER / 'test_parameters.py'}::test_cfn_lint_finds_nothing_in_what_cloudformation_gets"
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
    *("Label", "label", "title", "checkov", "cfn-lint"),
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
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # none of them is needed, and each takes its time
    original = translate.parse()
    if _test(original, quiet=False):
        raise SystemExit("The tests fail without any change.")
    gc.freeze()  # what is loaded now is not looked through again in every process
    chosen = list(mutants(original))[::every]
    survivors = []
    kinds: Counter[str] = Counter()
    for mutant, is_noticed in _try_all(chosen):
        kinds[mutant.change.partition(" ")[0]] += 1
        if not is_noticed:
            survivors.append(mutant)
            sys.stdout.write(f"  {mutant}\n")
            sys.stdout.flush()
    noticed = len(chosen) - len(survivors)
    sys.stdout.write(f"template: {noticed} of {len(chosen)} noticed, {noticed / len(chosen):.1%}\n")
    sys.stdout.write(f"  {', '.join(f'{kind} {number}' for kind, number in kinds.most_common())}\n")


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


def _of_function(
    path: Path, name: str, about: Any, template: Mapping[str, Any]
) -> Iterator[tuple[Path, str, Any]]:
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


def _try_all(chosen: Sequence[Mutant]) -> Iterator[tuple[Mutant, bool]]:
    """Test mutants, as many at once as there are processors; yield each with whether it was noticed."""
    running: dict[int, Mutant] = {}
    waiting = list(reversed(chosen))
    while waiting or running:
        while waiting and len(running) < (os.cpu_count() or 1):
            mutant = waiting.pop()
            running[_fork(partial(_test, mutant.template, mutant.path))] = mutant
        pid, status = os.wait()
        yield running.pop(pid), status != 0


def _fork(action: Callable[[], bool]) -> int:
    """Start a process that ends with status 0 where `action` returns False, and return its id."""
    pid = os.fork()
    if not pid:
        _end(action)
    return pid


def _end(action: Callable[[], bool]) -> NoReturn:
    signal.alarm(TIMEOUT_S)  # the signal ends the process
    status = 1
    try:
        status = int(action())
    finally:
        os._exit(status)


def _test(template: dict[str, Any], path: Path = (), *, quiet: bool = True) -> bool:
    """Run the tests on a template, those that name the changed resource first; return whether any fails."""
    patch.object(translate, "yaml_parse", lambda _: deepcopy(template)).start()
    if quiet:
        devnull = os.open(os.devnull, os.O_WRONLY)
        os.dup2(devnull, 1)
        os.dup2(devnull, 2)
    options = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:unraisableexception", "--rootdir", str(ROOT)]
    quick = [*options, "--deselect", LINT.removeprefix(f"{ROOT}/"), *map(str, FILES)]
    named = [[*quick, "-k", str(path[1])]] if path[:1] == ("Resources",) else []
    passed = {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}
    return any(pytest.main(arguments) not in passed for arguments in (*named, quick, [*options, LINT]))

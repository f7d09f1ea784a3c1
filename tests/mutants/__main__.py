"""Break the template and the modules that security rests on, one small change at a time, and see which no test notices.

python -m tests.mutants [template] [module ...]. It takes about two hours for the modules. An eighth of the template's
mutants took twelve minutes on two busy processors.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from local.place import ROOT
from tests.mutants import template

TESTS = {
    "signed_request": ["unit/test_signed_request.py", "integration/test_signed_request_refused.py"],
    "states": [
        "integration/test_states.py",
        "unit/test_request.py",
        "integration/test_callback_state.py",
        "integration/test_links.py",
        "integration/test_uniform.py",
    ],
    "webhook": ["unit/test_webhook.py"],
    "token_rules": ["unit/test_token_rules.py"],
    "facebook_responses": ["unit/test_facebook_responses.py"],
    "connections": [
        "integration/test_connection_store.py",
        "integration/test_forget.py",
        "integration/test_interleaved_writers.py",
        "integration/test_check_fault.py",
    ],
}
"""The tests that are to notice, those that are quick first."""

TEMPLATE = "template"
"""Broken by this program itself: see template.py beside it."""
TIMEOUT = 120
"""Seconds after which a mutant that keeps the tests from ending counts as noticed."""


@dataclass(frozen=True, slots=True)
class Mutant:
    line: int
    operator: str
    diff: str
    survived: bool


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("modules", nargs="*", metavar="module", help=", ".join((TEMPLATE, *TESTS)))
    asked = parser.parse_args().modules or [TEMPLATE, *TESTS]
    modules = [module for module in asked if module != TEMPLATE]
    if unknown := set(modules) - set(TESTS):
        parser.error(f"no tests are named for {', '.join(sorted(unknown))}")
    if TEMPLATE in asked:
        template.main()
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for module, mutants in zip(modules, pool.map(mutate, modules), strict=True):
            survivors = [one for one in mutants if one.survived]
            noticed = len(mutants) - len(survivors)
            say(f"{module}: {noticed} of {len(mutants)} noticed, {noticed / len(mutants):.1%}")
            for one in survivors:
                say(f"  line {one.line}, {one.operator}\n{one.diff}")
    return 0


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def mutate(module: str) -> list[Mutant]:
    """Try every mutant of a module in a copy of the project."""
    with tempfile.TemporaryDirectory() as directory:
        copy = Path(directory) / "project"
        left_out = shutil.ignore_patterns(".*_cache", ".hypothesis", ".local", ".aws-sam", ".git", ".venv")
        shutil.copytree(ROOT, copy, ignore=left_out)
        (copy / ".venv").symlink_to(ROOT / ".venv")
        command = [".venv/dev/bin/python", "-m", "pytest", "-qx", "-n0", "-p", "no:cacheprovider"]
        command += [f"tests/{path}" for path in TESTS[module]]
        (copy / "mutants.toml").write_text(
            "[cosmic-ray]\n"
            f'module-path = "functions/whatsapp_connect/{module}.py"\n'
            f"timeout = {TIMEOUT}\n"
            "excluded-modules = []\n"
            f"test-command = {json.dumps(' '.join(command))}\n"
            '[cosmic-ray.distributor]\nname = "local"\n'
        )
        for step in (
            ["baseline", "mutants.toml"],
            ["init", "mutants.toml", "mutants.sqlite"],
            ["exec", "mutants.toml", "mutants.sqlite"],
        ):
            cosmic_ray(*step, directory=copy)
        return list(read(cosmic_ray("dump", "mutants.sqlite", directory=copy)))


def cosmic_ray(*arguments: str, directory: Path) -> str:
    # A mutant of the same length and second as the one before would be taken for it.
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [ROOT / ".venv" / "mutants" / "bin" / "cosmic-ray", *arguments],
        cwd=directory,
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout


def read(dump: str) -> Iterator[Mutant]:
    for line in dump.splitlines():
        item, result = json.loads(line)
        mutation = item["mutations"][0]
        yield Mutant(
            line=mutation["start_pos"][0],
            operator=mutation["operator_name"].removeprefix("core/"),
            diff="\n".join(
                f"    {text}"
                for text in (result["diff"] or "").splitlines()
                if text[:1] in "+-" and text[:3] not in {"+++", "---"}
            ),
            survived=result["test_outcome"] == "survived",
        )


if __name__ == "__main__":
    sys.exit(main())

"""Search the pinned distributions for known vulnerabilities: python advisories.py LIST ...

Fails if it finds one. If the advisories cannot be reached, for example without the internet, prints NOT AUDITED and
fails only if REQUIRE_ADVISORIES=1.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

IGNORED: Mapping[str, str] = {}
"""Reason by ID for each advisory that does not affect us."""


def main(lists: list[str]) -> int:
    """Audit every list, print the findings, and return the exit code."""
    found, unknown = [], []
    for name in lists:
        report = audit(name)
        found += vulnerabilities(report, name)
        unknown += [f"{name}: {missing}" for missing in not_audited(report)]
    for line in found:
        print(f"VULNERABLE {line}")
    if unknown:
        print(f"NOT AUDITED: advisories unreachable for {len(unknown)} of what is pinned, first {unknown[0]}")
    elif not found:
        print(f"No known vulnerability in {', '.join(lists)}")
    return 1 if found or (unknown and os.environ.get("REQUIRE_ADVISORIES") == "1") else 0


def audit(name: str) -> Mapping[str, Any] | None:
    """Return the report of pip-audit on a list, or None if it got no answer."""
    command = [
        str(Path(sys.executable).with_name("pip-audit")),
        "--progress-spinner",
        "off",
        "--format",
        "json",
    ]
    answer = subprocess.run(
        [*command, "--disable-pip", "--require-hashes", "--requirement", name],
        check=False,
        capture_output=True,
        text=True,
    )
    try:
        report: Mapping[str, Any] = json.loads(answer.stdout)
    except ValueError:
        return None
    return report


def vulnerabilities(report: Mapping[str, Any] | None, name: str) -> list[str]:
    """Return a line for each advisory that IGNORED does not list."""
    return [
        f"{name}: {one['name']} {one['version']}: {advisory['id']}, fixed in {', '.join(advisory['fix_versions']) or 'no version'}"
        for one in (report or {"dependencies": []})["dependencies"]
        for advisory in one.get("vulns", [])
        if not {advisory["id"], *advisory.get("aliases", [])} & IGNORED.keys()
    ]


def not_audited(report: Mapping[str, Any] | None) -> list[str]:
    """Return the names of distributions without an answer."""
    if report is None:
        return ["everything"]
    return [one["name"] for one in report["dependencies"] if "skip_reason" in one]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

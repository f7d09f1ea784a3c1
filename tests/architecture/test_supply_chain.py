"""Where everything comes from: pinned, hashed, and from no place that a file here names."""

import json
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from tests.support.source import load

ROOT = Path(__file__).parents[2]
LOCKS = [ROOT / "functions" / "requirements.txt", *sorted((ROOT / "requirements").glob("*.txt"))]
NODE = ("clients/node", "docs/site", "examples/node", "tests/client/node")
"""The last pins the oldest versions that clients/node allows, so it is not updated."""
LISTS = sorted((ROOT / "requirements").glob("*.in"))
WORKFLOWS = sorted((ROOT / ".github" / "workflows").iterdir())
RIGHTS = {
    "Build and attest": {"contents": "read", "id-token": "write", "attestations": "write"},
    "Publish the packages for Python": {"id-token": "write"},
    "Publish the package for Node.js": {"id-token": "write"},
    "Publish the files": {"contents": "write"},
    "Publish the site": {"pages": "write", "id-token": "write"},
}
"""What the jobs that publish may do. Every other job may read the repository."""
REGISTRIES = (
    "py" + "pi.org",
    "python" + "hosted.org",
    "npm" + "js.org",
    "npm" + "js.com",
    "yarn" + "pkg.com",
)


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [path for name in listed.stdout.splitlines() if (path := ROOT / name).is_file()]


def entries(lock: Path) -> list[str]:
    lines = lock.read_text().replace("\\\n", " ").splitlines()
    return [line for line in lines if line.strip() and not line.lstrip().startswith("#")]


def workflow(path: Path) -> dict[str, Any]:
    parsed: dict[str, Any] = yaml.safe_load(path.read_text())
    return parsed


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.stem)
def test_everything_is_pinned_with_hashes(lock: Path) -> None:
    assert entries(lock)
    for entry in entries(lock):
        assert re.match(r"[a-z0-9._-]+(\[[a-z0-9,_-]+\])?==[^ ]+ ", entry), entry
        assert "--hash=sha256:" in entry, entry


@pytest.mark.parametrize("wanted", LISTS, ids=lambda path: path.stem)
def test_every_list_has_its_lock(wanted: Path) -> None:
    lock = LOCKS[0] if wanted.stem == "functions" else wanted.with_suffix(".txt")
    pinned = {re.split(r"[=\[]", entry)[0] for entry in entries(lock)}
    names = re.findall(r"(?m)^([a-z0-9][a-z0-9._-]*)", wanted.read_text())
    assert names
    assert set(names) <= pinned


def test_nothing_is_installed_without_a_hash() -> None:
    for name in ("Makefile", ".ci/run", *(str(path.relative_to(ROOT)) for path in WORKFLOWS)):
        for line in (ROOT / name).read_text().splitlines():
            if re.search(r"\b(pip3?|uv|pipx) (pip )?install\b", line):
                # What is installed without dependencies is what is in this folder, or was built of it.
                own = "--no-deps --no-build-isolation" in line or re.search("--no-deps .*/dist/[*]\\.whl$", line)
                assert "--require-hashes" in line or own, line
            assert not re.search(r"\bnpm (install|i)\b|\buvx\b|\bpipx run\b|curl .*\|", line), line


def test_no_file_names_a_registry() -> None:
    for path in tracked():
        content = path.read_bytes()
        assert not [host for host in REGISTRIES if host.encode() in content], path


@pytest.mark.parametrize("folder", NODE)
def test_node_packages_are_locked_with_hashes(folder: str) -> None:
    lock = json.loads((ROOT / folder / "package-lock.json").read_text())
    lists = json.loads((ROOT / folder / "package.json").read_text())
    wanted = [
        name for kind in ("dependencies", "devDependencies", "optionalDependencies") for name in lists.get(kind, ())
    ]
    assert wanted
    packages = {name: about for name, about in lock["packages"].items() if name}
    assert {f"node_modules/{name}" for name in wanted} <= packages.keys()
    for about in packages.values():
        assert about["integrity"].startswith("sha512-")
        assert "hasInstallScript" not in about


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflow_runs_pinned_actions_with_few_permissions(path: Path) -> None:
    about = workflow(path)
    triggers: dict[str, Any] = {str(key): one for key, one in about.items()}["True"]  # YAML 1.1 reads `on` so
    assert about["permissions"] == {}
    assert "concurrency" in about
    assert not {"pull_request_target", "workflow_run"} & set(triggers)
    for job in about["jobs"].values():
        assert job["permissions"] == RIGHTS.get(job["name"], {"contents": "read"})
        assert job["timeout-minutes"] <= 60
        assert job["runs-on"] != "ubuntu-latest"
        for step in job["steps"]:
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False
            assert "${{" not in step.get("run", "")
    for line in path.read_text().splitlines():
        if "uses:" in line:
            assert re.search(r"uses: [\w-]+/[\w-]+@[0-9a-f]{40}  # v\d+\.\d+\.\d+$", line), line


def test_github_runs_the_targets_that_ci_runs() -> None:
    local = re.findall(r"(?m)^(?:\w+=\w+ )?make (\w+)$", (ROOT / ".ci/run").read_text())
    jobs = workflow(ROOT / ".github/workflows/ci.yaml")["jobs"]
    commands = [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]
    assert {"test", "dist"} <= set(local)
    assert {command.removeprefix("make ") for command in commands if command.startswith("make ")} == set(local)


def test_a_release_runs_what_ci_has_run_and_publishes_only_with_approval() -> None:
    jobs = workflow(ROOT / ".github/workflows/release.yaml")["jobs"]
    commands = [step["run"] for step in jobs["build"]["steps"] if "run" in step]
    assert commands == ['make dist TAG="$GITHUB_REF_NAME"']
    assert "\nmake dist\n" in (ROOT / ".ci/run").read_text()
    # What can publish runs nothing of this repository, and after a person's approval.
    for name in ("pypi", "npm"):
        assert jobs[name]["environment"] == name
        assert not any("checkout" in step.get("uses", "") for step in jobs[name]["steps"])
    assert jobs["release"]["needs"] == ["pypi", "npm"]


def test_the_same_action_is_pinned_once() -> None:
    pinned: dict[str, set[str]] = {}
    for path in WORKFLOWS:
        for action, commit in re.findall(r"uses: ([\w/-]+)@(.*)", path.read_text()):
            pinned.setdefault(action, set()).add(commit)
    assert pinned
    assert all(len(commits) == 1 for commits in pinned.values())


def test_everything_pinned_is_kept_up_to_date() -> None:
    updates = workflow(ROOT / ".github/dependabot.yml")["updates"]
    folders = {folder for one in updates for folder in one.get("directories", [one.get("directory")])}
    assert {f"/{lock.parent.relative_to(ROOT)}" for lock in LOCKS} | {
        "/clients/node",
        "/docs/site",
        "/examples/node",
        "/",
    } == folders


def test_every_exception_of_the_scan_has_a_reason() -> None:
    lines = (ROOT / ".checkov.yaml").read_text().partition("skip-check:\n")[2].splitlines()
    rules = [number for number, line in enumerate(lines) if "CKV" in line]
    assert rules
    assert all(lines[number - 1].lstrip().startswith("# ") for number in rules)


@pytest.fixture(scope="module")
def advisories() -> ModuleType:
    return load(ROOT / ".ci/advisories.py")


CLEAN = {"name": "idna", "version": "3.20", "vulns": []}
SKIPPED = {"name": "requests", "skip_reason": "not found"}
VULNERABLE = {
    "name": "urllib3",
    "version": "1.0",
    "vulns": [{"id": "PYSEC-1", "aliases": ["CVE-2026-1"], "fix_versions": ["1.1"]}],
}


@pytest.mark.parametrize(
    ("report", "required", "end"),
    [
        ([CLEAN], "1", ("No known vulnerability in a.txt", 0)),
        ([CLEAN, VULNERABLE], "", ("VULNERABLE a.txt: urllib3 1.0: PYSEC-1, fixed in 1.1", 1)),
        ([CLEAN, SKIPPED], "", ("NOT AUDITED: advisories unreachable for 1 of what is pinned", 0)),
        ([CLEAN, SKIPPED], "1", ("NOT AUDITED: advisories unreachable for 1 of what is pinned", 1)),
        (None, "", ("NOT AUDITED: advisories unreachable for 1 of what is pinned", 0)),
        (None, "1", ("NOT AUDITED: advisories unreachable for 1 of what is pinned", 1)),
        ([SKIPPED, VULNERABLE], "", ("VULNERABLE", 1)),
    ],
)
def test_failed_audit_does_not_pass(
    *,
    advisories: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    report: list[dict[str, Any]] | None,
    required: str,
    end: tuple[str, int],
) -> None:
    said, code = end
    monkeypatch.setenv("REQUIRE_ADVISORIES", required)
    monkeypatch.setattr(advisories, "audit", lambda _: None if report is None else {"dependencies": report})
    assert advisories.main(["a.txt"]) == code
    printed = capsys.readouterr().out
    assert said in printed
    assert ("No known" in printed) == (said.startswith("No known"))


def test_a_program_that_cannot_ask_has_audited_nothing(
    advisories: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    failing = tmp_path / "pip-audit"
    failing.write_text("#!/bin/sh\necho trouble >&2\nexit 1\n")
    failing.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    assert advisories.audit("a.txt") is None
    failing.write_text("#!/bin/sh\necho '{\"dependencies\": []}'\nexit 1\n")
    assert advisories.audit("a.txt") == {"dependencies": []}


def test_an_ignored_advisory_is_ignored_under_any_of_its_names(
    advisories: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = {"dependencies": [VULNERABLE]}
    assert len(advisories.vulnerabilities(report, "a.txt")) == 1
    monkeypatch.setattr(advisories, "IGNORED", {"CVE-2026-1": "does not concern us"})
    assert advisories.vulnerabilities(report, "a.txt") == []

"""What becomes of tests that a machine cannot run."""

import os
import subprocess
import sys

from local.place import ROOT


def run_docker_tests(**environ: str) -> subprocess.CompletedProcess[str]:
    """Run them where no Docker engine answers."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n1", "-p", "no:cacheprovider", "tests/e2e/test_docker.py"],
        check=False,
        cwd=ROOT,
        env=os.environ | {"DOCKER_HOST": "unix:///nowhere", "REQUIRE_ALL": "0"} | environ,
        capture_output=True,
        text=True,
    )


def test_missing_docker_skips_tests_and_names_them() -> None:
    run = run_docker_tests()
    assert run.returncode == 0, run.stdout
    assert "NOT RUN: 8 docker tests. To run them: install Docker from https://docs.docker.com" in run.stdout


def test_in_ci_a_skipped_test_has_failed() -> None:
    run = run_docker_tests(REQUIRE_ALL="1")
    assert run.returncode == 1
    assert "8 errors" in run.stdout
    assert "was skipped, but REQUIRE_ALL=1" in run.stdout

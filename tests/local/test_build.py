"""`sam build`'s part of this checkout, functions/Makefile: which Python it takes, and what it refuses to build."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from local.place import PYTHON_FOLDER, ROOT

pytestmark = pytest.mark.emulator  # packages are installed, as for the stack that is deployed there

FAILS = "#!/bin/sh\necho 'pyenv: python3.13: command not found' >&2\nexit 127\n"
ANOTHER_VERSION = "#!/bin/sh\nexit 1\n"  # what `sys.exit(sys.version_info[:2] != (3, 13))` ends with
RIGHT = f'#!/bin/sh\nexec "{sys.executable}" "$@"\n'


@pytest.fixture
def functions(tmp_path: Path) -> Path:
    """Return a copy of functions/."""
    copy = tmp_path / "functions"
    shutil.copytree(ROOT / "functions", copy, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


def make(functions: Path, path: str) -> subprocess.CompletedProcess[str]:
    """Build as SAM does, into `artifact` beside the copy."""
    # Not as a part of the `make test` around it: what that hands down would change what this one prints.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(
        ["make", "build-AuthorizeFunction", f"ARTIFACTS_DIR={functions.parent / 'artifact'}"],
        cwd=functions,
        env=environment | {"PATH": path},
        check=False,
        capture_output=True,
        text=True,
    )


def commands(folder: Path, **scripts: str) -> Path:
    """Make a folder of commands by these names, dots written as underscores."""
    folder.mkdir()
    for name, script in scripts.items():
        command = folder / name.replace("_", ".")
        command.write_text(script)
        command.chmod(0o755)
    return folder


def test_a_python_that_fails_is_passed_over(functions: Path, tmp_path: Path) -> None:
    (functions / "artifact/build.py").write_text("import sys; print(sys.argv[1], *sys.version_info[:2])\n")
    shims = commands(tmp_path / "shims", python3_13=FAILS)
    good = commands(tmp_path / "good", python3=RIGHT)
    built = make(functions, f"{shims}:{good}:/usr/bin:/bin")
    assert built.returncode == 0, built.stderr
    assert f"{tmp_path / 'artifact'} 3 13\n" in built.stdout


@pytest.mark.parametrize("scripts", [{}, {"python3_13": FAILS, "python3": ANOTHER_VERSION, "python": ANOTHER_VERSION}])
def test_without_python_3_13_it_fails_with_one_sentence(
    functions: Path, tmp_path: Path, scripts: dict[str, str]
) -> None:
    tools = commands(tmp_path / "tools", **scripts)
    for name in ("make", "sh"):
        (tools / name).symlink_to(shutil.which(name) or name)
    built = make(functions, str(tools))
    assert built.returncode != 0
    sentence, *rest = built.stderr.splitlines()
    assert sentence.startswith("Python 3.13 with pip is needed to build, and was not found on the PATH: ")
    assert not [line for line in rest if not line.startswith("make: ")]
    assert not (tmp_path / "artifact").exists()


def test_a_build_without_a_requirement_is_refused(functions: Path) -> None:
    requirements = functions / "requirements.txt"
    text = requirements.read_text()
    requirements.write_text(re.sub(r"(?m)^jmespath==(.*\n)(    .*\n)+", "", text))
    assert "jmespath==" in text
    assert "jmespath==" not in requirements.read_text()
    refused(functions, "No module named 'jmespath'")


def test_a_build_without_the_description_of_a_service_is_refused(functions: Path) -> None:
    build = functions / "artifact/build.py"
    text = build.read_text()
    build.write_text(text.replace('"events": "2015-10-07"', '"sns": "2010-03-31"'))
    assert build.read_text() != text
    refused(functions, "Unknown service: 'events'")


def refused(functions: Path, why: str) -> None:
    built = make(functions, f"{PYTHON_FOLDER}:{os.environ['PATH']}")
    assert built.returncode != 0
    assert "What was built does not run, so it must not be deployed: " in built.stderr
    assert why in built.stderr
    assert "Traceback" not in built.stderr

"""Where things are in this checkout."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / ".aws-sam" / "build"
SAMCONFIG = ROOT / "samconfig.toml"
# The directory of the stack that `make run` starts. Tests start stacks in directories of their own.
STATE = ROOT / ".local"

EMULATOR_PYTHON = ROOT / ".venv" / "emulator" / "bin" / "python"
SAM = ROOT / ".venv" / "sam" / "bin" / "sam"
# Holds a `python3.13`, which `sam build` looks for by that name.
PYTHON_FOLDER = Path(sys.executable).parent


def template(directory: Path) -> Path:
    """Return the built template of the stack in `directory`: for `make run`, the one that the SAM CLI looks for."""
    return (BUILD if directory == STATE else directory / "build") / "template.yaml"


def shown(path: Path) -> str:
    """Return the path as a developer would type it."""
    return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)

"""Define the paths of this checkout."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / ".aws-sam" / "build"
SAMCONFIG = ROOT / "samconfig.toml"
# The folder of the stack that `make run` starts. Tests start stacks in other folders.
STATE = ROOT / ".local"

DEV = ROOT / ".venv" / "dev" / "bin"
EMULATOR_PYTHON = ROOT / ".venv" / "emulator" / "bin" / "python"
SAM = ROOT / ".venv" / "sam" / "bin" / "sam"
# `sam build` looks for a program named `python3.13`, which is in this folder.
PYTHON_FOLDER = Path(sys.executable).parent


def template(directory: Path) -> Path:
    """Return the path of the built template of the stack in `directory`.

    For the stack of `make run` it is the path at which the SAM CLI looks.
    """
    return (BUILD if directory == STATE else directory / "build") / "template.yaml"


def shown(path: Path) -> str:
    """Return the path relative to the checkout, or the whole path if it is outside."""
    return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)

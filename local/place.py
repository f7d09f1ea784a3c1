"""Where things are in this checkout."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / ".aws-sam" / "build"
STATE = ROOT / ".local"

EMULATOR_PYTHON = ROOT / ".venv" / "emulator" / "bin" / "python"
SAM = ROOT / ".venv" / "sam" / "bin" / "sam"
# Holds a `python3.13`, which `sam build` looks for by that name.
PYTHON_FOLDER = Path(sys.executable).parent


def shown(path: Path) -> str:
    """Return the path as a developer would type it."""
    return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)

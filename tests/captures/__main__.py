"""Write the output of the commands in the pages again: `python -m tests.captures`."""

import os
import sys
from pathlib import Path

import pytest

from tests.captures.pages import WRITE

if __name__ == "__main__":
    os.environ[WRITE] = "1"
    sys.exit(pytest.main(["-n0", "-q", str(Path(__file__).parent)]))

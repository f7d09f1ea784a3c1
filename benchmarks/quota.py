"""As much CPU as Lambda gives for a memory size, by Linux's control groups (version 1 or 2; needs their rights)."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

WHOLE = 1769
"""MB at which a function has one whole CPU: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html"""

_PERIOD = 20_000  # microseconds
_GROUPS = Path("/sys/fs/cgroup")


class Quota:
    """A control group; put processes into it, then limit() them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @classmethod
    @contextmanager
    def group(cls) -> "Iterator[Quota]":
        """Make one for as long as it is used. Raises OSError where that is not allowed here."""
        parent = _GROUPS / "cpu" if (_GROUPS / "cpu").is_dir() else _GROUPS
        folder = parent / f"whatsapp-connect-{os.getpid()}"
        folder.mkdir()
        try:
            yield cls(folder)
        finally:
            folder.rmdir()

    def hold(self, pid: int) -> None:
        (self._folder / "cgroup.procs").write_text(str(pid))

    def limit(self, memory: int | None) -> None:
        """Give the CPU of a memory size, in MB, or a whole one."""
        share = None if memory is None else min(memory / WHOLE, 1)
        if (self._folder / "cpu.max").exists():
            quota = "max" if share is None else str(int(share * _PERIOD))
            (self._folder / "cpu.max").write_text(f"{quota} {_PERIOD}")
        else:
            (self._folder / "cpu.cfs_quota_us").write_text("-1")
            (self._folder / "cpu.cfs_period_us").write_text(str(_PERIOD))
            if share is not None:
                (self._folder / "cpu.cfs_quota_us").write_text(str(int(share * _PERIOD)))

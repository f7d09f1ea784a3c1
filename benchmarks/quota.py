"""Limit CPU as Lambda does for a memory size, with Linux's control groups (version 1 or 2). This needs rights to them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

WHOLE_CPU_MB = 1769
"""A function with this memory has one whole CPU: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html"""

_PERIOD_US = 20_000
_GROUPS = Path("/sys/fs/cgroup")


class Quota:
    """A control group. Add processes with hold(), then call limit()."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @classmethod
    @contextmanager
    def group(cls) -> "Iterator[Quota]":
        """Make a control group, and delete it at the end. Raises OSError if that is not allowed."""
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
        """Limit the CPU to that of a memory size in MB; None for a whole CPU."""
        share = None if memory is None else min(memory / WHOLE_CPU_MB, 1)
        if (self._folder / "cpu.max").exists():
            quota = "max" if share is None else str(int(share * _PERIOD_US))
            (self._folder / "cpu.max").write_text(f"{quota} {_PERIOD_US}")
        else:
            (self._folder / "cpu.cfs_quota_us").write_text("-1")
            (self._folder / "cpu.cfs_period_us").write_text(str(_PERIOD_US))
            if share is not None:
                (self._folder / "cpu.cfs_quota_us").write_text(str(int(share * _PERIOD_US)))

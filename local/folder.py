"""Reserve the folder of a local stack, so that a second one does not overwrite the files of the first."""

import fcntl
import json
import os
from pathlib import Path
from typing import Self

from local.error import LocalError
from local.place import STATE, shown

_LOCK = "lock"


class FolderInUseError(LocalError):
    """Another stack uses the folder."""


class Reservation:
    """Hold a folder until the end of this process, or of the `with` block.

    The lock belongs to the process: the system releases it when the process ends or is killed.
    """

    def __init__(self, directory: Path) -> None:
        """Raise FolderInUseError if another stack uses the folder."""
        directory.mkdir(parents=True, exist_ok=True)
        self._file = (directory / _LOCK).open("a+")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.close()
            raise FolderInUseError(_describe(directory)) from None
        self.write_link("")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write_link(self, link: str) -> None:
        """Store the connect link, for the message of a second stack."""
        self._file.truncate(0)
        json.dump({"process": os.getpid(), "link": link}, self._file)
        self._file.flush()


def _describe(directory: Path) -> str:
    holder = json.loads((directory / _LOCK).read_text() or "{}")
    where = f" at {holder['link']}" if holder.get("link") else ""
    stop = f"with Ctrl-C in its terminal or with: kill {holder['process']}" if holder else "with Ctrl-C in its terminal"
    other = shown(STATE / "second" if directory == STATE else directory.with_name(f"{directory.name}-2"))
    return (
        f"A local stack is already running{where}, with its files in {shown(directory)}: run a second one beside it with"
        f" make run DIRECTORY={other}, or stop it {stop}"
    )

"""The pages of the documentation: their blocks of code, the commands in their text, and a shell that runs a page."""

import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[2]
_FENCE = re.compile(r"(?ms)^(?P<indent> *)```(?P<language>\w*)\n(?P<text>.*?)^ *```$")


@dataclass(frozen=True, slots=True)
class Block:
    page: str
    """The path of the page in the checkout."""
    line: int
    """The number of the block's first line of code."""
    language: str
    text: str
    """The code, without the indentation of the list that it is in."""

    @property
    def name(self) -> str:
        """Return the page and the block's first line of code, which do not change when the page grows above it."""
        return f"{self.page}: {self.text.partition(chr(10))[0]}"


@cache
def files() -> tuple[str, ...]:
    """Return the paths of the checkout that git has, or would add."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return tuple(sorted({name for name in listed.stdout.splitlines() if (ROOT / name).is_file()}))


def copy(folder: Path) -> Path:
    """Make a repository in this folder with the files of this one, and commit them."""
    for name in files():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    git = ["git", "-c", "user.name=Reader", "-c", "user.email=reader@example.com"]
    for command in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message", "Copy"]):
        subprocess.run([*git, *command], cwd=folder, check=True)
    return folder


def pages() -> list[str]:
    return [name for name in files() if name.endswith(".md")]


def read(page: str) -> str:
    return (ROOT / page).read_text()


def blocks(page: str, language: str | None = None) -> list[Block]:
    """Return the fenced blocks of a page, in its order; those of one language if it is named."""
    text = read(page)
    found = []
    for match in _FENCE.finditer(text):
        lines = [line.removeprefix(match["indent"]) for line in match["text"].splitlines(keepends=True)]
        found.append(
            Block(page, text.count("\n", 0, match.start("text")) + 1, match["language"], "".join(lines)),
        )
    return [block for block in found if language in (None, block.language)]


def prose(page: str) -> str:
    """Return a page without its blocks."""
    return _FENCE.sub("", read(page))


def inline_code(page: str) -> list[str]:
    """Return what stands between backticks in the text of a page, each on one line."""
    spans = re.findall(r"`([^`]+)`", prose(page))
    return [" ".join(span.replace("\\|", "|").split()) for span in spans]


def run_blocks(
    some: Iterable[Block],
    *,
    folder: Path,
    environ: Mapping[str, str],
    instead: Mapping[str, str] | None = None,
    typed: str = "",
    before: str = "",
) -> str:
    """Run blocks of one page in one shell, in `folder`; return what they print.

    `instead` has the reader's own values by the page's examples; each example has to be there. The script has the
    page's line numbers, so a message of bash names the line of the page. `before` is what the page asks for besides.
    """
    chosen = list(some)
    script = f"set -eu -o pipefail; {before}"
    for block in chosen:
        script += "\n" * (block.line - 1 - script.count("\n")) + block.text
    for example, own in (instead or {}).items():
        assert example in script, f"{chosen[0].page} does not have {example!r}"
        script = script.replace(example, own)
    with TemporaryDirectory() as scripts:
        path = Path(scripts) / Path(chosen[0].page).name
        path.write_text(script)
        ended = subprocess.run(
            ["bash", path],
            cwd=folder,
            env=environ,
            input=typed,
            check=False,
            capture_output=True,
            text=True,
            timeout=300,
        )
    assert ended.returncode == 0, f"{chosen[0].name}: code {ended.returncode}\n{ended.stdout}\n{ended.stderr}"
    return ended.stdout

"""Find the transcripts in the pages.

A transcript is a block of code below a comment with the name of its scene. Its lines that begin with `$ ` are the
commands, the others are what they print:

    <!-- scene: three-connections -->
    ```
    $ whatsapp-connect connections list
    ```

With `<!-- scene: three-connections, first 3 lines -->` the page shows only the first lines of what each command prints.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
WRITE = "WRITE_CAPTURES"
"""The environment variable that makes the tests write the pages."""

_TRANSCRIPT = re.compile(
    r"(?P<head><!-- scene: (?P<scene>[a-z0-9-]+)(, first (?P<lines>[0-9]+) lines)? -->\n```\n)(?P<body>.*?)(?=^```$)",
    re.DOTALL | re.MULTILINE,
)
_COMMAND = re.compile(r"^ *\$ whatsapp-connect", re.MULTILINE)


def pages() -> list[Path]:
    """Return every page with a command and what it prints."""
    return [path for path in _all() if _COMMAND.search(path.read_text())]


def scenes(page: Path) -> list[str]:
    """Return the names of a page's scenes, in the order of the page."""
    return list(dict.fromkeys(found["scene"] for found in _TRANSCRIPT.finditer(page.read_text())))


def without_scene(page: Path) -> list[str]:
    """Return the commands that stand in no transcript."""
    rest = _TRANSCRIPT.sub("", page.read_text())
    return [line for line in rest.splitlines() if _COMMAND.match(line)]


def captured(text: str, scene: str, run: Callable[[str], str]) -> str:
    """Return a page with new output in the transcripts of a scene. `run` returns what a command prints."""

    def again(found: re.Match[str]) -> str:
        if found["scene"] != scene:
            return found[0]
        parts = []
        for line in found["body"].splitlines():
            if line.startswith("$ "):
                printed = run(line.removeprefix("$ ")).splitlines()
                parts += [line, *printed[: int(found["lines"])]] if found["lines"] else [line, *printed]
        return found["head"] + "".join(f"{part}\n" for part in parts)

    return _TRANSCRIPT.sub(again, text)


def _all() -> Iterator[Path]:
    yield from sorted(ROOT.glob("*.md"))
    for folder in ("clients", "docs", "examples", "simulator"):
        yield from (path for path in sorted((ROOT / folder).rglob("*.md")) if "node_modules" not in path.parts)

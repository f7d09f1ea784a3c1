"""Set a new version: `make version VERSION=1.1.0`, or `python .ci/version.py 1.1.0` in the root of a checkout.

Writes it wherever a version is written down, and gives the changes under [Unreleased] in CHANGELOG.md the version and
today's date. Commits nothing.
"""

import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

NUMBER = r"(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)"
SOURCE = "functions/whatsapp_connect/version.py"
PLACES = {
    SOURCE: '\nVERSION = "',
    "template.yaml": r"\nOutputs:\n  Version:\n    Description: .*\n    Value: ",
    "clients/node/package.json": r'"name": "whatsapp-connect-reader",\s+"version": "',
    "clients/node/package-lock.json": r'"name": "whatsapp-connect-reader",\s+"version": "',
}
"""What stands before the version, by file."""
FILE = r"whatsapp[-_]connect(?:[-_]reader|[-_]simulator|-stack)?-"
"""What stands before it in the name of a file of a release, in pages and in lists of requirements."""
REPOSITORY = "https://github.com/<owner>/<repository>"
UNRELEASED = re.compile(r"(?ms)^## \[Unreleased\]\n(.*?)(?=^## |^\[unreleased\]: )")


def main(version: str) -> int:
    """Write the version everywhere and say what to do next, or say why not. Return the exit code."""
    if why := refusal(version):
        print(f"Nothing was changed: {why}", file=sys.stderr)
        return 1
    for name, pattern in PLACES.items():
        write(name, pattern, version)
    for name in git("ls-files", "*.md", "*requirements.txt").splitlines():
        if name != "CHANGELOG.md":
            write(name, FILE, version)
    changes = Path("CHANGELOG.md")
    changes.write_text(released(changes.read_text(), version, f"{datetime.now(UTC):%Y-%m-%d}"))
    print(f"Everything has version {version}. Look at git diff, then run:")
    print(f'  git commit --all --message "Release {version}" && git tag v{version}')
    return 0


def refusal(version: str) -> str:
    """Return why this cannot be the next version; "" if it can."""
    if not re.fullmatch(NUMBER, version):
        return f"{version!r} is not a version such as 1.1.0."
    if git("status", "--porcelain"):
        return "there are changes that are not committed."
    text = Path("CHANGELOG.md").read_text()
    (current,) = re.findall(f"{PLACES[SOURCE]}({NUMBER})", Path(SOURCE).read_text())
    older = versions(text)
    if numbers(version) < numbers(current) or version in older:
        return f"{version} is not after {older[0] if older else current}."
    unreleased = UNRELEASED.search(text)
    if not unreleased or not re.search(r"(?m)^- ", unreleased[1]):
        return "CHANGELOG.md has no change under [Unreleased]."
    return ""


def versions(changes: str) -> list[str]:
    """Return the released versions, the newest first."""
    return re.findall(rf"(?m)^## \[({NUMBER})\]", changes)


def numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in version.split("."))


def released(changes: str, version: str, date: str) -> str:
    """Return CHANGELOG.md with what is unreleased as a version of its own."""
    older = versions(changes)
    link = f"{REPOSITORY}/compare/v{older[0]}...v{version}" if older else f"{REPOSITORY}/releases/tag/v{version}"
    changes = changes.replace("## [Unreleased]\n", f"## [Unreleased]\n\n## [{version}] - {date}\n", 1)
    return re.sub(
        r"(?m)^\[unreleased\]: .*$",
        f"[unreleased]: {REPOSITORY}/compare/v{version}...HEAD\n[{version}]: {link}",
        changes,
    )


def write(name: str, before: str, version: str) -> None:
    """Replace every version that stands after this pattern in a file."""
    path = Path(name)
    path.write_text(re.sub(f"({before}){NUMBER}", rf"\g<1>{version}", path.read_text()))


def git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], check=True, capture_output=True, text=True).stdout  # noqa: S607  git is on the PATH


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) == 2 else ""))

"""Build the site of every version into build/sites: a folder for each tag, and `latest` for what is checked out.

GITHUB_REPOSITORY is the owner and the name on GitHub, as its workflows have it. Each tag is built with its own `make docs`.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[1]
SITES = ROOT / "build" / "sites"
LATEST = "latest"


def main() -> int:
    owner, _, name = os.environ["GITHUB_REPOSITORY"].partition("/")
    shutil.rmtree(SITES, ignore_errors=True)
    build(ROOT, LATEST)
    tags = git("tag", "--list", "v*", "--sort=-version:refname").split()
    for tag in tags:
        with TemporaryDirectory() as folder:
            git("worktree", "add", "--quiet", "--detach", folder, tag)
            build(Path(folder), tag)
            git("worktree", "remove", "--force", folder)
    first = tags[0] if tags else LATEST
    versions = [
        {
            "name": "not released" if version == LATEST else version.removeprefix("v"),
            "version": version,
            "url": f"https://{owner.lower()}.github.io/{name}/{version}/",
            "preferred": version == first,
        }
        for version in (*tags, LATEST)
    ]
    (SITES / "versions.json").write_text(json.dumps(versions, indent=1) + "\n")
    (SITES / "index.html").write_text(
        f'<!doctype html><meta http-equiv="refresh" content="0; url={first}/"><title>{name}</title>\n'
    )
    return 0


def build(checkout: Path, version: str) -> None:
    run("make", "docs", f"SITE={SITES / version}", cwd=checkout, SITE_VERSION=version)
    shutil.rmtree(SITES / f"{version}.doctrees", ignore_errors=True)


def git(*arguments: str) -> str:
    return run("git", *arguments, cwd=ROOT)


def run(*command: str, cwd: Path, **environ: str) -> str:
    return subprocess.run(
        command, cwd=cwd, env=os.environ | environ, check=True, stdout=subprocess.PIPE, text=True
    ).stdout


if __name__ == "__main__":
    sys.exit(main())

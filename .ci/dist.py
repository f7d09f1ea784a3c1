"""Build every file of a release into dist/: `make dist`, or `make dist TAG=v1.1.0` for the commit with that tag.

The packages for Python and Node.js, the stack as a ZIP that deploys without this repository, its bill of materials, and the
checksums of all of them.
"""

import json
import os
import re
import shutil
import stat
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

ROOT = Path(__file__).resolve().parents[1]
DIST = ROOT / "dist"
NOTES = ROOT / "build" / "release-notes.md"
BUILT = ROOT / ".aws-sam" / "build"
PACKAGES = (".", "clients/python", "simulator")
NODE = ROOT / "clients" / "node"
CODE = "functions"
"""The folder of the ZIP with the code of every function."""
_ZIP_BEGINS = (1980, 1, 1, 0, 0, 0)  # the earliest time that a ZIP can name


def main(tag: str) -> int:
    """Build and check. Return the exit code."""
    version = read_version()
    notes = changes(version)
    if tag and (tag != f"v{version}" or not notes):
        print(
            f"{tag!r} cannot be released: the version is {version}, and CHANGELOG.md must have its date.",
            file=sys.stderr,
        )
        return 1
    shutil.rmtree(DIST, ignore_errors=True)
    DIST.mkdir()
    build_packages()
    build_stack(version, BUILT / "CallbackFunction", DIST)
    bill = json.loads((BUILT / "bom.cdx.json").read_text())
    (DIST / "whatsapp-connect-stack.cdx.json").write_text(json.dumps(bill, indent=1) + "\n")
    NOTES.parent.mkdir(exist_ok=True)
    NOTES.write_text(notes or "Not released.\n")
    (DIST / ".gitignore").unlink(missing_ok=True)  # which uv makes
    sums = "".join(f"{sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in sorted(DIST.iterdir()))
    (DIST / "SHA256SUMS").write_text(sums)
    print(sums, end="")
    return 0


def read_version() -> str:
    text = (ROOT / "functions" / "whatsapp_connect" / "version.py").read_text()
    (version,) = re.findall(r'(?m)^VERSION = "(.*)"$', text)
    return str(version)


def changes(version: str) -> str:
    """Return what CHANGELOG.md says of a version; "" if it has no date yet."""
    found = re.search(
        rf"(?ms)^## \[{re.escape(version)}\] - \d{{4}}-\d\d-\d\d\n(.*?)(?=^## |^\[[^\]]+\]: )",
        (ROOT / "CHANGELOG.md").read_text(),
    )
    return found[1].strip() + "\n" if found else ""


def build_packages() -> None:
    uv = Path(sys.executable).with_name("uv")
    build = (uv, "build", "--quiet", "--no-build-isolation", "--python", sys.executable, "--out-dir", DIST)
    for folder in PACKAGES:
        run(*build, ROOT / folder)
    run("npm", "ci", "--ignore-scripts", "--silent", cwd=NODE)
    run("npm", "pack", "--silent", "--pack-destination", DIST, cwd=NODE)


def build_stack(version: str, code: Path, folder: Path) -> Path:
    """Write the ZIP into a folder: the template, the code that every function shares, and how to deploy both."""
    name = f"whatsapp-connect-stack-{version}"
    files = {
        f"{CODE}/{path.relative_to(code).as_posix()}": path.read_bytes() for path in code.rglob("*") if path.is_file()
    }
    files["template.yaml"] = template().encode()
    files["LICENSE"] = (ROOT / "LICENSE").read_bytes()
    files["README.md"] = (ROOT / "docs" / "install.md").read_bytes()
    path = folder / f"{name}.zip"
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for entry_name, content in sorted(files.items()):
            entry = ZipInfo(f"{name}/{entry_name}", _ZIP_BEGINS)
            entry.external_attr = (stat.S_IFREG | 0o644) << 16
            entry.compress_type = ZIP_DEFLATED
            archive.writestr(entry, content)
    return path


def template() -> str:
    """Return the template with the built code in the place of the sources."""
    text = (ROOT / "template.yaml").read_text()
    build = "    Metadata: {BuildMethod: makefile}\n    Properties:\n"
    functions = text.count("Type: AWS::Serverless::Function\n")
    source = "    CodeUri: functions/\n"
    if text.count(build) != functions or text.count(source) != 1:
        raise ValueError("The functions in template.yaml are not declared as this program expects.")
    # The AWS CLI does not look at Globals when it uploads.
    return text.replace(source, "").replace(build, f"    Properties:\n      CodeUri: {CODE}\n")


def run(*command: str | Path, cwd: Path = ROOT) -> None:
    subprocess.run(command, cwd=cwd, check=True, env=os.environ | {"SOURCE_DATE_EPOCH": "315532800"})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else ""))

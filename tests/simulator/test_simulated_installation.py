"""The simulator as somebody else installs it: from its wheel, into an empty environment."""

import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from zipfile import ZipFile

import pytest
import requests

from local.place import ROOT
from tests.simulator.facebook_client import FacebookClient

REDIRECT_URI = "http://localhost:3000/callback"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    uv = [str(Path(sys.executable).with_name("uv")), "build", "--quiet", "--wheel", "--offline", "--no-build-isolation"]
    # A copy: setuptools builds beside the source, and takes what an earlier build has left there.
    copy = shutil.copytree(ROOT / "simulator", folder / "source", ignore=shutil.ignore_patterns("build", "*.egg-info"))
    subprocess.run([*uv, "--python", sys.executable, "--out-dir", folder, copy], check=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


def test_wheel_holds_one_package_and_its_pages(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        names = archive.namelist()
    source = ROOT / "simulator" / "facebook_simulator"
    files = {path for path in source.rglob("*") if path.suffix in {".py", ".html", ".css", ".js"}}
    expected = {f"facebook_simulator/{path.relative_to(source)}" for path in files}
    assert {name for name in names if ".dist-info/" not in name} == expected


def test_login_works_against_the_installed_simulator(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=True)
    programs = tmp_path / "venv" / "bin"
    subprocess.run([programs / "python", "-m", "pip", "install", "--quiet", wheel], check=True)
    with subprocess.Popen(
        [programs / "facebook-simulator", "--port", "0"], cwd=tmp_path, stdout=subprocess.PIPE, text=True
    ) as program:
        try:
            assert program.stdout
            address = re.search(r"http://127\.0\.0\.1:\d+", program.stdout.readline())
            assert address
            facebook = FacebookClient(address[0])
            dialog = facebook.dialog_url(redirect_uri=REDIRECT_URI)
            assert "Corner Bakery" in requests.get(dialog, timeout=10).text
            answer = facebook.token_request(code=facebook.code(dialog), redirect_uri=REDIRECT_URI).json()
            assert facebook.debug(answer["access_token"])["is_valid"]
        finally:
            program.terminate()
    assert program.returncode == 0

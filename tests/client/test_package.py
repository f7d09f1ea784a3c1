"""What services install."""

import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

PACKAGE = Path(__file__).parents[2] / "clients" / "python"


def test_the_wheel_is_typed_and_needs_nothing(tmp_path: Path) -> None:
    uv = Path(sys.executable).with_name("uv")
    subprocess.run(
        [uv, "build", "--quiet", "--wheel", "--offline", "--out-dir", tmp_path, PACKAGE], check=True
    )
    (wheel,) = tmp_path.glob("*.whl")
    with ZipFile(wheel) as archive:
        names = archive.namelist()
        about = archive.read(next(name for name in names if name.endswith("/METADATA"))).decode()
    assert "whatsapp_connect_reader/py.typed" in names
    assert [line for line in about.splitlines() if line.startswith("Requires-Dist")] == [
        "Requires-Dist: boto3 ; extra == 'boto3'"
    ]

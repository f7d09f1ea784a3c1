"""What services install."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
import requests

from facebook_simulator.server import FacebookServer
from tests.client.functions import Function
from tests.client.store import Store
from tests.support.people import MARIA

PACKAGE = Path(__file__).parents[2] / "clients" / "python"


def test_the_wheel_is_typed_and_needs_nothing(tmp_path: Path) -> None:
    uv = str(Path(sys.executable).with_name("uv"))
    build = [uv, "build", "--quiet", "--wheel", "--offline", "--no-build-isolation", "--python", sys.executable]
    subprocess.run([*build, "--out-dir", tmp_path, PACKAGE], check=True)
    (wheel,) = tmp_path.glob("*.whl")
    with ZipFile(wheel) as archive:
        names = archive.namelist()
        about = archive.read(next(name for name in names if name.endswith("/METADATA"))).decode()
    assert "whatsapp_connect_reader/py.typed" in names
    assert [line for line in about.splitlines() if line.startswith("Requires-Dist")] == [
        "Requires-Dist: boto3>=1.40; extra == 'boto3'"
    ]


def test_the_readme_is_right(store: Store, function: Function, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREATE_LINK_FUNCTION_NAME", "create-link")
    blocks = re.findall(r"```python\n(.*?)```", (PACKAGE / "README.md").read_text(), re.DOTALL)
    with FacebookServer() as facebook:
        made = requests.post(f"{facebook.url}/_control/tokens", json={}, timeout=10).json()
        store.connect(made["access_token"], prefix="/whatsapp-connect")
        for block in blocks:
            names: dict[str, Any] = {}
            exec(block.replace("https://graph.facebook.com", facebook.url), names)
            if "links" in names:
                assert names["link"].link_id == "0123456789abcdef"
                continue
            assert names["reader"].read(MARIA).access_token == made["access_token"]
            if "message_id" in block:
                assert [sent["id"] for sent in facebook.state.content.messages] == [names["message_id"]]
    assert len(blocks) == 3

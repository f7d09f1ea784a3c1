"""What services install."""

import re
from pathlib import Path
from typing import Any

import pytest
import requests

from facebook_simulator.server import FacebookServer
from tests.client.functions import Function
from tests.client.store import Store
from tests.support.people import MARIA

PACKAGE = Path(__file__).parents[2] / "clients" / "python"


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

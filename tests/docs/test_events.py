"""docs/events/README.md lists the schema of every event, with its meaning."""

import json
import re

from tests.support.docs import read
from tests.support.schema import FOLDER, types


def test_page_lists_every_schema() -> None:
    rows = dict(re.findall(r"(?m)^\| \[\w+\]\(([\w.]+\.schema\.json)\) \| (.+) \|$", read("docs/events/README.md")))
    schemas = {path.name: json.loads(path.read_text()) for path in FOLDER.glob("*.schema.json")}
    assert rows == {
        name: schema["description"] for name, schema in schemas.items() if name.partition(".")[0] in types()
    }

"""The published schemas of the events, docs/events."""

import json
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from tests.support import stack

FOLDER = stack.ROOT / "docs" / "events"
VERSION = 1


def types() -> set[str]:
    """Return the types of events that have a schema."""
    names = {path.name.partition(".")[0] for path in FOLDER.glob(f"*.{VERSION}.schema.json")}
    return names - {"common"}


@cache
def validator(event_type: str) -> Draft202012Validator:
    common = f"common.{VERSION}.schema.json"
    schemas = {name: json.loads((FOLDER / name).read_text()) for name in (common, f"{event_type}.1.schema.json")}
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)
    registry: Registry[Any] = Registry().with_resource(common, Resource.from_contents(schemas.pop(common)))
    (schema,) = schemas.values()
    return Draft202012Validator(schema, registry=registry)


def properties(event_type: str) -> dict[str, Any]:
    schema = validator(event_type).schema
    assert isinstance(schema, dict)
    found: dict[str, Any] = schema["properties"]
    return found


def validate(event_type: str, detail: dict[str, Any]) -> None:
    """Check the detail of an event. Raises jsonschema.ValidationError."""
    validator(event_type).validate(detail)

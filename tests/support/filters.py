"""Which changes the filter of an event source mapping lets through."""

from typing import Any


def matches(pattern: dict[str, Any], event: dict[str, Any]) -> bool:
    """Decide as a mapping's filter does, for what is there or is not.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html
    """
    return all(
        matches(wanted, event.get(key, {}))
        if isinstance(wanted, dict)
        else any(rule["exists"] is (key in event) for rule in wanted)
        for key, wanted in pattern.items()
    )

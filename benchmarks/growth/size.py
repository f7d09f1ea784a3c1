"""Calculate the size of an item by DynamoDB's rules.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
"""

import math
from collections.abc import Mapping
from typing import Any


def item_size(item: Mapping[str, Mapping[str, Any]]) -> int:
    """Return the size in bytes."""
    return sum(len(name.encode()) + _value_size(value) for name, value in item.items())


def units(item: Mapping[str, Mapping[str, Any]], block: int) -> int:
    """Return how many blocks of `block` bytes an item needs, at least one."""
    return max(1, math.ceil(item_size(item) / block))


def _value_size(value: Mapping[str, Any]) -> int:
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "B":
            return len(content)
        case "N":
            return (len(content) + 1) // 2 + 1
        case "L":
            return 3 + sum(1 + _value_size(one) for one in content)
        case "M":
            return 3 + sum(1 + len(name) + _value_size(one) for name, one in content.items())
    return 1

"""How many inputs are tried, and which: INPUTS=100000 SEED=7 pytest tests/fuzz."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, seed, settings

INPUTS = int(os.environ.get("INPUTS", "100"))
SEED = int(os.environ.get("SEED", "1"))
CANARY = "Malformed canary 5c0ffee5c0ffee"
"""A text of Facebook's, which must not be found again."""

_CORPUS = Path(__file__).parent / "corpus"


def fuzzed[Test: Callable[..., object]](share: float = 1.0) -> Callable[[Test], Test]:
    """Try so much of the inputs on a test: those that take long to try get less."""
    chosen = settings(
        max_examples=max(10, int(INPUTS * share)),
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    return lambda test: seed(SEED)(chosen(test))


def corpus(kind: str) -> list[Any]:
    """Return the inputs worth keeping of a kind: each found a fault, or is one that somebody is known to send."""
    return [json.loads(path.read_text()) for path in sorted((_CORPUS / kind).glob("*.json"))]


def names(kind: str) -> list[str]:
    return [path.stem for path in sorted((_CORPUS / kind).glob("*.json"))]

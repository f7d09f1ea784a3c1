"""The search for secrets finds them, however they are written."""

from base64 import b64encode, urlsafe_b64encode
from urllib.parse import quote

import pytest

from tests.support.canary import spot

SECRET = "s3cret?with/all+kinds&of=signs~and.more"


@pytest.mark.parametrize(
    "text",
    [
        SECRET,
        SECRET[7:19],
        quote(SECRET, safe=""),
        SECRET.encode().hex()[5:40],
        *(b64encode(b"x" * n + SECRET.encode()).decode() for n in range(4)),
        *(urlsafe_b64encode(b"x" * n + SECRET.encode() + b"y").decode() for n in range(4)),
    ],
)
def test_a_secret_is_found_and_not_repeated(text: str) -> None:
    found = spot(f"before {text} after", [SECRET])
    assert found
    assert found.startswith("before ")
    assert SECRET[7:19] not in found


@pytest.mark.parametrize("text", ["", "nothing", SECRET[:11], "s3cret with all kinds of signs and more"])
def test_malformed_secret_is_not_found(text: str) -> None:
    assert spot(text, [SECRET]) is None

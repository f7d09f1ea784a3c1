"""What counts as an app secret, and what is said of the rest."""

import pytest

from whatsapp_connect.app_secret import read_app_secrets

NEW = "0123456789abcdef0123456789abcdef"
OLD = "fedcba9876543210fedcba9876543210"
THIRD = "00112233445566778899aabbccddeeff"


@pytest.mark.parametrize(
    ("text", "values"),
    [
        (NEW, (NEW,)),
        (f"{NEW}\n", (NEW,)),
        (f" {NEW} \r\n", (NEW,)),
        (f"\n\n{NEW}\n{OLD}", (NEW, OLD)),
        (f"{NEW}\r\n{OLD}\r\n", (NEW, OLD)),
        (f"{NEW} {OLD}", (NEW, OLD)),
        (f"\ufeff{NEW}\n", (NEW,)),
        (f"\ufeff{NEW}\n\ufeff{OLD}\n", (NEW, OLD)),
        (f"\u00ef\u00bb\u00bf{NEW}\n", (NEW,)),  # a byte-order mark in UTF-8, read as Windows-1252
        ("", ()),
        (" \n\ufeff\n", ()),
    ],
)
def test_secrets_are_read_and_a_byte_order_mark_is_stripped(text: str, values: tuple[str, ...]) -> None:
    read = read_app_secrets(text)
    assert read.values == values
    assert read.ignored == ()


@pytest.mark.parametrize(
    ("text", "values", "line"),
    [
        (f"{NEW} # from the dashboard", (NEW,), 1),
        (f"# replaced {OLD}\n{NEW}", (NEW,), 1),  # a secret in a comment may have leaked
        (f"{NEW}\n# {OLD}\n", (NEW,), 2),
        (f"App secret: {NEW}", (), 1),
        (f"{NEW}\n{OLD}\n{THIRD}", (NEW, OLD), 3),
        (f"{NEW} {OLD} {THIRD}", (NEW, OLD), 1),
        (NEW[:-1], (), 1),
        (f"{NEW}0", (), 1),
        (f"{NEW[:-1]}\n{OLD}", (OLD,), 1),
        (NEW.upper(), (), 1),
        (f"{NEW[:-1]}\u0661", (), 1),
        (f"{NEW[:16]}\ufeff{NEW[16:]}", (), 1),
        (f"{NEW}\x00", (), 1),
        (f'"{NEW}"', (), 1),
        ("\n".join(f"\udc80{number}" for number in range(4000)), (), 1),
    ],
)
def test_anything_else_is_named_by_its_line_and_not_used(text: str, values: tuple[str, ...], line: int) -> None:
    read = read_app_secrets(text)
    assert read.values == values
    assert read.ignored[0].startswith(f"line {line}: ")
    assert len(read.ignored) <= 5


def test_ignored_text_is_never_quoted() -> None:
    text = "correct horse\nbattery-staple\nstäpel\n"
    said = " ".join(read_app_secrets(text).ignored)
    assert said.isascii()
    assert not any(word in said for word in text.split())

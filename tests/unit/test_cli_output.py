"""Text from people, as the command line prints it: readable, and without power over the terminal."""

import json
import unicodedata

import pytest

from whatsapp_connect_cli.errors import FailedError
from whatsapp_connect_cli.output import plain, say, show_json, show_line

# Each could move the cursor, run the terminal's commands, swap or hide letters, break a line, or stop the program.
STEERING = {
    "C0 controls": [chr(code) for code in range(0x20)],
    "delete and C1 controls": [chr(code) for code in range(0x7F, 0xA0)],
    "bidi controls": [*"\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"],
    "invisible": [*"\u00ad\u200b\u200c\u200d\u2060\u2061\u2062\u2063\u2064\ufeff\ufff9\U0001bca0\U0001d173"],
    "line and paragraph separators": [*"\u2028\u2029"],
    "tags": [chr(code) for code in range(0xE0001, 0xE0080)],
    "surrogates": ["\udfff", "\udc00", "\udbff", "\ud800"],
    "private and unassigned": [*"\ue000\U0010ffff\ufffe"],
}
HARMLESS = [
    "Bäckerei Öztürk & Söhne",
    "e\u0301clair",
    "שלום",
    "مرحبا 123",
    "हिन्दी",
    "寿司",
    "🍞 👍🏽 ❤️ 🇮🇹",
    '"quoted" \\ <b>',
]
ALL = [one for kind in STEERING.values() for one in kind]


@pytest.mark.parametrize("kind", STEERING)
def test_characters_that_steer_a_terminal_are_shown_as_spaces(kind: str) -> None:
    for character in STEERING[kind]:
        assert plain(f"a{character}b") == "a b", f"U+{ord(character):04X}"


def test_no_control_format_or_separator_character_of_unicode_is_left() -> None:
    everything = "".join(map(chr, range(0x110000)))
    left = {unicodedata.category(character) for character in plain(everything)}
    assert not left & {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


@pytest.mark.parametrize("text", HARMLESS)
def test_letters_marks_and_emoji_stay(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert plain(text) == text
    show_json({text: text})
    assert json.dumps(text, ensure_ascii=False) in capsys.readouterr().out


def test_json_keeps_every_character_and_prints_only_harmless_ones(capsys: pytest.CaptureFixture[str]) -> None:
    value = {"name": "".join(ALL), "".join(ALL): ["".join(HARMLESS)]}
    show_json(value)
    out = capsys.readouterr().out
    assert json.loads(out) == value
    assert out.replace("\n", "").isprintable()
    assert len(out.splitlines()) == 6  # those of the indentation


@pytest.mark.parametrize("show", [show_line, say, lambda text: FailedError(text).show()])
def test_a_line_stays_one_line_without_what_steers(show: object, capsys: pytest.CaptureFixture[str]) -> None:
    assert callable(show)
    show("before" + "".join(ALL) + "after")
    captured = capsys.readouterr()
    said = captured.out + captured.err
    assert said.count("\n") == 1
    assert said.rstrip("\n").isprintable()
    assert said.endswith("after\n")

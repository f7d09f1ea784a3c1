import re
import subprocess
import sys
import unicodedata
from datetime import UTC, date, datetime

import pytest
from babel.dates import format_date
from hypothesis import given
from hypothesis import strategies as st

from tests.support import stack
from tests.support.pseudo import pseudo
from whatsapp_connect.languages import NAMES, choose, load
from whatsapp_connect.languages.en import LANGUAGE as ENGLISH

OTHERS = [tag for tag in NAMES if tag != "en"]
BUTTONS = [key for key in ENGLISH.texts if key.startswith("button.") or key.endswith(".button")]
TITLES = [key for key in ENGLISH.texts if key.endswith(".title")]
FIXED = ("WhatsApp", "Facebook", "Meta")
FULL_STOPS = {"hi": "।"}
"""Where it is not a point."""
ACCOUNTS = {
    "en": "WhatsApp Business accounts?",
    "es": "cuentas? de WhatsApp Business",
    "pt-BR": "contas? do WhatsApp Business",
    "hi": "WhatsApp Business अकाउंट",
    "id": "akun WhatsApp Business",
    "ar": "(?:حساب|حسابات) WhatsApp Business",
    "tr": "WhatsApp Business hesa[bp]",
    "de": "WhatsApp Business-Kont(?:o|en)",
    "fr": "comptes? WhatsApp Business",
    "it": "account WhatsApp Business",
}
"""Meta's own name for a WhatsApp Business account."""
SCRIPTS = {"hi": "DEVANAGARI", "ar": "ARABIC"}
SAME_AS_ENGLISH: set[tuple[str, str]] = set()
"""Texts that are the same word in both languages."""
ANY_TEXT = st.text() | st.text("deinptxBR-*,;q=.01 \t")

every_language = pytest.mark.parametrize("tag", NAMES)
every_translation = pytest.mark.parametrize("tag", OTHERS)


@every_translation
def test_texts_are_those_of_english(tag: str) -> None:
    texts = load(tag).texts
    assert list(texts) == list(ENGLISH.texts)
    for key, text in texts.items():
        assert sorted(re.findall(r"\{.*?\}", text)) == sorted(re.findall(r"\{.*?\}", ENGLISH.texts[key])), key
        assert text != ENGLISH.texts[key] or (tag, key) in SAME_AS_ENGLISH, key


@every_language
def test_placeholder_stands_alone_or_after_a_colon(tag: str) -> None:
    """So that no language has to inflect what is inserted, or to count it."""
    for key, text in load(tag).texts.items():
        assert "{" not in text or re.fullmatch(r"(.*: )?\{[a-z]+\}", text), key
        assert not re.search(r"\d", text), key


@every_language
def test_button_and_title_fit_on_a_phone(tag: str) -> None:
    texts = load(tag).texts
    assert [key for key in BUTTONS if len(texts[key]) > 28] == []
    assert [key for key in TITLES if len(texts[key]) > 60] == []


@every_translation
def test_names_are_in_latin_letters_and_not_inflected(tag: str) -> None:
    for key, text in load(tag).texts.items():
        for name in FIXED:
            assert (name in text) == (name in ENGLISH.texts[key]), (key, name)
        attached = rf"\w(?:{'|'.join(FIXED)})|(?:{'|'.join(FIXED)})(?:\w|['\u2019]\w)"
        assert not re.search(attached, text), key
        assert set(re.findall("whatsapp|facebook", text, re.IGNORECASE)) <= set(FIXED), key


@every_language
def test_whatsapp_business_account_has_the_name_that_meta_uses(tag: str) -> None:
    for key, text in load(tag).texts.items():
        named = len(re.findall(ACCOUNTS[tag], text, re.IGNORECASE))
        english = ENGLISH.texts[key]
        assert named == english.count("WhatsApp Business account"), key
        assert named + english.count("WhatsApp Business app") == text.count("WhatsApp Business"), key


@every_language
def test_sentences_end_as_sentences(tag: str) -> None:
    full_stop = FULL_STOPS.get(tag, ".")
    for key, text in load(tag).texts.items():
        if ENGLISH.texts[key].endswith("."):
            assert text.endswith(full_stop), key
        else:
            assert text.endswith("}") or unicodedata.category(text[-1])[0] in "LM", key
        assert not (set(".।。") - {full_stop}) & set(text), key


@every_language
def test_no_text_has_an_extra_space_or_a_quotation_mark(tag: str) -> None:
    for key, text in load(tag).texts.items():
        assert text == text.strip(), key
        assert not re.search(r"\s\s", text), key
        assert not re.search(r"[\"`“”„«»…]", text), key
        assert "'" not in text or tag == "en", key


@every_language
def test_text_has_only_letters_of_its_script(tag: str) -> None:
    script = SCRIPTS.get(tag, "LATIN")
    language = load(tag)
    for key, text in [*language.texts.items(), *(("months", month) for month in language.months)]:
        own = text
        for name in ("WhatsApp Business", *FIXED):
            own = own.replace(name, "")
        own = re.sub(r"\{.*?\}", "", own)
        for one in own:
            assert unicodedata.category(one)[0] not in "LM" or unicodedata.name(one).startswith(script), (key, one)
        assert unicodedata.is_normalized("NFC", text), key
        visible = text.replace("\u200d", "") if tag == "hi" else text  # some Hindi words need a joiner
        assert not any(unicodedata.category(one) in {"Cc", "Cf", "Zl", "Zp"} for one in visible), key


@every_language
def test_direction_is_that_of_the_script(tag: str) -> None:
    assert load(tag).tag == tag
    assert load(tag).direction == ("rtl" if tag == "ar" else "ltr")


@every_language
@pytest.mark.parametrize("month", range(1, 13))
def test_date_is_written_as_babel_writes_it(tag: str, month: int) -> None:
    """With the digits 0 to 9."""
    for day in (1, 24):
        seconds = int(datetime(2027, month, day, 12, tzinfo=UTC).timestamp())
        pattern = "d MMMM y" if tag == "en" else "long"  # Babel's English is that of the United States
        locale = tag.replace("-", "_")
        assert load(tag).day(seconds) == format_date(date(2027, month, day), pattern, locale=locale)


def test_pseudo_language_can_be_told_from_english() -> None:
    language = pseudo(ENGLISH)
    assert list(language.texts) == list(ENGLISH.texts)
    for key, text in language.texts.items():
        assert re.fullmatch(r"\[.*\]", text), key
        assert len(text) >= 1.4 * len(ENGLISH.texts[key]), key
        assert re.findall(r"\{.*?\}", text) == re.findall(r"\{.*?\}", ENGLISH.texts[key]), key
        assert not re.search("[A-Za-z]", re.sub(r"\{.*?\}", "", text)), key
    assert not re.search("[A-Za-z]", "".join(language.months))


def test_only_the_language_that_is_needed_is_imported() -> None:
    program = (
        "import sys; from whatsapp_connect import languages; languages.load('tr');"
        "print(*sorted(name.rpartition('.')[2] for name in sys.modules if name.startswith('whatsapp_connect.languages.')))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=stack.ROOT / "functions", check=True, capture_output=True, text=True
    )
    assert ran.stdout.split() == ["language", "tr"]


@pytest.mark.parametrize(
    ("tags", "accept", "found"),
    [
        ([], "", "en"),
        ([], "de", "de"),
        ([], "DE-at", "de"),
        ([], "de-AT,fr;q=0.9", "de"),
        ([], "fr;q=0.5,de;q=0.6", "de"),
        ([], "fr ; q = 0.5 , de ; q = 0.6", "de"),
        ([], "de;q=0,fr;q=0.1", "fr"),
        ([], "de;q=0", "en"),
        ([], "de;q=0.000,xx", "en"),
        ([], "zh-Hans-CN,es-419", "es"),
        ([], "pt", "pt-BR"),
        ([], "pt-PT", "pt-BR"),
        ([], "in", "id"),
        ([], "in-ID", "id"),
        ([], "hi-IN-x-private", "hi"),
        ([], "x-de", "en"),
        ([], "*", "en"),
        ([], "*,de;q=0.5", "de"),
        ([], ";;;,,,=", "en"),
        ([], "de;q=2,fr", "fr"),
        ([], "d\u00e9,fr", "fr"),
        ([], "de\x00,fr", "fr"),
        ([], ",".join(["xx"] * 9 + ["de"]), "de"),
        ([], ",".join(["xx"] * 10 + ["de"]), "en"),
        ([], "," * 8192, "en"),
        ([], "a" * 8192, "en"),
        ([], " " * 500 + "de", "en"),
        ([], "de," + "a" * 8192, "de"),
        (["tr"], "de", "tr"),
        (["", "tr"], "de", "tr"),
        (["xx", "tr"], "de", "tr"),
        (["PT"], "de", "pt-BR"),
        (["<script>"], "", "en"),
        (["tr-"], "", "tr"),
    ],
)
def test_language_is_chosen(tags: list[str], accept: str, found: str) -> None:
    assert choose(tags, accept=accept) == found


def test_tag_of_any_length_is_looked_up_in_no_time() -> None:
    """8,000 hyphens took a sixth of a second. Only the first 35 characters count."""
    assert choose(["de" + "-x" * 4000], accept="") == "de"
    assert choose(["x" * 34 + "-de"], accept="fr") == "fr"


@given(tags=st.lists(ANY_TEXT), accept=ANY_TEXT)
def test_any_text_chooses_a_language(tags: list[str], accept: str) -> None:
    assert choose(tags, accept=accept) in NAMES

"""The mail recipe's function on moto, and its texts."""

import json
import re
import time
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType
from typing import Any

import boto3
import pytest
import time_machine
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.ses.models import ses_backends

from tests.support.source import load
from tests.support.stack import read_template
from whatsapp_connect.events import NEEDS_A_PERSON

RECIPE = Path(__file__).parents[2] / "examples/customer-mail"
TEMPLATE = read_template(RECIPE / "template.yaml")
TEXTS = {path.stem: json.loads(path.read_text()) for path in (RECIPE / "src/texts").glob("*.json")}
KINDS = sorted(TEXTS["en"]["mails"])
CUSTOMER = "customer@customer.example"
SENDER = "service@example.com"
DETAIL: dict[str, Any] = {
    "event_id": "tenant-7-1795658367437",
    "stack": "whatsapp-connect",
    "connection_id": "tenant-7",
    "expires_at": "2026-12-05T08:00:00Z",
    "data_access_expires_at": "2027-03-01T23:59:59Z",
    "cause": "token",
    "label": "Rosa & Söhne",
    "tags": {"email": "not-this-one@customer.example"},
    "language": "de",
    "reconnect_url": "https://connect.example.com/reconnect/tenant-7?auth_type=reauthorize",
}
WITHOUT_DATE = {"AccountsLost", "Revoked", "ScopesReduced"}


class Recipe:
    def __init__(self, function: ModuleType, clock: time_machine.Traveller) -> None:
        self.function = function
        self.clock = clock
        self.dynamodb = boto3.client("dynamodb")

    def handle(self, kind: str = "Expiring", **detail: Any) -> None:
        self.function.handler({"detail-type": kind, "detail": DETAIL | detail}, None)

    def mails(self) -> list[Any]:
        return list(ses_backends["123456789012"]["eu-west-1"].sent_messages)


@pytest.fixture
def recipe(monkeypatch: pytest.MonkeyPatch) -> Iterator[Recipe]:
    for name, value in {
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "CUSTOMER_TABLE": "customers",
        "MAIL_TABLE": "mails",
        "SERVICE_NAME": "Löwe Shop",
        "SENDER_ADDRESS": SENDER,
        "CONFIGURATION_SET": "",
    }.items():
        monkeypatch.setenv(name, value)
    with time_machine.travel(datetime.now(UTC), tick=False) as clock, mock_aws():
        boto3.client("ses").verify_email_identity(EmailAddress=SENDER)
        dynamodb = boto3.client("dynamodb")
        about = dict(TEMPLATE["Resources"]["MailTable"]["Properties"])
        time_to_live = about.pop("TimeToLiveSpecification")
        dynamodb.create_table(TableName="mails", **about)
        dynamodb.update_time_to_live(TableName="mails", TimeToLiveSpecification=time_to_live)
        dynamodb.create_table(
            TableName="customers",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "connection_id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "connection_id", "KeyType": "HASH"}],
        )
        dynamodb.put_item(TableName="customers", Item={"connection_id": {"S": "tenant-7"}, "email": {"S": CUSTOMER}})
        yield Recipe(load(RECIPE / "src/customer_mail.py"), clock)


def log_of(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """Return the line that the function logged."""
    log: dict[str, Any] = json.loads(capsys.readouterr().out)
    return log


def test_customer_is_mailed(recipe: Recipe, capsys: pytest.CaptureFixture[str]) -> None:
    recipe.handle()
    (mail,) = recipe.mails()
    assert mail.destinations == {"ToAddresses": [CUSTOMER]}
    assert mail.source == "=?utf-8?q?L=C3=B6we_Shop?= <service@example.com>"
    assert mail.subject == TEXTS["de"]["mails"]["Expiring"][0]
    output = capsys.readouterr()
    assert CUSTOMER not in output.out + output.err
    assert json.loads(output.out) == {
        "level": "INFO",
        "message": "mailed",
        "reason": "",
        "event_id": DETAIL["event_id"],
        "connection_id": "tenant-7",
    }


def test_event_that_is_delivered_twice_is_mailed_once(recipe: Recipe, capsys: pytest.CaptureFixture[str]) -> None:
    recipe.handle()
    capsys.readouterr()
    recipe.clock.shift(3600)
    recipe.handle()
    assert len(recipe.mails()) == 1
    assert log_of(capsys)["reason"] == "already-mailed"
    recipe.handle(event_id="tenant-7-1795658367438")
    assert len(recipe.mails()) == 2


def test_event_is_remembered_for_a_year(recipe: Recipe) -> None:
    recipe.handle()
    (row,) = recipe.dynamodb.scan(TableName="mails")["Items"]
    attribute = TEMPLATE["Resources"]["MailTable"]["Properties"]["TimeToLiveSpecification"]["AttributeName"]
    assert int(row[attribute]["N"]) == int(time.time()) + 365 * 86_400
    assert CUSTOMER not in json.dumps(row)


def test_mail_is_sent_again_if_the_function_was_cut_off(recipe: Recipe, monkeypatch: pytest.MonkeyPatch) -> None:
    def cut_off(_: str) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(recipe.function, "mark_mailed", cut_off)
        with pytest.raises(KeyboardInterrupt):
            recipe.handle()
    with pytest.raises(recipe.function.MailInProgressError):
        recipe.handle()
    recipe.clock.shift(60)  # Lambda's next attempt
    recipe.handle()
    recipe.clock.shift(60)
    recipe.handle()
    assert len(recipe.mails()) == 2


def test_claim_is_valid_while_the_function_runs_and_ends_before_the_next_attempt(recipe: Recipe) -> None:
    assert TEMPLATE["Resources"]["MailFunction"]["Properties"]["Timeout"] < recipe.function.CLAIM_S < 60


def test_refused_mail_is_tried_again(recipe: Recipe) -> None:
    ses = boto3.client("ses")
    ses.delete_identity(Identity=SENDER)
    with pytest.raises(ClientError):
        recipe.handle()
    ses.verify_email_identity(EmailAddress=SENDER)
    recipe.clock.shift(60)
    recipe.handle()
    assert len(recipe.mails()) == 1


@pytest.mark.parametrize(
    ("detail", "reason"),
    [
        ({"reconnect_url": None}, "reconnect-url-missing"),
        ({"reconnect_url": ""}, "reconnect-url-missing"),
        ({"connection_id": "stranger"}, "address-missing"),
    ],
)
def test_no_mail_without_url_or_address(
    recipe: Recipe, capsys: pytest.CaptureFixture[str], detail: dict[str, Any], reason: str
) -> None:
    recipe.handle(**detail)
    assert recipe.mails() == []
    log = log_of(capsys)
    assert (log["level"], log["reason"]) == ("WARNING", reason)
    recipe.handle(event_id=DETAIL["event_id"])  # nothing was claimed
    assert len(recipe.mails()) == 1


def test_events_of_the_rule_are_those_for_customers() -> None:
    pattern = TEMPLATE["Resources"]["MailFunction"]["Properties"]["Events"]["NeedsPerson"]["Properties"]["Pattern"]
    kinds = set(pattern["detail-type"])
    assert kinds == NEEDS_A_PERSON - {"CheckFailed", "OnboardingFailed", "SyncFailed"}
    assert kinds | {"ExpiringDataAccess"} == set(KINDS)


class Page(HTMLParser):
    """What a mail program makes of the HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.isolated: list[str] = []
        self._tag = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._tag = tag
        self.tags.append((tag, dict(attrs)))
        if tag == "bdi":
            self.isolated.append("")

    def handle_endtag(self, _: str) -> None:
        self._tag = ""

    def handle_data(self, data: str) -> None:
        if self._tag == "bdi":
            self.isolated[-1] += data

    def attributes(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def compose(recipe: Recipe, kind: str, **detail: Any) -> dict[str, str]:
    cause = {"cause": "data-access"} if kind == "ExpiringDataAccess" else {}
    mail: dict[str, str] = recipe.function.compose(kind.removesuffix("DataAccess"), DETAIL | cause | detail)
    return mail


def test_there_are_texts_for_the_languages_of_connections() -> None:
    assert set(TEXTS) == {"en", "es", "pt-BR", "hi", "id", "ar", "tr", "de", "fr", "it"}


@pytest.mark.parametrize("language", sorted(TEXTS))
def test_mails_of_a_language(recipe: Recipe, language: str) -> None:
    texts = TEXTS[language]
    for kind in KINDS:
        mail = compose(recipe, kind, language=language)
        subject, sentence = texts["mails"][kind]
        assert mail["Subject"] == subject
        page = Page(mail["Html"])
        direction = "rtl" if language == "ar" else "ltr"
        assert page.attributes("html") == [{"lang": language, "dir": direction}]
        assert [link["href"] for link in page.attributes("a")] == [DETAIL["reconnect_url"]]
        values = ["Löwe Shop", "Rosa & Söhne"]
        if kind not in WITHOUT_DATE:
            month, year = (3, 2027) if "DataAccess" in kind else (12, 2026)
            day = texts["day"].format(day={3: 1, 12: 5}[month], month=texts["months"][month - 1], year=year)
            values.append(day)
        assert page.isolated == [*values, DETAIL["reconnect_url"]]
        assert re.findall("\u2068(.*?)\u2069", mail["Text"]) == values
        assert mail["Text"].endswith(f"\n{DETAIL['reconnect_url']}\n")
        for part in (sentence, texts["request"], texts["button"]):
            assert part in mail["Text"]
            assert part in mail["Html"]


def test_date_is_in_the_words_of_the_language(recipe: Recipe) -> None:
    dates = {
        language: recipe.function.date_of("2026-12-05T08:00:00Z", texts).removesuffix(" (UTC)")
        for language, texts in TEXTS.items()
    }
    assert dates == {
        "en": "5 December 2026",
        "es": "5 de diciembre de 2026",
        "pt-BR": "5 de dezembro de 2026",
        "hi": "5 दिसंबर 2026",
        "id": "5 Desember 2026",
        "ar": "5 ديسمبر 2026",
        "tr": "5 Aral\u0131k 2026",
        "de": "5. Dezember 2026",
        "fr": "5 décembre 2026",
        "it": "5 dicembre 2026",
    }


@pytest.mark.parametrize("language", ["", "nl", "../texts/de", None])
def test_mail_is_english_if_the_language_is_unknown(recipe: Recipe, language: str | None) -> None:
    mail = compose(recipe, "Expired", language=language)
    assert mail["Subject"] == TEXTS["en"]["mails"]["Expired"][0]
    assert '<html lang="en" dir="ltr">' in mail["Html"]


def test_url_is_escaped(recipe: Recipe) -> None:
    url = 'https://connect.example.com/reconnect/a?b=c&copy=1">d'
    mail = compose(recipe, "Expired", reconnect_url=url)
    page = Page(mail["Html"])
    assert [link["href"] for link in page.attributes("a")] == [url]
    assert page.isolated[-1] == url


def test_facts_that_are_missing_are_left_out(recipe: Recipe) -> None:
    mail = compose(recipe, "Expiring", label="", expires_at=None)
    assert re.findall("\u2068(.*?)\u2069", mail["Text"]) == ["Löwe Shop"]
    assert Page(mail["Html"]).isolated == ["Löwe Shop", DETAIL["reconnect_url"]]


@pytest.mark.parametrize(
    ("label", "shown"),
    [
        ("Müller & Co. KG", "Müller & Co. KG"),
        ("वेब\u200dसाइट", "वेब\u200dसाइट"),
        ("evil.example", "evil. example"),
        ("https://evil.example/x", "https: / / evil. example/ x"),
        ("www。evil。example", "www。 evil。 example"),
        ("rosa@evil.example", "rosa@ evil. example"),
        ("a\r\nBcc: b\u2028c", "a Bcc: b c"),
        ("\u202eevil\u2069", "evil"),
        ("half \ud800", "half"),
        ('"><script>alert(1)</script>', '"><script>alert(1)</ script>'),
        ("</bdi><a href='https://evil.example'>", "</ bdi><a href='https: / / evil. example'>"),
        ("{url} %s", "{url} %s"),
        ("\n", None),
    ],
)
def test_label_is_shown_and_never_becomes_a_link(recipe: Recipe, label: str, shown: str | None) -> None:
    mail = compose(recipe, "Expired", label=label)
    page = Page(mail["Html"])
    assert [link["href"] for link in page.attributes("a")] == [DETAIL["reconnect_url"]]
    assert page.attributes("script") == []
    assert mail["Subject"] == TEXTS["de"]["mails"]["Expired"][0]
    values = re.findall("\u2068(.*?)\u2069", mail["Text"])
    assert values == page.isolated[:-1]
    assert (shown in values) if shown else len(values) == 2
    "".join(mail.values()).encode()  # SES takes UTF-8


@pytest.mark.parametrize("language", sorted(TEXTS))
def test_texts_follow_the_rules(language: str) -> None:
    texts = TEXTS[language]
    assert len(texts["button"]) <= 28
    assert texts.keys() == TEXTS["en"].keys()
    assert texts["mails"].keys() == TEXTS["en"]["mails"].keys()
    assert len(texts["months"]) == len(set(texts["months"])) == 12
    assert texts["note"].endswith("Reviewed by a native speaker: no.")
    assert unicodedata.is_normalized("NFC", json.dumps(texts, ensure_ascii=False))
    for name in ("service", "connection", "end", "address"):
        assert texts[name].endswith(":")
    sentences = [texts["request"], texts["button"], *(one for mail in texts["mails"].values() for one in mail)]
    for sentence in sentences:
        assert not set("{}%<>&\n") & set(sentence)
        assert not re.search(INFORMAL[language], f" {sentence} ", re.IGNORECASE), sentence
        for before, after in re.findall(r"(\S?)(?:WhatsApp|Facebook|Meta)\b(\S?)", sentence):
            assert not before
            assert after in {"", ".", ",", "،"}
    for subject, sentence in texts["mails"].values():
        assert "WhatsApp" in subject
        assert "WhatsApp" in sentence
        assert len(subject) <= 60


INFORMAL = {
    "en": "whats ?app's",
    "es": r"\b(tú|tu|tus|te|ti|vuelve|conecta|abre)\b",
    "pt-BR": r"\b(tu|teu|tua|ti)\b",
    "hi": r"तुम|तू |तेर|व्हाट्स|फ़ेसबुक|फेसबुक",
    "id": r"\b(kamu|kau|\w+mu)\b",
    "ar": r"واتس|فيسبوك|فيس بوك|ميتا|قمتَ|أنتَ|أنتِ|أعد |اختر |افتح |تقوم |تقومي ",
    "tr": r"\b(sen|senin|seni)\b",
    "de": r"\b(du|dein\w*|dich|dir)\b",
    "fr": r"\b(tu|ton|ta|tes|toi)\b",
    "it": r"\b(tu|tuo|tua|tuoi|tue|ti)\b",
}
"""Informal address, gendered address in Arabic, and names in other letters or with an ending."""

"""Attacks on the end of Embedded Signup: other sites, other browsers, other codes, and claims about accounts."""

from collections.abc import Callable
from urllib.parse import urlencode

import pytest

from facebook_simulator.world import Person
from tests.attacks.site import FORM, AttackedSite
from tests.attacks.visitor import Answer, Visitor
from tests.support.browser import state_of

pytestmark = pytest.mark.emulator

NewPerson = Callable[..., Person]

PATH = "/callback/signup"
OWN = {"Sec-Fetch-Site": "same-origin"}


def code_of(site: AttackedSite, person: Person) -> str:
    code: str = site.facebook.control("codes", {"redirect_uri": "", "person": person.key})["code"]
    return code


def post(visitor: Visitor, form: dict[str, str], headers: dict[str, str]) -> Answer:
    return visitor.send("POST", PATH, FORM | headers, urlencode(form).encode())


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "same-site", "Origin": "https://sibling.localhost"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
def test_form_of_another_site_connects_nobody(
    site: AttackedSite, new_person: NewPerson, headers: dict[str, str]
) -> None:
    """The attacker knows the state of the victim's login, and the victim's browser sends its cookie, as it never should."""
    victim, mallory = site.visitor(), new_person()
    state, sent = state_of(site.start(victim)), site.facebook.exchanges
    form = {"state": state, "code": code_of(site, mallory)}
    assert post(victim, form, headers).status == 400
    assert (site.facebook.exchanges, site.token(mallory.id)) == (sent, None)
    person = new_person()
    answer = post(victim, {"state": state, "code": code_of(site, person)}, OWN)
    assert answer.title == "You are connected"


def test_other_browser_connects_nobody(site: AttackedSite, person: Person) -> None:
    owner, attacker = site.visitor(), site.visitor()
    state, sent = state_of(site.start(owner)), site.facebook.exchanges
    site.start(attacker)
    form = {"state": state, "code": code_of(site, person)}
    for headers in (OWN, {}, {"Origin": f"https://{site.host}"}):
        assert post(attacker, form, headers).title == "Please start again in this browser"
    assert (site.facebook.exchanges, site.token(person.id)) == (sent, None)


def test_replayed_form_does_nothing(site: AttackedSite, person: Person) -> None:
    visitor = site.visitor()
    form = {"state": state_of(site.start(visitor)), "code": code_of(site, person)}
    first = post(visitor, form, OWN)
    assert first.title == "You are connected"
    token, sent = site.token(person.id), site.facebook.exchanges
    assert post(visitor, form | {"code": code_of(site, person)}, OWN).title == first.title
    assert visitor.get(f"/callback?{urlencode(form)}").title == first.title
    assert (site.token(person.id), site.facebook.exchanges) == (token, sent)


def test_claimed_account_of_somebody_else_is_in_no_record(site: AttackedSite, new_person: NewPerson) -> None:
    victim, mallory, visitor = new_person(), new_person(), site.visitor()
    waba_id = victim.businesses[0].accounts[0].id
    form = {"state": state_of(site.start(visitor)), "code": code_of(site, mallory), "waba_id": waba_id}
    assert post(visitor, form | {"event": "FINISH"}, OWN).title == "You are connected"
    assert waba_id not in site.rows("ConnectionTable") + site.rows("AccountTable") + site.rows("StateTable")

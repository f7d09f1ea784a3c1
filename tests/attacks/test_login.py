"""Attacks on a login under way: whose browser, which login, whose code, and how often."""

from collections.abc import Callable
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from facebook_simulator.world import Person
from tests.attacks.site import AttackedSite
from tests.support.browser import state_of
from whatsapp_connect.cipher import Cipher
from whatsapp_connect.errors import TokenUnreadableError

pytestmark = pytest.mark.emulator

NewPerson = Callable[..., Person]


def replaced(location: str, **parameters: str) -> str:
    """Return an address with other values in its query."""
    address = urlsplit(location)
    query = {name: value for name, (value,) in parse_qs(address.query).items()} | parameters
    return address._replace(query=urlencode(query)).geturl()


def test_login_csrf_does_not_connect(site: AttackedSite, new_person: NewPerson) -> None:
    """The attacker logs in, and makes the victim's browser open the end of that login."""
    attacker, victim, mallory = site.visitor(), site.visitor(), new_person()
    location = site.log_in(attacker, mallory.key)
    site.log_in(victim, new_person().key)  # a login of the victim's own is under way, too
    sent = site.facebook.exchanges
    answer = victim.get(location)
    assert (answer.status, answer.title) == (400, "Please start again in this browser")
    assert site.facebook.exchanges == sent
    assert site.token(mallory.id) is None


def test_a_fixed_state_gives_the_attacker_nothing(site: AttackedSite, person: Person) -> None:
    """The attacker starts a login and has the victim go through Facebook's dialog with that state."""
    attacker, victim = site.visitor(), site.visitor()
    dialog = attacker.get("/connect").header("Location")
    location = site.agree(dialog, person.key)
    sent = site.facebook.exchanges
    assert victim.get(location).title == "Please start again in this browser"
    assert site.facebook.exchanges == sent
    assert site.token(person.id) is None


def test_chosen_state_is_refused(site: AttackedSite) -> None:
    chosen = "A" * 43
    states = {
        state_of(site.visitor().get(f"/connect?state={chosen}", {"Cookie": f"state={chosen}"}).header("Location"))
        for _ in range(3)
    }
    assert len(states) == 3
    assert chosen not in states


def test_a_replayed_callback_does_nothing(site: AttackedSite, person: Person) -> None:
    visitor = site.visitor()
    location = site.log_in(visitor, person.key)
    first = visitor.get(location)
    assert first.title == "You are connected"
    token, sent = site.token(person.id), site.facebook.exchanges
    # Shown again without the phone numbers: they are asked for after the outcome is stored.
    again = visitor.get(location)
    assert again.title == first.title
    other_code = site.facebook.control("codes", {"redirect_uri": site.redirect_uri, "person": person.key})["code"]
    assert visitor.get(replaced(location, code=other_code)).text == again.text
    assert (site.token(person.id), site.facebook.exchanges) == (token, sent)


def test_a_stolen_callback_is_worthless_and_stays_good_for_its_owner(site: AttackedSite, person: Person) -> None:
    """The attacker gets there first, without a cookie, with cookies of an own login, and with a guess."""
    owner, attacker = site.visitor(), site.visitor()
    location = site.log_in(owner, person.key)
    (cookie,) = owner.cookies
    sent = site.facebook.exchanges
    assert attacker.get(location).title == "Please start again in this browser"
    attacker.get("/connect")
    assert attacker.get(location).title == "Please start again in this browser"
    attacker.cookies[cookie] = next(iter(attacker.cookies.values()))
    assert attacker.get(location).title == "Please start again"
    assert site.facebook.exchanges == sent
    connected = owner.get(location)
    assert connected.title == "You are connected"
    assert "555-0150" in connected.body
    for thief in (attacker, site.visitor()):
        answer = thief.get(location)
        assert answer.status == 400
        assert "555-0150" not in answer.body


def test_state_table_does_not_allow_finishing_a_login(site: AttackedSite, person: Person) -> None:
    owner = site.visitor()
    location = site.log_in(owner, person.key)
    rows = site.rows("StateTable")
    assert state_of(location) not in rows
    for value in owner.cookies.values():
        assert value not in rows
        assert value.partition(".")[0] not in rows


def test_connection_table_does_not_reveal_the_token(site: AttackedSite, person: Person) -> None:
    """Not even with the right to use the key, if not in the connection's own name."""
    visitor = site.visitor()
    visitor.get(site.log_in(visitor, person.key))
    token, encrypted = site.token(person.id), site.existing_record(person.id).token
    assert token
    assert encrypted
    assert token not in site.rows("ConnectionTable")
    assert token.encode() not in encrypted
    cipher = Cipher(client=site.client("kms"), key_id=site.stack.outputs["TokenKeyArn"])
    assert cipher.decrypt(person.id, encrypted)[0] == token
    with pytest.raises(TokenUnreadableError):
        cipher.decrypt(f"{person.id}0", encrypted)


def test_logins_side_by_side_are_not_mixed_up(site: AttackedSite, new_person: NewPerson) -> None:
    """Two logins in one browser, with a link each; their codes, states and cookies are then exchanged."""
    one, two, visitor = new_person(), new_person(), site.visitor()
    tenants = (f"tenant-{one.id}", f"tenant-{two.id}")
    first, second = (
        site.log_in(visitor, person.key, link=site.link(tenant))
        for person, tenant in zip((one, two), tenants, strict=True)
    )
    logins = {name: value for name, value in visitor.cookies.items() if name.startswith("__Host-connect-")}
    (name, value), (other_name, other_value) = logins.items()
    confused = site.visitor()
    confused.cookies = {name: other_value, other_name: value}
    assert {confused.get(location).title for location in (first, second)} == {"Please start again"}
    assert visitor.get(second).title == "You are connected"
    assert visitor.get(first).title == "You are connected"
    for person, tenant in zip((one, two), tenants, strict=True):
        assert site.existing_record(tenant).user_id == person.id


def test_code_injected_into_another_login_connects_only_its_owner(site: AttackedSite, new_person: NewPerson) -> None:
    """The attacker has a victim's code, not yet used, and a login of an own under way, without a link."""
    attacker, victim, mallory = site.visitor(), new_person(), new_person()
    stolen = parse_qs(urlsplit(site.log_in(site.visitor(), victim.key)).query)["code"][0]
    attacker.get(replaced(site.log_in(attacker, mallory.key), code=stolen))
    assert site.token(mallory.id) is None
    assert site.existing_record(victim.id).user_id == victim.id


def test_a_token_in_the_callback_is_not_looked_at(site: AttackedSite, person: Person) -> None:
    """Of this app and of another: only a code, sent by this stack itself, brings a token."""
    visitor = site.visitor()
    state = state_of(visitor.get("/connect").header("Location"))
    token = site.facebook.control("tokens", {"person": person.key})["access_token"]
    answer = visitor.get(f"/callback?{urlencode({'state': state, 'access_token': token, 'id_token': token})}")
    assert (answer.status, answer.title) == (400, "Please start again")
    assert site.token(person.id) is None

"""Attacks on a login under way: whose browser, which login, and how often."""

from collections.abc import Callable

import pytest

from local.facebook.world import Person
from tests.attacks.site import Site

pytestmark = pytest.mark.emulator

type NewPerson = Callable[..., Person]


def test_login_csrf(site: Site, new_person: NewPerson) -> None:
    """An attacker who makes a victim's browser open the end of the attacker's own login connects nobody."""
    attacker, victim, mallory = site.visitor(), site.visitor(), new_person()
    location = site.log_in(attacker, mallory.key)
    site.log_in(victim, new_person().key)  # a login of the victim's own is under way, too
    sent = site.codes_sent()
    answer = victim.get(location)
    assert (answer.status, answer.title) == (400, "Let's start again in this browser")
    assert site.token(mallory.id) is None
    assert site.codes_sent() == sent

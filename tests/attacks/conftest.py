"""The attacked stack, and people of the attacks' own to log in."""

from collections.abc import Callable, Iterator

import pytest

from facebook_simulator.world import Person
from local.stack import Stack
from tests.support.people import newcomer

pytest.register_assert_rewrite("tests.attacks.site", "tests.attacks.visitor")

from tests.attacks.site import AttackedSite  # noqa: E402


@pytest.fixture(scope="session")
def site(stack: Stack) -> AttackedSite:
    return AttackedSite.beside(stack)


@pytest.fixture
def new_person(site: AttackedSite) -> Iterator[Callable[..., Person]]:
    """Let somebody new live in the simulator, with a business, an account and a phone number."""
    before = site.simulator.state.people

    def new_person(name: str = "Nadia Okoro", phone: str = "+1 202-555-0150") -> Person:
        person = newcomer(name, phone)
        site.simulator.state.populate((*site.simulator.state.people, person))
        return person

    yield new_person
    site.simulator.state.populate(before)


@pytest.fixture
def person(new_person: Callable[..., Person]) -> Person:
    return new_person()

"""The attacked stack, and people of the attacks' own to log in."""

import itertools
from collections.abc import Callable, Iterator

import pytest

from facebook_simulator.world import Account, Business, Person, Phone
from local.stack import Stack

pytest.register_assert_rewrite("tests.attacks.site", "tests.attacks.visitor")

from tests.attacks.site import AttackedSite  # noqa: E402

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def site(stack: Stack) -> AttackedSite:
    return AttackedSite.beside(stack)


@pytest.fixture
def new_person(site: AttackedSite) -> Iterator[Callable[..., Person]]:
    """Let somebody new live in the simulator, with a business, an account and a phone number."""
    before = site.simulator.state.people

    def new_person(name: str = "Nadia Okoro", phone: str = "+1 202-555-0150") -> Person:
        number = next(_numbers)
        account = Account(f"30000000000{number:04d}", name, (Phone(f"40000000000{number:04d}", phone, name),))
        business = Business(f"20000000000{number:04d}", name, f"12210000008{number:07d}", (account,))
        person = Person(f"attacked-{number}", f"12210000009{number:07d}", name, (business,))
        site.simulator.state.populate((*site.simulator.state.people, person))
        return person

    yield new_person
    site.simulator.state.populate(before)


@pytest.fixture
def person(new_person: Callable[..., Person]) -> Person:
    return new_person()

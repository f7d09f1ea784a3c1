"""Who connects in the tests."""

import itertools

from facebook_simulator.world import Account, Business, Person, Phone

MARIA = "122100000000000001"
"""The simulator takes whoever logs in for her, unless it is told otherwise."""
JONAS = "122100000000000002"
PRIYA = "122100000000000003"
BAKERY = "300000000000001"
"""Maria's WhatsApp Business account."""

_numbers = itertools.count(1)


def newcomer(name: str = "Nadia Okoro", phone: str = "+1 202-555-0150") -> Person:
    """Make somebody whom no other test knows, with a business, an account and a phone number."""
    number = next(_numbers)
    account = Account(f"30000000000{number:04d}", name, (Phone(f"40000000000{number:04d}", phone, name),))
    business = Business(f"20000000000{number:04d}", name, f"12210000008{number:07d}", (account,))
    return Person(f"newcomer-{number}", f"12210000009{number:07d}", name, (business,))


def people(number: int) -> tuple[Person, ...]:
    """Make people, each with a business, an account and a phone number."""
    return tuple(
        Person(
            f"person{n}",
            f"1222{n:011}",
            f"Person {n}",
            (
                Business(
                    f"2001{n:011}",
                    f"Business {n}",
                    f"1229{n:011}",
                    (Account(f"3001{n:011}", f"Shop {n}", (Phone(f"4001{n:011}", "+1 202-555-0100", "Shop"),)),),
                ),
            ),
        )
        for n in range(number)
    )

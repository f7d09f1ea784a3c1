"""Define the simulated people, their businesses, WhatsApp accounts and phone numbers."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Phone:
    """A business phone number. The Graph API uses its `id`."""

    id: str
    display_phone_number: str
    verified_name: str


@dataclass(frozen=True, slots=True)
class Account:
    """A WhatsApp Business account (WABA)."""

    id: str
    name: str
    phones: tuple[Phone, ...]


@dataclass(frozen=True, slots=True)
class Business:
    """A business portfolio. Tokens of Facebook Login for Business belong to `system_user_id`."""

    id: str
    name: str
    system_user_id: str
    accounts: tuple[Account, ...]


@dataclass(frozen=True, slots=True)
class Person:
    """A person who can log in. `key` is the short name in forms and control calls."""

    key: str
    id: str
    name: str
    businesses: tuple[Business, ...]

    @property
    def accounts(self) -> tuple[Account, ...]:
        """All WhatsApp accounts of all businesses, in the order of the consent page."""
        return tuple(account for business in self.businesses for account in business.accounts)

    def describe(self) -> dict[str, Any]:
        """Return this person as in `GET /_control/people`."""
        about = asdict(self)
        about["person"] = about.pop("key")
        return about

    @classmethod
    def parse(cls, about: Mapping[str, Any]) -> Self:
        """Return a person from what `describe` returns. Raises KeyError or TypeError."""
        return cls(about["person"], about["id"], about["name"], tuple(map(_business, about["businesses"])))


def _business(about: Mapping[str, Any]) -> Business:
    return Business(**{**about, "accounts": tuple(map(_account, about["accounts"]))})


def _account(about: Mapping[str, Any]) -> Account:
    return Account(**{**about, "phones": tuple(Phone(**phone) for phone in about["phones"])})


def _phones(first_id: int, count: int, name: str, first_line: int) -> tuple[Phone, ...]:
    # The numbers 555-0100 to 555-0199 are reserved for fiction.
    return tuple(Phone(str(first_id + index), f"+1 202-555-01{first_line + index:02d}", name) for index in range(count))


MARIA = Person(
    "maria",
    "122100000000000001",
    "Maria Bakker",
    (
        Business(
            "200000000000001",
            "Corner Bakery",
            "122100000000000901",
            (Account("300000000000001", "Corner Bakery", _phones(400000000000001, 2, "Corner Bakery", 0)),),
        ),
    ),
)
# Two businesses and three accounts. One account has more numbers than fit on a page.
JONAS = Person(
    "jonas",
    "122100000000000002",
    "Jonas Lind",
    (
        Business(
            "200000000000002",
            "Lind Travel",
            "122100000000000902",
            (
                Account("300000000000002", "Lind Travel", _phones(400000000000101, 1, "Lind Travel", 2)),
                Account(
                    "300000000000003",
                    "Lind Travel Support",
                    _phones(400000000000201, 30, "Lind Travel Support", 10),
                ),
            ),
        ),
        Business(
            "200000000000003",
            "Harbour Cycles",
            "122100000000000903",
            (Account("300000000000004", "Harbour Cycles", _phones(400000000000301, 1, "Harbour Cycles", 3)),),
        ),
    ),
)
PRIYA = Person("priya", "122100000000000003", "Priya Nair", ())

# An account of nobody here, for calls that must be refused.
STRANGER = Account("300000000000099", "Somebody else", _phones(400000000000901, 1, "Somebody else", 4))

PEOPLE = (MARIA, JONAS, PRIYA)


def all_accounts(people: Iterable[Person]) -> dict[str, Account]:
    """Return all WhatsApp accounts by ID, with the stranger's."""
    return {account.id: account for person in people for account in person.accounts} | {STRANGER.id: STRANGER}

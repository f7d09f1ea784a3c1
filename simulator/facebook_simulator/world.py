"""Define the simulated people, their businesses, WhatsApp accounts and phone numbers."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Phone:
    """A business phone number. The Graph API uses its `id`."""

    id: str
    display_phone_number: str
    verified_name: str
    status: str = "CONNECTED"
    platform_type: str = "CLOUD_API"
    code_verification_status: str = "VERIFIED"
    quality_rating: str = "GREEN"
    is_on_biz_app: bool = False
    last_onboarded_time: str = "2026-01-15T09:00:00+0000"
    can_send_message: str = "AVAILABLE"
    pin: str = ""
    """The PIN of its two-step verification; "" if none is set."""
    shares_history: bool = True
    """Whether the business shares the chats of a number of the WhatsApp Business app."""

    @property
    def is_registered(self) -> bool:
        """True if messages can be sent from it with the Cloud API."""
        return self.platform_type == "CLOUD_API" and self.status == "CONNECTED"


@dataclass(frozen=True, slots=True)
class Account:
    """A WhatsApp Business account (WABA). `problems` are the error codes of its health status."""

    id: str
    name: str
    phones: tuple[Phone, ...]
    can_send_message: str = "AVAILABLE"
    problems: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Business:
    """A business portfolio. Tokens of Facebook Login for Business belong to `system_user_id`.

    It owns `accounts`. Other businesses have shared `client_accounts` with it.
    """

    id: str
    name: str
    system_user_id: str
    accounts: tuple[Account, ...]
    client_accounts: tuple[Account, ...] = ()

    @property
    def all_accounts(self) -> tuple[Account, ...]:
        """The owned accounts, then those of others."""
        return self.accounts + self.client_accounts


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
        found = {account.id: account for business in self.businesses for account in business.all_accounts}
        return tuple(found.values())

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
    accounts = tuple(map(_account, about["accounts"]))
    clients = tuple(map(_account, about.get("client_accounts", ())))
    return Business(**{**about, "accounts": accounts, "client_accounts": clients})


def _account(about: Mapping[str, Any]) -> Account:
    phones = tuple(Phone(**phone) for phone in about["phones"])
    return Account(**{**about, "phones": phones, "problems": tuple(about.get("problems", ()))})


def change_accounts(people: Iterable[Person], change: Callable[[Account], Account | None]) -> tuple[Person, ...]:
    """Return the people with changed accounts. An account for which `change` returns None is removed."""

    def changed(accounts: tuple[Account, ...]) -> tuple[Account, ...]:
        return tuple(new for account in accounts if (new := change(account)))

    def business(one: Business) -> Business:
        return replace(one, accounts=changed(one.accounts), client_accounts=changed(one.client_accounts))

    return tuple(replace(person, businesses=tuple(map(business, person.businesses))) for person in people)


def change_businesses(people: Iterable[Person], change: Callable[[Business], Business]) -> tuple[Person, ...]:
    """Return the people with changed portfolios."""
    return tuple(replace(person, businesses=tuple(map(change, person.businesses))) for person in people)


def _phones(first_id: int, count: int, name: str, first_line: int) -> tuple[Phone, ...]:
    return tuple(phone(str(first_id + index), name, first_line + index) for index in range(count))


def phone(phone_id: str, name: str, line: int) -> Phone:
    """Return a phone number. The numbers 555-0100 to 555-0199 are reserved for fiction."""
    return Phone(phone_id, f"+1 202-555-01{line % 100:02d}", name)


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

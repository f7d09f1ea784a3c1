"""Find accounts, phone numbers and business portfolios by ID. A load test has thousands of people."""

from collections.abc import Iterable

from facebook_simulator.world import STRANGER, Account, Business, Person, Phone


class Directory:
    """The accounts, numbers and portfolios of some people, by ID. `owners` has the portfolio of each account's owner."""

    def __init__(self, people: Iterable[Person]) -> None:
        self.businesses: dict[str, Business] = {}
        self.accounts: dict[str, Account] = {}
        self.owners: dict[str, Business] = {}
        for person in people:
            for business in person.businesses:
                self.businesses[business.id] = business
                self.accounts |= {account.id: account for account in business.all_accounts}
                self.owners |= {account.id: business for account in business.accounts}
        self.accounts[STRANGER.id] = STRANGER
        self.phones: dict[str, tuple[Account, Phone]] = {
            phone.id: (account, phone) for account in self.accounts.values() for phone in account.phones
        }

"""Find out which WhatsApp accounts a token reaches.

Facebook's debugger does not always name them, and what it names may be a business. So an ID counts as an account once
Facebook lists its phone numbers for the token. That nothing is listed proves nothing.
"""

from collections.abc import Iterable
from time import monotonic

from whatsapp_connect.errors import AccountUnknownError, FacebookUnavailableError, LoginError
from whatsapp_connect.model import AccessToken, Findings, TokenInfo
from whatsapp_connect.whatsapp import WhatsAppClient


class AccountFinder:
    def __init__(self, whatsapp: WhatsAppClient) -> None:
        self._whatsapp = whatsapp

    def prove(self, ids: Iterable[str], token: AccessToken, *, deadline: float) -> Findings:
        """Ask about each ID, as far as the time allows. An ID that is not an account is asked for its accounts.

        `deadline` is on the monotonic clock. Raises nothing: what Facebook refuses stays unknown.
        """
        found = Findings()
        for one in ids:
            if monotonic() >= deadline:
                break
            self._prove(one, token, found, deadline=deadline)
        return found

    def look_up(
        self, info: TokenInfo, client_business_id: str, token: AccessToken, *, deadline: float
    ) -> tuple[dict[str, str], bool]:
        """Return the names of the accounts that Facebook lists for the token's owner, by ID, and whether that is all.

        It is all only for a person whose token may list businesses, if every list was read to its end.
        """
        found: dict[str, str] = {}
        is_all = info.token_type == "USER" and "business_management" in info.scopes  # noqa: S105  a kind of token
        if info.token_type == "SYSTEM_USER":  # noqa: S105  a kind of token
            found |= self._assigned(token, deadline=deadline)
            businesses = [client_business_id] if client_business_id else []
        else:
            try:
                businesses = self._whatsapp.businesses(token, deadline=deadline)
            except LoginError:
                return found, False
        for business_id in businesses:
            accounts, refusal = self._of_business(business_id, token, deadline=deadline)
            found |= accounts
            is_all = is_all and refusal is None
            if isinstance(refusal, FacebookUnavailableError):
                break
        return found, is_all

    def _of_business(
        self, business_id: str, token: AccessToken, *, deadline: float
    ) -> tuple[dict[str, str], LoginError | None]:
        """Return the names of the accounts of a business by ID, and why a list is missing: one does not stop the other."""
        found: dict[str, str] = {}
        refusal: LoginError | None = None
        for accounts in (self._whatsapp.owned_accounts, self._whatsapp.client_accounts):
            try:
                found |= accounts(business_id, token, deadline=deadline)
            except LoginError as error:
                if refusal is None or isinstance(error, FacebookUnavailableError):
                    refusal = error
        return found, refusal

    def _assigned(self, token: AccessToken, *, deadline: float) -> dict[str, str]:
        try:
            return self._whatsapp.assigned_accounts(token, deadline=deadline)
        except LoginError:
            return {}

    def _prove(self, one: str, token: AccessToken, found: Findings, *, deadline: float) -> None:
        try:
            found.numbers[one] = self._whatsapp.phone_numbers(one, token, deadline=deadline)
        except AccountUnknownError as error:
            accounts, refusal = self._of_business(one, token, deadline=deadline)
            found.names |= accounts
            self._prove_listed(accounts, token, found, deadline=deadline)
            if isinstance(refusal, FacebookUnavailableError):
                found.trouble = found.trouble or refusal  # it may be a business, or have more accounts: it stays
            elif accounts:
                found.businesses.add(one)
            elif error.is_missing:
                found.missing.add(one)
        except LoginError as error:
            found.trouble = found.trouble or error

    def _prove_listed(self, ids: Iterable[str], token: AccessToken, found: Findings, *, deadline: float) -> None:
        for one in ids:
            try:
                found.numbers[one] = self._whatsapp.phone_numbers(one, token, deadline=deadline)
            except (AccountUnknownError, LoginError):
                continue

"""Find the WhatsApp account or phone number that a request is about, and check that its token reaches it."""

from flask import request

from facebook_simulator import errors
from facebook_simulator.caller import Caller, identify
from facebook_simulator.errors import GraphError
from facebook_simulator.model import Token
from facebook_simulator.state import State
from facebook_simulator.world import Account, Phone

_MANAGEMENT = "whatsapp_business_management"


class Access:
    """What a token reaches. Every method raises GraphError."""

    def __init__(self, state: State) -> None:
        self._state = state

    def caller(self) -> Caller:
        """Return the caller. WhatsApp endpoints answer 401 to an invalid token; other endpoints answer 400."""
        try:
            return identify(request, self._state)
        except GraphError as error:
            if error.failure.code == 190:
                raise GraphError(error.failure.with_status(401)) from None
            raise

    def account(self, node: str, token: Token, edge: str | None = None) -> Account:
        """Return an account for a call of one of its edges, or of the account itself."""
        account = self._state.accounts.get(node)
        if account is None:
            if edge and self.reaches_business(node, token):
                raise GraphError(errors.nonexisting_field(edge, "Business"))
            raise GraphError(errors.unsupported(request.method, node))
        self._check(token, account, node, _MANAGEMENT)
        return account

    def phone(self, node: str, token: Token, *, scope: str = _MANAGEMENT) -> tuple[Account, Phone]:
        """Return a phone number and its account. The call needs the permission `scope`."""
        found = self._state.phone(node)
        if found is None:
            raise GraphError(errors.unsupported(request.method, node))
        account, phone = found
        self._check(token, account, node, scope)
        return account, phone

    def reaches_business(self, node: str, token: Token) -> bool:
        """Return whether the token sees this business portfolio."""
        businesses = self._state.businesses_of(token)
        return "business_management" in token.scopes and any(one.id == node for one in businesses)

    def _check(self, token: Token, account: Account, node: str, scope: str) -> None:
        if account.id not in token.accounts:
            if self._state.settings.foreign_account == "refused":
                raise GraphError(errors.PERMISSION_MISSING)
            raise GraphError(errors.unsupported(request.method, node))
        if scope not in token.scopes:
            raise GraphError(errors.PERMISSION_MISSING if scope == _MANAGEMENT else errors.ACTION_NOT_PERMITTED)
        if self._state.settings.data_access_expired == "permission" and self._state.data_access_ended(token):
            raise GraphError(errors.DATA_ACCESS_ENDED)

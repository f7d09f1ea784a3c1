"""Set up WhatsApp accounts for use: subscribe the app to their webhooks, and read whether they can send messages."""

from dataclasses import replace

from whatsapp_connect.errors import FacebookError, LoginError
from whatsapp_connect.model import AccessToken, Account
from whatsapp_connect.whatsapp import WhatsAppClient


class SetUp:
    def __init__(self, whatsapp: WhatsAppClient, *, subscribes: bool) -> None:
        """Subscribe the app where it is not if `subscribes`. Otherwise only read whether it is."""
        self._whatsapp = whatsapp
        self._subscribes = subscribes

    def complete(self, account: Account, token: AccessToken, *, deadline: float) -> tuple[Account, Exception | None]:
        """Return the account as it is after what is missing was done, and the first failure that may pass by itself.

        `deadline` is on the monotonic clock. What Facebook refuses is in the account. What is not answered stays as it was.
        """
        trouble: Exception | None = None
        try:
            account = self._subscribed(account, token, deadline=deadline)
        except LoginError as error:
            trouble = error
        try:
            condition = self._whatsapp.condition(account.id, token, deadline=deadline)
        except LoginError as error:
            return account, trouble or error
        return replace(
            account,
            name=condition.name or account.name,
            can_send=condition.can_send,
            problem_code=condition.problem_code,
        ), trouble

    def _subscribed(self, account: Account, token: AccessToken, *, deadline: float) -> Account:
        """Return the account with its subscription. Raises LoginError if Facebook does not answer."""
        try:
            # Subscribing again would remove the address that an operator may have set for this account.
            is_subscribed = self._whatsapp.is_subscribed(account.id, token, deadline=deadline)
            if not is_subscribed and self._subscribes:
                self._whatsapp.subscribe(account.id, token, deadline=deadline)
                is_subscribed = True
        except FacebookError as error:
            code = error.fields.get("facebook_code")
            if account.subscribed or not isinstance(code, int):
                raise  # it was set up: a question that is refused since does not undo that
            return replace(account, subscribe_code=code)
        return replace(account, subscribed=is_subscribed, subscribe_code=0)

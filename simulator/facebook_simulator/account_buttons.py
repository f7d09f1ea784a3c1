"""Do what the account buttons of the developers' page say: stop sharing, remove the app, delete the account."""

from facebook_simulator.account_update import AccountUpdate
from facebook_simulator.model import Identity
from facebook_simulator.outcome import OUTDATED, Outcome, answered
from facebook_simulator.state import State
from facebook_simulator.world import Account


class AccountButtons:
    """Every method returns the outcome, and the IDs of the users whose accounts have changed."""

    def __init__(self, state: State) -> None:
        self._state = state

    def press(self, action: str, identity: Identity, account_id: str) -> tuple[Outcome, list[str]]:
        """Press one of ACTIONS for an account that the user shares."""
        account = self._state.accounts.get(account_id)
        if account is None or account_id not in self._state.grant_of(identity).accounts:
            return OUTDATED, []
        if action == "untick":
            self._state.unshare(account.id, identity.app_id, identity.user_id)
            sentence = f"{identity.name} no longer shares {account.name}. Facebook does not tell the app."
            return Outcome((sentence,)), [identity.user_id]
        event = "PARTNER_REMOVED" if action == "remove-partner" else "ACCOUNT_DELETED"
        update = self._update(event, account, identity)
        had = self._state.unshare(account.id, identity.app_id)
        if action == "remove-partner":
            sentence = f"The business removed the app from {account.name}."
        else:
            self._state.delete_account(account.id)
            sentence = f"{account.name} was deleted."
        return Outcome((sentence, self._tell(update))), [one.user_id for one in had]

    def _update(self, event: str, account: Account, identity: Identity) -> AccountUpdate:
        owner = self._state.owner_of(account)
        return AccountUpdate(
            event=event,
            app=self._state.apps[identity.app_id],
            waba_id=account.id,
            owner_business_id=owner.id if owner else "",
            issued_at=self._state.clock.now(),
        )

    def _tell(self, update: AccountUpdate) -> str:
        subscription = (update.waba_id, update.app.id)
        is_subscribed = subscription in self._state.subscriptions
        self._state.subscriptions.pop(subscription, None)
        if not update.url:
            return "The app has no webhook URL, so no webhook was sent."
        if not is_subscribed:
            return "The app is not subscribed to this account, so no webhook was sent."
        return f"The app was sent {update.event} and {answered(self._state.outbox.send(update))}."


ACTIONS = {
    "untick": "Stop sharing",
    "remove-partner": "Business removes the app",
    "delete-account": "Delete the account",
}
"""The labels of the buttons, by action."""

"""Do what the developers' page says about Embedded Signup and the WhatsApp Business app."""

from facebook_simulator.business_app import BusinessApp
from facebook_simulator.faults import Fault
from facebook_simulator.outcome import OUTDATED, Outcome, answered
from facebook_simulator.state import State
from facebook_simulator.summary import span
from facebook_simulator.world import Phone

SIGNUP_ENDS = {
    "no_answer": "finish, and close without a code",
    "never_answers": "finish, and stay open without a code",
    "slow_answer": "finish, and send the code three seconds later",
    "expired_code": "finish with a code that has expired",
    "no_message": "send the code, but no message",
    "message_after_answer": "send the code before the message",
    "foreign_message": "let a page of another origin send a message first",
    "signup_error": "fail with an error and a session ID",
    "error_as_cancel": "fail with an error in a message CANCEL",
}
"""What the next sign-up does, by the name of the fault."""


class SignupButtons:
    """Every method returns what a button did."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._app = BusinessApp(state)

    def numbers(self) -> list[Phone]:
        """Return the numbers of the WhatsApp Business app."""
        accounts = self._state.accounts.values()
        return [phone for account in accounts for phone in account.phones if phone.is_on_biz_app]

    def progress(self, phone: Phone) -> str:
        """Return what was synchronized since the number's sign-up, and how long the rest can be, in words."""
        left = self._state.sync_ends(phone) - self._state.clock.now()
        started = ", ".join(self._state.started_syncs(phone)) or "nothing"
        return f"{started} started, {f'{span(left)} left' if left > 0 else 'the 24 hours are over'}"

    def spoil(self, name: str) -> Outcome:
        """Queue a fault for the next sign-up."""
        if name not in SIGNUP_ENDS:
            return OUTDATED
        self._state.faults.add(Fault("dialog", name))
        return Outcome((f"The next sign-up will {SIGNUP_ENDS[name]}.",))

    def write(self, phone_id: str) -> Outcome:
        """Write a message in the WhatsApp Business app."""
        found = self._state.phone(phone_id)
        if found is None:
            return OUTDATED
        account, phone = found
        webhooks = self._app.write(account, phone, "12025550180", "Hello from the app")
        if not webhooks:
            return Outcome(("No app with a webhook URL is subscribed to this account, so no webhook was sent.",))
        results = [answered(self._state.outbox.send(one)) for one in webhooks]
        return Outcome(tuple(f"The app was sent {webhooks[0].kind} and {result}." for result in results))

"""Do what the steps of Embedded Signup do, and make the messages that its pop-up posts to the page that opened it.

https://developers.facebook.com/documentation/business-messaging/whatsapp/embedded-signup/implementation
https://developers.facebook.com/documentation/business-messaging/whatsapp/embedded-signup/errors
"""

import json
import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Self

from facebook_simulator.account_update import AccountUpdate
from facebook_simulator.consent import CANCELLED, LoginRequest, answer_url, code_answer
from facebook_simulator.dialog_error import DialogError
from facebook_simulator.faults import SIGNUP_ENDS, Fault
from facebook_simulator.state import State
from facebook_simulator.world import Account, Business, Person, Phone

BUSINESS = "BUSINESS_ACCOUNT_SELECTION"
ACCOUNT = "WABA_PHONE_PROFILE_PICKER"
NUMBER = "PHONE_NUMBER_SETUP"
PERMISSIONS = "PERMISSIONS"
STEPS = (BUSINESS, ACCOUNT, NUMBER, PERMISSIONS)
"""The steps here, as CANCEL names them. Facebook has more of them."""

NEW = "new"
APP_NUMBER = "app"
NO_NUMBER = "none"
"""Choices other than an ID: something new, a number of the WhatsApp Business app, no number."""

COEXISTENCE = "whatsapp_business_app_onboarding"
APP_ONLY = "app_only_install"

_TYPE = "WA_EMBEDDED_SIGNUP"
_OTHERS_ACCOUNT = "300000000000099"


@dataclass(frozen=True, slots=True)
class Extras:
    """What the page asks of Embedded Signup: `features`, and the version of its messages; "" for the newest."""

    features: frozenset[str]
    message_version: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the extras of a dialog URL. Raises DialogError."""
        try:
            sent = json.loads(text or "{}")
            names = [one["name"] for one in sent.get("features", [])]
            features = frozenset(filter(None, (sent.get("featureType"), *names)))
        except (AttributeError, KeyError, TypeError, ValueError):
            raise DialogError("Invalid extras: they are not an object with known types.") from None
        if {COEXISTENCE, APP_ONLY} <= features:
            raise DialogError("App-Only Install can't be used to onboard WhatsApp Business app users.")
        # Messages of version 4 have no version. https://.../whatsapp/embedded-signup/version-4
        is_newest = sent.get("version", "v4") == "v4"
        return cls(features, "" if is_newest else str(sent.get("sessionInfoVersion", "3")))

    @property
    def coexistence(self) -> bool:
        """True if a number of the WhatsApp Business app can be connected."""
        return COEXISTENCE in self.features


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person has chosen so far. An empty choice stands for the first one that the page offers."""

    person: Person
    business: str = ""
    business_name: str = "New business"
    account: str = ""
    account_name: str = "New account"
    phone: str = ""
    shares_history: bool = True


@dataclass(frozen=True, slots=True)
class Ending:
    """How the pop-up ends: it posts `messages` to `origin`, waits, and opens `location`; "" closes it.

    `later` are messages that it posts after the answer. `foreign` is one that a page of another origin posts. If
    `stays` is true, the pop-up stays open without an answer.
    """

    origin: str
    location: str
    messages: tuple[str, ...] = ()
    later: tuple[str, ...] = ()
    foreign: str = ""
    delay_ms: int = 0
    stays: bool = False


class SignUp:
    """One dialog of Embedded Signup."""

    def __init__(self, login: LoginRequest, state: State) -> None:
        self.login = login
        self.extras = Extras.parse(login.extras)
        self._state = state

    def business(self, choice: Choice) -> Business | None:
        """Return the chosen portfolio, or the first one; None for a new one."""
        return _chosen(choice.business, choice.person.businesses)

    def account(self, choice: Choice) -> Account | None:
        """Return the chosen account, or the portfolio's first; None for a new one."""
        business = self.business(choice)
        return _chosen(choice.account, business.accounts if business else ())

    def phone(self, choice: Choice) -> str:
        """Return the ID of the chosen number, NEW, APP_NUMBER or NO_NUMBER."""
        account = self.account(choice)
        phones = account.phones if account else ()
        special = {NEW, NO_NUMBER} | ({APP_NUMBER} if self.extras.coexistence else set())
        if choice.phone in special or any(one.id == choice.phone for one in phones):
            return choice.phone
        if self.extras.coexistence:
            return APP_NUMBER
        return phones[0].id if phones else NEW

    def finish(self, choice: Choice) -> Ending:
        """Share what was chosen with the app, tell the app, and return the end of the pop-up with a code."""
        fault = self._state.faults.take("dialog", SIGNUP_ENDS)
        name = fault.name if fault else ""
        if fault and name in {"signup_error", "error_as_cancel"}:
            return self.report(fault)
        business, account, phone = self._create(choice)
        identity = self.login.identity(self._state.person(choice.person.id) or choice.person, (account.id,))
        before = tuple(one for one in self._state.grant_of(identity).accounts if one != account.id)
        self._state.record_login(identity, frozenset(self.login.scopes), frozenset(), (*reversed(before), account.id))
        answer = code_answer(self.login, identity, self._state, ttl=0 if name == "expired_code" else None)
        self._announce(account, business)
        finished = () if name == "no_message" else (self._finished(business, account, phone),)
        ending = self._ending(finished, answer)
        if fault is None or self.login.opener is None:
            return ending
        changes: dict[str, dict[str, Any]] = {
            "no_answer": {"location": ""},
            "never_answers": {"stays": True},
            "message_after_answer": {"messages": (), "later": finished},
            "slow_answer": {"delay_ms": fault.options.get("answer_after_ms", 3_000)},
            "foreign_message": {"foreign": self._message("FINISH", {"waba_id": _OTHERS_ACCOUNT})},
        }
        return replace(ending, **changes.get(name, {}))

    def cancel(self, step: str) -> Ending:
        """Return the end of the pop-up if the person does not continue."""
        return self._ending((self.cancelled(step),), CANCELLED)

    def cancelled(self, step: str) -> str:
        """Return the message about a person who has left at this step."""
        return self._message("CANCEL", {"current_step": step})

    def report(self, fault: Fault | None = None) -> Ending:
        """Return the end of the pop-up after an error. Its session ID is for Facebook's support.

        The reference has such an example only with the event CANCEL; ERROR is listed without fields.
        """
        options: dict[str, Any] = dict(fault.options) if fault else {}
        data = {
            "error_message": options.get("error_message", "The verified name violates WhatsApp guidelines."),
            "error_code": options.get("error_code", "524126"),
            "session_id": options.get("session_id", secrets.token_hex(8)[:15]),
            "timestamp": str(self._state.clock.now()),
        }
        event = "CANCEL" if fault and fault.name == "error_as_cancel" else "ERROR"
        return self._ending((self._message(event, data),), CANCELLED)

    def _ending(self, messages: tuple[str, ...], answer: dict[str, Any]) -> Ending:
        location = answer_url(self.login, answer)
        if self.login.opener is None:
            return Ending("", location)
        return Ending(self.login.opener.origin, location, messages)

    def _finished(self, business: Business, account: Account, phone: Phone | None) -> str:
        data = {"waba_id": account.id, "business_id": business.id}
        if phone is None:
            return self._message("FINISH_ONLY_WABA", data)
        if self.extras.coexistence and phone.is_on_biz_app:
            if self._state.settings.signup_app_number == "account":
                data = {"waba_id": account.id}
            else:
                data = {"phone_number_id": phone.id, **data}
            return self._message("FINISH_WHATSAPP_BUSINESS_APP_ONBOARDING", data)
        return self._message("FINISH", {"phone_number_id": phone.id, **data})

    def _message(self, event: str, data: dict[str, str]) -> str:
        message: dict[str, Any] = {"data": data, "type": _TYPE, "event": event}
        if self.extras.message_version:
            message["version"] = self.extras.message_version
        return json.dumps(message)

    def _create(self, choice: Choice) -> tuple[Business, Account, Phone | None]:
        """Create what the person wants to be new, and return portfolio, account and number."""
        state = self._state
        wanted = self.phone(choice)
        business = self.business(choice) or state.add_business(choice.person, choice.business_name)
        account = self.account(choice) or state.add_account(business, choice.account_name)
        if wanted == NO_NUMBER:
            return business, account, None
        phone_id = wanted
        if wanted in {NEW, APP_NUMBER}:
            phone_id = state.add_phone(account, account.name).id
        now = datetime.fromtimestamp(state.clock.now(), UTC).strftime("%Y-%m-%dT%H:%M:%S%z")
        changes: dict[str, Any] = {"last_onboarded_time": now}
        if wanted == APP_NUMBER:
            changes |= {"is_on_biz_app": True, "status": "CONNECTED", "platform_type": "CLOUD_API"}
        elif wanted == NEW:
            changes |= {"status": "PENDING", "platform_type": "NOT_APPLICABLE"}
        if wanted == APP_NUMBER or self.extras.coexistence:
            changes["shares_history"] = choice.shares_history
        return business, account, state.change_phone(phone_id, **changes)

    def _announce(self, account: Account, business: Business) -> None:
        """Send the webhook about a finished sign-up, which comes whether or not the page gets the code."""
        update = AccountUpdate(
            event="PARTNER_APP_INSTALLED" if APP_ONLY in self.extras.features else "PARTNER_ADDED",
            app=self.login.app,
            waba_id=account.id,
            owner_business_id=business.id,
            issued_at=self._state.clock.now(),
        )
        if update.url:
            self._state.outbox.send_later(update)


def _chosen[T: (Business, Account)](wanted: str, offered: tuple[T, ...]) -> T | None:
    if wanted == NEW or not offered:
        return None
    return next((one for one in offered if one.id == wanted), offered[0])

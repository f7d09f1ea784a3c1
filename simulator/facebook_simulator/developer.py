"""Serve the developers' page at `/`, which lists logins and has buttons to change their tokens."""

from collections.abc import Callable
from threading import Thread

from flask import Flask, Response, make_response, render_template, request

from facebook_simulator.account_buttons import ACTIONS, AccountButtons
from facebook_simulator.model import RENEWALS, Identity
from facebook_simulator.outbox import Delivery, Kind, Notice
from facebook_simulator.outcome import OUTDATED, Outcome, answered
from facebook_simulator.signup_buttons import SIGNUP_ENDS, SignupButtons
from facebook_simulator.state import State
from facebook_simulator.summary import reference, span, summarize

_HOUR_S = 3_600
_DAY_S = 24 * _HOUR_S
_AGES = {
    "25 days": 25 * _DAY_S,
    "13 days": 13 * _DAY_S,
    "5 days": 5 * _DAY_S,
    "1 day": _DAY_S,
    "1 hour": _HOUR_S,
    "already expired": -60,
}
_DATA_ACCESS = {"90 days": 90 * _DAY_S, "10 days left": 10 * _DAY_S, "over": -60}
"""Seconds until data access ends, by the label of the choice."""
_RENEWALS = {
    "extend": "extend: another sixty days",
    "unchanged": "unchanged: a new token, the old end",
    "same_token": "same token: nothing new",
    "daily": "daily: extend, but at most once a day",
    "refuse": "refuse: an error",
}


class DeveloperPage:
    """The views of `/`. A thread calls `on_change` with the user ID whose tokens a button may have changed."""

    def __init__(self, state: State, on_change: Callable[[str], None] | None = None) -> None:
        self._state = state
        self._on_change = on_change
        self._outcomes: list[Outcome] = []
        self._accounts = AccountButtons(state)
        self._signups = SignupButtons(state)

    def add_to(self, app: Flask) -> None:
        """Register the routes."""
        app.add_url_rule("/", "control/page", self.show, methods=["GET"])
        app.add_url_rule("/", "control/page/press", self.press, methods=["POST"])

    def show(self) -> Response:
        """Show the page, and what the last button did."""
        # An older outcome is not shown, because it may no longer be true.
        is_last = request.args.get("outcome", type=int) == len(self._outcomes)
        page = render_template(
            "developer.html",
            outcome=self._outcomes[-1] if self._outcomes and is_last else None,
            summaries=[summarize(one, self._state) for one in self._state.identities()],
            several_apps=len(self._state.apps) > 1,
            ages=tuple(_AGES),
            account_actions=ACTIONS,
            data_access=tuple(_DATA_ACCESS),
            renewals=_RENEWALS,
            renewal=self._state.settings.renewal,
            data_access_expired=self._state.settings.data_access_expired,
            signup_ends=SIGNUP_ENDS,
            app_numbers={one: self._signups.progress(one) for one in self._signups.numbers()},
            ahead=span(self._state.clock.offset) if self._state.clock.offset >= _HOUR_S else "",
        )
        response = make_response(page)
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Frame-Options"] = "DENY"
        return response

    def press(self) -> Response:
        """Do what the button says, and redirect to the page, which shows the outcome."""
        action = request.form.get("action", "")
        if action == "renewal":
            outcome, changed = self._set_renewal()
        elif action == "signup":
            outcome, changed = self._signups.spoil(request.form.get("signup", "")), []
        elif action == "write":
            outcome, changed = self._signups.write(request.form.get("phone", "")), []
        else:
            outcome, changed = self._change(action)
        self._outcomes.append(outcome)
        if self._on_change:
            for user_id in changed:
                Thread(target=self._on_change, args=(user_id,), daemon=True).start()
        return Response(status=303, headers={"Location": f"/?outcome={len(self._outcomes)}"})

    def _set_renewal(self) -> tuple[Outcome, list[str]]:
        renewal = request.form.get("renewal", "")
        if renewal not in RENEWALS:
            return OUTDATED, []
        self._state.configure({"renewal": renewal})
        living = [
            one.user_id
            for one in self._state.identities()
            if any(not self._state.fault_of(token) for token in self._state.tokens(one))
        ]
        return Outcome((f"Renewal from now on is {_RENEWALS[renewal]}.",)), living

    def _change(self, action: str) -> tuple[Outcome, list[str]]:
        actions: dict[str, Callable[[Identity], Outcome]] = {
            "age": self._age,
            "password": self._change_password,
            "permission": self._remove_permission,
            "data-access": self._set_data_access,
            "remove": self._remove_app,
            "delete": self._delete_data,
        }
        app_id, user_id = request.form.get("app_id", ""), request.form.get("user_id", "")
        identity = self._state.identity(app_id, user_id)
        if identity and action in ACTIONS:
            return self._accounts.press(action, identity, request.form.get("account", ""))
        if identity is None or action not in actions:
            return OUTDATED, []
        outcome = actions[action](identity)
        return outcome, [] if outcome is OUTDATED else [user_id]

    def _age(self, identity: Identity) -> Outcome:
        wanted = request.form.get("token")
        token = next((one for one in self._state.tokens(identity) if reference(one) == wanted), None)
        age = request.form.get("age", "")
        if token is None or age not in _AGES:
            return OUTDATED
        self._state.age(token, expires_in=_AGES[age])
        ends = f"expires in {age}" if _AGES[age] > 0 else "has expired"
        return Outcome((f"This token of {identity.name}'s now {ends}.",))

    def _change_password(self, identity: Identity) -> Outcome:
        died = self._state.kill_all(identity, "password_changed")
        return Outcome((f"{identity.name} changed the password.", _deaths(died, 460)))

    def _remove_permission(self, identity: Identity) -> Outcome:
        name = request.form.get("permission", "")
        if not self._state.remove_permission(identity, name):
            return OUTDATED
        return Outcome((f"{identity.name} revoked {name}. It was removed from all valid tokens.",))

    def _set_data_access(self, identity: Identity) -> Outcome:
        left = request.form.get("data_access", "")
        if left not in _DATA_ACCESS:
            return OUTDATED
        self._state.end_data_access(identity, self._state.clock.now() + _DATA_ACCESS[left])
        return Outcome((f"Access to the data of {identity.name}: {left}.",))

    def _remove_app(self, identity: Identity) -> Outcome:
        died = self._state.remove_app(identity)
        sentence, _ = self._send("deauthorize", identity)
        return Outcome((f"{identity.name} removed the app.", _deaths(died, 458), sentence))

    def _delete_data(self, identity: Identity) -> Outcome:
        removed = self._remove_app(identity)
        sentence, deletion = self._send("data_deletion", identity)
        return Outcome((*removed.sentences, sentence), deletion)

    def _send(self, kind: Kind, identity: Identity) -> tuple[str, Delivery | None]:
        notice = Notice(
            kind=kind,
            app=self._state.apps[identity.app_id],
            user_id=self._state.user_in_notices(identity),
            issued_at=self._state.clock.now(),
        )
        name = kind.replace("_", " ")
        if not notice.url:
            return f"The app has no {name} URL, so no request was sent.", None
        delivery = self._state.outbox.send(notice)
        return f"The app was sent a {name} request and {answered(delivery)}.", delivery


def _deaths(count: int, subcode: int) -> str:
    if not count:
        return "There was no valid token."
    return f"{count} token{'' if count == 1 else 's'} became invalid ({subcode})."

"""Serve the control endpoints, with which tests log people in, move the clock and cause faults. They use JSON."""

from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any, get_args
from urllib.parse import urlencode, urlsplit

from flask import Flask, Response, jsonify

from facebook_simulator.body import changes_of, one_of, optional_tuple, read, reject
from facebook_simulator.consent import Choice, LoginRequest, decide, early_redirect
from facebook_simulator.death import REASONS, death
from facebook_simulator.dialog_error import DialogError
from facebook_simulator.distortion import Distortion, Order, TargetIds, WhatsAppScopes
from facebook_simulator.faults import DIALOG_ENDS, DIALOG_ERRORS, HTTP_FAULTS, SIGNUP_ENDS, Fault
from facebook_simulator.model import RENEWALS, WHATSAPP_SCOPES, App, Configuration, Identity, Settings
from facebook_simulator.state import State
from facebook_simulator.webhook import verification_problem
from facebook_simulator.world import Person

if TYPE_CHECKING:
    from collections.abc import Callable

_SETTING_VALUES = {
    "data_access_expired": ("allow", "invalid", "permission"),
    "renewal": RENEWALS,
    "foreign_account": ("missing", "refused"),
    "system_user_target_ids": ("listed", "absent"),
    "whatsapp_scopes": get_args(WhatsAppScopes),
    "assigned_accounts": ("empty", "listed"),
    "businesses_without_permission": ("empty", "refused"),
    "system_user_notices": ("person", "system_user"),
    "signup_close": ("cancel", "silent"),
    "signup_app_number": ("account", "all"),
}
_DISTORTION_VALUES: dict[str, tuple[str, ...]] = {
    "target_ids": get_args(TargetIds),
    "order": get_args(Order),
    "whatsapp_scopes": get_args(WhatsAppScopes),
}
_APP_FIELDS = {one.name for one in fields(App)} - {"id", "configurations"}
_SLOW_MS = 2_000
_FAULT_FIELDS = {"endpoint", "fault", "method", "grant_type", "user_id", "times", "delay_ms", "consume"}


class Control:
    """The views under `/_control/`. They answer 400 with a reason to every invalid call."""

    def __init__(self, state: State) -> None:
        self._state = state

    def add_to(self, app: Flask) -> None:
        """Register the routes."""
        routes: dict[str, tuple[str, Callable[[], Response]]] = {
            "reset": ("POST", self.reset),
            "app": ("POST", self.app),
            "settings": ("POST", self.settings),
            "clock": ("POST", self.clock),
            "login": ("POST", self.login),
            "codes": ("POST", self.codes),
            "tokens": ("POST", self.tokens),
            "tokens/invalidate": ("POST", self.invalidate),
            "tokens/age": ("POST", self.age),
            "data-access": ("POST", self.data_access),
            "debug-token": ("POST", self.debug_token),
            "faults": ("POST", self.faults),
            "requests": ("GET", self.requests),
        }
        for path, (method, view) in routes.items():
            app.add_url_rule(f"/_control/{path}", f"control/{path}", view, methods=[method])
        app.add_url_rule("/_control/faults", "control/faults/list", self.list_faults, methods=["GET"])
        app.add_url_rule("/_control/faults", "control/faults/clear", self.clear_faults, methods=["DELETE"])
        app.add_url_rule("/_control/requests", "control/requests/clear", self.clear_requests, methods=["DELETE"])
        app.register_error_handler(400, _explain)
        self._flask = app

    def reset(self) -> Response:
        """Reset the simulator to the state in which it was started."""
        self._state.reset()
        return jsonify({"app_id": self._state.app.id})

    def app(self) -> Response:
        """Change or add an app. Fields that are not sent stay as they are. The address of webhooks is verified."""
        sent = read(_APP_FIELDS | {"id", "configurations"})
        changes = changes_of({key: sent[key] for key in _APP_FIELDS & sent.keys()}, self._state.app)
        if "configurations" in sent:
            changes["configurations"] = tuple(
                Configuration(
                    id=config_id,
                    token_type=one_of(about.get("token_type", "SYSTEM_USER"), ("USER", "SYSTEM_USER"), "token_type"),
                    scopes=tuple(about.get("scopes", WHATSAPP_SCOPES)),
                )
                for config_id, about in sent["configurations"].items()
            )
        app_id = sent.get("id", self._state.app.id)
        if url := changes.get("whatsapp_webhook_url"):
            known = self._state.apps.get(app_id)
            verify_token = changes.get("webhook_verify_token", known.webhook_verify_token if known else "")
            if problem := verification_problem(url, verify_token):
                reject(f"whatsapp_webhook_url: {problem}")
        return jsonify(_described(self._state.configure_app(app_id, changes)))

    def settings(self) -> Response:
        """Change the settings. Fields that are not sent stay as they are."""
        sent = read({one.name for one in fields(Settings)})
        for name, allowed in _SETTING_VALUES.items():
            if name in sent:
                one_of(sent[name], allowed, name)
        return jsonify(asdict(self._state.configure(changes_of(sent, Settings()))))

    def clock(self) -> Response:
        """Move the clock forward by `advance` seconds."""
        self._state.clock.advance(int(read({"advance"}).get("advance", 0)))
        return jsonify({"now": self._state.clock.now()})

    def login(self) -> Response:
        """Log in as a person would on the consent page. The answer has the URL they are sent to."""
        sent = read({"url", "query", "person", "permissions", "wabas", "cancel"})
        query = sent["query"] if "query" in sent else urlsplit(sent.get("url", "")).query
        if isinstance(query, dict):
            query = urlencode(query)
        try:
            login = LoginRequest.parse(query, self._state)
            location = early_redirect(login, self._state)
            if location is None:
                choice = Choice(
                    person=self._person(sent),
                    permissions=optional_tuple(sent.get("permissions")),
                    accounts=optional_tuple(sent.get("wabas")),
                    cancel=bool(sent.get("cancel", False)),
                )
                location = decide(login, choice, self._state)
        except DialogError as error:
            reject(str(error))
        return jsonify({"location": location})

    def codes(self) -> Response:
        """Issue a code without a login. `code` sets its value. An empty redirect_uri makes a code of Facebook's SDK."""
        sent = read({"code", "redirect_uri", "person", "scopes", "wabas", "app_id", "type", "ttl"})
        identity, accounts = self._identity(sent)
        app = self._state.apps[identity.app_id]
        redirect_uri = sent.get("redirect_uri", next(iter(app.redirect_uris), "")) or None
        settings = self._state.settings
        code = self._state.issue_code(
            identity,
            redirect_uri,
            tuple(sent.get("scopes", WHATSAPP_SCOPES)),
            accounts,
            ttl=sent.get("ttl", settings.code_ttl if redirect_uri else settings.config_code_ttl),
            value=sent.get("code"),
        )
        return jsonify({"code": code})

    def tokens(self) -> Response:
        """Issue a token without a login. `lifetime` is in seconds; 0 never expires, a negative one has expired."""
        sent = read({"access_token", "person", "scopes", "wabas", "app_id", "type", "lifetime"})
        identity, accounts = self._identity(sent)
        token = self._state.issue_token(
            identity,
            tuple(sent.get("scopes", WHATSAPP_SCOPES)),
            accounts,
            lifetime=sent.get("lifetime", self._state.settings.extend_lifetime),
            value=sent.get("access_token"),
        )
        return jsonify({"access_token": token.value, "expires_at": token.expires_at, "user_id": identity.user_id})

    def invalidate(self) -> Response:
        """Invalidate one token, or all tokens of a person or system user, for the given reason."""
        sent = read({"access_token", "person", "user_id", "reason", "with_subcode"})
        cause = death(
            one_of(sent.get("reason", "password_changed"), REASONS, "reason"),
            self._state.app.id,
            with_subcode=sent.get("with_subcode", True),
        )
        if "access_token" in sent:
            return jsonify({"invalidated": self._state.kill(cause, value=sent["access_token"])})
        user_id = sent["user_id"] if "user_id" in sent else self._person(sent).id
        return jsonify({"invalidated": self._state.kill(cause, user_id=user_id)})

    def age(self) -> Response:
        """Make one token, or all tokens of a person or system user, expire in `expires_in` seconds."""
        sent = read({"access_token", "person", "user_id", "expires_in"})
        if "access_token" in sent:
            token = self._state.token(sent["access_token"]) or reject("access_token: there is none like it")
            tokens = [token]
        else:
            tokens = self._state.tokens(self._known(sent))
        expires_in = _seconds(sent)
        for token in tokens:
            self._state.age(token, expires_in=expires_in)
        return jsonify({"aged": len(tokens), "expires_at": self._state.clock.now() + expires_in})

    def data_access(self) -> Response:
        """Make the app's access to a person's data end in `expires_in` seconds."""
        sent = read({"person", "user_id", "expires_in"})
        ends = self._state.clock.now() + _seconds(sent)
        self._state.end_data_access(self._known(sent), ends)
        return jsonify({"data_access_expires_at": ends})

    def debug_token(self) -> Response:
        """Distort the answers of debug_token from now on: about one token, a person's, an app's, or about all.

        No changes restore the true answers; without a token, person or app, all of them.
        """
        sent = read({one.name for one in fields(Distortion)} | {"access_token", "person", "user_id", "app_id"})
        for name, allowed in _DISTORTION_VALUES.items():
            if name in sent:
                one_of(sent[name], allowed, name)
        subject = self._subject(sent)
        distortion = Distortion(**changes_of(sent, Distortion()))
        if subject:
            self._state.distortions[subject] = distortion
        else:
            self._state.distortion = distortion
            if not sent:
                self._state.distortions.clear()
        return jsonify(asdict(distortion))

    def _subject(self, sent: dict[str, Any]) -> str:
        """Remove the token, person or app from a body, and return its value or ID; "" if there is none."""
        if "person" in sent:
            sent["user_id"] = self._person({"person": sent.pop("person")}).id
        return next((str(sent.pop(name)) for name in ("access_token", "user_id", "app_id") if name in sent), "")

    def faults(self) -> Response:
        """Queue a fault for an endpoint. Keys that are not in _FAULT_FIELDS are options of the fault."""
        sent = read(None)
        endpoint = one_of(sent.get("endpoint"), self._fault_endpoints(), "endpoint")
        names = HTTP_FAULTS | (DIALOG_ERRORS | DIALOG_ENDS | SIGNUP_ENDS if endpoint == "dialog" else frozenset())
        fault = Fault(
            endpoint=endpoint,
            name=one_of(sent.get("fault"), tuple(sorted(names)), "fault"),
            method=sent.get("method"),
            grant_type=sent.get("grant_type"),
            user_id=sent.get("user_id"),
            times=sent.get("times", 1),
            delay_ms=sent.get("delay_ms", _SLOW_MS if sent["fault"] == "slow" else 0),
            consume=sent.get("consume", False),
            options={key: value for key, value in sent.items() if key not in _FAULT_FIELDS},
        )
        self._state.faults.add(fault)
        return self.list_faults()

    def list_faults(self) -> Response:
        """List the queued faults."""
        return jsonify({"faults": [asdict(fault) for fault in self._state.faults.waiting()]})

    def clear_faults(self) -> Response:
        """Delete all queued faults."""
        self._state.faults.clear()
        return self.list_faults()

    def requests(self) -> Response:
        """List the requests so far, with counts."""
        return jsonify(self._state.journal.describe())

    def clear_requests(self) -> Response:
        """Delete the list of requests."""
        self._state.journal.clear()
        return self.requests()

    def _person(self, sent: dict[str, Any]) -> Person:
        key = sent.get("person", self._state.people[0].key)
        return self._state.person(key) or reject(f"person: nobody here is called {key!r}")

    def _known(self, sent: dict[str, Any]) -> Identity:
        user_id = sent["user_id"] if "user_id" in sent else self._person(sent).id
        identity = self._state.identity(self._state.app.id, user_id)
        return identity or reject(f"user_id: {user_id!r} has not granted anything")

    def _identity(self, sent: dict[str, Any]) -> tuple[Identity, tuple[str, ...]]:
        person = self._person(sent)
        app_id = sent.get("app_id", self._state.app.id)
        app = self._state.apps.get(app_id) or reject(f"app_id: there is no app {app_id!r}")
        accounts = optional_tuple(sent.get("wabas"))
        if accounts is None:
            accounts = tuple(account.id for account in person.accounts)
        kind = one_of(sent.get("type", "USER"), ("USER", "SYSTEM_USER"), "type")
        identity = Identity(app.id, person.id, person.name)
        if kind == "SYSTEM_USER":
            business = next(iter(person.businesses), None) or reject("type: this person has no business")
            identity = Identity(app.id, business.system_user_id, "System user", "SYSTEM_USER", business.id, person.id)
        granted = frozenset(sent.get("scopes", WHATSAPP_SCOPES))
        return identity, self._state.record_login(identity, granted, frozenset(), accounts).accounts

    def _fault_endpoints(self) -> tuple[str, ...]:
        names = {rule.endpoint for rule in self._flask.url_map.iter_rules()}
        return tuple(sorted(name for name in names if name != "static" and not name.startswith("control/")))


def _seconds(sent: dict[str, Any]) -> int:
    seconds = sent.get("expires_in")
    return seconds if isinstance(seconds, int) else reject("expires_in: send seconds")


def _described(app: App) -> dict[str, Any]:
    return {key: value for key, value in asdict(app).items() if key not in {"secret", "webhook_verify_token"}}


def _explain(error: Exception) -> tuple[Response, int]:
    return jsonify({"error": getattr(error, "description", "not understood")}), 400

"""Serve the consent page, which has forms and no script."""

from flask import Flask, Response, make_response, render_template, request

from facebook_simulator.consent import (
    Choice,
    DialogError,
    LoginRequest,
    decide,
    early_redirect,
    shown_accounts,
)
from facebook_simulator.state import State
from facebook_simulator.world import Person

_LABELS = {
    "whatsapp_business_management": "Manage WhatsApp accounts, phone numbers and templates",
    "whatsapp_business_messaging": "Send and receive WhatsApp messages",
    "whatsapp_business_manage_events": "Report WhatsApp events",
    "business_management": "Manage business portfolios",
    "ads_read": "Read advertising results",
    "public_profile": "See the name and picture",
    "email": "See the email address",
    "openid": "Sign in",
}


class Dialog:
    """The views of `/dialog/oauth`. The form posts to its own URL, so the query string stays as it was sent."""

    def __init__(self, state: State) -> None:
        self._state = state

    def add_to(self, app: Flask) -> None:
        """Register the routes. Faults use the endpoint name "dialog"."""
        app.add_url_rule("/dialog/oauth", "dialog", self.ask, methods=["GET"])
        app.add_url_rule("/dialog/oauth", "consent", self.answer, methods=["POST"])
        app.register_error_handler(DialogError, _refused)

    def ask(self) -> Response:
        """Show the page. This changes no state."""
        login = self._login()
        if request.method != "HEAD" and (location := early_redirect(login, self._state)):
            return _found(location)
        return self._page(login, self._state.people[0])

    def answer(self) -> Response:
        """Handle a button: switch to another person, cancel or continue."""
        login = self._login()
        person = self._state.person(request.form.get("person", ""))
        if person is None:
            raise DialogError("There is no such person here.")
        action = request.form.get("action")
        if action == "switch":
            return self._page(login, person)
        choice = Choice(
            person=person,
            permissions=None if login.configuration else tuple(request.form.getlist("permission")),
            accounts=tuple(request.form.getlist("waba")),
            cancel=action != "continue",
        )
        return _found(decide(login, choice, self._state))

    def _login(self) -> LoginRequest:
        return LoginRequest.parse(request.query_string.decode("ascii", "surrogateescape"), self._state)

    def _page(self, login: LoginRequest, person: Person) -> Response:
        ready = bool(person.businesses) or not login.for_system_user
        page = render_template(
            "consent.html",
            login=login,
            person=person,
            people=self._state.people,
            ready=ready,
            permissions=[(scope, _LABELS.get(scope, scope)) for scope in login.asked_of(person, self._state)]
            if ready
            else [],
            accounts=shown_accounts(person, login.identity(person, ()), self._state) if ready else [],
        )
        return _html(page)


def _found(location: str) -> Response:
    return Response(status=302, headers={"Location": location, "Cache-Control": "no-store"})


def _html(page: str, status: int = 200) -> Response:
    response = make_response(page, status)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Frame-Options"] = "DENY"
    return response


def _refused(error: DialogError) -> Response:
    return _html(render_template("refused.html", reason=str(error)), 400)

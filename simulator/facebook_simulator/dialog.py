"""Serve the consent page and the steps of Embedded Signup. Only a page in a pop-up has a script."""

from dataclasses import asdict

from flask import Flask, Response, make_response, render_template, request

from facebook_simulator import signup
from facebook_simulator.consent import Choice, LoginRequest, decide, early_redirect, shown_accounts
from facebook_simulator.dialog_error import DialogError
from facebook_simulator.signup import STEPS, Ending, SignUp
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
        person = self._state.people[0]
        return self._step(login, signup.Choice(person), STEPS[0]) if login.is_signup else self._page(login, person)

    def answer(self) -> Response:
        """Handle a button: switch to another person, cancel or continue."""
        login = self._login()
        person = self._state.person(request.form.get("person", ""))
        if person is None:
            raise DialogError("There is no such person here.")
        action = request.form.get("action")
        if login.is_signup:
            return self._sign_up(login, person, action)
        if action == "switch":
            return self._page(login, person)
        if login.opener and "opened" not in request.form:
            login = login.without_opener()
        choice = Choice(
            person=person,
            permissions=None if login.configuration else tuple(request.form.getlist("permission")),
            accounts=tuple(request.form.getlist("waba")),
            cancel=action != "continue",
        )
        return _found(decide(login, choice, self._state))

    def _sign_up(self, login: LoginRequest, person: Person, action: str | None) -> Response:
        """Handle a button in a step of Embedded Signup."""
        form = request.form
        step = form.get("step", "")
        if step not in STEPS or action == "switch":
            return self._step(login, signup.Choice(person), STEPS[0])
        names = ("business", "business_name", "account", "account_name", "phone")
        choice = signup.Choice(
            person,
            shares_history="shares_history" in form or "phone" not in form,
            **{name: form[name] for name in names if form.get(name)},
        )
        if action == "next":
            return self._step(login, choice, STEPS[min(STEPS.index(step) + 1, len(STEPS) - 1)])
        dialog = SignUp(login if "opened" in form else login.without_opener(), self._state)
        if action == "finish":
            return self._end(dialog.finish(choice))
        return self._end(dialog.report() if action == "report" else dialog.cancel(step))

    def _step(self, login: LoginRequest, choice: signup.Choice, step: str) -> Response:
        dialog = SignUp(login, self._state)
        settings = self._state.settings
        page = render_template(
            "signup.html",
            login=login,
            dialog=dialog,
            choice=choice,
            step=step,
            number=STEPS.index(step) + 1,
            count=len(STEPS),
            names=signup,
            people=self._state.people,
            business=dialog.business(choice),
            account=dialog.account(choice),
            phone=dialog.phone(choice),
            labels=_LABELS,
            cancelled=dialog.cancelled(step) if settings.signup_close == "cancel" else "",
            noise=settings.signup_noise and step == STEPS[0],
        )
        return _html(page)

    def _end(self, ending: Ending) -> Response:
        """Show the last page of the pop-up, which posts the messages; without a pop-up, go where the answer leads."""
        if not ending.origin:
            return _found(ending.location)
        return _html(render_template("signup_end.html", ending=asdict(ending), other_host=_other_host()))

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


def _other_host() -> str:
    """Return another origin of this simulator, from which a message is a stranger's."""
    name, _, port = request.host.partition(":")
    return f"{request.scheme}://{'localhost' if name == '127.0.0.1' else '127.0.0.1'}:{port}"


def _found(location: str) -> Response:
    return Response(status=302, headers={"Location": location, "Cache-Control": "no-store"})


def _html(page: str, status: int = 200) -> Response:
    response = make_response(page, status)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Frame-Options"] = "DENY"
    return response


def _refused(error: DialogError) -> Response:
    return _html(render_template("refused.html", reason=str(error)), 400)

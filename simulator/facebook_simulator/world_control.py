"""Serve the control endpoints that show and change people, accounts and phone numbers."""

from dataclasses import asdict, fields
from typing import Any

from flask import Flask, Response, jsonify

from facebook_simulator.body import changes_of, one_of, read, reject
from facebook_simulator.health import HEALTH
from facebook_simulator.state import State
from facebook_simulator.world import Account, Person, Phone

_ACCOUNT_FIELDS = {"name", "can_send_message", "problems"}
_PHONE_FIELDS = {one.name for one in fields(Phone)} - {"id"}


class WorldControl:
    """The views under `/_control/`."""

    def __init__(self, state: State) -> None:
        self._state = state

    def add_to(self, app: Flask) -> None:
        """Register the routes."""
        app.add_url_rule("/_control/people", "control/people", self.people, methods=["GET"])
        app.add_url_rule("/_control/people", "control/people/change", self.populate, methods=["POST"])
        app.add_url_rule("/_control/accounts", "control/accounts", self.account, methods=["POST"])
        app.add_url_rule("/_control/phones", "control/phones", self.phone, methods=["POST"])

    def people(self) -> Response:
        """List the people who can log in, with their businesses, accounts and phone numbers."""
        return jsonify({"people": [person.describe() for person in self._state.people]})

    def populate(self) -> Response:
        """Replace the people. The body has the shape of the list."""
        try:
            people = tuple(Person.parse(about) for about in read({"people"})["people"])
        except (KeyError, TypeError) as error:
            reject(f"people: {error}")
        self._state.populate(people)
        return self.people()

    def account(self) -> Response:
        """Change an account. Fields that are not sent stay as they are."""
        sent = read(_ACCOUNT_FIELDS | {"id"})
        changes = _changes(sent, Account("", "", ()))
        account = self._state.change_account(sent.get("id", ""), **changes)
        return jsonify(asdict(account or reject(f"id: there is no account {sent.get('id')!r}")))

    def phone(self) -> Response:
        """Change a phone number. Fields that are not sent stay as they are."""
        sent = read(_PHONE_FIELDS | {"id"})
        changes = _changes(sent, Phone("", "", ""))
        phone = self._state.change_phone(sent.get("id", ""), **changes)
        return jsonify(asdict(phone or reject(f"id: there is no phone number {sent.get('id')!r}")))


def _changes(sent: dict[str, Any], current: Account | Phone) -> dict[str, Any]:
    changes = changes_of({key: value for key, value in sent.items() if key != "id"}, current)
    if "can_send_message" in changes:
        one_of(changes["can_send_message"], HEALTH, "can_send_message")
    return changes

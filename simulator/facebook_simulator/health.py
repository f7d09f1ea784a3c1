"""Describe the `health_status` of accounts and phone numbers: whether they can send messages, and why not.

https://developers.facebook.com/docs/whatsapp/cloud-api/health-status
"""

from typing import Any

from facebook_simulator.world import Account, Business, Phone

HEALTH = ("AVAILABLE", "LIMITED", "BLOCKED")
"""The values of can_send_message, the worst last."""

_PROBLEMS = {
    141006: (
        "There is an error with the payment method. This will block business initiated conversations.",
        "There was an error with your payment method. Please add a new payment method to the account.",
    ),
    141014: (
        "The WABA is banned.",
        "Please visit Business Support Home for more details on how to appeal the ban.",
    ),
}
_UNKNOWN = ("The account cannot send messages.", "Please visit Business Support Home.")


def health_status(
    account: Account, business: Business | None, app_id: str, phone: Phone | None = None
) -> dict[str, Any]:
    """Return the value of `health_status` of an account, or of one of its phone numbers."""
    entities = []
    if phone:
        entities.append(_entity("PHONE_NUMBER", phone.id, phone.can_send_message))
    entities.append(_entity("WABA", account.id, account.can_send_message, account.problems))
    if business:
        entities.append(_entity("BUSINESS", business.id))
    entities.append(_entity("APP", app_id))
    worst = max((one["can_send_message"] for one in entities), key=HEALTH.index)
    return {"can_send_message": worst, "entities": entities}


def _entity(kind: str, entity_id: str, can_send: str = "AVAILABLE", problems: tuple[int, ...] = ()) -> dict[str, Any]:
    entity: dict[str, Any] = {"entity_type": kind, "id": entity_id, "can_send_message": can_send}
    if problems:
        entity["errors"] = [_error(code) for code in problems]
    return entity


def _error(code: int) -> dict[str, Any]:
    description, solution = _PROBLEMS.get(code, _UNKNOWN)
    return {"error_code": code, "error_description": description, "possible_solution": solution}

"""Say what a button of the developers' page did."""

from dataclasses import dataclass

from facebook_simulator.outbox import Delivery


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a button did, in sentences, and the app's answer to a deletion request."""

    sentences: tuple[str, ...]
    deletion: Delivery | None = None


OUTDATED = Outcome(("This page was out of date, so nothing was changed.",))


def answered(delivery: Delivery) -> str:
    """Return what the app did with a request, such as "answered 200"."""
    return "did not answer" if delivery.status is None else f"answered {delivery.status}"

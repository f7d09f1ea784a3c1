"""The app secret is rotated in any order: no login, check or webhook is refused while one of the stored ones works."""

import boto3
import pytest

from tests.support import stack
from tests.support.clock import MINUTE
from tests.support.people import MARIA
from tests.support.world import World

OLD, NEW = stack.APP_SECRET, "fedcba9876543210fedcba9876543210"
PARAMETER, FACEBOOK = "parameter", "facebook"
ORDERS = [
    [(PARAMETER, f"{OLD}\n{NEW}"), (FACEBOOK, NEW), (PARAMETER, NEW)],
    [(PARAMETER, f"{NEW}\n{OLD}"), (FACEBOOK, NEW), (PARAMETER, NEW)],
    [(FACEBOOK, NEW), (PARAMETER, NEW)],
    [(FACEBOOK, NEW), (PARAMETER, f"{OLD}\n{NEW}"), (PARAMETER, f"{NEW}\n{OLD}"), (PARAMETER, NEW)],
    [(PARAMETER, NEW), (FACEBOOK, NEW)],
    [(PARAMETER, f"{OLD}\n{NEW}"), (FACEBOOK, NEW), (FACEBOOK, OLD), (PARAMETER, OLD)],
]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("pause", [0, 6 * MINUTE])
def test_nothing_is_refused_while_one_of_the_secrets_works(
    world: World, deployed: boto3.Session, order: list[tuple[str, str]], pause: int
) -> None:
    stored, in_force = OLD, OLD
    use(world, in_force)
    for place, value in order:
        if place == PARAMETER:
            stored = value
            stack.put_app_secret(deployed, value)
        else:
            in_force = value
            world.facebook.control("app", {"secret": value})
        world.clock.advance(61 + pause)
        if in_force in stored:
            use(world, in_force)


def use(world: World, secret: str) -> None:
    """Connect, have the connection checked, and forget it in both ways."""
    for kind in ("deauthorize", "data-deletion"):
        assert world.log_in().title == "You are connected"
        world.settle()
        world.clock.advance(61)
        assert world.ask_for_check().outcomes == {"checked": 1}
        assert world.meta(kind).tell(MARIA, secret=secret).status == 200
        world.settle()
        assert world.stored.everything() == ({}, [])
        world.clock.advance(1)

"""Numbers that a business keeps in the WhatsApp Business app."""

from datetime import UTC, datetime

from tests.support.world import World

PHONE, OTHER_PHONE = "400000000000001", "400000000000002"
"""Maria's numbers."""


def sign_up(world: World, *, ago_s: int = 60) -> None:
    """Have Maria sign the first of her numbers up at Meta."""
    at = datetime.fromtimestamp(world.clock.now() - ago_s, UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")
    world.facebook.control("phones", {"id": PHONE, "is_on_biz_app": True, "last_onboarded_time": at})


def told(world: World) -> list[tuple[str, str, int | None]]:
    """Return what events have told of contacts and history since they were last read: type, what, Facebook's code."""
    return [
        (one.type, one.detail["sync"], one.detail.get("facebook_code"))
        for one in world.sent_events()
        if one.type.startswith("Sync")
    ]

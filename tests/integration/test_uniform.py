"""What is refused costs the same calls whatever it is refused for, so that time tells nothing about what there is."""

from collections.abc import Callable
from functools import partial
from time import time

import boto3
import pytest

from tests.support import stack
from tests.support.browser import Browser, cookie_name, event_json, state_of
from tests.support.interleaving import Wire
from tests.support.meta import Meta, Promise
from tests.support.people import MARIA
from tests.support.world import World
from whatsapp_connect.link_request import LinkRequest
from whatsapp_connect.links import LinkStore, link_hash

type Calls = Callable[[Callable[[], object]], list[str]]

UNKNOWN = "A" * 43


@pytest.fixture
def calls(wire: Wire) -> Calls:
    def calls(action: Callable[[], object]) -> list[str]:
        """Return the calls that a function makes meanwhile."""
        made: list[str] = []
        with wire.action(made.append):
            action()
        return made

    return calls


def test_links_that_do_not_work(browser: Browser, deployed: boto3.Session, calls: Calls) -> None:
    store = LinkStore(client=deployed.client("dynamodb"), table=stack.LINKS)
    past = LinkStore(client=deployed.client("dynamodb"), table=stack.LINKS, clock=lambda: time() - 90)
    revoked = store.create(LinkRequest("tenant", lifetime_s=60)).value
    store.revoke(link_hash(revoked))
    expired = past.create(LinkRequest("tenant", lifetime_s=60)).value
    used = store.create(LinkRequest("tenant", uses=0)).value
    browser.connect()  # the function remembers for seconds that logins are not paused
    for link in ("A" * 22, revoked, expired, used):
        assert calls(partial(browser.connect, link=link)) == ["GetItem"]


def test_states_that_are_not_this_browsers(browser: Browser, new_browser: Callable[[], Browser], calls: Calls) -> None:
    query, other = browser.log_in(), new_browser()
    used = browser.log_in()
    browser.come_back(used)
    for asked in (query, used, f"code=x&state={UNKNOWN}"):
        other.cookies[cookie_name(state_of(asked))] = "guess"
        assert calls(partial(other.come_back, asked)) == ["UpdateItem"], asked


def test_deletions_of_people_who_were_known_and_who_were_not(world: World, data_deletion: Meta, calls: Calls) -> None:
    world.connect()
    known, unknown = (Promise.of(data_deletion.tell(user_id)) for user_id in (MARIA, "122109999999999999"))
    for code in (known.confirmation_code, unknown.confirmation_code, "f" * 24):
        sent = event_json("data-deletion-status")
        sent["pathParameters"] = {"code": code}
        assert calls(partial(data_deletion.handle, sent)) == ["GetItem"]

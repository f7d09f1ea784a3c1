"""Connect links that an operator made."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier, RLock
from time import time
from types import ModuleType
from typing import Any

import boto3
import pytest
from moto.dynamodb.models import DynamoDBBackend

from tests.support import stack
from tests.support.browser import ENDS, Browser, Page, Reply, assert_ended
from tests.support.clock import DAY, SharedClock
from tests.support.facebook import Facebook
from tests.support.outage import Outage
from tests.support.people import JONAS, MARIA
from tests.support.stored import Stored
from whatsapp_connect.link_request import LinkRequest
from whatsapp_connect.links import Link, LinkStore, link_hash

TENANT = "tenant-42"
CRAWLER = {"sec-fetch-user": "", "user-agent": "WhatsApp/2.23.20.0"}

type Make = Callable[..., str]


@pytest.fixture
def store(deployed: boto3.Session) -> LinkStore:
    return LinkStore(client=deployed.client("dynamodb"), table=stack.LINKS)


@pytest.fixture
def make(store: LinkStore) -> Make:
    def make(connection_id: str = TENANT, **about: Any) -> str:
        return store.create(LinkRequest(connection_id, **{"lifetime_s": DAY} | about)).value

    return make


def the_link(store: LinkStore, link: str) -> Link:
    (found,) = [one for one in store.list() if one.hash == link_hash(link)]
    return found


def assert_link_refused(reply: Reply, reason: str) -> None:
    """Check the page, that nothing was started, and that the log names the reason."""
    assert Page(reply.status, reply.title or "", reply.button) == Page(404, "This link no longer works", None)
    assert "Location" not in reply.response["headers"]
    (line,) = reply.logs("login not started")
    assert line["reason"] == reason
    assert reply.metric("LoginNotStarted") == [reason]


def assert_link_used(reply: Reply) -> None:
    """Check the page, which leads the owner to connect again, and that nothing was started."""
    assert (reply.status, reply.title, reply.button) == (404, "This link was already used", f"/reconnect/{TENANT}")
    assert reply.metric("LoginNotStarted") == ["link-used"]


def assert_ended_with_link(reply: Reply, reason: str, link: str) -> None:
    """Check an end as for everybody, but that the button leads back to the link."""
    page = ENDS[reason]
    assert page.button
    assert reply.button == page.button.replace("/connect", f"/connect/{link}")
    body = reply.body.replace(f"/connect/{link}", "/connect")
    assert_ended(replace(reply, response=dict(reply.response) | {"body": body}), reason)


def test_a_link_connects_under_the_id_it_is_bound_to(
    browser: Browser, make: Make, store: LinkStore, stored: Stored
) -> None:
    link = make()
    reply = browser.finish(link=link)
    assert assert_ended(reply, "connected")["connection_id"] == TENANT
    assert stored.token(TENANT)
    assert stored.token(MARIA) is None
    record = stored.connection(TENANT)
    assert (record.user_id, record.status) == (MARIA, "active")
    assert the_link(store, link).uses_left == 0


@pytest.mark.parameters(PublicConnect="disabled")
def test_a_link_works_where_the_public_one_does_not(browser: Browser, make: Make) -> None:
    assert browser.connect().title == "You need a link of your own"
    assert_ended(browser.finish(link=make()), "connected")


def test_a_used_link_is_refused_and_the_connection_stays(browser: Browser, make: Make, stored: Stored) -> None:
    link = make()
    assert_ended(browser.finish(link=link), "connected")
    before = stored.everything()
    assert_link_used(browser.connect(link=link))
    assert stored.everything() == before


def test_a_link_for_many_uses_is_good_for_as_many(
    new_browser: Callable[[], Browser], make: Make, stored: Stored
) -> None:
    link = make(uses=3)
    tokens: set[str | None] = {None}
    for number in (1, 2, 3):
        assert_ended(new_browser().finish(link=link), "connected")
        tokens.add(stored.token(TENANT))
        assert len(tokens) == number + 1
    assert_link_used(new_browser().connect(link=link))


def test_a_link_ends(browser: Browser, authorize: ModuleType, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    link = make(lifetime_s=60)
    assert browser.connect(link=link).status == 302
    monkeypatch.setattr(authorize.links, "_clock", lambda: time() + 60)
    assert_link_refused(browser.connect(link=link), "link-expired")


def test_revoked_link_does_not_work(browser: Browser, make: Make, store: LinkStore) -> None:
    link = make(uses=5)
    assert store.revoke(link_hash(link))
    assert_link_refused(browser.connect(link=link), "link-revoked")
    assert not store.revoke(link_hash("another"))


def test_link_revoked_during_a_login_does_not_connect(
    browser: Browser, make: Make, store: LinkStore, stored: Stored, facebook: Facebook
) -> None:
    link = make()
    query = browser.log_in(link=link)
    store.revoke(link_hash(link))
    reply = browser.come_back(query)
    assert (reply.status, reply.title) == (404, "This link no longer works")
    assert reply.metric("LoginEnded") == ["link-revoked"]
    assert facebook.exchanges == 0
    assert stored.everything() == ({}, [])


@pytest.mark.parametrize("link", ["x", "A" * 22, "A" * 43, "..%2f..", "<b>", "é" * 22, "A" * 5000])
def test_a_link_that_never_was_is_refused(browser: Browser, link: str) -> None:
    reply = browser.connect(link=link)
    assert_link_refused(reply, "link-unknown")
    assert link == "x" or link not in reply.body
    assert link == "x" or link not in str(reply.printed)


@pytest.mark.parametrize("sent", [{"headers": CRAWLER}, {"method": "HEAD"}], ids=["crawler", "HEAD"])
def test_preview_does_not_use_the_link_and_leads_to_it(
    browser: Browser, make: Make, stored: Stored, sent: dict[str, Any]
) -> None:
    link = make()
    before = stored.links()
    for _ in range(5):
        reply = browser.open(link=link, **sent)
        assert reply.status == 200
        assert f'<meta property="og:url" content="https://{stack.HOST}/connect/{link}">' in reply.body
    assert (stored.links(), stored.states()) == (before, [])
    assert_ended(browser.finish(link=link), "connected")


@pytest.mark.parametrize("link", ["A" * 22, '"><script>alert(1)</script>'])
def test_preview_of_an_unknown_link_is_its_page(browser: Browser, link: str) -> None:
    reply = browser.connect(link=link, headers=CRAWLER)
    assert reply.status == 404
    assert "<script>" not in reply.body


@pytest.mark.parametrize(
    ("choice", "reason"),
    [
        ({"cancel": True}, "declined"),
        ({"permissions": ["whatsapp_business_messaging"]}, "permission-missing"),
    ],
)
def test_failed_login_does_not_use_the_link_and_leads_back_to_it(
    browser: Browser, make: Make, stored: Stored, choice: dict[str, Any], reason: str
) -> None:
    link = make()
    before = stored.links()
    assert_ended_with_link(browser.finish(link=link, **choice), reason, link)
    assert stored.links() == before
    assert browser.connect(link=link).status == 302


def test_a_facebook_that_is_down_spends_nothing(
    browser: Browser, make: Make, stored: Stored, facebook: Facebook
) -> None:
    link = make()
    before = stored.links()
    facebook.fail_exchange("html_error")
    assert_ended_with_link(browser.finish(link=link), "facebook-unavailable", link)
    assert stored.links() == before


def test_a_token_that_cannot_be_stored_spends_nothing(
    browser: Browser, make: Make, stored: Stored, clients: Callable[[str], list[Any]], pauses: list[float]
) -> None:
    link = make()
    before = stored.links()
    query = browser.log_in(link=link)
    Outage(clients("callback"), "TransactWriteItems", "ThrottlingException")
    assert_ended_with_link(browser.come_back(query), "token-not-stored", link)
    assert stored.links() == before


def test_starting_again_with_another_permission_comes_back_through_the_link(browser: Browser, make: Make) -> None:
    link = make()
    reply = browser.finish(link=link, permissions=["whatsapp_business_messaging"])
    assert reply.button == f"/connect/{link}?auth_type=rerequest"
    _, _, query = reply.button.partition("?")
    assert_ended(browser.come_back(browser.log_in(query, link=link)), "connected")


@pytest.mark.parametrize("uses", [1, 2])
def test_a_reload_spends_one_use(browser: Browser, make: Make, store: LinkStore, uses: int) -> None:
    link = make(uses=uses)
    query = browser.log_in(link=link)
    assert_ended(browser.come_back(query), "connected")
    assert browser.come_back(query).title == "You are connected"
    assert the_link(store, link).uses_left == uses - 1


def test_another_facebook_user_is_refused(
    new_browser: Callable[[], Browser], make: Make, store: LinkStore, stored: Stored
) -> None:
    assert_ended(new_browser().finish(link=make()), "connected")
    before = stored.everything()
    link = make()
    assert_ended_with_link(new_browser().finish(link=link, person="jonas"), "connection-taken", link)
    assert stored.everything() == before
    assert the_link(store, link).uses_left == 1


def test_another_facebook_user_may_take_over_where_the_link_allows_it(
    new_browser: Callable[[], Browser], make: Make, stored: Stored
) -> None:
    assert_ended(new_browser().finish(link=make()), "connected")
    first = stored.token(TENANT)
    assert_ended(new_browser().finish(link=make(any_user=True), person="jonas"), "connected")
    record = stored.connection(TENANT)
    assert (record.user_id, record.replace_parameter) == (JONAS, True)
    assert stored.token(TENANT) == first  # until publish has deleted it with all its versions


def test_failed_change_of_owner_leaves_the_connection_unchanged(
    new_browser: Callable[[], Browser],
    make: Make,
    stored: Stored,
    clients: Callable[[str], list[Any]],
    pauses: list[float],
) -> None:
    """Or the next check would take the first user's token for somebody else's, and remove it."""
    assert_ended(new_browser().finish(link=make()), "connected")
    first = stored.token(TENANT)
    browser, link = new_browser(), make(any_user=True)
    query = browser.log_in(link=link, person="jonas")
    Outage(clients("callback"), "TransactWriteItems", "ThrottlingException")
    assert_ended_with_link(browser.come_back(query), "token-not-stored", link)
    record = stored.connection(TENANT)
    assert (record.user_id, stored.token(TENANT)) == (MARIA, first)


@pytest.fixture
def _writes_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make moto's conditional writes what DynamoDB's are: nothing comes between the condition and the write."""
    lock = RLock()

    def alone(write: Callable[..., Any]) -> Callable[..., Any]:
        def write_alone(*args: Any, **kwargs: Any) -> Any:
            with lock:
                return write(*args, **kwargs)

        return write_alone

    for name in ("transact_write_items", "update_item", "get_item"):
        monkeypatch.setattr(DynamoDBBackend, name, alone(getattr(DynamoDBBackend, name)))


@pytest.mark.usefixtures("_writes_one_by_one")
@pytest.mark.parametrize("any_user", [False, True])
def test_one_use_link_connects_one_of_several_logins_at_once(
    new_browser: Callable[[], Browser],
    make: Make,
    store: LinkStore,
    stored: Stored,
    *,
    callback: ModuleType,
    context: Any,
    any_user: bool,
) -> None:
    link = make(any_user=any_user)
    browsers = [new_browser() for _ in range(4)]
    people = ("maria", "jonas", "maria", "jonas") if any_user else ("maria",) * 4
    queries = [browser.log_in(link=link, person=person) for browser, person in zip(browsers, people, strict=True)]
    starting = Barrier(4)

    def come_back(browser: Browser, query: str) -> str:
        sent = browser.callback_event(query)
        starting.wait()
        return Reply(callback.handler(sent, context), []).title or ""

    with ThreadPoolExecutor(4) as threads:
        titles = list(threads.map(come_back, browsers, queries))
    assert sorted(titles) == ["This link was already used"] * 3 + ["You are connected"]
    record = stored.connection(TENANT)
    assert record.user_id == (MARIA if people[titles.index("You are connected")] == "maria" else JONAS)
    assert the_link(store, link).uses_left == 0


def test_link_is_in_no_other_page_and_in_no_log(new_browser: Callable[[], Browser], make: Make, stored: Stored) -> None:
    link = make()
    owner, other = new_browser(), new_browser()
    replies = [owner.connect(link=link)]
    query = owner.log_in(link=link)
    foreign = other.come_back(query)
    assert foreign.title == "Please start again in this browser"
    assert (link in foreign.body, foreign.button) == (False, None)
    replies += [foreign, owner.come_back(query), owner.connect(link=link)]
    for reply in replies:
        assert link not in str(reply.printed)
        assert link_hash(link) not in str(reply.printed)
    assert link not in str(stored.states() + stored.records()) + str(stored.parameters())


def test_link_is_stored_hashed(make: Make, stored: Stored, clock: SharedClock) -> None:
    link = make(label="Corner Bakery", tags={"plan": "pro"}, return_url="https://shop.example/done", language="de")
    (row,) = stored.links()
    assert row.pop("link_hash") == link_hash(link)
    now = clock.now()
    assert row == {
        "connection_id": TENANT,
        "uses_left": 1,
        "any_user": False,
        "label": "Corner Bakery",
        "tags": {"plan": "pro"},
        "return_url": "https://shop.example/done",
        "language": "de",
        "waba_ids": [],
        "created_at": now,
        "valid_until": now + DAY,
        "expires_at": now + 31 * DAY,
    }
    assert link not in str(stored.links())


def test_a_link_travels_in_the_browsers_cookie_and_not_by_way_of_facebook(browser: Browser, make: Make) -> None:
    link = make()
    assert link not in browser.connect(link=link).location
    assert any(value.endswith(f".{link}") for value in browser.cookies.values())


def test_the_states_row_does_not_tell_the_link(browser: Browser, make: Make, stored: Stored) -> None:
    link = make()
    browser.connect(link=link)
    (row,) = stored.states()
    assert link not in str(row)
    assert link_hash(link) not in str(row)

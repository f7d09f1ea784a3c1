"""States in DynamoDB."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.support import stack
from tests.support.outage import Outage, lose_answers
from tests.support.stored import Stored
from whatsapp_connect.errors import LoginError
from whatsapp_connect.start import Start
from whatsapp_connect.states import IssuedState, StateStore

NOW = 1_795_608_000
LIFETIME = 3_600
EXPLAINED = 86_400
FINISHING = 35
OUTCOME = {"reason": "declined", "reference": "r"}


@dataclass(slots=True)
class Clock:
    now: int = NOW

    def __call__(self) -> float:
        return self.now + 0.9


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(deployed: boto3.Session, clock: Clock) -> StateStore:
    return StateStore(
        client=deployed.client("dynamodb"), table=stack.STATES, lifetime_s=LIFETIME, secure_cookies=True, clock=clock
    )


def issue(store: StateStore, *, link: str = "", **options: Any) -> tuple[IssuedState, dict[str, str]]:
    issued = store.issue(redirect_uri=stack.REDIRECT_URI, cookies={}, start=Start(link=link), **options)
    name, _, value = issued.cookies[0].partition(";")[0].partition("=")
    return issued, {name: value}


def test_the_row_holds_hashes_and_an_end(store: StateStore, stored: Stored) -> None:
    issued, cookies = issue(store, link="customer-7")
    (browser,) = cookies.values()
    assert stored.states() == [
        {
            "state_hash": sha256(issued.value.encode()).hexdigest(),
            "browser_hash": sha256(browser.encode()).hexdigest(),
            "redirect_uri": stack.REDIRECT_URI,
            "connection_id": "",
            "return_url": "",
            "language": "en",
            "created_at": NOW,
            "valid_until": NOW + LIFETIME,
            "expires_at": NOW + LIFETIME + EXPLAINED,
        }
    ]


def test_dynamodb_deletes_rows_by_that_end(deployed: boto3.Session, store: StateStore, stored: Stored) -> None:
    issue(store)
    about = deployed.client("dynamodb").describe_time_to_live(TableName=stack.STATES)
    assert about["TimeToLiveDescription"]["TimeToLiveStatus"] == "ENABLED"
    assert about["TimeToLiveDescription"]["AttributeName"] in stored.states()[0]


@pytest.mark.parametrize(("link", "mark"), [("", ""), ("customer-7", "l")])
def test_state_and_cookie_hold_256_bits_each(store: StateStore, link: str, mark: str) -> None:
    issued, cookies = issue(store, link=link)
    assert re.fullmatch(f"[A-Za-z0-9_-]{{43}}{mark}", issued.value)
    (browser,) = cookies.values()
    assert re.fullmatch(rf"[A-Za-z0-9_-]{{43}}\.{link}", browser)


def test_the_cookie_is_the_hosts_alone_and_lives_as_long_as_the_state(store: StateStore) -> None:
    issued, _ = issue(store)
    (cookie,) = issued.cookies
    name, *attributes = cookie.split("; ")
    assert name.startswith(f"__Host-connect-{sha256(issued.value.encode()).hexdigest()[:16]}=")
    assert attributes == ["Secure", "HttpOnly", "Path=/", "SameSite=Lax", f"Max-Age={LIFETIME + EXPLAINED}"]


def test_on_plain_http_the_cookie_can_be_neither_secure_nor_the_hosts(deployed: boto3.Session, clock: Clock) -> None:
    store = StateStore(
        client=deployed.client("dynamodb"), table=stack.STATES, lifetime_s=LIFETIME, secure_cookies=False, clock=clock
    )
    issued, _ = issue(store)
    name, *attributes = issued.cookies[0].split("; ")
    assert name.startswith("connect-")
    assert attributes == ["HttpOnly", "Path=/", "SameSite=Lax", f"Max-Age={LIFETIME + EXPLAINED}"]


@pytest.mark.parametrize(("logins", "leave"), [(0, 0), (6, 0), (7, 0), (8, 1), (30, 23)])
def test_a_browser_keeps_the_eight_newest_logins(store: StateStore, logins: int, leave: int) -> None:
    ours = [f"__Host-connect-{number:016x}" for number in range(logins)]
    others = ["session", "__Host-connect-", "__Host-connect-zz", "connect-0000000000000000", f"{ours[0:1]}x"]
    issued = store.issue(redirect_uri=stack.REDIRECT_URI, cookies=dict.fromkeys([*ours, *others], "x"), start=Start())
    new, *gone = issued.cookies
    assert f"Max-Age={LIFETIME + EXPLAINED}" in new
    assert gone == [f"{name}=; Secure; HttpOnly; Path=/; SameSite=Lax; Max-Age=0" for name in ours[:leave]]


def test_states_and_cookies_do_not_repeat(store: StateStore) -> None:
    issued = [issue(store) for _ in range(20)]
    assert len({state.value for state, _ in issued}) == 20
    assert len({value for _, cookies in issued for value in cookies.values()}) == 20


def test_a_state_is_good_once(store: StateStore) -> None:
    issued, cookies = issue(store, link="customer-7")
    first = store.consume(issued.value, cookies=cookies)
    assert (first.is_first, first.outcome) == (True, None)
    assert (first.redirect_uri, first.start) == (stack.REDIRECT_URI, Start(link="customer-7"))
    second = store.consume(issued.value, cookies=cookies)
    assert (second.is_first, second.outcome) == (False, None)


def test_the_outcome_is_for_the_same_browser_to_see_again(store: StateStore) -> None:
    issued, cookies = issue(store)
    store.finish(store.consume(issued.value, cookies=cookies), OUTCOME)
    again = store.consume(issued.value, cookies=cookies)
    assert (again.is_first, again.outcome) == (False, OUTCOME)
    with pytest.raises(LoginError) as refusal:
        store.consume(issued.value, cookies=dict.fromkeys(cookies, "x"))
    assert refusal.value.reason == "state-foreign"


def test_an_outcome_is_shown_after_the_state_has_expired(store: StateStore, clock: Clock) -> None:
    issued, cookies = issue(store)
    store.finish(store.consume(issued.value, cookies=cookies), OUTCOME)
    clock.now += LIFETIME + 1
    assert store.consume(issued.value, cookies=cookies).outcome == OUTCOME


@pytest.mark.parametrize(("age", "good"), [(LIFETIME - 1, True), (LIFETIME, False), (LIFETIME + 9999, False)])
def test_a_state_is_good_for_ten_minutes(store: StateStore, clock: Clock, age: int, *, good: bool) -> None:
    issued, cookies = issue(store)
    clock.now += age
    if good:
        assert store.consume(issued.value, cookies=cookies).is_first
        return
    with pytest.raises(LoginError) as refusal:
        store.consume(issued.value, cookies=cookies)
    assert refusal.value.reason == "state-expired"


@pytest.mark.parametrize(("age", "dead"), [(FINISHING, False), (FINISHING + 1, True)])
def test_a_login_without_an_outcome_is_dead_after_a_while(
    store: StateStore, clock: Clock, age: int, *, dead: bool
) -> None:
    issued, cookies = issue(store)
    clock.now += 3
    store.consume(issued.value, cookies=cookies)
    clock.now += age
    if not dead:
        assert store.consume(issued.value, cookies=cookies).outcome is None
        return
    with pytest.raises(LoginError) as refusal:
        store.consume(issued.value, cookies=cookies)
    assert refusal.value.reason == "login-interrupted"


@pytest.mark.parametrize(
    ("forge", "reason"),
    [
        (lambda _: {}, "cookie-missing"),
        (lambda cookies: dict.fromkeys(["__Host-connect-other"], *cookies.values()), "cookie-missing"),
        (lambda cookies: dict.fromkeys(cookies, ""), "state-foreign"),
        (lambda cookies: {name: value[:-1] for name, value in cookies.items()}, "state-foreign"),
        (lambda cookies: {name: value + "A" for name, value in cookies.items()}, "state-foreign"),
    ],
)
def test_another_browser_cannot_use_a_state_up(
    store: StateStore, stored: Stored, forge: Callable[[dict[str, str]], dict[str, str]], reason: str
) -> None:
    issued, cookies = issue(store)
    before = stored.states()
    with pytest.raises(LoginError) as refusal:
        store.consume(issued.value, cookies=forge(cookies))
    assert refusal.value.reason == reason
    assert stored.states() == before
    assert store.consume(issued.value, cookies=cookies).is_first


def test_unknown_and_foreign_state_differ_in_the_logged_reason_only(store: StateStore) -> None:
    _, cookies = issue(store)
    other, _ = issue(store)
    name = "__Host-connect-" + sha256(b"A" * 43).hexdigest()[:16]
    with pytest.raises(LoginError) as unknown:
        store.consume("A" * 43, cookies={name: "x"})
    with pytest.raises(LoginError, match="cookie-missing"):
        store.consume(other.value, cookies=cookies)
    assert unknown.value.reason == "state-unknown"


@pytest.mark.parametrize("planted", ["", "x", "..", f"{'A' * 43}./../x", f"{'A' * 43}.<b>", f"{'A' * 43}."])
def test_only_what_looks_like_a_link_is_read_from_a_cookie_not_yet_proven(store: StateStore, planted: str) -> None:
    issued, cookies = issue(store, link="A" * 22)
    (name,) = cookies
    assert store.start(issued.value, cookies=cookies) == Start(link="A" * 22)
    assert store.start(issued.value, cookies={name: planted}) is None
    assert store.start(issued.value, cookies={}) is None


@pytest.mark.parametrize("tail", ["A", "l"])
def test_state_without_a_link_has_an_empty_link(store: StateStore, tail: str) -> None:
    """One in 64 ends with the letter that marks a link, as its own last character."""
    value = "A" * 42 + tail
    name = "__Host-connect-" + sha256(value.encode()).hexdigest()[:16]
    assert store.start(value, cookies={name: f"{'A' * 43}.{'B' * 22}"}) == Start()
    assert store.start(value, cookies={}) == Start()


@pytest.mark.parametrize("value", ["A" * 42 + "l", "A" * 43 + "l"])
def test_a_state_may_end_with_the_mark_of_a_link(store: StateStore, value: str) -> None:
    name = "__Host-connect-" + sha256(value.encode()).hexdigest()[:16]
    with pytest.raises(LoginError) as refusal:
        store.consume(value, cookies={name: "x"})
    assert refusal.value.reason == "state-unknown"


@pytest.mark.parametrize("value", ["", "A" * 42, "A" * 44, "A" * 42 + "=", "A" * 43 + "\n", "٣" * 43])
def test_a_malformed_state_is_not_even_looked_up(deployed: boto3.Session, store: StateStore, value: str) -> None:
    outage = Outage(deployed.client("dynamodb"), "UpdateItem", "ThrottlingException")
    with pytest.raises(LoginError, match="state-malformed"):
        store.consume(value, cookies={})
    assert outage.calls == 0


@pytest.mark.parametrize("code", ["ThrottlingException", "AccessDeniedException", "InternalServerError"])
def test_dynamodb_fault_is_not_an_unknown_state(deployed: boto3.Session, store: StateStore, code: str) -> None:
    issued, cookies = issue(store)
    Outage(deployed.client("dynamodb"), "UpdateItem", code, times=1)
    with pytest.raises(ClientError) as fault:
        store.consume(issued.value, cookies=cookies)
    assert fault.value.response["Error"].get("Code") == code
    assert store.consume(issued.value, cookies=cookies).is_first


@pytest.mark.usefixtures("pauses")
def test_a_write_whose_answer_was_lost_is_still_the_first(deployed: boto3.Session, store: StateStore) -> None:
    issued, cookies = issue(store)
    lose_answers(deployed.client("dynamodb"), "UpdateItem")
    assert store.consume(issued.value, cookies=cookies).is_first
    assert not store.consume(issued.value, cookies=cookies).is_first


def test_outcome_is_not_stored_where_the_row_is_gone(
    deployed: boto3.Session, store: StateStore, stored: Stored
) -> None:
    issued, cookies = issue(store)
    login = store.consume(issued.value, cookies=cookies)
    deployed.client("dynamodb").delete_item(TableName=stack.STATES, Key={"state_hash": {"S": login.state_hash}})
    assert store.finish(login, OUTCOME) == OUTCOME
    assert store.outcome(login) is None
    assert stored.states() == []


def test_first_outcome_stays(store: StateStore) -> None:
    issued, cookies = issue(store)
    login = store.consume(issued.value, cookies=cookies)
    assert store.finish(login, OUTCOME) == OUTCOME
    assert store.finish(login, OUTCOME | {"reason": "unexpected"}) == OUTCOME
    assert store.outcome(login) == OUTCOME

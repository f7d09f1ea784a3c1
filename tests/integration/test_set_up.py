"""After a login the app is subscribed to the connection's accounts, and checks read whether they can send."""

from typing import Any

import pytest

from facebook_simulator.world import change_accounts
from tests.support.clock import DAY
from tests.support.interleaving import Wire
from tests.support.people import BAKERY, JONAS, MARIA
from tests.support.stack import APP_ID
from tests.support.world import World

FIFTEEN_MINUTES = 900

subscribed_by_the_operator = pytest.mark.parameters(SubscribeApp="disabled")


def subscribed(world: World) -> set[str]:
    """Return the accounts to which the app is subscribed at Facebook."""
    return {account for account, app in world.state.subscriptions if app == APP_ID}


def account(world: World, connection_id: str = MARIA) -> dict[str, Any]:
    (one,) = world.metadata(connection_id)["accounts"]
    return dict(one)


def refuse_subscription(world: World, *, times: int = 1) -> None:
    world.facebook.fail("subscribed_apps", "graph_error", method="POST", code=200, status=403, times=times)


def subscribe_calls(world: World) -> list[str]:
    requests = world.facebook.control("requests", method="GET")["requests"]
    return [one["method"] for one in requests if one["endpoint"] == "subscribed_apps"]


def test_login_is_usable_within_seconds(world: World) -> None:
    world.log_in()
    assert not subscribed(world)
    world.settle()
    assert subscribed(world) == {BAKERY}
    assert world.metadata()["usable"]
    assert account(world) == {
        "id": BAKERY,
        "name": "Corner Bakery",
        "subscribed": True,
        "can_send": "AVAILABLE",
        "problem_code": 0,
    }
    connected, onboarded = world.sent_events()
    assert (connected.type, connected.detail["usable"]) == ("Connected", False)
    assert (onboarded.type, onboarded.detail["usable"]) == ("Onboarded", True)
    assert (onboarded.detail["subscribed_waba_ids"], onboarded.detail["registered_phone_number_ids"]) == ([BAKERY], [])
    world.assert_consistent()


def test_second_check_subscribes_nothing_and_tells_nothing(world: World) -> None:
    world.connect()
    world.sent_events()
    world.after(days=1)
    assert subscribe_calls(world) == ["GET"]
    assert world.sent_events() == []


def test_address_that_an_operator_set_for_an_account_stays(world: World) -> None:
    world.state.subscriptions[BAKERY, APP_ID] = "https://operator.example.com/whatsapp"
    world.connect()
    assert world.metadata()["usable"]
    assert world.state.subscriptions[BAKERY, APP_ID] == "https://operator.example.com/whatsapp"


def test_subscription_that_was_ended_is_made_again(world: World) -> None:
    world.connect()
    world.sent_events()
    world.state.subscriptions.clear()
    world.after(days=1)
    assert subscribed(world) == {BAKERY}
    assert world.sent_events() == []


@subscribed_by_the_operator
def test_operator_can_subscribe_the_app_instead(world: World) -> None:
    world.connect()
    assert subscribed(world) == set()
    assert not world.metadata()["usable"]
    assert world.sent_types(set_up=True) == ["Connected"]
    world.state.subscriptions[BAKERY, APP_ID] = ""
    world.after(days=1)
    assert world.metadata()["usable"]
    assert world.sent_types(set_up=True) == ["Onboarded"]


@subscribed_by_the_operator
def test_usable_ends_with_the_subscription(world: World) -> None:
    world.state.subscriptions[BAKERY, APP_ID] = ""
    world.connect()
    assert world.metadata()["usable"]
    world.state.subscriptions.clear()
    world.after(days=1)
    assert not world.metadata()["usable"]


def test_refused_subscription_is_told_once_and_tried_daily(world: World) -> None:
    refuse_subscription(world, times=3)
    world.connect()
    connected, failed = world.sent_events()
    assert (connected.type, failed.type) == ("Connected", "OnboardingFailed")
    assert (failed.detail["failed_waba_ids"], failed.detail["failed_phone_number_ids"]) == ([BAKERY], [])
    assert failed.detail["facebook_code"] == 200
    assert not failed.detail["usable"]
    assert "(Facebook's code 200)" in failed.detail["message"]
    assert failed.detail["reconnect_url"]
    assert not world.metadata()["usable"]
    for _ in world.days(2):
        assert world.sent_events() == []
    world.after(days=1)
    assert world.metadata()["usable"]
    assert [one.subscribe_code for one in world.record().accounts] == [0]
    assert world.sent_types(set_up=True) == ["Onboarded"]


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("fault", ["throttled_waba", "server_error"])
def test_subscription_that_gets_no_answer_is_tried_again_soon(world: World, method: str, fault: str) -> None:
    world.facebook.fail("subscribed_apps", fault, method=method)
    world.connect()
    assert world.sent_types(set_up=True) == ["Connected"]
    assert not world.metadata()["usable"]
    assert world.after(seconds=FIFTEEN_MINUTES - 1).outcomes == {}
    world.after(seconds=1)
    assert world.metadata()["usable"]
    assert world.sent_types(set_up=True) == ["Onboarded"]
    assert world.after(seconds=FIFTEEN_MINUTES).outcomes == {}


def test_unanswered_question_about_a_subscription_leaves_a_usable_connection_usable(world: World) -> None:
    world.connect()
    world.facebook.fail("subscribed_apps", "server_error")
    world.facebook.fail("node", "server_error")
    run = world.after(days=1)
    assert run.outcomes == {"checked": 1}
    assert len(run.logs("accounts not set up")) == 1
    assert world.metadata()["usable"]
    assert world.record().next_check_at > world.clock.now() + DAY / 2


def test_one_account_that_is_refused_holds_up_no_other(world: World) -> None:
    refuse_subscription(world)
    world.connect("jonas")
    metadata = world.metadata(JONAS)
    assert metadata["usable"]
    assert [one["subscribed"] for one in metadata["accounts"]] == [False, True, True]
    types = [event.type for event in world.sent_events()]
    assert types == ["Connected", "Onboarded", "OnboardingFailed"]


@pytest.mark.parametrize(
    ("condition", "shown"),
    [
        ({"can_send_message": "BLOCKED", "problems": [141006]}, ("BLOCKED", 141006)),
        ({"can_send_message": "LIMITED", "problems": []}, ("LIMITED", 0)),
        ({"can_send_message": "BLOCKED", "problems": [141014, 141006]}, ("BLOCKED", 141014)),
    ],
)
def test_what_keeps_an_account_from_sending_is_shown(
    world: World, condition: dict[str, Any], shown: tuple[str, int]
) -> None:
    world.facebook.control("accounts", {"id": BAKERY, **condition})
    world.connect()
    assert (account(world)["can_send"], account(world)["problem_code"]) == shown
    assert world.metadata()["usable"]
    world.facebook.control("accounts", {"id": BAKERY, "can_send_message": "AVAILABLE", "problems": []})
    world.after(days=1)
    assert (account(world)["can_send"], account(world)["problem_code"]) == ("AVAILABLE", 0)


def test_new_name_of_an_account_is_read(world: World) -> None:
    world.connect()
    world.facebook.control("accounts", {"id": BAKERY, "name": "Harbour Bakery"})
    world.after(days=1)
    assert account(world)["name"] == "Harbour Bakery"


def test_account_that_returns_is_set_up_again(world: World) -> None:
    world.connect()
    world.state.subscriptions.clear()
    everybody = world.state.people
    world.state.populate(change_accounts(everybody, lambda _: None))
    world.after(days=1)
    world.after(seconds=3_601)
    assert not world.metadata()["usable"]
    world.sent_events()
    world.state.populate(everybody)
    world.after(days=1)
    assert world.metadata()["usable"]
    assert world.sent_types(set_up=True) == ["AccountsChanged", "Onboarded"]


def test_reconnect_after_an_end_is_not_called_usable_before_it_is(world: World) -> None:
    world.connect()
    world.facebook.control("tokens/invalidate", {"person": "maria", "reason": "password_changed"})
    world.after(days=1)
    world.state.subscriptions.clear()
    world.sent_events()
    world.log_in()
    assert not world.record().is_usable
    world.settle()
    assert world.metadata()["usable"]
    assert world.sent_types(set_up=True) == ["Reconnected", "Onboarded"]


def test_schedule_sets_up_what_publish_did_not_ask_for(world: World, wire: Wire) -> None:
    def fail(name: str) -> None:
        if name == "SendMessageBatch":
            raise ConnectionError

    with wire.action(fail):
        world.log_in()
        world.settle()
    assert not world.metadata()["usable"]
    assert world.after(seconds=FIFTEEN_MINUTES - 1).outcomes == {}
    assert world.after(seconds=1).outcomes == {"checked": 1}
    assert world.metadata()["usable"]


def test_forgotten_connection_is_not_set_up(world: World, deauthorize: Any) -> None:
    world.log_in()
    world.clock.advance(61)
    deauthorize.tell(MARIA)
    world.settle()
    assert not subscribed(world)

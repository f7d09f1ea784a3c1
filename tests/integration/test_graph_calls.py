"""Every request to the Graph API counts against the limits of the app. A login and a check make these and no more."""

from tests.support.clock import DAY
from tests.support.people import MARIA
from tests.support.world import World

EXCHANGE = "oauth/access_token:authorization_code"
EXTEND = "oauth/access_token:fb_exchange_token"
DEBUG = "debug_token"
NUMBERS = "phone_numbers"
SUBSCRIPTION = "subscribed_apps"
HEALTH = "node"


def test_login_asks_facebook_four_times(world: World) -> None:
    assert world.log_in().status == 200
    assert world.facebook.graph_calls() == [EXCHANGE, EXTEND, DEBUG, NUMBERS]


def test_second_login_of_a_person_asks_the_same(world: World) -> None:
    world.connect()
    assert world.log_in().status == 200
    assert world.facebook.graph_calls() == [EXCHANGE, EXTEND, DEBUG, NUMBERS]


def test_login_by_a_link_asks_the_same(world: World) -> None:
    assert world.log_in(connection_id="tenant-42").status == 200
    assert world.facebook.graph_calls() == [EXCHANGE, EXTEND, DEBUG, NUMBERS]


def test_login_that_is_declined_asks_nothing(world: World) -> None:
    world.log_in(cancel=True)
    assert world.facebook.graph_calls() == []


def test_publishing_asks_nothing(world: World) -> None:
    world.log_in()
    asked = world.facebook.graph_calls()
    world.stream.bring()
    assert world.facebook.graph_calls() == asked


def test_check_after_a_login_subscribes_once(world: World) -> None:
    world.log_in()
    world.facebook.control("requests", method="DELETE")
    world.settle()
    assert world.facebook.graph_calls() == [DEBUG, NUMBERS, SUBSCRIPTION, SUBSCRIPTION, HEALTH]


def test_check_asks_about_the_token_and_its_account_once(world: World) -> None:
    world.connect()
    world.clock.advance(DAY)
    world.check(MARIA)
    assert world.facebook.graph_calls() == [DEBUG, NUMBERS, SUBSCRIPTION, HEALTH]


def test_check_that_extends_asks_about_both_tokens(world: World) -> None:
    world.connect()
    world.clock.advance(31 * DAY)
    world.check(MARIA)
    assert world.facebook.graph_calls() == [DEBUG, EXTEND, DEBUG, NUMBERS, SUBSCRIPTION, HEALTH]


def test_check_of_a_dead_token_asks_about_it_twice(world: World) -> None:
    world.connect()
    world.facebook.control("tokens/invalidate", {"person": "maria"})
    world.clock.advance(DAY)
    world.check(MARIA)
    assert world.facebook.graph_calls() == [DEBUG, DEBUG]


def test_schedule_asks_about_the_app_alone(world: World) -> None:
    world.connect()
    world.schedule()
    assert world.facebook.graph_calls() == [DEBUG]

"""Which WhatsApp accounts a login connects, however little the debugger says of them."""

from dataclasses import replace
from typing import Any

import pytest

from facebook_simulator.world import Account, Business, Phone, change_accounts
from tests.support.browser import Reply, assert_ended
from tests.support.people import BAKERY, JONAS, MARIA
from tests.support.world import World
from whatsapp_connect import record_changes

SHOP = "shop-1"
STRANGER = "300000000000099"
TRAVEL = ("300000000000002", "300000000000003", "300000000000004")
PORTFOLIO = "200000000000001"
LIND_TRAVEL = "200000000000002"
WHATSAPP_SCOPES = ("whatsapp_business_management", "whatsapp_business_messaging")
LOOK_UPS = ("me/businesses", "owned_whatsapp_business_accounts", "client_whatsapp_business_accounts")

NO_SUCH_FIELD = {
    "code": 100,
    "message": "(#100) Tried accessing nonexisting field (phone_numbers) on node type (Business)",
}
ODD_ANSWERS: list[tuple[str, dict[str, Any]]] = [
    ("api_blocked", {}),
    ("server_not_allowed", {}),
    ("unknown_error", {}),
    ("auth_exception", {}),
    ("graph_error", NO_SUCH_FIELD),
    ("graph_error", {"code": 190}),
    ("graph_error", {"code": 10, "status": 403}),
    ("graph_error", {"code": 200, "status": 403}),
    ("graph_error", {"code": 368}),
    ("graph_error", {"code": 33}),
    ("graph_error", {"code": 10, "subcode": 33}),
    ("graph_error", {"code": 803}),
]
"""What GET /{id}/phone_numbers can answer that does not say that an account does not exist for the token."""

LISTING_SCOPES = [*WHATSAPP_SCOPES, "business_management"]
RECORDED: dict[str, dict[str, Any]] = {
    "Embedded Signup in production, June 2026": {
        "scopes": LISTING_SCOPES,
        "granular_scopes": [{"scope": "business_management"}, {"scope": "whatsapp_business_manage_events"}],
    },
    "Meta's example for a system user": {
        "scopes": list(WHATSAPP_SCOPES),
        "expires_at": 0,
        "data_access_expires_at": 0,
        "granular_scopes": [{"scope": scope} for scope in WHATSAPP_SCOPES],
    },
    "scopes alone": {"scopes": list(WHATSAPP_SCOPES), "granular_scopes": None},
    "WhatsApp's scopes in granular_scopes alone": {
        "scopes": ["public_profile"],
        "granular_scopes": [{"scope": scope} for scope in WHATSAPP_SCOPES],
    },
}
"""What the debugger has been seen to answer about tokens that reached an account."""

portfolios_listed = pytest.mark.parameters(
    RequiredScopes="whatsapp_business_management,whatsapp_business_messaging,business_management"
)


def names_no_account(world: World) -> None:
    """Make the debugger say of no token what it is for."""
    world.facebook.control("debug-token", {"target_ids": "absent"})


def assert_unknown(world: World, reply: Reply, connection_id: str = MARIA) -> None:
    """Check that the token is stored, and that everybody hears that its account is not known."""
    if connection_id == SHOP:  # the link is spent, so the page leads to the connection's own address
        again = f"/reconnect/{SHOP}?auth_type=rerequest"
        assert (reply.title, reply.button, reply.metric("LoginEnded")) == ("You are signed in", again, ["connected"])
    else:
        assert assert_ended(reply, "connected", page="accounts-unknown")["connection_id"] == connection_id
    world.settle()
    assert world.token(connection_id)
    metadata = world.metadata(connection_id)
    assert (metadata["status"], metadata["status_reason"]) == ("active", "accounts-unknown")
    assert (metadata["usable"], metadata["waba_ids"], metadata["phone_numbers"]) == (False, [], [])
    (event,) = world.sent_events()
    assert (event.type, event.detail["status_reason"], event.detail["usable"]) == (
        "Connected",
        "accounts-unknown",
        False,
    )
    world.assert_consistent()


def assert_proven(world: World, reply: Reply, connection_id: str = MARIA) -> None:
    assert_ended(reply, "connected")
    assert "+1 202-555-0100 (Corner Bakery)" in reply.text
    world.settle()
    metadata = world.metadata(connection_id)
    assert (metadata["status_reason"], metadata["waba_ids"]) == (None, [BAKERY])
    assert [one["waba_id"] for one in metadata["phone_numbers"]] == [BAKERY, BAKERY]
    world.assert_consistent()


def assert_refused(world: World, reply: Reply) -> None:
    """Check that nothing is stored where Facebook proves that there is no account."""
    assert (reply.status, reply.title, reply.metric("LoginEnded")) == (
        403,
        "No WhatsApp account was chosen",
        ["no-account"],
    )
    assert reply.button
    assert reply.button.endswith("?auth_type=rerequest")
    world.settle()
    assert world.stored.records() == []
    assert not [name for name in world.stored.parameters() if "/connections/" in name]
    assert world.sent_events() == []


# Proof that there is no account


def test_permissions_for_no_account_connect_nothing(world: World) -> None:
    world.facebook.control("debug-token", {"target_ids": "empty"})
    assert_refused(world, world.log_in(connection_id=SHOP))
    assert [row["uses_left"] for row in world.stored.links()] == [1]


@portfolios_listed
def test_person_whose_portfolios_hold_no_account_connects_nothing(world: World) -> None:
    names_no_account(world)
    assert_refused(world, world.log_in("priya"))


@pytest.mark.parametrize("named", [(STRANGER,), (STRANGER, "300000000000098")])
def test_named_accounts_that_do_not_exist_for_the_token_connect_nothing(world: World, named: tuple[str, ...]) -> None:
    names_no_account(world)
    assert_refused(world, world.log_in(connection_id=SHOP, waba_ids=named))
    assert [row["uses_left"] for row in world.stored.links()] == [1]


def test_reconnect_with_the_account_unticked_leaves_the_connection_and_has_it_checked(world: World) -> None:
    world.connect()
    world.sent_events()
    before = world.token(), world.metadata()
    world.facebook.control("debug-token", {"target_ids": "empty"})
    world.clock.advance(61)
    assert_ended(world.log_in(), "no-account")
    world.settle()
    assert (world.token(), world.metadata()) == before
    assert world.sent_events() == []
    assert world.record().next_check_at == world.clock.now()


def test_reconnect_whose_known_account_is_gone_connects_nothing(world: World) -> None:
    world.connect()
    before = world.token()
    names_no_account(world)
    assert_ended(world.log_in(wabas=[]), "no-account")
    assert world.token() == before


# Absence proves nothing


def test_person_without_an_account_is_told_so_and_stored(world: World) -> None:
    assert_unknown(world, world.log_in("priya"), "122100000000000003")


def test_empty_list_of_portfolios_without_the_permission_proves_nothing(world: World) -> None:
    names_no_account(world)
    assert_unknown(world, world.log_in())


@portfolios_listed
@pytest.mark.parametrize("endpoint", LOOK_UPS)
@pytest.mark.parametrize("fault", ["server_error", "throttled_waba", "invalid_json", "html_ok"])
def test_refused_look_up_proves_nothing(world: World, endpoint: str, fault: str) -> None:
    names_no_account(world)
    world.facebook.fail(endpoint, fault, times=9)
    assert_unknown(world, world.log_in("jonas", wabas=[]), JONAS)


def test_named_account_that_cannot_be_asked_about_proves_nothing(world: World) -> None:
    names_no_account(world)
    world.facebook.fail("phone_numbers", "server_error", times=9)
    assert_unknown(world, world.log_in(connection_id=SHOP, waba_ids=[BAKERY]), SHOP)
    assert [account.id for account in world.record(SHOP).accounts] == [BAKERY]
    assert [row["uses_left"] for row in world.stored.links()] == [0]


@portfolios_listed
def test_listed_account_that_cannot_be_asked_about_proves_nothing(world: World) -> None:
    names_no_account(world)
    world.facebook.fail("phone_numbers", "server_error", times=9)
    assert_unknown(world, world.log_in())


def test_named_id_that_may_be_a_business_proves_nothing(world: World) -> None:
    names_no_account(world)
    world.facebook.fail("owned_whatsapp_business_accounts", "server_error", times=9)
    assert_unknown(world, world.log_in(connection_id=SHOP, waba_ids=[STRANGER]), SHOP)


def test_accounts_of_the_owner_before_prove_nothing_about_another(world: World) -> None:
    world.connect("jonas", connection_id=SHOP)
    names_no_account(world)
    reply = world.log_in("maria", connection_id=SHOP, any_user=True)
    assert (reply.title, reply.metric("LoginEnded")) == ("You are signed in", ["connected"])
    assert world.record(SHOP).accounts == ()


@pytest.mark.usefixtures("scopes_in_both_lists")
def test_account_of_somebody_else_is_not_taken_for_an_account(world: World) -> None:
    granular = [{"scope": "whatsapp_business_management", "target_ids": [STRANGER]}]
    world.facebook.control("debug-token", {"set": {"granular_scopes": granular}})
    assert_unknown(world, world.log_in())


def test_look_ups_together_take_two_seconds_at_most(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("whatsapp_connect.login.ACCOUNTS_S", 0.2)
    names_no_account(world)
    for endpoint in ("phone_numbers", "me/businesses"):
        world.facebook.fail(endpoint, "slow", delay_ms=2_000, times=9)
    reply = world.log_in(connection_id=SHOP, waba_ids=[BAKERY, STRANGER])
    world.facebook.control("faults", method="DELETE")
    for endpoint in ("phone_numbers", "me/businesses"):
        world.facebook.fail(endpoint, "server_error", times=None)
    assert_unknown(world, reply, SHOP)


# An account is found


@pytest.mark.parametrize("scope", ["whatsapp_business_management", "whatsapp_business_messaging"])
def test_one_permission_that_names_the_account_is_enough(world: World, scope: str) -> None:
    world.facebook.control("debug-token", {"ids_of": scope})
    assert_proven(world, world.log_in())


def test_permissions_may_be_in_granular_scopes_only(world: World) -> None:
    world.facebook.control("debug-token", {"whatsapp_scopes": "granular"})
    assert_proven(world, world.log_in())


def test_account_that_the_link_names_is_found(world: World) -> None:
    names_no_account(world)
    assert_proven(world, world.log_in(connection_id=SHOP, waba_ids=[STRANGER, BAKERY]), SHOP)


def test_account_that_the_connection_has_is_found(world: World) -> None:
    world.connect()
    world.sent_events()
    names_no_account(world)
    assert_proven(world, world.log_in())
    assert world.sent_types() == ["Reconnected"]


def test_new_choice_of_accounts_counts_at_once(world: World) -> None:
    world.connect("jonas")
    world.log_in("jonas", wabas=[TRAVEL[1]])
    world.settle()
    assert world.metadata(JONAS)["waba_ids"] == [TRAVEL[1]]
    assert len(world.record(JONAS).accounts) == 3


@portfolios_listed
def test_account_of_a_portfolio_is_found(world: World) -> None:
    names_no_account(world)
    assert_proven(world, world.log_in())


@pytest.mark.parametrize(("fault", "options"), ODD_ANSWERS)
def test_odd_answer_about_an_account_that_the_debugger_names_proves_nothing(
    world: World, fault: str, options: dict[str, Any]
) -> None:
    world.facebook.fail("phone_numbers", fault, times=1, **options)
    assert_ended(world.log_in(), "connected", page="accounts-unknown")
    assert [(one.id, one.missing_since) for one in world.record().accounts] == [(BAKERY, 0)]
    world.settle()
    world.after(days=1)
    assert world.metadata()["waba_ids"] == [BAKERY]


@pytest.mark.parametrize(("fault", "options"), ODD_ANSWERS)
def test_odd_answer_about_an_account_that_a_link_names_proves_nothing(
    world: World, fault: str, options: dict[str, Any]
) -> None:
    names_no_account(world)
    world.facebook.fail("phone_numbers", fault, times=9, **options)
    assert_unknown(world, world.log_in(connection_id=SHOP, waba_ids=[BAKERY]), SHOP)


def test_account_that_the_debugger_names_and_that_does_not_exist_is_missing(world: World) -> None:
    world.facebook.fail("phone_numbers", "graph_error", code=100, subcode=33)
    assert_ended(world.log_in(), "connected", page="accounts-unknown")
    assert [(one.id, one.missing_since) for one in world.record().accounts] == [(BAKERY, world.clock.now())]


@portfolios_listed
def test_portfolio_in_place_of_an_account_is_asked_for_its_accounts(world: World) -> None:
    world.facebook.control("debug-token", {"target_ids": "businesses"})
    assert_proven(world, world.log_in())
    assert [account.id for account in world.record().accounts] == [BAKERY]


@pytest.mark.parameters(LoginConfigId="555")
class TestSystemUser:
    """A token that a configuration of Facebook Login for Business gives, whose accounts the debugger does not name."""

    @pytest.fixture(autouse=True)
    def _configuration(self, world: World) -> None:
        world.facebook.control("app", {"configurations": {"555": {"token_type": "SYSTEM_USER"}}})
        names_no_account(world)

    def test_empty_list_of_assigned_accounts_proves_nothing(self, world: World) -> None:
        assert_unknown(world, world.log_in(), "122100000000000901")

    @pytest.mark.parametrize("recorded", RECORDED, ids=list(RECORDED))
    def test_recorded_answer_of_the_debugger_proves_nothing_and_the_account_is_found(
        self, world: World, recorded: str
    ) -> None:
        world.facebook.control("debug-token", {"set": RECORDED[recorded]})
        assert_unknown(world, world.log_in(connection_id=SHOP), SHOP)
        for _ in range(2):
            world.after(days=1)
            assert world.metadata(SHOP)["status_reason"] == "accounts-unknown"
        world.facebook.control("settings", {"assigned_accounts": "listed"})
        world.after(days=1)
        assert world.metadata(SHOP)["waba_ids"] == [BAKERY]

    @pytest.mark.parametrize(
        "fault", ["server_error", "throttled_waba", "api_blocked", "auth_exception", "invalid_json"]
    )
    def test_refused_list_of_assigned_accounts_does_not_stop_the_other_look_ups(self, world: World, fault: str) -> None:
        world.facebook.control(
            "app", {"configurations": {"555": {"token_type": "SYSTEM_USER", "scopes": LISTING_SCOPES}}}
        )
        world.facebook.fail("assigned_whatsapp_business_accounts", fault, times=9)
        assert_proven(world, world.log_in(), "122100000000000901")

    @pytest.mark.parametrize("fault", ["server_error", "api_blocked", "auth_exception"])
    @pytest.mark.parametrize("endpoint", ["me", "owned_whatsapp_business_accounts"])
    def test_refused_look_up_of_a_business_proves_nothing(self, world: World, endpoint: str, fault: str) -> None:
        configuration = {"token_type": "SYSTEM_USER", "scopes": LISTING_SCOPES}
        world.facebook.control("app", {"configurations": {"555": configuration}})
        world.facebook.fail(endpoint, fault, times=9)
        assert_unknown(world, world.log_in(), "122100000000000901")
        world.facebook.control("faults", method="DELETE")
        world.facebook.control("settings", {"assigned_accounts": "listed"})
        world.after(days=1)
        assert world.metadata("122100000000000901")["waba_ids"] == [BAKERY]

    @pytest.mark.parametrize("fault", ["server_error", "api_blocked", "auth_exception"])
    @pytest.mark.parametrize("is_shared", [False, True])
    def test_refused_list_of_a_business_does_not_hide_the_other(
        self, world: World, fault: str, *, is_shared: bool
    ) -> None:
        configuration = {"token_type": "SYSTEM_USER", "scopes": LISTING_SCOPES}
        world.facebook.control("app", {"configurations": {"555": configuration}})
        if is_shared:
            maria, *others = world.state.people
            (bakery,) = maria.businesses
            bakery = replace(bakery, accounts=(), client_accounts=bakery.accounts)
            world.state.populate((replace(maria, businesses=(bakery,)), *others))
        world.facebook.fail(LOOK_UPS[1 if is_shared else 2], fault, times=9)
        assert_proven(world, world.log_in(), "122100000000000901")

    def test_assigned_account_is_found(self, world: World) -> None:
        world.facebook.control("settings", {"assigned_accounts": "listed"})
        assert_proven(world, world.log_in(), "122100000000000901")

    def test_account_of_the_client_business_is_found(self, world: World) -> None:
        scopes = ["whatsapp_business_management", "whatsapp_business_messaging", "business_management"]
        world.facebook.control("app", {"configurations": {"555": {"token_type": "SYSTEM_USER", "scopes": scopes}}})
        assert_proven(world, world.log_in(), "122100000000000901")

    def test_id_of_something_else_proves_nothing(self, world: World) -> None:
        scopes = ["whatsapp_business_management", "whatsapp_business_messaging", "business_management"]
        world.facebook.control("app", {"configurations": {"555": {"token_type": "SYSTEM_USER", "scopes": scopes}}})
        take_away(world, BAKERY)
        assert_unknown(world, world.log_in(connection_id=SHOP, waba_ids=[PORTFOLIO]), SHOP)

    def test_check_finds_an_account_that_is_listed_since(self, world: World) -> None:
        world.log_in(connection_id=SHOP)
        world.settle()
        world.facebook.control("settings", {"assigned_accounts": "listed"})
        world.after(days=1)
        assert world.metadata(SHOP)["waba_ids"] == [BAKERY]
        assert world.record(SHOP).accounts[0].name == "Corner Bakery"

    def test_business_takes_a_persons_place_for_an_account_that_it_reaches(self, world: World) -> None:
        world.facebook.control("debug-token", {})
        world.connect("maria", connection_id=SHOP)
        world.sent_events()
        names_no_account(world)
        assert_proven(world, world.log_in(connection_id=SHOP), SHOP)
        assert world.record(SHOP).token_type == "SYSTEM_USER"
        assert world.sent_types() == ["Reconnected"]

    def test_business_that_reaches_no_account_of_the_connection_is_refused(self, world: World) -> None:
        world.facebook.control("debug-token", {})
        world.connect("jonas", connection_id=SHOP)
        before = world.token(SHOP)
        names_no_account(world)
        assert world.log_in("maria", connection_id=SHOP).status == 403
        assert world.token(SHOP) == before


# Checks


def take_away(world: World, *waba_ids: str) -> None:
    """Make accounts not exist for any token."""
    world.state.populate(change_accounts(world.state.people, lambda one: None if one.id in waba_ids else one))


def test_known_accounts_stay_in_their_order(world: World) -> None:
    world.connect("jonas")
    before = world.metadata(JONAS)
    world.facebook.control("debug-token", {"order": "oldest"})
    for _ in range(2):
        world.after(days=1)
    world.facebook.control("debug-token", {"order": "newest"})
    world.after(days=1)
    assert world.metadata(JONAS)["phone_numbers"] == before["phone_numbers"]
    assert world.metadata(JONAS)["waba_ids"] == before["waba_ids"]


def test_new_name_and_number_are_found_by_the_next_check(world: World) -> None:
    world.connect()
    renamed = Phone("400000000000001", "+1 202-555-0199", "Bakery and Bar", status="PENDING")
    world.state.populate(change_accounts(world.state.people, lambda one: replace(one, phones=(renamed,))))
    world.after(days=1)
    (number,) = world.metadata()["phone_numbers"]
    assert (number["display_phone_number"], number["verified_name"], number["status"]) == (
        "+1 202-555-0199",
        "Bakery and Bar",
        "PENDING",
    )


def test_account_is_lost_after_an_hour_and_found_again(world: World) -> None:
    world.connect("jonas")
    world.sent_events()
    everybody = world.state.people
    take_away(world, TRAVEL[0])
    world.after(days=1)
    assert TRAVEL[0] in world.metadata(JONAS)["waba_ids"]
    assert world.sent_events() == []
    world.after(seconds=3_601)
    assert sorted(world.metadata(JONAS)["waba_ids"]) == sorted(TRAVEL[1:])
    (event,) = world.sent_events()
    assert (event.type, event.detail["lost_waba_ids"], event.detail["added_waba_ids"]) == (
        "AccountsChanged",
        [TRAVEL[0]],
        [],
    )
    world.state.populate(everybody)
    world.after(days=1)
    assert sorted(world.metadata(JONAS)["waba_ids"]) == sorted(TRAVEL)
    changed, onboarded = world.sent_events()
    assert changed.detail["added_waba_ids"] == onboarded.detail["subscribed_waba_ids"] == [TRAVEL[0]]


def test_account_that_is_back_within_the_hour_was_never_lost(world: World) -> None:
    world.connect()
    world.sent_events()
    everybody = world.state.people
    take_away(world, BAKERY)
    world.after(days=1)
    world.state.populate(everybody)
    world.after(seconds=3_601)
    take_away(world, BAKERY)
    world.after(days=1)
    assert world.metadata()["waba_ids"] == [BAKERY]
    assert world.sent_events() == []


def test_last_account_lost_is_told_and_the_token_stays(world: World) -> None:
    world.connect()
    world.sent_events()
    before = world.token()
    take_away(world, BAKERY)
    world.after(days=1)
    world.after(seconds=3_601)
    metadata = world.metadata()
    assert (metadata["status"], metadata["status_reason"], metadata["usable"]) == ("active", "no-account", False)
    (event,) = world.sent_events()
    assert (event.type, event.detail["lost_waba_ids"]) == ("AccountsLost", [BAKERY])
    assert event.detail["reconnect_url"]
    assert world.token() == before
    world.assert_consistent()


@pytest.mark.parametrize(("fault", "options"), ODD_ANSWERS)
def test_odd_answer_never_makes_a_proven_account_lost(world: World, fault: str, options: dict[str, Any]) -> None:
    world.connect()
    before = world.token(), world.metadata()["waba_ids"], world.metadata()["phone_numbers"]
    world.sent_events()
    world.facebook.fail("phone_numbers", fault, times=None, **options)
    for _ in range(3):
        assert world.after(days=1).outcomes == {"checked": 1}
        assert world.after(seconds=3_601).outcomes == {}
    assert (world.token(), world.metadata()["waba_ids"], world.metadata()["phone_numbers"]) == before
    (account,) = world.record().accounts
    assert (account.is_proven, account.is_lost, account.missing_since) == (True, False, 0)
    assert (world.sent_events(), world.metadata()["status_reason"], world.record().failures) == ([], None, 0)


@portfolios_listed
def test_check_replaces_a_portfolio_by_its_accounts(world: World) -> None:
    names_no_account(world)
    world.connect("jonas", connection_id=SHOP, scopes=[*WHATSAPP_SCOPES, "business_management"], wabas=[TRAVEL[0]])
    record = world.record(SHOP)
    both = [LIND_TRAVEL, STRANGER]
    world.connections.write(
        record, record_changes.with_candidates(replace(record, accounts=()), both, now=world.clock.now())
    )
    world.after(days=1)
    assert [(one.id, one.is_proven, one.is_lost) for one in world.record(SHOP).accounts] == [
        (STRANGER, False, False),
        (TRAVEL[0], True, False),
    ]
    assert world.record(SHOP).accounts[0].missing_since == world.clock.now()
    assert world.record(SHOP).accounts[1].name == "Lind Travel"
    assert world.metadata(SHOP)["waba_ids"] == [TRAVEL[0]]
    world.after(seconds=3_601)
    assert [(one.id, one.is_lost) for one in world.record(SHOP).accounts] == [(STRANGER, True), (TRAVEL[0], False)]
    assert world.metadata(SHOP)["status_reason"] is None


@portfolios_listed
def test_portfolio_stays_a_candidate_while_one_of_its_lists_is_unavailable(world: World) -> None:
    names_no_account(world)
    world.connect("jonas", connection_id=SHOP, scopes=LISTING_SCOPES, wabas=[TRAVEL[0]])
    record = world.record(SHOP)
    only = record_changes.with_candidates(replace(record, accounts=()), [LIND_TRAVEL], now=world.clock.now())
    world.connections.write(record, only)
    world.facebook.fail("client_whatsapp_business_accounts", "server_error", times=1)
    world.after(days=1)
    found = [(one.id, one.is_proven, one.missing_since) for one in world.record(SHOP).accounts]
    assert found == [(LIND_TRAVEL, False, 0), (TRAVEL[0], True, 0)]
    world.after(days=1)
    assert [one.id for one in world.record(SHOP).accounts] == [TRAVEL[0]]


def test_missing_id_that_may_be_a_portfolio_is_not_lost(world: World) -> None:
    world.connect()
    take_away(world, BAKERY)
    world.facebook.fail("owned_whatsapp_business_accounts", "server_error", times=None)
    for _ in range(3):
        world.after(days=1)
        world.after(seconds=3_601)
    assert world.metadata()["waba_ids"] == [BAKERY]


@pytest.mark.parametrize(
    "fault",
    [
        {"fault": "api_blocked"},
        {"fault": "server_not_allowed"},
        {"fault": "unknown_error"},
        {"fault": "auth_exception"},
        {"fault": "graph_error", "code": 190},
        {"fault": "graph_error", "code": 10},
        {"fault": "throttled_waba"},
    ],
    ids=lambda fault: str(fault.get("code", fault["fault"])),
)
def test_code_that_is_easy_to_misread_changes_no_account(world: World, fault: dict[str, Any]) -> None:
    """At a check, while the debugger calls the token valid."""
    world.connect()
    world.sent_events()
    before = world.metadata()
    for endpoint in ("phone_numbers", "subscribed_apps", "node"):
        world.facebook.fail(endpoint, times=None, **fault)
    for run in world.days(2):
        assert run.outcomes == {"checked": 1}
    assert world.metadata() == before
    assert world.sent_events() == []


def test_account_that_is_refused_otherwise_is_never_lost(world: World) -> None:
    world.connect()
    world.facebook.control("settings", {"foreign_account": "refused"})
    world.state.populate(world.state.people)
    world.facebook.fail("phone_numbers", "server_error", times=99)
    for _ in range(3):
        world.after(days=1)
    assert world.metadata()["waba_ids"] == [BAKERY]
    assert world.record().failures == 0


def test_brake_keeps_accounts_that_vanish_for_everybody_at_once(world: World) -> None:
    ids = world.populate(8)
    world.state.populate(change_accounts(world.state.people, lambda _: None))
    world.after(days=1)
    world.after(seconds=3_601)
    assert sum(bool(world.metadata(one)["waba_ids"]) for one in ids) == 8 - 3
    world.after(seconds=3_601)
    assert sum(bool(world.metadata(one)["waba_ids"]) for one in ids) == 8 - 6


def test_checks_go_on_looking_for_an_unknown_account(world: World) -> None:
    names_no_account(world)
    world.log_in()
    world.settle()
    world.sent_events()
    world.after(days=1)
    assert world.metadata()["status_reason"] == "accounts-unknown"
    world.facebook.control("debug-token", {})
    world.after(days=1)
    metadata = world.metadata()
    assert (metadata["status_reason"], metadata["waba_ids"]) == (None, [BAKERY])
    assert world.sent_types() == ["AccountsChanged"]


def test_sixty_accounts_are_cut_to_fifty_and_said_to_be(world: World) -> None:
    accounts = tuple(
        Account(f"3002{n:011}", f"Shop {n}", (Phone(f"4002{n:011}", "+1 202-555-0100", f"Shop {n}"),))
        for n in range(60)
    )
    owner = replace(world.state.people[0], businesses=(Business("2002", "Many", "1229", accounts),))
    world.state.populate((owner,))
    world.connect()
    world.after(days=1)
    record = world.record()
    assert len(record.accounts) == 50
    assert record.is_truncated
    assert world.metadata()["truncated"]
    assert len({account.id for account in record.proven_accounts}) == 50

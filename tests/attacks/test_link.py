"""Attacks on links that operators make, and on the connections they are for."""

import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from time import time

import pytest

from facebook_simulator.world import Person
from tests.attacks.site import AttackedSite
from tests.attacks.visitor import Visitor
from whatsapp_connect.links import link_hash

pytestmark = pytest.mark.emulator

NewPerson = Callable[..., Person]

NAME = f"attacked-{secrets.token_hex(4)}"
FUNCTIONS = ("AuthorizeFunction", "CallbackFunction")


def test_a_link_cannot_be_guessed(site: AttackedSite) -> None:
    links = {site.link("guessed") for _ in range(60)}
    assert len(links) == 60
    assert {len(link) for link in links} == {22}  # of 64 letters: 128 bits, rounded up
    # Every letter but the last, which has two bits, comes in every place: nothing of it is a clock or a counter.
    assert all(len({link[place] for link in links}) > 20 for place in range(21))


def test_every_link_that_does_not_work_is_answered_the_same(site: AttackedSite, person: Person) -> None:
    revoked, expired, used = (site.link(f"{NAME}-uniform") for _ in range(3))
    site.links.revoke(link_hash(revoked))
    site.client("dynamodb").update_item(
        TableName=site.stack.resources["LinkTable"],
        Key={"link_hash": {"S": link_hash(expired)}},
        UpdateExpression="SET valid_until = :past",
        ExpressionAttributeValues={":past": {"N": str(int(time()) - 1)}},
    )
    visitor = site.visitor()
    assert visitor.get(site.log_in(visitor, person.key, link=used)).title == "You are connected"
    answers = [
        site.visitor().get(f"/connect/{link}") for link in ("A" * 22, "short", "A" * 23, revoked, expired, used[::-1])
    ]
    assert answers[0].title == "This link no longer works"
    assert {answer.text for answer in answers} == {answers[0].text}
    assert {(answer.status, *answer.all("Set-Cookie")) for answer in answers} == {(404,)}
    # Whoever has a used link may know that it was used: it leads its owner to connect again.
    assert site.visitor().get(f"/connect/{used}").button == f"/reconnect/{NAME}-uniform"
    names = [[name for name, _ in answer.headers if not name.startswith("x-am")] for answer in answers]
    assert all(name == names[0] for name in names)


def test_tables_and_logs_do_not_reveal_a_link(site: AttackedSite, person: Person) -> None:
    link = site.link(f"{NAME}-read", uses=2)
    visitor = site.visitor()
    dialog = site.start(visitor, link=link)
    assert link not in dialog
    assert visitor.get(site.agree(dialog, person.key)).title == "You are connected"
    for table in ("LinkTable", "StateTable", "ConnectionTable"):
        assert link not in site.rows(table)
    assert link_hash(link) in site.rows("LinkTable")
    for function in FUNCTIONS:
        logged = "\n".join(site.stack.logs(function))
        assert logged
        assert link not in logged
        assert link_hash(link) not in logged


def test_another_facebook_user_does_not_take_a_connection_over(site: AttackedSite, new_person: NewPerson) -> None:
    owner, thief, tenant = new_person(), new_person(), f"{NAME}-taken-over"
    visitor = site.visitor()
    assert visitor.get(site.log_in(visitor, owner.key, link=site.link(tenant))).title == "You are connected"
    token, link = site.token(tenant), site.link(tenant)
    visitor = site.visitor()
    answer = visitor.get(site.log_in(visitor, thief.key, link=link))
    assert (answer.status, answer.title) == (403, "Please use another account")
    assert "555-0150" not in answer.body
    assert (site.existing_record(tenant).user_id, site.token(tenant)) == (owner.id, token)
    assert site.uses_left(link) == 1


def test_link_for_another_users_id_is_refused(site: AttackedSite, new_person: NewPerson) -> None:
    """Not even where an operator has named a connection like somebody's user id, who would then be shut out."""
    other, person = new_person(), new_person()
    visitor = site.visitor()
    answer = visitor.get(site.log_in(visitor, other.key, link=site.link(person.id)))
    assert answer.title == "Please use another account"
    assert (site.record(person.id), site.token(person.id)) == (None, None)
    visitor = site.visitor()
    assert visitor.get(site.log_in(visitor, person.key)).title == "You are connected"
    assert site.existing_record(person.id).user_id == person.id


def test_login_started_with_one_link_cannot_end_with_another(site: AttackedSite, new_person: NewPerson) -> None:
    """The link is in the browser's cookie, which its owner can write."""
    owner, mallory = new_person(), new_person()
    victims, own = site.link("victim", uses=5), site.link("mallory", uses=5)
    visitor = site.visitor()
    for link in ("", own):
        location = site.log_in(visitor, mallory.key, link=link)
        (name,) = (name for name in visitor.cookies if name.startswith("__Host-connect-"))
        genuine = visitor.cookies[name]
        visitor.cookies[name] = f"{genuine.partition('.')[0]}.{victims}"
        assert visitor.get(location).title == "Please start again"
        visitor.cookies.clear()
    assert (site.token("victim"), site.uses_left(victims)) == (None, 5)
    assert site.token(mallory.id) is None
    assert owner.id != mallory.id


def test_one_of_several_people_racing_for_one_use_connects(site: AttackedSite, new_person: NewPerson) -> None:
    """Each is somebody else, so the others would otherwise have taken the connection over."""
    tenant = f"{NAME}-raced-for"
    link = site.link(tenant, any_user=True)
    racers: list[tuple[Visitor, str]] = []
    for _ in range(3):
        visitor = site.visitor()
        racers.append((visitor, site.log_in(visitor, new_person().key, link=link)))
    # So that all have found the link good before one has used it up.
    slow = {"endpoint": "debug_token", "fault": "slow", "times": len(racers), "delay_ms": 1500}
    site.facebook.control("faults", slow)
    starting = Barrier(len(racers))

    def come_back(racer: tuple[Visitor, str]) -> str:
        visitor, location = racer
        starting.wait()
        return visitor.get(location).title

    with ThreadPoolExecutor(len(racers)) as threads:
        titles = list(threads.map(come_back, racers))
    assert sorted(titles) == ["This link was already used"] * 2 + ["You are connected"]
    logins = [one.type for one in site.existing_record(tenant).history if one.type != "Onboarded"]
    assert logins == ["Connected"]
    assert site.uses_left(link) == 0

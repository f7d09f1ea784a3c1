"""Many connections due at once: none lost, none done twice, at Parameter Store's pace.

With CONNECTIONS=10000 in the environment it is ten thousand of them; it then tells the numbers.
"""

import os
from collections import Counter
from collections.abc import Mapping
from contextlib import nullcontext
from time import monotonic
from typing import Any

import boto3
import pytest

from local.facebook.model import Identity
from local.facebook.world import Person
from tests.support import stack
from tests.support.clock import DAY, HOUR
from tests.integration.life import SIXTY_DAYS, Life, people
from tests.support.outage import watch

NUMBER = int(os.environ.get("CONNECTIONS", "40"))
RUNS = max(3, NUMBER * 1.02 // 840 + 1)
"""A run has 840 seconds, and a token that is published takes one of them."""


class Crowd:
    """Connections written as a login leaves them, a month ago, without the login."""

    def __init__(self, life: Life, session: boto3.Session, number: int) -> None:
        self.life = life
        self._ssm = session.client("ssm")
        life.state.populate(people(number))
        life.clock.pass_days(-31)
        life.connect(life.state.people[0].key)
        pattern = session.client("dynamodb").scan(TableName=stack.CONNECTIONS)["Items"][0]
        for person in life.state.people[1:]:
            self._connect(session, pattern, person)
        life.clock.pass_days(31)

    def _connect(self, session: boto3.Session, pattern: Mapping[str, Any], person: Person) -> None:
        state = self.life.state
        identity = Identity(stack.APP_ID, person.id, person.name)
        accounts = tuple(account.id for account in person.accounts)
        scopes = ("whatsapp_business_management", "whatsapp_business_messaging")
        state.record_login(identity, frozenset(scopes), frozenset(), accounts)
        token = state.issue_token(identity, scopes, accounts, lifetime=SIXTY_DAYS)
        name = f"{stack.PREFIX}/connections/{person.id}/access-token"
        self._ssm.put_parameter(Name=name, Value=token.value, Type="SecureString", KeyId=stack.KEY)
        item = {
            **pattern,
            "connection_id": {"S": person.id},
            "user_id": {"S": person.id},
            "parameter_name": {"S": name},
            "waba_ids": {"L": [{"S": account} for account in accounts]},
        }
        session.client("dynamodb").put_item(TableName=stack.CONNECTIONS, Item=item)


class Pace:
    """Time as renew sees it: each check takes a while, each pause as long as it says."""

    def __init__(self, life: Life, monkeypatch: pytest.MonkeyPatch, *, check: float) -> None:
        self.passed = 0.0
        self.writes: list[float] = []
        self._check = check
        monkeypatch.setattr(life.renew, "monotonic", self.monotonic)
        monkeypatch.setattr(life.renew, "sleep", self.sleep)
        life.before_each_check(lambda: self.sleep(self._check))
        watch(life.renew.vault._client, "PutParameter", lambda **_: self.writes.append(self.monotonic()))

    def monotonic(self) -> float:
        return monotonic() + self.passed

    def sleep(self, seconds: float) -> None:
        self.passed += seconds

    def writes_in_the_busiest(self, seconds: float) -> int:
        return max(sum(start <= moment < start + seconds for moment in self.writes) for start in self.writes)


def drain(life: Life) -> list[dict[str, int]]:
    """Run every hour until nothing is left; return the outcomes of each run."""
    runs: list[dict[str, int]] = []
    while not runs or "left" in runs[-1]:
        run = life.run()
        assert not run.failed
        runs.append(run.outcomes)
        life.clock.advance(HOUR)
        assert len(runs) <= RUNS + 2
    assert list(life.renew.connections.due()) == []
    return runs


def test_what_is_due_drains_over_successive_runs(
    life: Life,
    deployed: boto3.Session,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    began = monotonic()
    crowd = Crowd(life, deployed, NUMBER)
    before = {name: value for name, value in life.kept.parameters().items() if name.endswith("access-token")}
    assert len(before) == NUMBER
    pace = Pace(life, monkeypatch, check=max(0.02, RUNS * 840 / NUMBER - 2))
    runs = drain(life)
    done = Counter[str]()
    for outcomes in runs:
        done.update(outcomes)
    left = done.pop("left")
    assert done == {"renewed": NUMBER}
    assert left == len(runs) - 1 > 0
    assert life.facebook.extensions == NUMBER
    assert len(pace.writes) == NUMBER
    assert pace.writes_in_the_busiest(0.9) == 1
    after = {name: value for name, value in life.kept.parameters().items() if name.endswith("access-token")}
    assert after.keys() == before.keys()
    assert not [name for name, value in after.items() if value == before[name]]
    assert {life.kept.version(person.id) for person in crowd.life.state.people} == {2}
    life.assert_healthy()
    with capsys.disabled() if NUMBER > 1000 else nullcontext():
        print(f"\n{NUMBER} connections in {len(runs)} runs, {monotonic() - began:.0f} s: {runs}")  # noqa: T201


def test_the_same_person_is_not_asked_about_twice_within_a_day(
    life: Life, deployed: boto3.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    Crowd(life, deployed, 20)
    Pace(life, monkeypatch, check=90.0)
    checks = sum((Counter(run) for run in drain(life)), Counter[str]())
    assert checks["renewed"] == 20
    spread = [life.record(person.id)["next_check_at"] - life.clock.now() for person in life.state.people]
    assert max(spread) <= DAY
    assert len(set(spread)) > 15  # the checks of the next day are spread


def test_a_second_between_two_tokens_is_kept_from_run_to_run(
    life: Life, deployed: boto3.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    Crowd(life, deployed, 6)
    pace = Pace(life, monkeypatch, check=0.0)
    life.run()
    assert len(pace.writes) == 6
    gaps = [later - earlier for earlier, later in zip(pace.writes, pace.writes[1:], strict=False)]
    assert all(gap >= life.renew.WRITE_INTERVAL for gap in gaps)

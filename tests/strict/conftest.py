"""The emulator with its strict layer, and an account for each test."""

from collections.abc import Iterator

import pytest

from local.emulator import Emulator
from local.strict.limits import Limits

pytest.register_assert_rewrite("tests.strict.account")

from tests.strict.account import Account, started  # noqa: E402

FEW = Limits(seconds_between_delete_and_put=30, standard_parameters=2, route_throttles=True)


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    with started(Limits(), tmp_path_factory.mktemp("strict")) as emulator:
        yield emulator


@pytest.fixture(scope="session")
def few(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    with started(FEW, tmp_path_factory.mktemp("few")) as few:
        yield few


@pytest.fixture
def account(emulator: Emulator) -> Account:
    return Account(emulator)


@pytest.fixture
def limited(few: Emulator) -> Account:
    return Account(few)

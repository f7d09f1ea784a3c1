"""What is kept, for how long, and what happens when Facebook refuses it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from tests.client.store import PREFIX, Clock, Store
from tests.support.people import JONAS, MARIA
from whatsapp_connect_reader import Connection, ReconnectRequired, TokenReader, TokenRefused

PAIR = [f"{MARIA}/metadata", f"{MARIA}/access-token:1"]


class Facebook:
    """Takes some tokens and refuses all others."""

    def __init__(self, *good: str) -> None:
        self.good = set(good)
        self.calls: list[str] = []

    def __call__(self, connection: Connection) -> str:
        self.calls.append(connection.access_token)
        if connection.access_token not in self.good:
            raise TokenRefused(463)
        return "sent"


def test_a_pair_is_read_once_until_it_is_old(reader: TokenReader, store: Store, clock: Clock) -> None:
    store.connect("EAAone")
    reader.read(MARIA)
    clock.now += 239
    reader.read(MARIA)
    assert store.reads == PAIR
    clock.now += 62
    reader.read(MARIA)
    assert store.reads == PAIR * 2


def test_processes_that_start_together_do_not_read_together(store: Store, clock: Clock) -> None:
    store.connect("EAAone")
    readers = [TokenReader(PREFIX, client=store, clock=clock) for _ in range(20)]  # type: ignore[arg-type]
    for reader in readers:
        reader.read(MARIA)
    read_at = dict[TokenReader, int]()
    for second in range(1, 301):
        clock.now += 1
        for reader in set(readers) - read_at.keys():
            before = len(store.reads)
            reader.read(MARIA)
            if len(store.reads) > before:
                read_at[reader] = second
    assert len(read_at) == len(readers)
    assert min(read_at.values()) >= 240
    assert len(set(read_at.values())) > len(readers) / 2


def test_failure_is_cached_for_half_a_minute(reader: TokenReader, store: Store, clock: Clock) -> None:
    store.put_metadata(status="expired", status_reason="expired")
    for _ in range(3):
        with pytest.raises(ReconnectRequired):
            reader.read(MARIA)
    assert store.reads == [f"{MARIA}/metadata"]
    store.connect("EAAnew")
    clock.now += 31
    assert reader.read(MARIA).access_token == "EAAnew"


def test_connections_are_cached_separately(reader: TokenReader, store: Store) -> None:
    store.connect("EAAmaria")
    store.connect("EAAjonas", JONAS)
    assert [reader.read(MARIA).access_token, reader.read(JONAS).access_token] == ["EAAmaria", "EAAjonas"]


def test_forgotten_value_is_read_again(reader: TokenReader, store: Store) -> None:
    store.connect("EAAold")
    reader.read(MARIA)
    store.connect("EAAnew")
    reader.forget(MARIA)
    assert reader.read(MARIA).access_token == "EAAnew"


def test_a_good_token_is_used_once(reader: TokenReader, store: Store) -> None:
    store.connect("EAAone")
    facebook = Facebook("EAAone")
    assert reader.call(MARIA, facebook) == "sent"
    assert facebook.calls == ["EAAone"]


def test_a_refused_token_is_read_again_exactly_once(reader: TokenReader, store: Store) -> None:
    store.connect("EAAold")
    reader.read(MARIA)
    store.connect("EAAnew")
    store.reads.clear()
    facebook = Facebook("EAAnew")
    assert reader.call(MARIA, facebook) == "sent"
    assert facebook.calls == ["EAAold", "EAAnew"]
    assert store.reads == [f"{MARIA}/metadata", f"{MARIA}/access-token:2"]


def test_a_refused_token_without_a_successor_needs_a_person(reader: TokenReader, store: Store, clock: Clock) -> None:
    store.connect("EAAdead")
    facebook = Facebook()
    for _ in range(3):
        with pytest.raises(ReconnectRequired) as caught:
            reader.call(MARIA, facebook)
    assert caught.value.status_reason == "token-refused"
    assert facebook.calls == ["EAAdead"]
    assert store.reads == PAIR * 2
    clock.now += 31
    with pytest.raises(ReconnectRequired):
        reader.call(MARIA, facebook)
    assert facebook.calls == ["EAAdead"] * 2


def test_a_refused_successor_needs_a_person(reader: TokenReader, store: Store) -> None:
    store.connect("EAAold")
    reader.read(MARIA)
    store.connect("EAAdead")
    facebook = Facebook()
    for _ in range(2):
        with pytest.raises(ReconnectRequired):
            reader.call(MARIA, facebook)
    assert facebook.calls == ["EAAold", "EAAdead"]


def test_refused_token_that_was_removed_names_the_cause(reader: TokenReader, store: Store) -> None:
    store.connect("EAAold")
    reader.read(MARIA)
    store.delete_token()
    store.put_metadata(status="revoked", status_reason="password-changed")
    with pytest.raises(ReconnectRequired) as caught:
        reader.call(MARIA, Facebook())
    assert caught.value.status_reason == "password-changed"


def test_other_errors_of_a_call_are_not_retried(reader: TokenReader, store: Store) -> None:
    store.connect("EAAone")
    calls = []

    def fail(connection: Connection) -> None:
        calls.append(connection)
        raise TimeoutError

    with pytest.raises(TimeoutError):
        reader.call(MARIA, fail)
    assert len(calls) == 1


def at_once(threads: int, work: Callable[[], object]) -> None:
    barrier = Barrier(threads)

    def start() -> object:
        barrier.wait(10)
        return work()

    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(start) for _ in range(threads)]:
            done.result()


def test_threads_that_want_the_same_pair_read_it_once(reader: TokenReader, store: Store) -> None:
    store.connect("EAAone")
    at_once(8, lambda: reader.read(MARIA))
    assert store.reads == PAIR


def test_threads_that_are_refused_together_read_again_once(reader: TokenReader, store: Store) -> None:
    store.connect("EAAold")
    reader.read(MARIA)
    store.connect("EAAnew")
    store.reads.clear()
    refused = Barrier(8)

    def request(connection: Connection) -> str:
        if connection.access_token == "EAAold":
            refused.wait(10)
            raise TokenRefused
        return connection.access_token

    at_once(8, lambda: reader.call(MARIA, request))
    assert store.reads == [f"{MARIA}/metadata", f"{MARIA}/access-token:2"]

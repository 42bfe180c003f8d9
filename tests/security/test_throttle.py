from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st

from appliance.security.throttle import PER_ADDRESS, PER_USER, Pace, Store, Throttle, place_of
from appliance.security.throttle_stores import KEY_PREFIX, FallbackStore, MemoryStore, RedisStore
from tests.peers.redis import start_redis

PACE = Pace("user", 3, 1, 60, 3600, success_forgets=True)
SHARED = Pace("address", 3, 1, 60, 3600, success_forgets=False)


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.25

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def redis_address() -> Iterator[str]:
    with start_redis() as address:
        yield address


@pytest.fixture
def client(redis_address) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(redis_address) as client:
        client.flushall()
        yield client


@pytest.fixture(params=["memory", "redis", "fallback", "fallback without redis"])
def store(request, shared, tmp_path) -> Iterator[Store]:
    nowhere = RedisStore(f"unix://{tmp_path}/nobody.sock")
    stores: dict[str, Store] = {
        "memory": MemoryStore(),
        "redis": shared,
        "fallback": FallbackStore(shared, MemoryStore()),
        "fallback without redis": FallbackStore(nowhere, MemoryStore()),
    }
    yield stores[request.param]
    nowhere.close()


@pytest.fixture
def shared(redis_address, client) -> Iterator[RedisStore]:
    store = RedisStore(redis_address)
    yield store
    store.close()


def fail(throttle: Throttle, clock: Clock, key: str, times: int) -> list[float]:
    """Fail so often, each time as soon as it is allowed; gives the waits that were asked for."""
    waits = []
    for _ in range(times):
        wait = throttle.check(key)
        if wait:
            waits.append(wait)
            clock.now += wait
            assert throttle.check(key) == 0
        throttle.failed(key)
    return waits


@pytest.mark.promise("P4")
def test_the_wait_doubles_up_to_its_cap(store, clock):
    throttle = Throttle(store, PACE, clock=clock)

    assert fail(throttle, clock, "writer", 12) == [1, 2, 4, 8, 16, 32, 60, 60]


@pytest.mark.promise("P4")
def test_a_hundred_attempts_at_once_are_a_hundred(store, clock):
    throttle = Throttle(store, PACE, clock=clock)
    allowed = []

    def attempt() -> None:
        if throttle.check("writer") == 0:
            allowed.append(1)

    threads = [threading.Thread(target=attempt) for _ in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(allowed) == PACE.free_attempts + 1


def test_waiting_is_not_punished_and_counts_down(store, clock):
    throttle = Throttle(store, PACE, clock=clock)
    fail(throttle, clock, "writer", 6)

    assert throttle.check("writer") == 4
    clock.now += 3
    assert throttle.check("writer") == 1
    clock.now += 1
    assert throttle.check("writer") == 0


def test_the_wait_runs_from_the_failure_and_not_from_the_question(store, clock):
    throttle = Throttle(store, PACE, clock=clock)
    fail(throttle, clock, "writer", 3)
    assert throttle.check("writer") == 0
    clock.now += 30
    throttle.failed("writer")

    assert throttle.check("writer") == 1


def test_keys_do_not_disturb_each_other(store, clock):
    throttle = Throttle(store, PACE, clock=clock)
    fail(throttle, clock, "writer", 5)

    assert throttle.check("writer") == 2
    assert throttle.check("reader") == 0


def test_a_user_who_is_named_like_an_address_is_not_that_address(store, clock):
    users, addresses = (Throttle(store, pace, clock=clock) for pace in (PACE, SHARED))
    fail(users, clock, "192.0.2.7", 6)

    assert addresses.check("192.0.2.7") == 0


def test_a_pace_without_waits_never_waits(store, clock):
    throttle = Throttle(store, Pace("user", 0, 0, 0, 60, success_forgets=True), clock=clock)

    assert fail(throttle, clock, "writer", 50) == []


def test_a_success_forgets_the_failures_of_a_user(store, clock):
    throttle = Throttle(store, PACE, clock=clock)
    fail(throttle, clock, "writer", 4)
    clock.now += 1
    assert throttle.check("writer") == 0
    throttle.succeeded("writer")

    assert [throttle.check("writer") for _ in range(4)] == [0, 0, 0, 0]


@pytest.mark.promise("P4")
def test_a_success_of_ones_own_does_not_wipe_the_count_of_an_address(store, clock):
    throttle = Throttle(store, SHARED, clock=clock)
    fail(throttle, clock, "192.0.2.7", 4)
    clock.now += 1
    assert throttle.check("192.0.2.7") == 0
    throttle.succeeded("192.0.2.7")

    assert throttle.check("192.0.2.7") == 1


def test_an_office_full_of_people_who_know_their_passwords_never_waits(store, clock):
    throttle = Throttle(store, SHARED, clock=clock)
    for _ in range(100):
        assert throttle.check("192.0.2.7") == 0
        throttle.succeeded("192.0.2.7")


def test_outcomes_of_attempts_that_nobody_asked_for_do_no_harm(store, clock):
    throttle = Throttle(store, SHARED, clock=clock)
    throttle.succeeded("nobody")
    throttle.failed("nobody")

    assert throttle.check("nobody") == 0


def test_a_clock_set_back_costs_at_most_one_whole_wait(store, clock):
    throttle = Throttle(store, PACE, clock=clock)
    fail(throttle, clock, "writer", 5)
    clock.now -= 1_000_000

    assert throttle.check("writer") == 2


def test_a_process_forgets_after_the_window(clock):
    throttle = Throttle(MemoryStore(), PACE, clock=clock)
    fail(throttle, clock, "writer", 20)
    clock.now += PACE.window_seconds

    assert [throttle.check("writer") for _ in range(4)] == [0, 0, 0, 0]


def test_redis_forgets_after_the_window(client, shared, clock):
    throttle = Throttle(shared, PACE, clock=clock)
    throttle.check("writer")
    throttle.failed("reader")

    records = list(client.scan_iter(KEY_PREFIX + "*"))
    assert len(records) == 2
    assert all(0 < client.ttl(record) <= PACE.window_seconds for record in records)


def test_a_store_of_this_process_stays_within_its_capacity(clock):
    store = MemoryStore(capacity=100)
    throttle = Throttle(store, PACE, clock=clock)
    for number in range(1000):
        throttle.check(f"invented-{number}")

    assert len(store._records) == 100


@pytest.mark.promise("P4")
def test_no_name_is_kept_however_long_or_strange(client, shared, clock):
    throttle = Throttle(shared, PACE, clock=clock)
    throttle.check("writer@lab.example")
    throttle.check("x" * 1_000_000)
    throttle.check("\udc80\0")

    keys = [key.decode() for key in client.scan_iter("*")]
    assert len(keys) == 3
    assert all(len(key) == len(KEY_PREFIX) + 64 for key in keys)
    assert not any("writer" in key for key in keys)


@pytest.mark.promise("P4")
def test_without_redis_the_counting_goes_on_and_redis_is_tried_again_later(clock):
    own = MemoryStore()
    with start_redis() as address, closing(RedisStore(address)) as shared:
        throttle = Throttle(FallbackStore(shared, own, clock=clock), PACE, clock=clock)
        throttle.check("writer")
        assert not own._records

        socket = Path(address.removeprefix("unix://"))
        aside = socket.rename(socket.with_name("aside.sock"))
        shared._client.connection_pool.disconnect()
        assert [throttle.check("writer") for _ in range(4)] == [0, 0, 0, 0]
        assert throttle.check("writer") == 1

        aside.rename(socket)
        assert throttle.check("writer") == 1  # Left alone for a while.
        clock.now += 5
        assert [throttle.check("writer") for _ in range(3)] == [0, 0, 0]


@given(
    st.integers(0, 50),
    st.floats(0.1, 100),
    st.floats(0.1, 10_000),
)
def test_waits_never_shrink_and_never_pass_the_cap(free, base, cap):
    waits = Pace("user", free, base, max(base, cap), 60, success_forgets=True).waits()

    assert list(waits) == sorted(waits)
    assert waits[: free + 1] == (0,) * (free + 1)
    assert waits[-1] == max(base, cap)


def test_a_patient_guesser_gets_a_few_hundred_guesses_a_day_at_most():
    assert 24 * 3600 / PER_USER.waits()[-1] < 100 + PER_USER.free_attempts
    assert 24 * 3600 / PER_ADDRESS.waits()[-1] < 300


@pytest.mark.promise("P4")
@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("::1", "::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("a name", "a name"),
        ("", ""),
    ],
)
def test_all_addresses_of_one_network_of_ipv6_are_one_place(address, place):
    assert place_of(address) == place

"""What a directory can do to us: whatever it is, nobody loses anything by it."""

from __future__ import annotations

import pytest

from appliance.db.users import UserState
from appliance.domain.provider_syncs import SyncState
from tests.peers.relay import Relay
from tests.peers.server import free_port
from tests.peers.slapd import BASE, PASSWORD, READER, make_certificates, start_slapd
from tests.services.synchronising import LOCKED


@pytest.mark.promise("P39")
def test_nobody_at_all_is_no_answer(world, slapd, corp):
    corp.people(3)
    corp.add()
    corp.sync()
    corp.tell(user_filter="(uid=nobody-is-called-so)")

    run = corp.sync()

    assert (run.state, run.error.partition(":")[0]) == (SyncState.FAILED, "nobody")
    assert {corp.state(number) for number in range(3)} == {UserState.ACTIVE}


def outages(slapd, tmp_path):
    """What a directory may do to us, by what it is told to be, and the word for it."""
    down = f"ldaps://127.0.0.1:{free_port()}"
    return {
        "down": ({"servers": [down]}, "no_server"),
        "wrong certificate": ({"authority": make_certificates(tmp_path)}, "no_server"),
        "wrong password": ({"bind_password": "wrong"}, "service_account"),
        "no such base": ({"user_base": f"ou=nowhere,{BASE}"}, "search"),
        "no such group base": ({"group_base": f"ou=nowhere,{BASE}"}, "search"),
    }


@pytest.mark.promise("P39")
@pytest.mark.parametrize(
    "outage", ["down", "wrong certificate", "wrong password", "no such base", "no such group base"]
)
def test_an_outage_changes_nothing_and_says_what_it_was(world, slapd, corp, tmp_path, outage):
    people = corp.people(3)
    corp.add()
    corp.sync()
    slapd.change(people[0], *LOCKED)
    settings, word = outages(slapd, tmp_path)[outage]
    corp.tell(**settings)

    run = corp.sync()

    assert (run.state, run.error.partition(":")[0]) == (SyncState.FAILED, word)
    assert run.counts == {}
    assert {corp.state(number) for number in range(3)} == {UserState.ACTIVE}
    assert world.recorded("group.synchronisation_refused")[-1].body["reason"] == word


@pytest.mark.promise("P39")
@pytest.mark.parametrize("limit", [1500, 12_000, 18_000])
def test_an_answer_that_breaks_off_changes_nothing(world, slapd, corp, limit):
    for number in range(40):
        slapd.person(corp.name(number), f"mail: {corp.name(number)}@{'x' * 400}.example")
    relay = Relay(int(slapd.plain.rpartition(":")[2]))
    corp.add(servers=[f"ldap://127.0.0.1:{relay.port}"], encryption="none")
    corp.sync()
    relay.limit = limit
    try:
        run = corp.sync()
    finally:
        relay.close()

    assert (run.state, run.counts) == (SyncState.FAILED, {})
    assert {corp.state(number) for number in range(40)} == {UserState.ACTIVE}


@pytest.mark.promise("P39")
@pytest.mark.parametrize("limit", [0, 1500])
def test_a_server_that_is_too_slow_is_left_and_changes_nothing(world, slapd, corp, limit):
    people = corp.people(20)
    relay = Relay(int(slapd.plain.rpartition(":")[2]))
    slow = f"ldap://127.0.0.1:{relay.port}"
    limits = {"connect_seconds": 1, "answer_seconds": 1}
    corp.add(servers=[slow], encryption="none", **limits)
    corp.sync()
    slapd.change(people[0], *LOCKED)
    relay.limit, relay.is_slow = limit, True
    try:
        run = corp.sync()
        corp.tell(servers=[slow, slapd.plain])
        through_the_next = corp.sync()
    finally:
        relay.close()

    assert (run.state, run.counts) == (SyncState.FAILED, {})
    assert "time_out" in run.error
    assert through_the_next.counts == {"disabled.done": 1}


@pytest.mark.promise("P39")
def test_half_of_the_pages_change_nothing(world, corp):
    with start_slapd(entries_in_all=5) as small:
        corp.slapd = small
        people = corp.people(4)
        corp.add(bind_name=READER, bind_password=PASSWORD, group_base="")
        assert corp.sync().state is SyncState.DONE
        small.change(people[0], *LOCKED)
        for number in range(4, 12):
            small.person(corp.name(number))

        run = corp.sync()

    assert run.state is SyncState.FAILED
    assert "sizeLimitExceeded" in run.error
    assert corp.state(0) is UserState.ACTIVE


@pytest.mark.promise("P39")
def test_who_is_missing_in_the_whole_answer_but_is_there_when_asked_for_loses_nothing(
    world, slapd, corp
):
    corp.people(3)
    dn = slapd.person(corp.name("x"), rdn=f"cn={corp.name('x')}")
    corp.add()
    corp.sync()
    # As a page that got lost: they are not read with the others, and they are there.
    slapd.change(dn, "replace: uid", "uid: elsewhere")

    def put_back(step: str, *_: object) -> None:
        if step == "Comparing":
            slapd.change(dn, "replace: uid", f"uid: {corp.name('x')}")

    run = corp.sync(report=put_back)

    assert run.counts == {}
    assert corp.state("x") is UserState.ACTIVE

"""Pull requests from forks: what comes along, who may show it, and who learns of it."""

from __future__ import annotations

import pytest

from appliance.db.repositories import Repository
from appliance.domain.permissions import Role, Visibility
from appliance.domain.protection import Demand, RefUpdate
from appliance.domain.signatures import SignedBy
from appliance.errors import HiddenError, InvalidError, QuotaError, RefusedError, TooLargeError
from appliance.git import pull_refs
from appliance.services import repository_access, signature_rules
from tests.services.pulling import FORK, NOTES, Place


@pytest.fixture
def place(world):
    return Place(world)


def test_commits_of_a_fork_come_along_and_outlive_it(place):
    place.fork()
    head = place.topic(who="writer", path=FORK)
    number = place.open(f"{FORK}:topic", who="writer")

    assert place.ref(f"refs/pull/{number}/1") == head
    newer = place.write("writer", "topic", {"new": "newer\n"}, path=FORK)
    place.run_jobs()

    assert place.ref(f"refs/pull/{number}/2") == newer
    assert place.facts(number, who="writer").source_path == FORK


@pytest.mark.promise("P77")
def test_readers_of_the_target_do_not_learn_of_a_fork_that_is_hidden_from_them(place):
    place.fork()
    place.topic(who="writer", path=FORK)
    place.open(f"{FORK}:topic", who="writer")

    assert place.facts(who="reader").source_path == ""
    assert place.facts(who="reader").is_from_fork


@pytest.mark.promise("P77")
def test_only_who_may_write_to_a_fork_shows_what_it_holds(place):
    place.world.repository("writer/notes", visibility=Visibility.INTERNAL)
    place.write("writer", "main", {"file": "other\n"}, path=FORK)

    with pytest.raises(RefusedError):
        place.open(f"{FORK}:main", who="reader")
    with pytest.raises(HiddenError):
        place.open("writer/none:main", who="reader")
    with pytest.raises(InvalidError, match="no common history"):
        place.open(f"{FORK}:main", who="writer")


@pytest.mark.promise("P77")
def test_what_a_pull_request_brought_is_new_to_rules_for_signatures(place):
    place.fork()
    head = place.topic(who="writer", path=FORK)
    place.open(f"{FORK}:topic", who="writer")
    folder = place.world.folder(place.world._repository(NOTES))
    update = RefUpdate(b"refs/heads/main", place.head("main"), head)
    demands = [Demand("refs/*", frozenset({SignedBy.SSH}))]

    found = signature_rules.collect(folder, [update], demands, quarantine={})

    assert [each.oid for each in found[0].work.commits] == [head]


@pytest.mark.promise("P81")
@pytest.mark.parametrize(("lost", "who"), [(NOTES, "reader"), (FORK, "triager"), (None, "reader")])
def test_a_fork_is_followed_while_who_asked_may_do_so(place, lost, who):
    place.fork()
    place.world.grant(who, Role.WRITER, FORK)
    first = place.topic(who=who, path=FORK)
    number = place.open(f"{FORK}:topic", who=who)
    if lost is not None:
        with place.world.begin(place.world.actor("owner" if lost == NOTES else "writer")) as work:
            repository_access.withdraw(work, lost, who)

    newer = place.write("writer", "topic", {"new": "newer\n"}, path=FORK)
    place.run_jobs()

    assert place.ref(f"refs/pull/{number}/head") == (first if lost else newer)
    assert place.world.events().count("merge.head_pushed") == (0 if lost else 1)


def test_a_fork_brings_no_more_than_there_is_room_for(place):
    place.fork()
    first = place.topic(who="writer", path=FORK)
    place.topic("other", who="writer", path=FORK)
    number = place.open(f"{FORK}:topic", who="writer")
    with place.world.wiring.database._writing() as session, session.begin():
        full = session.get_one(Repository, place.world._repository(NOTES).id)
        full.size_bytes = full.quota_bytes = 1

    place.write("writer", "topic", {"new": "newer\n"}, path=FORK)
    place.run_jobs()

    assert place.ref(f"refs/pull/{number}/head") == first
    with pytest.raises(QuotaError):
        place.open(f"{FORK}:other", who="writer")


def test_a_fork_brings_no_more_than_a_push_may(place):
    place.fork()
    head = place.write("writer", "main", {"large": "x" * 4000}, path=FORK)
    here, there = (place.world.folder(place.world._repository(path)) for path in (NOTES, FORK))

    assert 0 < pull_refs.missing_bytes(here, there, head) < 4000
    with pytest.raises(TooLargeError):
        pull_refs.bring(here, there, head, most_bytes=10)
    pull_refs.bring(here, there, head)
    place.push("maintainer", "brought", head)
    assert pull_refs.missing_bytes(here, there, head) == 0

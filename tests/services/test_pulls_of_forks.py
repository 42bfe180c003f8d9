"""Pull requests from forks: what comes along, who may show it, and who learns of it."""

from __future__ import annotations

import pytest

from appliance.domain.permissions import Visibility
from appliance.domain.protection import Demand, RefUpdate
from appliance.domain.signatures import SignedBy
from appliance.errors import HiddenError, InvalidError, RefusedError
from appliance.services import signature_rules
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
    with pytest.raises(InvalidError, match="nothing in common"):
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

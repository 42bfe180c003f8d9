"""Open pull requests whose target branch is deleted: they go where that was merged, or close."""

from __future__ import annotations

import pytest

from appliance.domain.conversations import ConversationState, Happening
from appliance.errors import ConflictError
from appliance.services import conversation_timeline, pulls
from tests.services.pulling import Place, merge, which

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def place(world):
    """#1 brings `part` into `main`; #2 brings `topic`, which stands on it, into `part`."""
    made = Place(world)
    made.topic("part", {"part": "part\n"})
    made.write("author", "topic", {"new": "new\n"}, start=made.head("part"))
    made.open("part")
    made.open("topic", into="part")
    return made


def delete(place, branch="part"):
    place.push("maintainer", branch, None)
    place.run_jobs()
    place.run_jobs()


def steps(place, kind, number=2):
    with place.world.reading(place.world.actor("reader")) as work:
        page = conversation_timeline.timeline(work, which(number))
    return [each for each in page.items if each.kind == kind]


def test_it_goes_where_its_target_was_merged(place):
    merge(place, number=1)
    place.run_jobs()

    delete(place)

    facts = place.facts(2)
    assert (facts.target_branch, facts.base) == (b"main", place.git("rev-parse", "topic~1").strip())
    (step,) = steps(place, Happening.RETARGETED)
    assert step.details == {"before": "part", "after": "main", "reason": "target_deleted"}
    assert step.actor == "maintainer"
    assert place.world.recorded("merge.changed")[-1].body["changed"] == ["into"]


def test_it_goes_on_to_where_what_its_target_was_merged_into_went(place):
    place.write("author", "last", {"last": "last\n"}, start=place.head("topic"))
    place.open("last", into="topic")
    merge(place, number=2)
    place.run_jobs()
    place.push("maintainer", "topic", None)
    merge(place, number=1)
    place.push("maintainer", "part", None)

    place.run_jobs()
    place.run_jobs()

    assert place.facts(3).target_branch == b"main"


def test_it_goes_to_the_default_branch_where_a_push_brought_its_target_there(place):
    place.push("maintainer", "main", place.head("part"))
    place.write("author", "topic", {"newer": "newer\n"})

    delete(place)

    facts = place.facts(2)
    assert (facts.target_branch, facts.head) == (b"main", place.head("topic"))
    assert merge(place, number=2).commit == place.head("main")


def test_it_is_closed_where_its_target_was_merged_nowhere(place):
    delete(place)

    assert place.show(2).described.conversation.state is ConversationState.CLOSED
    (step,) = steps(place, Happening.CLOSED)
    assert step.details == {"reason": "target_deleted"}
    with pytest.raises(ConflictError, match="part was deleted"):
        place.do("author", pulls.reopen, which(2))


def test_it_is_closed_where_another_one_asks_for_the_same(place):
    place.open("topic", into="main")
    merge(place, number=1)

    delete(place)

    assert place.facts(2).target_branch == b"part"
    assert place.show(2).described.conversation.state is ConversationState.CLOSED

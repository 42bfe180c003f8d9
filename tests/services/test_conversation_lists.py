"""Lists of issues: what a search finds, page by page, and what no longer can be found."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from appliance.db.conversations import Conversation, SaidWords
from appliance.domain.conversations import Which
from appliance.domain.issue_query import parse
from appliance.services import comments, conversation_lists, conversations, labels, milestones
from appliance.services.conversation_sorting import Sorted
from appliance.services.milestones import Plan
from tests.services.conversing import NOTES, done, found, opened, settled
from tests.world import NOON


@pytest.fixture
def place(world):
    return settled(world)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", [4, 3, 2, 1]),
        ("is:open", [4, 3, 1]),
        ("is:closed reason:completed", [2]),
        ("-reason:completed", [4, 3, 1]),
        ("label:bug", [3]),
        ("-label:bug is:open", [4, 1]),
        ("no:label", [4, 2, 1]),
        ("author:me", [1]),
        ("-author:reader", [4, 3, 2]),
        ("author:@triager", [3]),
        ("author:nobody", []),
        ("assignee:writer", [3]),
        ("assignee:none", [4, 2, 1]),
        ("-assignee:writer", [4, 2, 1]),
        ('milestone:"1.0 beta"', [3]),
        ("milestone:none", [4, 2, 1]),
        ("commenter:other", [2]),
        ("follows:me", [1]),
        ("crash", [4, 2]),
        ("cras", [4, 2]),
        ('"crash on start"', [4]),
        ("crash start", [4]),
        ("needle elsewhere", [2]),
        ("-crash", [3, 1]),
        ("sort:created-asc", [1, 2, 3, 4]),
        ("sort:comments", [2, 4, 3, 1]),
        ("absent", []),
    ],
)
def test_issues_are_found(place, query, expected):
    with place.begin(place.actor("triager")) as work:
        labels.create(work, NOTES, "bug", colour="b4232a")
        milestones.create(work, NOTES, Plan("1.0 Beta"), now=NOON)
    opened(place, "other", "Crash elsewhere")
    opened(place, "triager", "Sorted", sorting=Sorted(("bug",), ("writer",), 1))
    opened(place, "writer", "A crash", "It is a crash on start, in Zürich")
    done(place, "other", comments.add, Which(NOTES, 2), "The needle")
    done(place, "other", conversations.close, Which(NOTES, 2))

    assert found(place, query) == expected


def test_pages_of_a_list_go_on_where_they_ended(place):
    for number in range(2, 8):
        opened(place, "writer", f"Issue {number}")
    seen, after = [], None
    with place.reading(place.actor("reader")) as work:
        while True:
            page = conversation_lists.listed(work, NOTES, parse(""), after=after, limit=3)
            seen += [each.conversation.number for each in page.items]
            after = page.next
            if after is None:
                break
    assert seen == [7, 6, 5, 4, 3, 2, 1]


def test_what_goes_with_a_repository_goes_from_the_index(place):
    with place.wiring.database._writing() as session, session.begin():
        session.execute(sa.delete(Conversation))

    assert place.one(sa.select(SaidWords)) is None
    assert found(place, "breaks") == []

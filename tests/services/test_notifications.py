"""What happens in conversations comes to whoever follows it, once, and only while they may read."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from appliance.db.notifications import NotificationCursor
from appliance.db.repositories import Grant, Repository
from appliance.domain.conversations import ClosedAs
from appliance.domain.identity import appliance, stranger
from appliance.domain.notifications import Reason, Tale, WatchLevel
from appliance.domain.permissions import OrganisationRole, Role
from appliance.errors import ConflictError, HiddenError, NotFoundError, UnauthenticatedError
from appliance.jobs import notifying
from appliance.services import (
    comments,
    commit_talk,
    conversation_following,
    conversation_sorting,
    conversations,
    notification_queue,
    notifications,
    watching,
)
from appliance.services.conversation_sorting import Sorted
from appliance.services.conversations import Edit
from appliance.services.notifications import Mark, Part, Subject, Wanted
from tests.services.conversing import NOTES, ONE, done, opened, settled
from tests.world import NOON

COMMIT = "a" * 40


@pytest.fixture
def place(world):
    return settled(world)


def tell(world):
    world.keep_log()
    notifying.tell(world.wiring)


def inbox(world, who, part=Part.UNREAD, reason=None, path=""):
    with world.reading(world.actor(who)) as work:
        return notifications.listed(work, Wanted(part, reason, path)).items


def told(world, who, part=Part.UNREAD):
    """What somebody is told, and why."""
    return [(each.row.tale, each.row.reason, each.actor) for each in inbox(world, who, part)]


def watch(world, who, level, path=NOTES):
    with world.begin(world.actor(who)) as work:
        watching.set_level(work, path, level, now=NOON)


def mark(world, who, ids, what):
    with world.begin(world.actor(who)) as work:
        return notifications.mark(work, ids, what, now=NOON)


def test_who_is_mentioned_is_told_and_who_cannot_read_is_not(place):
    tell(place)

    assert told(place, "other") == [(Tale.OPENED, Reason.MENTION, "reader")]
    assert told(place, "reader") == []
    assert told(place, "outsider", Part.INBOX) == []
    (found,) = inbox(place, "other")
    assert found.place == "/lab/notes/issues/1"


def test_who_takes_part_is_told_of_the_rest(place):
    said = done(place, "other", comments.add, ONE, "It is so. @triager")
    done(place, "triager", conversations.close, ONE, ClosedAs.COMPLETED)
    tell(place)

    (found,) = inbox(place, "reader")
    assert (found.row.tale, found.row.reason) == (Tale.CLOSED, Reason.AUTHOR)
    assert told(place, "other") == [(Tale.CLOSED, Reason.SUBSCRIBED, "triager")]
    assert told(place, "triager") == [], "they have read what they answered"
    assert said.comment.id


def test_a_mention_stays_the_reason_until_it_is_read(place):
    done(place, "reader", comments.add, ONE, "More")
    tell(place)
    assert told(place, "other") == [(Tale.COMMENTED, Reason.MENTION, "reader")]

    (found,) = inbox(place, "other")
    mark(place, "other", [found.row.id], Mark.READ)
    done(place, "reader", comments.add, ONE, "And more")
    tell(place)
    assert told(place, "other") == [(Tale.COMMENTED, Reason.SUBSCRIBED, "reader")]


def test_a_mention_that_is_written_later_is_told_to_the_new_one_alone(place):
    tell(place)
    for who in ("other", "reader"):
        mark(place, who, [each.row.id for each in inbox(place, who)], Mark.DONE)
    done(place, "reader", conversations.edit, ONE, Edit(body="cc @other @writer"))
    tell(place)

    assert told(place, "writer") == [(Tale.MENTIONED, Reason.MENTION, "reader")]
    assert told(place, "other") == []


def test_a_team_is_mentioned_as_far_as_its_members_may_read(place):
    place.join("reader", "lab", OrganisationRole.MEMBER)
    place.team("lab/helpers", "writer", "outsider")
    done(place, "reader", comments.add, ONE, "@lab/helpers, can you?")
    tell(place)

    assert told(place, "writer") == [(Tale.COMMENTED, Reason.TEAM_MENTION, "reader")]
    assert told(place, "outsider") == []


def test_an_assignment_is_told_to_who_is_assigned(place):
    done(place, "triager", conversation_sorting.sort, ONE, Sorted(assignees=("writer",)))
    tell(place)

    assert told(place, "writer") == [(Tale.ASSIGNED, Reason.ASSIGNED, "triager")]
    assert told(place, "reader") == []


def test_watchers_are_told_everything_and_who_mutes_nothing(place):
    watch(place, "writer", WatchLevel.ALL)
    watch(place, "other", WatchLevel.IGNORED)
    opened(place, "reader", "Another", "@other look")
    tell(place)

    assert told(place, "writer") == [(Tale.OPENED, Reason.WATCHING, "reader")] * 2
    assert told(place, "other") == []


def test_who_leaves_a_conversation_is_told_nothing_more(place):
    done(place, "other", conversation_following.set_following, ONE, follows=False)
    done(place, "reader", comments.add, ONE, "Still")
    tell(place)

    assert told(place, "other") == []


@pytest.mark.promise("P71")
def test_nothing_is_shown_of_what_one_may_not_read_any_more(place):
    tell(place)
    (found,) = inbox(place, "other")
    with place.wiring.database._writing() as session, session.begin():
        session.execute(sa.delete(Grant).where(Grant.user_id == place.actor("other").id))

    assert inbox(place, "other", Part.INBOX) == []
    with place.reading(place.actor("other")) as work:
        assert notifications.counted(work).inbox == 0
        with pytest.raises(NotFoundError):
            notifications.show(work, found.row.id)


@pytest.mark.promise("P71")
def test_who_lost_access_before_is_told_nothing(place):
    with place.wiring.database._writing() as session, session.begin():
        session.execute(sa.delete(Grant).where(Grant.user_id == place.actor("other").id))
    tell(place)
    place.grant("other", Role.READER, NOTES)

    assert inbox(place, "other", Part.INBOX) == []


@pytest.mark.parametrize(
    ("what", "unread", "all_", "finished"),
    [
        (Mark.READ, 0, 1, 0),
        (Mark.UNREAD, 1, 1, 0),
        (Mark.DONE, 0, 0, 1),
        (Mark.INBOX, 1, 1, 0),
    ],
)
def test_notifications_are_marked(place, what, unread, all_, finished):
    tell(place)
    (found,) = inbox(place, "other")

    assert mark(place, "reader", [found.row.id], what) == 0, "nobody marks another's"
    assert mark(place, "other", [found.row.id], what) == 1
    assert len(inbox(place, "other")) == unread
    assert len(inbox(place, "other", Part.INBOX)) == all_
    assert len(inbox(place, "other", Part.DONE)) == finished


def test_all_are_marked_that_one_could_see(place):
    tell(place)
    (found,) = inbox(place, "other")
    before, after = found.row.happened_at.replace(year=2000), found.row.happened_at

    with place.begin(place.actor("other")) as work:
        assert notifications.mark_all(work, Mark.DONE, until=before, now=NOON) == 0
        elsewhere = Wanted(path="lab/other")
        assert notifications.mark_all(work, Mark.DONE, elsewhere, until=after, now=NOON) == 0
        assert notifications.mark_all(work, Mark.DONE, until=after, now=NOON) == 1


def test_what_is_done_comes_back_when_more_happens(place):
    tell(place)
    mark(place, "other", [each.row.id for each in inbox(place, "other")], Mark.DONE)
    done(place, "reader", comments.add, ONE, "News")
    tell(place)

    assert len(inbox(place, "other")) == 1


def test_a_list_is_narrowed(place):
    tell(place)

    assert len(inbox(place, "other", reason=Reason.MENTION, path="LAB/notes")) == 1
    assert inbox(place, "other", reason=Reason.ASSIGNED) == []
    assert inbox(place, "other", path="lab/none") == []


def test_nobody_is_told_twice_when_two_do_it(place):
    place.keep_log()
    with place.begin(appliance()) as work:
        assert notification_queue.take(work, sealer=place.wiring.sealer, now=NOON) == 1
        work.session.execute(sa.update(NotificationCursor).values(place=0))
    with pytest.raises(ConflictError), place.begin(appliance()) as work:
        notification_queue._move(work, 1, 2)

    notifying.tell(place.wiring)
    assert len(inbox(place, "other")) == 1


def test_a_repository_in_the_bin_tells_nothing(place):
    with place.wiring.database._writing() as session, session.begin():
        session.execute(sa.update(Repository).values(deleted_at=NOON))
    tell(place)

    assert inbox(place, "other", Part.INBOX) == []


def test_strangers_have_no_inbox(place):
    with pytest.raises(UnauthenticatedError), place.reading(stranger()) as work:
        notifications.listed(work)


def test_watching_is_chosen_and_recorded(place):
    watch(place, "writer", WatchLevel.ALL)
    watch(place, "writer", WatchLevel.ALL)
    with place.reading(place.actor("reader")) as work:
        assert watching.watchers(work, NOTES).items == ["writer"]
        assert watching.count(work, NOTES) == 1
    with place.reading(place.actor("writer")) as work:
        assert watching.level(work, NOTES) is WatchLevel.ALL
        assert [(each.path, each.level) for each in watching.own(work)] == [(NOTES, WatchLevel.ALL)]
    watch(place, "writer", WatchLevel.PARTICIPATING)
    assert place.events()[-2:] == ["repo.watched", "repo.unwatched"]
    with pytest.raises(HiddenError):
        watch(place, "outsider", WatchLevel.ALL)


def say(world, who, text):
    made = done(world, who, commit_talk.add, NOTES, COMMIT, text)
    tell(world)
    return made.comment.id


def test_who_is_mentioned_in_what_is_said_of_a_commit_is_told_and_nobody_else(place):
    tell(place)
    watch(place, "triager", WatchLevel.ALL)
    watch(place, "writer", WatchLevel.IGNORED)
    mark(place, "other", [each.row.id for each in inbox(place, "other")], Mark.DONE)

    first = say(place, "reader", "Why so? @other @outsider @writer @nobody")

    (found,) = inbox(place, "other", path=NOTES)
    assert found.place == f"/lab/notes/commit/{COMMIT}#comment-{first}"
    assert (found.subject, found.name) == (Subject.COMMIT, "lab/notes@aaaaaaaaaa")
    assert told(place, "other") == [(Tale.COMMENTED, Reason.MENTION, "reader")]
    for who in ("outsider", "writer", "triager", "reader"):
        assert told(place, who) == []
    with place.reading(place.actor("other")) as work:
        repository_id = found.row.repository_id
        seen = notifications.of_commit(work, repository_id, COMMIT)
        assert notifications.of_commit(work, repository_id, "b" * 40) is None
    assert seen is not None
    assert seen.id == found.row.id
    with place.wiring.database._writing() as session, session.begin():
        session.execute(sa.delete(Grant))
    assert inbox(place, "other", Part.INBOX) == []


def test_a_commit_is_in_an_inbox_once_and_who_is_mentioned_later_is_told_alone(place):
    first = say(place, "reader", "Look, @writer")
    say(place, "reader", "And here, @writer")
    done(place, "reader", commit_talk.edit, NOTES, COMMIT, first, "Look, @writer and @triager")
    tell(place)

    assert told(place, "writer") == [(Tale.COMMENTED, Reason.MENTION, "reader")]
    assert told(place, "triager") == [(Tale.MENTIONED, Reason.MENTION, "reader")]

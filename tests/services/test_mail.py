"""Letters: threads, digests, and that they say nothing to who may not read it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from appliance.db.notifications import NotificationMail
from appliance.db.repositories import Grant
from appliance.db.users import EmailAddress, User
from appliance.domain.notifications import DigestEvery, MailState, MailWhen, WatchLevel
from appliance.jobs import notifying
from appliance.jobs.mailing import Mailing
from appliance.services import comments, commit_talk, notification_choices, notifications, watching
from appliance.services.notification_choices import Changes
from appliance.services.notifications import Mark
from tests.git.builder import Builder
from tests.peers.mail_server import taking_letters
from tests.peers.receivers import Authority
from tests.services.conversing import NOTES, ONE, done, opened, settled
from tests.world import NOON

LATER = timedelta(days=8)


@pytest.fixture
def place(world):
    settled(world)
    with world.wiring.database._writing() as session, session.begin():
        session.execute(sa.update(EmailAddress).values(is_verified=True))
    return world


def send(world, server, after=timedelta(), **settings: str):
    """Tell people of all that happened, and send what is due after a while."""
    world.configure(
        CODARA_MAIL__HOST="127.0.0.1",
        CODARA_MAIL__PORT=str(server.port),
        **{"CODARA_MAIL__SECURITY": "none", **settings},
    )
    world.keep_log()
    notifying.tell(world.wiring)
    return Mailing(world.wiring).work_off(datetime.now(UTC) + after)


def as_sent(letter, name):
    """The bytes of a header as they came, not as they are understood."""
    (found,) = [value for key, value in letter.raw_items() if key == name]
    return str(found)


def choose(world, who, **wanted):  # noqa: ANN003 - what somebody chooses.
    with world.begin(world.actor(who)) as work:
        notification_choices.change(work, Changes(**wanted))


def states(world):
    with world.wiring.database._reading() as session:
        rows = session.scalars(sa.select(NotificationMail).order_by(NotificationMail.number))
        return [row.state for row in rows]


def test_a_letter_says_what_was_said_and_why(place):
    with taking_letters() as server:
        send(place, server)

    (letter,) = server.letters
    assert server.recipients == ["other@codara.test"]
    assert letter["Subject"] == "[lab/notes] It breaks (#1)"
    assert letter["From"].addresses[0].display_name == "reader"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["X-Codara-Reason"] == "mention"
    assert "lab/notes" in letter["List-ID"]
    text = letter.get_content()
    assert "reader opened this." in text
    assert "cc @other" in text
    assert "/lab/notes/issues/1" in text
    assert "You are receiving this because you were mentioned." in text


def test_letters_of_a_conversation_are_a_thread(place):
    done(place, "triager", comments.add, ONE, "First")
    done(place, "triager", comments.add, ONE, "Second")
    with taking_letters() as server:
        send(place, server)

    to_other = [each for each in server.letters if "other@" in each["To"]]
    first, *rest = to_other
    assert len(rest) == 2
    assert all(each["In-Reply-To"] == first["Message-ID"] for each in rest)
    assert all(each["References"] == first["Message-ID"] for each in rest)
    assert len({each["Message-ID"] for each in to_other}) == 3


def test_letters_are_in_the_language_of_who_reads_them(place):
    with place.wiring.database._writing() as session, session.begin():
        session.execute(sa.update(User).where(User.name == "other").values(locale="de"))
    with taking_letters() as server:
        send(place, server)

    assert "reader hat das eröffnet." in server.letters[0].get_content()


@pytest.mark.promise("P72")
def test_who_lost_access_before_a_letter_left_is_not_written_to(place):
    with taking_letters() as server:
        world_before = datetime.now(UTC) - timedelta(minutes=1)
        place.configure(CODARA_MAIL__HOST="127.0.0.1", CODARA_MAIL__PORT=str(server.port))
        place.keep_log()
        notifying.tell(place.wiring)
        with place.wiring.database._writing() as session, session.begin():
            session.execute(sa.delete(Grant).where(Grant.user_id == place.actor("other").id))
        assert Mailing(place.wiring).work_off(world_before) == 0
        send(place, server)

    assert server.letters == []
    assert states(place) == [MailState.DROPPED]


@pytest.mark.promise("P72")
def test_nothing_is_written_to_an_address_that_nobody_vouched_for(place):
    with place.wiring.database._writing() as session, session.begin():
        session.execute(sa.update(EmailAddress).values(is_verified=False))
    with taking_letters() as server:
        send(place, server)

    assert server.letters == []


def test_a_deleted_comment_is_not_sent(place):
    said = done(place, "other", comments.add, ONE, "Regrettable")
    with taking_letters() as server:
        place.configure(CODARA_MAIL__HOST="127.0.0.1", CODARA_MAIL__PORT=str(server.port))
        place.keep_log()
        notifying.tell(place.wiring)
        done(place, "other", comments.delete, ONE, said.comment.id)
        send(place, server)

    assert not any("Regrettable" in each.get_content() for each in server.letters)


def test_a_digest_brings_several_together_that_were_not_read(place):
    choose(place, "other", own_mail=MailWhen.DIGEST, digest=DigestEvery.WEEK)
    opened(place, "reader", "Another", "@other")
    opened(place, "reader", "A third", "@other")
    with taking_letters() as server:
        assert send(place, server) == 0, "it is not due yet"
        with place.begin(place.actor("other")) as work:
            (third, *_) = notifications.listed(work).items
            notifications.mark(work, [third.row.id], Mark.READ, now=datetime.now(UTC))
        send(place, server, after=LATER)

    (letter,) = server.letters
    assert letter["Subject"] == "[Codara] 2 conversations with updates"
    text = letter.get_content()
    assert "#1 It breaks" in text
    assert "#2 Another" in text
    assert "A third" not in text
    assert states(place) == [MailState.SENT] * 3


def test_who_watches_is_written_a_digest_and_who_wants_none_gets_none(place):
    with place.begin(place.actor("writer")) as work:
        watching.set_level(work, NOTES, WatchLevel.ALL, now=NOON)
    choose(place, "other", own_mail=MailWhen.NEVER)
    with taking_letters() as server:
        assert send(place, server) == 0
        send(place, server, after=LATER)

    assert server.recipients == ["writer@codara.test"]
    assert server.letters[0]["Subject"] == "[Codara] One conversation with updates"


def test_who_wants_it_is_told_of_their_own_acts(place):
    choose(place, "reader", tells_own=True)
    with taking_letters() as server:
        send(place, server)

    assert sorted(server.recipients) == ["other@codara.test", "reader@codara.test"]


def test_a_server_that_does_not_take_a_letter_now_is_tried_again_and_gets_it_once(place):
    with taking_letters() as server:
        server.answer = "451 later"
        send(place, server)
        assert states(place) == [MailState.WAITING]
        server.answer = "250 OK"
        assert send(place, server) == 0, "after a pause"
        send(place, server, after=timedelta(minutes=2))
        assert send(place, server, after=LATER) == 0

    assert len(server.letters) == 1
    assert states(place) == [MailState.SENT]


def test_a_letter_that_nobody_ever_takes_is_given_up(place):
    with taking_letters() as server:
        for days in range(1, 12):
            server.answer = "451 later"
            send(place, server, after=timedelta(days=days))
        assert states(place) == [MailState.GIVEN_UP]
        assert server.letters == []


def test_who_is_refused_for_good_is_not_tried_again(place):
    with taking_letters() as server:
        server.answer = "550 nobody here"
        send(place, server)

    assert states(place) == [MailState.GIVEN_UP]
    assert "nobody here" in place.one(sa.select(NotificationMail.error))


def test_over_tls_the_certificate_counts(place, tmp_path):
    authority = Authority(tmp_path)
    tls = {"CODARA_MAIL__SECURITY": "starttls", "CODARA_MAIL__USER": "codara"}
    tls |= {"CODARA_MAIL__PASSWORD": "secret"}
    with taking_letters(authority.context(), users={"codara": "secret"}) as server:
        send(place, server, **tls)
        assert server.letters == [], "nobody knows its authority"
        known = {"CODARA_MAIL__AUTHORITIES_FILE": str(authority.file)}
        send(place, server, after=timedelta(minutes=2), **{**tls, **known})

    assert len(server.letters) == 1
    assert server.was_encrypted


def test_choices_are_kept_and_recorded(place):
    choose(place, "other", own_mail=MailWhen.NEVER)
    choose(place, "other", own_mail=MailWhen.NEVER)
    with place.reading(place.actor("other")) as work:
        shown = notification_choices.show(work)
    assert shown.choices.own_mail is MailWhen.NEVER
    assert (shown.address, shown.is_vouched, shown.is_sent) == ("other@codara.test", True, False)
    assert [each for each in place.events() if "notifications" in each] == [
        "user.notifications_changed"
    ]


def test_who_is_mentioned_in_what_is_said_of_a_commit_is_written_to(place):
    commit = "a" * 40
    for text in ("Why so? @writer", "And so, @writer"):
        done(place, "reader", commit_talk.add, NOTES, commit, text)
    with taking_letters() as server:
        send(place, server)

    first, second = (each for each in server.letters if "writer@" in each["To"])
    assert first["Subject"] == "[lab/notes] Commit aaaaaaaaaa"
    assert first["In-Reply-To"] == second["In-Reply-To"]
    text = first.get_content()
    for words in ("reader commented.", "Why so? @writer", f"/lab/notes/commit/{commit}#comment-"):
        assert words in text


def test_the_subject_of_a_commit_is_that_of_its_letters_and_its_name_in_the_inbox(place):
    home = place._repository(NOTES).id
    commit = Builder(place.wiring.repositories.folder(home)).commit(
        {b"a": b"a"}, message=b"Mend the\r\nroof\n\nIt leaked.\n"
    )
    done(place, "reader", commit_talk.add, NOTES, commit, "Why so? @writer")
    with taking_letters() as server:
        send(place, server)

    (letter,) = (each for each in server.letters if "writer@" in each["To"])
    assert letter["Subject"] == f"[lab/notes] Mend the roof ({commit[:10]})"
    for name in ("In-Reply-To", "References", "List-Unsubscribe"):
        assert "=?" not in as_sent(letter, name), "mail programs do not decode ids"
    (told,) = place.client("writer").get("/api/v1/user/notifications").json["items"]
    assert (told["title"], told["commit"]) == ("Mend the roof", commit)
    assert "Mend the roof" in place.browser("writer").get("/inbox/conversations").text

"""Letters about reviews: one for all that was said at once, and what it says."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from appliance.db.users import EmailAddress
from appliance.domain.notifications import Reason
from appliance.domain.pull_requests import Anchor, Side, Verdict
from appliance.services import notifications, review_threads, reviews
from appliance.services.reviews import NewReview, Remark
from tests.peers.mail_server import taking_letters
from tests.services.pulling import NOTES, Place, which
from tests.services.test_mail import send

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def place(world):
    made = Place(world)
    made.topic(files={"a": "one\ntwo\nthree\n"})
    made.open()
    with world.wiring.database._writing() as session, session.begin():
        session.execute(sa.update(EmailAddress).values(is_verified=True))
    with taking_letters() as server:
        send(world, server)
    return made


def at(first, last):
    return Anchor(1, b"a", Side.NEW, first, last)


def letters(place):
    with taking_letters() as server:
        send(place.world, server)
    texts = [(each, each.get_content().replace("\r\n", "\n")) for each in server.letters]
    return dict(zip(server.recipients, texts, strict=True))


def test_a_review_is_one_letter_with_all_that_it_says(place):
    remarks = (Remark("Why?", at(1, 2), None), Remark("See @maintainer", at(3, 3), None))
    new = NewReview(Verdict.REQUEST_CHANGES, "Not yet.", remarks)
    made = place.do("writer", reviews.submit, which(), new)

    found = letters(place)

    assert sorted(found) == ["author@codara.test", "maintainer@codara.test"]
    _, text = found["author@codara.test"]
    assert text.startswith("writer requests changes.\n\nNot yet.\n\na:1-2\nWhy?\n\na:3\nSee ")
    assert f"/{NOTES}/pulls/1#review-{made.id}" in text
    assert found["maintainer@codara.test"][0]["X-Codara-Reason"] == "mention"
    with place.world.reading(place.world.actor("maintainer")) as work:
        (told,) = notifications.listed(work).items
    assert (told.row.reason, told.anchor) == (Reason.MENTION, f"review-{made.id}")


def test_a_comment_on_lines_is_quoted_and_not_once_it_is_deleted(place):
    first = place.do("writer", review_threads.comment, which(), at(2, 2), "Two?")
    _, text = letters(place)["author@codara.test"]
    assert text.startswith("writer commented.\n\na:2\nTwo?\n")
    assert f"/pulls/1#said-{first.comments[0].id}" in text

    made = place.do("writer", review_threads.comment, which(), at(1, 1), "One?")
    place.do("writer", review_threads.delete, which(), made.comments[0].id)
    assert letters(place) == {}

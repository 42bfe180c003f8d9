"""Stars, pins, trees of forks and what happened lately: never more than the reader may see."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from appliance.db.repositories import Grant
from appliance.domain.permissions import Role, Visibility
from appliance.services import activity, forks, stars
from tests.services.conversing import NOTES, settled
from tests.world import NOON, copy_sqlite


@pytest.fixture
def database_url(migrated_sqlite, tmp_path):
    """What is tried here is the door's, and plain questions."""
    return copy_sqlite(migrated_sqlite, tmp_path / "home")


@pytest.fixture
def place(world):
    return settled(world)


def star(world, who, path=NOTES, *, starred=True):
    with world.begin(world.actor(who)) as work:
        stars.set_star(work, path, starred=starred, now=NOON)


def test_a_star_is_given_and_taken_back_and_recorded(place):
    star(place, "reader")
    star(place, "reader")
    star(place, "other")
    star(place, "reader", starred=False)

    with place.reading(place.actor("writer")) as work:
        assert stars.count(work, NOTES) == 1
        assert stars.stargazers(work, NOTES).items == ["other"]
        assert not stars.is_starred(work, NOTES)
    recorded = [each for each in place.events() if "star" in each]
    assert recorded == ["repo.starred", "repo.starred", "repo.unstarred"]


def test_stars_are_given_through_the_api(place):
    client = place.client("writer")
    at = f"/api/v1/repos/{NOTES}/star"

    assert client.put(at).status_code == 204
    assert client.get(at).json == {"starred": True, "stars": 1}
    (starred,) = client.get("/api/v1/users/writer/stars").json["items"]
    assert starred["path"] == NOTES
    assert client.delete(at).status_code == 204
    assert client.get(at).json == {"starred": False, "stars": 0}
    assert place.client("outsider").put(at).status_code == 404


@pytest.mark.promise("P80")
def test_stars_and_pins_show_only_what_the_reader_may_read(place):
    star(place, "reader")
    with place.begin(place.actor("reader")) as work:
        stars.pin(work, [NOTES])

    for who, seen in (("writer", 1), ("outsider", 0)):
        with place.reading(place.actor(who)) as work:
            assert len(stars.of_user(work, "reader").items) == seen
            assert len(stars.pinned(work, "reader")) == seen
    assert NOTES in place.browser("writer").get("/reader/-/stars").text
    assert "No stars" in place.browser("outsider").get("/reader/-/stars").text
    assert "Pinned" in place.browser("writer").get("/reader").text
    assert "Pinned" not in place.browser("outsider").get("/reader").text


def test_pins_have_an_order_and_an_end(place):
    browser = place.browser("reader")
    for name in "abcdefg":
        place.repository(f"reader/{name}")

    browser.post("/settings/pins", data={"pinned": "reader/c\nreader/a\n"})
    with place.reading(place.actor("reader")) as work:
        assert [each.name for each in stars.pinned(work, "reader")] == ["c", "a"]
    many = "\n".join(f"reader/{name}" for name in "abcdefg")
    assert "At most 6" in browser.post("/settings/pins", data={"pinned": many}).text
    assert browser.post("/settings/pins", data={"pinned": "reader/none"}).status_code == 404


@pytest.mark.promise("P80")
def test_a_tree_of_forks_leaves_out_what_is_hidden(place):
    root = place.repository("lab/source", visibility=Visibility.INTERNAL)
    first = place.repository("lab/first", visibility=Visibility.INTERNAL, forked_from_id=root.id)
    place.repository("lab/second", visibility=Visibility.INTERNAL, forked_from_id=first.id)
    place.repository("lab/hidden", forked_from_id=root.id)

    with place.reading(place.actor("reader")) as work:
        found = [(each.repository.name, each.depth) for each in forks.tree(work, "lab/second")]
    assert found == [("source", 0), ("first", 1), ("second", 2)]
    tree = place.client("reader").get("/api/v1/repos/lab/source/forks/tree").json["items"]
    assert [each["path"] for each in tree] == ["lab/source", "lab/first", "lab/second"]
    page = place.browser("reader").get("/lab/first/forks").text
    assert "lab/second" in page
    assert "lab/hidden" not in page


@pytest.mark.promise("P80")
def test_what_happened_lately_is_shown_only_to_who_may_read_it(place):
    place.keep_log()
    sealer = place.wiring.sealer

    for who, seen in (("writer", ["issue.opened"]), ("outsider", [])):
        with place.reading(place.actor(who)) as work:
            found = activity.lately(work, sealer=sealer)
            by_reader = activity.lately(work, sealer=sealer, by="reader")
        assert [each.action for each in found] == seen
        assert [each.action for each in by_reader] == seen
    (act,) = found_by(place, "writer")
    assert (act.actor, act.place) == ("reader", "/lab/notes/issues/1")
    assert "lab/notes#1" in place.browser("writer").get("/").text
    with place.wiring.database._writing() as session, session.begin():
        session.execute(sa.delete(Grant).where(Grant.user_id == place.actor("writer").id))
    assert found_by(place, "writer") == []


def found_by(world, who):
    with world.reading(world.actor(who)) as work:
        return activity.lately(work, sealer=world.wiring.sealer)


def test_a_star_is_given_on_the_page_of_a_repository(place):
    place.grant("outsider", Role.READER, NOTES)
    browser = place.browser("outsider")
    browser.post(f"/{NOTES}/star", data={"starred": "yes"})

    assert "outsider" in browser.get(f"/{NOTES}/stargazers").text
    browser.post(f"/{NOTES}/star", data={"starred": ""})
    assert "No stars yet" in browser.get(f"/{NOTES}/stargazers").text

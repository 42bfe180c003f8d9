"""Notifications and watching through the API."""

from __future__ import annotations

import pytest

from appliance.jobs import notifying
from appliance.services import comments
from tests.services.conversing import NOTES, ONE, done, opened, settled
from tests.world import copy_sqlite

OWN = "/api/v1/user/notifications"
WATCH = f"/api/v1/repos/{NOTES}/watch"


@pytest.fixture
def database_url(migrated_sqlite, tmp_path):
    """What is tried here is the door's; both databases are tried with the verbs."""
    return copy_sqlite(migrated_sqlite, tmp_path / "home")


@pytest.fixture
def place(world):
    settled(world)
    world.keep_log()
    notifying.tell(world.wiring)
    return world


def items(client, part="unread"):
    return client.get(OWN, query_string={"part": part}).json["items"]


def test_a_notification_says_all_that_a_program_needs(place):
    (told,) = items(place.client("other"))

    assert told["repository"] == NOTES
    assert told["kind"], told["number"] == ("issue", 1)
    assert told["reason"], told["last"] == ("mention", "opened")
    assert told["by"] == "reader"
    assert told["is_unread"]
    assert not told["is_done"]
    assert told["web_url"].endswith("/lab/notes/issues/1")
    assert items(place.client("reader")) == []


def test_a_notification_is_marked(place):
    client = place.client("other")
    (told,) = items(client)
    one = f"{OWN}/{told['id']}"

    assert client.patch(one, json={"mark": "done"}).json["is_done"]
    assert client.get(one).json["is_unread"] is False
    assert [each["id"] for each in items(client, part="done")] == [told["id"]]
    assert client.patch(one, json={"mark": "unread"}).json["is_unread"]
    assert place.client("reader").get(one).status_code == 404
    assert place.client("reader").patch(one, json={"mark": "read"}).status_code == 404


def test_several_are_marked_by_name_or_all(place):
    opened(place, "reader", "Another", "@other")
    place.keep_log()
    notifying.tell(place.wiring)
    client = place.client("other")
    ids = [each["id"] for each in items(client)]
    assert len(ids) == 2

    assert client.post(f"{OWN}/mark", json={"mark": "read", "ids": ids[:1]}).json == {"marked": 1}
    elsewhere = {"mark": "done", "repository": "lab/none"}
    assert client.post(f"{OWN}/mark", json=elsewhere).json == {"marked": 0}
    assert client.post(f"{OWN}/mark", json={"mark": "done"}).json == {"marked": 2}
    assert items(client, part="inbox") == []


def test_a_link_leads_to_the_comment(place):
    said = done(place, "other", comments.add, ONE, "So it is.")
    place.keep_log()
    notifying.tell(place.wiring)

    (told,) = items(place.client("reader"))
    assert told["web_url"].endswith(f"/lab/notes/issues/1#comment-{said.comment.id}")


def test_a_repository_is_watched_and_no_longer(place):
    client = place.client("writer")

    assert client.get(WATCH).json == {"level": "participating"}
    assert client.put(WATCH, json={"level": "all"}).json == {"level": "all"}
    watchers = client.get(f"/api/v1/repos/{NOTES}/watchers").json["items"]
    assert watchers == [{"name": "writer"}]
    (watched,) = client.get("/api/v1/user/watches").json["items"]
    assert (watched["path"], watched["level"]) == (NOTES, "all")
    assert client.delete(WATCH).status_code == 204
    assert place.events()[-1] == "repo.unwatched"
    assert client.get(WATCH).json == {"level": "participating"}
    assert place.client("outsider").put(WATCH, json={"level": "all"}).status_code == 404

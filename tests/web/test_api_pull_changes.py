"""Patch sets compared and suggestions applied by the API."""

from __future__ import annotations

import pytest

from appliance.domain.permissions import Scope
from appliance.domain.pull_requests import Anchor, Side
from appliance.services import review_threads
from tests.services.pulling import NOTES, Place, which

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
HERE = f"/api/v1/repos/{NOTES}/pulls/1"
LINES = "".join(f"line {number}\n" for number in range(1, 21))


@pytest.fixture
def place(world) -> Place:
    place = Place(world)
    place.write("maintainer", "main", {"a": LINES})
    place.topic("topic", {"a": LINES.replace("line 5\n", "five\n")})
    place.open()
    return place


def client(place: Place, who: str):
    return place.world.client(who, Scope.REPOSITORY_READ, Scope.REPOSITORY_WRITE)


def test_two_patch_sets_are_compared_without_what_the_target_brought(place):
    onto = place.write("maintainer", "main", {"a": LINES.replace("line 15\n", "fifteen\n")})
    both = LINES.replace("line 5\n", "five\n").replace("line 15\n", "fifteen\n")
    place.write("author", "again", {"a": both}, start=onto)
    place.push("author", "topic", place.head("again"))
    place.run_jobs()
    place.write("author", "topic", {"b": "new\n"})
    place.run_jobs()
    reader = client(place, "reader")
    found = reader.get(f"{HERE}/comparison?old=1&new=2").json
    assert [each["fate"] for each in found["commits"]] == ["same"]
    assert found["diff"]["files"] == []
    assert found["unmerged"] == []
    found = reader.get(f"{HERE}/comparison?old=1").json
    assert [each["fate"] for each in found["commits"]] == ["same", "new"]
    assert [each["path"] for each in found["diff"]["files"]] == ["b"]
    assert reader.get(f"{HERE}/comparison?old=9").status_code == 404
    assert reader.get(f"{HERE}/comparison").status_code == 422
    assert client(place, "outsider").get(f"{HERE}/comparison?old=1").status_code == 404


def test_suggestions_are_applied_by_who_may_write_to_the_source(place):
    body = "```suggestion\nFive\n```"
    thread = place.do(
        "reader", review_threads.comment, which(1), Anchor(1, b"a", Side.NEW, 5, 5), body
    )
    asked = {"comments": [str(thread.comments[0].id)]}
    assert client(place, "reader").post(f"{HERE}/suggestions", json=asked).status_code == 403
    made = client(place, "author").post(f"{HERE}/suggestions", json=asked)
    assert made.status_code == 201, made.text
    assert made.json["commit"] == place.head("topic")
    assert "review.comment_changed" in place.world.events()
    again = client(place, "author").post(f"{HERE}/suggestions", json=asked)
    assert again.status_code == 409

"""An issue goes to another repository, with all that belongs to it and nobody who may not."""

import pytest

from appliance.domain.permissions import Role, Visibility
from tests.commands import saying

OLD, NEW = "/api/v1/repos/lab/notes/issues", "/api/v1/repos/lab/other/issues"


@pytest.fixture
def stage(world):
    """Two repositories, and an issue in the first one."""
    for path in ("lab/notes", "lab/other"):
        world.repository(path)
        world.user(f"triager-{path[-5:]}", role=Role.TRIAGER, on=path)
    world.user("triager", role=Role.TRIAGER, on="lab/notes")
    world.grant("triager", Role.TRIAGER, "lab/other")
    world.user("reader", role=Role.READER, on="lab/notes")
    client = world.client("triager")
    for path in (OLD, NEW):
        client.post(path.replace("issues", "labels"), json={"name": "bug", "colour": "ff0000"})
    client.post(OLD.replace("issues", "labels"), json={"name": "here", "colour": "ff0000"})
    client.post(NEW, json={"title": "First there"})
    asked = {"title": "The roof leaks", "body": "It drips.", "labels": ["bug", "here"]}
    client.post(OLD, json={**asked, "assignees": ["triager", "reader"]})
    world.client("reader").post(f"{OLD}/1/comments", json={"body": "So it does."})
    client.put(f"{OLD}/1/reactions/heart")
    return world


def test_an_issue_moves_with_what_was_said(stage):
    client = stage.client("triager")

    moved = client.post(f"{OLD}/1/transfer", json={"to": "lab/other"})

    assert moved.status_code == 201, moved.json
    assert moved.headers["Location"] == f"{NEW}/2"
    found = client.get(f"{NEW}/2").json
    assert (found["title"], found["body"], found["state"]) == (
        "The roof leaks",
        "It drips.",
        "open",
    )
    assert [each["name"] for each in found["labels"]] == ["bug"], "there is no other there"
    assert found["assignees"] == ["triager"], "the reader may not read it there"
    assert found["reactions"] == {"heart": 1}
    (said,) = client.get(f"{NEW}/2/comments").json["items"]
    assert (said["author"], said["body"]) == ("reader", "So it does.")
    old = client.get(f"{OLD}/1").json
    assert (old["state"], old["closed_as"], old["is_locked"]) == ("closed", "not_planned", True)
    bodies = [each["body"] for each in client.get(f"{OLD}/1/comments").json["items"]]
    assert "Moved to another repository." in bodies
    (event,) = stage.recorded("issue.transferred")
    assert (event.body["number"], event.body["to_number"]) == (1, 2)


@pytest.mark.promise("P69")
@pytest.mark.parametrize("place", ["", "/comments", "/timeline"])
def test_where_it_is_now_learns_who_may_read_that(stage, place):
    stage.client("triager").post(f"{OLD}/1/transfer", json={"to": "lab/other"})

    told = {who: stage.client(who).get(f"{OLD}/1{place}").text for who in ("reader", "triager")}

    assert "lab/other" not in told["reader"]
    assert ("lab/other" in told["triager"]) is (place == "/timeline")


def test_it_is_said_to_all_where_all_may_read_it(stage):
    stage.repository("lab/open", visibility=Visibility.INTERNAL)
    stage.grant("triager", Role.TRIAGER, "lab/open")
    stage.client("triager").post(f"{OLD}/1/transfer", json={"to": "lab/open"})

    assert "Moved to lab/open#1." in stage.client("reader").get(f"{OLD}/1/comments").text


@pytest.mark.parametrize(("who", "status"), [("triager-notes", 404), ("reader", 403)])
def test_only_triagers_of_both_move_it(stage, who, status):
    answer = stage.client(who).post(f"{OLD}/1/transfer", json={"to": "lab/other"})

    assert answer.status_code == status
    assert stage.client("triager").get(f"{NEW}/2").status_code == 404


def test_who_may_only_read_the_other_may_not_move_it_there(stage):
    stage.grant("triager-notes", Role.READER, "lab/other")

    answer = stage.client("triager-notes").post(f"{OLD}/1/transfer", json={"to": "lab/other"})

    assert answer.status_code == 403


def test_it_does_not_move_to_where_it_is(stage):
    answer = stage.client("triager").post(f"{OLD}/1/transfer", json={"to": "lab/notes"})

    assert answer.status_code == 409


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_portal_moves_it_and_shows_it_there(stage):
    browser = stage.browser("triager")
    shown = browser.get("/lab/notes/issues/1")
    assert "Move to another repository" in shown.text
    assert "/transfer" not in stage.browser("reader").get("/lab/notes/issues/1").text

    wrong = browser.post("/lab/notes/issues/1/transfer", data={"to": "lab/never"})
    moved = browser.post("/lab/notes/issues/1/transfer", data={"to": "lab/other"})

    assert (wrong.status_code, moved.status_code) == (404, 303)
    assert moved.headers["Location"] == "/lab/other/issues/2"
    assert "The roof leaks" in browser.get("/lab/other/issues/2").text


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_command_moves_it(stage, capsys, monkeypatch):
    with saying(stage, "triager", monkeypatch, capsys) as say:
        assert say("issue", "transfer", "lab/notes", "1", "lab/other")["number"] == 2

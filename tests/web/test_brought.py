"""Conversations from elsewhere: who may bring them, whose they are then, and twice is once."""

import pytest

from appliance.domain.permissions import Role

API = "/api/v1/repos/lab/notes/import/conversations"
AT = "2024-03-01T10:00:00+00:00"


def talk(number=7, **fields: object):
    return {"number": number, "title": "The roof leaks", "created_at": AT, **fields}


def comments(*bodies: str):
    return [{"author": "octocat", "body": each, "created_at": AT} for each in bodies]


@pytest.fixture
def notes(world):
    """A repository and its owner."""
    world.repository("lab/notes")
    world.user("owner", role=Role.OWNER, on="lab/notes")
    return world


@pytest.mark.parametrize(
    ("role", "status"),
    [(None, 404), (Role.WRITER, 403), (Role.MAINTAINER, 403), (Role.OWNER, 200)],
)
def test_only_owners_bring_conversations_in(notes, role, status):
    notes.user("somebody", role=role, on="lab/notes")

    answer = notes.client("somebody").post(API, json={"items": [talk()]})

    assert answer.status_code == status
    assert ("issue.imported" in notes.events()) == (status == 200)


@pytest.mark.promise("P75")
def test_only_administrators_say_whose_a_text_is(notes):
    body = {"items": [talk(author="octocat")], "people": {"octocat": "owner"}}
    notes.administrator()

    refused = notes.client("owner").post(API, json=body)
    brought = notes.client("administrator").post(API, json=body)

    assert (refused.status_code, brought.status_code) == (403, 200)
    shown = notes.client("owner").get("/api/v1/repos/lab/notes/issues/7").json
    assert (shown["author"], shown["body"]) == ("owner", "")


def test_others_are_named_above_their_texts(notes):
    body = {"items": [talk(author="octo<cat", body="It drips.", comments=comments("So it does."))]}
    client = notes.client("owner")

    assert client.post(API, json=body).json["unknown"] == ["octo<cat", "octocat"]

    shown = client.get("/api/v1/repos/lab/notes/issues/7").json
    assert (shown["author"], shown["created_at"][:10]) == ("", "2024-03-01")
    assert shown["body"] == "> *octocat wrote on 2024-03-01:*\n\nIt drips."
    found = client.get("/api/v1/repos/lab/notes/issues?q=drips").json["items"]
    assert [each["number"] for each in found] == [7]


def test_said_again_it_goes_on_where_it_was(notes):
    client = notes.client("owner")
    first = {"items": [talk(comments=comments("one", "two"))]}
    more = {"items": [talk(first_comment=1, comments=comments("two", "three")), talk(8)]}

    came = [client.post(API, json=each).json for each in (first, first, more, more)]

    assert [each["comments"] for each in came] == [2, 0, 1, 0]
    assert [each["brought"] for each in came] == [[7], [], [8], []]
    shown = client.get("/api/v1/repos/lab/notes/issues/7/comments").json["items"]
    assert sorted(each["body"].splitlines()[-1] for each in shown) == ["one", "three", "two"]
    opened = client.post("/api/v1/repos/lab/notes/issues", json={"title": "Next"}).json
    assert opened["number"] == 9


def test_a_number_that_is_taken_stays_whose_it_is(notes):
    client = notes.client("owner")
    client.post("/api/v1/repos/lab/notes/issues", json={"title": "Ours"})

    answer = client.post(API, json={"items": [talk(1), talk(2)]})

    assert answer.status_code == 409
    assert "Number 1" in answer.json["detail"]
    assert client.get("/api/v1/repos/lab/notes/issues/2").status_code == 404

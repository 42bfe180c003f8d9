"""Conversations from elsewhere: who may bring them, whose they are then, and twice is once."""

import pytest

from appliance.domain.permissions import Role
from appliance.domain.pull_requests import MergeState
from tests.services.pulling import NOTES, Place, merge

ON_ONE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

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


@pytest.fixture
def place(world):
    """A repository with a branch of one commit that asks to be merged elsewhere."""
    place = Place(world)
    place.topic()
    world.administrator()
    return place


def pull(place, **fields: object):
    """The same pull request as it was elsewhere."""
    return {
        "source": "topic",
        "target": "main",
        "head": place.head("topic"),
        "base": place.head("main"),
        **fields,
    }


def said(author, verdict):
    return {"author": author, "verdict": verdict, "submitted_at": AT}


@ON_ONE
def test_a_pull_request_is_one_here_and_goes_on(place):
    body = {"items": [talk(pull=pull(place))]}

    came = place.world.client("owner").post(API, json=body).json

    assert (came["pull_requests"], came["as_issues"]) == (1, [])
    assert place.ref("refs/pull/7/1") == place.head("topic")
    place.write("author", "topic", {"more": "more\n"})
    place.run_jobs()
    facts = place.facts(7)
    assert (facts.patch_set, facts.head, facts.source_path) == (2, place.head("topic"), NOTES)
    merge(place, number=7)
    assert place.facts(7).merged is not None


@ON_ONE
def test_a_merged_one_is_closed_even_where_nothing_says_when(place):
    merged = pull(place, merged_at=AT, merged_by="octocat")

    place.world.client("owner").post(API, json={"items": [talk(pull=merged)]})

    facts = place.facts(7)
    assert facts.merged.at.isoformat() == AT
    assert place.show(7).described.conversation.state == "closed"


@ON_ONE
def test_without_its_commits_it_is_an_issue_that_says_what_it_was(place):
    gone = talk(pull=pull(place, head="d" * 40), about="Pull request of `topic`.")

    came = place.world.client("owner").post(API, json={"items": [gone]}).json

    assert (came["brought"], came["pull_requests"], came["as_issues"]) == ([7], 0, [7])
    shown = place.world.client("reader").get(f"/api/v1/repos/{NOTES}/issues/7").json
    assert "`topic`" in shown["body"]


@ON_ONE
@pytest.mark.promise("P82")
def test_what_was_approved_elsewhere_counts_for_nothing_here(place):
    reviews = [said("octocat", "approve"), said("hubot", "request_changes")]
    body = {
        "items": [talk(pull=pull(place, reviews=reviews))],
        "people": {"octocat": "writer", "hubot": "maintainer"},
    }

    assert place.world.client("administrator").post(API, json=body).json["reviews"] == 2

    shown = place.world.client("reader").get(f"/api/v1/repos/{NOTES}/pulls/7/reviews").json
    found = [(each["author"], each["verdict"], each["is_dismissed"]) for each in shown["items"]]
    assert found == [
        ("writer", "approve", True),
        ("maintainer", "request_changes", False),
    ]


@ON_ONE
def test_one_of_a_fork_that_is_gone_stays_open(place):
    body = {"items": [talk(pull=pull(place, source="elsewhere", is_from_fork=True))]}
    place.world.client("owner").post(API, json=body)
    place.run_jobs()

    facts = place.facts(7)

    assert (facts.merged, facts.is_from_fork, facts.source_id) == (None, True, None)
    assert facts.merge_state is MergeState.CLEAN


@ON_ONE
def test_names_in_texts_are_those_of_here_and_nobody_is_told(notes):
    notes.administrator()
    notes.user("writer")
    body = "@octocat and @owner, look."
    item = talk(body=body, author="octocat", comments=comments(body))

    answer = notes.client("administrator").post(
        API, json={"items": [item], "people": {"octocat": "writer"}}
    )

    assert answer.status_code == 200, answer.json
    place = "/api/v1/repos/lab/notes/issues/7"
    issue = notes.client("owner").get(place).json
    said = notes.client("owner").get(f"{place}/comments").json["items"]
    assert [issue["body"], *(each["body"] for each in said)] == ["@writer and `@owner`, look."] * 2
    for name in ("owner", "writer"):
        assert notes.client(name).get("/api/v1/user/notifications").json["items"] == []


@ON_ONE
def test_what_a_pull_request_loses_as_an_issue_is_counted(notes):
    said = {"author": "octocat", "body": "Why?", "created_at": AT}
    review = {"author": "octocat", "verdict": "approve", "submitted_at": AT}
    place = {"commit": "", "path": "roof"}
    pull = {
        "source": "mend",
        "target": "main",
        "head": "a" * 40,
        "reviews": [review],
        "threads": [{"places": [place], "comments": [said, said]}],
    }

    came = notes.client("owner").post(API, json={"items": [talk(pull=pull)]}).json

    assert (came["as_issues"], came["reviews"], came["lost"]) == ([7], 0, 3)

"""What people say of commits: comments on the whole or on lines, reactions, labels."""

from __future__ import annotations

from functools import partial

import pytest
import sqlalchemy as sa

from appliance.db.labels import Label
from appliance.db.repositories import Repository
from appliance.domain.permissions import Role
from tests.commands import saying
from tests.web.code_pages import build

REPO = "/api/v1/repos/lab/odd"
ON_ONE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def odd(world):
    """A repository with two commits and a label, and who may do what on it."""
    builder, one = build(world, "lab/odd", {b"a.py": b"one\ntwo\nthree\n"})
    two = builder.commit({b"a.py": b"one\n2\nthree\n"}, parents=[one], message=b"Second\n")
    for role in (Role.READER, Role.TRIAGER, Role.WRITER):
        world.user(str(role), role=role, on="lab/odd")
    world.user("outsider")
    given = {"repository_id": world.one(sa.select(Repository)).id, "colour": "9c2f5c"}
    for name in ("security", "hotfix"):
        world.add(Label(name=name, name_key=name, **given))
    world.commits = (one, two)
    world.at = f"{REPO}/commits/{two}"
    world.page = f"/lab/odd/commit/{two}"
    return world


def said(world, who="reader", **body):  # noqa: ANN003 - a body.
    answer = world.client(who).post(f"{world.at}/comments", json={"body": "So", **body})
    assert answer.status_code == 201, answer.text
    return answer.json


def test_a_commit_is_spoken_of_as_a_whole_and_by_lines(odd):
    first = said(odd, body="**Good**")
    second = said(odd, "writer", path="a.py", line=2, side="old")
    client = odd.client("reader")

    found = client.get(f"{odd.at}/comments").json["items"]
    assert [each["id"] for each in found] == [first["id"], second["id"]]
    assert (first["path"], first["line"], first["author"]) == ("", None, "reader")
    spot = [second[name] for name in ("path", "side", "start_line", "line")]
    assert spot == ["a.py", "old", 2, 2]
    assert client.get(f"{REPO}/commits/{odd.commits[0]}/comments").json["items"] == []
    assert odd.events() == ["commit.commented"] * 2


@ON_ONE
def test_one_says_it_otherwise_reacts_and_takes_it_back(odd):
    made = said(odd)
    at = f"{odd.at}/comments/{made['id']}"
    reader, writer = odd.client("reader"), odd.client("writer")

    assert reader.patch(at, json={"body": "Better"}).json["body"] == "Better"
    for _ in range(2):
        assert writer.put(f"{at}/reactions/heart").status_code == 204
    assert reader.get(at).json["reactions"] == {"heart": 1}
    assert writer.delete(f"{at}/reactions/heart").status_code == 204
    assert reader.get(at).json["reactions"] == {}
    assert odd.client("triager").delete(at).status_code == 204
    assert reader.get(at).status_code == 404
    (mark,) = reader.get(f"{odd.at}/comments").json["items"]
    assert (mark["is_deleted"], mark["body"], mark["deleted_by"]) == (True, "", "triager")
    assert odd.events() == [
        *("commit.commented", "commit.comment_changed", "commit.reacted"),
        *("commit.reaction_removed", "commit.comment_deleted"),
    ]


@ON_ONE
@pytest.mark.parametrize(
    ("who", "speak", "change", "label"),
    [("outsider", 404, 404, 404), ("reader", 201, 200, 403), ("writer", 201, 200, 200)],
)
def test_who_may_read_speaks_and_triagers_label(odd, who, speak, change, label):
    at = f"{odd.at}/comments/{said(odd)['id']}"
    client = odd.client(who)

    assert client.post(f"{odd.at}/comments", json={"body": "So"}).status_code == speak
    assert client.patch(at, json={"body": "No"}).status_code == change
    assert client.put(f"{odd.at}/labels", json={"labels": ["security"]}).status_code == label


@ON_ONE
def test_nobody_changes_what_another_said_but_triagers(odd):
    at = f"{odd.at}/comments/{said(odd, 'writer')['id']}"

    assert odd.client("reader").patch(at, json={"body": "No"}).status_code == 403
    assert odd.client("reader").delete(at).status_code == 403
    assert odd.client("triager").patch(at, json={"body": "Yes"}).status_code == 200


@ON_ONE
def test_what_is_not_there_is_not_spoken_of(odd):
    client = odd.client("reader")
    made = said(odd)
    other = f"{REPO}/commits/{odd.commits[0]}/comments/{made['id']}"

    assert client.get(other).status_code == 404
    nowhere = f"{REPO}/commits/{'1' * 40}/comments"
    assert client.post(nowhere, json={"body": "So"}).status_code == 404
    for wrong in ({"body": " "}, {"body": "x", "line": 3}, {"body": "x", "path": "a", "line": 0}):
        assert client.post(f"{odd.at}/comments", json=wrong).status_code == 422
    wanted = {"labels": ["absent"]}
    assert odd.client("writer").put(f"{odd.at}/labels", json=wanted).status_code == 422


def test_labels_sort_commits_and_find_them_again(odd):
    client = odd.client("triager")
    at = f"{odd.at}/labels"

    given = client.put(at, json={"labels": ["Security", "hotfix"]}).json["labels"]
    assert [each["name"] for each in given] == ["hotfix", "security"]
    assert client.put(at, json={"labels": ["security"]}).status_code == 200
    assert client.put(at, json={"labels": ["security"]}).status_code == 200
    (found,) = client.get(f"{REPO}/labelled-commits?label=security").json["items"]
    assert found["commit"] == odd.commits[1]
    assert client.get(f"{REPO}/labelled-commits?label=hotfix").json["items"] == []
    assert odd.events() == ["commit.labels_changed"] * 2
    assert odd.client("outsider").get(f"{REPO}/labelled-commits?label=security").status_code == 404
    page = odd.browser("reader").get("/lab/odd/labelled-commits?label=security").text
    assert ">Second<" in page
    assert "security" in odd.browser("reader").get("/lab/odd/commits").text


@ON_ONE
def test_the_page_shows_what_was_said_where_it_was_said(odd):
    said(odd, body="Of the **whole** <script>")
    said(odd, body="Of a line", path="a.py", line=2)
    said(odd, body="Of a file", path="a.py")
    said(odd, body="Of another file", path="gone.py", line=7)
    page = odd.browser("reader").get(odd.page).text
    diff, below = page.split('id="comments"')

    assert "Of a line" in diff
    assert "Of a file" in diff
    assert "Of the <strong>whole</strong>" in below
    assert "<script>" not in below.split("</section>")[0]
    assert "gone.py · Line 7" in below
    assert (
        "No comments on this commit yet"
        in odd.browser("reader").get(f"/lab/odd/commit/{odd.commits[0]}").text
    )


@ON_ONE
def test_one_speaks_of_a_commit_without_script(odd):
    browser = odd.browser("triager")
    form = browser.get(f"{odd.page}/comments/new?path=a.py").text
    assert "From line" in form
    piece = browser.get(f"{odd.page}/comments/new?path=a.py&side=new&start=1&line=2&part=form").text
    assert "Lines 1 to 2" in piece
    made = browser.post(
        f"{odd.page}/comments", data={"body": "Here", "path": "a.py", "start": "1", "line": "2"}
    )
    assert made.status_code == 303
    comment = made.location.split("#comment-")[1]
    at = f"{odd.page}/comments/{comment}"
    assert "Here" in browser.get(f"{at}/edit").text
    assert browser.post(f"{at}/edit", data={"body": "There"}).status_code == 303
    assert browser.post(f"{at}/react", data={"reaction": "eyes", "given": "yes"}).status_code == 303
    assert browser.post(f"{odd.page}/labels", data={"labels": "hotfix"}).status_code == 303
    page = browser.get(odd.page).text
    assert "There" in page
    assert 'aria-pressed="true" title="Eyes"' in page
    assert "hotfix" in page
    assert browser.post(f"{odd.page}/comments", data={"body": " "}).status_code == 422
    assert browser.post(f"{at}/delete").status_code == 303
    assert "was deleted by triager" in browser.get(odd.page).text


@ON_ONE
def test_the_command_line_speaks_of_commits(odd, capsys, monkeypatch):
    with saying(odd, "triager", monkeypatch, capsys) as say:
        run = partial(say, "repo", "commit")
        run("comment", "lab/odd", "main", "--body", "So", "--path", "a.py", "--line", "2")
        (found,) = run("comments", "lab/odd", "main")
        assert (found["path"], found["line"], found["body"]) == ("a.py", 2, "So")
        assert run("label", "lab/odd", "main", "security")[0]["name"] == "security"
        assert run("labelled", "lab/odd", "security")[0]["commit"] == odd.commits[1]
        assert run("label", "lab/odd", "main", "--none") == []

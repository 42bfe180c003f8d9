"""Files, stashes and reactions by the command line."""

from __future__ import annotations

import pytest

from tests.services.pulling import NOTES

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
FILE, STASH = ("repo", "file"), ("repo", "stash")


@pytest.fixture
def say(as_maintainer):
    return as_maintainer


def test_files_are_written_read_moved_and_removed(say, tmp_path):
    there, back = tmp_path / "there", tmp_path / "back"
    there.write_bytes(b"\xff\x00odd")
    made = say(*FILE, "write", NOTES, "a b/odd", str(there), "--branch", "new", "--start", "main")
    assert made["branch"] == "new"
    assert say(*FILE, "read", NOTES, "a b/odd", "--ref", "new", "--out", str(back)) is None
    assert back.read_bytes() == there.read_bytes()
    say(*FILE, "move", NOTES, "a b/odd", "plain", "--branch", "new", "--message", "Call it so.")
    found = say(*FILE, "list", NOTES, "--ref", "new")
    assert "plain" in [each["path"] for each in found]
    assert say(*FILE, "list", NOTES, "a b", "--ref", "new", status=4) is None
    say(*FILE, "write", NOTES, "lines", str(back), "--branch", "new")
    assert say(*FILE, "blame", NOTES, "Readme.md", status=4) is None
    late = ("--branch", "new", "--expected-head", made["commit"])
    assert say(*FILE, "remove", NOTES, "plain", "--yes", *late, status=5) is None
    assert say(*FILE, "remove", NOTES, "plain", "--dry-run") == {"would_remove": "plain"}
    say(*FILE, "remove", NOTES, "plain", "--yes", "--branch", "new")
    assert say(*FILE, "read", NOTES, "plain", "--ref", "new", status=4) is None


def test_changes_are_set_aside_and_applied(say, tmp_path):
    (tmp_path / "plan").write_text("Begin.\n")
    written = ("--write", f"plan.txt={tmp_path / 'plan'}")
    made = say(*STASH, "create", NOTES, *written, "--message", "A plan")
    assert made["message"] == "A plan"
    assert say(*FILE, "read", NOTES, "plan.txt", status=4) is None
    assert [each["id"] for each in say(*STASH, "list", NOTES)] == [made["id"]]
    assert say(*STASH, "show", NOTES, made["id"])["commit"] == made["commit"]
    say(*STASH, "apply", NOTES, made["id"], "--dry-run")
    assert say(*STASH, "apply", NOTES, made["id"])["after"]
    assert say(*FILE, "read", NOTES, "plan.txt")["content"] == "Begin.\n"
    say(*STASH, "drop", NOTES, made["id"], "--yes")
    assert say(*STASH, "list", NOTES) == []
    assert say(*STASH, "push", NOTES, status=2) is None


def test_a_stash_is_popped_stored_made_a_branch_and_cleared(say, tmp_path):
    (tmp_path / "plan").write_text("Begin.\n")
    pushed = ("push", NOTES, "--write", f"plan.txt={tmp_path / 'plan'}")
    first, second = (say(*STASH, *pushed)["id"] for _each in range(2))
    made = say(*STASH, "branch", NOTES, first, "planned", "--message", "Plan")
    assert (made["branch"], made["result"]) == ("planned", "done")
    kept = say(*STASH, "store", NOTES, "planned", "--message", "Again")
    assert say(*STASH, "pop", NOTES, second)["result"] == "done"
    assert say(*STASH, "clear", NOTES, "--dry-run") == {"would_drop": [kept["id"]]}
    assert say(*STASH, "clear", NOTES, "--yes") == {"dropped": [kept["id"]]}
    assert say(*STASH, "list", NOTES) == []


def test_one_reacts_to_what_was_said_and_takes_it_back(say, world):
    client = world.client("maintainer")
    pull, heart = f"/api/v1/repos/{NOTES}/pulls/1", {"heart": 1}
    said = client.post(f"{pull}/comments", json={"body": "So"}).json["id"]
    of_pull = ("pr", "react", NOTES, "1", "heart")
    say(*of_pull)
    say(*of_pull, "--comment", said)
    assert client.get(f"{pull}/comments/{said}").json["reactions"] == heart
    say(*of_pull, "--comment", said, "--undo")
    assert client.get(f"{pull}/comments/{said}").json["reactions"] == {}
    assert client.get(pull).json["reactions"] == heart
    say("issue", "create", NOTES, "The roof leaks")
    assert say("issue", "react", NOTES, "2", "eyes") == {"reaction": "eyes", "given": True}


def test_one_reacts_to_a_comment_on_a_line_and_on_a_commit(say, world):
    client = world.client("maintainer")
    pull = f"/api/v1/repos/{NOTES}/pulls/1"
    spot = {"path": "new", "line": 1, "body": "Why?"}
    thread = client.post(f"{pull}/threads", json=spot).json
    said = thread["comments"][0]["id"]
    say("pr", "react", NOTES, "1", "rocket", "--line-comment", said)
    (found,) = client.get(f"{pull}/threads").json["items"]
    assert found["comments"][0]["reactions"] == {"rocket": 1}
    commit = client.get(f"/api/v1/repos/{NOTES}/commits").json["items"][0]["oid"]
    say("repo", "commit", "comment", NOTES, commit, "--body", "So")
    (comment,) = say("repo", "commit", "comments", NOTES, commit)
    say("repo", "commit", "react", NOTES, commit, comment["id"], "laugh")
    (again,) = say("repo", "commit", "comments", NOTES, commit)
    assert again["reactions"] == {"laugh": 1}

"""Changes set aside, over HTTP: each is its owner's, and merged when it is applied."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from appliance.domain.permissions import Role, Scope
from appliance.services import stashes

REPOSITORY = "/api/v1/repos/lab/notes"
LINES = "".join(f"line {number}\n" for number in range(20))
CHANGES = [{"action": "write", "path": "file", "content": LINES.replace("line 1\n", "ONE\n")}]


@pytest.fixture
def writer(world):
    world.repository("lab/notes")
    world.user("writer", role=Role.WRITER, on="lab/notes")
    client = world.client("writer")
    write(client, LINES)
    return client


def write(client, content):
    answer = client.put(f"{REPOSITORY}/write/file", json={"content": content})
    assert answer.status_code == 200, answer.json
    return answer.json["commit"]


def set_aside(client, changes=CHANGES, **more: object):
    answer = client.post(f"{REPOSITORY}/stash", json={"changes": changes, **more})
    assert answer.status_code == 201, answer.json
    return answer.json


def apply(client, stash, **body: object):
    return client.post(f"{REPOSITORY}/stash/{stash['id']}/apply", json=body)


def listed(client):
    return [each["id"] for each in client.get(f"{REPOSITORY}/stash").json["items"]]


def refs(world):
    folder = world.folder(world._repository("lab/notes"))
    words = ["git", "for-each-ref", "--format=%(refname)", "refs/internal"]
    return subprocess.run(words, cwd=folder, capture_output=True, check=True).stdout.split()


def read(client):
    return client.get(f"{REPOSITORY}/read/file").json["content"]


def test_a_change_is_set_aside_and_taken_back(world, writer):
    stash = set_aside(writer, message="Half done")
    assert (stash["message"], stash["branch"]) == ("Half done", "main")
    assert read(writer) == LINES
    assert listed(writer) == [stash["id"]]
    assert writer.get(f"{REPOSITORY}/stash/{stash['id']}").json == stash
    write(writer, LINES.replace("line 18\n", "EIGHTEEN\n"))
    applied = apply(writer, stash, drop=True)
    assert applied.json["result"] == "done", applied.json
    assert "ONE" in read(writer)
    assert "EIGHTEEN" in read(writer)
    assert listed(writer) == []
    assert refs(world) == []
    changes = [kind for kind in world.events() if kind != "git.raw_downloaded"]
    assert changes[-4:] == ["git.stashed", "git.pushed", "git.pushed", "git.stash_dropped"]


def test_what_is_set_aside_is_its_owners_alone(world, writer):
    stash = set_aside(writer)
    world.user("second", role=Role.WRITER, on="lab/notes")
    second = world.client("second")
    place = f"{REPOSITORY}/stash/{stash['id']}"
    assert listed(second) == []
    assert second.get(place).status_code == 404
    assert second.delete(place).status_code == 404
    assert apply(second, stash).status_code == 404
    assert second.get(f"{REPOSITORY}/tree?ref={refs(world)[0].decode()}").status_code == 404
    assert listed(writer) == [stash["id"]]


def test_a_dropped_stash_is_gone(world, writer):
    stash = set_aside(writer)
    assert writer.delete(f"{REPOSITORY}/stash/{stash['id']}").status_code == 204
    assert listed(writer) == []
    assert refs(world) == []
    assert writer.delete(f"{REPOSITORY}/stash/{stash['id']}").status_code == 404
    assert world.events()[-2:] == ["git.stashed", "git.stash_dropped"]


def test_a_stash_that_does_not_go_with_the_branch_says_where(writer):
    stash = set_aside(writer)
    write(writer, LINES.replace("line 1\n", "FIRST\n"))
    refused = apply(writer, stash, drop=True)
    assert (refused.status_code, refused.json["code"]) == (409, "merge_conflict")
    assert listed(writer) == [stash["id"]]
    decided = apply(writer, stash, resolutions=[{"path": "file", "take": "theirs"}])
    assert decided.json["result"] == "done"
    assert read(writer) == CHANGES[0]["content"]


def test_a_stash_is_applied_to_another_branch_if_that_is_where_it_was(writer):
    stash = set_aside(writer)
    head = writer.get(f"{REPOSITORY}/branches").json["items"][0]["commit"]
    writer.post(f"{REPOSITORY}/branches", json={"name": "topic", "start": "main"})
    late = apply(writer, stash, branch="topic", expected_head="0" * 40)
    assert late.status_code == 412
    done = apply(writer, stash, branch="topic", expected_head=head).json
    assert (done["branch"], done["before"]) == ("topic", head)
    assert read(writer) == LINES


def test_a_change_of_nothing_is_not_set_aside(world, writer):
    same = [{"action": "write", "path": "file", "content": LINES}]
    answer = writer.post(f"{REPOSITORY}/stash", json={"changes": same})
    assert answer.status_code == 409
    assert refs(world) == []


def test_a_branch_is_made_of_a_stash_where_it_was_set_aside(world, writer):
    base = writer.get(f"{REPOSITORY}/branches").json["items"][0]["commit"]
    stash = set_aside(writer, message="Half done")
    write(writer, LINES.replace("line 1\n", "FIRST\n"))
    place = f"{REPOSITORY}/stash/{stash['id']}/branch"
    assert writer.post(place, json={"name": "main"}).status_code == 409
    assert writer.post(place, json={"name": "not so"}).status_code == 422
    assert listed(writer) == [stash["id"]]
    made = writer.post(place, json={"name": "half-done"}).json
    assert (made["result"], made["branch"], made["before"]) == ("done", "half-done", base)
    (commit, below) = writer.get(f"{REPOSITORY}/commits?ref=half-done").json["items"]
    assert (commit["oid"], below["oid"]) == (made["after"], base)
    assert commit["message"].strip() == "Half done"
    there = writer.get(f"{REPOSITORY}/read/file?ref=half-done").json["content"]
    assert there == CHANGES[0]["content"]
    assert (listed(writer), refs(world)) == ([], [])
    assert writer.post(place, json={"name": "again"}).status_code == 404
    changes = [kind for kind in world.events() if kind != "git.raw_downloaded"]
    assert changes[-2:] == ["git.pushed", "git.stash_dropped"]


def test_all_of_ones_own_are_dropped_at_once(world, writer):
    stashes_made = [set_aside(writer)["id"], set_aside(writer)["id"]]
    world.user("second", role=Role.WRITER, on="lab/notes")
    second = world.client("second")
    other = set_aside(second)
    gone = writer.delete(f"{REPOSITORY}/stash")
    assert (gone.status_code, gone.json["dropped"]) == (200, stashes_made[::-1])
    assert (listed(writer), listed(second)) == ([], [other["id"]])
    assert len(refs(world)) == 1
    assert writer.delete(f"{REPOSITORY}/stash").json["dropped"] == []


def test_a_token_that_may_only_read_drops_nothing(world, writer):
    stash = set_aside(writer)
    reading = world.client("writer", Scope.REPOSITORY_READ)
    assert reading.get(f"{REPOSITORY}/stash/{stash['id']}").status_code == 200
    assert reading.delete(f"{REPOSITORY}/stash/{stash['id']}").status_code == 403
    assert reading.delete(f"{REPOSITORY}/stash").status_code == 403
    assert listed(writer) == [stash["id"]]


def test_a_commit_that_is_there_is_set_aside(writer):
    first = writer.get(f"{REPOSITORY}/branches").json["items"][0]["commit"]
    changed = write(writer, CHANGES[0]["content"])
    place = f"{REPOSITORY}/stash/store"
    late = writer.post(place, json={"commit": "main", "expected_head": first})
    assert late.status_code == 412
    assert writer.post(place, json={"commit": first}).status_code == 422
    assert writer.post(place, json={"commit": "nowhere"}).status_code == 404
    kept = writer.post(place, json={"commit": "main", "message": "Later"}).json
    assert (kept["commit"], kept["base"], kept["message"]) == (changed, first, "Later")
    writer.post(f"{REPOSITORY}/reset", json={"to": first})
    assert read(writer) == LINES
    assert apply(writer, kept, drop=True).json["result"] == "done"
    assert read(writer) == CHANGES[0]["content"]


def test_there_must_be_room_for_what_is_set_aside(world, writer):
    world.configure(CODARA_LIMITS__REPOSITORY_QUOTA_BYTES="1")
    answer = world.client("writer").post(f"{REPOSITORY}/stash", json={"changes": CHANGES})
    assert (answer.status_code, answer.json["code"]) == (507, "quota_exceeded")


def test_a_reader_sets_nothing_aside(world, writer):
    world.user("reader", role=Role.READER, on="lab/notes")
    reader = world.client("reader")
    assert reader.post(f"{REPOSITORY}/stash", json={"changes": CHANGES}).status_code == 403


def test_maintenance_removes_refs_that_no_row_claims(world, writer):
    kept = set_aside(writer)
    lost = set_aside(writer)
    repository = world._repository("lab/notes").id
    claimed = frozenset({UUID(kept["id"])})
    sweep = {"tools": world.wiring.git}
    stashes.sweep(repository, claimed, now=datetime.now(UTC), **sweep)
    assert len(refs(world)) == 2, lost
    stashes.sweep(repository, claimed, now=datetime.now(UTC) + timedelta(hours=2), **sweep)
    assert refs(world) == [b"refs/internal/stash/" + UUID(kept["id"]).hex.encode()]

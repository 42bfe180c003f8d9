"""Merge, rebase, cherry-pick, revert and reset over HTTP."""

from __future__ import annotations

import json

import pytest

from appliance.domain.permissions import Role

REPOSITORY = "/api/v1/repos/lab/notes"
LINES = "".join(f"line {number}\n" for number in range(20))


@pytest.fixture
def writer(world):
    world.repository("lab/notes")
    world.user("writer", role=Role.WRITER, on="lab/notes")
    return world.client("writer")


@pytest.fixture
def forked(writer):
    """`main` and `topic` change different lines of one file; gives both heads."""
    base = write(writer, "file", LINES)
    assert post(writer, "branches", name="topic", start=base)["commit"] == base
    ours = write(writer, "file", LINES.replace("line 1\n", "ONE\n"))
    theirs = write(writer, "file", LINES.replace("line 18\n", "EIGHTEEN\n"), branch="topic")
    return ours, theirs


@pytest.fixture
def torn(writer):
    """`main` and `topic` change the same line."""
    base = write(writer, "file", "0\n")
    post(writer, "branches", name="topic", start=base)
    return write(writer, "file", "1\n"), write(writer, "file", "2\n", branch="topic")


def write(client, path, content, branch="main"):
    body = {"content": content, "branch": branch, "message": f"Write {content[:5]}"}
    answer = client.put(f"{REPOSITORY}/write/{path}", json=body)
    assert answer.status_code == 200, answer.json
    return answer.json["commit"]


def post(client, verb, **body: object):
    answer = client.post(f"{REPOSITORY}/{verb}", json=body)
    assert answer.status_code < 300, answer.json
    return answer.json


def read(client, path="file", ref="main"):
    return client.get(f"{REPOSITORY}/read/{path}?ref={ref}").json["content"]


def commits(client, ref="main"):
    return client.get(f"{REPOSITORY}/commits?ref={ref}").json["items"]


def operation_of(world):
    """What the last entry about a push says of it."""
    body = world.recorded("git.pushed")[-1].body
    return {name: body.get(name) for name in ("operation", "sources")}


@pytest.mark.parametrize(
    ("method", "parents"),
    [("merge", 2), ("squash", 1), ("rebase", 1), ("semi-linear", 2)],
)
def test_a_branch_is_merged_by_each_method(world, writer, forked, method, parents):
    ours, theirs = forked
    said = post(writer, "merge", source="topic", method=method, expected_head=ours)
    assert (said["result"], said["before"], said["new_commits"]) == (
        "done",
        ours,
        len(said["commits"]),
    )
    assert "ONE" in read(writer)
    assert "EIGHTEEN" in read(writer)
    top = commits(writer)[0]
    assert (top["oid"], len(top["parents"])) == (said["after"], parents)
    assert top["signature"]["by_appliance"]
    kind = "merge" if method == "merge" else f"merge-{method}"
    assert operation_of(world) == {"operation": kind, "sources": [theirs]}


def test_a_merge_names_the_branch_in_gits_words(writer, forked):
    post(writer, "merge", source="topic")
    assert commits(writer)[0]["message"] == "Merge branch 'topic'\n"


def test_a_fast_forward_makes_no_commit(writer, forked):
    ours, theirs = forked
    refused = writer.post(f"{REPOSITORY}/merge", json={"source": "topic", "method": "fast-forward"})
    assert (refused.status_code, refused.json["code"]) == (409, "conflict")
    post(writer, "branches", name="behind", start=f"{theirs}")
    post(writer, "rebase", branch="topic", onto="main")
    said = post(writer, "merge", source="topic", method="fast-forward")
    assert (said["commits"], said["before"]) == ([], ours)


def test_what_is_merged_already_changes_nothing(world, writer, forked):
    post(writer, "merge", source="topic")
    count = len(world.events())
    assert post(writer, "merge", source="topic")["result"] == "unchanged"
    assert len(world.events()) == count


def test_a_conflict_names_the_paths_and_is_resolved(world, writer, torn):
    ours, _theirs = torn
    refused = writer.post(f"{REPOSITORY}/merge", json={"source": "topic"})
    assert (refused.status_code, refused.json["code"]) == (409, "merge_conflict")
    assert refused.content_type == "application/problem+json"
    assert refused.json["detail"].startswith("Conflicts in file. ")
    (conflict,) = refused.json["conflicts"]
    assert (conflict["path"], conflict["kind"]) == ("file", "content")
    assert all(conflict[side]["mode"] == "100644" for side in ("base", "ours", "theirs"))
    assert commits(writer)[0]["oid"] == ours
    said = post(
        writer, "merge", source="topic", resolutions=[{"path": "file", "content": "1 and 2\n"}]
    )
    assert (said["result"], read(writer)) == ("done", "1 and 2\n")


@pytest.mark.parametrize(
    "resolution",
    [
        {"path": "file"},
        {"path": "file", "take": "ours", "content": "x"},
        {"path": "other", "take": "ours"},
        {"path": "", "take": "ours"},
    ],
)
def test_a_resolution_that_says_nothing_is_refused(writer, torn, resolution):
    answer = writer.post(
        f"{REPOSITORY}/merge",
        json={
            "source": "topic",
            "resolutions": [{"path": "file", "take": "theirs"}, resolution],
        },
    )
    assert answer.status_code == 422


def test_a_dry_run_says_what_would_come_of_it(world, writer, torn):
    count = len(world.events())
    said = post(writer, "merge", source="topic", dry_run=True)
    assert (said["result"], said["after"], said["dry_run"]) == ("conflicts", None, True)
    assert [each["path"] for each in said["conflicts"]] == ["file"]
    decided = [{"path": "file", "take": "theirs"}]
    said = post(writer, "merge", source="topic", dry_run=True, resolutions=decided)
    assert (said["result"], said["new_commits"], said["commits"]) == ("done", 1, [])
    assert commits(writer)[0]["oid"] == torn[0]
    assert len(world.events()) == count


VERBS = {
    "merge": {"source": "topic"},
    "rebase": {"onto": "topic"},
    "cherry-pick": {"commits": ["topic"]},
    "revert": {"commits": ["main"]},
    "reset": {"to": "topic"},
}


@pytest.mark.parametrize("verb", VERBS)
def test_a_branch_that_has_moved_is_left_alone(writer, forked, verb):
    _ours, theirs = forked
    late = writer.post(f"{REPOSITORY}/{verb}", json={**VERBS[verb], "expected_head": theirs})
    assert (late.status_code, late.json["code"]) == (412, "precondition_failed")
    assert commits(writer)[0]["oid"] == forked[0]


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.promise("P12")
def test_a_protected_branch_holds_against_every_operation(world, writer, forked, verb):
    world.user("owner", role=Role.OWNER, on="lab/notes")
    rule = {"pattern": "main", "push_role": "maintainer"}
    assert world.client("owner").put(f"{REPOSITORY}/protections", json=rule).status_code == 200
    refused = writer.post(f"{REPOSITORY}/{verb}", json=VERBS[verb])
    assert (refused.status_code, refused.json["code"]) == (403, "protected")
    assert world.events()[-1] == "git.push_refused"
    assert commits(writer)[0]["oid"] == forked[0]


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.promise("P14")
def test_every_operation_is_one_recorded_push_that_names_it(world, writer, forked, verb):
    count = len(world.events())
    said = post(writer, verb, **VERBS[verb])
    assert world.events()[count:] == ["git.pushed"]
    found = operation_of(world)
    assert found["operation"] == verb
    assert found["sources"] == [forked[0] if verb == "revert" else forked[1]]
    (newest, *_older) = writer.get(f"{REPOSITORY}/pushes").json["items"]
    assert (newest["operation"], newest["refs"][0]["new"]) == (verb, said["after"])


def test_a_rebase_and_a_reset_that_lose_commits_are_forced_moves(world, writer, forked):
    world.user("owner", role=Role.OWNER, on="lab/notes")
    rule = {"pattern": "topic"}
    world.client("owner").put(f"{REPOSITORY}/protections", json=rule)
    for verb, body in (("rebase", {"onto": "main"}), ("reset", {"to": "main"})):
        refused = writer.post(f"{REPOSITORY}/{verb}", json={"branch": "topic", **body})
        assert (refused.status_code, refused.json["code"]) == (403, "protected")


def test_commits_are_picked_with_their_authors_and_reverted(world, writer, forked):
    world.user("second", role=Role.WRITER, on="lab/notes")
    second = world.client("second")
    post(second, "cherry-pick", commits=["topic"], record_origin=True)
    top = commits(writer)[0]
    assert (top["author"]["email"], top["committer"]["email"]) == (
        "writer@codara.test",
        "second@codara.test",
    )
    assert f"(cherry picked from commit {forked[1]})" in top["message"]
    post(second, "revert", commits=[top["oid"]])
    assert "EIGHTEEN" not in read(writer)
    assert commits(writer)[0]["message"].startswith('Revert "Write line"')
    empty = second.post(f"{REPOSITORY}/cherry-pick", json={"commits": [forked[0]]})
    assert empty.status_code == 409


def test_a_merge_needs_a_main_line_to_be_reverted(writer, forked):
    merged = post(writer, "merge", source="topic")["after"]
    refused = writer.post(f"{REPOSITORY}/revert", json={"commits": [merged]})
    assert refused.json["errors"][0]["field"] == "mainline"
    post(writer, "revert", commits=[merged], mainline=1)
    assert "EIGHTEEN" not in read(writer)


def test_the_same_request_twice_is_done_once(writer, forked):
    key = {"Idempotency-Key": "merge-topic-once"}
    body = {"source": "topic"}
    first, second = (writer.post(f"{REPOSITORY}/merge", json=body, headers=key) for _ in range(2))
    assert first.json == second.json
    assert second.headers["Idempotency-Replayed"] == "true"


def test_a_reader_moves_nothing_and_a_stranger_learns_nothing(world, writer, forked):
    world.user("reader", role=Role.READER, on="lab/notes")
    world.user("nobody")
    for verb, body in VERBS.items():
        place = f"{REPOSITORY}/{verb}"
        assert world.client("reader").post(place, json=body).status_code == 403
        assert world.client("nobody").post(place, json=body).status_code == 404


def test_many_changes_are_one_commit(world, writer):
    head = write(writer, "one", "1")
    blob = writer.get(f"{REPOSITORY}/read/one").json["oid"]
    changes = [
        {"action": "write", "path": "two", "content": "2", "expected": ""},
        {"action": "move", "path": "one", "to": "lib/one", "expected": blob},
        {"action": "write", "path_base64": "/w==", "content": "/w==", "encoding": "base64"},
    ]
    said = post(writer, "changes", message="Change much", changes=changes, expected_head=head)
    assert said["before"] == head
    names = [each["path"] for each in writer.get(f"{REPOSITORY}/tree").json["items"]]
    assert names == ["lib", "two", "\\xff"]
    assert operation_of(world) == {"operation": "change-files", "sources": None}
    late = writer.post(f"{REPOSITORY}/changes", json={"changes": changes[:1]})
    assert (late.status_code, late.json["code"]) == (412, "precondition_failed")


def test_conflicts_are_described(writer):
    described = json.dumps(writer.get("/api/v1/openapi.json").json["components"]["schemas"])
    assert "ConflictAnswer" in described

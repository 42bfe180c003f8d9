"""What is changed without git keeps the limits of pushes: size, depth, room; before a ref moves."""

from __future__ import annotations

import pytest

from appliance.domain.permissions import Role
from tests.git.builder import Builder
from tests.web.code_pages import build

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
REPO = "/api/v1/repos/lab/odd"
MIB = 1024 * 1024


@pytest.fixture
def odd(world):
    """A repository with a commit on main and a branch `topic`, and a writer."""
    world.configure(CODARA_LIMITS__FILE_SIZE_BYTES=str(MIB), CODARA_LIMITS__PATH_DEPTH="3")
    builder, first = build(world, "lab/odd", {b"a": b"x\n", b"d/b": b"y\n"})
    builder.commit({b"a": b"x\n", b"c": b"z\n"}, parents=[first], branch=b"topic", message=b"T\n")
    world.user("writer", role=Role.WRITER, on="lab/odd")
    world.client_of_writer = world.client("writer")
    world.builder = builder
    return world


def head(world) -> str:
    return world.client_of_writer.get(f"{REPO}/branches").json["items"][0]["target"]


def change(world, *changes: dict[str, str]):
    body = {"message": "Change", "changes": list(changes)}
    return world.client_of_writer.post(f"{REPO}/changes", json=body)


@pytest.mark.promise("P74")
@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (
            [{"action": "write", "path": "big", "content": "x" * (MIB + 1)}],
            "the limit for files is 1 MiB",
        ),
        ([{"action": "write", "path": "1/2/3/4/5", "content": "x"}], "too long or too deep"),
        ([{"action": "move", "path": "d", "to": "1/2/3/4"}], "too long or too deep"),
    ],
)
def test_a_change_over_a_limit_moves_nothing(odd, changes, says):
    before = head(odd)
    answer = change(odd, *changes)

    assert (answer.status_code, says in answer.json["detail"]) == (403, True), answer.json
    assert head(odd) == before
    assert odd.events() == ["git.push_refused"]


def test_what_is_at_a_limit_goes_in(odd):
    written = {"action": "write", "path": "1/2/3/4", "content": "x" * MIB}
    assert change(odd, written).status_code == 200


@pytest.mark.promise("P74")
def test_no_change_goes_past_the_room_of_a_repository(odd):
    odd.configure(CODARA_LIMITS__REPOSITORY_QUOTA_BYTES="10")
    odd.client_of_writer = odd.client("writer")
    before = head(odd)
    full = change(odd, {"action": "write", "path": "new", "content": "some bytes more"})
    merged = odd.client_of_writer.post(f"{REPO}/merge", json={"source": "topic", "method": "merge"})

    assert (full.status_code, merged.status_code) == (403, 403)
    assert "has room for" in full.json["detail"]
    assert head(odd) == before
    made = odd.client_of_writer.post(f"{REPO}/branches", json={"name": "same", "start": "topic"})
    assert made.status_code == 201, "what brings nothing needs no room"
    gone = odd.client_of_writer.delete(f"{REPO}/branches/topic")
    assert gone.status_code == 204, "or nobody could make room"


def test_a_large_file_in_a_branch_is_nothing_new_in_a_merge(odd):
    builder: Builder = odd.builder
    start = builder.commit({b"a": b"x\n"}, branch=b"other", message=b"O\n")
    builder.commit({b"a": b"x\n", b"big": b"x" * (2 * MIB)}, parents=[start], branch=b"other")
    said = {"source": "other", "branch": "same", "method": "fast-forward"}
    odd.client_of_writer.post(f"{REPO}/branches", json={"name": "same", "start": start})
    merged = odd.client_of_writer.post(f"{REPO}/merge", json=said)
    assert merged.status_code == 200, merged.json

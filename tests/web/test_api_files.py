"""Files, history and search over HTTP."""

from __future__ import annotations

import base64
import io
import subprocess
import zipfile
from urllib.parse import unquote_to_bytes

import pytest

from appliance.domain.permissions import Role

REPOSITORY = "/api/v1/repos/lab/notes"


@pytest.fixture
def writer(world):
    world.repository("lab/notes")
    world.user("writer", role=Role.WRITER, on="lab/notes")
    return world.client("writer")


def exactly(address):
    """What a server makes of an address; the test client would replace bytes that are no text."""
    return {"PATH_INFO": unquote_to_bytes(address).decode("latin-1")}


def write(client, path, content, **fields: str):
    answer = client.put(
        f"{REPOSITORY}/write/{path}",
        json={"content": content, **fields},
        environ_overrides=exactly(f"{REPOSITORY}/write/{path}"),
    )
    assert answer.status_code == 200, answer.json
    return answer.json["commit"]


def test_a_file_is_written_read_moved_and_removed(world, writer):
    first = write(writer, "src/main.py", "print()\n", message="Begin")
    read = writer.get(f"{REPOSITORY}/read/src/main.py").json
    assert (read["content"], read["encoding"], read["commit"]) == ("print()\n", "utf-8", first)
    moved = writer.post(f"{REPOSITORY}/move", json={"path": "src", "to": "lib"})
    assert moved.status_code == 200, moved.json
    listed = writer.get(f"{REPOSITORY}/tree/lib").json["items"]
    assert [entry["path"] for entry in listed] == ["lib/main.py"]
    gone = writer.delete(f"{REPOSITORY}/remove/lib/main.py", json={"message": "End"})
    assert gone.status_code == 200, gone.json
    assert writer.get(f"{REPOSITORY}/tree").json["items"] == []
    commits = writer.get(f"{REPOSITORY}/commits").json["items"]
    assert [commit["message"].strip() for commit in commits] == ["End", "Move src to lib", "Begin"]
    assert commits[0]["author"]["email"] == "writer@codara.test"


@pytest.mark.promise("P14")
def test_every_change_through_the_api_is_one_recorded_push(world, writer):
    write(writer, "one", "1")
    write(writer, "two", "2")
    assert world.events().count("git.pushed") == 2


def test_somebody_elses_change_is_not_overwritten(writer):
    first = write(writer, "one", "1")
    write(writer, "two", "2")
    late = writer.put(f"{REPOSITORY}/write/one", json={"content": "late", "expected_head": first})
    assert (late.status_code, late.json["code"]) == (412, "precondition_failed")


def test_bytes_that_are_no_text_survive(writer):
    raw = bytes(range(256))
    write(writer, "raw.bin", base64.b64encode(raw).decode(), encoding="base64")
    read = writer.get(f"{REPOSITORY}/read/raw.bin").json
    assert read["encoding"] == "base64"
    assert base64.b64decode(read["content"]) == raw


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("%FF%FE", b"\xff\xfe"),
        ("a%20b%23c%3Fd%25e", b"a b#c?d%e"),
        ("-rf", b"-rf"),
        ("%F0%9F%90%99/%E2%80%AEtxt.exe", "🐙/\u202etxt.exe".encode()),
    ],
)
def test_odd_names_are_kept_as_bytes(world, writer, address, path):
    write(writer, address, "here")
    place = f"{REPOSITORY}/read/{address}"
    read = writer.get(place, environ_overrides=exactly(place))
    assert read.json["content"] == "here"
    listed = subprocess.run(
        ["git", "ls-tree", "-rz", "--name-only", "main"],
        cwd=world.folder(world._repository("lab/notes")),
        capture_output=True,
        check=True,
    )
    assert listed.stdout == path + b"\0"


def test_branches_and_tags_come_and_go(world, writer):
    head = write(writer, "one", "1")
    made = writer.post(f"{REPOSITORY}/branches", json={"name": "topic/x", "start": "main"})
    assert (made.status_code, made.json.get("commit")) == (201, head), made.json
    tag = writer.post(
        f"{REPOSITORY}/tags", json={"name": "v1", "start": "main", "message": "The first"}
    )
    assert tag.json["note"].strip() == "The first"
    names = [each["name"] for each in writer.get(f"{REPOSITORY}/branches").json["items"]]
    assert names == ["main", "topic/x"]
    assert writer.delete(f"{REPOSITORY}/branches/topic/x").status_code == 204
    assert writer.delete(f"{REPOSITORY}/tags/v1").status_code == 204
    assert writer.delete(f"{REPOSITORY}/branches/main").status_code == 409
    assert writer.delete(f"{REPOSITORY}/branches/topic/x").status_code == 404


@pytest.mark.promise("P12")
def test_a_protected_branch_holds_against_the_api_too(world, writer):
    write(writer, "one", "1")
    world.user("owner", role=Role.OWNER, on="lab/notes")
    rule = {"pattern": "main", "push_role": "maintainer"}
    set_ = world.client("owner").put(f"{REPOSITORY}/protections", json=rule)
    assert set_.status_code == 200, set_.json
    refused = writer.put(f"{REPOSITORY}/write/one", json={"content": "2"})
    assert (refused.status_code, refused.json["code"]) == (403, "protected")
    assert "main" in refused.json["detail"]
    assert world.events()[-1] == "git.push_refused"
    assert writer.get(f"{REPOSITORY}/read/one").json["content"] == "1"


def test_a_reader_reads_and_does_not_write(world, writer):
    write(writer, "one", "1")
    world.user("reader", role=Role.READER, on="lab/notes")
    reader = world.client("reader")
    assert reader.get(f"{REPOSITORY}/read/one").status_code == 200
    assert reader.put(f"{REPOSITORY}/write/one", json={"content": "2"}).status_code == 403
    world.user("nobody")
    assert world.client("nobody").get(f"{REPOSITORY}/read/one").status_code == 404


def test_two_commits_are_compared(writer):
    old = write(writer, "one", "1\n")
    new = write(writer, "one", "2\n")
    found = writer.get(f"{REPOSITORY}/diff?base={old}&head={new}").json
    (file,) = found["files"]
    assert (file["path"], file["added"], file["deleted"]) == ("one", 1, 1)
    kinds = [(line["kind"], line["content"]) for line in file["hunks"][0]["lines"]]
    assert kinds == [("deleted", "1"), ("added", "2")]


def test_blame_and_search_find_what_is_there(writer):
    commit = write(writer, "notes.txt", "alpha\nbeta\n", message="Note the letters")
    (run,) = writer.get(f"{REPOSITORY}/blame/notes.txt").json["items"]
    assert (run["commit"], run["count"]) == (commit, 2)
    (match,) = writer.get(f"{REPOSITORY}/search/content?q=bet").json["items"]
    assert (match["path"], match["line"], match["content"]) == ("notes.txt", 2, "beta")
    (file,) = writer.get(f"{REPOSITORY}/search/files?q=note").json["items"]
    assert file["path"] == "notes.txt"
    (found,) = writer.get(f"{REPOSITORY}/search/commits?q=letters").json["items"]
    assert found["oid"] == commit


def test_an_archive_holds_the_files(world, writer):
    commit = write(writer, "one", "1")
    answer = writer.get(f"{REPOSITORY}/archive/main.zip")
    assert answer.status_code == 200
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert archive.read(f"notes-{commit[:10]}/one") == b"1"
    assert "git.archive_downloaded" in world.events()


def test_an_empty_repository_is_empty_everywhere(writer):
    assert writer.get(f"{REPOSITORY}/tree").json == {"items": [], "next": None}
    assert writer.get(f"{REPOSITORY}/commits").json == {"items": [], "next": None}
    assert writer.get(f"{REPOSITORY}/branches").json == {"items": [], "next": None}
    assert writer.get(f"{REPOSITORY}/read/one").status_code == 404

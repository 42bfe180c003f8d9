"""What a push brings, asked while it is in quarantine, by real pushes."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest

from appliance.domain.protection import Movement, RefUpdate
from appliance.errors import InvalidError, TimeoutExceededError
from appliance.git import hooks, small_push
from appliance.git.inspect import (
    Inspection,
    InspectionLimits,
    Quarantine,
    inspect,
    new_blobs,
)
from tests.ssh.peer import Peer

ONE = UUID("0199aaaa-0000-7000-8000-00000000beef")
LIMITS = InspectionLimits(file_size_bytes=100_000, path_depth=5, path_bytes=60)


@pytest.fixture
def folder(store) -> Path:
    hooks.install(store.home)
    return store.create(ONE)


@pytest.fixture
def seen_at_a_glance() -> list[small_push.Small | None]:
    """What was seen of each push without starting git."""
    return []


@pytest.fixture
def push(git, folder, working_copy, tmp_path, seen_at_a_glance) -> Callable[..., Inspection]:
    """Push, and give what the inspection found out before the push was accepted.

    The git programs must have found the same, wherever they were not needed.
    """
    peer = Peer(tmp_path / "web.sock")
    found: list[Inspection] = []

    def accept(question: dict) -> dict:
        updates = [RefUpdate(base64.b64decode(u[2]), u[0], u[1]) for u in question["updates"]]
        quarantine = Quarantine.parse(folder, question["quarantine"])
        found.append(inspect(folder, quarantine, updates, LIMITS))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(small_push, "look", lambda *_question: None)
            assert inspect(folder, quarantine, updates, LIMITS) == found[-1]
        if quarantine is not None:
            seen_at_a_glance.append(small_push.look(quarantine, tuple(updates), LIMITS))
        return {"accept": True}

    peer.answers["/internal/pushes/accept"] = accept
    environment = {
        "CODARA_PUSH": "capability",
        "CODARA_SOCKET": str(peer.socket_path),
    }

    def run(*words: str) -> Inspection:
        git("push", "-q", folder, *words, at=working_copy, **environment)
        return found.pop()

    yield run
    peer.close()


@pytest.fixture
def commit(git, working_copy) -> Callable[[str, bytes], None]:
    def run(path: str, content: bytes) -> None:
        place = working_copy / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
        git("add", ".", at=working_copy)
        git("commit", "-q", "-m", f"Write {path[:20]}", at=working_copy)

    return run


def test_refs_are_created_moved_forward_forced_and_deleted(push, commit, git, working_copy):
    assert set(push("main", "v1", "main:other").movements) == {Movement.CREATE}
    commit("more.txt", b"more\n")
    assert push("main").movements == (Movement.FAST_FORWARD,)
    assert push("main:other").movements == (Movement.FAST_FORWARD,)
    git("commit", "-q", "--amend", "-m", "Again", at=working_copy)
    assert push("+main").movements == (Movement.FORCE,)
    git("tag", "-f", "v1", "main:more.txt", at=working_copy)
    assert push("+v1").movements == (Movement.FORCE,)
    assert push(":other", "main:new").movements in (
        (Movement.DELETE, Movement.CREATE),
        (Movement.CREATE, Movement.DELETE),
    )
    assert push(":new").movements == (Movement.DELETE,)


def test_a_glance_is_enough_for_what_people_push(push, commit, git, working_copy, seen_at_a_glance):
    push("main", "v1")
    commit("more.txt", b"more\n")
    push("main")
    git("switch", "-q", "-c", "topic", at=working_copy)
    commit("topic/file.txt", b"topic\n")
    git("tag", "-a", "-m", "Second", "v2", at=working_copy)
    push("topic", "v2")
    git("switch", "-q", "main", at=working_copy)
    commit("other.txt", b"other\n")
    git("merge", "-q", "-m", "Merge", "topic", at=working_copy)
    (working_copy / "link").symlink_to("more.txt")
    (working_copy / "more.txt").chmod(0o755)
    commit("a/b", b"x\n")

    assert push("main", "topic").movements[0] is Movement.FAST_FORWARD

    assert None not in seen_at_a_glance
    assert len(seen_at_a_glance) == 4


def test_what_starts_elsewhere_takes_more_than_a_glance(
    push, commit, git, working_copy, seen_at_a_glance
):
    push("main")
    git("switch", "-q", "-c", "old", "main~1", at=working_copy)
    commit("more.txt", b"more\n")
    push("old")
    git("commit", "-q", "--amend", "-m", "Again", at=working_copy)
    assert push("+old").movements == (Movement.FORCE,)

    assert seen_at_a_glance[1:] == [None, None]


@pytest.mark.promise("P12")
def test_a_parent_that_git_does_not_see_leads_nowhere(push, git, folder, working_copy):
    push("main")
    old = git("rev-parse", "main", at=working_copy).strip()
    git("switch", "-q", "--orphan", "forged", at=working_copy)
    git("commit", "-q", "--allow-empty", "-m", "Forged", at=working_copy)
    head, message = git("cat-file", "commit", "HEAD", at=working_copy).split("\n\n", 1)
    forged = working_copy / "forged"
    forged.write_text(f"{head}\nparent {old}\n\n{message}\n")
    oid = git("hash-object", "-t", "commit", "-w", "forged", at=working_copy).strip()

    assert push(f"+{oid}:refs/heads/main").movements == (Movement.FORCE,)


def test_a_tree_that_git_does_not_see_hides_no_path(push, commit, git, working_copy):
    push("main")
    innocent = git("rev-parse", "main^{tree}", at=working_copy).strip()
    commit("x" * 61, b"content\n")
    head, message = git("cat-file", "commit", "HEAD", at=working_copy).split("\n\n", 1)
    forged = working_copy / "forged"
    forged.write_text(f"{head}\ntree {innocent}\n\n{message}\n")
    oid = git("hash-object", "-t", "commit", "-w", "forged", at=working_copy).strip()

    assert push(f"{oid}:refs/heads/main").deep_paths == (b"x" * 61,)


def test_the_size_is_that_of_the_pack_as_received(push, commit):
    push("main")
    commit("noise", os.urandom(90_000))

    assert 90_000 < push("main").size_bytes < 95_000
    assert push("main:other").size_bytes == 0


def test_a_large_file_is_named_with_its_path_wherever_it_is_in_history(push, commit, git):
    push("main")
    commit("a folder/large.bin", b"x" * 100_001)
    commit("a folder/large.bin", b"small now")
    commit("just right", b"y" * 100_000)

    (large,) = push("main").large_files

    assert (large.path, large.size_bytes) == (b"a folder/large.bin", 100_001)


def test_a_large_file_that_is_there_already_is_nothing_new(push, commit):
    commit("large.txt", b"line\n" * 30_000)
    push("main")
    commit("large.txt", b"line\n" * 10_000)  # May travel as a difference to the large one.

    assert push("main").large_files == ()


@pytest.mark.parametrize(
    ("path", "is_bad"),
    [
        ("a/b/c/d/e/f", False),
        ("a/b/c/d/e/f/g", True),
        ("x" * 60, False),
        ("x" * 61, True),
        ("a\nb/c d/\u00e9", False),
    ],
)
def test_a_path_over_the_limits_is_named(push, commit, path, is_bad):
    push("main")
    commit(path, b"content\n")

    assert push("main").deep_paths == ((path.encode(),) if is_bad else ())


def test_a_deep_path_is_found_in_the_first_commit_and_behind_a_merge(
    push, commit, git, working_copy
):
    git("switch", "-q", "--orphan", "root", at=working_copy)
    commit("1/2/3/4/5/6/7", b"deep\n")
    git("switch", "-q", "main", at=working_copy)
    merge = ["merge", "-q", "--allow-unrelated-histories", "-m", "Merge", "root"]
    git(*merge, at=working_copy)
    git("rm", "-q", "1/2/3/4/5/6/7", at=working_copy)
    git("commit", "-q", "-m", "Gone", at=working_copy)

    assert set(push("main").deep_paths) == {b"1/2/3/4/5/6/7"}


def test_moving_a_folder_deeper_is_noticed(push, commit, git, working_copy):
    commit("a/b/c/d", b"content\n")
    push("main")
    (working_copy / "1/2/3").mkdir(parents=True)
    git("mv", "a", "1/2/3/a", at=working_copy)
    git("commit", "-q", "-m", "Deeper", at=working_copy)

    assert push("main").deep_paths == (b"1/2/3/a/b/c/d",)


def test_a_quarantine_elsewhere_is_refused(folder, tmp_path):
    for place in ["/", "objects", "objects/pack", str(tmp_path / "tmp_objdir-incoming-x"), ""]:
        with pytest.raises(InvalidError):
            Quarantine.parse(folder, {"GIT_QUARANTINE_PATH": place})

    assert Quarantine.parse(folder, {}) is None


def test_the_time_to_find_out_is_bounded(folder):
    objects = folder / "objects/tmp_objdir-incoming-x"
    objects.mkdir()
    quarantine = Quarantine(folder, objects)

    with pytest.raises(TimeoutExceededError):
        list(new_blobs(quarantine, seconds=0))
    assert list(new_blobs(quarantine, seconds=20)) == []

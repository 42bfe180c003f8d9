"""Maintenance leaves repositories whole and quick, and says when one is damaged."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from uuid import UUID

import pytest

from appliance.errors import UnavailableError
from appliance.git import process, storage
from appliance.git.maintenance import QUIET_SECONDS, UNDER_WAY, Plan, Step, check, maintain, unlock

ONE = UUID("0199aaaa-0000-7000-8000-00000000beef")


@pytest.fixture
def folder(store, git, working_copy) -> Path:
    folder = store.create(ONE)
    git("push", "-q", folder, "main", "v1", at=working_copy, CODARA_INTERNAL="1")
    return folder


def refs(git, folder) -> str:
    return git("for-each-ref", at=folder)


@pytest.mark.parametrize("step", Step)
def test_every_step_may_run_twice_and_changes_no_ref(git, folder, step):
    before = refs(git, folder)

    maintain(folder, step, Plan())
    maintain(folder, step, Plan())

    assert refs(git, folder) == before
    assert check(folder).is_sound


def test_all_steps_together_leave_packs_bitmaps_and_bloom_filters(git, folder, tmp_path):
    for step in Step:
        maintain(folder, step, Plan())

    packs = [path.name for path in (folder / "objects/pack").iterdir()]
    assert any(name.endswith(".bitmap") for name in packs)
    assert "multi-pack-index" in packs
    assert (folder / "objects/info/commit-graphs/commit-graph-chain").exists()
    graph = next((folder / "objects/info/commit-graphs").glob("*.graph")).read_bytes()
    assert b"BIDX" in graph[:200]
    assert (folder / "packed-refs").exists()
    git("clone", "-q", folder, tmp_path / "clone", at=tmp_path)


def test_many_small_packs_become_few(git, folder, working_copy):
    git("config", "transfer.unpackLimit", "1", at=folder)
    for number in range(6):
        (working_copy / "notes.txt").write_text(f"{number}\n")
        git("commit", "-q", "-a", "-m", f"Note {number}", at=working_copy)
        git("push", "-q", folder, "main", at=working_copy, CODARA_INTERNAL="1")
    before = len(list((folder / "objects/pack").glob("*.pack")))

    maintain(folder, Step.REPACK, Plan())

    assert before == 6
    assert len(list((folder / "objects/pack").glob("*.pack"))) <= 2
    assert check(folder).is_sound


def test_what_nothing_reaches_is_kept_until_its_time_is_over(git, folder, tmp_path):
    def lose(text: str, *, days: int) -> str:
        (tmp_path / "lost.txt").write_text(text)
        oid = git("hash-object", "-w", tmp_path / "lost.txt", at=folder).strip()
        then = time.time() - days * 86_400
        os.utime(folder / "objects" / oid[:2] / oid[2:], (then, then))
        return oid

    young, old = lose("young\n", days=13), lose("old\n", days=15)

    maintain(folder, Step.PRUNE, Plan())
    maintain(folder, Step.PRUNE, Plan())

    assert git("cat-file", "-t", young, at=folder).strip() == "blob"
    git("cat-file", "-t", old, at=folder, succeeds=False)
    assert check(folder).is_sound


def test_two_maintenances_do_not_meet(folder):
    with storage.alone(folder), pytest.raises(UnavailableError):
        maintain(folder, Step.REPACK, Plan())


def test_rubbish_is_removed_after_an_hour_and_not_before(folder):
    stale = [
        folder / "packed-refs.lock",
        folder / "refs/heads/main.lock",
        folder / "objects/pack/tmp_pack_abc",
        folder / "objects/pack/.tmp-123-pack-x.pack",
        folder / "objects/info/commit-graphs/tmp_graph_x",
        folder / "objects/tmp_objdir-incoming-x/pack/tmp_pack_x",
        folder / "config.0123456789abcdef",
    ]
    young = [folder / "HEAD.lock", folder / "objects/tmp_objdir-incoming-y/pack/tmp_pack_y"]
    for path in stale + young:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    for path in stale:
        for place in (path, *path.parents):
            if place != folder and folder in place.parents:
                os.utime(place, (1_000_000, 1_000_000))
    os.utime(folder / "objects/tmp_objdir-incoming-y", (1_000_000, 1_000_000))

    maintain(folder, Step.SWEEP, Plan())

    assert [path for path in stale if path.exists()] == []
    assert not (folder / "objects/tmp_objdir-incoming-x").exists()
    assert [path for path in young if not path.exists()] == []
    assert check(folder).is_sound


def test_a_repack_that_was_killed_is_done_by_the_next(git, folder):
    before = refs(git, folder)
    words = ["repack", "--geometric=2", "-d", "--quiet", "--write-midx", "--write-bitmap-index"]
    killed = process.popen(words, at=folder)
    os.killpg(killed.pid, signal.SIGKILL)
    process.stop(killed)

    maintain(folder, Step.REPACK, Plan())

    assert refs(git, folder) == before
    assert check(folder).is_sound


def test_a_missing_object_is_named(git, folder):
    blob = git("rev-parse", "main:notes.txt", at=folder).strip()
    (folder / "objects" / blob[:2] / blob[2:]).unlink()

    health = check(folder)

    assert not health.is_sound
    assert ("missing", f"missing blob {blob}") in [(p.kind, p.words) for p in health.problems]


def test_a_changed_object_is_noticed(git, folder):
    maintain(folder, Step.REPACK, Plan())
    (pack,) = (folder / "objects/pack").glob("*.pack")
    content = bytearray(pack.read_bytes())
    content[len(content) // 2] ^= 0xFF
    pack.chmod(0o600)
    pack.write_bytes(content)

    health = check(folder)

    assert not health.is_sound
    assert health.problems


def test_a_folder_that_is_no_repository_is_not_sound(tmp_path):
    assert not check(tmp_path).is_sound
    assert not check(tmp_path / "nothing").is_sound


@pytest.fixture
def locked(folder) -> list[Path]:
    """What a `git pack-refs` leaves that was killed some time ago, and the maintenance with it."""
    (folder / UNDER_WAY).write_text(Step.PACK_REFS)
    left = [
        folder / "refs/heads/main.lock",
        folder / "packed-refs.lock",
        folder / "packed-refs.new",
    ]
    for path in left:
        path.touch()
        os.utime(path, (0, time.time() - QUIET_SECONDS - 1))
    return left


def push(git, folder, working_copy, number=1):
    git("commit", "-q", "--allow-empty", "-m", f"More {number}", at=working_copy)
    return git("push", "-q", folder, "main", at=working_copy, CODARA_INTERNAL="1")


def test_refs_that_a_killed_maintenance_had_locked_move_again(git, folder, working_copy, locked):
    unlock(folder)

    assert not any(path.exists() for path in [*locked, folder / UNDER_WAY])
    push(git, folder, working_copy)
    maintain(folder, Step.PACK_REFS, Plan())
    assert not (folder / UNDER_WAY).exists()


def test_locks_stay_that_are_not_of_a_maintenance_known_to_be_dead(folder, locked):
    (folder / UNDER_WAY).unlink()
    unlock(folder)
    assert all(path.exists() for path in locked)


def test_locks_stay_while_maintenance_works(folder, locked):
    with storage.alone(folder):
        unlock(folder)
    assert all(path.exists() for path in locked)


def test_locks_stay_while_a_program_of_gits_is_at_work(folder, locked):
    working = process.popen(["cat-file", "--batch"], at=folder)
    unlock(folder)
    process.stop(working)
    assert all(path.exists() for path in locked)

    unlock(folder)
    assert not any(path.exists() for path in locked)


def test_a_young_lock_stays_and_is_looked_at_again(folder, locked):
    locked[0].touch()
    unlock(folder)
    assert [path.exists() for path in locked] == [True, False, False]

    os.utime(locked[0], (0, 0))
    unlock(folder)
    assert not locked[0].exists()

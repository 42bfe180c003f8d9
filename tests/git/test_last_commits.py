"""The last commit of each entry of a folder, against what git says of each path."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.errors import NotFoundError
from appliance.git import last_commits as walks
from appliance.git import last_commits_store, leaps, tree, tree_changes
from appliance.git.last_commits import last_commits
from appliance.git.tree_changes import listing, succeed
from tests.git.builder import Builder


@pytest.fixture
def built(tmp_path: Path) -> Builder:
    return Builder(tmp_path / "a.git")


def asked_of_git(at: Path, commit: str, path: bytes) -> str:
    words = ["git", "--literal-pathspecs", "rev-list", "-1", commit, "--", path]
    return subprocess.run(words, cwd=at, capture_output=True, check=True).stdout.decode().strip()


def expected(at: Path, commit: str, path: bytes = b"") -> dict[bytes, str]:
    entries = tree.folder(at, commit, path).entries
    return {entry.name: asked_of_git(at, commit, entry.path) for entry in entries}


def tangle(built: Builder, seed: int, *, count: int = 60) -> str:
    """A history with branches, merges, deletions, reverts and clocks that ran wrong."""
    chance = random.Random(seed)  # noqa: S311 — the same history every time.
    files: dict[str, dict[bytes, bytes]] = {}
    tips: list[str] = [built.commit({b"a": b"0", b"dir/b": b"0", b"dir/c": b"0"})]
    files[tips[0]] = {b"a": b"0", b"dir/b": b"0", b"dir/c": b"0"}
    for number in range(count):
        parents = chance.sample(tips, k=min(len(tips), chance.choice([1, 1, 1, 2])))
        content = dict(files[parents[0]])
        for other in parents[1:]:
            content |= {k: v for k, v in files[other].items() if chance.random() < 0.5}
        path = chance.choice([b"a", b"x", b"dir/b", b"dir/c", b"dir/d", b"dir/sub/e"])
        if chance.random() < 0.15 and len(content) > 2:
            content.pop(path, None)
        elif len(parents) == 1 or chance.random() < 0.3:
            content[path] = b"%d" % (number % 7)
        seconds = built.seconds + chance.choice([0, 0, 0, -900])
        oid = built.commit(content, parents=parents, seconds=seconds)
        files[oid] = content
        tips = [tip for tip in tips if tip not in parents or chance.random() < 0.3] + [oid]
    return oid


@pytest.mark.parametrize("seed", range(12))
def test_every_entry_has_a_commit_that_brought_its_present_content(built, seed):
    commit = tangle(built, seed)
    for path in (b"", b"dir"):
        try:
            found = last_commits(built.at, commit, path)
        except NotFoundError:
            continue
        for name, oid in found.items():
            whole = path + b"/" + name if path else name
            now, then = tree.find(built.at, commit, whole), tree.find(built.at, oid, whole)
            assert (now.oid, now.mode) == (then.oid, then.mode)
            for parent in built.repository[oid].parent_ids:
                assert not holds(built.at, str(parent), whole, now.oid)


def holds(at: Path, commit: str, path: bytes, oid: str) -> bool:
    try:
        return tree.find(at, commit, path).oid == oid
    except NotFoundError:
        return False


@pytest.mark.parametrize("count", [5, 40])
def test_in_a_straight_history_the_answer_is_that_of_git(built, count):
    oid = built.commit({b"a": b"x"})
    files: dict[bytes, bytes] = {b"a": b"x"}
    chance = random.Random(count)  # noqa: S311 — the same history every time.
    for number in range(count):
        name = chance.choice([b"a", b"dir/b", b"dir/c", b"dir/-d", b"dir/\xff", b"e f"])
        files[name] = b"%d" % (number % 3)
        oid = built.commit(files, parents=[oid])
    assert last_commits(built.at, oid) == expected(built.at, oid)
    if any(name.startswith(b"dir/") for name in files):
        assert last_commits(built.at, oid, b"dir") == expected(built.at, oid, b"dir")


def test_after_a_push_only_new_commits_are_walked(built):
    first = built.commit({b"a": b"1", b"b": b"1"})
    second = built.commit({b"a": b"2", b"b": b"1"}, parents=[first])
    assert last_commits(built.at, second) == {b"a": second, b"b": first}
    third = built.commit({b"a": b"2", b"b": b"1", b"c": b"1"}, parents=[second])
    # What lies behind the known commit is not needed any more.
    (built.at / "objects" / first[:2] / first[2:]).unlink()
    assert last_commits(built.at, third) == {b"a": second, b"b": first, b"c": third}


def test_without_time_the_rest_is_left_open_and_found_by_later_calls(built):
    oid = built.commit({b"%d" % number: b"0" for number in range(5)})
    files = {b"%d" % number: b"0" for number in range(5)}
    for number in range(400):
        files[b"0"] = b"%d" % number
        oid = built.commit(files, parents=[oid])
    found = last_commits(built.at, oid, seconds=0)
    assert found[b"0"] == oid
    assert found[b"4"] is None
    for _ in range(60):
        found = last_commits(built.at, oid, seconds=0)
    assert found == expected(built.at, oid)


def test_names_can_be_chosen_and_unknown_ones_stay_open(built):
    oid = built.commit({b"a": b"1", b"b": b"1"})
    assert last_commits(built.at, oid, names=[b"a", b"zz"]) == {b"a": oid, b"zz": None}
    with pytest.raises(NotFoundError):
        last_commits(built.at, oid, b"a")


def test_what_is_kept_is_bounded_and_nonsense_in_it_is_ignored(built):
    oid = built.commit({b"a": b"0"})
    for number in range(1, 8):
        oid = built.commit({b"a": b"%d" % number}, parents=[oid])
        last_commits(built.at, oid)
    kept = last_commits_store.known_commits(built.at, b"")
    assert oid in kept
    assert len(kept) == last_commits_store.COMMITS_KEPT
    (folder,) = (built.at / last_commits_store.PLACE).iterdir()
    (folder / oid).write_bytes(b"nonsense")
    assert last_commits(built.at, oid) == {b"a": oid}
    last_commits_store.tidy(built.at)


def test_with_an_index_of_paths_the_oldest_entries_are_asked_of_git(built):
    files = {b"old%d" % number: b"0" for number in range(5)}
    first = oid = built.commit(files)
    for number in range(600):
        files[b"new"] = b"%d" % number
        oid = built.commit(files, parents=[oid])
    index_paths(built.at)
    found = last_commits(built.at, oid)
    assert found == {b"new": oid} | {b"old%d" % number: first for number in range(5)}


@pytest.mark.parametrize("seed", range(12))
def test_strides_through_a_tangle_end_at_commits_that_brought_the_content(built, seed, monkeypatch):
    monkeypatch.setattr(walks, "STEPS_BEFORE_TAIL", 1)
    monkeypatch.setattr(walks, "ASK_SECONDS", 0)
    monkeypatch.setattr(leaps, "STRIDE", 3)
    commit = tangle(built, seed)
    index_paths(built.at)
    for name, oid in last_commits(built.at, commit).items():
        now, then = tree.find(built.at, commit, name), tree.find(built.at, oid, name)
        assert (now.oid, now.mode) == (then.oid, then.mode)
        for parent in built.repository[oid].parent_ids:
            assert not holds(built.at, str(parent), name, now.oid)


def test_a_name_too_old_for_one_call_is_nearer_at_the_next(built, monkeypatch):
    monkeypatch.setattr(walks, "STEPS_BEFORE_TAIL", 1)
    monkeypatch.setattr(walks, "ASK_SECONDS", 0)
    monkeypatch.setattr(leaps, "STRIDE", 20)
    files = {b"old": b"0", b"older": b"0"}
    first = oid = built.commit(files)
    commits = []
    for number in range(100):
        files[b"old" if number == 10 else b"new"] = b"%d" % number
        oid = built.commit(files, parents=[oid])
        commits.append(oid)
    index_paths(built.at)
    calls = 0
    while None in last_commits(built.at, oid, seconds=0.03).values():
        calls += 1
        assert calls < 200
    assert last_commits(built.at, oid) == {b"new": oid, b"old": commits[10], b"older": first}


def index_paths(at: Path) -> None:
    words = ["git", "commit-graph", "write", "--reachable", "--changed-paths"]
    subprocess.run(words, cwd=at, check=True, capture_output=True)


@pytest.mark.parametrize("seed", range(12))
def test_leaps_over_a_tangle_end_at_commits_that_brought_the_content(built, seed, monkeypatch):
    monkeypatch.setattr(walks, "STEPS_BEFORE_TAIL", 1)
    monkeypatch.setattr(walks, "TAIL", -1)
    commit = tangle(built, seed)
    index_paths(built.at)
    for name, oid in last_commits(built.at, commit, b"dir").items():
        whole = b"dir/" + name
        now, then = tree.find(built.at, commit, whole), tree.find(built.at, oid, whole)
        assert (now.oid, now.mode) == (then.oid, then.mode)
        for parent in built.repository[oid].parent_ids:
            assert not holds(built.at, str(parent), whole, now.oid)


def test_leaps_without_time_are_gone_on_with_later(built, monkeypatch):
    monkeypatch.setattr(walks, "STEPS_BEFORE_TAIL", 1)
    monkeypatch.setattr(walks, "TAIL", -1)
    files = {b"dir/%d" % number: b"0" for number in range(20)}
    oid = built.commit(files)
    for number in range(200):
        path = b"dir/%d" % (number // 10) if number % 10 == 0 else b"other"
        files[path] = b"at %d" % number
        oid = built.commit(files, parents=[oid])
    index_paths(built.at)
    found = last_commits(built.at, oid, b"dir", seconds=0.01)
    for _ in range(400):
        found = last_commits(built.at, oid, b"dir", seconds=0.01)
        if None not in found.values():
            break
    found = last_commits(built.at, oid, b"dir")
    assert found == expected(built.at, oid, b"dir")


names = st.binary(min_size=1, max_size=8).filter(lambda name: not {0, 47} & {*name})
trees = st.dictionaries(names, st.integers(0, 3), max_size=200)


def written(content: dict[bytes, int]) -> bytes:
    return b"".join(
        b"100644 %s\0%s" % (name, bytes([value]) * 20) for name, value in sorted(content.items())
    )


@settings(deadline=None)
@given(before=trees, edits=st.lists(st.tuples(names, st.integers(0, 4)), max_size=6))
def test_changed_entries_are_those_that_differ(before, edits):
    after = dict(before)
    for name, value in edits:
        if value == 4:
            after.pop(name, None)
        else:
            after[name] = value
    raw = written(after)
    changed, made = succeed(listing(written(before)), raw)
    assert changed == {
        name for name in before.keys() | after.keys() if before.get(name) != after.get(name)
    }
    assert made.raw == raw
    assert succeed(made, raw)[0] == set()
    assert succeed(made, written(before))[0] == changed


def test_an_entry_whose_name_ends_like_another_entry_is_told_apart():
    tail = b"100644 b\0" + b"1" * 20
    old = b"100644 a\0" + b"0" * 20 + tail
    new = b"100644 a\0" + b"0" * 20 + b"100644 x" + tail
    assert succeed(listing(old), new)[0] == {b"b", b"x100644 b"}


def test_large_folders_are_compared_in_strides():
    content = {b"%05d" % number: 0 for number in range(tree_changes.STRIDE * 20)}
    raw = written(content)
    changed, made = succeed(listing(raw), written(content | {b"00100": 1, b"00500": 2}))
    assert changed == {b"00100", b"00500"}
    assert succeed(made, written(content | {b"00100": 1, b"new": 1}))[0] == {b"00500", b"new"}

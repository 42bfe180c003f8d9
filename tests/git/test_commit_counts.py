"""How many commits a history has: counted once, and after a push only what is new."""

from __future__ import annotations

import pytest

from appliance.errors import NotFoundError, TimeoutExceededError
from appliance.git import commit_counts
from tests.git.builder import Builder


@pytest.fixture
def built(tmp_path):
    return Builder(tmp_path / "a.git")


def line(built, length, *, after=()):
    parents = list(after)
    for number in range(length):
        parents = [built.commit({b"a": b"%d %d" % (number, len(after))}, parents=parents)]
    return parents[0]


def test_merged_lines_are_counted_once(built):
    base = line(built, 5)
    one, other = line(built, 3, after=[base]), line(built, 4, after=[base, base][:1])
    merge = built.commit({b"a": b"merged"}, parents=[one, other])
    assert commit_counts.count(built.at, merge) == len({*walk(built, merge)})


def walk(built, oid):
    return [str(commit.id) for commit in built.repository.walk(oid)]


def test_what_was_counted_is_known_without_git_and_counts_for_what_follows(built):
    first = line(built, 6)
    assert commit_counts.known(built.at, first) is None
    assert commit_counts.count(built.at, first) == 6
    assert commit_counts.known(built.at, first) == 6
    second = line(built, 2, after=[first])
    # What lies behind the known commit is not needed any more.
    parent = str(built.repository[first].parent_ids[0])
    (built.at / "objects" / parent[:2] / parent[2:]).unlink()
    assert commit_counts.count(built.at, second) == 8


def test_a_history_that_was_rewritten_is_counted_anew(built):
    base = line(built, 3)
    commit_counts.count(built.at, line(built, 9, after=[base]))
    assert commit_counts.count(built.at, line(built, 1, after=[base])) == 4


def test_no_time_no_answer_and_no_commit_no_count(built):
    oid = line(built, 2)
    with pytest.raises(TimeoutExceededError):
        commit_counts.count(built.at, oid, seconds=0)
    with pytest.raises(NotFoundError):
        commit_counts.count(built.at, "1" * 40)


def test_nonsense_in_the_file_is_ignored_and_the_file_stays_small(built):
    oid = line(built, 1)
    commit_counts.count(built.at, oid)
    (built.at / commit_counts.PLACE).write_bytes(b'[["%b", "x"]]' % oid.encode())
    assert commit_counts.count(built.at, oid) == 1
    for number in range(2, 30):
        oid = line(built, 1, after=[oid])
        assert commit_counts.count(built.at, oid) == number
    assert len(commit_counts._load(built.at)) == commit_counts.KEPT

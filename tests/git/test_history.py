"""Pages of history."""

from __future__ import annotations

import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from appliance.errors import InvalidError, NotFoundError
from appliance.git import commits, history
from appliance.git.history import Wanted
from tests.git.builder import Builder
from tests.git.test_last_commits import tangle


@pytest.fixture
def built(tmp_path: Path) -> Builder:
    return Builder(tmp_path / "a.git")


def turn_all(
    at: Path, start: str, wanted: Wanted = history.EVERYTHING, limit: int = 7
) -> list[str]:
    found: list[str] = []
    page = history.page(at, start, wanted, limit=limit)
    found += [step.commit.oid for step in page.steps]
    while page.cursor is not None:
        page = history.page(at, start, wanted, cursor=page.cursor, limit=limit)
        found += [step.commit.oid for step in page.steps]
    return found


def asked_of_git(at: Path, *words: str) -> list[str]:
    done = subprocess.run(["git", "rev-list", *words], cwd=at, capture_output=True, check=True)
    return done.stdout.decode().split()


def test_pages_joined_are_the_whole_history_newest_first(built):
    oid = built.commit({b"a": b"0"})
    for number in range(30):
        side = built.commit({b"a": b"%d" % number}, parents=[oid])
        main = built.commit({b"b": b"%d" % number}, parents=[oid])
        oid = built.commit({b"a": b"%d" % number, b"b": b"x"}, parents=[main, side])
    assert turn_all(built.at, oid) == asked_of_git(built.at, oid)


@pytest.mark.parametrize("seed", range(6))
def test_where_clocks_ran_wrong_no_commit_comes_twice_or_never(built, seed):
    oid = tangle(built, seed)
    assert turn_all(built.at, oid, limit=4) == asked_of_git(built.at, oid)


@pytest.mark.parametrize("seed", range(4))
def test_the_history_of_a_path_is_that_of_git_page_by_page(built, seed):
    oid = tangle(built, seed)
    for path in (b"a", b"dir", b"dir/b"):
        wanted = Wanted(path=path, follow=False)
        known = asked_of_git(built.at, oid, "--", path.decode())
        assert turn_all(built.at, oid, wanted, limit=3) == known


def test_a_wide_history_has_short_cursors(built):
    root = built.commit({b"a": b"0"})
    sides = [built.commit({b"a": b"%d" % number}, parents=[root]) for number in range(60)]
    oid = built.commit({b"a": b"x"}, parents=sides)
    page = history.page(built.at, oid, limit=5)
    assert page.cursor is not None
    assert len(page.cursor) < 200
    assert sorted(turn_all(built.at, oid)) == sorted([oid, root, *sides])


def test_a_file_is_followed_through_its_renames(built):
    text = b"".join(b"line %d\n" % number for number in range(40))
    first = built.commit({b"old name": text, b"x": b"1"})
    second = built.commit({b"old name": text + b"more\n", b"x": b"1"}, parents=[first])
    third = built.commit({b"dir/\xffnew": text + b"more\n", b"x": b"1"}, parents=[second])
    other = built.commit({b"dir/\xffnew": text + b"more\n", b"x": b"2"}, parents=[third])
    last = built.commit({b"dir/\xffnew": text, b"x": b"2"}, parents=[other])
    for limit in (1, 2, 10):
        assert turn_all(built.at, last, Wanted(path=b"dir/\xffnew"), limit) == [
            last,
            third,
            second,
            first,
        ]
    page = history.page(built.at, last, Wanted(path=b"dir/\xffnew"))
    assert [step.path for step in page.steps] == [b"dir/\xffnew"] * 2 + [b"old name"] * 2
    unfollowed = Wanted(path=b"dir/\xffnew", follow=False)
    assert turn_all(built.at, last, unfollowed) == [last, third]


def test_commits_are_chosen_by_author_message_and_time(built):
    oids: list[str] = []
    for number in range(20):
        oids.append(
            built.commit(
                {b"a": b"%d" % number},
                parents=oids[-1:],
                author=b"Writer.%d <w%d@example.org>" % (number % 4, number),
                message=b"Fix (thing) %d\n" % number,
            )
        )
    newest_first = oids[::-1]
    start = oids[-1]
    assert turn_all(built.at, start, Wanted(author="wRITER.1"), 2) == newest_first[2::4]
    assert turn_all(built.at, start, Wanted(message="fix (thing) 1"), 4) == [
        *newest_first[:10],
        oids[1],
    ]
    assert turn_all(built.at, start, Wanted(author="riter.1", message="1")) == [
        oids[17],
        oids[13],
        oids[1],
    ]
    assert turn_all(built.at, start, Wanted(author=".*")) == []
    middle = commits.read(built.at, oids[10]).committer.at
    assert turn_all(built.at, start, Wanted(since=middle)) == newest_first[:10]
    late = middle + timedelta(seconds=1)
    assert turn_all(built.at, start, Wanted(until=late)) == newest_first[9:]


@pytest.mark.parametrize("path", [b"absent", b"-x", b":(glob)**", b"\xff"])
def test_a_path_that_never_was_has_no_history(built, path):
    assert history.page(built.at, built.commit({b"a": b"1"}), Wanted(path=path)).steps == ()


@pytest.mark.parametrize(
    "cursor", ["x", "!", "e30", "W10", "bnVsbA", "W1siLS1hbGwiXSwwLCIiXQ", "é"]
)
def test_cursors_that_are_none_of_ours_are_refused(built, cursor):
    oid = built.commit({b"a": b"1"})
    with pytest.raises(InvalidError):
        history.page(built.at, oid, cursor=cursor)


def test_there_is_no_history_of_what_does_not_exist(built):
    with pytest.raises(NotFoundError):
        history.page(built.at, "1" * 40)
    with pytest.raises(InvalidError):
        history.page(built.at, built.commit({b"a": b"1"}), Wanted(author="\0"))

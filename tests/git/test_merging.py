"""Merges, rebases, picks and reverts without a working tree."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.domain.git_operations import MergeMethod
from appliance.errors import ConflictError, InvalidError, TooLargeError
from appliance.git import commits, limits, merging, ref_changes
from appliance.git.conflicts import ConflictKind, Resolution, Resolutions, Side
from appliance.git.merging import Outcome, Target
from tests.git.builder import Builder
from tests.git.merges import MAIN, MAKER, by_git, files_of, git, merge, pick, revert, tree_at

TEXT = b"".join(b"line %d\n" % number for number in range(20))


@pytest.fixture
def built(tmp_path: Path) -> Builder:
    return Builder(tmp_path / "a.git")


@pytest.fixture
def forked(built: Builder) -> tuple[str, str, str]:
    """A base, and two commits that change different lines of one file."""
    base = built.commit({b"file": TEXT, b"other": b"other\n"})
    ours = built.commit(
        {b"file": TEXT.replace(b"line 1\n", b"LINE 1\n"), b"other": b"other\n"}, parents=[base]
    )
    theirs = built.commit(
        {b"file": TEXT.replace(b"line 18\n", b"LINE 18\n"), b"other": b"other\n"},
        parents=[base],
        branch=b"side",
        message=b"Change line 18.\n\nBecause.\n",
        author=b"Somebody <somebody@example.org>",
    )
    return base, ours, theirs


@pytest.mark.parametrize(
    ("method", "parents"),
    [
        (MergeMethod.MERGE, 2),
        (MergeMethod.SQUASH, 1),
        (MergeMethod.REBASE, 1),
        (MergeMethod.SEMI_LINEAR, 2),
    ],
)
def test_each_method_brings_the_same_files(built, forked, method, parents):
    _base, ours, theirs = forked
    outcome = merge(built, ours, theirs, method=method, message=b"")
    ref_changes.change(built.at, [outcome.ref])
    made = commits.read(built.at, outcome.ref.new)
    assert len(made.parents) == parents
    assert made.parents[0] == ours
    assert made.tree == by_git(built, ours, theirs)
    assert outcome.commits[-1] == outcome.ref.new
    git(built.at, "fsck", "--strict")


def test_a_rebased_commit_keeps_its_author_and_their_time(built, forked):
    _base, ours, theirs = forked
    outcome = merge(built, ours, theirs, method=MergeMethod.REBASE)
    before, after = (commits.read(built.at, oid) for oid in (theirs, outcome.ref.new))
    assert (after.author, after.message) == (before.author, before.message)
    assert after.committer == MAKER.person


def test_a_squashed_commit_names_those_who_wrote_it(built, forked):
    _base, ours, theirs = forked
    outcome = merge(built, ours, theirs, method=MergeMethod.SQUASH, message=b"")
    made = commits.read(built.at, outcome.ref.new)
    assert made.subject == b"Change line 18."
    assert made.trailers == ((b"Co-authored-by", b"Somebody <somebody@example.org>"),)
    assert made.author == MAKER.person


def test_what_is_there_already_is_not_merged_again(built, forked):
    base, ours, _theirs = forked
    for method in MergeMethod:
        assert merge(built, ours, base, method=method).ref is None
    assert merging.rebase(
        built.at, Target(MAIN, ours), base, maker=MAKER, said=Resolutions()
    ) == Outcome(None, sources=(base,))


def test_a_fast_forward_makes_no_commit_or_is_refused(built, forked):
    base, ours, theirs = forked
    outcome = merge(built, base, theirs, method=MergeMethod.FAST_FORWARD)
    assert (outcome.ref.new, outcome.commits) == (theirs, ())
    with pytest.raises(ConflictError):
        merge(built, ours, theirs, method=MergeMethod.FAST_FORWARD)


def test_what_became_empty_is_left_out_of_a_rebase_and_what_was_stays(built):
    base = built.commit({b"file": TEXT})
    changed = {b"file": TEXT + b"more\n"}
    empty = built.commit({b"file": TEXT}, parents=[base], branch=None, message=b"Empty.\n")
    top = built.commit(changed, parents=[empty], branch=b"side")
    onto = built.commit({**changed, b"new": b"1"}, parents=[base])
    found = merging.rebase(built.at, Target(MAIN, top), onto, maker=MAKER, said=Resolutions())
    assert found.skipped == (top,)
    assert [commits.read(built.at, oid).subject for oid in found.commits] == [b"Empty."]


def test_of_empty_commits_none_passes_for_another(built):
    base = built.commit({b"file": TEXT})
    onto = built.commit({b"file": TEXT}, parents=[base], message=b"Empty here.\n")
    empty = built.commit({b"file": TEXT}, parents=[base], branch=b"side", message=b"Empty.\n")
    found = merging.rebase(built.at, Target(MAIN, empty), onto, maker=MAKER, said=Resolutions())
    assert [commits.read(built.at, oid).subject for oid in found.commits] == [b"Empty."]


def test_commits_that_stand_where_they_should_keep_their_signatures(built, forked):
    base, _ours, theirs = forked
    found = merge(built, base, theirs, method=MergeMethod.REBASE)
    assert (found.ref.new, found.commits) == (theirs, ())


def test_a_merge_is_picked_and_reverted_by_its_main_line(built, forked):
    base, ours, theirs = forked
    merged = merge(built, ours, theirs).ref.new
    with pytest.raises(InvalidError):
        pick(built, base, merged)
    with pytest.raises(InvalidError):
        pick(built, base, merged, mainline=3)
    picked = pick(built, base, merged, mainline=1)
    assert tree_at(built, picked.ref.new) == tree_at(built, theirs)
    taken_back = revert(built, merged, merged, mainline=1)
    made = commits.read(built.at, taken_back.ref.new)
    assert made.tree == tree_at(built, ours)
    assert made.message == (
        b'Revert "Merge."\n\nThis reverts commit %s, reversing\nchanges made to %s.\n'
        % (merged.encode(), ours.encode())
    )


def test_a_picked_commit_says_where_it_is_from(built, forked):
    _base, ours, theirs = forked
    made = commits.read(built.at, pick(built, ours, theirs).ref.new)
    assert made.message == (
        b"Change line 18.\n\nBecause.\n\n(cherry picked from commit %s)\n" % theirs.encode()
    )
    with pytest.raises(ConflictError):
        pick(built, made.oid, theirs)


SIDES = {
    ConflictKind.CONTENT: ({b"f": b"1\n"}, {b"f": b"2\n"}, {b"f": b"3\n"}),
    ConflictKind.BINARY: ({b"f": b"\x001"}, {b"f": b"\x002"}, {b"f": b"\x003"}),
    ConflictKind.MODIFY_DELETE: ({b"f": b"1\n", b"g": b""}, {b"f": b"2\n", b"g": b""}, {b"g": b""}),
    ConflictKind.ADD_ADD: ({b"g": b""}, {b"g": b"", b"f": b"2\n"}, {b"g": b"", b"f": b"3\n"}),
    ConflictKind.DIRECTORY_FILE: (
        {b"g": b""},
        {b"g": b"", b"f": b"2\n"},
        {b"g": b"", b"f/x": b"3\n"},
    ),
    ConflictKind.MODE: (
        {b"f": b"1\n"},
        {b"f": (0o120000, b"2")},
        {b"f": b"3\n"},
    ),
    ConflictKind.SUBMODULE: (
        {b"f": (0o160000, b"1" * 40)},
        {b"f": (0o160000, b"2" * 40)},
        {b"f": (0o160000, b"3" * 40)},
    ),
}


@pytest.mark.parametrize("kind", SIDES)
def test_a_conflict_has_its_kind_and_its_three_versions(built, kind):
    base = built.commit(SIDES[kind][0])
    ours = built.commit(SIDES[kind][1], parents=[base])
    theirs = built.commit(SIDES[kind][2], parents=[base], branch=b"side")
    (conflict,) = merge(built, ours, theirs).conflicts
    assert (conflict.path, conflict.kind) == (b"f", kind)
    assert by_git(built, ours, theirs) is None


def test_a_file_renamed_twice_is_a_conflict_at_each_path(built):
    base = built.commit({b"old": TEXT})
    ours = built.commit({b"one": TEXT}, parents=[base])
    theirs = built.commit({b"two": TEXT}, parents=[base], branch=b"side")
    found = merge(built, ours, theirs).conflicts
    assert [(each.path, each.kind) for each in found] == [
        (path, ConflictKind.RENAME) for path in (b"old", b"one", b"two")
    ]
    said = [
        Resolution(b"old", Side.NOTHING),
        Resolution(b"one", Side.OURS),
        Resolution(b"two", Side.NOTHING),
    ]
    merged = merge(built, ours, theirs, *said)
    assert files_of(built, merged.ref.new) == {b"one": (0o100644, TEXT)}


def test_a_conflict_is_resolved_by_a_side_or_by_words(built):
    base = built.commit({b"f": b"1\n", b"run": (0o100755, b"1\n")})
    ours = built.commit({b"f": b"2\n", b"run": (0o100755, b"2\n")}, parents=[base])
    theirs = built.commit({b"f": b"3\n", b"run": (0o100755, b"3\n")}, parents=[base], branch=b"x")
    first = Resolution(b"f", Side.THEIRS)
    assert [each.path for each in merge(built, ours, theirs, first).conflicts] == [b"run"]
    merged = merge(built, ours, theirs, first, Resolution(b"run", b"2 and 3\n"))
    assert files_of(built, merged.ref.new) == {
        b"f": (0o100644, b"3\n"),
        b"run": (0o100755, b"2 and 3\n"),
    }


def test_what_is_not_in_conflict_cannot_be_resolved(built, forked):
    _base, ours, theirs = forked
    with pytest.raises(InvalidError):
        merge(built, ours, theirs, Resolution(b"file", Side.OURS))


def test_each_commit_of_a_rebase_has_conflicts_of_its_own(built):
    base = built.commit({b"f": b"0\n"})
    ours = built.commit({b"f": b"9\n"}, parents=[base])
    first = built.commit({b"f": b"1\n"}, parents=[base], branch=b"side")
    second = built.commit({b"f": b"2\n"}, parents=[first], branch=b"side")

    def rebased(*said: Resolution) -> Outcome:
        target = Target(b"refs/heads/side", second)
        return merging.rebase(built.at, target, ours, maker=MAKER, said=Resolutions(said))

    assert [each.commit for each in rebased().conflicts] == [first]
    one = Resolution(b"f", b"9 1\n", first)
    assert [each.commit for each in rebased(one).conflicts] == [second]
    done = rebased(one, Resolution(b"f", Side.THEIRS, second))
    assert files_of(built, done.ref.new) == {b"f": (0o100644, b"2\n")}


@pytest.mark.parametrize(
    ("words", "merged"),
    [
        (b"", None),
        (b"*.log merge=union\n", b"0\n1\n2\n"),
        (b"*.log merge=unknown\n", None),
        (b"*.log merge=union\n*.log !merge\n", None),
        (b"*.log merge=union\n*.log binary\n", None),
    ],
)
def test_attributes_of_the_branch_say_how_a_file_is_merged(built, words, merged):
    base = built.commit({b"a.log": b"0\n", b".gitattributes": words})
    ours = built.commit({b"a.log": b"0\n1\n", b".gitattributes": words}, parents=[base])
    theirs = built.commit(
        {b"a.log": b"0\n2\n", b".gitattributes": words}, parents=[base], branch=b"x"
    )
    outcome = merge(built, ours, theirs)
    if merged is None:
        kind = ConflictKind.BINARY if b"binary" in words else ConflictKind.CONTENT
        assert [each.kind for each in outcome.conflicts] == [kind]
    else:
        assert files_of(built, outcome.ref.new)[b"a.log"][1] == merged


def test_a_file_follows_a_rename_with_bytes_that_are_no_text(built):
    base = built.commit({b"dir/\xff": TEXT})
    ours = built.commit({b"other/\xfe": TEXT}, parents=[base])
    theirs = built.commit({b"dir/\xff": TEXT + b"more\n"}, parents=[base], branch=b"x")
    merged = merge(built, ours, theirs)
    assert files_of(built, merged.ref.new) == {b"other/\xfe": (0o100644, TEXT + b"more\n")}


def test_histories_with_nothing_in_common_are_not_merged(built):
    ours, theirs = (built.commit({name: b"1"}) for name in (b"a", b"b"))
    with pytest.raises(ConflictError):
        merge(built, ours, theirs)


def test_too_many_commits_are_not_made_again(built):
    base = built.commit({b"a": b"1"})
    ours = built.commit({b"a": b"2"}, parents=[base])
    theirs = base
    for _ in range(limits.MERGE_COMMITS + 1):
        theirs = built.commit({b"a": b"1"}, parents=[theirs], branch=None)
    with pytest.raises(TooLargeError):
        merge(built, ours, theirs, method=MergeMethod.REBASE)


def test_a_file_of_very_many_lines_is_merged_as_a_whole(built):
    long = b"0\n" * (limits.MERGED_LINES + 1)
    base = built.commit({b"data": long, b"f": TEXT, b"old": long})
    ours = built.commit({b"data": long, b"f": TEXT + b"a\n", b"old": long}, parents=[base])
    theirs = built.commit({b"data": b"1\n" + long, b"g": TEXT}, parents=[base], branch=b"x")
    merged = files_of(built, merge(built, ours, theirs).ref.new)
    assert {name: content for name, (_mode, content) in merged.items()} == {
        b"data": b"1\n" + long,
        b"g": TEXT + b"a\n",
    }

    both = built.commit({b"data": b"2\n" + long, b"f": TEXT, b"old": long}, parents=[base])
    outcome = merge(built, both, theirs)
    assert [(each.path, each.kind) for each in outcome.conflicts] == [
        (b"data", ConflictKind.BINARY)
    ]


def test_files_of_too_many_lines_together_are_not_merged(built):
    def files(first: bytes) -> dict[bytes, bytes]:
        count = limits.MERGE_LINES // limits.MERGED_LINES
        long = first + b"0\n" * (limits.MERGED_LINES - 2)
        return {b"%d" % number: long for number in range(count)}

    base = built.commit(files(b""))
    ours = built.commit(files(b"1\n"), parents=[base])
    theirs = built.commit(files(b"2\n"), parents=[base], branch=b"x")
    with pytest.raises(TooLargeError):
        merge(built, ours, theirs)


def test_a_merge_moves_no_ref_by_itself(built, forked):
    _base, ours, theirs = forked
    before = git(built.at, "for-each-ref")
    merge(built, ours, theirs)
    assert git(built.at, "for-each-ref") == before

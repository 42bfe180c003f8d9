"""What branches and tags there are, and what a client's text means."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pygit2.enums import ObjectType

from appliance.errors import (
    ConflictError,
    DamagedError,
    InvalidError,
    NotFoundError,
    PreconditionError,
)
from appliance.git import commits, ref_changes, ref_names, refs
from appliance.git.commits import Person
from appliance.git.ref_changes import RefChange
from appliance.git.refs import Divergence, Order, RefKind
from tests.git.builder import Builder


@pytest.fixture
def built(tmp_path: Path) -> Builder:
    return Builder(tmp_path / "a.git")


def test_an_empty_repository_has_a_default_branch_without_commit(built):
    head = refs.head(built.at)
    assert (head.name, head.short, head.oid) == (b"refs/heads/main", b"main", None)
    assert refs.names(built.at) == []
    assert refs.branches(built.at).total == 0
    with pytest.raises(NotFoundError):
        refs.resolve(built.at, b"")
    with pytest.raises(NotFoundError):
        refs.split(built.at, b"main/README")


def test_a_branch_is_described_with_its_commit(built):
    oid = built.commit({b"a": b"1"}, message=b"Say hello\nto all.\n\nBody.\n")
    (branch,) = refs.branches(built.at).refs
    assert (branch.short, branch.commit, branch.target) == (b"main", oid, oid)
    assert (branch.subject, branch.author, branch.note) == (
        b"Say hello to all.",
        b"Writer",
        None,
    )
    assert branch.at == commits.moment(built.seconds)


def test_tags_are_peeled_and_newest_first(built):
    first = built.commit({b"a": b"1"})
    built.ref(b"refs/tags/plain", first)
    built.seconds += 1000
    outer = built.tag(b"v1", first, b"The first.\n-----BEGIN PGP SIGNATURE-----\nx\n")
    built.tag(b"of-a-tag", outer, b"Again.", kind=b"tag")
    built.tag(b"of-a-tree", built.tree({b"x": b"y"}), b"A tree.", kind=b"tree")
    page = refs.tags(built.at, limit=10)
    described = {tag.short: (tag.commit, tag.note) for tag in page.refs}
    assert described == {
        b"plain": (first, None),
        b"v1": (first, b"The first."),
        b"of-a-tag": (first, b"Again."),
        b"of-a-tree": (None, b"A tree."),
    }
    assert page.refs[-1].short == b"plain"


def test_a_page_of_branches_is_filtered_sorted_and_counted(built):
    for number in range(5):
        oid = built.commit({b"a": b"%d" % number}, branch=b"topic/%d" % number)
    built.ref(b"refs/heads/main", oid)
    page = refs.branches(built.at, containing=b"topic", order=Order.NEWEST, offset=1, limit=2)
    assert [branch.short for branch in page.refs] == [b"topic/3", b"topic/2"]
    assert page.total == 5


def test_a_branch_wins_over_a_tag_and_both_can_be_named(built):
    old = built.commit({b"a": b"1"}, branch=b"same")
    new = built.commit({b"a": b"2"}, parents=[old], branch=b"main")
    built.ref(b"refs/tags/same", new)
    assert refs.resolve(built.at, b"same").commit == old
    tagged = refs.resolve(built.at, b"refs/tags/same")
    assert (tagged.commit, tagged.kind, tagged.short) == (new, RefKind.TAG, b"same")
    assert refs.resolve(built.at, b"refs/heads/same").commit == old


def test_object_ids_whole_and_short_mean_commits(built):
    oid = built.commit({b"a": b"1"})
    for text in (oid, oid[:7], oid.upper()):
        found = refs.resolve(built.at, text.encode())
        assert (found.commit, found.kind, found.name) == (oid, RefKind.COMMIT, None)
    for unknown in (oid[:6], "0" * 40, "1234567", "main~1", "main^{tree}", "@{-1}", "-x"):
        with pytest.raises(NotFoundError):
            refs.resolve(built.at, unknown.encode())


def test_what_is_no_commit_is_said_to_be_none(built):
    built.commit({b"a": b"1"})
    blob = str(built.repository.create_blob(b"1"))
    with pytest.raises(InvalidError):
        refs.resolve(built.at, blob.encode())


def test_refs_that_are_no_text_are_listed_and_resolved(built):
    oid = built.commit({b"a": b"1"}, branch=b"\xff\xfe-\xf0\x9f\x90\x99")
    assert refs.names(built.at) == [(b"refs/heads/\xff\xfe-\xf0\x9f\x90\x99", oid)]
    assert refs.resolve(built.at, b"\xff\xfe-\xf0\x9f\x90\x99").commit == oid


@pytest.mark.parametrize(
    ("tail", "name", "path"),
    [
        (b"main", b"refs/heads/main", b""),
        (b"main/", b"refs/heads/main", b""),
        (b"main/README", b"refs/heads/main", b"README"),
        (b"topic/one/src/a.py", b"refs/heads/topic/one", b"src/a.py"),
        (b"v1/topic/one", b"refs/tags/v1", b"topic/one"),
        (b"refs/tags/v1/x", b"refs/tags/v1", b"x"),
        (b"refs/heads/topic/one/x", b"refs/heads/topic/one", b"x"),
        (b"HEAD/x", b"refs/heads/main", b"x"),
    ],
)
def test_the_end_of_an_address_is_split_into_ref_and_path(built, tail, name, path):
    oid = built.commit({b"a": b"1"})
    built.ref(b"refs/heads/topic/one", oid)
    built.ref(b"refs/tags/v1", oid)
    resolved, rest = refs.split(built.at, tail)
    assert (resolved.name, resolved.commit, rest) == (name, oid, path)


def test_an_address_may_begin_with_an_object_id(built):
    oid = built.commit({b"a": b"1"})
    resolved, rest = refs.split(built.at, oid.encode() + b"/dir/a%20b")
    assert (resolved.commit, rest) == (oid, b"dir/a%20b")


part = st.binary(min_size=1, max_size=6).filter(lambda name: b"/" not in name)


@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(name=st.lists(part, min_size=1, max_size=4), path=st.lists(part, max_size=3))
def test_whatever_ref_and_path_are_joined_come_apart_again(tmp_path_factory, name, path):
    whole = b"/".join(name)
    if not ref_names.is_valid(b"refs/heads/" + whole) or whole.startswith(b"refs/"):
        return
    built = Builder(tmp_path_factory.mktemp("split") / "a.git")
    oid = built.commit({b"a": b"1"}, branch=None)
    built.ref(b"refs/heads/" + whole, oid)
    resolved, rest = refs.split(built.at, b"/".join([*name, *path]))
    assert (resolved.short, rest) == (whole, b"/".join(path))


pieces = st.sampled_from([*"ab/.-@{}~^:?*[\\ ", "\x7f", "\x01", "é", ".lock", "..", "@{"])
text = st.lists(pieces, max_size=8).map("".join)


@settings(deadline=None, max_examples=150)
@given(text)
@example("a.lock/b")
@example("@")
@example("a/.b")
def test_a_ref_name_is_valid_exactly_when_git_says_so(name):
    whole = "refs/heads/" + name
    verdict = subprocess.run(["git", "check-ref-format", whole], check=False).returncode
    assert ref_names.is_valid(whole.encode()) == (verdict == 0)


@pytest.mark.parametrize(
    "name", [b"", b"-x", b"HEAD", b"a b", b"a..b", b"0" * 40, b"refs/heads/x", b"x" * 1025, b"a\0b"]
)
def test_names_that_readers_would_stumble_over_are_refused(built, name):
    oid = built.commit({b"a": b"1"})
    for create in (ref_changes.create_branch, ref_changes.create_tag):
        with pytest.raises(InvalidError):
            create(built.at, name, oid)


def test_distances_are_counted_from_a_base(built):
    base = built.commit({b"a": b"1"})
    main = built.commit({b"a": b"2"}, parents=[base])
    one = built.commit({b"a": b"3"}, parents=[base], branch=b"one")
    two = built.commit({b"a": b"4"}, parents=[one], branch=b"two")
    lost = built.commit({b"a": b"5"}, branch=b"lost")
    assert refs.divergence(built.at, main, [main, one, two, lost]) == [
        Divergence(0, 0),
        Divergence(1, 1),
        Divergence(2, 1),
        Divergence(1, 2),
    ]
    assert refs.divergence(built.at, main, [one, main], seconds=0) == [None, Divergence(0, 0)]


def test_branches_are_created_renamed_and_deleted(built):
    oid = built.commit({b"a": b"1"})
    assert ref_changes.create_branch(built.at, b"topic/a", oid).name == b"refs/heads/topic/a"
    with pytest.raises(ConflictError):
        ref_changes.create_branch(built.at, b"topic/a", oid)
    with pytest.raises(ConflictError):
        ref_changes.create_branch(built.at, b"topic", oid)
    with pytest.raises(NotFoundError):
        ref_changes.create_branch(built.at, b"other", "1" * 40)
    ref_changes.rename_branch(built.at, b"main", b"trunk")
    assert refs.head(built.at).name == b"refs/heads/trunk"
    with pytest.raises(ConflictError):
        ref_changes.delete_branch(built.at, b"trunk")
    ref_changes.delete_branch(built.at, b"topic/a", expected=oid)
    with pytest.raises(NotFoundError):
        ref_changes.delete_branch(built.at, b"topic/a")
    assert [name for name, _oid in refs.names(built.at)] == [b"refs/heads/trunk"]


def test_a_ref_that_has_moved_stays_and_so_do_all_others_of_the_change(built):
    old = built.commit({b"a": b"1"})
    new = built.commit({b"a": b"2"}, parents=[old])
    wanted = [
        RefChange(b"refs/heads/side", None, old),
        RefChange(b"refs/heads/main", old, None),
    ]
    with pytest.raises(PreconditionError):
        ref_changes.change(built.at, wanted)
    assert refs.names(built.at) == [(b"refs/heads/main", new)]
    with pytest.raises(PreconditionError):
        ref_changes.change(built.at, [RefChange(b"refs/heads/gone", old, new)])


def test_tags_are_plain_or_annotated(built):
    oid = built.commit({b"a": b"1"})
    ref_changes.create_tag(built.at, b"plain", oid)
    person = Person(b"Ta<g>ger\n", b"tagger@example.org", commits.moment(1_700_000_000), -90)
    ref_changes.create_tag(built.at, b"v1", oid, message=b"First.", tagger=person)
    tag = refs.one(built.at, b"refs/tags/v1")
    assert (tag.commit, tag.note, tag.at) == (oid, b"First.", person.at)
    raw = built.repository[tag.target].read_raw()
    assert b"tagger Tagger <tagger@example.org> 1700000000 -0130" in raw
    ref_changes.delete_tag(built.at, b"v1")
    assert refs.tags(built.at).total == 1
    subprocess.run(["git", "fsck", "--strict", "--no-dangling"], cwd=built.at, check=True)


@pytest.mark.promise("P30")
def test_a_tag_names_the_object_in_its_first_line_only(built):
    shown, hidden = built.commit({b"a": b"1"}), built.commit({b"a": b"secret"})
    head = b"object %s\ntype commit\ntag v1\ntagger T <t@example.org> 1700000000 +0000\n"
    raw = head % shown.encode() + b"object %s\n\nTwo objects.\n" % hidden.encode()
    built.ref(b"refs/tags/v1", built.write(ObjectType.TAG, raw))
    assert refs.one(built.at, b"refs/tags/v1").commit == shown


def test_the_default_branch_can_be_another_one(built):
    built.commit({b"a": b"1"})
    with pytest.raises(NotFoundError):
        ref_changes.set_default_branch(built.at, b"absent")
    built.commit({b"a": b"1"}, branch=b"trunk")
    ref_changes.set_default_branch(built.at, b"trunk")
    assert refs.head(built.at).short == b"trunk"


def test_one_damaged_branch_leaves_the_others_readable(built):
    oid = built.commit({b"a": b"1"})
    built.ref(b"refs/heads/broken", "1" * 40)
    described = {branch.short: branch.commit for branch in refs.branches(built.at).refs}
    assert described == {b"main": oid, b"broken": None}
    with pytest.raises(DamagedError):
        refs.resolve(built.at, b"broken")


def test_a_folder_that_is_no_repository_is_damaged(tmp_path):
    with pytest.raises(DamagedError):
        refs.head(tmp_path)
    with pytest.raises(DamagedError):
        refs.names(tmp_path / "gone")


def test_ten_thousand_refs_are_listed_and_paged(built):
    oid = built.commit({b"a": b"1"})
    lines = [f"{oid} refs/heads/b/{number:05d}\n" for number in range(10_000)]
    (built.at / "packed-refs").write_text(
        "# pack-refs with: peeled fully-peeled sorted \n" + "".join(lines)
    )
    assert len(refs.names(built.at)) == 10_001
    page = refs.branches(built.at, order=Order.NEWEST, offset=9_990, limit=100)
    assert (len(page.refs), page.total) == (11, 10_001)
    assert refs.split(built.at, b"b/04321/x")[0].short == b"b/04321"

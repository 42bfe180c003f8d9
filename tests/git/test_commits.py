"""What a commit says, however strangely it was written."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from appliance.errors import DamagedError, NotFoundError
from appliance.git import commits
from tests.git.builder import Builder

LATIN = "Größe ändern\n\nÄrger.\n".encode("latin-1")


@pytest.fixture
def built(tmp_path: Path) -> Builder:
    return Builder(tmp_path / "a.git")


def test_a_commit_is_read_with_people_times_and_parents(built):
    first = built.commit({b"a": b"1"}, seconds=1_700_000_000)
    second = built.commit({b"a": b"2"}, parents=[first], message=b"Two\n\nBody.\n\nA-b: c\n")
    commit = commits.read(built.at, second)
    assert (commit.oid, commit.parents) == (second, (first,))
    assert (commit.subject, commit.body, commit.trailers) == (
        b"Two",
        b"Body.\n\nA-b: c",
        ((b"A-b", b"c"),),
    )
    person = commits.read(built.at, first).author
    assert (person.name, person.email, person.offset_minutes) == (
        b"Writer",
        b"writer@example.org",
        60,
    )
    assert person.at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert not commit.is_signed


def test_the_encoding_that_a_commit_names_is_honoured(built):
    oid = built.commit(
        {}, message=LATIN, author=b"J\xf6rg <j@example.org>", extra=b"encoding ISO-8859-1\n"
    )
    commit = commits.read(built.at, oid)
    assert commit.subject.decode() == "Größe ändern"
    assert commit.author.name.decode() == "Jörg"


@pytest.mark.parametrize("name", ["utf-7", "unicode_escape", "raw_unicode_escape", "punycode"])
def test_an_encoding_neither_begins_lines_nor_takes_its_time(built, name):
    said = rb"A <a@x.test>\ncommitter \u000acommitter B +AAo-committer " + b"-a9" * 60_000
    head = b"encoding " + name.encode() + b"\n"

    began = time.process_time()
    read = commits.read(
        built.at, built.commit({}, message=said, author=b"J <j@x.test>", extra=head)
    )

    assert time.process_time() - began < 1
    assert read.message == said
    assert commits.to_utf8(b"A <a@x.test>+AAo-committer", name.encode()).count(b"\n") == 0


@pytest.mark.parametrize("encoding", [b"", b"encoding klingon\n", b"encoding hex\n"])
def test_texts_of_no_known_encoding_stay_as_they_are(built, encoding):
    oid = built.commit({}, message=LATIN, extra=encoding)
    assert commits.read(built.at, oid).message == LATIN


@pytest.mark.promise("P30")
def test_a_parent_below_the_committer_is_none(built):
    hidden = built.commit({b"a": b"secret"})
    first = built.commit({b"a": b"1"})
    extra = b"parent %s\n" % hidden.encode()
    assert commits.read(built.at, built.commit({}, extra=extra)).parents == ()
    second = built.commit({}, parents=[first], extra=extra)
    assert commits.read(built.at, second).parents == (first,)


def test_a_signed_commit_is_recognised_and_its_message_starts_after_the_signature(built):
    signature = (
        b"gpgsig -----BEGIN PGP SIGNATURE-----\n \n parent x\n -----END PGP SIGNATURE-----\n"
    )
    commit = commits.read(built.at, built.commit({}, extra=signature, message=b"Signed.\n"))
    assert (commit.is_signed, commit.subject, commit.parents) == (True, b"Signed.", ())


@pytest.mark.parametrize(
    ("line", "name", "email", "seconds", "offset"),
    [
        (b"A <a@b> 12 +0000", b"A", b"a@b", 12, 0),
        (b"<> 0 +0000", b"", b"", 0, 0),
        (b"A <a> <b> -5 -0330", b"A", b"a> <b", -5, -210),
        (b"nobody", b"nobody", b"", 0, 0),
        (b"A <a@b>", b"A", b"a@b", 0, 0),
    ],
)
def test_people_are_read_leniently(line, name, email, seconds, offset):
    person = commits.parse_person(line)
    assert (person.name, person.email, person.offset_minutes) == (name, email, offset)
    assert person.at.timestamp() == seconds


def test_times_that_no_calendar_has_become_its_ends():
    assert commits.moment(10**18) == commits.LATEST
    assert commits.moment(-(10**18)) == commits.EARLIEST


@pytest.mark.parametrize(
    ("message", "trailers"),
    [
        (b"S\n\nA: b\nC-d: e\n f\n", ((b"A", b"b"), (b"C-d", b"e f"))),
        (b"S\n\nNot a trailer.\nA: b\n", ()),
        (b"A: b\n", ()),
        (b"", ()),
    ],
)
def test_trailers_are_a_last_paragraph_of_nothing_else(built, message, trailers):
    assert commits.read(built.at, built.commit({}, message=message)).trailers == trailers


def test_what_does_not_exist_is_not_found_and_what_should_exist_is_damage(built):
    blob = str(built.repository.create_blob(b"1"))
    for oid in ("1" * 40, blob, "x", ""):
        with pytest.raises(NotFoundError):
            commits.read(built.at, oid)
    with pytest.raises(DamagedError):
        commits.read_many(built.at, ["1" * 40])


def test_a_commit_says_which_branches_and_tags_contain_it(built):
    first = built.commit({b"a": b"1"})
    second = built.commit({b"a": b"2"}, parents=[first])
    built.commit({b"a": b"3"}, branch=b"other")
    built.tag(b"v2", second, b"Two.")
    built.ref(b"refs/tags/v1", first)
    found = commits.refs_containing(built.at, first)
    assert found.branches == (b"refs/heads/main",)
    assert found.tags == (b"refs/tags/v1", b"refs/tags/v2")
    assert not found.is_cut
    cut = commits.refs_containing(built.at, first, most=1)
    assert (cut.tags, cut.is_cut) == ((b"refs/tags/v1",), True)

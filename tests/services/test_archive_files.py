"""Archives that want more than to be read: out of their folder, into the memory, into git."""

from __future__ import annotations

import io
import lzma
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from appliance.domain import archive_gitea, archive_github
from appliance.domain.brought import Place, Pull, Said, Talk, Thread
from appliance.errors import InvalidError, TooLargeError
from appliance.services import archive_files, archive_reading, archive_talks
from appliance.services.archive_files import Bounds

AT = "2024-03-01T10:00:00Z"
KIB = 1024
TALK = Talk(1, "The roof leaks", "It drips.", "octocat", AT)
PULL = Pull("topic", "main", "a" * 40)


def tar(folder, *members: Any, mode="w:gz"):
    """A tar file: each member is a name, and content or what it links to."""
    archive = folder / "archive.tar"
    with tarfile.open(archive, mode) as made:
        for name, content, kind in members:
            member = tarfile.TarInfo(name)
            member.type = kind
            if kind == tarfile.REGTYPE:
                member.size = len(content)
                made.addfile(member, io.BytesIO(content))
            else:
                member.linkname = content
                made.addfile(member)
    return archive


def plain(name, content=b"x"):
    return name, content, tarfile.REGTYPE


def unpacked(archive, folder, **bounds: int):
    return archive_files.unpack(archive, folder / "into", Bounds(**bounds) if bounds else None)


@pytest.mark.promise("P87")
@pytest.mark.parametrize("name", ["../out", "/etc/passwd", "a/../../out", "a/" * 70 + "b"])
def test_names_that_lead_elsewhere_are_refused(name, tmp_path):
    with pytest.raises(InvalidError):
        unpacked(tar(tmp_path, plain(name)), tmp_path)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
def test_only_plain_files_are_taken_out(kind, tmp_path):
    archive = tar(tmp_path, ("link", "/etc/passwd", kind), plain("one"), plain("two"))

    folder = unpacked(archive, tmp_path)

    assert sorted(each.name for each in folder.iterdir()) == ["one", "two"]


def test_nothing_is_written_through_a_link(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    with pytest.raises(InvalidError, match="leads out"):
        unpacked(tar(tmp_path, plain("../outside/x")), tmp_path)
    archive = tar(tmp_path, ("door", str(outside), tarfile.SYMTYPE), plain("door/x"))

    unpacked(archive, tmp_path)

    assert list(outside.iterdir()) == []


def test_links_in_zip_files_are_not_taken_out(tmp_path):
    archive = tmp_path / "archive.zip"
    with zipfile.ZipFile(archive, "w") as made:
        link = zipfile.ZipInfo("link")
        link.external_attr = 0o120777 << 16
        made.writestr(link, "/etc/passwd")
        made.writestr("one", "x")
        made.writestr("two", "x")

    assert sorted(each.name for each in unpacked(archive, tmp_path).iterdir()) == ["one", "two"]


@pytest.mark.promise("P87")
@pytest.mark.parametrize("packing", ["tar", "zip"])
def test_what_would_become_too_much_is_stopped(packing, tmp_path):
    if packing == "tar":
        archive = tar(tmp_path, plain("bomb", bytes(5_000_000)))
    else:
        archive = tmp_path / "archive.zip"
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as made:
            made.writestr("bomb", bytes(5_000_000))

    with pytest.raises(TooLargeError):
        unpacked(archive, tmp_path, size_bytes=1_000_000, files=10)


def test_what_is_passed_over_counts_too(tmp_path):
    archive = tmp_path / "archive.tar"
    with tarfile.open(archive, "w:gz") as made:
        member = tarfile.TarInfo("not plain")
        member.size = 50_000_000
        member.type = tarfile.CONTTYPE
        made.addfile(member, io.BytesIO(bytes(member.size)))

    with pytest.raises(TooLargeError):
        unpacked(archive, tmp_path, size_bytes=1_000_000, files=10)


def test_too_many_files_are_stopped(tmp_path):
    with pytest.raises(TooLargeError):
        unpacked(tar(tmp_path, *(plain(f"f{n}") for n in range(5))), tmp_path, files=4)


def test_a_header_that_fills_the_memory_is_refused(tmp_path):
    archive = tmp_path / "archive.tar"
    with tarfile.open(archive, "w:gz", format=tarfile.PAX_FORMAT) as made:
        member = tarfile.TarInfo("plain")
        member.pax_headers = {"comment": "x" * (archive_files.LARGEST_READ + KIB)}
        made.addfile(member)

    with pytest.raises(InvalidError, match="cannot be unpacked"):
        unpacked(archive, tmp_path)


def test_headers_that_fill_the_memory_together_are_refused(tmp_path):
    archive = tmp_path / "archive.tar"
    with archive.open("wb") as out:
        for number in range(3):
            said = {f"word{number}": "x" * (archive_files.LARGEST_READ // 2)}
            out.write(tarfile.TarInfo.create_pax_global_header(said))
            out.write(tarfile.TarInfo(f"f{number}").tobuf())
        out.write(bytes(2 * tarfile.BLOCKSIZE))

    with pytest.raises(InvalidError, match="too much is said"):
        unpacked(archive, tmp_path)


@pytest.mark.parametrize("files", [100, 20_000])
def test_a_list_of_files_that_fills_the_memory_is_not_read(files, tmp_path):
    archive = tmp_path / "archive.zip"
    with zipfile.ZipFile(archive, "w") as made:
        for number in range(25_000):
            made.writestr(f"{number:06}", "")

    with pytest.raises(TooLargeError):
        unpacked(archive, tmp_path, files=files)

    assert not (tmp_path / "into").exists()


def test_what_takes_much_memory_to_unpack_is_not_unpacked(tmp_path):
    archive = tmp_path / "archive.tar.xz"
    archive.write_bytes(lzma.compress(bytes(10 * KIB)))

    with pytest.raises(InvalidError):
        unpacked(archive, tmp_path)


@pytest.mark.parametrize("place", [12, 40, 100])
def test_what_is_damaged_says_so(place, tmp_path):
    archive = tar(tmp_path, plain("one", bytes(range(256)) * 40), plain("two"))
    content = bytearray(archive.read_bytes())
    content[place:] = bytes(len(content) - place)
    archive.write_bytes(content)

    with pytest.raises(InvalidError):
        unpacked(archive, tmp_path)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("repo.yml", "a: &a [x, x]\nb: &b [*a, *a]\nname: [*b, *b]"),
        ("repo.yml", "name: !!python/object/apply:os.system [id]"),
        ("repositories_000001.json", "[" * 200_000),
        ("repositories_000001.json", '[{"url": 5}]'),
    ],
)
def test_documents_that_are_no_documents_are_said_to_be_damaged(name, content, tmp_path):
    (tmp_path / name).write_text(content)

    with pytest.raises(InvalidError):
        archive_reading.read(tmp_path)


def test_documents_are_bounded(tmp_path):
    (tmp_path / "repo.yml").write_text("name: notes")

    with pytest.raises(TooLargeError):
        archive_reading.read(tmp_path, most_bytes=5)


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "", "no\0name", "nothing"])
def test_git_content_is_looked_for_inside_alone(name, tmp_path):
    (tmp_path / "secret").mkdir()
    (tmp_path / "archive" / "git").mkdir(parents=True)

    assert archive_files.inside(tmp_path / "archive", name) is None
    assert archive_files.inside(tmp_path / "archive", "git") == tmp_path / "archive" / "git"


@pytest.mark.promise("P87")
def test_of_a_repository_only_objects_and_refs_stay(tmp_path):
    kept = ("HEAD", "objects/pack/one.pack", "refs/heads/main", "packed-refs")
    for name in (*kept, "config", "hooks/pre-receive", "objects/info/alternates", "commondir"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")

    archive_files.leave_only_objects(tmp_path)

    found = {str(each.relative_to(tmp_path)) for each in tmp_path.rglob("*") if each.is_file()}
    assert found == set(kept)


@pytest.mark.parametrize(
    "odd",
    [
        {"created_at": "yesterday"},
        {"created_at": "2024-03-01T10:00:00"},
        {"created_at": "0001-01-01T00:00:00+14:00"},
        {"number": 0},
        {"title": {"not": "text"}},
        {"comments": (Said("octocat", "x", "later"),)},
    ],
)
def test_conversations_that_make_no_sense_are_left_out_and_said(odd):
    good, bad = archive_talks.usable([replace(TALK, number=2), replace(TALK, **odd)])

    assert [each.number for each in good] == [2]
    assert bad == [odd.get("number", 1)]


@pytest.mark.parametrize(
    "odd",
    [
        {"head": "main"},
        {"source": ""},
        {"merged_as": "-x"},
        {"threads": (Thread((Place("a" * 40, ""),), (Said("", "", AT),)),)},
        {"threads": (Thread((), (Said("", "", AT),)),)},
    ],
)
def test_a_pull_request_that_makes_no_sense_is_an_issue(odd):
    ((talk,), bad) = archive_talks.usable([replace(TALK, pull=replace(PULL, **odd))])

    assert (talk.pull, bad) == (None, [])


def test_texts_lose_what_no_database_takes():
    ((talk,), _) = archive_talks.usable([replace(TALK, title="a\0b\ud800", pull=PULL)])

    assert (talk.title, talk.pull) == ("ab?", PULL)


def test_what_was_said_of_lines_goes_whole_however_long_it_is():
    lines = Thread((Place("a" * 40, "roof"),), (Said("", "x" * 20_000_000, AT),))
    long = replace(TALK, number=2, pull=replace(PULL, threads=(lines,)))

    found = list(archive_talks.batches([TALK, long, replace(TALK, number=3)]))

    assert [[talk.number for _, talk in batch] for batch in found] == [[1], [2], [3]]
    assert found[1][0][1].pull == long.pull


class Counted(list):
    """Rows that know how often they were gone through: an archive may have millions."""

    times = 0

    def __iter__(self) -> Iterator[Any]:
        self.times += 1
        return super().__iter__()


def test_documents_are_gone_through_once_however_many_rows_name_others():
    hub, numbers = "https://github.com/octo/notes", range(1, 20)
    issues = Counted(
        {"url": f"{hub}/issues/{each}", "repository": hub, "created_at": AT} for each in numbers
    )
    comments = Counted(
        {"url": f"{hub}/said/{each}", "issue": f"{hub}/issues/{each}", "created_at": AT}
        for each in numbers
    )
    documents = {"repositories": [{"url": hub}], "issues": issues, "issue_comments": comments}
    whole = archive_github.read(archive_github.Archive(documents), "octo/notes")
    assert [len(talk.comments) for talk in whole.talks] == [1] * len(numbers)
    assert (issues.times, comments.times) == (2, 2)

    plain_issues = Counted({"number": 100 + each, "created": AT} for each in numbers)
    head, base = {"sha": "a" * 40, "ref": "topic"}, {"ref": "main"}
    pulls = [{"number": each, "created": AT, "head": head, "base": base} for each in numbers]
    archive_gitea.read({"repo": [{}], "issue": plain_issues, "pull_request": pulls})
    assert plain_issues.times == 2

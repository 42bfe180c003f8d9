"""Search in a commit's files."""

from __future__ import annotations

import io
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest

from appliance.errors import DamagedError, InvalidError, NotFoundError
from appliance.git import search
from appliance.git.archive import Format, archive
from appliance.git.search import Match
from tests.git.builder import Builder
from tests.git.test_tree import HOSTILE


@pytest.fixture
def built(tmp_path: Path) -> Builder:
    return Builder(tmp_path / "a.git")


def test_lines_are_found_with_their_places(built):
    oid = built.commit(
        {b"a.py": b"one\n  two.three\n", b"dir/b": b"twoXthree\n", b"bin": b"\0two.three"}
    )
    assert search.content(built.at, oid, "two.three").matches == (
        Match(b"a.py", 2, 3, b"  two.three"),
    )
    assert search.content(built.at, oid, "TWO.", ignore_case=True).matches[0].line == 2
    assert search.content(built.at, oid, "two", path=b"dir").matches[0].path == b"dir/b"
    assert search.content(built.at, oid, "absent").matches == ()
    assert search.content(built.at, oid, "-e").matches == ()


@pytest.mark.parametrize("name", [name for name in HOSTILE if b"\n" not in name])
def test_lines_are_found_in_files_of_any_name(built, name):
    oid = built.commit({b"d/" + name: b"needle\n"})
    assert search.content(built.at, oid, "needle").matches == (
        Match(b"d/" + name, 1, 1, b"needle"),
    )


def test_too_many_lines_are_cut(built):
    oid = built.commit({b"%d" % number: b"x\n" * 100 for number in range(10)})
    found = search.content(built.at, oid, "x", most=120)
    assert (len(found.matches), found.is_cut) == (120, True)
    long = built.commit({b"a": b"x" * 10_000})
    assert len(search.content(built.at, long, "x").matches[0].content) == 1000


@pytest.mark.parametrize("pattern", ["", "a\nb", "a\0b", "x" * 1001])
def test_patterns_that_are_none_are_refused(built, pattern):
    oid = built.commit({b"a": b"aaaa\n"})
    with pytest.raises(InvalidError):
        search.content(built.at, oid, pattern)


def test_files_are_found_by_words_of_their_path_closest_first(built):
    oid = built.commit(
        dict.fromkeys([b"src/Main.py", b"main", b"domain/x", b"src/mainly", b"src/remain"], b"1")
    )
    assert search.files(built.at, oid, b"MAIN").paths == (
        b"main",
        b"src/mainly",
        b"src/Main.py",
        b"src/remain",
        b"domain/x",
    )
    assert search.files(built.at, oid, b"src main py").paths == (b"src/Main.py",)
    cut = search.files(built.at, oid, b"main", most=1)
    assert (cut.paths, cut.is_cut) == ((b"main",), True)
    with pytest.raises(InvalidError):
        search.files(built.at, oid, b" ")


def test_archives_hold_all_files_below_their_folder(built):
    files = {b"a": b"1", b"dir/run": (0o100755, b"#!"), b"dir/\xc3\xa9 -x": b"2"}
    oid = built.commit(files)
    zipped = b"".join(archive(built.at, oid, form=Format.ZIP, prefix=b"notes-1"))
    with zipfile.ZipFile(io.BytesIO(zipped)) as unzipped:
        assert "notes-1/a" in unzipped.namelist()
        assert unzipped.read("notes-1/dir/run") == b"#!"
    packed = b"".join(archive(built.at, oid, form=Format.TAR_GZ, prefix=b"notes-1/"))
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        assert tar.getmember("notes-1/dir/run").mode & 0o111
        assert "notes-1/dir/é -x" in tar.getnames()
    assert packed == b"".join(archive(built.at, oid, form=Format.TAR_GZ, prefix=b"notes-1/"))


def test_archives_of_nothing_and_of_damage_say_so(built):
    oid = built.commit({b"a": b"1"})
    with pytest.raises(NotFoundError):
        archive(built.at, "1" * 40, form=Format.ZIP, prefix=b"x")
    with pytest.raises(InvalidError):
        archive(built.at, oid, form=Format.ZIP, prefix=b"../x")
    blob = str(built.repository[oid].tree["a"].id)
    (built.at / "objects" / blob[:2] / blob[2:]).unlink()
    with pytest.raises(DamagedError):
        b"".join(archive(built.at, oid, form=Format.ZIP, prefix=b"x"))


def test_reading_changes_nothing_that_fsck_would_see(built):
    oid = built.commit({b"a": b"1"})
    search.content(built.at, oid, "1")
    subprocess.run(["git", "fsck", "--strict"], cwd=built.at, check=True, capture_output=True)

"""Folders and files, whatever their names and contents are made of."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from appliance.errors import DamagedError, NotFoundError
from appliance.git import blobs, tree
from appliance.git.lfs_pointers import Pointer
from appliance.git.tree import EntryKind
from tests.git.builder import Builder

HOSTILE = [
    b"\xff\xfe not text",
    b"a b",
    b"100%",
    b"#1",
    b"what?",
    b"-rf",
    b"--help",
    b"new\nline",
    b'tab\tquote"back\\slash',
    "🐙.md".encode(),
    "\u202egnp.exe".encode(),
    b":(glob)*",
    b"*",
    b"x" * 255,
]


@pytest.fixture
def built(tmp_path: Path) -> Builder:
    return Builder(tmp_path / "a.git")


def test_a_folder_is_listed_with_kinds_and_sizes_folders_first(built):
    oid = built.commit(
        {
            b"z/inner": b"12",
            b"a": b"123",
            b"run": (0o100755, b"#!"),
            b"link": (0o120000, b"a"),
            b"sub": (0o160000, b"1" * 40),
            b"old": (0o100664, b""),
        }
    )
    folder = tree.folder(built.at, oid)
    assert [(entry.name, entry.kind, entry.size_bytes) for entry in folder.entries] == [
        (b"z", EntryKind.FOLDER, None),
        (b"a", EntryKind.FILE, 3),
        (b"link", EntryKind.SYMLINK, 1),
        (b"old", EntryKind.FILE, 0),
        (b"run", EntryKind.EXECUTABLE, 2),
        (b"sub", EntryKind.SUBMODULE, None),
    ]
    part = tree.folder(built.at, oid, offset=1, limit=2)
    assert ([entry.name for entry in part.entries], part.total) == ([b"a", b"link"], 6)
    assert tree.folder(built.at, oid, b"/z/").entries[0].path == b"z/inner"


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_bytes_everywhere(built, name):
    path = b"dir/" + name
    oid = built.commit({path: b"content\n", name + b"/x": b"1"})
    assert tree.folder(built.at, oid, b"dir").entries[0].path == path
    assert blobs.file(built.at, oid, path).content == b"content\n"
    assert set(tree.paths(built.at, oid).paths) == {path, name + b"/x"}
    assert tree.paths(built.at, oid, name).paths == (name + b"/x",)


def test_a_path_of_four_thousand_bytes_is_found(built):
    path = b"/".join([b"deep" * 10] * 97) + b"/file"
    assert len(path) > 3_900
    oid = built.commit({path: b"1"})
    assert blobs.file(built.at, oid, path).content == b"1"
    assert tree.folder(built.at, oid, path.rpartition(b"/")[0]).total == 1


@pytest.mark.parametrize(
    "path", [b"absent", b"a/b", b"dir/absent", b"..", b".", b"dir//x", b"a\0b"]
)
def test_what_is_not_there_is_not_found(built, path):
    oid = built.commit({b"a": b"1", b"dir/x": b"2"})
    with pytest.raises(NotFoundError):
        tree.find(built.at, oid, path)


def test_folders_are_no_files_and_files_no_folders(built):
    oid = built.commit({b"a": b"1", b"dir/x": b"2"})
    with pytest.raises(NotFoundError):
        tree.folder(built.at, oid, b"a")
    with pytest.raises(NotFoundError):
        blobs.file(built.at, oid, b"dir")
    with pytest.raises(NotFoundError):
        tree.folder(built.at, "1" * 40)
    with pytest.raises(NotFoundError):
        tree.folder(built.at, str(built.repository.create_blob(b"1")))


def test_an_empty_commit_has_an_empty_folder(built):
    oid = built.commit({})
    assert tree.folder(built.at, oid).entries == ()
    assert tree.paths(built.at, oid).paths == ()


def test_all_paths_are_given_up_to_a_limit(built):
    oid = built.commit({b"%03d" % number: b"1" for number in range(300)})
    assert len(tree.paths(built.at, oid).paths) == 300
    cut = tree.paths(built.at, oid, most=10)
    assert (len(cut.paths), cut.is_cut) == (10, True)


def test_submodules_have_the_address_that_gitmodules_gives(built):
    modules = (
        b'[submodule "one"]\n path = lib/one\n url = https://example.org/one.git\n'
        b'[submodule "no path"]\n url = x\n'
    )
    oid = built.commit({b".gitmodules": modules, b"lib/one": (0o160000, b"1" * 40)})
    assert tree.submodules(built.at, oid) == {b"lib/one": b"https://example.org/one.git"}
    for nonsense in (b"[[[", b"", b"\0\xff"):
        oid = built.commit({b".gitmodules": nonsense})
        assert tree.submodules(built.at, oid) == {}
    assert tree.submodules(built.at, built.commit({b"a": b"1"})) == {}


def test_a_large_file_is_described_and_streamed_but_not_loaded(built):
    content = b"0123456789" * 100_000
    oid = built.commit({b"large": content, b"binary": b"\0" + content})
    large = blobs.file(built.at, oid, b"large", most_bytes=999_999)
    assert (large.content, large.size_bytes, large.is_binary) == (None, 1_000_000, False)
    assert blobs.file(built.at, oid, b"binary", most_bytes=10).is_binary
    assert b"".join(blobs.chunks(built.at, large.entry.oid)) == content
    with pytest.raises(NotFoundError):
        next(blobs.chunks(built.at, oid))


def test_links_and_lfs_pointers_are_recognised(built):
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize 12345\n" % (
        b"ab" * 32
    )
    oid = built.commit({b"big": pointer, b"link": (0o120000, b"../\xff"), b"text": b"version 1\n"})
    assert blobs.file(built.at, oid, b"big").lfs == Pointer("ab" * 32, 12345)
    assert blobs.file(built.at, oid, b"text").lfs is None
    link = blobs.file(built.at, oid, b"link")
    assert (link.link_target, blobs.file(built.at, oid, b"big").link_target) == (b"../\xff", None)


def test_objects_of_an_alternate_are_read(built, tmp_path):
    oid = built.commit({b"a": b"shared"})
    fork = Builder(tmp_path / "fork.git")
    (fork.at / "objects/info/alternates").write_text(str(built.at / "objects") + "\n")
    assert blobs.file(fork.at, oid, b"a").content == b"shared"


def test_missing_and_broken_objects_are_damage(built):
    oid = built.commit({b"a": b"1", b"b": b"2", b"dir/c": b"3"})
    found = {path: tree.find(built.at, oid, path).oid for path in (b"a", b"b", b"dir")}
    place = {path: built.at / "objects" / gone[:2] / gone[2:] for path, gone in found.items()}
    place[b"a"].unlink()
    place[b"b"].chmod(0o644)
    place[b"b"].write_bytes(b"garbage")
    place[b"dir"].unlink()
    for read in (
        lambda: blobs.file(built.at, oid, b"a"),
        lambda: blobs.file(built.at, oid, b"b"),
        lambda: tree.folder(built.at, oid, b"dir"),
        lambda: tree.paths(built.at, oid),
    ):
        with pytest.raises(DamagedError):
            read()


def test_a_packed_repository_reads_the_same(built):
    oid = built.commit({b"a": b"1", b"dir/x": b"2"})
    before = tree.folder(built.at, oid)
    subprocess.run(["git", "gc", "-q"], cwd=built.at, check=True)
    assert tree.folder(built.at, oid) == before

"""The store of large files, and the pointers to it."""

from __future__ import annotations

import hashlib
import io
import os
import time

import pytest

from appliance.errors import (
    ConflictError,
    DamagedError,
    InvalidError,
    NotFoundError,
    QuotaError,
    TooLargeError,
)
from appliance.git.lfs import LfsStore
from appliance.git.lfs_pointers import Pointer, parse_pointer, reachable_pointers

CONTENT = b"0123456789" * 300_000
OID = hashlib.sha256(CONTENT).hexdigest()
POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{OID}\nsize {len(CONTENT)}\n"


@pytest.fixture
def lfs(tmp_path):
    return LfsStore(tmp_path / "home", reserve_bytes=0)


def receive(lfs, content=CONTENT, *, oid=OID, size=3_000_000, offset=0, upload="one"):
    body = content if hasattr(content, "read") else io.BytesIO(content)
    lfs.receive(oid, body, size_bytes=size, upload=upload, offset=offset)


def test_what_was_stored_is_read_back(lfs):
    receive(lfs)

    assert b"".join(lfs.read(OID)) == CONTENT
    assert lfs.size_bytes(OID) == len(CONTENT)
    assert lfs.path(OID) == lfs.home / "lfs" / OID[:2] / OID[2:4] / OID
    assert [stored.oid for stored in lfs.objects()] == [OID]
    assert not any((lfs.home / "lfs/unfinished").iterdir())


def test_storing_again_changes_nothing(lfs):
    receive(lfs)
    receive(lfs, upload="two")

    assert b"".join(lfs.read(OID)) == CONTENT


@pytest.mark.parametrize(
    ("start", "end"),
    [(0, 1), (5, 15), (1_048_570, 1_048_580), (2_999_999, None), (0, 9_999_999), (3_000_000, None)],
)
def test_a_range_is_a_part_of_the_whole(lfs, start, end):
    receive(lfs)

    assert b"".join(lfs.read(OID, start=start, end=end)) == CONTENT[start:end]


def test_damage_on_the_disk_is_noticed_before_the_last_byte_is_given(lfs):
    receive(lfs)
    with lfs.path(OID).open("r+b") as file:
        file.write(b"X")
    given = []

    with pytest.raises(DamagedError):
        given.extend(lfs.read(OID))
    assert sum(map(len, given)) < len(CONTENT)
    with pytest.raises(DamagedError):
        list(lfs.read(OID, start=10, end=20))


def test_content_with_another_checksum_is_not_stored(lfs):
    with pytest.raises(InvalidError):
        receive(lfs, CONTENT[:-1] + b"X")

    assert lfs.size_bytes(OID) is None
    assert lfs.received_bytes(OID, upload="one") == 0


def test_more_than_was_announced_is_not_stored(lfs):
    with pytest.raises(TooLargeError):
        receive(lfs, CONTENT + b"X")

    assert lfs.size_bytes(OID) is None


class Breaking(io.BytesIO):
    """A client that goes away after a while."""

    def read(self, size: int | None = -1, /) -> bytes:
        chunk = super().read(size)
        if not chunk:
            raise ConnectionResetError("the client has gone")
        return chunk


def test_an_upload_that_broke_off_can_be_continued_by_whoever_began_it(lfs):
    with pytest.raises(InvalidError):
        receive(lfs, Breaking(CONTENT[:1_234_567]))
    assert lfs.received_bytes(OID, upload="one") == 1_234_567
    assert lfs.received_bytes(OID, upload="two") == 0

    with pytest.raises(ConflictError):
        receive(lfs, CONTENT[1_234_567:], offset=1_234_567, upload="two")
    receive(lfs, CONTENT[1_234_567:], offset=1_234_567)

    assert b"".join(lfs.read(OID)) == CONTENT


def test_an_upload_may_go_back_but_not_leave_a_hole(lfs):
    with pytest.raises(InvalidError):
        receive(lfs, Breaking(CONTENT[:1000]))

    with pytest.raises(ConflictError):
        receive(lfs, CONTENT[2000:], offset=2000)
    receive(lfs, CONTENT[500:], offset=500)

    assert b"".join(lfs.read(OID)) == CONTENT


def test_the_same_upload_twice_at_once_is_a_conflict(lfs):
    class Nested(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            with pytest.raises(ConflictError):
                receive(lfs)
            return super().read(size)

    receive(lfs, Nested(CONTENT))

    assert lfs.size_bytes(OID) == len(CONTENT)


def test_without_room_nothing_is_begun(tmp_path):
    full = LfsStore(tmp_path / "home", reserve_bytes=2**62)

    with pytest.raises(QuotaError):
        receive(full)
    assert full.free_bytes() == 0


@pytest.mark.parametrize("oid", ["", "0" * 63, "../../etc/passwd", "A" * 64, "0" * 64 + "\n"])
def test_an_impossible_id_never_becomes_a_path(lfs, oid):
    with pytest.raises(InvalidError):
        lfs.path(oid)


@pytest.mark.parametrize("upload", ["", "../x", "a/b", "x" * 65])
def test_an_impossible_upload_never_becomes_a_path(lfs, upload):
    with pytest.raises(InvalidError):
        lfs.received_bytes(OID, upload=upload)


def test_deleting_twice_is_no_harm(lfs):
    receive(lfs)

    lfs.delete(OID)
    lfs.delete(OID)

    with pytest.raises(NotFoundError):
        lfs.read(OID)


def test_a_sweep_removes_uploads_that_nobody_continues(lfs):
    for upload in ("old", "young"):
        with pytest.raises(InvalidError):
            receive(lfs, Breaking(b"x"), upload=upload)
    os.utime(lfs.home / "lfs/unfinished" / f"old-{OID}", (1000, 1000))

    assert lfs.sweep_unfinished(older_than_seconds=3600, now_seconds=time.time()) == 1
    assert lfs.received_bytes(OID, upload="young") == 1


@pytest.mark.parametrize(
    "content",
    [
        b"",
        POINTER.encode()[:-1],
        POINTER.replace("sha256", "sha1").encode(),
        b"\n" + POINTER.encode(),
        POINTER.encode() + b"x" * 1024,
    ],
)
def test_what_is_no_pointer_is_none(content):
    assert parse_pointer(content) is None


def test_a_pointer_with_extensions_is_one():
    extended = POINTER.replace("\noid", f"\next-0-foo sha256:{OID}\noid")

    assert parse_pointer(extended.encode()) == Pointer(OID, len(CONTENT))


def test_every_pointer_of_every_ref_is_found(git, working_copy):
    second = POINTER.replace(OID, "ab" * 32)
    (working_copy / "large.bin").write_text(POINTER)
    git("add", ".", at=working_copy)
    git("commit", "-q", "-m", "Large", at=working_copy)
    git("switch", "-q", "-c", "other", "main~1", at=working_copy)
    (working_copy / "other.bin").write_text(second)
    git("add", ".", at=working_copy)
    git("commit", "-q", "-m", "Other", at=working_copy)

    found = {pointer.oid for pointer in reachable_pointers(working_copy / ".git")}

    assert found == {OID, "ab" * 32}


def test_a_damaged_repository_gives_no_complete_list(git, working_copy):
    tree = git("rev-parse", "main~1^{tree}", at=working_copy).strip()
    (working_copy / ".git/objects" / tree[:2] / tree[2:]).unlink()

    with pytest.raises(DamagedError):
        list(reachable_pointers(working_copy / ".git"))

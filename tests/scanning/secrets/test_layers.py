"""Secrets are found in other spellings, in archives, and no input makes either large."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import itertools
import lzma
import tarfile
import zipfile

import pytest

from appliance.scanning.secrets.archives import Ceilings
from appliance.scanning.secrets.reasons import Note
from appliance.scanning.secrets.rules import Lane

TOKEN = "dop_v1_" + "3fa91c7be20d5568f1a4c07d9be2310f67c5a81d4e93b02fc86d17a5e0b94c3f"
LINE = f"export CLOUD={TOKEN}\n".encode()
MIB = 1024 * 1024


def zipped(**files: bytes):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


def tarred(mode="w", **files: bytes):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode=mode) as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


SPELLINGS = {
    "utf-16 with a mark": LINE.decode().encode("utf-16"),
    "utf-16, little end first": LINE.decode().encode("utf-16-le"),
    "utf-16, big end first": LINE.decode().encode("utf-16-be"),
    "base64": b"data: " + base64.b64encode(LINE),
    "base64 for addresses": b"data=" + base64.urlsafe_b64encode(LINE) + b"&x=1",
    "base64 in lines": base64.encodebytes(b"some words before it, " * 4 + LINE),
    "base64 in a manifest": b"data:\n  key: |\n    "
    + base64.encodebytes(b"words " * 20 + LINE).replace(b"\n", b"\n    "),
    "base64 twice": base64.b64encode(base64.b64encode(LINE)),
    "base64 of utf-16": b"-enc " + base64.b64encode(LINE.decode().encode("utf-16-le")),
    "escapes of an address": f"key%3d{TOKEN}".replace("dop_v1_", "dop%5fv1%5f").encode(),
    "escapes of JSON": f"key {TOKEN}".replace("_", "\\u005f").encode(),
    "a line that goes on": f"CLOUD={TOKEN[:30]}\\\n    {TOKEN[30:]}\n".encode(),
    "a line that goes on, with CRLF": f"CLOUD={TOKEN[:30]}\\\r\n{TOKEN[30:]}\r\n".encode(),
    "pieces with a plus": f'x = "{TOKEN[:20]}" +\n    "{TOKEN[20:]}";'.encode(),
    "pieces on one line": f"x = '{TOKEN[:20]}' + '{TOKEN[20:]}'".encode(),
    "pieces beside each other": f'x = (\n  "{TOKEN[:20]}"\n  "{TOKEN[20:]}"\n)'.encode(),
    "zip": zipped(**{"a/b.env": LINE}),
    "tar, gzipped": tarred("w:gz", b=LINE),
    "tar in xz": tarred("w:xz", b=LINE),
    "gzip": gzip.compress(LINE),
    "bzip2": bz2.compress(LINE),
    "xz in two streams": lzma.compress(b"words") + lzma.compress(b"words " * 200 + LINE),
    "zip in tar in gzip": tarred("w:gz", b=zipped(c=LINE)),
    "utf-16 in a zip": zipped(a=LINE.decode().encode("utf-16")),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_secret_is_found_in_another_spelling(deep, spelling):
    found = deep.scan(SPELLINGS[spelling], "some/file")

    assert [each.secret for each in found.findings if each.lane is Lane.BLOCK] == [TOKEN]
    assert found.findings[0].layers
    assert Note.DECODED in found.findings[0].notes
    assert found.is_complete


def test_a_secret_is_told_once(deep):
    twice = LINE + b"again: " + base64.b64encode(LINE)

    assert [each.layers for each in deep.scan(twice).findings] == [()]
    assert [each.layers for each in deep.scan(tarred(b=LINE)).findings] == [()]


def test_passwords_in_a_manifest_of_secrets_are_found(deep):
    manifest = b"kind: Secret\ndata:\n  password: " + base64.b64encode(b"xk#9fLqZ2w") + b"\n"

    assert "xk#9fLqZ2w" in {each.secret for each in deep.scan(manifest, "conf/s.yml").findings}


SMALL = Ceilings(total_bytes=MIB, member_bytes=MIB // 4, members=5, depth=2, ratio=50)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (gzip.compress(bytes(8 * MIB)), "archive-too-large"),
        (bz2.compress(bytes(8 * MIB)), "archive-too-large"),
        (lzma.compress(bytes(8 * MIB)), "archive-too-large"),
        (zipped(a=bytes(MIB // 2)), "archive-member-too-large"),
        (zipped(**{str(n): b"x" for n in range(9)}), "archive-too-many-members"),
        (tarred(**{str(n): b"x" for n in range(9)}), "archive-too-many-members"),
        (zipped(a=zipped(a=zipped(a=zipped(a=LINE)))), "archive-too-deep"),
        (zipped(a=LINE)[:60], "archive-damaged"),
        (gzip.compress(LINE * 99)[:-20], "archive-damaged"),
        (b"\xfd7zXZ\x00" + b"\0" * 99, "archive-damaged"),
        (b"PK\x03\x04" + b"\xff" * 99, "archive-damaged"),
    ],
    ids=itertools.count(),  # An archive holds the time; every worker must name it the same.
)
def test_what_is_past_a_ceiling_is_named(deep, data, why):
    skipped = deep.scan(data, "some/file", ceilings=SMALL).skipped

    assert [each.partition(":")[0] for each in skipped] == [why]


def test_links_in_archives_are_not_followed(deep):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE):
            entry = tarfile.TarInfo("link")
            entry.type, entry.linkname = kind, "/etc/passwd"
            archive.addfile(entry)

    assert deep.scan(packed.getvalue()).is_complete

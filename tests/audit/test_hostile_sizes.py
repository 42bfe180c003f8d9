"""Exports that ask for far more work or memory than they weigh, by a carrier and by an exporter."""

import gzip
import json
import os
import zlib

import pytest

from audit import bundle, selection
from audit.canonical import canonical
from audit.verdict import Verdict
from audit.verify import verify
from tests.audit import exports
from tests.audit.bounded import measured
from tests.audit.exports import Export, packed, story
from tests.audit.signers import Signer
from tests.audit.test_fuzzing import TRUST

LOG = story(60)
EXPORT = Export((LOG,), earlier=(17,))
FILES = EXPORT.files()
FOLDER = "logs/instance"
HEADERS, BODIES, VALUES = (f"{FOLDER}/{name}.jsonl.gz" for name in ("headers", "bodies", "values"))
TOMBSTONES, CONSISTENCY = f"{FOLDER}/tombstones.jsonl", f"{FOLDER}/consistency.jsonl"
MIB = 1024 * 1024
ALWAYS_TRUE = ["starts", "action", ""]


def again(line, times):
    """A packed file of one line, again and again: a thousandth of what it holds."""
    packer = zlib.compressobj(9, wbits=31)
    some = line * 1000
    return b"".join([*(packer.compress(some) for _ in range(times // 1000)), packer.flush()])


def part(**changes: object):
    """What the manifest says of the one log, with changes."""
    said = json.loads(FILES["bundle.json"])
    return [said["logs"][0] | changes]


def many(number):
    """A file of entries that the manifest agrees with, and who knows how many."""
    return {"logs": part(size=number, end=number)}


def numbered(count, **members: object):
    """Lines that differ in one number only."""
    for number in range(count):
        yield canonical(members | {"value": str(number)})


def of_fields(count):
    """Tombstones for one entry, of as many fields."""
    return b"".join(
        canonical({"by": 59, "end": 55, "field": f"f{number}", "i": 54, "why": "erased"}) + b"\n"
        for number in range(count)
    )


SALT = "A" * 43
HEADER = LOG.leaves()[3] + b"\n"
TOO_MANY = ["or", *[ALWAYS_TRUE] * (selection.MOST_LISTS)]
NESTED = ["or", *[["and", *[ALWAYS_TRUE] * 900]] * 900]
NAMED = zlib.compressobj(9, wbits=31)
SEALED = {
    "a selection of very many tests": ({}, {"selection": TOO_MANY}),
    "a selection of many parts that have many": ({}, {"selection": ["or", *[NESTED[1]] * 40]}),
    "one header three million times": ({HEADERS: again(HEADER, 3_000_000)}, many(3_000_000)),
    "three hundred million empty headers": (
        {HEADERS: again(b"\n", 300_000_000)},
        many(300_000_000),
    ),
    "one body a million times": (
        {BODIES: again(exports.body_line(LOG, max(LOG.bodies)) + b"\n", 1_000_000)},
        {"logs": part(bodies=1_000_000)},
    ),
    "very many values of one entry": (
        {VALUES: packed(numbered(600_000, field="name", i=0, salt=SALT))},
        {"logs": part(values=600_000)},
    ),
    "very many erased fields of one entry": ({TOMBSTONES: of_fields(300_000)}, {}),
    "a body in very many brackets": ({BODIES: packed([b'{"body":' + b"[" * 200_000])}, {}),
    "a value of half a million digits": ({BODIES: packed([b'{"i":' + b"9" * 250_000])}, {}),
    "a proof from no earlier size": (
        {CONSISTENCY: canonical({"from": 61, "proof": []}) + b"\n"},
        {},
    ),
}


@pytest.mark.parametrize("name", SEALED)
def test_what_an_exporter_makes_endless_ends_soon_and_is_malformed(name, tmp_path):
    files, said = SEALED[name]
    files = FILES | files
    exports.seal(files, [Signer(LOG.origin)], **said)
    folder = exports.write(files, tmp_path / "export")
    (tmp_path / "keys.json").write_bytes(EXPORT.trust())

    code, _, memory = measured("verify", folder, "--trust", tmp_path / "keys.json")

    assert code == Verdict.MALFORMED
    assert memory < 256


def gzip_named(length):
    """A gzip file whose name is longer than anybody reads, and which holds nothing else."""
    return b"\x1f\x8b\x08\x08\0\0\0\0\0\xff" + b"a" * length


CARRIED = {
    "a gzip file that is all name": {HEADERS: gzip_named(50 * MIB)},
    "a gzip file of nothing but empty members": {HEADERS: gzip.compress(b"") * 2_000_000},
    "a gzip file of empty blocks": {
        HEADERS: gzip.compress(b"")[:10] + b"\0\0\0\xff\xff" * 8_000_000
    },
    "a body file of nothing but empty members": {BODIES: gzip.compress(b"") * 2_000_000},
    "forty thousand files that nobody named": {f"more/{n}": b"" for n in range(40_000)},
}


@pytest.mark.parametrize("name", CARRIED)
def test_what_a_carrier_makes_endless_ends_soon_and_is_tampered(name, tmp_path):
    folder = exports.write(FILES | CARRIED[name], tmp_path / "export")
    (tmp_path / "keys.json").write_bytes(EXPORT.trust())

    code, _, memory = measured("verify", folder, "--trust", tmp_path / "keys.json")

    assert code == Verdict.TAMPERED
    assert memory < 256


def test_a_file_of_a_million_million_bytes_is_not_read(tmp_path):
    folder = exports.write(FILES, tmp_path / "export")
    with (folder / HEADERS).open("r+b") as file:
        file.truncate(10**12)  # It has holes, and weighs no more than before.
    (tmp_path / "keys.json").write_bytes(EXPORT.trust())

    code, _, _ = measured("verify", folder, "--trust", tmp_path / "keys.json")

    assert code == Verdict.TAMPERED


def test_more_folders_than_any_export_has_are_not_walked_through(tmp_path):
    folder = exports.write(FILES, tmp_path / "export")
    for number in range(bundle.MOST_FILES):
        os.mkdir(folder / str(number))  # noqa: PTH102 - half the time, of very many.

    found = verify(folder, TRUST)

    assert found.verdict is Verdict.MALFORMED
    assert [each.text for each in found.problems] == ["more than 65000 files and folders"]

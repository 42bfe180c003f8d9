"""Hostile bytes end in a documented error, and hostile exports in an exit code; nothing else."""

import gzip
import json
import os
import struct
import zipfile
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit import bundle, ed25519, entry, mldsa, note, proof, rows, selection, tiles, trust
from audit.canonical import canonical
from audit.verdict import Verdict
from audit.verify import verify
from tests.audit import exports
from tests.audit.bounded import measured
from tests.audit.exports import Export, story, tlog_proof
from tests.audit.signers import Signer, signed, witness

LOG = story(60)
EXPORT = Export((LOG,), earlier=(17,))
FILES = EXPORT.files()
TRUST = trust.read(EXPORT.trust())
FOLDER = "logs/instance"
HEADER = LOG.leaves()[3]
BODY = next(iter(exports.unpacked(FILES[f"{FOLDER}/bodies.jsonl.gz"])))
VALUE = next(iter(exports.unpacked(FILES[f"{FOLDER}/values.jsonl.gz"])))
OUTSIDE = exports.outside_line(LOG, max(LOG.bodies), LOG.node())
NOTE = FILES[f"{FOLDER}/checkpoint"]
PARSERS = {
    "bundle": (bundle.manifest, bundle.BundleError, FILES["bundle.json"]),
    "checkpoint": (
        lambda data: note.checkpoint(data.decode("latin-1")),
        note.NoteError,
        str(LOG.checkpoint()).encode(),
    ),
    "entry": (entry.read, entry.EntryError, HEADER),
    "key": (
        lambda data: note.Key.parse(data.decode("latin-1")),
        note.NoteError,
        str(witness("revision").key).encode(),
    ),
    "note": (note.parse, note.NoteError, NOTE),
    "proof": (proof.read, proof.ProofError, tlog_proof(LOG, 3, [Signer(LOG.origin)]).encode()),
    "row of a body": (rows.body, bundle.BundleError, BODY),
    "row of a tombstone": (
        rows.tombstone,
        bundle.BundleError,
        FILES[f"{FOLDER}/tombstones.jsonl"].splitlines()[0],
    ),
    "row of a value": (rows.value, bundle.BundleError, VALUE),
    "row of an outside entry": (rows.outside, bundle.BundleError, OUTSIDE),
    "selection": (
        lambda data: selection.compiled(parsed(data)),
        selection.SelectionError,
        b'["and",["is","action","git.pushed"],["not",["from","2026-01-01"]]]',
    ),
    "tile": (tiles.unbundle, ValueError, tiles.bundle([HEADER, b"", b"x"])),
    "trust": (trust.read, trust.TrustError, EXPORT.trust()),
}
PIECES = [b"", b"\x00", b"\n", b"\n\n", b"[" * 2000, b"{", b'"', b"1e999", b"9" * 5000, b"\xff"]
PIECES += [b"null", b"true", b"-1", b"\\ud800", b"\xe2\x80\xae", b"+", b"1", "\u2014 ".encode()]


def parsed(data):
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return data


@st.composite
def mutated(draw, data):
    """A few bytes taken out and others put in."""
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(len(data), start + draw(st.sampled_from([0, 1, 9, 99])))))
        piece = draw(st.sampled_from(PIECES) | st.binary(max_size=4))
        data = data[:start] + piece + data[end:]
    return data


def only_documented(name, data):
    parse, error, _ = PARSERS[name]
    with suppress(error):
        parse(data)


@pytest.mark.parametrize("name", PARSERS)
def test_the_good_bytes_are_taken(name):
    parse, _, data = PARSERS[name]
    parse(data)


@pytest.mark.parametrize("name", PARSERS)
@given(st.data())
def test_changed_bytes_end_in_the_documented_error(name, data):
    only_documented(name, data.draw(mutated(PARSERS[name][2])))


@pytest.mark.parametrize("name", PARSERS)
@given(st.binary(max_size=200))
def test_random_bytes_end_in_the_documented_error(name, data):
    only_documented(name, data)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


@st.composite
def odd_members(draw, data):
    """A good object in which one member, somewhere, is of any other sort."""
    value = json.loads(data)
    at = value
    for _ in range(draw(st.integers(0, 3))):
        inner = [each for each in (at.values() if isinstance(at, dict) else at) if each]
        inner = [each for each in inner if isinstance(each, (dict, list))]
        if not inner:
            break
        at = draw(st.sampled_from(inner))
    odd = draw(JSON)
    if isinstance(at, dict):
        at[draw(st.sampled_from(sorted(at)) | st.text(max_size=3))] = odd
    else:
        at.append(odd)
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode(
        "utf-8", "surrogatepass"
    )


OF_JSON = [name for name, (_, _, data) in PARSERS.items() if data[:1] in {b"{", b"["}]


@pytest.mark.parametrize("name", OF_JSON)
@given(st.data())
def test_members_of_another_sort_end_in_the_documented_error(name, data):
    only_documented(name, data.draw(odd_members(PARSERS[name][2])))


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.sampled_from(sorted(FILES)), st.booleans(), st.data())
def test_an_export_with_one_hostile_file_ends_in_a_verdict(tmp_path_factory, name, sealed, data):
    plain = gzip.decompress(FILES[name]) if name.endswith(".gz") else FILES[name]
    changed = data.draw(mutated(plain))
    files = FILES | {name: gzip.compress(changed, 1) if name.endswith(".gz") else changed}
    if sealed and name not in {"bundle.json", "manifest.note"}:
        exports.seal(files, [Signer(LOG.origin)])
    folder = exports.write(files, tmp_path_factory.mktemp("hostile"))

    found = verify(folder, TRUST)

    is_same = changed == plain
    # A signature of somebody whom nobody asked for is passed over, and so is what became of it.
    if not (sealed and name.endswith("/checkpoint")):
        assert (found.verdict is Verdict.GOOD) is (is_same and (sealed or files == FILES)) or (
            is_same
        )


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_a_hostile_zip_file_ends_in_a_verdict(tmp_path_factory, data):
    path = exports.write_zip(FILES, tmp_path_factory.mktemp("zip") / "export.zip")
    whole = path.read_bytes()
    if data.draw(st.booleans()):
        start = whole.rindex(b"PK\x01\x02") - 400
        changed = whole[:start] + data.draw(mutated(whole[start:]))
    else:
        changed = data.draw(mutated(whole))
    path.write_bytes(changed)

    assert verify(path, TRUST).verdict in set(Verdict) - {Verdict.USAGE}


@given(st.binary(max_size=100), st.binary(max_size=20))
def test_nothing_random_is_a_signature(data, message):
    key = bytes(32)
    assert not ed25519.is_signed(data, message, bytes(64))
    assert not ed25519.is_signed(key, message, data[:64].ljust(64, b"\0"))
    assert not mldsa.is_signed(data, message, data)


@settings(max_examples=5, deadline=None)
@given(st.binary(min_size=2420, max_size=2420), st.binary(min_size=1312, max_size=1312))
def test_nothing_random_of_the_right_length_is_a_signature(signature, key):
    assert not mldsa.is_signed(key, b"message", signature)


def endless(name, piece, times, *, packs=False):
    """A file of one piece again and again, behind what was there."""

    def write(folder):
        with (folder / name).open("ab") as plain:
            file = gzip.GzipFile(fileobj=plain, mode="wb", compresslevel=1) if packs else plain
            for _ in range(times):
                file.write(piece)
            if packs:
                file.close()

    return write


def emptied(name, write):
    def empty_first(folder):
        (folder / name).write_bytes(b"")
        write(folder)

    return empty_first


HEADERS, VALUES = f"{FOLDER}/headers.jsonl.gz", f"{FOLDER}/values.jsonl.gz"
MIB = 1024 * 1024
BOMBS = {
    "ten million empty headers": emptied(HEADERS, endless(HEADERS, b"\n" * MIB, 10, packs=True)),
    "one header without an end": emptied(HEADERS, endless(HEADERS, b"a" * MIB, 300, packs=True)),
    "a long tail behind the headers": endless(HEADERS, bytes(MIB), 300),
    "a checkpoint without an end": endless(f"{FOLDER}/checkpoint", b"a" * MIB, 300),
    "a manifest without an end": emptied("bundle.json", endless("bundle.json", b"[" * MIB, 300)),
    "a manifest of nothing but objects": emptied(
        "bundle.json",
        endless("bundle.json", b'{"a":[' + b"{}," * 1_390_000, 1),
    ),
    "a manifest of many small objects": lambda folder: (folder / "bundle.json").write_bytes(
        b'{"a":[' + b'{"a":1},' * 500_000 + b"{}]}"
    ),
    "many values of one entry": emptied(
        VALUES, endless(VALUES, (VALUE + b"\n") * 10_000, 10, packs=True)
    ),
    "many tombstones": endless(
        f"{FOLDER}/tombstones.jsonl",
        b"".join(
            canonical({"by": 10**6 + n, "end": 55, "field": "a", "i": 54, "why": "erased"}) + b"\n"
            for n in range(100_000)
        ),
        1,
    ),
}


@pytest.mark.parametrize("name", BOMBS)
def test_no_export_asks_for_more_memory_than_a_laptop_has(name, tmp_path):
    BOMBS[name](exports.write(FILES, tmp_path / "export"))
    (tmp_path / "keys.json").write_bytes(EXPORT.trust())

    code, _, memory = measured("verify", tmp_path / "export", "--trust", tmp_path / "keys.json")

    assert code in {Verdict.TAMPERED, Verdict.MALFORMED}
    assert memory < 256


@pytest.mark.parametrize("large", [False, True])
def test_a_zip_file_with_an_endless_list_is_refused_before_it_is_read(tmp_path, large):
    path = tmp_path / "export.zip"
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFE, 0, 0)
    if large:
        fields = (b"PK\x06\x06", 44, 45, 45, 0, 0, 10**9, 10**9, 10**12, 0)
        end = (
            struct.pack("<4sQ2H2L4Q", *fields) + struct.pack("<4sLQL", b"PK\x06\x07", 0, 0, 1) + end
        )
    path.write_bytes(end)

    assert verify(path, TRUST).verdict is Verdict.MALFORMED


@pytest.mark.parametrize("how", ["deflated", "twice", "comment"])
def test_a_zip_file_of_another_sort_is_refused(tmp_path, how):
    path = exports.write_zip(FILES, tmp_path / "export.zip")
    assert verify(path, TRUST).verdict is Verdict.GOOD
    method = zipfile.ZIP_DEFLATED if how == "deflated" else zipfile.ZIP_STORED
    with zipfile.ZipFile(path, "a", method) as made:
        if how == "comment":
            made.comment = b"hello"
        elif how == "twice":
            with pytest.warns(UserWarning, match="Duplicate name"):
                made.writestr("bundle.json", b"{}")
        else:
            made.writestr("more", b"a" * 100)

    assert verify(path, TRUST).verdict is Verdict.MALFORMED


def test_a_folder_with_links_and_pipes_is_not_followed(tmp_path):
    folder = exports.write(FILES, tmp_path / "export")
    checkpoint = folder / FOLDER / "checkpoint"
    checkpoint.rename(tmp_path / "elsewhere")
    checkpoint.symlink_to(tmp_path / "elsewhere")
    os.mkfifo(folder / "pipe")
    (folder / "loop").symlink_to(folder)

    found = verify(folder, TRUST)

    assert found.verdict is Verdict.TAMPERED
    assert {each.text.partition(" ")[0] for each in found.problems if each.check == "files"} >= {
        "pipe",
        "loop",
    }


def test_a_signature_by_an_unknown_key_is_passed_over():
    text = str(LOG.checkpoint())
    keys = [Signer(LOG.origin).key]

    assert note.signed_by(note.parse(signed(text, [witness("unknown")])), keys) == []


def test_canonical_json_is_asked_of_every_line():
    with pytest.raises(bundle.BundleError):
        bundle.json_object(b'{"b":1,"a":2}')
    assert bundle.json_object(canonical({"a": 1})) == {"a": 1}

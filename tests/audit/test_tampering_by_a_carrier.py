"""What somebody can change who carries an export and cannot sign."""

import gzip
import json

import pytest

from audit.canonical import canonical
from tests.audit.bench import (
    BODIES,
    CHECKPOINT,
    EARLIER,
    GOOD,
    HEADERS,
    INCOMPLETE,
    MALFORMED,
    TAMPERED,
    TOMBSTONES,
    VALUES,
    new_cases,
    verified,
    without,
)

CASES, case = new_cases()


@case(GOOD)
def nothing(_bench):
    pass


@case(TAMPERED)
def header_changed(bench):
    bench.change_line(HEADERS, 100, lambda said: said.update(outcome="refused"))


@case(TAMPERED)
def header_removed(bench):
    without(bench, HEADERS, 100)


@case(TAMPERED)
def last_header_removed(bench):
    without(bench, HEADERS, -1)


@case(TAMPERED)
def header_repeated(bench):
    lines = bench.lines(HEADERS)
    bench.put(HEADERS, [*lines[:100], lines[99], *lines[100:]])


@case(TAMPERED)
def headers_swapped(bench):
    lines = bench.lines(HEADERS)
    lines[7], lines[8] = lines[8], lines[7]
    bench.put(HEADERS, lines)


@case(TAMPERED)
def header_spelled_otherwise(bench):
    lines = bench.lines(HEADERS)
    lines[5] = json.dumps(json.loads(lines[5])).encode()
    bench.put(HEADERS, lines)


@case(TAMPERED)
def headers_compressed_otherwise(bench):
    bench.files[HEADERS] = gzip.compress(gzip.decompress(bench.files[HEADERS]), 9, mtime=1)


@case(TAMPERED)
def headers_cut_off(bench):
    bench.files[HEADERS] = bench.files[HEADERS][:-100]


@case(TAMPERED)
def bytes_behind_the_headers(bench):
    bench.files[HEADERS] += b"more"


@case(TAMPERED)
def one_bit_of_the_headers(bench):
    data = bytearray(bench.files[HEADERS])
    data[len(data) // 2] ^= 4
    bench.files[HEADERS] = bytes(data)


@case(INCOMPLETE)
def headers_missing(bench):
    del bench.files[HEADERS]


@case(TAMPERED)
def body_changed(bench):
    bench.change_line(BODIES, 10, lambda said: said["body"].update(number=-1))


@case(TAMPERED)
def body_removed(bench):
    without(bench, BODIES, 10)


@case(INCOMPLETE)
def bodies_missing(bench):
    del bench.files[BODIES]


@case(TAMPERED)
def value_changed(bench):
    bench.change_line(VALUES, 10, lambda said: said.update(value="somebody else"))


@case(INCOMPLETE)
def values_missing(bench):
    del bench.files[VALUES]


@case(INCOMPLETE)
def tombstones_missing(bench):
    del bench.files[TOMBSTONES]


@case(INCOMPLETE)
def checkpoint_missing(bench):
    del bench.files[CHECKPOINT]


@case(INCOMPLETE)
def manifest_note_missing(bench):
    del bench.files["manifest.note"]


@case(MALFORMED)
def manifest_missing(bench):
    del bench.files["bundle.json"]


@case(TAMPERED)
def manifest_changed(bench):
    bench.change_part(bodies=1)


@case(TAMPERED)
def manifest_cut_off(bench):
    bench.files["bundle.json"] = bench.files["bundle.json"][:-5]


@case(TAMPERED)
def selection_changed(bench):
    said = json.loads(bench.files["bundle.json"])
    said["selection"] = ["is", "category", "nothing"]
    bench.files["bundle.json"] = canonical(said)


@case(TAMPERED)
def manifest_note_signature_changed(bench):
    data = bytearray(bench.files["manifest.note"])
    data[-10] = ord("A") if data[-10] != ord("A") else ord("B")
    bench.files["manifest.note"] = bytes(data)


@case(MALFORMED)
def manifest_note_is_no_note(bench):
    bench.files["manifest.note"] = b"fine, trust me\n"


@case(TAMPERED)
def file_added(bench):
    bench.files["logs/instance/more"] = b"x"


@case(TAMPERED)
def checkpoint_size_changed(bench):
    bench.files[CHECKPOINT] = bench.files[CHECKPOINT].replace(b"\n5000\n", b"\n4999\n")


@case(TAMPERED)
def checkpoint_of_an_earlier_size(bench):
    bench.files[CHECKPOINT] = json.loads(bench.lines(EARLIER)[-1])["note"].encode()


@case(TAMPERED)
def log_signature_removed(bench):
    lines = bench.files[CHECKPOINT].decode().split("\n")
    bench.files[CHECKPOINT] = "\n".join([*lines[:4], *lines[5:]]).encode()


@case(TAMPERED)
def earlier_checkpoint_removed(bench):
    without(bench, EARLIER, 0)


@pytest.mark.parametrize(("change", "verdict"), CASES)
def test_each_change_has_its_exit_code(change, verdict, tmp_path):
    found = verified(change, tmp_path)

    assert found.verdict is verdict, found.problems[:5]

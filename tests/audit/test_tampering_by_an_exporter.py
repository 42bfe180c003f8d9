"""What an exporter can change who signs exports, but no other state of the log."""

import json
from dataclasses import replace

import pytest

from audit import merkle, note, trust
from audit.canonical import canonical
from audit.verify import verify
from tests.audit import exports
from tests.audit.bench import (
    BODIES,
    CHECKPOINT,
    EARLIER,
    EVENTS,
    FOLDER,
    GOOD,
    HEADERS,
    INCOMPLETE,
    LOG_SIGNER,
    MALFORMED,
    TAMPERED,
    TOMBSTONES,
    TRUE,
    TRUE_LOG,
    UNTRUSTED,
    VALUES,
    new_cases,
    shorten,
    verified,
    without,
)
from tests.audit.exports import packed, story, unpacked
from tests.audit.signers import Signer, signed, witness

CASES, case = new_cases()


@case(INCOMPLETE, reseal=True)
def body_left_out(bench):
    without(bench, BODIES, 10)


@case(INCOMPLETE, reseal=True)
def body_left_out_and_count_adjusted(bench):
    without(bench, BODIES, 11)
    bench.change_part(bodies=len(bench.lines(BODIES)))


@case(TAMPERED, reseal=True)
def body_replaced(bench):
    bench.change_line(BODIES, 12, lambda said: said["body"].update(number=-1))


@case(TAMPERED, reseal=True)
def body_with_another_salt(bench):
    bench.change_line(BODIES, 12, lambda said: said.update(salt="A" * 43))


@case(TAMPERED, reseal=True)
def body_where_there_was_none(bench):
    index = next(i for i, each in enumerate(TRUE_LOG.headers) if each["b"] is None)
    lines = [*bench.lines(BODIES), canonical({"body": {"a": 1}, "i": index, "salt": "A" * 43})]
    bench.put(BODIES, sorted(lines, key=lambda line: json.loads(line)["i"]))


@case(MALFORMED, reseal=True)
def bodies_out_of_order(bench):
    bench.put(BODIES, bench.lines(BODIES)[::-1])


@case(MALFORMED, reseal=True)
def body_beyond_the_end(bench):
    lines = [*bench.lines(BODIES), canonical({"body": {"a": 1}, "i": EVENTS, "salt": "A" * 43})]
    bench.put(BODIES, lines)


@case(MALFORMED, reseal=True)
def body_twice(bench):
    lines = bench.lines(BODIES)
    bench.put(BODIES, [lines[0], *lines])


@case(INCOMPLETE, reseal=True)
def value_left_out(bench):
    without(bench, VALUES, 10)
    bench.change_part(values=len(bench.lines(VALUES)))


@case(TAMPERED, reseal=True)
def value_replaced(bench):
    bench.change_line(VALUES, 10, lambda said: said.update(value="somebody else"))


@case(TAMPERED, reseal=True)
def value_moved_to_another_field(bench):
    bench.change_line(VALUES, 10, lambda said: said.update(field="reason"))


@case(TAMPERED, reseal=True)
def values_of_two_entries_swapped(bench):
    first, second = json.loads(bench.lines(VALUES)[10]), json.loads(bench.lines(VALUES)[12])
    told = {name: first[name] for name in ("salt", "value")}
    bench.change_line(
        VALUES, 10, lambda said: said.update(salt=second["salt"], value=second["value"])
    )
    bench.change_line(VALUES, 12, lambda said: said.update(told))


@case(TAMPERED, reseal=True)
def header_replaced_and_sealed(bench):
    bench.change_line(HEADERS, 100, lambda said: said.update(outcome="refused"))


@case(TAMPERED, reseal=True)
def last_entry_left_out_of_headers(bench):
    without(bench, HEADERS, -1)


@case(TAMPERED, reseal=True)
def last_entries_hidden_behind_a_shorter_range(bench):
    shorten(bench)
    proof = merkle.consistency_proof(EVENTS - 2, EVENTS, TRUE_LOG.node())
    line = canonical({"from": EVENTS - 1, "proof": exports.texts(proof)})
    bench.put(f"{FOLDER}/consistency.jsonl", [line])


@case(INCOMPLETE, reseal=True)
def shorter_range_without_a_proof(bench):
    shorten(bench)


@case(INCOMPLETE, reseal=True)
def tombstone_left_out(bench):
    without(bench, TOMBSTONES, 0)


@case(INCOMPLETE, reseal=True)
def tombstone_for_what_was_not_pruned(bench):
    body = json.loads(bench.lines(BODIES)[100])
    without(bench, BODIES, 100)
    bench.change_part(bodies=len(bench.lines(BODIES)))
    by = json.loads(bench.lines(TOMBSTONES)[0])["by"]
    more = {"by": by, "end": body["i"] + 1, "field": None, "i": body["i"], "why": "pruned"}
    lines = [json.loads(line) for line in bench.lines(TOMBSTONES)] + [more]
    lines.sort(key=lambda each: (each["i"], each["field"] or ""))
    bench.put(TOMBSTONES, [canonical(each) for each in lines])


@case(INCOMPLETE, reseal=True)
def tombstone_by_an_entry_that_allows_nothing(bench):
    bench.change_line(TOMBSTONES, 0, lambda said: said.update(by=EVENTS - 1))


@case(INCOMPLETE, reseal=True)
def tombstone_by_an_entry_that_came_before(bench):
    bench.change_line(TOMBSTONES, -1, lambda said: said.update(by=1))


@case(INCOMPLETE, reseal=True)
def tombstone_by_an_entry_that_is_not_there(bench):
    bench.change_line(TOMBSTONES, 0, lambda said: said.update(by=EVENTS + 1))


@case(INCOMPLETE, reseal=True)
def more_values_erased_than_was_allowed(bench):
    told = json.loads(bench.lines(VALUES)[0])
    without(bench, VALUES, 0)
    bench.change_part(values=len(bench.lines(VALUES)))
    rows = [json.loads(line) for line in bench.lines(TOMBSTONES)]
    by = next(each["by"] for each in rows if each["why"] == "erased")
    field, index = told["field"], told["i"]
    rows.append({"by": by, "end": index + 1, "field": field, "i": index, "why": "erased"})
    rows.sort(key=lambda each: (each["i"], each["field"] or ""))
    bench.put(TOMBSTONES, [canonical(each) for each in rows])


@case(TAMPERED, reseal=True)
def value_told_and_said_to_be_erased(bench):
    told = json.loads(bench.lines(VALUES)[0])
    rows = [json.loads(line) for line in bench.lines(TOMBSTONES)]
    by = next(each["by"] for each in rows if each["why"] == "erased")
    field, index = told["field"], told["i"]
    rows.append({"by": by, "end": index + 1, "field": field, "i": index, "why": "erased"})
    rows.sort(key=lambda each: (each["i"], each["field"] or ""))
    bench.put(TOMBSTONES, [canonical(each) for each in rows])


@case(TAMPERED, reseal=True)
def checkpoint_of_another_log(bench):
    other = story(40, name="other", origin=f"{exports.HOST}/other")
    bench.files[CHECKPOINT] = signed(str(other.checkpoint()), [Signer(other.origin)])


@case(UNTRUSTED, reseal=True)
def checkpoint_without_its_signature(bench):
    text = note.parse(bench.files[CHECKPOINT]).text
    bench.files[CHECKPOINT] = signed(text, [witness("revision")])


@case(UNTRUSTED, reseal=True)
def checkpoint_signed_by_a_stranger(bench):
    text = note.parse(bench.files[CHECKPOINT]).text
    stranger = Signer(TRUE_LOG.origin, seed="stranger")
    bench.files[CHECKPOINT] = signed(text, [stranger, witness("revision")])


@case(UNTRUSTED, reseal=True)
def no_witness(bench):
    text = note.parse(bench.files[CHECKPOINT]).text
    bench.files[CHECKPOINT] = signed(text, [LOG_SIGNER])


@case(UNTRUSTED)
def one_witness_counted_twice(bench):
    text = note.parse(bench.files[CHECKPOINT]).text
    same = [witness("revision"), witness("revision")]
    bench.files[CHECKPOINT] = signed(text, [LOG_SIGNER, *same])
    bench.trust = TRUE.trust(needed=2)
    bench.seal()


@case(UNTRUSTED)
def two_witnesses_of_one_operator(bench):
    """All that signed are run by the same people, and two operators are asked for."""
    names = ("revision", "works-council", "university")
    said = [
        {
            "name": name,
            "operator": name if name == "university" else "head-office",
            "vkey": str(witness(name).key),
        }
        for name in names
    ]
    bench.trust = TRUE.trust(witnesses=said, quorum={"k": 2, "of": list(names)})


@case(TAMPERED, reseal=True)
def witness_of_another_root(bench):
    text = note.parse(bench.files[CHECKPOINT]).text
    other = witness("revision").line(str(TRUE_LOG.checkpoint(17)))
    bench.files[CHECKPOINT] = signed(text, [LOG_SIGNER]) + other.encode() + b"\n"


@case(UNTRUSTED)
def manifest_signed_by_a_stranger(bench):
    exports.seal(bench.files, [Signer(TRUE_LOG.origin, seed="stranger")])


@case(TAMPERED)
def manifest_of_another_export(bench):
    bench.files["manifest.note"] = replace(TRUE, earlier=()).files()["manifest.note"]


@case(UNTRUSTED)
def key_that_no_longer_counts(bench):
    said = json.loads(bench.trust)
    said["logs"][0]["keys"][0]["until"] = 4500
    bench.trust = json.dumps(said).encode()


@case(UNTRUSTED)
def required_signature_lacks(bench):
    said = json.loads(bench.trust)
    other = Signer(TRUE_LOG.origin, seed="second key")
    said["logs"][0]["keys"].append({"required": True, "vkey": str(other.key)})
    bench.trust = json.dumps(said).encode()


@case(UNTRUSTED)
def log_that_the_auditor_does_not_know(bench):
    said = json.loads(bench.trust)
    said["logs"][0]["origin"] = "elsewhere.test/audit"
    bench.trust = json.dumps(said).encode()


@case(INCOMPLETE, reseal=True)
def first_entries_said_to_be_gone(bench):
    log, first = TRUE_LOG, 256
    bench.put(HEADERS, bench.lines(HEADERS)[first:])
    for name in (BODIES, VALUES):
        bench.put(name, [line for line in bench.lines(name) if json.loads(line)["i"] >= first])
    rows = [line for line in bench.lines(TOMBSTONES) if json.loads(line)["i"] >= first]
    bench.put(TOMBSTONES, rows)
    bench.put(EARLIER, bench.lines(EARLIER)[1:])
    bench.change_part(
        first=first,
        minimum=first,
        bodies=len(bench.lines(BODIES)),
        values=len(bench.lines(VALUES)),
    )
    edge = {"first": first, "hashes": exports.merkle_edge(log, first)}
    bench.files[f"{FOLDER}/edge.json"] = canonical(edge)


@case(MALFORMED, reseal=True)
def two_headers_in_one_line(bench):
    lines = bench.lines(HEADERS)
    bench.put(HEADERS, [lines[0] + lines[1], *lines[2:]])


@case(MALFORMED, reseal=True)
def bundle_of_another_version(bench):
    said = json.loads(bench.files["bundle.json"])
    bench.files["bundle.json"] = canonical(said | {"format": "codara-audit-bundle/2"})


@case(MALFORMED, reseal=True)
def selection_nobody_understands(bench):
    said = json.loads(bench.files["bundle.json"])
    bench.files["bundle.json"] = canonical(said | {"selection": ["matching", "x"]})


@case(MALFORMED, reseal=True)
def checkpoint_is_no_note(bench):
    bench.files[CHECKPOINT] = b"codara.test/audit/instance\n5000\n"


@pytest.mark.parametrize(("change", "verdict"), CASES)
def test_each_change_has_its_exit_code(change, verdict, tmp_path):
    found = verified(change, tmp_path)

    assert found.verdict is verdict, found.problems[:5]


def test_a_filtered_export_without_one_matching_event_is_incomplete(tmp_path):
    export = replace(TRUE, selection=("is", "action", "git.pushed"))
    files = export.files()
    whole = verify(exports.write(files, tmp_path / "whole"), trust.read(export.trust()))
    lines = unpacked(files[BODIES])
    matching = next(n for n, line in enumerate(lines) if "path" in json.loads(line)["body"])
    files[BODIES] = packed([*lines[:matching], *lines[matching + 1 :]])
    said = json.loads(files["bundle.json"])
    said["logs"][0]["bodies"] -= 1
    exports.seal(files, [LOG_SIGNER], logs=said["logs"])

    found = verify(exports.write(files, tmp_path / "less"), trust.read(export.trust()))

    assert whole.verdict is GOOD
    assert found.verdict is INCOMPLETE
    assert [each.check for each in found.problems] == ["bodies"]

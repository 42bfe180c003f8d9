"""Good exports of every sort are good, and say what limits them."""

import json
from dataclasses import replace

import pytest

from audit import note, selection, trust
from audit.canonical import canonical
from audit.verdict import Verdict
from audit.verify import verify
from tests.audit import exports
from tests.audit.exports import Export, Log, packed, story, unpacked
from tests.audit.signers import QuantumSigner, Signer, witness

LOG = story(700)
EXPORT = Export((LOG,))


def check(export, folder, *, known=None, trusted=None):
    files = exports.write(export.files(), folder)
    return verify(files, trust.read(trusted or export.trust()), known)


@pytest.mark.parametrize(
    "changes",
    [
        {"first": 0, "end": 0},
        {"first": 0, "end": 1},
        {"first": 0, "end": 699},
        {"first": 0, "end": 512},
        {"first": 1},
        {"first": 256},
        {"first": 300, "end": 600},
        {"first": 600, "end": 600},
        {"first": 700},
        {"first": 699, "earlier": (699, 700)},
        {"selection": ("is", "action", "git.pushed")},
        {"selection": ("not", ("starts", "action", "git."))},
        {"disclosure": "some"},
        {"witnesses": ()},
    ],
)
def test_a_part_of_a_log_is_good(changes, tmp_path):
    export = replace(EXPORT, **changes)
    trusted = export.trust(needed=0 if changes.get("witnesses") == () else 2)

    assert check(export, tmp_path, trusted=trusted).problems == []


@pytest.mark.parametrize("size", [0, 1, 20])
def test_a_small_log_is_good(size, tmp_path):
    log = story(20)
    log.headers = log.headers[:size]
    log.bodies = {i: body for i, body in log.bodies.items() if i < size}
    log.values = {i: value for i, value in log.values.items() if i < size}
    log.tombstones = log.tombstones if size == 20 else []

    assert check(Export((log,)), tmp_path).problems == []


def test_several_logs_are_good_together(tmp_path):
    other = story(100, name="org-1", origin=f"{exports.HOST}/org-1")

    found = check(Export((LOG, other)), tmp_path)

    assert found.verdict is Verdict.GOOD
    assert {each.log for each in found.checks()} == {"", "instance", "org-1"}


def test_a_key_of_one_log_does_not_count_for_another(tmp_path):
    other = story(100, name="org-1", origin=f"{exports.HOST}/org-1")
    export = Export((LOG, other), signers=(Signer(LOG.origin),))
    said = json.loads(export.trust())
    said["logs"][1]["keys"] = [{"vkey": str(Signer(other.origin).key)}]

    assert check(export, tmp_path, trusted=json.dumps(said).encode()).verdict is Verdict.UNTRUSTED


def test_keys_change_at_a_size(tmp_path):
    old, new = Signer(LOG.origin), Signer(LOG.origin, seed="new key")
    said = json.loads(EXPORT.trust())
    said["logs"][0]["keys"] = [
        {"vkey": str(old.key), "from": 0, "until": 600},
        {"vkey": str(new.key), "from": 600, "until": None},
    ]
    trusted = json.dumps(said).encode()

    before = check(EXPORT, tmp_path / "before", trusted=trusted)
    both = check(replace(EXPORT, signers=(old, new)), tmp_path / "both", trusted=trusted)

    assert before.verdict is Verdict.UNTRUSTED
    assert any("does not count at size 700" in each.text for each in before.problems)
    assert both.verdict is Verdict.GOOD


def test_a_signature_against_quantum_computers_can_be_required(tmp_path):
    quantum = QuantumSigner(LOG.origin)
    export = replace(EXPORT, signers=(Signer(LOG.origin), quantum), earlier=())
    said = json.loads(EXPORT.trust())
    said["logs"][0]["keys"].append({"vkey": str(quantum.key), "required": True})
    trusted = json.dumps(said).encode()

    assert check(export, tmp_path / "with", trusted=trusted).problems == []
    assert check(EXPORT, tmp_path / "without", trusted=trusted).verdict is Verdict.UNTRUSTED


def test_what_was_seen_before_is_found_in_what_is_there_now(tmp_path):
    for size, export in [
        (0, EXPORT),
        (1, EXPORT),
        (699, EXPORT),
        (700, EXPORT),
        (300, replace(EXPORT, first=300)),
        (200, replace(EXPORT, first=300, known_sizes=(200,))),
        (650, replace(EXPORT, end=600, known_sizes=(650,))),
    ]:
        known = {LOG.origin: LOG.checkpoint(size)}
        assert check(export, tmp_path / str(size), known=known).problems == []


@pytest.mark.parametrize("size", [1, 2, 200, 256, 299, 400, 512, 650])
@pytest.mark.parametrize("first", [0, 300])
def test_proofs_that_were_asked_for_are_checked_though_nobody_shows_what_they_are_for(
    size, first, tmp_path
):
    export = replace(EXPORT, first=first, end=600, known_sizes=(size,))
    files = export.files()
    name = "logs/instance/consistency.jsonl"
    lines = files[name].splitlines()
    whole = verify(exports.write(files, tmp_path / "whole"), trust.read(export.trust()))
    assert whole.problems == []
    assert any("2 proofs compared" in each.text for each in whole.checks())

    at = next(n for n, line in enumerate(lines) if json.loads(line)["from"] == size)
    said = json.loads(lines[at])
    for number, changed in enumerate(
        (
            said | {"proof": said["proof"][:-1]},
            said | {"proof": [*said["proof"], said["proof"][0]]},
            said
            | {"proof": [*said["proof"][:-1], said["proof"][0][::-1].replace("=", "A")[:43] + "="]},
        )
    ):
        files[name] = exports.joined([*lines[:at], canonical(changed), *lines[at + 1 :]])
        exports.seal(files, [Signer(LOG.origin)])
        found = verify(exports.write(files, tmp_path / str(number)), trust.read(export.trust()))
        is_alone = size & (size - 1) == 0 and size < first
        if is_alone and number == 2:
            assert found.problems == []
        else:
            assert found.verdict is Verdict.TAMPERED, changed
            assert [(each.check, str(size) in each.text) for each in found.problems] == [
                ("history", True)
            ]


def test_rows_that_somebody_put_into_the_queue_are_told_whatever_was_selected(tmp_path):
    log = Log()
    log.start(exports.SOURCES[0])
    log.add("audit.row_set_aside", {"content": "s1:", "position": 7, "why": "it was no JSON"})
    log.beat(exports.SOURCES[0])
    export = Export((log,), selection=("not", ("all",)), earlier=())
    found = check(export, tmp_path / "whole")

    assert found.verdict is Verdict.GOOD
    assert any(
        each.startswith("instance: entry 1 says") and each.endswith("no event: it was no JSON")
        for each in found.notes
    )

    files = export.files()
    lines = unpacked(files["logs/instance/bodies.jsonl.gz"])
    files["logs/instance/bodies.jsonl.gz"] = packed(
        [each for each in lines if b"no JSON" not in each]
    )
    said = json.loads(files["bundle.json"])["logs"]
    said[0]["bodies"] -= 1
    exports.seal(files, [Signer(log.origin)], logs=said)
    found = verify(exports.write(files, tmp_path / "less"), trust.read(export.trust()))
    assert found.verdict is Verdict.INCOMPLETE


def test_what_cannot_be_compared_is_not_said_to_be_good(tmp_path):
    known = {LOG.origin: LOG.checkpoint(200)}
    gone = {"elsewhere.test/log": note.Checkpoint("elsewhere.test/log", 3, bytes(32))}

    assert check(replace(EXPORT, first=300), tmp_path / "a", known=known).verdict is (
        Verdict.INCOMPLETE
    )
    assert check(EXPORT, tmp_path / "b", known=gone).verdict is Verdict.INCOMPLETE


def successor(size, signer=None):
    """A log that goes on where another was rolled back."""
    old = story(60, origin=f"{exports.HOST}/old")
    log = Log()
    head = exports.signed(str(old.checkpoint(size)), [signer or Signer(old.origin)]).decode()
    log.add("log.continued", {"checkpoint": head})
    log.start(exports.SOURCES[0])
    log.beat(exports.SOURCES[0])
    return old, log


@pytest.mark.parametrize(
    ("seen", "verdict"),
    [(50, Verdict.GOOD), (51, Verdict.FORKED), (60, Verdict.FORKED), (40, Verdict.INCOMPLETE)],
)
def test_a_successor_is_held_to_what_was_seen_of_the_log_before(seen, verdict, tmp_path):
    old, log = successor(50)
    known = {old.origin: old.checkpoint(seen)}

    found = check(Export((log,)), tmp_path, known=known)

    assert found.verdict is verdict
    assert any(f"continues {old.origin} after 50" in each for each in found.notes)


def test_entries_that_are_gone_need_an_entry_that_allowed_it(tmp_path):
    log = story(400)
    log.prune(0, 256, what="entries")
    pruned = Export((log,), first=256, minimum=256, earlier=(300,))

    assert check(pruned, tmp_path / "good").problems == []
    more = replace(pruned, first=300, minimum=300)
    assert check(more, tmp_path / "more").verdict is Verdict.INCOMPLETE


def test_what_allowed_a_tombstone_may_lie_beyond_the_range(tmp_path):
    by = max(each["by"] for each in LOG.tombstones)
    export = replace(EXPORT, end=by - 20)
    files = export.files()
    good = verify(exports.write(files, tmp_path / "good"), trust.read(export.trust()))
    name = "logs/instance/outside.jsonl"
    lines = files[name].splitlines()
    said = json.loads(lines[0])
    said["header"]["outcome"] = "failed"
    files[name] = exports.joined([canonical(said), *lines[1:]])
    exports.seal(files, [Signer(LOG.origin)])
    changed = verify(exports.write(files, tmp_path / "changed"), trust.read(export.trust()))

    assert good.problems == []
    assert any("outside the range" in each for each in good.notes)
    assert changed.verdict is Verdict.TAMPERED


def test_heartbeats_forgive_what_a_process_could_not_know(tmp_path):
    log = Log()
    source = exports.SOURCES[0]
    log.start(source)
    log.add("git.pushed", {"a": 1}, source=source)
    log.numbers[source] += 1  # One was rolled back.
    log.add("git.pushed", {"a": 2}, source=source)
    log.beat(source, committed=2, unknown=1)
    log.add("git.pushed", {"a": 3}, source=source)
    log.beat(source)

    assert check(Export((log,)), tmp_path).problems == []


def test_a_selection_is_evaluated_on_headers():
    header = LOG.headers[5] | {"action": "repo.archived", "category": "repo"}
    for said, expected in [
        (["all"], True),
        (["is", "action", "repo.archived"], True),
        (["is", "actor.type", "robot"], False),
        (["starts", "action", "repo."], True),
        (["from", header["time"]], True),
        (["until", header["time"]], False),
        (["not", ["all"]], False),
        (["and", ["all"], ["not", ["all"]]], False),
        (["or", ["all"], ["not", ["all"]]], True),
    ]:
        assert selection.compiled(said)(header) is expected
    assert selection.compiled(["not", ["all"]])(header | {"action": "log.pruned"})


def test_more_than_was_asked_for_is_told_and_no_fault(tmp_path):
    files = replace(EXPORT, selection=("is", "action", "git.pushed")).files()
    whole = EXPORT.files()
    for name in ("bodies.jsonl.gz", "values.jsonl.gz"):
        files[f"logs/instance/{name}"] = whole[f"logs/instance/{name}"]
    files["logs/instance/tombstones.jsonl"] = whole["logs/instance/tombstones.jsonl"]
    said = json.loads(files["bundle.json"])
    said["logs"] = json.loads(whole["bundle.json"])["logs"]
    exports.seal(files, [Signer(LOG.origin)], logs=said["logs"])

    found = verify(exports.write(files, tmp_path), trust.read(EXPORT.trust()))

    assert found.problems == []
    assert any("more than was asked for" in each.text for each in found.checks())
    assert len(unpacked(files["logs/instance/bodies.jsonl.gz"])) > 100


@pytest.mark.parametrize(
    "changes",
    [
        {"logs": []},
        {"witnesses": [{"name": "a", "vkey": "nonsense"}]},
        {"quorum": {"k": 3, "of": ["first", "second"]}},
        {"quorum": {"k": 1, "of": ["first", "first"]}},
        {"quorum": {"k": 1, "of": ["nobody"]}},
        {"format": "codara-audit-trust/2"},
        {
            "witnesses": [
                {"name": "first", "vkey": str(witness("revision").key)},
                {"name": "second", "vkey": str(witness("revision").key)},
            ]
        },
        {
            "witnesses": [
                {
                    "name": "first",
                    "vkey": str(
                        Signer(LOG.origin, note.Kind.COSIGNATURE_ED25519, seed=LOG.origin).key
                    ),
                }
            ],
            "quorum": {"k": 1, "of": ["first"]},
        },
    ],
)
def test_a_key_file_that_trusts_nobody_or_one_twice_is_refused(changes):
    with pytest.raises(trust.TrustError):
        trust.read(EXPORT.trust(**changes))

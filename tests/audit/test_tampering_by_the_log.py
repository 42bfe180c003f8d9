"""What a dishonest appliance can do that signs whatever it wants, and what shows it."""

import json

import pytest

from audit import note
from audit.canonical import canonical
from tests.audit import exports
from tests.audit.bench import (
    EARLIER,
    EVENTS,
    FORKED,
    GOOD,
    INCOMPLETE,
    LOG_SIGNER,
    MALFORMED,
    TAMPERED,
    TRUE_LOG,
    UNTRUSTED,
    new_cases,
    rebuilt,
    true_log,
    verified,
)
from tests.audit.exports import story
from tests.audit.signers import Signer, signed

CASES, case = new_cases()


@case(FORKED, reseal=True)
def earlier_checkpoint_of_a_fork(bench):
    log = true_log()
    log.headers[10]["outcome"] = "failed"
    line = canonical({"note": signed(str(log.checkpoint(1000)), [LOG_SIGNER]).decode()})
    lines = bench.lines(EARLIER)
    bench.put(EARLIER, [lines[0], line, *lines[2:]])


@case(TAMPERED, reseal=True)
def earlier_checkpoint_forged(bench):
    text = str(note.Checkpoint(TRUE_LOG.origin, 1000, bytes(32)))
    good = json.loads(bench.lines(EARLIER)[1])["note"].split("\n\n")[1]
    lines = bench.lines(EARLIER)
    lines[1] = canonical({"note": f"{text}\n{good}"})
    bench.put(EARLIER, lines)


@case(UNTRUSTED)
def wholly_rebuilt_with_another_key(bench):
    log = true_log()
    log.headers[10]["outcome"] = "failed"
    rebuilt(bench, log, signers=(Signer(log.origin, seed="the attacker's"),))


@case(FORKED)
def log_rewritten_behind_a_known_head(bench):
    bench.known = {TRUE_LOG.origin: TRUE_LOG.checkpoint(2048)}
    log = true_log()
    log.headers[10]["outcome"] = "failed"
    rebuilt(bench, log)


@case(FORKED)
def log_rolled_back_behind_a_known_head(bench):
    bench.known = {TRUE_LOG.origin: TRUE_LOG.checkpoint()}
    rebuilt(bench, story(EVENTS - 100))


@case(FORKED)
def log_with_another_end_of_the_same_size(bench):
    bench.known = {TRUE_LOG.origin: TRUE_LOG.checkpoint()}
    log = true_log()
    log.headers[-1]["outcome"] = "failed"
    rebuilt(bench, log)


@case(INCOMPLETE)
def entry_taken_out_before_it_was_hashed(bench):
    rebuilt(bench, log_without(lambda header: header["action"] == "git.pushed"))


@case(INCOMPLETE)
def entry_put_in_after_its_heartbeat(bench):
    log = story(EVENTS - 1)
    log.numbers[exports.SOURCES[0]] = 4  # The next one gets a number that was counted before.
    log.add("git.pushed", {"number": 1})
    rebuilt(bench, log)


@case(INCOMPLETE)
def heartbeats_that_go_back(bench):
    log = story(EVENTS - 1)
    log.beat(exports.SOURCES[1], up_to=1, committed=1)
    rebuilt(bench, log)


@case(TAMPERED)
def heartbeat_not_signed_by_its_process(bench):
    log = story(EVENTS - 1)
    log.beat(exports.SOURCES[1], signature="A" * 86)
    rebuilt(bench, log)


@case(TAMPERED)
def heartbeat_without_signature(bench):
    log = story(EVENTS - 1)
    log.beat(exports.SOURCES[1], signature=None)
    rebuilt(bench, log)


@case(INCOMPLETE)
def heartbeat_of_another_log(bench):
    log = story(EVENTS - 1)
    log.beat(exports.SOURCES[1], log="elsewhere")
    rebuilt(bench, log)


@case(TAMPERED)
def entry_of_another_log(bench):
    log = story(EVENTS - 1)
    log.add("git.pushed", {"number": 1}, log="elsewhere")
    rebuilt(bench, log)


@case(MALFORMED)
def entry_with_a_member_too_many(bench):
    log = story(EVENTS - 1)
    log.add("git.pushed", {"number": 1}, name="somebody")
    rebuilt(bench, log)


@case(TAMPERED)
def erasure_that_is_not_signed(bench):
    log = story(EVENTS - 1)
    log.erase((log.last_told(), "name"), signature=None)
    rebuilt(bench, log)


@case(TAMPERED)
def erasure_signed_by_another_key(bench):
    log = story(EVENTS - 1)
    log.erase((log.last_told(), "name"), seed="the attacker's")
    rebuilt(bench, log)


@case(TAMPERED)
def erasure_that_was_allowed_before(bench):
    log = story(EVENTS - 1)
    log.again("privacy.erased")
    rebuilt(bench, log)


@case(TAMPERED)
def erasure_of_another_number_of_values(bench):
    log = story(EVENTS - 1)
    log.again("privacy.erased", values=9)
    rebuilt(bench, log)


@case(TAMPERED)
def pruning_that_is_not_signed(bench):
    log = story(EVENTS - 1)
    log.prune(9, 40, signature=None)
    rebuilt(bench, log)


@case(TAMPERED)
def pruning_signed_for_another_log(bench):
    log = story(EVENTS - 1)
    log.prune(9, 40, origin=f"{exports.HOST}/other")
    rebuilt(bench, log)


@case(TAMPERED)
def permission_without_a_body(bench):
    log = story(EVENTS - 1)
    log.add("log.pruned")
    log.set_body(EVENTS - 1, None)
    rebuilt(bench, log)


@case(TAMPERED)
def change_of_keys_that_only_the_old_one_signed(bench):
    log = story(EVENTS - 1)
    keys = {"new": str(Signer(log.origin, seed="new key").key), "old": str(LOG_SIGNER.key)}
    log.add("log.key_rotated", keys | {"signature_new": None})
    rebuilt(bench, log)


@case(GOOD)
def change_of_keys_that_both_signed(bench):
    log = story(EVENTS - 1)
    keys = {"new": str(Signer(log.origin, seed="new key").key), "old": str(LOG_SIGNER.key)}
    log.add("log.key_rotated", keys)
    rebuilt(bench, log)


@case(TAMPERED)
def key_of_a_process_that_is_not_certified(bench):
    log = story(EVENTS - 1)
    log.start(("north", "boot-x"), certificate="A" * 86)
    rebuilt(bench, log)


@case(TAMPERED)
def key_of_a_process_exchanged(bench):
    """Its new key is certified by a key of its own, and signs the heartbeat."""
    log = story(EVENTS - 1)
    log.beat(exports.SOURCES[1], **log.stolen(exports.SOURCES[1]))
    rebuilt(bench, log)


@case(TAMPERED)
def second_certified_key_of_a_process(bench):
    log = story(EVENTS - 1)
    log.start(exports.SOURCES[1], **log.certified(exports.SOURCES[1], key=exports.node_key("x")))
    rebuilt(bench, log)


@case(TAMPERED)
def certificate_of_another_process(bench):
    log = story(EVENTS - 1)
    other = log.certified(exports.SOURCES[2])
    log.start(exports.SOURCES[1], **other)
    rebuilt(bench, log)


def log_without(chosen):
    """The log as it is if one entry is taken from the queue: no trace but its number."""
    log = true_log()
    gone = next(n for n, each in enumerate(log.headers) if n > 100 and chosen(each))
    del log.headers[gone]
    for name in ("bodies", "values"):
        rows = getattr(log, name)
        moved = {n - (n > gone): row for n, row in rows.items() if n != gone}
        setattr(log, name, moved)
    for each in log.tombstones:
        for name in ("by", "i", "end"):
            each[name] -= each[name] > gone
    return log


@pytest.mark.parametrize(("change", "verdict"), CASES)
def test_each_change_has_its_exit_code(change, verdict, tmp_path):
    found = verified(change, tmp_path)

    assert found.verdict is verdict, found.problems[:5]

"""Writes audit/vectors/*.json anew: small exports, one for each attack. Run it when formats change.

python -m tests.audit.make_vectors
"""

from __future__ import annotations

import base64
import copy
import json
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import audit
from audit import trust
from audit.canonical import canonical
from audit.verify import verify
from tests.audit import exports
from tests.audit.exports import Export, story
from tests.audit.signers import Signer, signed

LOG = story(24)
GOOD = Export((LOG,), earlier=(8,))
SIGNER = Signer(LOG.origin)
AT = "logs/instance/"


def with_line(files, name, change):
    """The files with the lines of one of them changed, nothing signed again."""
    packs = name.endswith(".gz")
    lines = exports.unpacked(files[AT + name]) if packs else files[AT + name].splitlines()
    return files | {AT + name: (exports.packed if packs else exports.joined)(change(lines))}


def resealed(files, **of_the_log: object):
    """The files signed again by whoever exports."""
    logs = json.loads(files["bundle.json"])["logs"]
    logs[0] |= of_the_log
    exports.seal(files, [SIGNER], logs=logs)
    return files


def other_log():
    """The log with one entry rewritten."""
    log = copy.deepcopy(LOG)
    log.headers[5]["outcome"] = "failed"
    return log


def vectors():
    """Name, files and known heads of each vector."""
    good = GOOD.files()
    number = len(exports.unpacked(good[AT + "bodies.jsonl.gz"]))
    values = len(exports.unpacked(good[AT + "values.jsonl.gz"]))
    other = story(24, name="other", origin=f"{exports.HOST}/other")
    head = signed(str(LOG.checkpoint()), [SIGNER]).decode()
    cut = signed(str(LOG.checkpoint()), [SIGNER])
    change = lambda lines: [*lines[:5], lines[5].replace(b"success", b"failed"), *lines[6:]]  # noqa: E731
    yield "good", good, []
    yield "entry-changed", with_line(good, "headers.jsonl.gz", change), []
    yield "entry-changed-and-sealed", resealed(with_line(good, "headers.jsonl.gz", change)), []
    yield "entries-swapped", with_line(good, "headers.jsonl.gz", lambda x: [x[1], x[0], *x[2:]]), []
    yield "last-entry-missing", resealed(with_line(good, "headers.jsonl.gz", lambda x: x[:-1])), []
    body = resealed(with_line(good, "bodies.jsonl.gz", lambda x: x[:-1]), bodies=number - 1)
    yield "body-left-out", body, []
    value = resealed(with_line(good, "values.jsonl.gz", lambda x: x[1:]), values=values - 1)
    yield "value-left-out", value, []
    yield "tombstone-missing", resealed(with_line(good, "tombstones.jsonl", lambda x: x[1:])), []
    root = signed(str(other.checkpoint()), [Signer(other.origin)])
    yield "root-from-another-log", resealed(good | {AT + "checkpoint": root}), []
    yield from forgeries()
    yield "witness-missing", resealed(good | {AT + "checkpoint": cut}), []
    yield (
        "rebuilt-with-another-key",
        replace(GOOD, logs=(other_log(),), signers=(Signer(LOG.origin, seed="stranger"),)).files(),
        [],
    )
    yield "forked", replace(GOOD, logs=(other_log(),)).files(), [head]
    yield "rolled-back", replace(GOOD, logs=(story(20),)).files(), [head]
    forked = canonical({"note": signed(str(other_log().checkpoint(8)), [SIGNER]).decode()})
    yield (
        "earlier-checkpoint-of-a-fork",
        resealed(with_line(good, "checkpoints.jsonl", lambda _: [forked])),
        [],
    )
    yield (
        "manifest-changed",
        good | {"bundle.json": good["bundle.json"].replace(b'"all"', b'"some"', 1)},
        [],
    )
    yield "file-added", good | {"logs/instance/more": b""}, []
    yield (
        "headers-are-no-entries",
        resealed(with_line(good, "headers.jsonl.gz", lambda x: [b"{}", *x[1:]])),
        [],
    )


def forgeries():
    """What somebody can do who writes to the queue, and has no key."""
    for name, forge in (
        ("erasure-not-signed", lambda log: log.erase((log.last_told(), "name"), signature=None)),
        ("erasure-repeated", lambda log: log.again("privacy.erased")),
        ("pruning-not-signed", lambda log: log.prune(9, 12, signature=None)),
        (
            "pruning-signed-for-another-log",
            lambda log: log.prune(9, 12, origin=f"{exports.HOST}/other"),
        ),
        (
            "heartbeat-key-exchanged",
            lambda log: log.beat(exports.SOURCES[1], **log.stolen(exports.SOURCES[1])),
        ),
    ):
        log = copy.deepcopy(LOG)
        forge(log)
        yield name, replace(GOOD, logs=(log,)).files(), []


def main() -> int:
    """Write them."""
    folder = Path(audit.__file__).parent / "vectors"
    folder.mkdir(exist_ok=True)
    for name, files, known in vectors():
        with tempfile.TemporaryDirectory() as place:
            heads = {
                exports.note.checkpoint(exports.note.parse(each.encode()).text) for each in known
            }
            found = verify(
                exports.write(files, Path(place)),
                trust.read(GOOD.trust()),
                {each.origin: each for each in heads},
            )
        said = {
            "checks": sorted({each.check for each in found.problems}),
            "code": found.verdict.value,
            "files": {at: base64.b64encode(data).decode() for at, data in sorted(files.items())},
            "known": known,
            "trust": json.loads(GOOD.trust()),
        }
        (folder / f"{name}.json").write_text(json.dumps(said, indent=1, sort_keys=True) + "\n")
        sys.stdout.write(f"{name}: {found.verdict.name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""A good export of 5,000 events to make single changes of, and the three who can make them.

A carrier changes files and cannot sign. An exporter signs a changed export again, but not the log.
A log is a dishonest appliance, which signs whatever it wants.
"""

import copy
import json
from dataclasses import dataclass, replace

import pytest

from audit import trust
from audit.canonical import canonical
from audit.verdict import Verdict
from audit.verify import verify
from tests.audit import exports
from tests.audit.exports import Export, joined, packed, story, unpacked
from tests.audit.signers import Signer

EVENTS = 5000
FOLDER = "logs/instance"
HEADERS, BODIES, VALUES = (f"{FOLDER}/{name}.jsonl.gz" for name in ("headers", "bodies", "values"))
TOMBSTONES, EARLIER = f"{FOLDER}/tombstones.jsonl", f"{FOLDER}/checkpoints.jsonl"
CHECKPOINT = f"{FOLDER}/checkpoint"
TAMPERED, FORKED, INCOMPLETE = Verdict.TAMPERED, Verdict.FORKED, Verdict.INCOMPLETE
UNTRUSTED, MALFORMED, GOOD = Verdict.UNTRUSTED, Verdict.MALFORMED, Verdict.GOOD
TRUE_LOG = story(EVENTS)
TRUE = Export((TRUE_LOG,))
TRUE_FILES = TRUE.files()
LOG_SIGNER = Signer(TRUE_LOG.origin)


@dataclass
class Bench:
    """A copy of the good export to work on."""

    files: dict
    trust: bytes
    known: dict

    def lines(self, name):
        data = self.files[name]
        return unpacked(data) if name.endswith(".gz") else data.splitlines()

    def put(self, name, lines):
        self.files[name] = packed(lines) if name.endswith(".gz") else joined(lines)

    def change_line(self, name, number, change):
        lines = self.lines(name)
        said = json.loads(lines[number])
        change(said)
        lines[number] = canonical(said, deepest=9)
        self.put(name, lines)

    def change_part(self, **changes: object):
        said = json.loads(self.files["bundle.json"])
        said["logs"][0] |= changes
        self.files["bundle.json"] = canonical(said)

    def seal(self, **changes: object):
        exports.seal(self.files, [LOG_SIGNER], **changes)


def new_cases():
    """An empty list, and what adds a change with its verdict; `reseal` signs it again."""
    cases = []

    def case(verdict, *, reseal=False):
        def keep(change):
            def changed(bench):
                change(bench)
                if reseal:
                    bench.seal()

            cases.append(pytest.param(changed, verdict, id=change.__name__))
            return change

        return keep

    return cases, case


def verified(change, folder):
    """What the verifier finds in the export after a change."""
    bench = Bench(dict(TRUE_FILES), TRUE.trust(), {})
    change(bench)
    return verify(exports.write(bench.files, folder), trust.read(bench.trust), bench.known)


def without(bench, name, number):
    lines = bench.lines(name)
    del lines[number]
    bench.put(name, lines)


def shorten(bench):
    """Leave the last entry out of all that the export says."""
    without(bench, HEADERS, -1)
    without(bench, BODIES, -1)
    bench.change_part(end=EVENTS - 1, bodies=len(bench.lines(BODIES)))


def rebuilt(bench, log, **changes: object):
    """The files of another log under the true keys, or under those in `changes`."""
    bench.files = replace(TRUE, logs=(log,), **changes).files()


def true_log():
    return copy.deepcopy(TRUE_LOG)

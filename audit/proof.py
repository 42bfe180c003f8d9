"""The proof that one entry is in a log, in a file of its own.

    c2sp.org/tlog-proof@v1
    index 73894
    gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=

    (a checkpoint, with its signatures)

Source: https://c2sp.org/tlog-proof
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from audit import entry as entries
from audit import heads, rows
from audit import note as notes
from audit.bundle import BundleError, LogPart
from audit.merkle import HASH_BYTES, LONGEST_PROOF, is_included, leaf_hash
from audit.trust import Trust
from audit.verdict import Findings, Verdict

TITLE = "c2sp.org/tlog-proof@v1"
LARGEST_FILE = 512 * 1024
INDEX = re.compile(r"index (0|[1-9][0-9]{0,15})\Z", re.ASCII)
EXTRA = re.compile(r"extra [A-Za-z0-9+/]+={0,2}\Z", re.ASCII)


class ProofError(ValueError):
    """It is no proof."""


@dataclass(frozen=True)
class Proof:
    """Where an entry is said to be, and the hashes and checkpoint that show it."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes
    """A signed note, not yet parsed."""

    def __str__(self) -> str:
        hashes = "".join(base64.b64encode(each).decode("ascii") + "\n" for each in self.hashes)
        return f"{TITLE}\nindex {self.index}\n{hashes}\n{self.checkpoint.decode()}"


def read(data: bytes) -> Proof:
    """The proof in some bytes. Further data in it, which nobody signed, is passed over.

    Errors:
        ProofError: it is none.
    """
    if len(data) > LARGEST_FILE:
        raise ProofError(f"longer than {LARGEST_FILE} bytes")
    head, blank, checkpoint = data.partition(b"\n\n")
    try:
        title, *lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        raise ProofError("not a proof") from error
    if title != TITLE or not blank or not lines:
        raise ProofError("not a proof of the first version")
    if EXTRA.match(lines[0]):
        lines = lines[1:]
    found = INDEX.match(lines[0]) if lines else None
    if found is None or len(lines) - 1 > LONGEST_PROOF:
        raise ProofError("it has no index, or too many hashes")
    return Proof(int(found[1]), tuple(_hash(line) for line in lines[1:]), checkpoint)


def verify(proof_data: bytes, entry: bytes, trust: Trust, body: bytes | None = None) -> Findings:
    """Check that an entry is in a log that somebody trusted signed.

    `entry` is a header as it was hashed; `body` is its line of `bodies.jsonl`, where it is given.
    """
    findings = Findings()
    try:
        proof = read(proof_data)
        state = notes.checkpoint(notes.parse(proof.checkpoint).text)
        part = LogPart("", state.origin, "", state.size, 0, state.size, 0, 0, 0)
        head, note = heads.newest(proof.checkpoint, part, trust)
    except (ProofError, notes.NoteError) as error:
        findings.problem(Verdict.MALFORMED, "proof", str(error))
        return findings
    seen, problems = heads.witnessed(note, trust)
    for verdict, text in head.problems:
        findings.problem(verdict, "checkpoint", text)
    findings.did("checkpoint", f"{state.size} entries in {state.origin}")
    for verdict, text in problems:
        findings.problem(verdict, "witnesses", text)
    findings.did("witnesses", f"{trust.needed} needed; seen by: {'; '.join(seen) or 'none'}")
    if not is_included(leaf_hash(entry), proof.index, state.size, proof.hashes, state.root):
        text = "the proof does not lead from this entry to the root that was signed"
        findings.problem(Verdict.TAMPERED, "proof", text)
    findings.did("proof", f"entry {proof.index}")
    _check_entry(entry, body, findings)
    return findings


def _check_entry(entry: bytes, body: bytes | None, findings: Findings) -> None:
    try:
        header = entries.read(entry).members
        row = None if body is None else rows.body(body)
    except (entries.EntryError, BundleError) as error:
        findings.problem(Verdict.MALFORMED, "entry", str(error))
        return
    findings.did("entry", f"{header['action']} at {header['time']}")
    if row is not None:
        if row.commitment != header["b"]:
            findings.problem(Verdict.TAMPERED, "body", "not the body that the header committed to")
        findings.did("body", "as the header says")


def _hash(line: str) -> bytes:
    try:
        found = base64.b64decode(line, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ProofError("a hash is no base64") from error
    if len(found) != HASH_BYTES:
        raise ProofError(f"a hash has {HASH_BYTES} bytes")
    return found

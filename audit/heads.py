"""Who signed the state of a log, and whether its states fit one another.

checkpoint   a trusted key signed the newest state, with the size and origin that the manifest says
witnesses    enough of those whom the auditor trusts have seen it
history      every earlier signed state is one that this log had
known        so is the state that the auditor kept from an earlier visit
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from audit import note as notes
from audit.bundle import Bundle, BundleError, LogPart, json_object
from audit.merkle import can_be_consistent, is_consistent
from audit.rows import RowError, hashes
from audit.trust import Trust
from audit.verdict import Verdict

MOST_EARLIER = 1000
MOST_PROOFS = 1000


@dataclass(frozen=True)
class Head:
    """A checkpoint in the bundle, and what is wrong with its signatures."""

    state: notes.Checkpoint
    problems: tuple[tuple[Verdict, str], ...]


@dataclass
class Heads:
    """What one log in the bundle says of its states."""

    newest: Head | None = None
    earlier: list[Head] = field(default_factory=list)
    proofs: dict[int, tuple[bytes, ...]] = field(default_factory=dict)
    """Proofs that the newest tree begins with the tree of a size."""

    def sizes(self) -> set[int]:
        """The sizes at which the root is wanted."""
        return {each.state.size for each in self.earlier} | self.proofs.keys()


def newest(data: bytes, part: LogPart, trust: Trust) -> tuple[Head, notes.Note]:
    """The newest checkpoint of a log.

    Errors:
        NoteError: it is none.
    """
    note = notes.parse(data)
    state = notes.checkpoint(note.text)
    problems = list(_log_signature(note, state, trust, is_newest=True))
    if state.origin != part.origin:
        problems.append((Verdict.TAMPERED, f"it is one of {state.origin}, not of {part.origin}"))
    if state.size != part.size:
        problems.append((Verdict.TAMPERED, f"it is of size {state.size}, not of {part.size}"))
    return Head(state, tuple(problems)), note


def in_words(seconds: int | None) -> str:
    """A time as people read it; as it was said, where no calendar goes so far."""
    if seconds is None:
        return "no time that it says"
    try:
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
    except (OverflowError, OSError, ValueError):
        return f"{seconds} s since 1970"


def witnessed(note: notes.Note, trust: Trust) -> tuple[list[str], list[tuple[Verdict, str]]]:
    """The witnesses of the quorum that signed, in words, and what is wrong."""
    seen, problems, times = set(), [], []
    by_key = {trust.witnesses[name]: name for name in trust.counted}
    for key in trust.witness_keys():
        try:
            found = notes.signed_by(note, [key])
        except notes.NoteError as error:
            problems.append((Verdict.TAMPERED, str(error)))
            continue
        if found:
            seen.add(trust.operators[by_key[key]])
            times.append(f"{by_key[key]} at {in_words(found[0][1])}")
    if len(seen) < trust.needed:
        text = f"{len(seen)} of the witnesses signed, {trust.needed} are needed"
        problems.append((Verdict.UNTRUSTED, text))
    return times, problems


def earlier(bundle: Bundle, name: str, part: LogPart, trust: Trust) -> list[Head]:
    """The earlier checkpoints of a log.

    Errors:
        BundleError: a line is none, or they are not in order.
    """
    found: list[Head] = []
    last = part.first - 1
    for line in bundle.lines(name):
        said = json_object(line)
        if said.keys() != {"note"} or not isinstance(said["note"], str):
            raise BundleError("a line does not hold a note")
        if len(found) >= MOST_EARLIER:
            raise BundleError(f"more than {MOST_EARLIER} earlier checkpoints")
        head = _earlier(said["note"].encode(), part, trust)
        if not last < head.state.size <= part.end:
            raise BundleError("the earlier checkpoints are not in order, or not of this range")
        last = head.state.size
        found.append(head)
    return found


def proofs(bundle: Bundle, name: str) -> dict[int, tuple[bytes, ...]]:
    """Consistency proofs to the newest checkpoint, by the size they begin at.

    Errors:
        BundleError: a line is none.
    """
    found: dict[int, tuple[bytes, ...]] = {}
    for line in bundle.lines(name):
        said = json_object(line)
        if said.keys() != {"from", "proof"} or type(said["from"]) is not int:
            raise RowError("a line is no proof of consistency")
        if said["from"] in found or len(found) >= MOST_PROOFS:
            raise RowError("the same proof twice, or too many")
        found[said["from"]] = hashes(said["proof"])
    return found


def compare(heads: Heads, roots: dict[int, bytes]) -> Iterable[tuple[Verdict, str]]:
    """What is wrong with earlier checkpoints; `roots` are those that the headers make."""
    for head in heads.earlier:
        size = head.state.size
        yield from ((verdict, f"at size {size}: {text}") for verdict, text in head.problems)
        if roots.get(size) == head.state.root:
            continue
        if head.problems:
            yield Verdict.TAMPERED, f"at size {size}: not what the headers make"
        else:
            yield Verdict.FORKED, f"at size {size} the log signed another state than it shows now"


def compare_proofs(
    heads: Heads, now: notes.Checkpoint, roots: dict[int, bytes], *, end: int
) -> Iterable[tuple[Verdict, str]]:
    """What is wrong with proofs from earlier sizes, which the auditor may have asked for.

    That from `end`, where the headers end, was looked at together with the headers.
    """
    for size, proof in heads.proofs.items():
        if size == end:
            continue
        if not 0 < size < now.size:
            yield Verdict.MALFORMED, f"a proof from size {size}, which is no earlier one"
        elif size in roots:
            if not is_consistent(size, roots[size], now.size, now.root, proof):
                yield Verdict.TAMPERED, f"the proof from size {size} does not hold"
        elif not can_be_consistent(size, now.size, now.root, proof):
            yield Verdict.TAMPERED, f"the proof from size {size} does not lead to what was signed"


def compare_known(
    known: notes.Checkpoint, now: notes.Checkpoint, heads: Heads, roots: dict[int, bytes]
) -> tuple[Verdict, str]:
    """Whether what the auditor kept is a state that this log had."""
    if known.size > now.size:
        return (
            Verdict.FORKED,
            f"the log had {known.size} entries, and shows {now.size}: rolled back",
        )
    root = now.root if known.size == now.size else roots.get(known.size)
    if root is not None:
        if root == known.root:
            return Verdict.GOOD, f"the state of {known.size} entries that you kept is in it"
        return Verdict.FORKED, f"at size {known.size} it is another log than the one you saw"
    proof = heads.proofs.get(known.size)
    if proof is None:
        return (
            Verdict.INCOMPLETE,
            f"the export cannot show that it continues what you kept at size {known.size}",
        )
    if is_consistent(known.size, known.root, now.size, now.root, proof):
        return Verdict.GOOD, f"a proof shows that it continues the {known.size} entries you kept"
    return Verdict.FORKED, f"the proof from the {known.size} entries that you kept does not hold"


def _earlier(data: bytes, part: LogPart, trust: Trust) -> Head:
    try:
        note = notes.parse(data)
        state = notes.checkpoint(note.text)
    except notes.NoteError as error:
        raise BundleError(f"an earlier checkpoint is none: {error}") from error
    problems = list(_log_signature(note, state, trust, is_newest=False))
    if state.origin != part.origin:
        problems.append((Verdict.TAMPERED, f"it is one of {state.origin}"))
    return Head(state, tuple(problems))


def _log_signature(
    note: notes.Note, state: notes.Checkpoint, trust: Trust, *, is_newest: bool
) -> Iterable[tuple[Verdict, str]]:
    if state.origin not in trust.logs:
        yield Verdict.UNTRUSTED, f"your key file has no key of {state.origin}"
        return
    try:
        signed = {key for key, _ in notes.signed_by(note, trust.keys_of(state.origin, state.size))}
    except notes.NoteError as error:
        yield Verdict.TAMPERED, str(error)
        return
    missing = [key for key in trust.required_keys_of(state.origin, state.size) if key not in signed]
    if signed and missing and is_newest:
        yield (
            Verdict.UNTRUSTED,
            f"a required signature lacks: {missing[0].name} {missing[0].id.hex()}",
        )
    if not signed:
        yield Verdict.UNTRUSTED, _why_nobody(note, state, trust)


def _why_nobody(note: notes.Note, state: notes.Checkpoint, trust: Trust) -> str:
    retired = {(key.name, key.id) for key in trust.retired_keys_of(state.origin, state.size)}
    if any((each.name, each.key_id) in retired for each in note.signatures):
        return f"the key that signed it does not count at size {state.size}"
    return "no key that you trust signed it"

"""The checks of one log in an export: its headers, with everything that hangs on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from audit import entry as entries
from audit import heads as headings
from audit import note as notes
from audit import rows
from audit.bundle import Bundle, BundleError, LogPart, Manifest, MissingError, is_size, json_object
from audit.contents import Contents, Sides
from audit.heads import Heads
from audit.heartbeats import Heartbeats, NodeKeys, Vouching
from audit.merkle import EMPTY_ROOT, Frontier, is_consistent, is_included, leaf_hash
from audit.permissions import Permissions
from audit.rows import Ahead
from audit.selection import Test
from audit.signatures import Signatures
from audit.trust import Trust
from audit.verdict import Findings, Verdict
from audit.walk import FILE as HEADERS
from audit.walk import SET_ASIDE, Walk

Row = TypeVar("Row", rows.Body, rows.Value, rows.Tombstone)
PRUNED, CONTINUED, ROTATED = "log.pruned", "log.continued", "log.key_rotated"


class LogCheck:
    """One log of one bundle. Its state is what was found of it so far."""

    def __init__(
        self,
        bundle: Bundle,
        manifest: Manifest,
        part: LogPart,
        trust: Trust,
        findings: Findings,
        signatures: Signatures,
    ) -> None:
        self._bundle = bundle
        self._manifest = manifest
        self._part = part
        self._trust = trust
        self._findings = findings
        self._signatures = signatures
        self._permissions = Permissions(
            part.origin,
            trust.permitting_keys_of,
            signatures,
            say=lambda text: self._problem(self._doubt, "permissions", text),
            note_void=lambda text: findings.note(f"{part.log}: {text}"),
        )
        self._heads = Heads()
        self._is_whole = False
        """Whether the headers make the root of the checkpoint."""
        self._is_cut = False
        """Whether the headers cannot be read to their end."""
        self._pruned_entries = 0
        """Up to where an entry allowed that entries are gone."""
        self._beats: Heartbeats | None = None
        self.carried: notes.Checkpoint | None = None
        """The last state of the log that this one continues."""

    def run(self, selected: Test, node_keys: NodeKeys, known: notes.Checkpoint | None) -> None:
        """Check it all. `node_keys` is what earlier logs told, and is added to."""
        self._read_heads()
        wanted = self._heads.sizes() | ({known.size} if known is not None else set())
        contents = Contents(
            Sides(
                bodies=self._side("bodies.jsonl.gz", "bodies", rows.body),
                values=self._side("values.jsonl.gz", "values", rows.value),
                tombstones=self._side("tombstones.jsonl", "tombstones", rows.tombstone),
            ),
            self._problem,
            tells_all_values=self._manifest.disclosure == "all",
            unpermitted=Verdict.INCOMPLETE if self._is_trusted else Verdict.UNTRUSTED,
        )
        beats = Heartbeats(
            self._part.log,
            Vouching(self._permissions, self._signatures),
            from_the_start=self._part.first == 0,
        )
        edge = self._edge()
        self._beats = beats
        walk = Walk(
            part=self._part,
            problem=self._problem,
            tell=self._tell,
            contents=contents,
            permissions=self._permissions,
            beats=beats,
            selected=selected,
            node_keys=node_keys,
            frontier=edge or Frontier(),
            wanted=frozenset(wanted),
            doubt=self._doubt,
        )
        walk.run(self._headers())
        self._check_root(walk, has_edge=edge is not None)
        self._check_outside(contents)
        contents.unallowed()
        self._check_counts(contents)
        self._check_history(walk.roots)
        self._check_pruning()
        for text in beats.unsigned(node_keys):
            self._problem(self._doubt, "heartbeats", text)
        self._did("heartbeats", beats.summary())
        self._did("permissions", "each is signed by the log's key for its own entry")
        if known is not None:
            self._check_known(known, walk.roots)

    @property
    def _is_trusted(self) -> bool:
        """Whether a trusted key signed the log: if none did, nothing it says is believed anyway."""
        head = self._heads.newest
        return head is not None and Verdict.UNTRUSTED not in dict(head.problems)

    @property
    def _doubt(self) -> Verdict:
        """What it means that the log's key did not sign something."""
        return Verdict.TAMPERED if self._is_trusted else Verdict.UNTRUSTED

    def _file(self, name: str) -> str:
        """The name of one of its files in the bundle."""
        return f"{self._part.folder}/{name}"

    def _headers(self) -> Iterator[bytes]:
        """The lines of its headers, as far as they can be read."""
        name = self._file(HEADERS)
        if name not in self._manifest.files:
            self._problem(Verdict.INCOMPLETE, "headers", f"{name} is not in the export")
            return
        try:
            yield from self._bundle.lines(name)
        except BundleError as error:
            self._is_cut = True
            self._unreadable("headers", name, error)

    def _tell(self, index: int, action: str, body: dict[str, Any]) -> None:
        """Take note of what an entry says of the log itself."""
        if action == PRUNED:
            self._note_pruned(index, body)
        elif action == CONTINUED:
            self._note_continued(index, body)
        elif action == SET_ASIDE:
            why = str(body.get("why"))[:200]
            self._findings.note(
                f"{self._part.log}: entry {index} says that somebody put a row into the queue that "
                f"is no event: {why}"
            )
        elif action == ROTATED:
            new = str(body.get("new"))[:120]
            self._findings.note(f"{self._part.log}: entry {index} changed the log's key to {new}")

    # The parts, in order.

    def _read_heads(self) -> None:
        newest = self._small("checkpoint", "checkpoint")
        if newest is not None:
            try:
                self._heads.newest, note = headings.newest(newest, self._part, self._trust)
            except notes.NoteError as error:
                self._problem(Verdict.MALFORMED, "checkpoint", str(error), self._file("checkpoint"))
            else:
                self._say_signatures(note)
        self._heads.earlier = self._optional(
            "checkpoints.jsonl",
            "history",
            lambda name: headings.earlier(self._bundle, name, self._part, self._trust),
            [],
        )
        self._heads.proofs = self._optional(
            "consistency.jsonl", "headers", lambda name: headings.proofs(self._bundle, name), {}
        )

    def _say_signatures(self, note: notes.Note) -> None:
        head = self._heads.newest
        if head is None:
            return
        for verdict, text in head.problems:
            self._problem(verdict, "checkpoint", text, self._file("checkpoint"))
        self._did("checkpoint", f"{head.state.size} entries in {head.state.origin}")
        seen, problems = headings.witnessed(note, self._trust)
        for verdict, text in problems:
            self._problem(verdict, "witnesses", text, self._file("checkpoint"))
        words = "; ".join(seen) or "none"
        self._did("witnesses", f"{self._trust.needed} needed; seen by: {words}")

    def _edge(self) -> Frontier | None:
        """The tree before the first header; None where it cannot be known."""
        first = self._part.first
        if first == 0:
            return Frontier()
        data = self._small("edge.json", "headers")
        if data is None:
            return None
        try:
            said = json_object(data)
            hashes = rows.hashes(said.get("hashes"))
            if said.keys() != {"first", "hashes"} or said["first"] != first:
                raise BundleError("it is not the edge before the first header")
            return Frontier(first, hashes)
        except ValueError as error:
            self._problem(Verdict.MALFORMED, "headers", str(error), self._file("edge.json"))
            return None

    def _check_root(self, walk: Walk, *, has_edge: bool) -> None:
        head, part = self._heads.newest, self._part
        self._did(
            "headers", f"{walk.count} entries, from {part.first} to {part.end}, of {part.size}"
        )
        if part.first + walk.count != part.end:
            text = f"the headers end at {part.first + walk.count}, and should at {part.end}"
            self._problem(Verdict.INCOMPLETE, "headers", text, self._file(HEADERS))
        is_nothing = walk.count == 0 and part.end > part.first
        if head is None or not has_edge or is_nothing or self._is_cut:
            return
        root = walk.frontier.root()
        if part.end == part.size:
            self._is_whole = root == head.state.root
        elif (proof := self._proof_to_the_end()) is None:
            text = "no proof leads from the last header to the checkpoint"
            self._problem(Verdict.INCOMPLETE, "headers", text)
            return
        else:
            self._is_whole = is_consistent(part.end, root, part.size, head.state.root, proof)
        if not self._is_whole:
            text = "the headers do not make the root that was signed"
            self._problem(Verdict.TAMPERED, "headers", text)

    def _proof_to_the_end(self) -> tuple[bytes, ...] | None:
        return self._heads.proofs.get(self._part.end, () if self._part.end == 0 else None)

    def _check_outside(self, contents: Contents) -> None:
        def read(name: str) -> int:
            count = 0
            for line in self._bundle.lines(name):
                self._take_outside(rows.outside(line), contents)
                count += 1
            return count

        count = self._optional("outside.jsonl", "tombstones", read, 0)
        if count:
            self._findings.note(f"{self._part.log}: {count} entries outside the range are proven")

    def _take_outside(self, row: rows.Outside, contents: Contents) -> None:
        head = self._heads.newest
        if head is None:
            return
        leaf = leaf_hash(row.header)
        if not is_included(leaf, row.index, head.state.size, row.proof, head.state.root):
            text = f"entry {row.index}: the proof that it is in the tree does not hold"
            self._problem(Verdict.TAMPERED, "tombstones", text)
            return
        try:
            header = entries.read(row.header).members
        except entries.EntryError as error:
            self._problem(Verdict.MALFORMED, "tombstones", f"entry {row.index}: {error}")
            return
        body = contents.from_outside(row.index, header, row.body)
        is_allowed = self._permissions.allows(row.index, header, body)
        contents.allow(row.index, header, body, is_allowed=is_allowed)
        if body is not None and is_allowed and header["action"] == PRUNED:
            self._note_pruned(row.index, body)

    def _check_counts(self, contents: Contents) -> None:
        part = self._part
        for name, found in (("bodies", contents.bodies), ("values", contents.values)):
            said = getattr(part, name)
            if found != said:
                text = f"{found} {name} are there, and the manifest says {said}"
                self._problem(Verdict.INCOMPLETE, name, text, self._file(f"{name}.jsonl.gz"))
        more = f", {contents.unasked} more than was asked for" if contents.unasked else ""
        self._did("bodies", f"{contents.bodies} bodies, each as its header says{more}")
        self._did("values", f"{contents.values} personal values, each as its body says")
        gone = f"{contents.pruned} bodies pruned, {contents.erased} values erased"
        self._did("tombstones", gone)

    def _check_history(self, roots: dict[int, bytes]) -> None:
        if not self._is_whole:
            if self._heads.earlier:
                self._did("history", "not looked at: the headers do not make the signed root")
            return
        for verdict, text in headings.compare(self._heads, roots):
            self._problem(verdict, "history", text, self._file("checkpoints.jsonl"))
        head = self._heads.newest
        if head is not None:
            file = self._file("consistency.jsonl")
            wrong = headings.compare_proofs(self._heads, head.state, roots, end=self._part.end)
            for verdict, text in wrong:
                self._problem(verdict, "history", text, file)
        proofs = f", {len(self._heads.proofs)} proofs" if self._heads.proofs else ""
        self._did("history", f"{len(self._heads.earlier)} earlier checkpoints{proofs} compared")

    def _check_pruning(self) -> None:
        minimum = self._part.minimum
        if minimum > self._pruned_entries:
            text = f"the first {minimum} entries are gone, and no entry here allowed it"
            verdict = Verdict.INCOMPLETE if self._is_trusted else Verdict.UNTRUSTED
            self._problem(verdict, "pruning", text)
        if minimum:
            self._did("pruning", f"the first {minimum} entries are gone")

    def _check_known(self, known: notes.Checkpoint, roots: dict[int, bytes]) -> None:
        head = self._heads.newest
        if head is None:
            return
        sure = {0: EMPTY_ROOT, **(roots if self._is_whole else {})}
        verdict, text = headings.compare_known(known, head.state, self._heads, sure)
        if verdict is not Verdict.GOOD:
            self._problem(verdict, "known", text)
        self._did("known", text)

    def _note_pruned(self, index: int, body: dict[str, Any]) -> None:
        end = body.get("end")
        if body.get("what") == "entries" and body.get("first") == 0 and is_size(end):
            self._pruned_entries = max(self._pruned_entries, min(end, index))
            text = f"{self._part.log}: entry {index} allowed that the first {end} entries go"
            self._findings.note(text)

    def _note_continued(self, index: int, body: dict[str, Any]) -> None:
        try:
            note = notes.parse(str(body.get("checkpoint")).encode())
            state = notes.checkpoint(note.text)
            signers = notes.signed_by(note, self._trust.keys_of(state.origin, state.size))
        except (notes.NoteError, UnicodeEncodeError) as error:
            self._problem(Verdict.TAMPERED, "headers", f"entry {index}: {error}")
            return
        if index != 0 or state.origin == self._part.origin:
            text = f"entry {index}: only the first entry of another log can continue a log"
            self._problem(Verdict.TAMPERED, "headers", text)
            return
        self.carried = state
        self._permissions.goes_on(state.origin, state.size)
        if self._beats is not None:
            self._beats.goes_on()
        signed = "signed by a key you trust" if signers else "signed by no key that you trust"
        self._findings.note(
            f"{self._part.log} continues {state.origin} after {state.size} entries ({signed})"
        )

    # How files are read and problems said.

    def _side(self, name: str, check: str, read: Callable[[bytes], Row]) -> Ahead[Row]:
        file = self._file(name)

        def read_all() -> Iterator[Row]:
            if file in self._manifest.files:
                for line in self._bundle.lines(file):
                    yield read(line)

        return Ahead(read_all(), lambda error: self._unreadable(check, file, error))

    def _small(self, name: str, check: str) -> bytes | None:
        file = self._file(name)
        if file not in self._manifest.files:
            self._problem(Verdict.INCOMPLETE, check, f"{file} is not in the export")
            return None
        try:
            return self._bundle.small(file)
        except BundleError as error:
            self._unreadable(check, file, error)
            return None

    def _optional(self, name: str, check: str, read: Callable[[str], Any], otherwise: Any) -> Any:
        file = self._file(name)
        if file not in self._manifest.files:
            return otherwise
        try:
            return read(file)
        except BundleError as error:
            self._unreadable(check, file, error)
            return otherwise

    def _unreadable(self, check: str, file: str, error: BundleError) -> None:
        is_missing = isinstance(error, MissingError)
        verdict = Verdict.INCOMPLETE if is_missing else Verdict.MALFORMED
        self._problem(verdict, check, f"{file}: {error}", file)

    def _problem(self, verdict: Verdict, check: str, text: str, file: str = "") -> None:
        self._findings.problem(verdict, check, text, log=self._part.log, file=file)

    def _did(self, check: str, text: str) -> None:
        self._findings.did(check, text, log=self._part.log)

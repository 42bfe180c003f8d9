"""Checks the audit logs where they are: from the entries up to every state that was signed.

What an auditor's verifier checks of an export is checked here by the same code, of the tables; and
beside it what no export shows: the stored tree, the state in the tables, and the memory of what was
signed last. It reads in slices, and holds none of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from appliance.access import fetch_log, gate
from appliance.db.audit_log import (
    AuditBody,
    AuditCheckpoint,
    AuditKey,
    AuditLeaf,
    AuditLog,
    AuditTile,
)
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.permissions import Permission
from appliance.errors import DamagedError, NotFoundError
from appliance.security.log_checking import is_signed
from appliance.security.log_signing import Head
from appliance.services.audit_log import authority, bundle_proofs, set_aside, trees
from appliance.services.audit_log.export import Opens, Part, Plan, Progress, Wanted
from appliance.services.audit_log.export_rows import AT_ONCE, Row
from appliance.services.audit_log.export_rows import rows as rows_of
from appliance.services.audit_log.gone import Gone
from audit import contents, merkle, note, rows, selection, tiles
from audit.bundle import BundleError, LogPart, MissingError
from audit.heartbeats import Heartbeats, NodeKeys, Vouching
from audit.permissions import Permissions
from audit.verdict import Findings, Verdict
from audit.walk import Walk

if TYPE_CHECKING:
    from datetime import datetime

    from appliance.wiring import LogTools

FULL = tiles.WIDTH * merkle.HASH_BYTES


@dataclass(frozen=True)
class _Said:
    """What the tables say of a log."""

    part: Part
    state: LogPart
    root: bytes
    edge: bytes
    keys: list[tuple[note.Key, int, int | None]]


def logs(work: UnitOfWork) -> list[str]:
    """The names of all logs that there are, the instance's first.

    Errors:
        RefusedError: the actor may not read all of them.
    """
    gate.require(work, Permission.AUDIT_READ)
    names = work.session.scalars(sa.select(AuditLog.name).where(AuditLog.size > 0).distinct())
    return sorted(names, key=lambda name: (name != "instance", name))


def check(
    opens: Opens, names: list[str], *, tools: LogTools, now: datetime, progress: Progress
) -> Findings:
    """Check these logs, the newest of each name; everything that is wrong is found.

    Errors:
        HiddenError, RefusedError, NotFoundError: the actor may not read one of them.
    """
    findings: Findings = Findings()
    node_keys: NodeKeys = {}
    signed = tools.heads.read()
    for name in names:
        with opens() as work:
            said = _said(work, name)
        head = signed.get(said.state.origin)
        _Check(opens, said, tools, findings, progress, now).run(node_keys, head)
    return findings


def note_result(work: UnitOfWork, name: str, problems: int) -> None:
    """Record that a log was checked, and what came of it."""
    log = fetch_log.audit_log(work, name)
    said: dict[str, Any] = {
        "organisation_id": trees.organisation_of(log.name),
        "log": log.name,
        "size": log.size,
        "problems": problems,
    }
    work.record(events.AuditFoundBroken(**said) if problems else events.AuditVerified(**said))


def _said(work: UnitOfWork, name: str) -> _Said:
    log = fetch_log.audit_log(work, fetch_log.whole(work, name))
    tree = trees.tree_of(work, log)
    keys = work.session.scalars(sa.select(AuditKey).where(AuditKey.log_id == log.id))
    return _Said(
        Part(tree, tree.minimum, log.size),
        LogPart(log.name, log.origin, "", log.size, tree.minimum, log.size, 0, 0, tree.minimum),
        log.root,
        log.edge,
        [(note.Key.parse(each.vkey), each.from_size, each.until_size) for each in keys],
    )


class _Check:
    """The check of one log. Its state is what was found so far, and the tree as it grows."""

    def __init__(
        self,
        opens: Opens,
        said: _Said,
        tools: LogTools,
        findings: Findings,
        progress: Progress,
        now: datetime,
    ) -> None:
        self._opens = opens
        self._said = said
        self._tools = tools
        self._findings = findings
        self._progress = progress
        self._plan = Plan(Wanted(log=said.state.log), (said.part,), now)
        self._signatures = authority.signatures()
        self._tiles: dict[int, bytearray] = {}
        """The unfinished tile of each level."""

    def run(self, node_keys: NodeKeys, head: Head | None) -> None:
        """Check it all."""
        with self._opens() as work:
            checkpoints = self._checkpoints(work)
            frontier = self._start(work)
            permissions = self._permissions(work)
        details = contents.Contents(
            contents.Sides(
                self._ahead(self._bodies()),
                self._ahead(self._values()),
                self._ahead(self._tombstones()),
            ),
            self._problem,
            tells_all_values=True,
        )
        vouching, state = Vouching(permissions, self._signatures), self._said.state
        beats = Heartbeats(state.log, vouching, from_the_start=state.first == 0)
        walk = Walk(
            part=self._said.state,
            problem=self._problem,
            tell=partial(authority.take_note, permissions, beats),
            contents=details,
            permissions=permissions,
            beats=beats,
            selected=selection.matching(["all"]),
            node_keys=node_keys,
            frontier=frontier,
            wanted=frozenset(checkpoints),
        )
        walk.run(self._headers())
        details.unallowed()
        self._did("headers", f"{walk.count} entries, from {self._said.state.first}")
        self._did("bodies", f"{details.bodies} bodies, each as its header says")
        self._did("values", f"{details.values} personal values, each as its body says")
        gone = f"{details.pruned} bodies pruned, {details.erased} values erased"
        self._did("tombstones", gone)
        for text in beats.unsigned(node_keys):
            self._problem(Verdict.TAMPERED, "heartbeats", text)
        self._did("heartbeats", beats.summary())
        self._did("permissions", "each is signed by the log's key for its own entry")
        self._compare_set_aside()
        self._compare_state(walk, head)
        self._compare_checkpoints(checkpoints, walk.roots)

    def _permissions(self, work: UnitOfWork) -> Permissions:
        say = partial(self._problem, Verdict.TAMPERED, "permissions")
        log_id, signer = self._said.part.tree.id, self._tools.signer
        return authority.judge(work, log_id, signer=signer, say=say, checks=self._signatures)

    def _headers(self) -> Iterator[bytes]:
        """The entries, one after the other; the stored tree is compared on the way."""
        part, at = self._said.part, self._said.part.first
        while at < part.end:
            until = min(at + AT_ONCE, part.end)
            with self._opens() as work:
                found = _leaves(work, part.tree.id, at, until)
                for index, event_id, header in found:
                    if index != at:
                        text = f"entry {at} is not there"
                        self._problem(Verdict.INCOMPLETE, "headers", text)
                        return
                    data = header.encode()
                    self._compare_id(index, event_id, data)
                    self._grow_tiles(work, merkle.leaf_hash(data), index)
                    yield data
                    at += 1
            if at < until:
                self._problem(Verdict.INCOMPLETE, "headers", f"entry {at} is not there")
                return
            self._progress("Checking the entries", at - part.first, part.end - part.first)
        with self._opens() as work:
            for level, hashes in self._tiles.items():
                if hashes:
                    self._compare_tile(work, level, part.end >> tiles.LEVEL_BITS * (level + 1))
        self._did("tiles", "the stored tree is the one that the entries make")

    def _compare_id(self, index: int, event_id: object, header: bytes) -> None:
        try:
            told = json.loads(header)["id"]
        except (ValueError, KeyError, TypeError):
            return  # It is no entry, which the walk says.
        if told != str(event_id):
            text = f"entry {index} is kept under the id of another event"
            self._problem(Verdict.TAMPERED, "headers", text)

    def _grow_tiles(self, work: UnitOfWork, computed: bytes, index: int) -> None:
        for level in range(tiles.HIGHEST_LEVEL + 1):
            tile = self._tiles.setdefault(level, bytearray())
            tile += computed
            if len(tile) < FULL:
                return
            index >>= tiles.LEVEL_BITS
            self._compare_tile(work, level, index)
            computed = tiles.tile_root(bytes(tile))
            tile.clear()

    def _compare_tile(self, work: UnitOfWork, level: int, index: int) -> None:
        stored = work.session.scalar(_tile(self._said.part.tree.id, level, index))
        ours = bytes(self._tiles[level])
        # One that is not full may have grown since the check began.
        if bytes(stored or b"")[: len(ours)] != ours:
            name = tiles.path(level, index)
            self._problem(Verdict.TAMPERED, "tiles", f"{name} is not what the entries make")

    def _start(self, work: UnitOfWork) -> merkle.Frontier:
        """The tree before the first entry that is there, as it is stored."""
        first, tree = self._said.part.first, self._said.part.tree
        if not first:
            return merkle.Frontier()
        for level in range(tiles.HIGHEST_LEVEL + 1):
            index, width = divmod(first >> tiles.LEVEL_BITS * level, tiles.WIDTH)
            stored = work.session.scalar(_tile(tree.id, level, index)) if width else b""
            self._tiles[level] = bytearray((stored or b"")[: width * merkle.HASH_BYTES])
        return merkle.Frontier(first, trees.edge(first, trees.node(work, tree.id)))

    def _compare_set_aside(self) -> None:
        with self._opens() as work:
            bad, good = set_aside.problems(work, self._said.part.tree.id, sealer=self._tools.sealer)
        for text in bad:
            self._problem(Verdict.TAMPERED, "set aside", text)
        for text in good:
            self._findings.note(f"{self._said.state.log}: {text}")
        self._did("set aside", f"{len(good)} rows of the queue were no events, and are kept")

    def _compare_state(self, walk: Walk, head: Head | None) -> None:
        said, state = self._said, self._said.state
        made = walk.frontier.root(), walk.frontier.to_bytes()
        if walk.count == state.end - state.first and made != (said.root, said.edge):
            text = "the entries do not make the state that the log is said to have"
            self._problem(Verdict.TAMPERED, "state", text)
        if head is not None and head.size > state.size:
            text = f"{head.size} entries were signed, and {state.size} are there: rolled back"
            self._problem(Verdict.FORKED, "state", text)
        elif head is not None and head.size == state.size and head.root != said.root:
            text = "what was signed last had another root: this is another log"
            self._problem(Verdict.FORKED, "state", text)
        self._did("state", f"{state.size} entries in {state.origin}")

    def _checkpoints(self, work: UnitOfWork) -> dict[int, note.Checkpoint]:
        """Every signed state that the entries can be compared with, if its signature is good."""
        found = {}
        tree = self._said.part.tree
        query = sa.select(AuditCheckpoint.size, AuditCheckpoint.note).where(
            AuditCheckpoint.log_id == tree.id, AuditCheckpoint.size >= self._said.part.first
        )
        for size, text in work.session.execute(query.order_by(AuditCheckpoint.size)):
            try:
                signed = note.parse(text.encode())
                state = note.checkpoint(signed.text)
            except note.NoteError as error:
                self._problem(Verdict.TAMPERED, "history", f"at size {size}: {error}")
                continue
            if (state.origin, state.size) != (tree.origin, size) or not self._is_signed(
                signed, size
            ):
                why = f"at size {size}: not signed by a key of this log"
                self._problem(Verdict.TAMPERED, "history", why)
                continue
            found[size] = state
        return found

    def _is_signed(self, signed: note.Note, size: int) -> bool:
        keys = [
            key
            for key, first, until in self._said.keys
            if first <= size and (until is None or size < until)
        ] or self._tools.signer.keys(self._said.part.tree.origin)
        by_id = {(key.name, key.id): key for key in keys if key.kind is note.Kind.ED25519}
        return any(
            is_signed(by_id[each.name, each.key_id], signed.text, each.data)
            for each in signed.signatures
            if (each.name, each.key_id) in by_id
        )

    def _compare_checkpoints(
        self, checkpoints: dict[int, note.Checkpoint], roots: dict[int, bytes]
    ) -> None:
        for size, state in checkpoints.items():
            if size in roots and roots[size] != state.root:
                text = f"at size {size} the log signed another state than it shows now"
                self._problem(Verdict.FORKED, "history", text)
            elif size not in roots and size > self._said.state.size:
                text = f"a state of {size} entries was signed: entries are missing"
                self._problem(Verdict.FORKED, "history", text)
        self._did("history", f"{len(checkpoints)} signed states compared")

    def _bodies(self) -> Iterator[rows.Body]:
        part = self._said.part
        for start in range(part.first, part.end, AT_ONCE):
            with self._opens() as work:
                found = _bodies(work, part.tree.id, start, min(start + AT_ONCE, part.end))
            for index, salt, body in found:
                try:
                    members = json.loads(body)
                except ValueError as error:
                    raise BundleError(f"the body of entry {index} is no JSON") from error
                yield rows.Body(index, salt, members, body.encode())

    def _values(self) -> Iterator[rows.Value]:
        for row in self._rows():
            for each in row.values:
                yield rows.Value(row.index, each.field, each.salt, each.words)

    def _tombstones(self) -> Iterator[rows.Tombstone]:
        tree, signer = self._said.part.tree, self._tools.signer
        with self._opens() as work:
            prunings = bundle_proofs.prunings(work, tree, signer=signer)
        gone = Gone(prunings, partial(authority.is_believed, self._opens, tree.id, signer=signer))
        for row in self._rows():
            yield from map(rows.tombstone, gone.see(row))
        yield from map(rows.tombstone, gone.finish())

    def _rows(self) -> Iterator[Row]:
        some = rows_of(
            self._opens, self._plan, self._said.part, sealer=self._tools.sealer, with_always=True
        )
        try:
            for each in some:
                yield from each
        except NotFoundError as error:
            raise MissingError(str(error)) from error
        except DamagedError as error:
            raise BundleError(str(error)) from error

    def _ahead(self, found: Iterator[Any]) -> rows.Ahead[Any]:
        def refuse(error: BundleError) -> None:
            is_missing = isinstance(error, MissingError)
            verdict = Verdict.INCOMPLETE if is_missing else Verdict.TAMPERED
            self._problem(verdict, "contents", str(error))

        return rows.Ahead(found, refuse)

    def _problem(self, verdict: Verdict, check: str, text: str, file: str = "") -> None:
        self._findings.problem(verdict, check, text, log=self._said.state.log, file=file)

    def _did(self, check: str, text: str) -> None:
        self._findings.did(check, text, log=self._said.state.log)


def _leaves(work: UnitOfWork, log_id: int, start: int, end: int) -> list[tuple[int, Any, str]]:
    query = sa.select(AuditLeaf.idx, AuditLeaf.event_id, AuditLeaf.header).where(
        AuditLeaf.log_id == log_id, AuditLeaf.idx >= start, AuditLeaf.idx < end
    )
    return [(row[0], row[1], row[2]) for row in work.session.execute(query.order_by(AuditLeaf.idx))]


def _bodies(work: UnitOfWork, log_id: int, start: int, end: int) -> list[tuple[int, bytes, str]]:
    query = sa.select(AuditBody.idx, AuditBody.salt, AuditBody.body).where(
        AuditBody.log_id == log_id, AuditBody.idx >= start, AuditBody.idx < end
    )
    found = work.session.execute(query.order_by(AuditBody.idx))
    return [(row[0], bytes(row[1]), row[2]) for row in found]


def _tile(log_id: int, level: int, index: int) -> Any:
    return sa.select(AuditTile.hashes).where(
        AuditTile.log_id == log_id, AuditTile.level == level, AuditTile.idx == index
    )

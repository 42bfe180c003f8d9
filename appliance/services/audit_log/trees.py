"""The trees of the audit logs, for who wants to check them: tiles, checkpoints and proofs."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch_log, gate
from appliance.db.audit_log import AuditBody, AuditCheckpoint, AuditLeaf, AuditLog, AuditTile
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.errors import InvalidError, NotFoundError, sentence
from appliance.services.audit_log import cosignatures
from audit import merkle, proof, tiles


@dataclass(frozen=True)
class Tree:
    """A log as a signed state of it shows it."""

    id: int
    name: str
    """`instance`, or the organisation's id."""
    origin: str
    size: int
    note: str
    """The checkpoint of this size, signed."""
    minimum: int
    """Entries before this are gone."""


@dataclass(frozen=True)
class Inclusion:
    """That an event is in a log."""

    tree: Tree
    index: int
    hashes: list[bytes]
    header: str
    salt: bytes | None
    body: str | None

    def __str__(self) -> str:
        """The text of a file that proves it. Source: c2sp.org/tlog-proof."""
        return str(proof.Proof(self.index, tuple(self.hashes), self.tree.note.encode()))

    @property
    def body_line(self) -> str | None:
        """The details, as an export spells them; None where there are none, or none any more."""
        if self.body is None or self.salt is None:
            return None
        return body_line(self.index, self.salt, self.body)


@dataclass(frozen=True)
class Consistency:
    """That a log grew from one size to another without changing."""

    tree: Tree
    first: int
    second: int
    hashes: list[bytes]


def newest(work: UnitOfWork, name: str) -> Tree:
    """The newest signed state of a log: `instance`, or an organisation's by name or id.

    Errors:
        HiddenError, RefusedError: there is none, or the actor may not read it.
        NotFoundError: nothing has been signed yet.
    """
    return tree_of(work, fetch_log.audit_log(work, name))


def published(work: UnitOfWork, name: str) -> Tree:
    """The same, for whoever reads logs as they are published.

    Errors:
        HiddenError, RefusedError, NotFoundError: as for `newest`.
    """
    return tree_of(work, fetch_log.open_head(work, name))


@gate.open_to_everyone(because="who has the log has asked")
def tree_of(work: UnitOfWork, log: AuditLog) -> Tree:
    """The newest signed state of a log that was found."""
    query = sa.select(AuditCheckpoint).where(AuditCheckpoint.log_id == log.id)
    signed = work.session.scalars(query.order_by(AuditCheckpoint.size.desc())).first()
    if signed is None:
        raise NotFoundError(sentence("This audit log has not been signed yet."))
    text = cosignatures.with_cosignatures(work, log.id, signed.size, signed.note)
    return Tree(log.id, log.name, log.origin, signed.size, text, log.minimum)


def published_witnessed(work: UnitOfWork, name: str) -> Tree:
    """The newest state that enough witnesses have signed, for whoever reads published logs.

    Errors:
        HiddenError, RefusedError: as for `newest`.
        NotFoundError: too few have signed any.
    """
    tree = _witnessed(work, fetch_log.open_head(work, name))
    if tree is None:
        raise NotFoundError(sentence("Too few witnesses have signed a state of this log."))
    return tree


@gate.open_to_everyone(because="who has the log has asked")
def most_convincing(work: UnitOfWork, log: AuditLog, *, since: datetime) -> Tree:
    """The newest witnessed state; the newest of all, if one was signed before `since` without.

    What was recorded in the last minute has not been witnessed yet, and can wait. But a log that
    nobody witnesses any more is shown up to its end, so that nobody overlooks that.
    """
    tree = _witnessed(work, log)
    waiting = cosignatures.unwitnessed_since(work, log.id)
    if tree is None or tree.size < log.minimum or (waiting is not None and waiting < since):
        return tree_of(work, log)
    return tree


def _witnessed(work: UnitOfWork, log: AuditLog) -> Tree | None:
    found = cosignatures.newest_witnessed(work, log.id)
    if found is None:
        return None
    return Tree(log.id, log.name, log.origin, found.size, found.note, log.minimum)


def tile(work: UnitOfWork, name: str, level: int, index: int, width: int) -> bytes:
    """Hashes of a log's tree, in the layout of tlog-tiles.

    Shapes: 32 bytes for each of `width` hashes.
    Errors:
        HiddenError, RefusedError: as for `newest`.
        NotFoundError: the tree has not grown so far.
    """
    log = fetch_log.open_log(work, name)
    found = _tile(work, log.id, level, index)[: width * merkle.HASH_BYTES]
    if len(found) < width * merkle.HASH_BYTES:
        raise NotFoundError(sentence("The log has no such tile."))
    return found


def entries(work: UnitOfWork, name: str, index: int, width: int) -> bytes:
    """The entries below a tile of level 0, in the layout of tlog-tiles.

    Errors:
        HiddenError, RefusedError: as for `newest`.
        NotFoundError: the tree has not grown so far, or they are gone.
    """
    log = fetch_log.open_entries(work, name)
    first = index * tiles.WIDTH
    query = sa.select(AuditLeaf.header).where(
        AuditLeaf.log_id == log.id, AuditLeaf.idx >= first, AuditLeaf.idx < first + width
    )
    found = work.session.scalars(query.order_by(AuditLeaf.idx)).all()
    if len(found) < width:
        raise NotFoundError(sentence("The log has no such entries, or they were removed."))
    return tiles.bundle(header.encode() for header in found)


def prove(work: UnitOfWork, event_id: UUID) -> Inclusion:
    """The proof that an event is in the newest signed state of its log; that it was given is noted.

    Errors:
        HiddenError: there is no such event, or none for this actor.
    """
    log, leaf = fetch_log.event(work, event_id)
    tree = _witnessed(work, log)
    if tree is None or tree.size <= leaf.idx:
        tree = tree_of(work, log)
    work.record(
        events.AuditProved(
            about=event_id,
            organisation_id=organisation_of(tree.name),
            log=tree.name,
            index=leaf.idx,
            size=tree.size,
        )
    )
    body = work.session.get(AuditBody, (log.id, leaf.idx))
    return Inclusion(
        tree,
        leaf.idx,
        inclusion(work, tree, leaf.idx),
        leaf.header,
        body.salt if body else None,
        body.body if body else None,
    )


def consistency(work: UnitOfWork, name: str, first: int, second: int | None) -> Consistency:
    """The proof that a log at the size `second`, or now, begins with what it was at `first`.

    Errors:
        HiddenError, RefusedError: as for `newest`.
        InvalidError: it never had these sizes.
    """
    tree = tree_of(work, fetch_log.audit_log(work, name))
    until = tree.size if second is None else second
    if not 0 <= first <= until <= tree.size:
        raise InvalidError(
            sentence("The log has %(size)s entries; it never had these sizes.", size=tree.size)
        )
    try:
        hashes = _proof(work, tree.id, partial(merkle.consistency_proof, first, until))
    except ValueError as error:
        text = sentence("The parts of the tree that this proof needs were removed.")
        raise NotFoundError(text) from error
    return Consistency(tree, first, until, hashes)


@gate.open_to_everyone(because="who has the log has asked")
def inclusion(work: UnitOfWork, tree: Tree, index: int) -> list[bytes]:
    """The hashes that prove that an entry is in a signed state of its log."""
    return _proof(work, tree.id, partial(merkle.inclusion_proof, index, tree.size))


def _proof(
    work: UnitOfWork, log_id: int, hashes: Callable[[merkle.Node], list[bytes]]
) -> list[bytes]:
    """What `hashes` takes from the tree: it is asked twice, first for what it will need.

    So all tiles come in one question, where each by itself would cost a round trip.
    """
    needed: set[tuple[int, int]] = set()

    def note(level: int, index: int) -> bytes:
        of_tile, above = divmod(level, tiles.LEVEL_BITS)
        needed.add((of_tile, index << above >> tiles.LEVEL_BITS))
        return merkle.EMPTY_ROOT

    hashes(note)
    query = sa.select(AuditTile.level, AuditTile.idx, AuditTile.hashes).where(
        AuditTile.log_id == log_id, sa.tuple_(AuditTile.level, AuditTile.idx).in_(sorted(needed))
    )
    read = {(row[0], row[1]): bytes(row[2]) for row in work.session.execute(query)}
    return hashes(tiles.node_from(lambda level, index: read.get((level, index), b"")))


@gate.open_to_everyone(because="who has the log has asked")
def node(work: UnitOfWork, log_id: int) -> merkle.Node:
    """The hashes of a log's tree; each tile is read once."""
    read: dict[tuple[int, int], bytes] = {}

    def tile_at(level: int, index: int) -> bytes:
        if (level, index) not in read:
            read[level, index] = _tile(work, log_id, level, index)
        return read[level, index]

    return tiles.node_from(tile_at)


def edge(size: int, at: Callable[[int, int], bytes]) -> list[bytes]:
    """The roots of the largest complete subtrees that the first `size` entries make."""
    hashes, start = [], 0
    for level in reversed(range(size.bit_length())):
        if size >> level & 1:
            hashes.append(at(level, start >> level))
            start += 1 << level
    return hashes


def body_line(index: int, salt: bytes, body: str) -> str:
    """A line of `bodies.jsonl`, as `canonical` spells it; the body is spelled so already."""
    text = base64.urlsafe_b64encode(salt).rstrip(b"=").decode("ascii")
    return f'{{"body":{body},"i":{index},"salt":"{text}"}}'


def organisation_of(log: str) -> UUID | None:
    """Whose log that is; nobody's, where it is the instance's."""
    try:
        return UUID(log)
    except ValueError:
        return None


def _tile(work: UnitOfWork, log_id: int, level: int, index: int) -> bytes:
    query = sa.select(AuditTile.hashes).where(
        AuditTile.log_id == log_id, AuditTile.level == level, AuditTile.idx == index
    )
    return bytes(work.session.scalar(query) or b"")

"""What stands beside the entries in a bundle: proofs, earlier checkpoints, and who allowed gaps."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from appliance.access import fetch_log, gate
from appliance.db.audit_log import AuditBody, AuditCheckpoint, AuditLeaf
from appliance.db.unit_of_work import UnitOfWork
from appliance.errors import ConflictError, sentence
from appliance.services.audit_log import authority, trees
from appliance.services.audit_log.export import Part, Plan
from appliance.services.audit_log.gone import Pruning
from appliance.services.audit_log.trees import Tree
from audit import heads, merkle
from audit.canonical import canonical

if TYPE_CHECKING:
    from appliance.security.log_signing import LogSigner

AT_ONCE = 500


def files(
    work: UnitOfWork, plan: Plan, part: Part, beyond: Sequence[int], *, signer: LogSigner
) -> list[tuple[str, bytes]]:
    """The small files of a log; those that would be empty are left out.

    Errors:
        ConflictError: something went away after the signed state that this export ends with.
    """
    fetch_log.name_of(work, part.tree.name)
    node = trees.node(work, part.tree.id)
    made = {
        "checkpoint": part.tree.note.encode(),
        "checkpoints.jsonl": _lines({"note": each} for each in _earlier(work, part)),
        "consistency.jsonl": _lines(_consistency(plan, part, node)),
        "outside.jsonl": _lines(
            _outside(work, part, [*beyond, *_entries_gone(work, part, signer)], node)
        ),
    }
    if part.first:
        hashes = trees.edge(part.first, node)
        made["edge.json"] = canonical({"first": part.first, "hashes": _texts(hashes)})
    return [(name, data) for name, data in made.items() if data]


@gate.open_to_everyone(because="who plans an export of the log has asked")
def prunings(
    work: UnitOfWork, tree: Tree, *, signer: LogSigner, what: str = "bodies"
) -> list[Pruning]:
    """The entries that allowed bodies, or entries, to go."""
    return [
        Pruning(index, body["first"], body["end"])
        for index, body in authority.allowed(work, tree.id, "log.pruned", signer=signer)
        if body.get("what") == what
    ]


def _entries_gone(work: UnitOfWork, part: Part, signer: LogSigner) -> list[int]:
    """The entry that allowed the first entries to go, where it is not in the range itself."""
    minimum = part.tree.minimum
    if not minimum:
        return []
    found = prunings(work, part.tree, signer=signer, what="entries")
    allowing = [each.by for each in found if each.end >= minimum]
    return [] if any(part.first <= by < part.end for by in allowing) else allowing[:1]


def _earlier(work: UnitOfWork, part: Part) -> Iterator[str]:
    """Notes of earlier states, by size; where there are too many, so many at even distances."""
    of_log = AuditCheckpoint.log_id == part.tree.id
    sizes = work.session.scalars(
        sa.select(AuditCheckpoint.size)
        .where(
            of_log,
            AuditCheckpoint.size >= part.first,
            AuditCheckpoint.size <= part.end,
            AuditCheckpoint.size < part.tree.size,
        )
        .order_by(AuditCheckpoint.size)
    ).all()
    every = -(-len(sizes) // heads.MOST_EARLIER) or 1
    kept = sizes[::every]
    for start in range(0, len(kept), AT_ONCE):
        query = sa.select(AuditCheckpoint.note).where(
            of_log, AuditCheckpoint.size.in_(kept[start : start + AT_ONCE])
        )
        yield from work.session.scalars(query.order_by(AuditCheckpoint.size))


def _consistency(plan: Plan, part: Part, node: merkle.Node) -> Iterator[dict[str, Any]]:
    size = part.tree.size
    wanted = {each for each in plan.wanted.known_sizes if each < size}
    if 0 < part.end < size:
        wanted.add(part.end)
    for first in sorted(wanted):
        hashes = merkle.consistency_proof(first, size, node)
        yield {"from": first, "proof": _texts(hashes)}


def _outside(
    work: UnitOfWork, part: Part, indexes: Iterable[int], node: merkle.Node
) -> Iterator[dict[str, Any]]:
    for index in sorted(set(indexes)):
        if index >= part.tree.size:
            text = sentence("Content of the log was removed meanwhile. Export it once more.")
            raise ConflictError(text)
        leaf = work.session.get_one(AuditLeaf, (part.tree.id, index))
        body = work.session.get(AuditBody, (part.tree.id, index))
        yield {
            "body": json.loads(body.body) if body else None,
            "header": json.loads(leaf.header),
            "i": index,
            "proof": _texts(merkle.inclusion_proof(index, part.tree.size, node)),
            "salt": _base64url(body.salt) if body else None,
        }


def _lines(objects: Iterable[dict[str, Any]]) -> bytes:
    return b"".join(canonical(each, deepest=9) + b"\n" for each in objects)


def _texts(hashes: Iterable[bytes]) -> list[str]:
    return [base64.b64encode(each).decode("ascii") for each in hashes]


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")

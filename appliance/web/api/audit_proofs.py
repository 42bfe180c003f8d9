"""`/audit/checkpoint`, `/audit/proof` and `/audit/trust`: what an auditor checks the log with."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Any
from uuid import UUID

import flask
from pydantic import Field

from appliance.services.audit_log import trees, trust
from appliance.services.audit_log.trees import Inclusion
from appliance.web import requests
from appliance.web.api import frame
from appliance.web.api.of_log import OfLog
from audit import note

api = frame.area("audit proofs", "Signed states of the audit log, and proofs about it.")


class LogQuery(OfLog):
    """Which log."""


class ConsistencyQuery(LogQuery):
    """Between which sizes."""

    first: int = Field(ge=0, alias="from")
    second: int | None = Field(None, ge=0, alias="to", description="The newest if it is left out")


class InclusionQuery(frame.Body):
    """Of which event."""

    event: UUID


class EventPath(frame.Body):
    """Which event."""

    id: UUID


class CheckpointAnswer(frame.Answer):
    """A signed state of a log."""

    log: str
    origin: str
    size: int
    root: str
    note: str = Field(description="As it was signed: c2sp.org/tlog-checkpoint")


class InclusionAnswer(frame.Answer):
    """The proof that an event is in a log."""

    log: str
    index: int
    size: int
    hashes: list[str]
    checkpoint: str
    header: str = Field(description="The entry as it was hashed")
    body: str | None = Field(description="Its details with their salt, as in an export")
    proof: str = Field(description="All of it as one file: c2sp.org/tlog-proof")


class ConsistencyAnswer(frame.Answer):
    """The proof that a log only grew."""

    log: str
    first: int = Field(serialization_alias="from")
    second: int = Field(serialization_alias="to")
    hashes: list[str]
    checkpoint: str


class TrustAnswer(frame.Answer):
    """The key file, in the format of the verifier."""

    format: str
    logs: list[dict[str, Any]]
    witnesses: list[dict[str, Any]]
    quorum: dict[str, Any] | None = None


@api.get(
    "/audit/checkpoint",
    summary="Show the newest checkpoint of a log",
    responses={"200": CheckpointAnswer},
)
def checkpoint(query: LogQuery) -> Any:
    """Keep it: with it, a later check shows that nothing was changed since."""
    with requests.reading() as work:
        tree = trees.newest(work, query.log)
    state = note.checkpoint(note.parse(tree.note.encode()).text)
    (root,) = _texts([state.root])
    return frame.answer(
        CheckpointAnswer(
            log=tree.name, origin=tree.origin, size=tree.size, root=root, note=tree.note
        )
    )


@api.get(
    "/audit/proof/inclusion",
    summary="Prove that an event is in its log",
    responses={"200": InclusionAnswer},
)
def inclusion(query: InclusionQuery) -> Any:
    """That the proof was asked for is recorded."""
    with requests.begin() as work:
        return frame.answer(_present(trees.prove(work, query.event)))


@api.get(
    "/audit/events/<uuid:id>/proof",
    summary="Prove that an event is in its log",
    responses={"200": InclusionAnswer},
)
def proof_of_event(path: EventPath) -> Any:
    """That the proof was asked for is recorded."""
    with requests.begin() as work:
        return frame.answer(_present(trees.prove(work, path.id)))


@api.get(
    "/audit/proof/consistency",
    summary="Prove that a log only grew",
    responses={"200": ConsistencyAnswer},
)
def consistency(query: ConsistencyQuery) -> Any:
    """Between two sizes of it; the checkpoint that comes along is the newest."""
    with requests.reading() as work:
        found = trees.consistency(work, query.log, query.first, query.second)
    answer = ConsistencyAnswer(
        log=found.tree.name,
        first=found.first,
        second=found.second,
        hashes=_texts(found.hashes),
        checkpoint=found.tree.note,
    )
    return flask.jsonify(answer.model_dump(mode="json", by_alias=True))


@api.get("/audit/trust", summary="Get the key file", responses={"200": TrustAnswer})
def key_file() -> Any:
    """Whose signatures count. Auditors should compare it by another way than this one."""
    with requests.begin() as work:
        found = trust.key_file(work, signer=requests.wiring().logs.signer)
    return flask.jsonify(found)


def _present(found: Inclusion) -> InclusionAnswer:
    return InclusionAnswer(
        log=found.tree.name,
        index=found.index,
        size=found.tree.size,
        hashes=_texts(found.hashes),
        checkpoint=found.tree.note,
        header=found.header,
        body=found.body_line,
        proof=str(found),
    )


def _texts(hashes: Iterable[bytes]) -> list[str]:
    return [base64.b64encode(each).decode("ascii") for each in hashes]

"""`/audit/witnesses` and what belongs to it: who else signs the states of the audit log."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Any

from pydantic import Field

from appliance.domain.witnessing import Quorum
from appliance.services.audit_log import witness_files
from appliance.services.audit_log import witnesses as audit_witnesses
from appliance.services.audit_log.witnesses import Wanted
from appliance.web import requests
from appliance.web.api import frame
from appliance.web.api.of_log import OfLog

api = frame.area("audit witnesses", "Who else signs the states of the audit log.")

LONGEST_NOTE = 256 * 1024


class WitnessPath(frame.Body):
    """Which witness."""

    name: str


class WitnessBody(frame.Body):
    """A witness that is to be trusted."""

    name: str = Field(max_length=64)
    vkey: str = Field(max_length=4000, description="As `codara witness key` prints it")
    url: str = Field("", max_length=2048, description="Empty where files are carried to it")
    operator: str = Field("", max_length=64, description="Who runs it; empty: somebody of its name")


class QuorumBody(frame.Body):
    """How many operators must have signed."""

    needed: int = Field(ge=0, le=1000, description="0: a majority of them")


class RequestQuery(OfLog):
    """For which log, and from which size on."""

    since: int | None = Field(None, ge=0, description="The size that the witness has signed last")
    witness: str = Field("", max_length=64, description="For whom, where `since` is left out")


class NoteBody(frame.Body):
    """A state of a log, with the signatures of witnesses under it."""

    note: str = Field(max_length=LONGEST_NOTE)


class ProgressAnswer(frame.Answer):
    """How far a witness has come with a log."""

    log: str
    size: int
    known_size: int
    problem: str
    problem_since: datetime | None
    is_contradicting: bool = Field(description="It holds another history than ours")


class WitnessAnswer(frame.Answer):
    """A witness."""

    name: str
    operator: str
    vkey: str
    url: str
    created_at: datetime
    logs: list[ProgressAnswer]


class QuorumAnswer(frame.Answer):
    """So many operators must have signed; 0 where there are none."""

    needed: int
    operators: int


class LogAnswer(frame.Answer):
    """Up to where a log is witnessed."""

    log: str
    size: int
    witnessed: int
    unwitnessed_since: datetime | None


class WitnessesAnswer(frame.Answer):
    """All of them."""

    items: list[WitnessAnswer]
    quorum: QuorumAnswer
    logs: list[LogAnswer]


class RequestAnswer(frame.Answer):
    """What a witness is asked, as one text."""

    log: str
    origin: str
    since: int
    size: int
    request: str = Field(description="The body of add-checkpoint: c2sp.org/tlog-witness")


class BroughtAnswer(frame.Answer):
    """What came of the signatures that were brought."""

    log: str
    size: int
    witnesses: list[str]
    is_witnessed: bool
    is_contradicting: bool


@api.get("/audit/witnesses", summary="List witnesses", responses={"200": WitnessesAnswer})
def list_witnesses() -> Any:
    """Who signs the logs, how far each has come, and up to where that is enough."""
    with requests.reading() as work:
        answer = WitnessesAnswer(
            items=[WitnessAnswer.model_validate(each) for each in audit_witnesses.listed(work)],
            quorum=_quorum(audit_witnesses.quorum(work)),
            logs=[LogAnswer.model_validate(each) for each in audit_witnesses.logs(work)],
        )
    return frame.answer(answer)


@api.post("/audit/witnesses", summary="Trust a witness", responses={"201": WitnessAnswer})
def trust(body: WitnessBody) -> Any:
    """For administrators: its signatures count from now on, and it is asked for them."""
    wanted = Wanted(body.name, body.vkey, body.url, body.operator)
    schemes = requests.wiring().settings.witnesses.schemes
    with requests.begin() as work:
        found = audit_witnesses.trust(work, wanted, schemes=schemes, now=requests.now())
    return frame.answer(WitnessAnswer.model_validate(found), HTTPStatus.CREATED)


@api.delete("/audit/witnesses/<name>", summary="Remove a witness", responses={"204": None})
def remove(path: WitnessPath) -> Any:
    """For administrators: its signatures count no more; those that it made are kept."""
    with requests.begin() as work:
        audit_witnesses.remove(work, path.name)
    return frame.nothing()


@api.put("/audit/quorum", summary="Set the quorum", responses={"200": QuorumAnswer})
def set_quorum(body: QuorumBody) -> Any:
    """For administrators: so many operators of witnesses must have signed a state."""
    with requests.begin() as work:
        found = audit_witnesses.set_quorum(work, body.needed)
    return frame.answer(_quorum(found))


@api.get(
    "/audit/witness-request",
    summary="Get the request for a witness",
    responses={"200": RequestAnswer},
)
def witness_request(query: RequestQuery) -> Any:
    """To be carried to a witness that has no network."""
    with requests.reading() as work:
        found = witness_files.written(work, query.log, since=query.since, witness=query.witness)
    return frame.answer(
        RequestAnswer(
            log=found.log,
            origin=found.origin,
            since=found.since,
            size=found.size,
            request=found.data.decode(),
        )
    )


@api.post("/audit/cosignatures", summary="Import signatures", responses={"200": BroughtAnswer})
def bring(body: NoteBody) -> Any:
    """For administrators: keep what witnesses have signed elsewhere."""
    with requests.begin() as work:
        found = witness_files.bring(work, body.note.encode(), now=requests.now())
    return frame.answer(BroughtAnswer.model_validate(found))


def _quorum(found: Quorum) -> QuorumAnswer:
    return QuorumAnswer(needed=found.needed, operators=len(set(found.operators.values())))

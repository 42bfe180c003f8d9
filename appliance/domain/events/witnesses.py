"""Events about witnesses of the audit log. What they sign each minute is no event: see below.

An event for each signature would make the log grow, which would have to be witnessed again, for
ever. The signatures themselves are kept beside the log and in exports. Recorded is what changes:
the first witnessed state of a log, too few signatures for a day, their return, and every refusal.
All of it goes into the instance's log, so that the logs of organisations rest when nobody works.
"""

from __future__ import annotations

from dataclasses import dataclass

from appliance.domain.events.base import Event, Outcome


@dataclass(frozen=True, kw_only=True)
class AuditWitnessTrusted(Event):
    """A witness's signatures count from now on; `about` is the witness."""

    kind = "audit.witness_trusted"
    target = "witness"
    is_awaited = True
    name: str
    operator: str
    vkey: str
    url: str = ""


@dataclass(frozen=True, kw_only=True)
class AuditWitnessRemoved(Event):
    """A witness is no longer trusted."""

    kind = "audit.witness_removed"
    target = "witness"
    is_awaited = True
    name: str
    vkey: str


@dataclass(frozen=True, kw_only=True)
class AuditQuorumChanged(Event):
    """Another number of witnesses' operators must have signed a state; 0 stands for a majority."""

    kind = "audit.quorum_changed"
    is_awaited = True
    before: int
    after: int


@dataclass(frozen=True, kw_only=True)
class AuditWitnessRefused(Event):
    """A witness has a different history of a log. Recorded once for each such time."""

    kind = "audit.witness_refused"
    target = "witness"
    outcome = Outcome.REFUSED
    name: str
    log: str
    size: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class AuditWitnessFailed(Event):
    """Too few witnesses have signed a log for too long. Recorded once for each such time."""

    kind = "audit.witness_failed"
    target = "log"
    outcome = Outcome.FAILED
    log: str
    size: int
    witnessed: int
    """Up to where enough have signed."""


@dataclass(frozen=True, kw_only=True)
class AuditCosignatureImported(Event):
    """Signatures of offline witnesses were imported."""

    kind = "audit.cosignature_imported"
    target = "log"
    log: str
    size: int
    witnesses: list[str]

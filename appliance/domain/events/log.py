"""Events about the log itself, which every export holds and every verifier reads.

Source: audit/SPEC.md, section 3, "Entries about the log itself".
"""

from __future__ import annotations

from dataclasses import dataclass

from appliance.domain.events.base import Event


@dataclass(frozen=True, kw_only=True)
class NodeStarted(Event):
    """A process began to write to this log; its heartbeats will be signed with this key."""

    kind = "audit.node_started"
    target = "log"
    is_impersonal = True
    key: str
    certificate: str
    """What the log's key signed of this key."""


@dataclass(frozen=True, kw_only=True)
class Heartbeat(Event):
    """What became of the numbers that a process gave to its events in this log."""

    kind = "audit.heartbeat"
    target = "log"
    is_impersonal = True
    log: str
    up_to: int
    committed: int
    unknown: int
    key: str
    certificate: str
    """What the log's key signed of this key, with which this is signed."""
    signature: str


@dataclass(frozen=True, kw_only=True)
class LogPruned(Event):
    """Old details of a log, or old entries, may be removed; nothing is before this is signed."""

    kind = "log.pruned"
    target = "log"
    is_impersonal = True
    is_awaited = True
    what: str
    first: int
    end: int
    root: str | None = None
    """Base64 of the root over the first `end` entries."""
    policy: str | None = None
    holds: str | None = None
    """What was found when legal holds were asked for."""
    bodies: int | None = None
    """How many bodies before `end` are gone then, of all prunings; no more may lack."""
    certificate_sha256: str | None = None


@dataclass(frozen=True, kw_only=True)
class LogContinued(Event):
    """The first entry of a log that goes on where another had to end."""

    kind = "log.continued"
    target = "log"
    is_impersonal = True
    is_awaited = True
    checkpoint: str


@dataclass(frozen=True, kw_only=True)
class LogKeyRotated(Event):
    """States of the log are signed with another key from now on."""

    kind = "log.key_rotated"
    target = "log"
    is_impersonal = True
    is_awaited = True
    old: str
    new: str


@dataclass(frozen=True, kw_only=True)
class PrivacyErased(Event):
    """Personal values were erased; `about` is the user they told of."""

    kind = "privacy.erased"
    target = "user"
    is_impersonal = True
    is_awaited = True
    values: int

"""What an inbox is made of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

MOST_OF_A_KIND = 20


class Topic(StrEnum):
    """What an entry is about."""

    PASSWORD_GIVEN = "password_given"  # noqa: S105 - the name of a topic.
    PART_FAILS = "part_fails"
    REPOSITORY_DAMAGED = "repository_damaged"
    JOB_FAILED = "job_failed"
    ROOM_RUNS_OUT = "room_runs_out"
    TOKEN_EXPIRES = "token_expires"  # noqa: S105 - the name of a topic.
    TOKEN_EXPIRED = "token_expired"  # noqa: S105 - the name of a topic.
    KEY_EXPIRES = "key_expires"
    KEY_EXPIRED = "key_expired"
    TOKEN_ASKS = "token_asks"  # noqa: S105 - the name of a topic.
    TOKEN_ANSWERED = "token_answered"  # noqa: S105 - the name of a topic.
    CREDENTIAL_LEAKED = "credential_leaked"
    CREDENTIAL_UNUSED = "credential_unused"
    CREDENTIAL_ENDED = "credential_ended"
    PROPOSED = "proposed"
    """Another administrator waits for them."""
    ACCESS_ASKED = "access_asked"
    REVIEW_WAITS = "review_waits"
    ACCESS_ENDS = "access_ends"
    ACCESS_GIVEN = "access_given"
    ACCESS_NOT_GIVEN = "access_not_given"
    ACTIVITY = "activity"
    """Something in the audit log is unlike the usual."""
    ARRIVED = "arrived"
    ACTED_AS = "acted_as"
    """An administrator acted as them."""


@dataclass(frozen=True)
class Entry:
    """One thing that waits: what it is about, what that is called, and when it happens.

    `name` is that of a token, key, kind of job, part or organisation, or a repository's path.
    """

    topic: Topic
    name: str
    at: datetime | None = None
    detail: str = ""
    id: UUID | None = None
    percent: int = 0
    kind: str = ""
    """Of a credential: what kind it is of."""
    owner: str = ""
    """Of a credential: the organisation that it belongs to; empty: the person, or the instance."""

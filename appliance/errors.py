"""The one error family: every door knows how to answer it.

A message is shown to whoever asked, so it names the thing and the way out and never holds a secret.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID


class Sentence(str):
    """English words that still know how they were put together, so that a door can translate them.

    To everything else it is the text it reads.
    """

    __slots__ = ("template", "values")

    template: str
    values: dict[str, Any]


def sentence(template: str, **values: Any) -> Sentence:
    """What is said to a person, its names and numbers put in: `sentence("%(it)s is gone.", it=…)`.

    The template is a literal at every call, because that is where translators find it.
    """
    said = Sentence(template % values if values else template)
    said.template, said.values = template, values
    return said


def together(sentences: Sequence[str]) -> str:
    """Several sentences as one that can still be translated; there is at least one."""
    joined = sentences[0]
    for each in sentences[1:]:
        joined = sentence("%(first)s %(then)s", first=joined, then=each)
    return joined


class ApplianceError(Exception):
    """Something the appliance can explain."""

    code = "failed"
    http_status = 500
    exit_code = 1
    title = "Something went wrong"

    @property
    def message(self) -> str:
        """What it says, as it was given: `str(error)` is the same in plain English."""
        return self.args[0] if self.args else ""


@dataclass(frozen=True)
class FieldProblem:
    """One field of a request that is not as it should be."""

    field: str
    message: str


class InvalidError(ApplianceError):
    """The request does not say what it must, or says it wrongly."""

    code = "invalid"
    http_status = 422
    exit_code = 2
    title = "Invalid request"

    def __init__(self, message: str, *fields: FieldProblem) -> None:
        super().__init__(message)
        self.fields = fields

    @classmethod
    def of(cls, field: str, message: str) -> InvalidError:
        """The usual case: one field, one problem."""
        return cls(message, FieldProblem(field, message))


class TooLargeError(InvalidError):
    """What was sent, or asked for, is over a limit."""

    code = "too_large"
    http_status = 413
    exit_code = 1
    title = "That is too large"


class UnauthenticatedError(ApplianceError):
    """Nobody, or nobody known, is asking.

    `event` is what the unit of work remembers of it, in a transaction of its own.
    """

    code = "unauthenticated"
    http_status = 401
    exit_code = 3
    title = "Please sign in"

    def __init__(self, message: str, *, event: object | None = None) -> None:
        super().__init__(message)
        self.event = event


@dataclass(frozen=True)
class Askable:
    """What somebody could ask access to, where they are not let in."""

    thing: str
    """`repository`, `team` or `organisation`."""
    name: str
    role: str = ""


class RefusedError(ApplianceError):
    """The actor may see the thing but not do this with it; `askable`, if they could ask for it."""

    code = "refused"
    http_status = 403
    exit_code = 3
    title = "You do not have permission for this"

    def __init__(self, message: str, *, askable: Askable | None = None) -> None:
        super().__init__(message)
        self.askable = askable


class ElevationRequiredError(RefusedError):
    """The act is sensitive: the person must confirm who they are first."""

    code = "elevation_required"
    title = "Please confirm your identity"


class SecondPersonNeededError(ApplianceError):
    """The act is kept until another administrator confirms it; nothing else was done.

    `draft` is what the unit of work keeps; then `proposal_id` says under what.
    """

    code = "second_person_needed"
    http_status = 202
    exit_code = 0
    title = "Another administrator must confirm this"

    def __init__(self, message: str, *, draft: object) -> None:
        super().__init__(message)
        self.draft = draft
        self.proposal_id: UUID | None = None
        self.expires_at: datetime | None = None


class NotFoundError(ApplianceError):
    """There is no such thing."""

    code = "not_found"
    http_status = 404
    exit_code = 4
    title = "Not found"


class HiddenError(NotFoundError):
    """There is such a thing, but not for this actor. To the outside: a NotFoundError.

    `askable` is set where there is no such thing as well: it tells nothing.
    """

    def __init__(self, message: str, *, askable: Askable | None = None) -> None:
        super().__init__(message)
        self.askable = askable


class MovedError(NotFoundError):
    """The thing is under another name now; doors that can, redirect to it."""

    def __init__(self, *, was: str, path: str) -> None:
        super().__init__(sentence("%(was)s is %(path)s now.", was=was, path=path))
        self.was = was
        self.path = path


class ConflictError(ApplianceError):
    """The request was fine, but not for the state things are in now."""

    code = "conflict"
    http_status = 409
    exit_code = 5
    title = "This conflicts with the current state"


class PreconditionError(ConflictError):
    """The caller named a state (If-Match, an expected head) that is no longer the present one."""

    code = "precondition_failed"
    http_status = 412


class MergeConflictError(ConflictError):
    """Two changes do not go together. `conflicts` has the paths, each with its three versions."""

    code = "merge_conflict"
    title = "These changes conflict"

    def __init__(self, message: str, *, conflicts: Sequence[Any]) -> None:
        super().__init__(message)
        self.conflicts = tuple(conflicts)


class ThrottledError(ApplianceError):
    """Too often, or too much at once. `retry_after_seconds` says when to come back."""

    code = "throttled"
    http_status = 429
    title = "Too many requests"

    def __init__(self, message: str, *, retry_after_seconds: int = 1) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class QuotaError(ApplianceError):
    """There is no room left in what was agreed."""

    code = "quota_exceeded"
    http_status = 507
    title = "No space left"


class UnavailableError(ApplianceError):
    """A part the request needs does not answer now; nothing was changed."""

    code = "unavailable"
    http_status = 503
    title = "A part of the appliance is not available"

    def __init__(self, message: str, *, retry_after_seconds: int = 5) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


NO_ROOM = sentence(
    "The disk of the appliance is full. Nothing was changed. Tell an administrator to free "
    "up space."
)
"""What an UnavailableError says when a disk is full, wherever that is noticed."""


class DamagedError(ApplianceError):
    """What is stored cannot be read as it should be."""

    code = "damaged"
    http_status = 500
    title = "Stored data is damaged"


class TimeoutExceededError(ApplianceError):
    """The work was bounded in time and did not finish."""

    code = "timeout"
    http_status = 503
    title = "That took too long"


class SettingsError(ApplianceError):
    """The configuration cannot be used. Names the file, the key and the cure."""

    code = "settings"
    exit_code = 2
    title = "The configuration cannot be used"


class UnrecordedChangeError(ApplianceError):
    """A programming error: a transaction changed something and recorded no event."""

    code = "unrecorded_change"

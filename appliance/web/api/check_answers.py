"""What statuses and check runs look like to programs: the shapes that build systems know."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from appliance.domain.checks import (
    LONGEST_ADDRESS,
    LONGEST_NAME,
    MOST_ANNOTATIONS_AT_ONCE,
    MOST_ARTEFACTS,
    AnnotationLevel,
    Conclusion,
    RunState,
    StatusState,
)
from appliance.services.check_runs import Changes, NewAnnotation
from appliance.services.checks import Ran, Said
from appliance.web.api import frame

LARGEST_LINE = 2**31 - 1
Name = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
Address = Annotated[str, Field(max_length=LONGEST_ADDRESS)]
Line = Annotated[int, Field(ge=1, le=LARGEST_LINE)]
LongText = Annotated[str, Field(max_length=65_536)]


class StatusBody(frame.Body):
    """How a commit stands under a name."""

    state: StatusState
    context: Name = "default"
    description: str = Field("", max_length=LONGEST_NAME)
    target_url: Address = Field("", description="Where there is more to read")


class AnnotationBody(frame.Body):
    """What is said of lines."""

    path: str = Field(min_length=1, max_length=4096)
    start_line: Line
    end_line: Line
    start_column: Line | None = None
    end_column: Line | None = None
    annotation_level: AnnotationLevel
    message: str = Field(min_length=1, max_length=4096)
    title: str = Field("", max_length=LONGEST_NAME)
    raw_details: str = Field("", max_length=8192)


class ArtefactBody(frame.Body):
    """A link to something that the check made."""

    name: Name
    url: Address
    size_bytes: int | None = Field(None, ge=0, le=2**53)
    sha256: str | None = Field(None, pattern=r"^[0-9a-f]{64}$")


class OutputBody(frame.Body):
    """What the check reports. Annotations are added to those that it has."""

    title: str | None = Field(None, max_length=LONGEST_NAME)
    summary: LongText | None = Field(None, description="In Markdown")
    text: LongText | None = Field(None, description="In Markdown")
    annotations: list[AnnotationBody] = Field(
        default_factory=list, max_length=MOST_ANNOTATIONS_AT_ONCE
    )


class CheckRunChangesBody(frame.Body):
    """What is new of a check run; what is left out stays."""

    name: Name | None = None
    status: RunState | None = None
    conclusion: Conclusion | None = Field(None, description="With it, the run is completed")
    details_url: Address | None = None
    external_id: str | None = Field(None, max_length=LONGEST_NAME)
    started_at: AwareDatetime | None = None
    completed_at: AwareDatetime | None = None
    output: OutputBody | None = None
    artefacts: list[ArtefactBody] | None = Field(None, max_length=MOST_ARTEFACTS)

    @property
    def said(self) -> Changes:
        """The same for the service."""
        output, made = self.output or OutputBody(), self.artefacts
        return Changes(
            name=self.name,
            state=self.status,
            conclusion=self.conclusion,
            details_url=self.details_url,
            external_id=self.external_id,
            title=output.title,
            summary=output.summary,
            text=output.text,
            artefacts=None if made is None else [each.model_dump() for each in made],
            started_at=self.started_at,
            completed_at=self.completed_at,
            annotations=[_annotation(each) for each in output.annotations],
        )


class CheckRunBody(CheckRunChangesBody):
    """A new check run."""

    name: Name
    head_sha: str = Field(pattern=r"^[0-9a-f]{40}$", description="Which commit is checked")


class ReporterAnswer(frame.Answer):
    """Who reported it; empty where they are gone."""

    login: str


class StatusAnswer(frame.Answer):
    """A status."""

    id: UUID
    state: StatusState
    context: str
    description: str
    target_url: str
    creator: ReporterAnswer
    created_at: datetime


class StatusPage(frame.Answer):
    """Some statuses, the newest first."""

    items: list[StatusAnswer]
    next: str | None


class ArtefactAnswer(frame.Answer):
    """A link to something that the check made."""

    name: str
    url: str
    size_bytes: int | None = None
    sha256: str | None = None


class OutputAnswer(frame.Answer):
    """What a check reports."""

    title: str
    summary: str
    text: str
    annotations_count: int


class CheckRunAnswer(frame.Answer):
    """A check run."""

    id: UUID
    head_sha: str
    name: str
    status: RunState
    conclusion: Conclusion | None
    details_url: str
    external_id: str
    started_at: datetime | None
    completed_at: datetime | None
    output: OutputAnswer
    artefacts: list[ArtefactAnswer]
    creator: ReporterAnswer
    created_at: datetime
    updated_at: datetime


class CheckRunPage(frame.Answer):
    """Some check runs, the newest first."""

    items: list[CheckRunAnswer]
    next: str | None


class AnnotationAnswer(frame.Answer):
    """What is said of lines."""

    path: str
    start_line: int
    end_line: int
    start_column: int | None
    end_column: int | None
    annotation_level: AnnotationLevel
    title: str
    message: str
    raw_details: str


class AnnotationPage(frame.Answer):
    """Some annotations, the oldest first."""

    items: list[AnnotationAnswer]
    next: str | None


class CombinedAnswer(frame.Answer):
    """What everything that was said of a commit comes to."""

    state: Literal["failure", "pending", "success"] = Field(
        description="The worst of all; `pending` where nothing was said"
    )
    sha: str
    total_count: int = Field(description="How many checks there are, by name")
    passed_count: int
    statuses: list[StatusAnswer] = Field(description="The latest of each name and reporter")
    check_runs: list[CheckRunAnswer] = Field(description="The latest of each name and reporter")


def status(said: Said) -> StatusAnswer:
    """A status as programs see it."""
    found = said.status
    return StatusAnswer(
        id=found.id,
        state=found.state,
        context=found.context,
        description=found.description,
        target_url=found.target_url,
        creator=ReporterAnswer(login=said.reporter),
        created_at=found.created_at,
    )


def run(ran: Ran) -> CheckRunAnswer:
    """A check run as programs see it."""
    found = ran.run
    return CheckRunAnswer(
        id=found.id,
        head_sha=found.commit,
        name=found.name,
        status=found.state,
        conclusion=found.conclusion,
        details_url=found.details_url,
        external_id=found.external_id,
        started_at=found.started_at,
        completed_at=found.completed_at,
        output=OutputAnswer(
            title=found.title,
            summary=found.summary,
            text=found.text,
            annotations_count=found.annotation_count,
        ),
        artefacts=[ArtefactAnswer(**each) for each in found.artefacts],
        creator=ReporterAnswer(login=ran.reporter),
        created_at=found.created_at,
        updated_at=found.updated_at,
    )


def annotation(found: Any) -> AnnotationAnswer:
    """An annotation as programs see it."""
    return AnnotationAnswer(
        path=found.path,
        start_line=found.start_line,
        end_line=found.end_line,
        start_column=found.start_column,
        end_column=found.end_column,
        annotation_level=found.level,
        title=found.title,
        message=found.message,
        raw_details=found.raw_details,
    )


def _annotation(said: AnnotationBody) -> NewAnnotation:
    return NewAnnotation(
        path=said.path,
        start_line=said.start_line,
        end_line=said.end_line,
        start_column=said.start_column,
        end_column=said.end_column,
        level=said.annotation_level,
        message=said.message,
        title=said.title,
        raw_details=said.raw_details,
    )

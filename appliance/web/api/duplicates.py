"""`/duplicates`: files that are nearly the same."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from appliance.domain.duplicates import LEAST_SIMILARITY, USUAL_SIMILARITY
from appliance.services import duplicates
from appliance.services.duplicates import Compared, Family
from appliance.web import paging, requests
from appliance.web.api import frame
from appliance.web.api.bytes_text import text
from appliance.web.api.organisations import OrganisationPath
from appliance.web.api.repositories import RepositoryPath

api = frame.area("duplicates", "Files that are nearly the same.")
OF_REPOSITORY = "/repos/<owner>/<name>/duplicates"
OF_ORGANISATION = "/orgs/<org>/duplicates"


class DuplicateQuery(frame.PageQuery):
    """How alike files are to be."""

    similarity: float = Field(
        USUAL_SIMILARITY, ge=LEAST_SIMILARITY, le=1, description="1: only those that are the same"
    )


class RepositoryDuplicateQuery(DuplicateQuery):
    """How alike files are to be, and where."""

    elsewhere: bool = Field(
        default=True, description="Also in other repositories of the owner that the caller may read"
    )


class DuplicateFile(frame.Answer):
    """Where a copy is: a file of the default branch."""

    repository: str
    ref: str
    path: str
    size_bytes: int
    lines: int


class DuplicateFamily(frame.Answer):
    """Files that are nearly the same. `similarity` is the estimated share of runs of five words
    that the least similar two have in common by which it is connected.
    """

    similarity: float
    count: int
    repeated_lines: int = Field(description="Lines of all but the longest of them")
    files: list[DuplicateFile] = Field(description="The first hundred of them")


class DuplicatePage(frame.Answer):
    """Some families, those with the most repeated lines first."""

    items: list[DuplicateFamily]
    next: str | None


class ComparisonSummary(frame.Answer):
    """How far files were compared. What waits, or was left out, is not known to be unlike."""

    repositories: int
    waiting: int = Field(description="Repositories that were not compared yet")
    files: int
    left_out: dict[str, int] = Field(description="How many files for each reason")
    cut: bool = Field(description="Some files have more copies than were looked for")
    compared_at: datetime | None


@api.get(OF_REPOSITORY, summary="List near-duplicates", responses={"200": DuplicatePage})
def list_duplicates(path: RepositoryPath, query: RepositoryDuplicateQuery) -> Any:
    """Families with a file of the default branch; of other repositories, as far as the caller may
    read them.
    """
    with requests.reading() as work:
        found = duplicates.of_repository(
            work,
            path.path,
            similarity=query.similarity,
            elsewhere=query.elsewhere,
            after=paging.after(query.cursor),
            limit=query.limit,
        )
    return frame.page([_answer(each) for each in found.items], found.next)


@api.get(
    f"{OF_REPOSITORY}/summary",
    summary="Show how far files were compared",
    responses={"200": ComparisonSummary},
)
def show_comparison(path: RepositoryPath) -> Any:
    """What was compared, and what was left out."""
    with requests.reading() as work:
        return frame.answer(_summary(duplicates.how_far_in_repository(work, path.path)))


@api.get(
    OF_ORGANISATION,
    summary="List near-duplicates of an organisation",
    responses={"200": DuplicatePage},
)
def list_in_organisation(path: OrganisationPath, query: DuplicateQuery) -> Any:
    """Families in those repositories that the caller may read."""
    with requests.reading() as work:
        found = duplicates.of_organisation(
            work,
            path.org,
            similarity=query.similarity,
            after=paging.after(query.cursor),
            limit=query.limit,
        )
    return frame.page([_answer(each) for each in found.items], found.next)


@api.get(
    f"{OF_ORGANISATION}/summary",
    summary="Show how far an organisation's files were compared",
    responses={"200": ComparisonSummary},
)
def show_comparison_of_organisation(path: OrganisationPath) -> Any:
    """What was compared in those repositories that the caller may read, and what was left out."""
    with requests.reading() as work:
        return frame.answer(_summary(duplicates.how_far_in_organisation(work, path.org)))


def _answer(family: Family) -> DuplicateFamily:
    return DuplicateFamily(
        similarity=round(family.similarity, 3),
        count=family.count,
        repeated_lines=family.repeated_lines,
        files=[
            DuplicateFile(
                repository=each.repository,
                ref=each.ref,
                path=text(each.path),
                size_bytes=each.size_bytes,
                lines=each.lines,
            )
            for each in family.places
        ],
    )


def _summary(found: Compared) -> ComparisonSummary:
    return ComparisonSummary(
        repositories=found.repositories,
        waiting=found.waiting,
        files=found.files,
        left_out=dict(found.left_out),
        cut=found.is_cut,
        compared_at=found.compared_at,
    )

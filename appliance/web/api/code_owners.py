"""`/codeowners` of a repository: whose files are whose, and how much has owners."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from appliance.services import code_owner_reports, code_owners
from appliance.web import requests
from appliance.web.api import frame
from appliance.web.api.bytes_text import text
from appliance.web.api.files import AtQuery
from appliance.web.api.history import opened
from appliance.web.api.organisations import OrganisationPath
from appliance.web.api.repositories import RepositoryPath

api = frame.area("code owners", "Who owns which files, and how much has owners.")


class OwnerLineAnswer(frame.Answer):
    """One line of CODEOWNERS, and about how many files it decides."""

    number: int
    pattern: str
    owners: list[str]
    files: int


class OwnerProblemAnswer(frame.Answer):
    """A line that says nothing: its pattern or its owners cannot be understood."""

    number: int
    line: str
    why: str


class CodeOwnersAnswer(frame.Answer):
    """What the file says, and how much of the branch it covers."""

    path: str
    files: int
    owned: int
    lines: list[OwnerLineAnswer]
    problems: list[OwnerProblemAnswer]
    unknown: list[str]
    """Owners that are nobody here; what is theirs alone cannot be approved."""
    unowned: list[str]
    """The first of the files that have no owner."""


class RepositoryOwnersAnswer(frame.Answer):
    """How much of one repository has owners."""

    repository: str
    has_file: bool = Field(description="Whether there is a CODEOWNERS file")
    files: int
    owned: int
    problems: int = Field(description="Lines of the file that say nothing")


class CodeOwnersList(frame.Answer):
    """How much of each repository has owners."""

    items: list[RepositoryOwnersAnswer]
    is_cut: bool = Field(description="Whether there are more than are looked into")


@api.get(
    "/repos/<owner>/<name>/codeowners",
    summary="Show the coverage of code owners",
    responses={"200": CodeOwnersAnswer},
)
def show(path: RepositoryPath, query: AtQuery) -> Any:
    """As the CODEOWNERS file of a branch says; of the default branch, unless said otherwise."""
    repository = opened(path)
    found, covered = code_owners.coverage(repository, query.ref.encode())
    with requests.reading() as work:
        unknown = code_owners.unknown(work, path.path, found.owners)
    return frame.answer(
        CodeOwnersAnswer(
            path=text(found.path),
            files=covered.files,
            owned=covered.owned,
            lines=[
                OwnerLineAnswer(
                    number=line.number,
                    pattern=line.pattern,
                    owners=list(line.owners),
                    files=files,
                )
                for line, files in covered.by_line
            ],
            problems=[OwnerProblemAnswer.model_validate(each) for each in found.owners.problems],
            unknown=sorted(unknown),
            unowned=[text(each) for each in covered.unowned],
        )
    )


@api.get(
    "/orgs/<org>/codeowners",
    summary="Show the coverage of code owners in an organisation",
    responses={"200": CodeOwnersList},
)
def list_of_organisation(path: OrganisationPath) -> Any:
    """By default branches, for owners of the organisation: of repositories that were pushed to
    last, and of none that is empty.
    """
    repositories = requests.wiring().repositories
    with requests.reading() as work:
        places = code_owner_reports.asked(work, path.org, repositories=repositories)
    found = code_owner_reports.read(places)
    return frame.answer(
        CodeOwnersList(
            items=[RepositoryOwnersAnswer.model_validate(each) for each in found],
            is_cut=len(places) >= code_owner_reports.MOST,
        )
    )

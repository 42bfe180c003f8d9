"""`/codeowners` of a repository: whose files are whose, and how much has owners."""

from __future__ import annotations

from typing import Any

from appliance.services import code_owners
from appliance.web import requests
from appliance.web.api import frame
from appliance.web.api.bytes_text import text
from appliance.web.api.files import AtQuery
from appliance.web.api.history import opened
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


@api.get(
    "/repos/<owner>/<name>/codeowners",
    summary="Show how much has owners",
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

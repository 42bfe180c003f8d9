"""`/pulls/{number}/comparison`, `/suggestions`: two patch sets, and what reviewers suggest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from pydantic import BaseModel, Field

from appliance.domain.pull_requests import LARGEST_LINE
from appliance.errors import NotFoundError
from appliance.services import files, history, patch_set_changes, pulls
from appliance.services.patch_set_changes import Fate, State
from appliance.web import pulls as doors
from appliance.web import requests
from appliance.web.api import frame
from appliance.web.api.bytes_text import exact, text
from appliance.web.api.files import DiffAnswer, present_diff
from appliance.web.api.pulls import ONE, PullPath

if TYPE_CHECKING:
    from appliance.services.pull_facts import PatchSetFacts

api = frame.area("patch sets", "Compare patch sets, and apply what reviewers suggest.")

MOST = 100


class ComparisonQuery(BaseModel):
    """Which two."""

    old: int = Field(ge=1, le=LARGEST_LINE)
    new: int | None = Field(None, ge=1, le=LARGEST_LINE, description="The last one if left out")


class SeriesCommitAnswer(frame.Answer):
    """A commit of either patch set, and what became of it."""

    fate: Fate
    old: str | None
    new: str | None
    subject: str


class UnmergedAnswer(frame.Answer):
    """A file that could not be brought onto the new base: all that differs is shown."""

    path: str
    path_base64: str | None


class ComparisonAnswer(frame.Answer):
    """What the author changed from one patch set to another, whatever came from the target."""

    old: int
    new: int
    commits: list[SeriesCommitAnswer]
    diff: DiffAnswer
    unmerged: list[UnmergedAnswer]


class SuggestionsBody(frame.Body):
    """The comments whose suggestions are to be applied, as one commit."""

    comments: list[UUID] = Field(min_length=1, max_length=MOST)


class AppliedAnswer(frame.Answer):
    """The commit that has them."""

    commit: str


@api.get(f"{ONE}/comparison", summary="Compare two patch sets", responses={"200": ComparisonAnswer})
def compare(path: PullPath, query: ComparisonQuery) -> Any:
    """Commit by commit as `git range-diff` pairs them, and as one difference."""
    repositories = requests.wiring().repositories
    with requests.reading() as work:
        facts = pulls.show(work, path.which, repositories=repositories).facts
        sets = {each.number: each for each in pulls.patch_sets(work, path.which)}
        repository = files.opened(work, path.path, repositories=repositories)
    old, new = _one(sets, query.old), _one(sets, query.new or facts.patch_set)
    states = State(old.base, old.head), State(new.base, new.head)
    pairs = patch_set_changes.commits(repository, *states)
    found = patch_set_changes.compare(repository, *states)
    known = history.read_many(repository, [each.new or each.old or "" for each in pairs])
    return frame.answer(
        ComparisonAnswer(
            old=old.number,
            new=new.number,
            commits=[
                SeriesCommitAnswer(
                    fate=each.fate,
                    old=each.old,
                    new=each.new,
                    subject=text(known[each.new or each.old or ""].subject),
                )
                for each in pairs
            ],
            diff=present_diff(found.diff),
            unmerged=[
                UnmergedAnswer(path=text(each), path_base64=exact(each))
                for each in sorted(found.unmerged)
            ],
        )
    )


@api.post(
    f"{ONE}/suggestions",
    summary="Apply suggestions",
    responses={"201": AppliedAnswer},
)
def apply(path: PullPath, body: SuggestionsBody) -> Any:
    """For who may write to the source branch, if its lines are still what was spoken of."""
    commit = doors.apply_suggestions(path.which, body.comments)
    return frame.answer(AppliedAnswer(commit=commit), 201)


def _one(sets: dict[int, PatchSetFacts], number: int) -> PatchSetFacts:
    if number not in sets:
        raise NotFoundError("There is no such patch set.")
    return sets[number]

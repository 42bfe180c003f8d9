"""`/pulls/{number}/merge`, `/auto-merge`, `/update-branch`, `/revert`, …; `/merge-settings`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from appliance.domain.branch_health import MOST_DAYS
from appliance.domain.git_operations import MergeMethod
from appliance.domain.merge_templates import LONGEST
from appliance.domain.pull_requests import UpdateMethod
from appliance.services import (
    auto_merging,
    git_operations,
    merge_settings,
    pull_obstacles,
)
from appliance.services.merge_settings import Wanted
from appliance.services.pull_merging import Merging
from appliance.services.pull_updates import Update
from appliance.web import pulls as doors
from appliance.web import requests
from appliance.web.api import frame
from appliance.web.api.git_operations import (
    ANSWERS,
    MOST_COMMITS,
    OID,
    ResolutionBody,
    resolution,
)
from appliance.web.api.issues import Text
from appliance.web.api.pulls import ONE, Branch, PullAnswer, PullPath, read
from appliance.web.api.repositories import RepositoryPath

if TYPE_CHECKING:
    from appliance.git.conflicts import Resolutions
    from appliance.services.merge_settings import MergeSettings

api = frame.area("merging", "Merge pull requests, take them back, bring them elsewhere.")

SETTINGS = "/repos/<owner>/<name>/merge-settings"
Template = Annotated[str, Field(max_length=2 * LONGEST)]
BRANCHES: dict[Literal["delete_branches", "merged_branch_days"], str] = {
    "delete_branches": "deletes_branches",
    "merged_branch_days": "merged_branch_days",
}
"""What an organisation may say for its repositories, and what it is called inside."""
MERGED: Any = {"409": ANSWERS["409"]}


class SolvingBody(frame.Body):
    """What is said of conflicts."""

    resolutions: list[ResolutionBody] = Field(
        default_factory=list, max_length=MOST_COMMITS, description="What is to be at such paths"
    )

    @property
    def said(self) -> Resolutions:
        """The same, for who merges."""
        return git_operations.resolutions(
            map(resolution, self.resolutions), rules=requests.wiring().settings
        )


class AutoMergeBody(frame.Body):
    """How it is to be merged."""

    method: MergeMethod | None = Field(
        None, description="The usual one of the repository if left out"
    )
    title: str | None = Field(None, max_length=1024, description="By the template if left out")
    message: Text | None = Field(None, description="The rest of the message; the same")
    head: str | None = Field(None, pattern=OID, description="Only if this is still the head")
    delete_branch: bool | None = Field(None, description="As the repository says if left out")

    @property
    def wanted(self) -> Merging:
        """The same, for who merges."""
        return Merging(self.method, self.title, self.message, self.head, self.delete_branch)


class PullMergeBody(AutoMergeBody, SolvingBody):
    """How it is merged."""

    bypass: str = Field(
        "", max_length=500, description="Why it is merged past rules, by who may go past them"
    )

    @property
    def wanted(self) -> Merging:
        """The same, for who merges."""
        return replace(super().wanted, bypass=self.bypass)


class UpdateBranchBody(SolvingBody):
    """How its branch is brought up to date."""

    method: UpdateMethod = Field(
        UpdateMethod.MERGE, description="A merge commit on top, or its commits made again"
    )
    head: str | None = Field(None, pattern=OID, description="Only if this is still the head")


class UpdatedBranchAnswer(frame.Answer):
    """What came of an update."""

    commit: str = Field(description="Where the source branch is now")
    before: str = Field(description="Where it was")
    onto: str = Field(description="The commit of the base that it has now")
    method: UpdateMethod


class BackportBody(SolvingBody):
    """Where it is to come, too."""

    base: Branch


class PullMergedAnswer(frame.Answer):
    """What came of a merge."""

    commit: str = Field(description="Where the base is now")
    onto: str = Field(description="Where it was")
    method: MergeMethod
    is_branch_deleted: bool


class ObstacleAnswer(frame.Answer):
    """A reason not to merge."""

    text: str
    rule: str
    source: str
    may_bypass: bool = Field(description="Whether the caller may merge past it, saying why")


class AutoMergeAnswer(frame.Answer):
    """What will be done once nothing stands in the way."""

    method: MergeMethod
    by: str
    waits_because: str = Field(description="What refused it when it was tried last; or nothing")


class MergeabilityAnswer(frame.Answer):
    """What stands in the way of merging, and what was promised."""

    obstacles: list[ObstacleAnswer]
    may_merge: bool = Field(description="Whether the caller may, as far as their role goes")
    auto_merge: AutoMergeAnswer | None
    may_bypass: bool = Field(
        description="Whether the caller may merge past all of it, and past rules for pushes"
    )
    behind: int | None = Field(
        description="How many commits of the base the branch lacks; null: too many to count"
    )


class MergeSettingsBody(frame.Body):
    """How pull requests are to be merged; what is left out stays."""

    methods: list[MergeMethod] | None = Field(
        None, max_length=20, description="The usual one first"
    )
    merge_title: Template | None = Field(None, description="With places like %{title}")
    merge_body: Template | None = None
    squash_title: Template | None = None
    squash_body: Template | None = None
    delete_branches: bool | None = Field(
        None, description="After the merge; null: as the organisation says"
    )
    merged_branch_days: int | None = Field(
        None,
        ge=0,
        le=MOST_DAYS,
        description="After how many days merged branches go; 0: never, null: as it says",
    )
    auto_merge: bool | None = Field(None, description="Whether it may be promised")


class MergeSettingsAnswer(frame.Answer):
    """How pull requests are merged."""

    methods: list[MergeMethod]
    merge_title: str
    merge_body: str
    squash_title: str
    squash_body: str
    delete_branches: bool
    merged_branch_days: int = Field(description="0: never")
    inherits: list[Literal["delete_branches", "merged_branch_days"]] = Field(
        description="What its organisation says, and it does not"
    )
    auto_merge: bool


@api.post(
    f"{ONE}/merge",
    summary="Merge a pull request",
    responses={"200": PullMergedAnswer, **MERGED},
)
def merge(path: PullPath, body: PullMergeBody) -> Any:
    """For who may write, if nothing stands in the way or they may go past it. Conflicts may be
    solved by the way.
    """
    done = doors.merge(path.which, body.wanted, body.said)
    return frame.answer(PullMergedAnswer.model_validate(done))


@api.get(f"{ONE}/merge", summary="Show what blocks a merge", responses={"200": MergeabilityAnswer})
def obstacles(path: PullPath) -> Any:
    """Of merging it now, whoever does; each with the rule and whose it is."""
    repositories = requests.wiring().repositories
    found = pull_obstacles.asked(requests.reading, path.which, repositories=repositories)
    promised = found.auto_merge
    return frame.answer(
        MergeabilityAnswer(
            obstacles=[ObstacleAnswer.model_validate(each) for each in found.obstacles],
            may_merge=found.may_merge,
            may_bypass=found.may_bypass,
            behind=found.behind,
            auto_merge=promised and AutoMergeAnswer.model_validate(promised),
        )
    )


@api.put(f"{ONE}/auto-merge", summary="Enable auto-merge", responses={"204": None})
def enable_auto_merge(path: PullPath, body: AutoMergeBody) -> Any:
    """In your name, as soon as nothing stands in the way. What others push ends it."""
    with requests.begin() as work:
        auto_merging.enable(work, path.which, body.wanted, now=requests.now())
    return frame.nothing()


@api.delete(f"{ONE}/auto-merge", summary="Disable auto-merge", responses={"204": None})
def disable_auto_merge(path: PullPath) -> Any:
    """Safe to repeat."""
    with requests.begin() as work:
        auto_merging.disable(work, path.which, now=requests.now())
    return frame.nothing()


@api.post(
    f"{ONE}/update-branch",
    summary="Update the branch from its base",
    responses={"200": UpdatedBranchAnswer, **MERGED},
)
def update_branch(path: PullPath, body: UpdateBranchBody) -> Any:
    """For who may write to the source branch. By a merge or a rebase; the rules of that branch
    hold. Conflicts may be solved by the way.
    """
    done = doors.update(path.which, Update(body.method, body.head), body.said)
    return frame.answer(UpdatedBranchAnswer.model_validate(done))


@api.post(
    f"{ONE}/revert",
    summary="Revert a merged pull request",
    responses={"201": PullAnswer, **MERGED},
)
def revert(path: PullPath, body: SolvingBody) -> Any:
    """A new branch that undoes it, and a pull request for that."""
    return _asked(path, doors.revert(path.which, body.said))


@api.post(
    f"{ONE}/backport",
    summary="Backport a merged pull request",
    responses={"201": PullAnswer, **MERGED},
)
def backport(path: PullPath, body: BackportBody) -> Any:
    """A new branch with its commits, and a pull request into another branch."""
    return _asked(path, doors.backport(path.which, body.base, body.said))


@api.get(SETTINGS, summary="Show the merge settings", responses={"200": MergeSettingsAnswer})
def show_settings(path: RepositoryPath) -> Any:
    """Methods, templates of messages, and what follows."""
    with requests.reading() as work:
        return frame.answer(_settings(merge_settings.show(work, path.path)))


@api.patch(SETTINGS, summary="Change the merge settings", responses={"200": MergeSettingsAnswer})
def change_settings(path: RepositoryPath, body: MergeSettingsBody) -> Any:
    """For maintainers. An empty template is the usual one."""
    wanted = Wanted(
        None if body.methods is None else tuple(body.methods),
        body.merge_title,
        body.merge_body,
        body.squash_title,
        body.squash_body,
        body.delete_branches,
        body.auto_merge,
        body.merged_branch_days,
        frozenset(
            column
            for name, column in BRANCHES.items()
            if name in body.model_fields_set and getattr(body, name) is None
        ),
    )
    with requests.begin() as work:
        return frame.answer(_settings(merge_settings.change(work, path.path, wanted)))


def _asked(path: PullPath, number: int) -> Any:
    shown = read(path.which_of(number))
    return frame.answer(shown, 201, f"{frame.PREFIX}/repos/{path.path}/pulls/{number}")


def _settings(found: MergeSettings) -> MergeSettingsAnswer:
    return MergeSettingsAnswer(
        methods=list(found.methods),
        merge_title=found.merge_title,
        merge_body=found.merge_body,
        squash_title=found.squash_title,
        squash_body=found.squash_body,
        delete_branches=found.deletes_branches,
        merged_branch_days=found.merged_branch_days,
        inherits=[
            name
            for name, said in zip(BRANCHES, (found.own.deletes, found.own.days), strict=True)
            if said is None
        ],
        auto_merge=found.allows_auto_merge,
    )

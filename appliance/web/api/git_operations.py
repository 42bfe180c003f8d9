"""`/merge`, `/rebase`, `/cherry-pick`, `/revert`, `/reset`: branches moved without a work tree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, model_validator

from appliance.domain.git_operations import OperationKind
from appliance.errors import InvalidError
from appliance.services import git_operations, history
from appliance.services.git_operations import MergeMethod, Outcome, Resolution, Side, Target
from appliance.web import merge_conflicts, requests
from appliance.web import ref_updates as moves
from appliance.web.api import frame
from appliance.web.api.bytes_text import Encoding, exact, text, uncover
from appliance.web.api.history import opened
from appliance.web.api.repositories import RepositoryPath

if TYPE_CHECKING:
    from appliance.git.conflicts import Resolutions
    from appliance.services.files import OpenRepository
    from appliance.services.ref_updates import Plan

api = frame.area(
    "git operations",
    "Merge, rebase, cherry-pick, revert, reset and stash: a branch moves if it is where it was.",
)

OID = r"^[0-9a-f]{40}$"
MOST_COMMITS = 1000


class ResolutionBody(frame.Body):
    """What is to be at a path in conflict: a side's version, or a content of its own."""

    path: str = Field("", max_length=4096)
    path_base64: str | None = Field(None, max_length=8192, description="A path that is no text")
    take: Side | None = None
    content: str | None = None
    encoding: Encoding = "utf-8"
    commit: str | None = Field(
        None, pattern=OID, description="Which commit's conflict, where several are applied"
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> ResolutionBody:
        if (self.take is None) == (self.content is None):
            raise ValueError("Say either which side is taken, or the content.")
        return self


class TargetBody(frame.Body):
    """What every operation says."""

    branch: str = Field(
        "", max_length=1024, description="The branch that moves; the default branch if left out"
    )
    expected_head: str | None = Field(
        None, pattern=OID, description="Only if the branch is still there"
    )
    dry_run: bool = Field(default=False, description="Say what would come of it; change nothing")


class ResolvingBody(TargetBody):
    """What every operation says that may end in conflicts."""

    resolutions: list[ResolutionBody] = Field(
        default_factory=list, max_length=MOST_COMMITS, description="What is to be at such paths"
    )


class MergeBody(ResolvingBody):
    """What is merged, and how."""

    source: str = Field(min_length=1, max_length=1024, description="A branch, tag or id")
    method: MergeMethod = MergeMethod.MERGE
    message: str = Field("", max_length=65_536, description="Git's words if left out")


class RebaseBody(ResolvingBody):
    """What the branch is put on."""

    onto: str = Field(min_length=1, max_length=1024, description="A branch, tag or id")


class CommitsBody(ResolvingBody):
    """Which commits, in the order in which they are applied."""

    commits: list[str] = Field(
        min_length=1, max_length=MOST_COMMITS, description="Branches, tags or ids of commits"
    )
    mainline: int | None = Field(
        None, ge=1, le=100, description="Which parent of a merge its change is counted from"
    )


class CherryPickBody(CommitsBody):
    """Which commits are made again."""

    record_origin: bool = Field(default=False, description="Say in the message which one it was")


class RevertBody(CommitsBody):
    """Which commits are taken back."""

    message: str = Field("", max_length=65_536, description="Git's words if left out")


class BranchResetBody(TargetBody):
    """Where the branch is to be."""

    to: str = Field(min_length=1, max_length=1024, description="A branch, tag or id")


class VersionAnswer(frame.Answer):
    """What is at a path on one side."""

    mode: str
    oid: str


class ConflictAnswer(frame.Answer):
    """A path that is not decided."""

    path: str
    path_base64: str | None
    kind: Literal[
        "content",
        "binary",
        "modify/delete",
        "add/add",
        "rename",
        "directory/file",
        "mode",
        "submodule",
    ]
    commit: str | None = Field(description="Which commit could not be applied, of several")
    base: VersionAnswer | None
    ours: VersionAnswer | None
    theirs: VersionAnswer | None


class OperationAnswer(frame.Answer):
    """What came of an operation, or would."""

    result: Literal["done", "unchanged", "conflicts"]
    dry_run: bool
    branch: str
    branch_base64: str | None
    before: str
    after: str | None = Field(description="Where the branch is now; none of a dry run")
    commits: list[str] = Field(description="What was made, oldest first; none of a dry run")
    new_commits: int = Field(description="How many were made, or would be")
    skipped: list[str] = Field(description="Commits left out, because they would change nothing")
    conflicts: list[ConflictAnswer] = Field(description="Of a dry run; else the problem has them")


ANSWERS: Any = {
    "200": OperationAnswer,
    "409": {
        "description": "Something is in the way; `merge_conflict` comes with the conflicts",
        "content": {
            "application/problem+json": {
                "schema": {
                    "allOf": [
                        {"$ref": "#/components/schemas/Problem"},
                        {
                            "type": "object",
                            "properties": {
                                "conflicts": {
                                    "type": "array",
                                    "items": {"$ref": "#/components/schemas/ConflictAnswer"},
                                }
                            },
                        },
                    ]
                }
            }
        },
    },
}


@api.post("/repos/<owner>/<name>/merge", summary="Merge into a branch", responses=ANSWERS)
def merge(path: RepositoryPath, body: MergeBody) -> Any:
    """By a merge commit, squashed, rebased, fast-forward only, or rebased with a merge commit."""
    under_way = Under.way(path, body)
    outcome = git_operations.merge(
        under_way.plan,
        under_way.target,
        history.resolve(under_way.repository, body.source.encode()),
        method=body.method,
        message=typed(body.message),
        said=said(body),
    )
    return under_way.finished(outcome, git_operations.OF_METHOD[body.method])


@api.post("/repos/<owner>/<name>/rebase", summary="Rebase a branch", responses=ANSWERS)
def rebase(path: RepositoryPath, body: RebaseBody) -> Any:
    """Its commits are made again, with their authors, by you, on top of another commit."""
    under_way = Under.way(path, body)
    onto = history.resolve(under_way.repository, body.onto.encode())
    outcome = git_operations.rebase(under_way.plan, under_way.target, onto, said=said(body))
    return under_way.finished(outcome, OperationKind.REBASE)


@api.post(
    "/repos/<owner>/<name>/cherry-pick",
    summary="Cherry-pick commits onto a branch",
    responses=ANSWERS,
)
def cherry_pick(path: RepositoryPath, body: CherryPickBody) -> Any:
    """Each keeps its author and message."""
    under_way = Under.way(path, body)
    outcome = git_operations.cherry_pick(
        under_way.plan,
        under_way.target,
        under_way.commits(body),
        mainline=body.mainline,
        names_origin=body.record_origin,
        said=said(body),
    )
    return under_way.finished(outcome, OperationKind.CHERRY_PICK)


@api.post("/repos/<owner>/<name>/revert", summary="Revert commits on a branch", responses=ANSWERS)
def revert(path: RepositoryPath, body: RevertBody) -> Any:
    """Each by a commit that undoes it. Name the newest first."""
    under_way = Under.way(path, body)
    outcome = git_operations.revert(
        under_way.plan,
        under_way.target,
        under_way.commits(body),
        mainline=body.mainline,
        message=typed(body.message),
        said=said(body),
    )
    return under_way.finished(outcome, OperationKind.REVERT)


@api.post("/repos/<owner>/<name>/reset", summary="Reset a branch", responses=ANSWERS)
def reset(path: RepositoryPath, body: BranchResetBody) -> Any:
    """To any commit. What the branch had beyond that is on it no more."""
    under_way = Under.way(path, body)
    to = history.resolve(under_way.repository, body.to.encode())
    outcome = git_operations.reset(under_way.plan, under_way.target, to)
    return under_way.finished(outcome, OperationKind.RESET)


class Under:
    """One operation under way: as whom, where, on which branch. Its state is what was asked."""

    def __init__(
        self, plan: Plan, repository: OpenRepository, target: Target, *, is_dry: bool
    ) -> None:
        self.plan = plan
        self.repository = repository
        self.target = target
        self._is_dry = is_dry

    @classmethod
    def way(cls, path: RepositoryPath, body: TargetBody, *, branch: bytes = b"") -> Under:
        """Begin.

        Errors:
            HiddenError, RefusedError, ConflictError: the actor may not, or it takes no changes.
            NotFoundError: there is no such branch. PreconditionError: it is elsewhere.
        """
        plan = moves.plan(path.path)
        repository = opened(path)
        name = body.branch.encode() or branch or repository.default_branch.encode()
        target = git_operations.target(plan, name, expected_head=body.expected_head)
        return cls(plan, repository, target, is_dry=body.dry_run)

    def commits(self, body: CommitsBody) -> list[str]:
        """The commits that were named."""
        return [history.resolve(self.repository, each.encode()).commit for each in body.commits]

    def finished(self, outcome: Outcome, kind: OperationKind) -> Any:
        """Move the branch, unless only asked what would come of it; and say so.

        Errors:
            MergeConflictError: changes do not go together.
            ProtectedError, PreconditionError: as for any change of a branch.
        """
        if not self._is_dry:
            git_operations.insist_on_merge(outcome)
            if outcome.ref is not None:
                operation = git_operations.operation(kind, outcome)
                moves.move(self.plan, outcome.ref, operation=operation)
        return frame.answer(self._said(outcome))

    def _said(self, outcome: Outcome) -> OperationAnswer:
        branch = self.target.name.removeprefix(b"refs/heads/")
        after = outcome.ref.new if outcome.ref is not None else self.target.head
        return OperationAnswer(
            result=_result(outcome),
            dry_run=self._is_dry,
            branch=text(branch),
            branch_base64=exact(branch),
            before=self.target.head,
            after=None if self._is_dry else after,
            commits=[] if self._is_dry else list(outcome.commits),
            new_commits=len(outcome.commits),
            skipped=list(outcome.skipped),
            conflicts=[
                ConflictAnswer(**merge_conflicts.fields(each)) for each in outcome.conflicts
            ],
        )


def said(body: ResolvingBody) -> Resolutions:
    """What a client says of conflicts.

    Errors:
        InvalidError: a path is missing, or no base64. TooLargeError: a content is too large.
    """
    rules = requests.wiring().settings
    return git_operations.resolutions(map(resolution, body.resolutions), rules=rules)


def resolution(body: ResolutionBody) -> Resolution:
    """What a client says of one conflict.

    Errors:
        InvalidError: a path is missing, or no base64.
    """
    path = uncover(body.path_base64, "base64") if body.path_base64 else body.path.encode()
    if not path:
        raise InvalidError.of("resolutions", "A resolution names a path.")
    take = body.take if body.content is None else uncover(body.content, body.encoding)
    return Resolution(path, take or b"", body.commit)


def _result(outcome: Outcome) -> Literal["done", "unchanged", "conflicts"]:
    if outcome.conflicts:
        return "conflicts"
    return "unchanged" if outcome.ref is None else "done"


def typed(words: str) -> bytes:
    """What somebody typed, as a commit says it; nothing where they typed nothing."""
    return words.strip().encode() + b"\n" if words.strip() else b""

"""`/statuses`, `/check-runs`, and both of a commit: what other systems say of it."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from appliance.domain.merge_facts import CheckOutcome
from appliance.services import check_runs, checks, commit_pulls, history
from appliance.web import paging, requests
from appliance.web.api import check_answers, frame
from appliance.web.api.check_answers import (
    AnnotationPage,
    CheckRunAnswer,
    CheckRunBody,
    CheckRunChangesBody,
    CheckRunPage,
    CombinedAnswer,
    StatusAnswer,
    StatusBody,
    StatusPage,
)
from appliance.web.api.history import RevisionPath, opened
from appliance.web.api.repositories import RepositoryPath

api = frame.area("checks", "What build systems and others say of commits.")

REPO = "/repos/<owner>/<name>"
COMMIT = f"{REPO}/commits/<path:oid>"
STATE_OF: dict[CheckOutcome, Literal["failure", "pending", "success"]] = {
    CheckOutcome.FAILED: "failure",
    CheckOutcome.PENDING: "pending",
    CheckOutcome.PASSED: "success",
}


class PullOf(frame.Answer):
    """A pull request that a commit belongs to."""

    number: int
    title: str
    state: Literal["open", "closed", "merged"]


class PullsOf(frame.Answer):
    """At most twenty, the newest first."""

    items: list[PullOf]


class CheckRunPath(RepositoryPath):
    """Which check run."""

    id: UUID


class CheckRunQuery(frame.PageQuery):
    """Which check runs."""

    check_name: str = Field("", max_length=255, description="Only those of that name")


@api.post(f"{REPO}/statuses/<oid>", summary="Report a status", responses={"201": StatusAnswer})
def report(path: RevisionPath, body: StatusBody) -> Any:
    """For who may write to the repository; the latest of a name and a reporter counts."""
    commit = _commit(path, path.oid)
    wanted = checks.NewStatus(body.state, body.context, body.description, body.target_url)
    with requests.begin() as work:
        said = checks.report(work, path.path, commit, wanted, now=requests.now())
        return frame.answer(check_answers.status(said), 201)


@api.get(f"{COMMIT}/statuses", summary="List statuses", responses={"200": StatusPage})
def list_statuses(path: RevisionPath, query: frame.PageQuery) -> Any:
    """All of a commit, also those that were reported anew since."""
    commit = _commit(path, path.oid)
    with requests.reading() as work:
        page = checks.listed(
            work, path.path, commit, after=paging.after(query.cursor), limit=query.limit
        )
        return frame.page([check_answers.status(each) for each in page.items], page.next)


@api.get(
    f"{COMMIT}/status",
    summary="Show the combined status of a commit",
    responses={"200": CombinedAnswer},
)
def combined(path: RevisionPath) -> Any:
    """Statuses and check runs together: the worst of them is its state."""
    commit = _commit(path, path.oid)
    with requests.reading() as work:
        found = checks.of_commit(work, path.path, commit)
        answer = CombinedAnswer(
            state=STATE_OF[found.outcome or CheckOutcome.PENDING],
            sha=commit,
            total_count=len(found.outcomes),
            passed_count=found.passed,
            statuses=[check_answers.status(each) for each in found.statuses],
            check_runs=[check_answers.run(each) for each in found.runs],
        )
    return frame.answer(answer)


@api.get(
    f"{COMMIT}/pulls",
    summary="List pull requests of a commit",
    responses={"200": PullsOf},
)
def list_pulls(path: RevisionPath) -> Any:
    """Those whose head it is or was, or that were merged as it."""
    commit = _commit(path, path.oid)
    with requests.reading() as work:
        found = commit_pulls.of_commit(work, path.path, commit)
    return frame.answer(PullsOf(items=[PullOf.model_validate(each) for each in found]))


@api.get(
    f"{COMMIT}/check-runs",
    summary="List check runs",
    responses={"200": CheckRunPage},
)
def list_runs(path: RevisionPath, query: CheckRunQuery) -> Any:
    """All of a commit, the newest first."""
    commit = _commit(path, path.oid)
    with requests.reading() as work:
        page = check_runs.listed(
            *(work, path.path, commit),
            name=query.check_name,
            after=paging.after(query.cursor),
            limit=query.limit,
        )
        return frame.page([check_answers.run(each) for each in page.items], page.next)


@api.post(f"{REPO}/check-runs", summary="Begin a check run", responses={"201": CheckRunAnswer})
def create(path: RepositoryPath, body: CheckRunBody) -> Any:
    """For who may write to the repository; it may be over already."""
    commit = _commit(path, body.head_sha)
    with requests.begin() as work:
        made = check_runs.create(work, path.path, commit, body.said, now=requests.now())
        where = f"{frame.PREFIX}/repos/{path.path}/check-runs/{made.run.id}"
        return frame.answer(check_answers.run(made), 201, where)


@api.get(
    f"{REPO}/check-runs/<uuid:id>", summary="Show a check run", responses={"200": CheckRunAnswer}
)
def show(path: CheckRunPath) -> Any:
    """Its course and its report."""
    with requests.reading() as work:
        return frame.answer(check_answers.run(check_runs.show(work, path.path, path.id)))


@api.patch(
    f"{REPO}/check-runs/<uuid:id>", summary="Change a check run", responses={"200": CheckRunAnswer}
)
def change(path: CheckRunPath, body: CheckRunChangesBody) -> Any:
    """For who reported it, and for maintainers; annotations come to those there are."""
    with requests.begin() as work:
        ran = check_runs.change(work, path.path, path.id, body.said, now=requests.now())
        return frame.answer(check_answers.run(ran))


@api.get(
    f"{REPO}/check-runs/<uuid:id>/annotations",
    summary="List annotations",
    responses={"200": AnnotationPage},
)
def list_annotations(path: CheckRunPath, query: frame.PageQuery) -> Any:
    """What a check run says of lines, in its order."""
    with requests.reading() as work:
        page = check_runs.annotated(
            work, path.path, path.id, after=paging.after(query.cursor), limit=query.limit
        )
        return frame.page([check_answers.annotation(each) for each in page.items], page.next)


def _commit(path: RepositoryPath, oid: str) -> str:
    """The whole id of a commit that is there."""
    return history.resolve(opened(path), oid.encode()).commit

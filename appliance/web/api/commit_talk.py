"""`/commits/{oid}/comments`, `/commits/{oid}/labels`: what people say of a commit."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from appliance.domain.commit_talk import Spot
from appliance.domain.conversations import MOST_LABELS, Reaction
from appliance.domain.pull_requests import LARGEST_LINE, Side
from appliance.services import commit_labels, commit_talk, history
from appliance.services.commit_talk import SaidOfCommit
from appliance.web import paging, requests
from appliance.web.api import frame
from appliance.web.api.bytes_text import exact, text
from appliance.web.api.history import RevisionPath, opened
from appliance.web.api.issues import LabelOfIssue, Text, label_of
from appliance.web.api.repositories import RepositoryPath

api = frame.area("commit comments", "What people say of commits: comments, reactions, labels.")

COMMIT = "/repos/<owner>/<name>/commits/<path:oid>"
COMMENTS = f"{COMMIT}/comments"
COMMENT = f"{COMMENTS}/<uuid:id>"
REACTION = f"{COMMENT}/reactions/<reaction>"
Line = Annotated[int | None, Field(ge=1, le=LARGEST_LINE)]


class CommitCommentPath(RevisionPath):
    """Which comment on which commit."""

    id: UUID


class CommitReactionPath(CommitCommentPath):
    """Which reaction to which comment."""

    reaction: Reaction


class NewCommitComment(frame.Body):
    """What is said, and of what: of the whole commit without a path."""

    body: Text
    path: str = Field("", max_length=4096, description="A file of its diff")
    side: Side = Field(Side.NEW, description="The file as the commit left it, or as it was before")
    start_line: Line = None
    line: Line = Field(None, description="The last line that is meant")


class CommitCommentBody(frame.Body):
    """What is said instead."""

    body: Text


class CommitCommentAnswer(frame.Answer):
    """A comment; of a deleted one, that there was one."""

    id: UUID
    author: str
    body: str
    path: str = Field(description="Empty: it is about the whole commit")
    path_base64: str | None
    side: Side
    start_line: int | None
    line: int | None
    is_deleted: bool
    deleted_by: str
    reactions: dict[str, int]
    created_at: datetime
    edited_at: datetime | None


class CommitCommentPage(frame.Answer):
    """Some comments."""

    items: list[CommitCommentAnswer]
    next: str | None


class CommitLabels(frame.Answer):
    """The labels of a commit."""

    labels: list[LabelOfIssue]


class CommitLabelsBody(frame.Body):
    """Which labels a commit is to have, and no others."""

    labels: list[str] = Field(max_length=MOST_LABELS)


class LabelledQuery(frame.PageQuery):
    """Which label."""

    label: str = Field(max_length=200)


class LabelledCommit(frame.Answer):
    """A commit that has the label."""

    commit: str
    given_at: datetime


class LabelledPage(frame.Answer):
    """Some commits, those that got the label last first."""

    items: list[LabelledCommit]
    next: str | None


@api.get(COMMENTS, summary="List comments on a commit", responses={"200": CommitCommentPage})
def list_comments(path: RevisionPath, query: frame.PageQuery) -> Any:
    """The oldest first."""
    commit = _commit(path)
    with requests.reading() as work:
        page = commit_talk.listed(
            work, path.path, commit, after=paging.after(query.cursor), limit=query.limit
        )
        return frame.page([_present(each) for each in page.items], page.next)


@api.post(COMMENTS, summary="Comment on a commit", responses={"201": CommitCommentAnswer})
def add(path: RevisionPath, body: NewCommitComment) -> Any:
    """For who may read the repository: of the whole commit, of a file of its diff, or of lines."""
    commit, name = _commit(path), body.path.encode("utf-8", "surrogatepass")
    spot = Spot(name, body.side, body.start_line or body.line, body.line or body.start_line)
    with requests.begin() as work:
        said = commit_talk.add(work, path.path, commit, body.body, spot, now=requests.now())
        made = _present(said)
    where = f"{frame.PREFIX}/repos/{path.path}/commits/{commit}/comments/{made.id}"
    return frame.answer(made, 201, where)


@api.get(COMMENT, summary="Show a comment on a commit", responses={"200": CommitCommentAnswer})
def show(path: CommitCommentPath) -> Any:
    """One that was not deleted."""
    commit = _commit(path)
    with requests.reading() as work:
        return frame.answer(_present(commit_talk.show(work, path.path, commit, path.id)))


@api.patch(COMMENT, summary="Change a comment on a commit", responses={"200": CommitCommentAnswer})
def change(path: CommitCommentPath, body: CommitCommentBody) -> Any:
    """One's own, or anybody's for triagers."""
    commit = _commit(path)
    with requests.begin() as work:
        frame.insist_on_match(_present(commit_talk.show(work, path.path, commit, path.id)))
        said = commit_talk.edit(work, path.path, commit, path.id, body.body, now=requests.now())
        return frame.answer(_present(said))


@api.delete(COMMENT, summary="Delete a comment on a commit", responses={"204": None})
def delete(path: CommitCommentPath) -> Any:
    """Its text is gone; that there was a comment stays."""
    commit = _commit(path)
    with requests.begin() as work:
        commit_talk.delete(work, path.path, commit, path.id, now=requests.now())
    return frame.nothing()


@api.put(REACTION, summary="React to a comment on a commit", responses={"204": None})
def react(path: CommitReactionPath) -> Any:
    """Safe to repeat."""
    return _react(path, given=True)


@api.delete(
    REACTION, summary="Remove a reaction from a comment on a commit", responses={"204": None}
)
def unreact(path: CommitReactionPath) -> Any:
    """Safe to repeat."""
    return _react(path, given=False)


@api.get(f"{COMMIT}/labels", summary="List labels of a commit", responses={"200": CommitLabels})
def list_labels(path: RevisionPath) -> Any:
    """By name."""
    commit = _commit(path)
    with requests.reading() as work:
        found = commit_labels.of_commits(work, path.path, [commit]).get(commit, [])
        return frame.answer(CommitLabels(labels=[label_of(each) for each in found]))


@api.put(f"{COMMIT}/labels", summary="Label a commit", responses={"200": CommitLabels})
def set_labels(path: RevisionPath, body: CommitLabelsBody) -> Any:
    """For triagers: these labels of the repository, and no others."""
    commit = _commit(path)
    with requests.begin() as work:
        found = commit_labels.set_all(work, path.path, commit, body.labels, now=requests.now())
        return frame.answer(CommitLabels(labels=[label_of(each) for each in found]))


@api.get(
    "/repos/<owner>/<name>/labelled-commits",
    summary="List commits with a label",
    responses={"200": LabelledPage},
)
def list_labelled(path: RepositoryPath, query: LabelledQuery) -> Any:
    """Those that got it last first."""
    with requests.reading() as work:
        page = commit_labels.labelled(
            *(work, path.path, query.label),
            after=paging.after(query.cursor),
            limit=query.limit,
        )
        return frame.page([LabelledCommit.model_validate(each) for each in page.items], page.next)


def _react(path: CommitReactionPath, *, given: bool) -> Any:
    commit = _commit(path)
    with requests.begin() as work:
        commit_talk.react(work, path.path, commit, path.id, path.reaction, given=given)
    return frame.nothing()


def _commit(path: RevisionPath) -> str:
    """The whole id of a commit that is there."""
    return history.resolve(opened(path), path.oid.encode()).commit


def _present(said: SaidOfCommit) -> CommitCommentAnswer:
    row = said.comment
    return CommitCommentAnswer(
        id=row.id,
        author=said.author,
        body=row.body,
        path=text(row.path),
        path_base64=exact(row.path),
        side=row.side,
        start_line=row.start_line,
        line=row.end_line,
        is_deleted=row.deleted_at is not None,
        deleted_by=said.deleted_by,
        reactions={str(kind): count for kind, count, _ in said.reactions},
        created_at=row.created_at,
        edited_at=row.edited_at,
    )

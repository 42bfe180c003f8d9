"""`/commits`, `/branches`, `/tags`: what happened in a repository, and what points at it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pydantic import AwareDatetime, Field

from appliance.domain.signatures import Finding, SignatureForm
from appliance.services import files, history, ref_updates
from appliance.services.history import Order, Wanted
from appliance.web import paging, requests, signed_work
from appliance.web import ref_updates as moves
from appliance.web.api import frame
from appliance.web.api.bytes_text import exact, tail, text
from appliance.web.api.repositories import RepositoryPath

if TYPE_CHECKING:
    from appliance.git.commits import Commit, Person
    from appliance.git.refs import Ref, RefPage
    from appliance.services.files import OpenRepository
    from appliance.services.signatures import Checked

api = frame.area("history", "Commits, branches and tags.")


class PersonAnswer(frame.Answer):
    """Somebody as git names them."""

    name: str
    email: str
    at: datetime


class SignatureAnswer(frame.Answer):
    """What came of checking a signature; `finding` is `verified`, or why it is not."""

    verified: bool
    finding: Finding
    form: SignatureForm | None
    key: str = Field(description="The key's fingerprint or id, as the signature names it")
    owner: str | None = Field(description="Who has registered the key")
    signed_at: datetime | None = Field(description="Where the signature itself names a time")
    by_appliance: bool = Field(description="The appliance has signed it for its owner")
    by_organisation: bool = Field(
        description="It counts by an authority of the repository's organisation"
    )


class CommitAnswer(frame.Answer):
    """A commit."""

    oid: str
    tree: str
    parents: list[str]
    author: PersonAnswer
    committer: PersonAnswer
    message: str
    is_signed: bool
    signature: SignatureAnswer | None


class CommitPage(frame.Answer):
    """Some commits, newest first."""

    items: list[CommitAnswer]
    next: str | None


class CommitQuery(frame.PageQuery):
    """Which commits."""

    ref: str = Field("", max_length=1024, description="A branch, tag or id; the default branch")
    path: str = Field("", max_length=4096, description="Only those that touched it; renames too")
    author: str = Field("", max_length=255)
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None


class RevisionPath(RepositoryPath):
    """Which commit: by its id or the beginning of it, or as a branch or tag that is at it."""

    oid: str = Field(min_length=1, max_length=1024, description="A branch, tag or id")


class RefAnswer(frame.Answer):
    """A branch or a tag."""

    name: str
    name_base64: str | None
    target: str
    commit: str | None
    at: datetime | None
    subject: str
    note: str | None = Field(description="What an annotated tag says")
    signature: SignatureAnswer | None


class RefPageAnswer(frame.Answer):
    """Some branches or tags."""

    items: list[RefAnswer]
    next: str | None


class RefQuery(frame.PageQuery):
    """Which branches or tags."""

    q: str = Field("", max_length=255, description="Part of a name")
    order: Order = Order.NAME


class NewBranch(frame.Body):
    """A branch to create."""

    name: str = Field(min_length=1, max_length=1024)
    start: str = Field(min_length=1, max_length=1024, description="A branch, tag or id")


class NewTag(NewBranch):
    """A tag to create; annotated if there is a message."""

    message: str | None = Field(None, max_length=65_536)


class ExpectedQuery(frame.Body):
    """Only if it is still there."""

    expected: str | None = Field(None, pattern=r"^[0-9a-f]{40}$")


class RefTail(RepositoryPath):
    """Which branch or tag; its name may have slashes."""

    ref: str


@api.get("/repos/<owner>/<name>/commits", summary="List commits", responses={"200": CommitPage})
def list_commits(path: RepositoryPath, query: CommitQuery) -> Any:
    """Newest first; a path is followed through renames."""
    repository = opened(path)
    start = resolve(repository, query.ref)
    if start is None:
        return frame.page([], None)
    wanted = Wanted(
        path=query.path.encode(), author=query.author, since=query.since, until=query.until
    )
    page = history.page(
        repository, start, wanted, cursor=paging.after(query.cursor), limit=query.limit
    )
    found = [step.commit for step in page.steps]
    return frame.page(present_commits(repository, found), page.cursor)


@api.get(
    "/repos/<owner>/<name>/commits/<path:oid>",
    summary="Show a commit",
    responses={"200": CommitAnswer},
)
def show_commit(path: RevisionPath) -> Any:
    """By its id or the beginning of it, or as a branch or tag; names may have slashes."""
    repository = opened(path)
    found = history.resolve(repository, path.oid.encode())
    commit = history.commit(repository, found.commit)
    return frame.answer(present_commits(repository, [commit])[0])


@api.get(
    "/repos/<owner>/<name>/branches", summary="List branches", responses={"200": RefPageAnswer}
)
def list_branches(path: RepositoryPath, query: RefQuery) -> Any:
    """By name, or by when they were changed."""
    return _list(path, query, history.branches)


@api.get("/repos/<owner>/<name>/tags", summary="List tags", responses={"200": RefPageAnswer})
def list_tags(path: RepositoryPath, query: RefQuery) -> Any:
    """By name, or by when they were made."""
    return _list(path, query, history.tags)


@api.post("/repos/<owner>/<name>/branches", summary="Create a branch", responses={"201": RefAnswer})
def create_branch(path: RepositoryPath, body: NewBranch) -> Any:
    """At a commit that is there already."""
    plan = moves.plan(path.path)
    repository = opened(path)
    start = history.resolve(repository, body.start.encode()).commit
    moves.move(plan, ref_updates.draft_branch(plan, body.name.encode(), start))
    return _made(repository, b"refs/heads/" + body.name.encode())


@api.post("/repos/<owner>/<name>/tags", summary="Create a tag", responses={"201": RefAnswer})
def create_tag(path: RepositoryPath, body: NewTag) -> Any:
    """With a message it is annotated."""
    plan = moves.plan(path.path)
    repository = opened(path)
    start = history.resolve(repository, body.start.encode()).commit
    message = body.message.encode() if body.message else None
    moves.move(plan, ref_updates.draft_tag(plan, body.name.encode(), start, message=message))
    return _made(repository, b"refs/tags/" + body.name.encode())


@api.delete(
    "/repos/<owner>/<name>/branches/<path:ref>", summary="Delete a branch", responses={"204": None}
)
def delete_branch(path: RefTail, query: ExpectedQuery) -> Any:
    """Not the default branch, nor a protected one."""
    moves.do(
        path.path,
        lambda plan: ref_updates.draft_branch_deletion(plan, tail(), expected=query.expected),
    )
    return frame.nothing()


@api.delete(
    "/repos/<owner>/<name>/tags/<path:ref>", summary="Delete a tag", responses={"204": None}
)
def delete_tag(path: RefTail, query: ExpectedQuery) -> Any:
    """Not a protected one."""
    moves.do(
        path.path,
        lambda plan: ref_updates.draft_tag_deletion(plan, tail(), expected=query.expected),
    )
    return frame.nothing()


def opened(path: RepositoryPath) -> OpenRepository:
    """The repository, for somebody who may read it."""
    with requests.reading() as work:
        return files.opened(work, path.path, repositories=requests.wiring().repositories)


def resolve(repository: OpenRepository, ref: str) -> str | None:
    """The commit a client names, or that of the default branch; None in an empty repository.

    Errors:
        NotFoundError: nothing is called so.
    """
    if not ref:
        return history.head(repository).oid
    return history.resolve(repository, ref.encode("utf-8", "surrogatepass")).commit


def _list(path: RepositoryPath, query: RefQuery, look: Any) -> Any:
    offset = paging.after(query.cursor) or 0
    repository = opened(path)
    page: RefPage = look(
        repository,
        order=query.order,
        containing=query.q.encode(),
        offset=offset,
        limit=query.limit,
    )
    following = offset + len(page.refs)
    checked = signed_work.of_tags(repository, page.refs)
    shown = [_present_ref(ref, checked.get(ref.target)) for ref in page.refs]
    return frame.page(shown, following if following < page.total else None)


def _made(repository: OpenRepository, name: bytes) -> Any:
    return frame.answer(_present_ref(history.one(repository, name)), 201)


def _present_ref(ref: Ref, signature: Checked | None = None) -> RefAnswer:
    return RefAnswer(
        name=text(ref.short),
        name_base64=exact(ref.short),
        target=ref.target,
        commit=ref.commit,
        at=ref.at,
        subject=text(ref.subject),
        note=None if ref.note is None else text(ref.note),
        signature=_present_signature(signature),
    )


def present_commits(repository: OpenRepository, commits: Sequence[Commit]) -> list[CommitAnswer]:
    """Commits as the API shows them."""
    checked = signed_work.of_commits(repository, commits)
    return [_present_commit(commit, checked.get(commit.oid)) for commit in commits]


def _present_commit(commit: Commit, signature: Checked | None) -> CommitAnswer:
    return CommitAnswer(
        oid=commit.oid,
        tree=commit.tree,
        parents=list(commit.parents),
        author=_present_person(commit.author),
        committer=_present_person(commit.committer),
        message=text(commit.message),
        is_signed=commit.is_signed,
        signature=_present_signature(signature),
    )


def _present_signature(checked: Checked | None) -> SignatureAnswer | None:
    if checked is None:
        return None
    return SignatureAnswer(
        verified=checked.is_verified,
        finding=checked.finding,
        form=checked.form,
        key=checked.key,
        owner=checked.owner or None,
        signed_at=checked.signed_at,
        by_appliance=checked.is_by_appliance,
        by_organisation=checked.is_by_organisation,
    )


def _present_person(person: Person) -> PersonAnswer:
    return PersonAnswer(name=text(person.name), email=text(person.email), at=person.at)

"""Wikis: pages written together by whoever may write to a repository, kept in one beside it.

`opened` asks who may, and `ref_updates.wiki_plan` whether they may write; every other function
here works on what these give, and needs no transaction.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from appliance.access import fetch_wiki
from appliance.db.repositories import Origin
from appliance.domain.permissions import Permission
from appliance.domain.wiki_pages import WikiPage, file_of, find, pages_of
from appliance.errors import ConflictError, InvalidError, NotFoundError, sentence
from appliance.services import files, history, ref_updates, search, wiki_beginnings
from appliance.services.ref_updates import Expect, Move, Put, Remove

if TYPE_CHECKING:
    from collections.abc import Sequence

    from appliance.db.unit_of_work import UnitOfWork
    from appliance.git.blobs import File
    from appliance.git.storage import RepositoryStore
    from appliance.git.write import Change
    from appliance.services.files import OpenRepository
    from appliance.services.ref_updates import Plan, Written

MOST_FOUND = 200
LARGEST_PAGE_BYTES = 1024 * 1024
FIND_CHARACTERS = 100


@dataclasses.dataclass(frozen=True)
class Contents:
    """The files of a wiki in one of its commits; none before the first."""

    repository: OpenRepository
    """The wiki as a repository; what its pages say of name, role and state is that of its home."""
    commit: str | None = None
    files: frozenset[bytes] = frozenset()
    pages: tuple[WikiPage, ...] = ()

    def page(self, name: str) -> WikiPage:
        """The page of that name.

        Errors:
            NotFoundError: there is none.
        """
        found = find(self.pages, name)
        if found is None:
            raise NotFoundError(sentence("There is no page %(name)s.", name=name))
        return found


@dataclasses.dataclass(frozen=True)
class Edit:
    """What is to become of a page. `old` is what it was called; empty for a new one."""

    name: str
    content: bytes
    old: str = ""
    message: str = ""
    expected: str | None = None
    """The object that the page must still be; empty: there must be none; None: never mind."""
    expected_head: str | None = None
    """The commit that the wiki must still be at."""


@dataclasses.dataclass(frozen=True)
class Found:
    """A page in which words were found, and the first line that has them."""

    page: WikiPage
    line: bytes


def opened(work: UnitOfWork, path: str, *, repositories: RepositoryStore) -> OpenRepository:
    """The wiki of the repository of that path, for somebody who may read it.

    Errors:
        HiddenError, MovedError: there is no such repository, or none for this actor.
        NotFoundError: it has no wiki.
    """
    wiki = fetch_wiki.of(work, path, Permission.REPOSITORY_READ)
    return dataclasses.replace(
        files.opened(work, path, repositories=repositories),
        id=wiki.id,
        default_branch=wiki.default_branch,
        content=Origin.READY,
        pushed_at=wiki.pushed_at,
        size_bytes=wiki.size_bytes,
        lfs_bytes=wiki.lfs_bytes,
        protections=(),
        place=repositories.folder(wiki.id),
    )


def contents(repository: OpenRepository, at: str = "") -> Contents:
    """What a wiki holds now, or held in a commit.

    Errors:
        NotFoundError: it has no such commit.
    """
    now = history.head(repository).oid
    commit = history.resolve(repository, at.encode()).commit if at else now
    if commit is None:
        return Contents(repository)
    paths = files.paths(repository, commit).paths
    return Contents(repository, commit, frozenset(paths), pages_of(paths))


def read(contents: Contents, page: WikiPage) -> File:
    """A page; its content only where it is not too large.

    Errors:
        NotFoundError: there is none any more.
    """
    commit = contents.commit or ""
    return files.read(contents.repository, commit, page.path, most_bytes=LARGEST_PAGE_BYTES)


def search_for(contents: Contents, words: str) -> list[Found]:
    """The pages whose name or text has these words, in any case of letters.

    Errors:
        InvalidError: they are too long.
    """
    if len(words) > FIND_CHARACTERS:
        most = FIND_CHARACTERS
        raise InvalidError.of("q", sentence("Look for at most %(most)s letters.", most=most))
    if contents.commit is None or not words.strip():
        return []
    matches = search.content(
        contents.repository, contents.commit, words, ignore_case=True, most=MOST_FOUND
    ).matches
    lines: dict[bytes, bytes] = {}
    for match in matches:
        lines.setdefault(match.path, match.content)
    wanted = words.strip().casefold()
    return [
        Found(page, lines.get(page.path, b""))
        for page in contents.pages
        if page.path in lines or wanted in page.title.casefold()
    ]


def draft(plan: Plan, contents: Contents, edit: Edit) -> Written:
    """The commit that writes a page, or writes it under another name.

    Errors:
        PreconditionError: the page, or the wiki, is not what it was.
        ConflictError: there is a page of the new name, or nothing would change.
        InvalidError: a page cannot be called so. NotFoundError: there is none to change.
    """
    present = contents.page(edit.old) if edit.old else None
    path = path_of(contents, edit)
    before = present.path if present is not None else path
    changes: list[Change] = []
    if edit.expected is not None or present is None:
        changes.append(Expect(before, edit.expected or None))
    if before != path:
        changes.append(Move(before, path))
    verb = "Write" if present is not None else "Add"
    usual = f"{verb} {path.decode()}"
    return _draft(plan, [*changes, Put(path, edit.content)], edit, usual)


def draft_deletion(plan: Plan, contents: Contents, edit: Edit) -> Written:
    """The commit that deletes the page `edit.old`; history keeps what it said.

    Errors:
        PreconditionError: the page, or the wiki, is not what it was. NotFoundError: there is none.
    """
    page = contents.page(edit.old)
    expected = [] if edit.expected is None else [Expect(page.path, edit.expected or None)]
    return _draft(plan, [*expected, Remove(page.path)], edit, f"Delete {page.path.decode()}")


def _draft(plan: Plan, changes: Sequence[Change], edit: Edit, usual: str) -> Written:
    return ref_updates.draft_files(
        plan,
        wiki_beginnings.BRANCH.encode(),
        changes,
        message=(edit.message.strip() or usual).encode(),
        expected_head=edit.expected_head,
    )


def path_of(contents: Contents, edit: Edit) -> bytes:
    """Where a page is to be: where it is, if it keeps its name.

    Errors:
        ConflictError: another page has that name. InvalidError: a page cannot be called so.
    """
    present = find(contents.pages, edit.old) if edit.old else None
    if present is not None and edit.name.strip() in {present.name, present.title}:
        return present.path
    path, other = file_of(edit.name), find(contents.pages, edit.name)
    if other is not None and other != present:
        raise ConflictError(sentence("There is a page %(name)s already.", name=other.title))
    return path

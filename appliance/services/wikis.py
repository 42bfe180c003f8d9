"""Wikis: pages written together by whoever may write to a repository, kept in one beside it.

`opened` asks who may, and `ref_updates.wiki_plan` whether they may write; every other function
here works on what these give, and needs no transaction.
"""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING

from appliance.access import fetch_wiki
from appliance.db.repositories import Origin, RepositoryHealth
from appliance.domain.permissions import Permission
from appliance.domain.wiki_pages import WikiPage, file_of, find, key_of, page_of, pages_of, part_key
from appliance.errors import ConflictError, InvalidError, NotFoundError, sentence
from appliance.services import files, history, ref_updates, search, wiki_beginnings
from appliance.services.ref_updates import Expect, Move, Put, Remove

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from appliance.db.unit_of_work import UnitOfWork
    from appliance.git.blobs import File
    from appliance.git.storage import RepositoryStore
    from appliance.git.tree import Entry
    from appliance.git.write import Change
    from appliance.services.files import OpenRepository
    from appliance.services.ref_updates import Plan, Written

MOST_FOUND = 200
LARGEST_PAGE_BYTES = 1024 * 1024
FIND_CHARACTERS = 100
MOST_FOLDERS = 100
"""How many folders are read for one page, whatever it links to."""


@dataclasses.dataclass(frozen=True)
class Contents:
    """The files of a wiki in one of its commits; none before the first. It keeps what was read."""

    repository: OpenRepository
    """The wiki as a repository; what its pages say of name, role and state is that of its home."""
    commit: str | None = None
    read: dict[bytes, dict[bytes, Entry]] = dataclasses.field(default_factory=dict, compare=False)
    """What folders hold, as far as anybody has asked."""

    @functools.cached_property
    def pages(self) -> tuple[WikiPage, ...]:
        """All its pages, by name: that reads every folder."""
        if self.commit is None:
            return ()
        return pages_of(files.paths(self.repository, self.commit).paths)

    def find(self, name: str) -> WikiPage | None:
        """The page of that name, in any case of letters; only folders on the way are read."""
        *above, _last = key_of(name).split("/")
        folders = [b""]
        for part in above:
            folders = [
                each.path
                for folder in folders
                for each in self._folder(folder).values()
                if each.is_folder and part_key(each.path.rpartition(b"/")[2]) == part
            ]
        return find(pages_of(self._files(folders)), name)

    def some(self, most: int) -> tuple[WikiPage, ...]:
        """So many pages, if there are so many; those of outer folders before those of inner."""
        found: list[WikiPage] = []
        folders = [b""]
        while folders and len(found) < most and len(self.read) < MOST_FOLDERS:
            found += [page for each in self._files(folders) if (page := page_of(each)) is not None]
            folders = [
                each.path
                for above in folders
                for each in self._folder(above).values()
                if each.is_folder
            ]
        return pages_of(page.path for page in found)

    def holds(self, path: bytes) -> bool:
        """Whether there is such a file, unless it is in one folder too many to look."""
        found = self._folder(path.rpartition(b"/")[0]).get(path)
        return found is not None and not found.is_folder

    def _folder(self, path: bytes) -> dict[bytes, Entry]:
        """What a folder holds; nothing, if there is none, or were too many to look."""
        if path not in self.read and self.commit is not None and len(self.read) < MOST_FOLDERS:
            try:
                found = files.entries(self.repository, self.commit, path)
            except NotFoundError:
                found = []
            self.read[path] = {each.path: each for each in found}
        return self.read.get(path, {})

    def _files(self, folders: Iterable[bytes]) -> Iterator[bytes]:
        for folder in folders:
            yield from (each.path for each in self._folder(folder).values() if not each.is_folder)

    def page(self, name: str) -> WikiPage:
        """The page of that name.

        Errors:
            NotFoundError: there is none.
        """
        found = self.find(name)
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
    health = work.session.get(RepositoryHealth, wiki.id)
    return dataclasses.replace(
        files.opened(work, path, repositories=repositories),
        id=wiki.id,
        default_branch=wiki.default_branch,
        content=Origin.READY,
        pushed_at=wiki.pushed_at,
        damaged_since=health.damaged_since if health is not None else None,
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
    return Contents(repository, commit)


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
    present = contents.find(edit.old) if edit.old else None
    if present is not None and edit.name.strip() in {present.name, present.title}:
        return present.path
    path, other = file_of(edit.name), contents.find(edit.name)
    if other is not None and other != present:
        raise ConflictError(sentence("There is a page %(name)s already.", name=other.title))
    return path

"""`/read`, `/tree`, `/blame`, `/diff`, `/archive`: what a commit holds, read."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

import flask
from pydantic import Field

from appliance.errors import InvalidError, NotFoundError, TooLargeError, sentence
from appliance.services import files, history
from appliance.services.files import EntryKind, Format
from appliance.web import paging, requests
from appliance.web.api import frame
from appliance.web.api.bytes_text import Encoding, Named, content, exact, tail, text
from appliance.web.api.history import opened, resolve
from appliance.web.api.repositories import RepositoryPath

if TYPE_CHECKING:
    from appliance.git.diff import Diff
    from appliance.git.diff_parse import DiffFile
    from appliance.git.tree import Entry
    from appliance.services.files import OpenRepository

api = frame.area("files", "Files and folders of a commit: read, compare and change them.")

LARGEST_READ_BYTES = 16 * 1024 * 1024  # JSON doubles it; larger files come raw, streamed.


class TailPath(RepositoryPath):
    """Which file or folder."""

    tail: str = ""


class AtQuery(frame.Body):
    """In which commit."""

    ref: str = Field("", max_length=1024, description="A branch, tag or id; the default branch")


class TreeQuery(frame.PageQuery):
    """In which commit, and where in a long folder."""

    ref: str = Field("", max_length=1024)


class LfsAnswer(frame.Answer):
    """What a large file's pointer says."""

    oid: str
    size_bytes: int


class FileAnswer(Named):
    """A file."""

    kind: EntryKind
    commit: str
    oid: str
    size_bytes: int
    encoding: Encoding
    content: str
    lfs: LfsAnswer | None


class EntryAnswer(Named):
    """One entry of a folder."""

    kind: EntryKind
    mode: str = Field(description="Octal, as git writes it")
    oid: str
    size_bytes: int | None


class TreeAnswer(frame.Answer):
    """Some entries of a folder."""

    items: list[EntryAnswer]
    next: str | None


class BlameRun(frame.Answer):
    """Lines that came with one commit."""

    first_line: int
    count: int
    commit: str
    author: str
    at: datetime
    subject: str


class BlameAnswer(Named):
    """Who wrote which lines."""

    commit: str
    items: list[BlameRun]


class DiffQuery(frame.Body):
    """What to compare."""

    base: str = Field(min_length=1, max_length=1024)
    head: str = Field(min_length=1, max_length=1024)
    from_merge_base: bool = Field(default=True, description="Compare from where the two parted")
    ignore_whitespace: bool = False


class LineAnswer(frame.Answer):
    """A line of a difference."""

    kind: str
    old: int | None
    new: int | None
    content: str


class HunkAnswer(frame.Answer):
    """Lines that differ, with some around them."""

    section: str
    lines: list[LineAnswer]


class DiffFileAnswer(Named):
    """A file that differs. `hunks` is null where they were not loaded."""

    status: str
    old_path: str
    added: int
    deleted: int
    is_binary: bool
    hunks: list[HunkAnswer] | None


class DiffAnswer(frame.Answer):
    """How two commits differ; `is_cut` says that not everything is shown."""

    base: str | None
    head: str
    total_files: int
    added: int
    deleted: int
    is_cut: bool
    files: list[DiffFileAnswer]


class ArchivePath(RepositoryPath):
    """Of what."""

    tail: str = Field(description="REF.zip or REF.tar.gz")


@api.get(
    "/repos/<owner>/<name>/read/<path:tail>", summary="Read a file", responses={"200": FileAnswer}
)
def read(path: TailPath, query: AtQuery) -> Any:
    """Text as text, everything else as base64."""
    repository, commit = _at(path, query.ref)
    file = files.read(repository, commit, tail(), most_bytes=LARGEST_READ_BYTES)
    if file.content is None:
        raise TooLargeError(
            sentence(
                "The file has %(size_bytes)s bytes. Fetch it raw or with git.",
                size_bytes=file.size_bytes,
            )
        )
    with requests.begin() as work:
        files.note_raw(work, path.path, tail(), commit=commit, size_bytes=file.size_bytes)
    words, encoding = content(file.content)
    lfs = file.lfs and LfsAnswer(oid=file.lfs.oid, size_bytes=file.lfs.size_bytes)
    return frame.answer(
        FileAnswer(
            path=text(tail()),
            path_base64=exact(tail()),
            kind=file.entry.kind,
            commit=commit,
            oid=file.entry.oid,
            size_bytes=file.size_bytes,
            encoding=encoding,
            content=words,
            lfs=lfs or None,
        )
    )


@api.get(
    "/repos/<owner>/<name>/tree", summary="List the root folder", responses={"200": TreeAnswer}
)
def root(path: RepositoryPath, query: TreeQuery) -> Any:
    """Folders first, each part by name."""
    return _list(path, b"", query)


@api.get(
    "/repos/<owner>/<name>/tree/<path:tail>",
    summary="List a folder",
    responses={"200": TreeAnswer},
)
def tree(path: TailPath, query: TreeQuery) -> Any:
    """Folders first, each part by name."""
    return _list(path, tail(), query)


@api.get(
    "/repos/<owner>/<name>/blame/<path:tail>",
    summary="Show blame",
    responses={"200": BlameAnswer},
)
def blame(path: TailPath, query: AtQuery) -> Any:
    """Runs of lines with the commit they came with."""
    repository, commit = _at(path, query.ref)
    found = files.blame(repository, commit, tail())
    runs = [
        BlameRun(
            first_line=run.first_line,
            count=run.count,
            commit=run.origin.oid,
            author=text(run.origin.author.name),
            at=run.origin.author.at,
            subject=text(run.origin.subject),
        )
        for run in found.runs
    ]
    shown = BlameAnswer(path=text(tail()), path_base64=exact(tail()), commit=commit, items=runs)
    return frame.answer(shown)


@api.get("/repos/<owner>/<name>/diff", summary="Compare two commits", responses={"200": DiffAnswer})
def diff(path: RepositoryPath, query: DiffQuery) -> Any:
    """Like git diff base...head, or base..head where that is asked for."""
    repository = opened(path)
    base = history.resolve(repository, query.base.encode("utf-8", "surrogatepass")).commit
    head = history.resolve(repository, query.head.encode("utf-8", "surrogatepass")).commit
    options = history.Options(ignore_whitespace=query.ignore_whitespace)
    look = history.compare if query.from_merge_base else history.between
    return frame.answer(present_diff(look(repository, base, head, options)))


@api.get(
    "/repos/<owner>/<name>/archive/<path:tail>",
    summary="Download all files of a commit",
    responses={"200": {"description": "The archive", "content": {"application/zip": {}}}},
)
def archive(path: ArchivePath) -> Any:
    """As zip or tar.gz."""
    ref, form = _archive_of(tail())
    repository = opened(path)
    commit = history.resolve(repository, ref).commit
    with requests.begin() as work:
        files.note_archive(work, path.path, commit=commit, form=form)
    prefix = f"{repository.name}-{commit[:10]}/".encode()
    body = files.archive(repository, commit, form=form, prefix=prefix)
    response = flask.Response(body, mimetype="application/octet-stream")
    kind: Literal["zip", "tar.gz"] = "zip" if form is Format.ZIP else "tar.gz"
    name = f"{repository.name}-{commit[:10]}.{kind}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _at(path: RepositoryPath, ref: str) -> tuple[OpenRepository, str]:
    repository = opened(path)
    commit = resolve(repository, ref)
    if commit is None:
        raise NotFoundError(sentence("%(path)s is empty.", path=path.path))
    return repository, commit


def _list(path: RepositoryPath, folder: bytes, query: TreeQuery) -> Any:
    repository = opened(path)
    commit = resolve(repository, query.ref)
    if commit is None:
        return frame.page([], None)
    offset = paging.after(query.cursor) or 0
    found = files.folder(repository, commit, folder, offset=offset, limit=query.limit)
    following = offset + len(found.entries)
    shown = [_present_entry(entry) for entry in found.entries]
    return frame.page(shown, following if following < found.total else None)


def _archive_of(name: bytes) -> tuple[bytes, Format]:
    for form in Format:
        ending = f".{form}".encode()
        if name.endswith(ending):
            return name.removesuffix(ending), form
    raise InvalidError.of("ref", "An archive is named REF.zip or REF.tar.gz.")


def _present_entry(entry: Entry) -> EntryAnswer:
    return EntryAnswer(
        path=text(entry.path),
        path_base64=exact(entry.path),
        kind=entry.kind,
        mode=f"{entry.mode:06o}",
        oid=entry.oid,
        size_bytes=entry.size_bytes,
    )


def present_diff(found: Diff) -> DiffAnswer:
    """A difference for programs."""
    return DiffAnswer(
        base=found.old,
        head=found.new,
        total_files=found.total_files,
        added=found.added,
        deleted=found.deleted,
        is_cut=found.is_cut,
        files=[_present_file(each) for each in found.files],
    )


def _present_file(file: DiffFile) -> DiffFileAnswer:
    hunks = None
    if file.hunks is not None:
        hunks = [
            HunkAnswer(
                section=text(hunk.section),
                lines=[
                    LineAnswer(
                        kind=line.kind.name.lower(),
                        old=line.old_number,
                        new=line.new_number,
                        content=text(line.content),
                    )
                    for line in hunk.lines
                ],
            )
            for hunk in file.hunks
        ]
    return DiffFileAnswer(
        path=text(file.path),
        path_base64=exact(file.path),
        status=file.status,
        old_path=text(file.old_path),
        added=file.added,
        deleted=file.deleted,
        is_binary=file.is_binary,
        hunks=hunks,
    )

"""What changed between two commits, bounded in files, lines and time.

- `of_commit(at, oid)` a commit against its first parent, or against nothing where it has none.
- `compare(at, base, head)` what `head` brought since it left `base` (three dots);
  `between(at, old, new)` one commit directly against another (two dots).
- `of_file(at, old, new, paths)` the hunks of one file whose hunks were left out.
- `merge_base(at, one, other)`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from appliance.errors import TimeoutExceededError, TooLargeError
from appliance.git import commits, failures, limits, lineage, process
from appliance.git.diff_parse import DiffFile, Parser
from appliance.git.handles import EMPTY_TREE, Kind, opened

# Larger files are told apart but not compared; git holds both in memory otherwise.
CONFIGURATION = {"core.bigFileThreshold": str(limits.DIFFED_BLOB_BYTES), "diff.renames": "true"}
PATCH = ("--raw", "--patch")  # Words that ask git for hunks, and for numbers of lines only.
NOTHING = (0, 0, False)
COUNTS = ("-z", "--numstat")
COUNTED_ALONE = 500  # Of this many paths at most git is asked alone; of more it is asked for all.
OUTPUT_BYTES = 128 * limits.MIB


@dataclass(frozen=True)
class Options:
    """What to show, and how much at most."""

    ignore_whitespace: bool = False
    context_lines: int = 3
    find_renames: bool = True
    most_files: int = limits.DIFF_FILES
    most_lines: int = limits.DIFF_LINES
    seconds: float = limits.PAGE_SECONDS


ORDINARY = Options()


@dataclass(frozen=True)
class Diff:
    """The files that differ between two trees.

    `old` is None where the new commit is a first one. `total_files` counts all; where `is_cut`, not
    all of them are here or not all have their hunks.
    """

    old: str | None
    new: str
    files: tuple[DiffFile, ...]
    total_files: int
    added: int
    deleted: int
    is_cut: bool


def of_commit(at: Path, oid: str, options: Options = ORDINARY) -> Diff:
    """What a commit changed: against its first parent, or all of it where it has none.

    Errors:
        NotFoundError: there is no such commit.
    """
    parents = commits.read(at, oid).parents
    return between_trees(at, parents[0] if parents else None, oid, options, ())


def compare(at: Path, base: str, head: str, options: Options = ORDINARY) -> Diff:
    """What `head` brought since the two went apart; all of it where they never were together.

    Errors:
        NotFoundError: one of the commits does not exist.
    """
    expect(at, base, head)
    return between_trees(at, merge_base(at, base, head), head, options, ())


def between(at: Path, old: str, new: str, options: Options = ORDINARY) -> Diff:
    """How one commit differs from another, however they are related.

    Errors:
        NotFoundError: one of the commits does not exist.
    """
    expect(at, old, new)
    return between_trees(at, old, new, options, ())


def of_file(
    at: Path,
    old: str | None,
    new: str,
    paths: Sequence[bytes],
    options: Options = ORDINARY,
) -> DiffFile | None:
    """One file of a diff with its hunks; `paths` are its old and its new path. None: no change.

    Errors:
        NotFoundError: one of the commits does not exist.
    """
    expect(at, *([new] if old is None else [old, new]))
    files = between_trees(at, old, new, options, tuple(dict.fromkeys(paths))).files
    return next((file for file in files if file.path == paths[-1]), files[0] if files else None)


def merge_base(at: Path, one: str, other: str) -> str | None:
    """The best commit that both have in their past; None where there is none."""
    parted = lineage.parted(at, one, other)
    if parted is not None:
        return parted
    finished = process.execute(["merge-base", "--end-of-options", one, other], at=at)
    if finished.status == 1 and not finished.complaint:
        return None
    failures.check(finished.status, finished.complaint)
    return finished.output.split(b"\n", 1)[0].decode()


def expect(at: Path, *oids: str) -> None:
    """Go on only if these commits are there.

    Errors:
        NotFoundError: one of them is not.
    """
    with opened(at) as handle:
        for oid in oids:
            handle.expect(oid, Kind.COMMIT)


def between_trees(
    at: Path,
    old: str | None,
    new: str,
    options: Options,
    paths: tuple[bytes, ...],
    objects: Mapping[str, str] | None = None,
) -> Diff:
    """How one tree or commit differs from another, which are both there.

    `objects` lets git see objects that are elsewhere, as variables of its environment. With paths
    it is about those only, and finds no renames from or to others.
    """
    parser = Parser(most_files=options.most_files, most_lines=options.most_lines)
    words = _words((*PATCH, f"--unified={options.context_lines}"), old, new, options, paths)
    is_whole = False
    try:
        with process.stream(
            words,
            at=at,
            timeout_seconds=options.seconds,
            output_bytes=OUTPUT_BYTES,
            configuration=CONFIGURATION,
            extra=objects,
        ) as speech:
            is_whole = _feed(parser, speech)
            if is_whole:
                speech.check()
    except (TimeoutExceededError, TooLargeError):
        if not parser.total_files:
            raise
    files = parser.finish(is_whole=is_whole)
    if any(file.hunks is None for file in files) or parser.total_files > len(files):
        return _counted(at, old, new, options, files, parser.total_files, paths, objects)
    added, deleted = sum(file.added for file in files), sum(file.deleted for file in files)
    return Diff(old, new, files, parser.total_files, added, deleted, is_cut=False)


def _feed(parser: Parser, chunks: Iterable[bytes]) -> bool:
    """Give the lines of a stream to the parser; False where it had enough before the end."""
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        parser.feed(lines)
        if parser.is_full:
            return False
    return True


def _words(
    form: tuple[str, ...], old: str | None, new: str, options: Options, paths: tuple[bytes, ...]
) -> list[str | bytes]:
    words: list[str | bytes] = ["diff-tree", "-r", "--full-index", "--no-ext-diff"]
    words += ["--no-textconv", *form]
    words += [f"-l{limits.RENAME_CANDIDATES}"]
    words.append("--find-renames" if options.find_renames else "--no-renames")
    if options.ignore_whitespace:
        words.append("--ignore-all-space")
    return [*words, old or EMPTY_TREE, new, "--", *paths]


def _counted(
    at: Path,
    old: str | None,
    new: str,
    options: Options,
    files: tuple[DiffFile, ...],
    total: int,
    paths: tuple[bytes, ...],
    objects: Mapping[str, str] | None,
) -> Diff:
    """A diff that was cut, with the number of lines of all its files from a cheaper question."""
    is_all = total <= len(files)
    if is_all and not paths:
        paths = _few(file for file in files if file.hunks is None)
    words = _words(COUNTS, old, new, options, paths)
    try:
        answer = process.run(
            words,
            at=at,
            timeout_seconds=options.seconds,
            configuration=CONFIGURATION,
            extra=objects,
        )
    except (TimeoutExceededError, TooLargeError):
        added, deleted = sum(file.added for file in files), sum(file.deleted for file in files)
        return Diff(old, new, files, max(total, len(files)), added, deleted, is_cut=True)
    counts = {path: (added, gone, binary) for path, added, gone, binary in _counts(answer)}
    known = tuple(
        file if file.hunks is not None else _with_count(file, *counts.get(file.path, NOTHING))
        for file in files
    )
    said = [(file.added, file.deleted, False) for file in known] if is_all else counts.values()
    added, deleted = (sum(count[which] for count in said) for which in (0, 1))
    return Diff(old, new, known, max(total, len(files)), added, deleted, is_cut=True)


def _few(files: Iterable[DiffFile]) -> tuple[bytes, ...]:
    """The paths of these files, both of each rename; none where git had better look at all.

    Git compares every entry with every path.
    """
    paths = {path for file in files for path in (file.old_path, file.new_path)}
    return tuple(sorted(paths)) if len(paths) <= COUNTED_ALONE else ()


def _counts(answer: bytes) -> Iterator[tuple[bytes, int, int, bool]]:
    """Path, lines added and deleted, and whether binary. Source: git-diff-tree(1), --numstat."""
    fields = iter(answer.split(b"\0")[:-1])
    for field in fields:
        added, deleted, path = field.split(b"\t", 2)
        if not path:
            next(fields)
            path = next(fields)
        is_binary = added == b"-"
        yield path, 0 if is_binary else int(added), 0 if is_binary else int(deleted), is_binary


def _with_count(file: DiffFile, added: int, deleted: int, is_binary: bool) -> DiffFile:  # noqa: FBT001 — unpacked.
    return replace(file, added=added, deleted=deleted, is_binary=is_binary)

"""Searches a commit's files by content and by name, bounded in results and time.

- `content(at, commit, pattern, ...)` lines that match; `files(at, commit, query)` paths.
- Commits are searched with `history.page` and its `Wanted(message=..., author=...)`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from appliance.errors import InvalidError, TimeoutExceededError, TooLargeError, sentence
from appliance.git import failures, limits, process, tree
from appliance.git.diff import CONFIGURATION
from appliance.git.handles import Kind, opened

MATCHES_PER_FILE = 50


@dataclass(frozen=True)
class Match:
    """One line that matches. Lines and columns begin at 1; columns count bytes."""

    path: bytes
    line: int
    column: int
    content: bytes


@dataclass(frozen=True)
class Matches:
    """Lines that match, in the order of paths; not all where `is_cut`."""

    matches: tuple[Match, ...]
    is_cut: bool


def content(
    at: Path,
    commit: str,
    pattern: str,
    *,
    ignore_case: bool = False,
    path: bytes = b"",
    most: int = limits.SEARCH_RESULTS,
    seconds: float = limits.PAGE_SECONDS,
) -> Matches:
    """Lines of text files that contain `pattern`; `grep` looks for expressions.

    Errors:
        NotFoundError: there is no such commit.
        InvalidError: the pattern is empty or too long.
    """
    _check_pattern(pattern)
    with opened(at) as handle:
        handle.expect(commit, Kind.COMMIT)
    words: list[str | bytes] = ["grep", "-I", "-n", "-z", "--column", "--full-name"]
    words += [f"--max-count={MATCHES_PER_FILE}", "-F"]
    if ignore_case:
        words.append("-i")
    words += ["-e", pattern, commit, "--"]
    if path:
        words.append(path)
    return _search(at, words, commit, most, seconds)


def files(
    at: Path,
    commit: str,
    query: bytes,
    *,
    most: int = limits.SEARCH_RESULTS,
    seconds: float = limits.PAGE_SECONDS,
) -> tree.Paths:
    """Paths that contain every word of the query in any case of letters, closest first.

    Errors:
        NotFoundError: there is no such commit.
    """
    if not query.strip():
        raise InvalidError.of("q", "Say what to look for.")
    known = tree.paths(at, commit, seconds=seconds)
    found = ranked(known.paths, query)
    return tree.Paths(tuple(found[:most]), known.is_cut or len(found) > most)


def ranked(paths: Iterable[bytes], query: bytes) -> list[bytes]:
    """Those paths that contain every word of the query in any case of letters, closest first."""
    words = query.lower().split()
    found = [
        (_rank(lowered, words), path)
        for path in paths
        if all(word in (lowered := path.lower()) for word in words)
    ]
    return [path for _rank_of, path in sorted(found)]


def _rank(path: bytes, words: list[bytes]) -> tuple[int, int]:
    """How far a path is from what was asked: its name, the name's start, part of it, the rest."""
    name = path.rpartition(b"/")[2]
    last = words[-1]
    if name == last:
        return 0, len(path)
    if name.startswith(last):
        return 1, len(path)
    return (2 if last in name else 3), len(path)


def _check_pattern(pattern: str) -> None:
    if not pattern or "\n" in pattern or "\0" in pattern:
        raise InvalidError.of("q", "Say what to look for, on one line.")
    if len(pattern.encode(errors="surrogateescape")) > limits.PATTERN_BYTES:
        raise InvalidError.of(
            "q",
            sentence(
                "A pattern has at most %(pattern_bytes)s bytes.", pattern_bytes=limits.PATTERN_BYTES
            ),
        )


def _search(at: Path, words: list[str | bytes], commit: str, most: int, seconds: float) -> Matches:
    found: list[Match] = []
    rest = b""
    try:
        with process.stream(
            words, at=at, timeout_seconds=seconds, configuration=CONFIGURATION
        ) as speech:
            for chunk in speech:
                *lines, rest = (rest + chunk).split(b"\n")
                found += _read(lines, commit)
                if len(found) > most:
                    return Matches(tuple(found[:most]), is_cut=True)
            _check_end(speech)
    except (TimeoutExceededError, TooLargeError):
        return Matches(tuple(found), is_cut=True)
    return Matches(tuple(found), is_cut=False)


def _check_end(speech: process.Speech) -> None:
    status = speech.wait()
    if status == 1:  # Nothing matched.
        return
    failures.check(status, speech.complaint)


def _read(lines: list[bytes], commit: str) -> list[Match]:
    """Git's lines as data: `commit:path NUL line NUL column NUL content`."""
    matches = []
    start = len(commit) + 1
    for line in lines:
        fields = line.split(b"\0", 3)
        # A path with a newline in it falls apart; its matches are left out.
        if len(fields) == 4 and fields[0].startswith(commit.encode()):  # noqa: PLR2004 — as above.
            path, number, column, text = fields
            place = int(number), int(column)
            matches.append(Match(path[start:], *place, text[: limits.SEARCH_LINE_BYTES]))
    return matches

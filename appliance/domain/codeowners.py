"""CODEOWNERS: which line of it gives a file to whom. Source: gitignore(5), "PATTERN FORMAT".

As forges have agreed: the last line that fits decides, `@user`, `@org/team` or an address own,
and a line with a pattern alone takes owners away. `!` and `[...]` mean nothing here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from appliance.domain.path_patterns import PathPattern, below

PLACES = (b"CODEOWNERS", b".codara/CODEOWNERS", b".github/CODEOWNERS", b"docs/CODEOWNERS")
"""Where it may be; the first that is there counts."""
MOST_BYTES = 512 * 1024
MOST_LINES = 2_000
MOST_OWNERS = 50
WILD = frozenset(b"*?[\\")


@dataclass(frozen=True)
class OwnerLine:
    """One line: a pattern, and who owns what fits."""

    number: int
    pattern: str
    owners: tuple[str, ...]

    @cached_property
    def _ready(self) -> PathPattern:
        return ready(self.pattern.encode())

    @cached_property
    def first(self) -> bytes | None:
        """The folder in which everything is that it is about, where its pattern says so."""
        parts = self.pattern.encode().split(b"/")
        start = parts[1] if parts[0] == b"" else parts[0]
        is_rooted = parts[0] == b"" or any(parts[1:])
        return start if is_rooted and start and not WILD & set(start) else None

    def fits(self, path: bytes) -> bool:
        """Whether a file is meant."""
        return fits(self.pattern.encode(), self._ready, path)


@dataclass(frozen=True)
class Problem:
    """A line that says nothing, and why."""

    number: int
    line: str
    why: str
    """`pattern`, `owner` or `too_many`."""


@dataclass(frozen=True)
class CodeOwners:
    """The whole file."""

    lines: tuple[OwnerLine, ...] = ()
    problems: tuple[Problem, ...] = ()

    def line_of(self, path: bytes) -> OwnerLine | None:
        """The line that decides about a file; None where none does."""
        candidates = self._candidates(path.partition(b"/")[0])
        return next((line for line in candidates if line.fits(path)), None)

    def _candidates(self, first: bytes) -> tuple[OwnerLine, ...]:
        """The lines that may be about something in a folder of the root, the last one first."""
        found = self._by_first.get(first)
        if found is None:
            reverse = reversed(self.lines)
            found = tuple(line for line in reverse if line.first in {None, first})
            self._by_first[first] = found
        return found

    @cached_property
    def _by_first(self) -> dict[bytes, tuple[OwnerLine, ...]]:
        """What was found out for folders already."""
        return {}

    def owners_of(self, path: bytes) -> tuple[str, ...]:
        """Who owns a file, as they are named."""
        line = self.line_of(path)
        return line.owners if line is not None else ()

    @property
    def named(self) -> frozenset[str]:
        """All owners that the file names."""
        return frozenset(owner for line in self.lines for owner in line.owners)


UNREADABLE = CodeOwners((OwnerLine(0, "*", ("CODEOWNERS",)),), (Problem(0, "", "too_many"),))
"""A file that is too large to be read: it gives everything to nobody, and nothing away."""


@dataclass(frozen=True)
class Coverage:
    """How much of a tree has owners."""

    files: int
    owned: int
    by_line: tuple[tuple[OwnerLine, int], ...]
    """How many files each line decides about."""
    unowned: tuple[bytes, ...]
    """Some of the files that have none."""


def parse(content: bytes) -> CodeOwners:
    """What a file says; what cannot be understood is a problem, and owns nothing."""
    lines: list[OwnerLine] = []
    problems: list[Problem] = []
    text = content[:MOST_BYTES].decode("utf-8", "replace")
    for number, raw in enumerate(text.split("\n"), 1):
        words = raw.split("#", 1)[0].split()
        if not words:
            continue
        found = _line(number, words)
        why = _problem(words) if len(lines) < MOST_LINES else "too_many"
        if why is None:
            lines.append(found)
        else:
            problems.append(Problem(number, raw.strip()[:200], why))
    return CodeOwners(tuple(lines), tuple(problems))


def _line(number: int, words: Sequence[str]) -> OwnerLine:
    return OwnerLine(number, words[0], tuple(dict.fromkeys(words[1:])))


def _problem(words: Sequence[str]) -> str | None:
    pattern = words[0]
    if pattern.startswith("!") or "[" in pattern:
        return "pattern"
    if len(words) > MOST_OWNERS + 1:
        return "too_many"
    is_owner = all(
        (word.startswith("@") and len(word) > 1) or "@" in word[1:] for word in words[1:]
    )
    return None if is_owner else "owner"


def coverage(owners: CodeOwners, paths: Iterable[bytes], *, most_named: int = 200) -> Coverage:
    """How many of some files have owners."""
    counts: dict[int, int] = {}
    files = owned = 0
    unowned: list[bytes] = []
    for path in paths:
        files += 1
        line = owners.line_of(path)
        if line is not None:
            counts[line.number] = counts.get(line.number, 0) + 1
        if line is not None and line.owners:
            owned += 1
        elif len(unowned) < most_named:
            unowned.append(path)
    by_line = tuple((line, counts.get(line.number, 0)) for line in owners.lines)
    return Coverage(files, owned, by_line, tuple(unowned))


def grouped(owners: CodeOwners, paths: Iterable[bytes]) -> dict[OwnerLine, tuple[bytes, ...]]:
    """Changed files by the line that gives them to somebody."""
    found: dict[OwnerLine, list[bytes]] = {}
    for path in paths:
        line = owners.line_of(path)
        if line is not None and line.owners:
            found.setdefault(line, []).append(path)
    return {line: tuple(listed) for line, listed in found.items()}


def ready(glob: bytes) -> PathPattern:
    """A pattern of files: one that ends with a slash is about all that is below."""
    if not glob.endswith(b"/"):
        return below(b"", glob)
    at_depth = b"" if b"/" in glob[:-1] else b"**/"
    return below(b"", at_depth + glob + b"**")


def fits(glob: bytes, pattern: PathPattern, path: bytes) -> bool:
    """Whether a pattern is about a file: by its path, or by that of a folder above it.

    `docs/*` is about the files in `docs` alone; `docs/` and `docs` are about all below.
    """
    if pattern.fits(path):
        return True
    if glob.endswith((b"/*", b"/")):
        return False
    folders = path.split(b"/")[:-1]
    return any(pattern.fits(b"/".join(folders[:end])) for end in range(1, len(folders) + 1))


def any_fits(globs: Iterable[str], paths: Iterable[bytes]) -> list[bytes]:
    """Those of some files that one of some patterns is about."""
    made = [(glob.encode(), ready(glob.encode())) for glob in globs]
    return [path for path in paths if any(fits(glob, each, path) for glob, each in made)]

"""Lays out files for the program that looks for weaknesses: under names of ours, so that neither a
path nor a link of somebody else's is ever followed, and no file of theirs configures it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

LARGEST_BYTES = 1_000_000
MOST_LINES = 50_000
LONGEST_LINE_BYTES = 20_000
DEEPEST = 500
"""So many brackets may be open at once; parsers follow each with a step of their stack."""
SUFFIX_OF = {
    **dict.fromkeys(("py", "pyi"), "py"),
    **dict.fromkeys(("js", "mjs", "cjs", "jsx"), "jsx"),
    "ts": "ts",
    "mts": "ts",
    "cts": "ts",
    "tsx": "tsx",
    "java": "java",
    "go": "go",
    "rb": "rb",
    "tf": "tf",
    "yaml": "yaml",
    "yml": "yaml",
}
"""The languages that there are rules for."""
_OPENED = re.compile(rb"[\[({]")
_BRACKETS = re.compile(rb"[\[\](){}]")


class Skipped(StrEnum):
    """Why a file was not looked at, or not all of it."""

    TOO_LARGE = "too_large"
    TOO_MANY_LINES = "too_many_lines"
    LINE_TOO_LONG = "line_too_long"
    TOO_DEEP = "too_deep"
    BINARY = "binary"
    NOT_READ = "not_read"
    """It is no code of that language, or only in part."""
    TOOK_TOO_LONG = "took_too_long"
    TOO_MUCH_MEMORY = "too_much_memory"
    PROGRAM_FAILED = "program_failed"
    NO_MORE_TIME = "no_more_time"
    TOO_MANY_FILES = "too_many_files"


@dataclass(frozen=True)
class SourceFile:
    """A file of a repository, with what stands in it."""

    path: bytes
    object_id: str
    content: bytes = field(repr=False)


def suffix(path: bytes) -> str | None:
    """How a copy of the file is to end; None where no rule is for it."""
    name = path.rpartition(b"/")[2].decode("utf-8", "replace")
    if name == "Dockerfile" or name.startswith("Dockerfile.") or name.endswith(".Dockerfile"):
        return "Dockerfile"
    return SUFFIX_OF.get(name.rpartition(".")[2].lower()) if "." in name else None


def unfit(content: bytes) -> Skipped | None:
    """Why a file would only cost time, or more; None where it is fit to be looked at."""
    if len(content) > LARGEST_BYTES:
        return Skipped.TOO_LARGE
    if b"\0" in content:
        return Skipped.BINARY
    if content.count(b"\n") > MOST_LINES:
        return Skipped.TOO_MANY_LINES
    if any(len(line) > LONGEST_LINE_BYTES for line in content.split(b"\n")):
        return Skipped.LINE_TOO_LONG
    return Skipped.TOO_DEEP if _depth(content) > DEEPEST else None


def _depth(content: bytes) -> int:
    if len(_OPENED.findall(content)) <= DEEPEST:
        return 0
    depth = deepest = 0
    for found in _BRACKETS.finditer(content):
        depth = depth + 1 if found[0] in b"[({" else max(0, depth - 1)
        deepest = max(deepest, depth)
    return deepest


def lay_out(folder: Path, files: Iterable[SourceFile]) -> Mapping[str, SourceFile]:
    """Write files into an empty folder; gives each by the name that it has there."""
    placed: dict[str, SourceFile] = {}
    for number, file in enumerate(files):
        ending = suffix(file.path)
        if ending is None:
            continue
        name = f"{number:06}/" + (ending if ending == "Dockerfile" else f"file.{ending}")
        place = folder / name
        place.parent.mkdir()
        place.write_bytes(file.content)
        placed[name] = file
    # Without one of ours, the program would leave out folders of its own choice.
    (folder / ".semgrepignore").write_bytes(b"")
    return placed

"""What a reviewer suggests instead of some lines: found in a comment, and put into a file.

A suggestion is a fenced block of Markdown whose first word after the fence is `suggestion`.
Source: CommonMark 0.31, section 4.5, for fences.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from appliance.errors import ConflictError, sentence

FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})[ \t]*(.*?)[ \t]*$")
WORD = "suggestion"
LINE = re.compile(rb"[^\n]*\n|[^\n]+")


@dataclass(frozen=True)
class Edit:
    """Lines of a file, counted from 1, and the whole lines that are to stand there instead."""

    first: int
    last: int
    text: str


def suggested(comment: str) -> tuple[str, ...]:
    """The texts that a comment suggests, each of whole lines."""
    return split(comment)[1]


def split(comment: str) -> tuple[str, tuple[str, ...]]:
    """What a comment says beside what it suggests, and that."""
    said: list[str] = []
    found: list[str] = []
    block: _Block | None = None
    for line in comment.replace("\r\n", "\n").split("\n"):
        match = FENCE.match(line)
        if block is None:
            block = _begun(match)
            target = [] if block and block.is_suggestion else said
            target.append(line)
        elif not block.ends(match):
            (block.lines if block.is_suggestion else said).append(line)
        else:
            if block.is_suggestion:
                found.append("".join(f"{each}\n" for each in block.lines))
            else:
                said.append(line)
            block = None
    return "\n".join([*said, *(block.lines if block else ())]), tuple(found)


@dataclass
class _Block:
    """A fenced block that has begun. Its state is what it holds so far."""

    fence: str
    is_suggestion: bool
    lines: list[str] = field(default_factory=list)

    def ends(self, match: re.Match[str] | None) -> bool:
        return match is not None and match[1].startswith(self.fence) and not match[2]


def _begun(match: re.Match[str] | None) -> _Block | None:
    if match is None or (match[1][0] == "`" and "`" in match[2]):
        return None
    return _Block(match[1], match[2].split(" ")[0] == WORD)


def applied(content: bytes, edits: Iterable[Edit]) -> bytes:
    """A file with all these edits, whose lines are counted before the first of them.

    An empty text takes the lines away. Lines end as the first of those they replace did.

    Errors:
        ConflictError: two of them are about the same line, or the file has no such line.
    """
    lines = LINE.findall(content)
    before = len(lines) + 1
    for edit in sorted(edits, key=lambda each: each.first, reverse=True):
        if not 1 <= edit.first <= edit.last <= len(lines):
            raise ConflictError("The file no longer has the lines of a suggestion.")
        if edit.last >= before:
            raise ConflictError(
                sentence("Two suggestions are about line %(line)s. Apply one.", line=before)
            )
        before = edit.first
        lines[edit.first - 1 : edit.last] = _replacement(edit, lines)
    return b"".join(lines)


def _replacement(edit: Edit, lines: list[bytes]) -> list[bytes]:
    replaced = lines[edit.first - 1 : edit.last]
    end = b"\r\n" if replaced[0].endswith(b"\r\n") else b"\n"
    new = [line[:-1] + end for line in LINE.findall(edit.text.encode())]
    if new and not replaced[-1].endswith(b"\n"):
        new[-1] = new[-1].removesuffix(end)
    return new

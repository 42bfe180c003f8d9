"""What stands in a file in another spelling: UTF-16, base64, escapes, joined lines.

Each layer is bytes again, and goes through the same scan. All are linear in the file, and together
they are never much larger than it.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from appliance.scanning.secrets.matching import Signs, best_signs
from appliance.scanning.secrets.rule_shapes import compile_bytes

UTF_16_MARKS = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
LOOKED_AT_BYTES = 512
LEAST_ZEROS = 0.3

LONGEST_BASE64_BYTES = 1 << 20
MOST_BASE64_RUNS = 2000
HEAD_BYTES = 24
LINE_BEFORE_BYTES = 120
TEXT_BYTES = bytes([9, 10, 13, *range(32, 127)])
MOSTLY_TEXT = 0.95
STANDARD = bytes.maketrans(b"-_", b"+/")
RUN_CHARACTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/_-"
RUN_WINDOW_BYTES = 4096
SHORT_RUN = re.compile(rb"[A-Za-z0-9+/]{12,}={0,2}")
WRAPPED_AT = range(60, 77)
BETWEEN_LINES = re.compile(rb"[ \t]{0,40}(?:\\n|\r?\n)[ \t]{0,40}")
LAST_LINE = re.compile(BETWEEN_LINES.pattern + rb"[A-Za-z0-9+/]{1,76}={0,2}")

ESCAPED = re.compile(rb"(?:\\u00|\\x|%)([2-7][0-9a-fA-F])")

SEAM = (
    r"\\\r?\n[ \t]*|[\"'][ \t]*[+.&\\]?[ \t]*\r?\n[ \t]*(?:[+.&][ \t]*)?[bfru]{0,2}[\"']"
    r"|[\"'][ \t]{0,4}[+.][ \t]{0,4}[\"']"
)
AROUND_BYTES = 300

SIGNS = (
    r"[A-Za-z0-9+/_-]{24}={0,2}(?:[^A-Za-z0-9+/_=-]|\z)",
    r"\\u00[2-7][0-9a-fA-F]|\\x[2-7][0-9a-fA-F]|%[2-7][0-9a-fA-F]",
    SEAM,
    r"kind:[ \t]{0,8}[\"']?Secret",
)
"""Where something may be spelled otherwise: base64, escapes, seams, a manifest with secrets."""
RUN, ESCAPE, SEAMS, MANIFEST = range(4)


@dataclass(frozen=True)
class Layer:
    """A part of a file in plain spelling; `start` is where in the file it comes from."""

    name: str
    data: bytes
    start: int = 0


def unicode_text(data: bytes) -> Layer | None:
    """A file in UTF-16, in UTF-8."""
    encoding = UTF_16_MARKS.get(data[:2]) or _unmarked(data[:LOOKED_AT_BYTES])
    if encoding is None:
        return None
    return Layer("utf-16", data.decode(encoding, "replace").encode())


def _unmarked(begin: bytes) -> str | None:
    """UTF-16 without a mark: every other byte is zero, and nearly none of those between."""
    if len(begin) < 8:  # noqa: PLR2004 - four characters tell nothing.
        return None
    zeros = [begin[side::2].count(0) / len(begin[side::2]) for side in (0, 1)]
    if max(zeros) < 1 - LEAST_ZEROS or min(zeros) > LEAST_ZEROS / 2:
        return None
    return "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"


class Spellings:
    """Undoes other spellings. Keeps what is compiled, and no state of a scan."""

    def __init__(self, signs: Signs | None = None) -> None:
        self._signs = signs or best_signs(SIGNS, single=(ESCAPE, MANIFEST))
        self._seam = compile_bytes(SEAM)

    def inner(self, data: bytes) -> Iterator[Layer]:
        """Everything in a text that is spelled otherwise, one layer deep."""
        ends = self._signs.ends(data)
        if ends[MANIFEST]:
            yield from _of_runs(data, (run.span() for run in SHORT_RUN.finditer(data)))
        elif ends[RUN]:
            yield from _of_runs(data, _groups(data, ends[RUN]))
        if ends[ESCAPE]:
            yield Layer("escapes", ESCAPED.sub(_character, data))
        if ends[SEAMS]:
            yield Layer("joined", self._joined(data, ends[SEAMS]))

    def _joined(self, data: bytes, seams: list[int]) -> bytes:
        """What stands around the seams between lines or pieces of a text, without the seams."""
        stretches: list[tuple[int, int]] = []
        for seam in seams:
            start, end = max(0, seam - AROUND_BYTES), seam + AROUND_BYTES
            if stretches and start <= stretches[-1][1]:
                stretches[-1] = (stretches[-1][0], end)
            else:
                stretches.append((start, end))
        return b"\n".join(self._seam.sub(b"", data[start:end]) for start, end in stretches)


def _groups(data: bytes, ends: list[int]) -> Iterator[tuple[int, int]]:
    """Runs of base64, those that continue on the next line as one."""
    begin = last = size = -1
    for sign in ends:
        start, end = _run(data, sign)
        if start < last:
            continue
        if begin < 0 or size not in WRAPPED_AT or not BETWEEN_LINES.fullmatch(data, last, start):
            if begin >= 0:
                yield begin, _last_line(data, last, size)
            begin = start
        last, size = end, end - start
    if begin >= 0:
        yield begin, _last_line(data, last, size)


def _last_line(data: bytes, end: int, size: int) -> int:
    """Where a group ends, with a last line that is too short to be a run of its own."""
    more = LAST_LINE.match(data, end) if size in WRAPPED_AT else None
    return more.end() if more else end


def _run(data: bytes, end: int) -> tuple[int, int]:
    """Where a run of base64 begins and ends, of which the sign says that it has ended."""
    if data[end - 1] not in RUN_CHARACTERS + b"=":
        end -= 1
    body, window = end - (data[max(0, end - 2) : end].count(b"=")), RUN_WINDOW_BYTES
    start = body
    while start > 0:
        begin = max(0, start - window)
        kept = len(data[begin:start].rstrip(RUN_CHARACTERS))
        start = begin + kept
        if kept:
            break
        window *= 8
    return start, end


def _of_runs(data: bytes, runs: Iterable[tuple[int, int]]) -> Iterator[Layer]:
    """Each text in base64, behind the beginning of its line: that names what it is."""
    found = 0
    for start, end in runs:
        decoded = _decoded(data[start : min(end, start + LONGEST_BASE64_BYTES)])
        if decoded is None:
            continue
        found += 1
        if found > MOST_BASE64_RUNS:
            return
        begin = max(data.rfind(b"\n", 0, start) + 1, start - LINE_BEFORE_BYTES)
        yield Layer("base64", data[begin:start] + decoded, start)


def _decoded(run: bytes) -> bytes | None:
    """The text that was written in base64, if this is one."""
    begin = run[:HEAD_BYTES]
    if begin.islower() or begin.isupper():  # Names are, and base64 of a text never is.
        return None
    head = _plain(begin)
    if head is None or not _is_text(head):
        return None
    decoded = _plain(run.replace(b"\\n", b"").translate(None, b" \t\r\n"))
    if decoded is None:
        return None
    layer = unicode_text(decoded)
    if layer is not None:
        return layer.data
    return decoded if _is_text(decoded[:LOOKED_AT_BYTES]) else None


def _plain(run: bytes) -> bytes | None:
    run = run.rstrip(b"=").translate(STANDARD)
    run = run[: len(run) - (len(run) % 4 == 1)]
    try:
        return base64.b64decode(run + b"=" * (-len(run) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def _is_text(data: bytes) -> bool:
    """Whether it is plain text, or UTF-16 of such."""
    others = len(data.translate(None, TEXT_BYTES))
    if others <= (1 - MOSTLY_TEXT) * len(data):
        return True
    return 0 in data and _unmarked(data) is not None


def _character(match: re.Match[bytes]) -> bytes:
    return bytes([int(match[1], 16)])

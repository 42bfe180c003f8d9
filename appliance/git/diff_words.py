"""Marks the words that changed between a deleted line and the added line that took its place."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

from appliance.git import limits

# Bytes above 127 belong to letters of other scripts; cutting between them would break characters.
WORD = re.compile(rb"[A-Za-z0-9_\x80-\xff]+|\s+|.", re.DOTALL)
MOST_WORDS = 60  # Above this, the comparison (quadratic in it) costs more than it tells.
LEAST_ALIKE = 0.3  # Lines with less in common were written anew; marks would only be noise.

Marks = tuple[tuple[int, int], ...]


def changed_words(old: bytes, new: bytes) -> tuple[Marks, Marks]:
    """Which bytes, from and up to, differ in each of two lines; nothing where most does."""
    if max(len(old), len(new)) > limits.WORD_LINE_BYTES or old == new:
        return (), ()
    ours, theirs = WORD.findall(old), WORD.findall(new)
    head = _alike(ours, theirs)
    tail = _alike(ours[head:][::-1], theirs[head:][::-1])
    middle_ours = ours[head : len(ours) - tail]
    middle_theirs = theirs[head : len(theirs) - tail]
    gone, come = _differences(middle_ours, middle_theirs)
    start = sum(map(len, ours[:head]))
    changed = _length(gone) + _length(come)
    if 1 - changed / (len(old) + len(new)) < LEAST_ALIKE:
        return (), ()
    return _moved(gone, start), _moved(come, start)


def _alike(ours: list[bytes], theirs: list[bytes]) -> int:
    """How many words two lists have in common at their beginning."""
    count = 0
    for one, other in zip(ours, theirs, strict=False):
        if one != other:
            break
        count += 1
    return count


def _differences(ours: list[bytes], theirs: list[bytes]) -> tuple[Marks, Marks]:
    if max(len(ours), len(theirs)) > MOST_WORDS:
        return _all(ours), _all(theirs)
    gone: list[tuple[int, int]] = []
    come: list[tuple[int, int]] = []
    ours_at, theirs_at = _offsets(ours), _offsets(theirs)
    for what, a, b, c, d in SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes():
        if what == "equal":
            continue
        if a < b:
            gone.append((ours_at[a], ours_at[b]))
        if c < d:
            come.append((theirs_at[c], theirs_at[d]))
    return tuple(gone), tuple(come)


def _offsets(words: list[bytes]) -> list[int]:
    offsets = [0]
    for word in words:
        offsets.append(offsets[-1] + len(word))
    return offsets


def _all(words: list[bytes]) -> Marks:
    length = sum(map(len, words))
    return ((0, length),) if length else ()


def _length(marks: Marks) -> int:
    return sum(end - start for start, end in marks)


def _moved(marks: Marks, by: int) -> Marks:
    return tuple((start + by, end + by) for start, end in marks)

"""What a text is like: drawn by chance, counted up, repeated, made of words, a name in code."""

from __future__ import annotations

import math
import re
from collections import Counter
from itertools import pairwise

UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
HEX = re.compile(r"[0-9a-fA-F]+")
WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
NAME = re.compile(r"[A-Za-z_$][\w$]*(?:[.-][A-Za-z_$][\w$]*)*")

ALPHABETS = ((re.compile(r"[0-9]+"), 10), (HEX, 16), (re.compile(r"[A-Z2-7]+|[a-z2-7]+"), 32))
WIDEST_ALPHABET = 64
LEAST_PART_OF_CHANCE = 0.62
"""A text drawn by chance has at least this part of the entropy that its length and alphabet allow.

Of a million random tokens of 20 to 64 characters, fewer than one in ten thousand has less.
"""

SEPARATOR = re.compile(r"[-_./: ]")
PLAIN_WORD = re.compile(r"[A-Za-z]?[a-z]+|[A-Z]+")
MOSTLY = 0.8
MOSTLY_IN_PARTS = 0.7
HALF_WORDS = 0.6
LIKE_WORDS = 0.72
"""Names in code have about .85 of common pairs, what chance draws about .35."""
SHORTEST_DRAWN = 12
SHORTEST_OF_ONE_CASE = 24
"""With one case alone runs say little, as long as there are letters enough to be no words."""
LONGEST_RUNS = 2.9
"""Upper case, lower case and digits alternate: every 1.6 characters by chance, every 5 in names."""

LONGEST_COUNT = 5
LONGEST_COUNT_OF_LETTERS = 7
LONGEST_RUN = 5
LONGEST_RUN_IN_HEX = 7
CHARACTERS_FOR_EACH_OF_RUN = 12
KEYBOARD = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "1q2w3e4r5t", "q1w2e3r4")
LEAST_KEYBOARD = 6

PAIRS = """
th he in er an re on at en nd ti es or te of ed is it al ar st to nt ng se ha as ou io le ve co me
de hi ri ro ic ne ea ra ce li ch ll be ma si om ur ca el ta la ns di fo ho pe ec pr no ct us ac ot
il tr ly nc et ut ss so rs un lo wa ge ie wh ee wi em ad ol rt po we na ul ni ts mo ow pa im mi ai
sh ir su id os iv ia am fi ci vi pl ig tu ev ld ry mp fe bl ab gh ty op wo sa ay ex ke fr oo av ag
if ap gr od bo sp rd do uc bu ei ov by rm ep tt oc fa ef cu rn sc gi da yo cr cl du ga qu ue ff ba
ey ls va um pp ua up lu go ht ru ug ds lt pi rc rr eg au ck ew mu br bi pt ak pu ui rg ib tl ny ki
rk ys ob mm fu ph og ms ye ud mb ip ub oi rl gu dr hr cc tw ft wn nu af hu nn eo vo rv nf xp gn sm
fl iz ok nl my gl aw ju oa eq sy sl ps jo lf nv je nk kn gs dy hy ze ks xt bs ik dd pd rp xa sw dm
ws gg kw
"""
COMMON_PAIRS = frozenset(PAIRS.split())
"""Neighbours in English words and in names of code, the most frequent first."""


def entropy(text: str) -> float:
    """Shannon's entropy of the characters, in bits for each."""
    size = len(text)
    return -sum(n / size * math.log2(n / size) for n in Counter(text).values()) if size else 0.0


def least_entropy(text: str) -> float:
    """What a text drawn by chance from the same alphabet surpasses."""
    plain = SEPARATOR.sub("", text)
    alphabet = next((size for like, size in ALPHABETS if like.fullmatch(plain)), WIDEST_ALPHABET)
    return LEAST_PART_OF_CHANCE * math.log2(max(2, min(len(text), alphabet)))


def is_repeated(text: str) -> bool:
    """Whether it is one piece again and again, or holds a long run of one character.

    Some formats write zeros amid what chance draws, so a long text may have longer runs.
    """
    low = text.lower()
    run = LONGEST_RUN_IN_HEX if HEX.fullmatch(text) else LONGEST_RUN
    run = max(run, len(text) // CHARACTERS_FOR_EACH_OF_RUN)
    if re.search(rf"(.)\1{{{run - 1}}}|([xX*.0#_-])\2{{{LONGEST_RUN - 1}}}", low):
        return True
    return any(low[step:] == low[:-step] for step in range(1, len(low) // 2 + 1))


def is_counted(text: str) -> bool:
    """Whether it counts somewhere (`abcdef`, `987654`, `a1b2c3d4e5f6`) or walks the keyboard."""
    low = SEPARATOR.sub("", text.lower())
    if any(row[i : i + LEAST_KEYBOARD] in low for row in KEYBOARD for i in range(len(row) - 5)):
        return True
    codes = low.encode("utf-8", "replace")
    letters = codes.translate(None, b"0123456789")  # As in `abc123def456ghi789`.
    return (
        _counts(codes, 1, LONGEST_COUNT)
        or _counts(codes, 2, 2 * LONGEST_COUNT)
        or _counts(letters, 1, LONGEST_COUNT_OF_LETTERS)
    )


def _counts(codes: bytes, step: int, longest: int) -> bool:
    """Whether each character is the next one after that `step` before it, for long enough."""
    for by in (1, -1):
        length = 0
        for before, after in zip(codes, codes[step:], strict=False):
            length = length + 1 if after - before == by or (before, after) == (57, 48) else 0
            if length >= longest:
                return True
    return False


def wordiness(text: str) -> float:
    """How much of its letters are pairs that English is full of: 0 to 1."""
    pairs = [
        word[i : i + 2]
        for word in map(str.lower, WORD.findall(text))
        if word[0].isalpha()
        for i in range(len(word) - 1)
    ]
    if not pairs:
        return 0.0
    return sum(pair in COMMON_PAIRS for pair in pairs) / len(pairs)


def is_words(text: str) -> bool:
    """Whether it is words with hyphens and the like between, as names in style sheets are."""
    parts = [part for part in SEPARATOR.split(text) if part]
    letters = sum(len(part) for part in parts if PLAIN_WORD.fullmatch(part))
    whole = sum(map(len, parts))
    if len(parts) > 1:
        return letters >= whole * MOSTLY_IN_PARTS and wordiness(text) > HALF_WORDS
    return text.isalpha() and wordiness(text) >= MOSTLY


def is_drawn(text: str) -> bool:
    """Whether chance wrote it rather than a person."""
    plain = SEPARATOR.sub("", text)
    if len(plain) < SHORTEST_DRAWN or entropy(text) < least_entropy(text):
        return False
    if HEX.fullmatch(plain):
        return any(map(str.isdigit, plain)) and not plain.isdigit()
    runs = 1 + sum(_kind(a) != _kind(b) for a, b in pairwise(plain))
    if len(plain) < LONGEST_RUNS * runs and wordiness(text) < LIKE_WORDS:
        return True
    has_digits = any(map(str.isdigit, plain)) and not plain.isdigit()
    is_long = len(plain) >= SHORTEST_OF_ONE_CASE and plain in {plain.lower(), plain.upper()}
    return is_long and has_digits and wordiness(text) < HALF_WORDS


def _kind(character: str) -> int:
    return 3 if not character.isalnum() else 2 * character.isdigit() + character.isupper()


def kinds_of_characters(text: str) -> int:
    """How many of lower case, upper case, digits and others it has."""
    return len({_kind(each) for each in text})

"""The expressions of rules: which ones both engines take, and what follows from them.

RE2 and Hyperscan know no look-around and no back-references; both are linear in the text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from re import _parser  # No other part of Python knows how long a match can be.
from typing import Any

import re2

KNOWN = frozenset(
    {
        *("id", "title", "provider", "cure", "lane", "severity", "shape"),
        *("pattern", "assigned", "keywords", "reach", "trigger", "whole", "named"),
        *("checksum", "entropy", "partner", "matches", "refuses"),
    }
)
SHORTEST_KEYWORD = 3
LONGEST_EXPRESSION = 2000
UNBOUNDED = 1 << 16
MOST_MEMORY_BYTES = 8 * 1024 * 1024

QUOTE = r"""(?:\\{0,2}["'`])"""
BETWEEN = (
    rf"""{QUOTE}?[\])]{{0,2}}[ \t]{{0,16}}(?:=>|[:=]{{1,3}}|,|>|\()[ \t]{{0,16}}"""
    rf"""(?:[bBfFrRuU@$]{{0,2}}{QUOTE})?(?:(?i:bearer|basic|token|value)[ =:]{{1,2}})?{QUOTE}?"""
)
"""What may stand between a name and its value in the languages people write settings in."""
AFTER_NAME = r"[\w.\- ]{0,30}"

PADDING_END = re.compile(r"=\{0,\d\}(\)*)$")
OPEN_END = re.compile(r"\{([1-9]\d*),\d*\}(\)*)$")


class ShapeError(ValueError):
    """An expression that cannot be used, and why."""


def expression(pattern: str) -> str:
    """An expression as it is, once the second engine has agreed.

    Errors:
        ShapeError: RE2 does not take it, or it is found in nothing at all.
    """
    if len(pattern) > LONGEST_EXPRESSION:
        raise ShapeError(f"the expression has more than {LONGEST_EXPRESSION} characters")
    try:
        compiled = compile_bytes(pattern)
    except re2.error as error:
        raise ShapeError(f"RE2 does not take {pattern[:100]!r}: {error}") from error
    if compiled.search(b"") is not None:
        raise ShapeError(f"{pattern[:100]!r} is found in an empty text")
    return pattern


def compile_bytes(pattern: str) -> Any:
    """An expression that finds bytes, one character each."""
    options = re2.Options()
    options.max_mem, options.log_errors = MOST_MEMORY_BYTES, False
    options.encoding = re2.Options.Encoding.LATIN1
    return re2.compile(pattern.encode("latin-1", "backslashreplace"), options)


def assigned(table: object, keywords: Sequence[str]) -> str:
    """The expression of a value behind a name that holds one of the words.

    Errors:
        ShapeError: the table does not say what it must.
    """
    if not isinstance(table, Mapping) or set(table) - {"value", "names"} or "value" not in table:
        raise ShapeError("`assigned` has a `value`, and `names` if its keywords are none")
    names = table.get("names", [word.replace("-", "[_-]?") for word in keywords])
    if not isinstance(names, list) or not all(isinstance(each, str) for each in names):
        raise ShapeError("`names` is a list of expressions")
    return expression(f"(?i:{'|'.join(names)}){AFTER_NAME}{BETWEEN}(?P<secret>{table['value']})")


def longest(pattern: str) -> int:
    """How many bytes the longest match has; 0 where there is no end to it."""
    width = _parser.parse(pattern).getwidth()[1]
    return 0 if width >= UNBOUNDED else int(width)


def trigger(pattern: str) -> str:
    """The same, without what may or may not follow: it ends once in each match."""
    return OPEN_END.sub(r"{\1}\2", PADDING_END.sub(r"\1", pattern))

"""Which entries an export was asked for, as far as headers can say it.

A selection is a small tree of lists, which whoever verifies an export evaluates on every header:

    ["all"]                                 every entry
    ["is", "actor.ref", "p_..."]            a member has this value
    ["starts", "action", "repo."]           a member begins so
    ["from", time], ["until", time]         not before; before
    ["and", a, b, ...], ["or", a, b, ...], ["not", a]

What headers cannot say, such as words in a body, is left out in the direction that selects more.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

DEEPEST = 6
MOST_PARTS = 1000
"""Of one `and` or `or`."""
MOST_LISTS = 2000
"""In a whole selection: each is looked at for each of perhaps a million headers."""
MEMBERS = frozenset(
    {
        "action",
        "actor.ref",
        "actor.type",
        "auth.method",
        "auth.token_ref",
        "category",
        "id",
        "outcome",
        "request_id",
        "src.boot",
        "src.node",
        "target.ref",
        "target.type",
    }
)
ALWAYS = frozenset(
    {
        "audit.heartbeat",
        "audit.node_started",
        "audit.row_set_aside",
        "log.continued",
        "log.key_rotated",
        "log.pruned",
        "privacy.erased",
    }
)
"""What a verifier needs in any case; these bodies hold nothing personal."""

Test = Callable[[dict[str, Any]], bool]


class SelectionError(ValueError):
    """It is no selection."""


def compiled(selection: Any) -> Test:
    """A function that says of a header whether it is selected.

    Errors:
        SelectionError: it is malformed.
    """
    chosen = matching(selection)
    return lambda header: header["action"] in ALWAYS or chosen(header)


def matching(selection: Any) -> Test:
    """The same, without what a verifier needs in any case.

    Errors:
        SelectionError: it is malformed.
    """
    if size(selection) > MOST_LISTS:
        raise SelectionError(f"more than {MOST_LISTS} lists")
    return _compiled(selection, 0)


def size(selection: Any) -> int:
    """How many lists a selection is made of, as far as `MOST_LISTS` are not yet exceeded."""
    count, left = 0, [selection]
    while left and count <= MOST_LISTS:
        each = left.pop()
        if isinstance(each, list):
            count += 1
            left += each
    return count


def _compiled(selection: Any, depth: int) -> Test:
    if depth > DEEPEST or not isinstance(selection, list) or not selection:
        raise SelectionError("not a selection, or too deep")
    word, *rest = selection
    if not isinstance(word, str):
        raise SelectionError("a selection begins with a word")
    if word in {"and", "or"}:
        return _joined(word, rest, depth)
    if word == "not" and len(rest) == 1:
        inner = _compiled(rest[0], depth + 1)
        return lambda header: not inner(header)
    if word == "all" and not rest:
        return lambda _header: True
    return _simple(word, rest)


def _joined(word: str, parts: list[Any], depth: int) -> Test:
    if not 1 <= len(parts) <= MOST_PARTS:
        raise SelectionError(f"{word} takes 1 to {MOST_PARTS} parts")
    tests = [_compiled(part, depth + 1) for part in parts]
    if word == "and":
        return lambda header: all(test(header) for test in tests)
    return lambda header: any(test(header) for test in tests)


def _simple(word: str, rest: list[Any]) -> Test:
    if not all(isinstance(each, str) for each in rest):
        raise SelectionError("a member and a value are text")
    match (word, rest):
        case ("from", [time]):
            return lambda header: header["time"] >= time
        case ("until", [time]):
            return lambda header: header["time"] < time
        case ("is", [member, value]) if member in MEMBERS:
            return lambda header: _member(header, member) == value
        case ("starts", [member, value]) if member in MEMBERS:
            return lambda header: _member(header, member).startswith(value)
    raise SelectionError("an unknown word or member")


def _member(header: dict[str, Any], member: str) -> str:
    outer, _, inner = member.partition(".")
    return str(header[outer][inner] if inner else header[outer])

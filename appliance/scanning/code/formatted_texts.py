"""Puts a plain text of the same length in the place of each formatted text of a Python program, for
those that a newer Python alone can read: quotes and backslashes between their braces.

Source: PEP 701.
"""

from __future__ import annotations

import re

MARK = "\x01"
"""Stands in the text that takes the place of a formatted one, whose value nobody knows."""
_PIECE = re.compile(
    r"""(?P<comment>\#[^\n]*)
    |(?<![A-Za-z0-9_])(?P<formatted>[rR]?[fF][rR]?)(?P<opened>\"{3}|'{3}|\"|')
    |(?P<text>\"{3}(?:[^\\]|\\.)*?\"{3}|'{3}(?:[^\\]|\\.)*?'{3}
        |\"(?:[^\\\n"]|\\.)*\"|'(?:[^\\\n']|\\.)*')""",
    re.VERBOSE | re.DOTALL,
)
_DEEPEST = 20


def masked(text: str) -> str:
    """The program with the same places for everything, as UTF-8.

    Errors:
        ValueError: a text has no end.
    """
    said, at = [], 0
    while found := _PIECE.search(text, at):
        if found["formatted"] is None:
            said.append(text[at : found.end()])
            at = found.end()
            continue
        end = _end(text, found.end(), found["opened"], 0)
        inner = text[found.end() : end - len(found["opened"])]
        prefix = "r".rjust(len(found["formatted"]))
        said += [text[at : found.start()], prefix, found["opened"], _blank(inner), found["opened"]]
        at = end
    return "".join([*said, text[at:]])


def _blank(inner: str) -> str:
    return "".join(each if each == "\n" else MARK * len(each.encode()) for each in inner)


def _end(text: str, at: int, opened: str, depth: int) -> int:
    """Where a formatted text ends that has been opened before."""
    braces = 0
    while at < len(text) and depth < _DEEPEST:
        if not braces and text.startswith(opened, at):
            return at + len(opened)
        found = _PIECE.match(text, at) if braces else None
        if found and found["formatted"] is not None:
            at = _end(text, found.end(), found["opened"], depth + 1)
        elif found:
            at = found.end()
        elif (not braces and text[at] == "\\") or (
            not braces and text.startswith(("{{", "}}"), at)
        ):
            at += 2
        else:
            braces += (text[at] == "{") - (text[at] == "}")
            at += 1
    raise ValueError("a text has no end")

"""Changes in the text of a Python program that leave every line where it is."""

from __future__ import annotations

import ast
from collections.abc import Sequence

NOTHING = b"pass"
ALWAYS = b"with 0:"
"""Before a block that is always run: to whoever follows data, it is no branch."""
BETWEEN = b" \t)"


class Edits:
    """Changes to one text. It keeps what is blanked and what is put in."""

    def __init__(self, content: bytes) -> None:
        self._text = bytearray(content)
        self._put: list[tuple[int, int, bytes]] = []
        starts, at = [0], content.find(b"\n")
        while at >= 0:
            starts.append(at + 1)
            at = content.find(b"\n", at + 1)
        self._lines = starts

    def apply(self) -> bytes:
        """The text with all changes."""
        said, at = [], 0
        for start, end, text in sorted(self._put):
            if start < at:
                continue  # It stands in what another change has taken the place of.
            said += [bytes(self._text[at:start]), text]
            at = end
        return b"".join([*said, bytes(self._text[at:])])

    def starts(self, node: ast.stmt, word: bytes) -> bool:
        """Whether a statement starts with a word."""
        at = self._start(node)
        return self._text[at : at + len(word) + 1].rstrip(b" \t(\\") == word

    def stands(self, node: ast.expr) -> bool:
        """Whether an expression is where it says that it is."""
        said = bytes(self._text[self._start(node) : self._end(node)])
        try:
            return ast.dump(ast.parse(said, mode="eval").body) == ast.dump(node)
        except (SyntaxError, ValueError):
            return False

    def drop(self, node: ast.stmt) -> None:
        """Let a statement do nothing."""
        self._blank(self._start(node), self._end(node))
        self._put.append((self._start(node), self._start(node), NOTHING))

    def drop_start(self, node: ast.stmt, otherwise: ast.stmt) -> None:
        """Let what stands after `elif` be all of a statement."""
        start, at = self._start(node), self._start(otherwise)
        self._blank(start, at)
        self._put.append((at, at + len(b"elif"), b"if"))

    def take(self, node: ast.stmt, body: Sequence[ast.stmt]) -> None:
        """Let a block be all of a statement."""
        start, first = self._start(node), body[0]
        if getattr(first, "decorator_list", ()):
            return
        self._blank(start, self._start(first))
        self._blank(self._end(body[-1]), self._end(node))
        self._put.append((start, start, ALWAYS))

    def keep_only(self, node: ast.expr, part: ast.expr) -> None:
        """Let a part of an expression be all of it."""
        self._blank(self._start(node), self._start(part))
        self._blank(self._end(part), self._end(node))

    def drop_slice(self, node: ast.Subscript) -> None:
        """Let what is sliced be all of it."""
        at, end = self._end(node.value), self._end(node)
        while self._text[at : at + 1] and self._text[at] in BETWEEN:
            at += 1
        if self._text[at : at + 1] == b"[" and b"\n" not in self._text[at:end]:
            self._blank(at, end)

    def replace(self, node: ast.expr, other: ast.expr) -> None:
        """Let an expression be another one of the same text."""
        said = bytes(self._text[self._start(other) : self._end(other)])
        start, end = self._start(node), self._end(node)
        if said and b"\n" not in said and b"\n" not in self._text[start:end]:
            self._put.append((start, end, said))

    def _blank(self, start: int, end: int) -> None:
        for at in range(start, end):
            # Tabs stay, too: they may be what a line is indented with.
            if self._text[at] not in b"\r\n\t\f":
                self._text[at] = 32

    def _start(self, node: ast.stmt | ast.expr) -> int:
        return self._lines[node.lineno - 1] + node.col_offset

    def _end(self, node: ast.stmt | ast.expr) -> int:
        return self._lines[(node.end_lineno or node.lineno) - 1] + (node.end_col_offset or 0)

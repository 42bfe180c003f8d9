"""Says Python more plainly before it is looked at: branches that are never taken are gone, a part
of a text is the text, and what is read from a list stands there itself. Lines keep their numbers.

What is not certain stays as it is. It runs apart, with limits: a hostile file may end the process.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from appliance.scanning.code.formatted_texts import masked
from appliance.scanning.code.known_python import UNKNOWN, Kept, Known, loose, named, stored
from appliance.scanning.code.text_edits import Edits

LOOPS = (ast.For, ast.AsyncFor, ast.While)
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
TRIES = (ast.Try, ast.TryStar)
INNER = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
"""What they name is not always what the statements around them name."""


def plain(content: bytes) -> bytes:
    """The same program, said more plainly; the content itself where that cannot be done."""
    try:
        text = content.decode()
        if "\r" in text.replace("\r\n", "") or text.startswith("\ufeff"):
            return content
        tree = _parsed(text)
        reading = _Reading(content, _shared_names(tree))
        reading.block(tree.body, Known())
        said = reading.edits.apply()
        _parsed(said.decode())
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return content
    return said


def _parsed(text: str) -> ast.Module:
    try:
        return ast.parse(text)
    except SyntaxError:
        return ast.parse(masked(text))


def _shared_names(tree: ast.AST) -> frozenset[str]:
    """Names that a function may change from afar."""
    kinds = ast.Global, ast.Nonlocal
    return frozenset(
        name for node in ast.walk(tree) if isinstance(node, kinds) for name in node.names
    )


class _Reading:
    """Reads one program from top to bottom. It keeps what is to be changed in its text."""

    def __init__(self, content: bytes, shared: frozenset[str]) -> None:
        self.edits = Edits(content)
        self.shared = shared

    def block(self, body: Sequence[ast.stmt], known: Known) -> None:
        for each in body:
            self._statement(each, known)
            known.forget(self.shared)

    def _statement(self, node: ast.stmt, known: Known) -> None:
        if isinstance(node, ast.If):
            self._if(node, known)
        elif isinstance(node, ast.Match):
            self._match(node, known)
        elif isinstance(node, SCOPES):
            known.forget((node.name,))
            known.forget_lists(named(node))
            self.block(node.body, Known())
        elif isinstance(node, LOOPS):
            self._parts(node, known, (node.body, node.orelse))
        elif isinstance(node, TRIES):
            handlers = [each.body for each in node.handlers]
            self._parts(node, known, (node.body, *handlers, node.orelse, node.finalbody))
        elif isinstance(node, (ast.With, ast.AsyncWith)):
            for item in node.items:
                self._asked(item, known)
            self._with(node, known)
        else:
            self._simple(node, known)

    def _parts(self, node: ast.stmt, known: Known, parts: Sequence[Sequence[ast.stmt]]) -> None:
        """Blocks of which nobody knows how often they run: nothing is known of what they change."""
        known.forget(stored(node))
        known.forget_lists(named(node))
        self._expressions(getattr(node, "iter", getattr(node, "test", None)), known)
        for part in parts:
            self.block(part, known.copy())

    def _with(self, node: ast.With | ast.AsyncWith, known: Known) -> None:
        """It may end in the middle, without anybody being told."""
        self.block(node.body, known.copy())
        known.forget(stored(node))
        known.forget_lists(named(node))

    def _if(self, node: ast.If, known: Known) -> None:
        says = known.value(node.test)
        if says is UNKNOWN or not self.edits.starts(node, b"if"):
            self._asked(node.test, known)
            self._branches((node.body, node.orelse), known)
        elif says:
            self._take(node, node.body, known)
        elif not node.orelse:
            self.edits.drop(node)
        elif self.edits.starts(node.orelse[0], b"elif"):
            self.edits.drop_start(node, node.orelse[0])
            self._elif(node.orelse[0], known)
        else:
            self._take(node, node.orelse, known)

    def _elif(self, node: ast.stmt, known: Known) -> None:
        if isinstance(node, ast.If):
            self._asked(node.test, known)
            self._branches((node.body, node.orelse), known)

    def _match(self, node: ast.Match, known: Known) -> None:
        subject = known.value(node.subject)
        taken = _case(node.cases, subject)
        if subject is UNKNOWN or taken is UNKNOWN:
            self._asked(node.subject, known)
            known.forget(stored(node))
            self._branches([case.body for case in node.cases] + [[]], known)
        elif isinstance(taken, ast.match_case):
            self._take(node, taken.body, known)
        else:
            self.edits.drop(node)

    def _branches(self, branches: Sequence[Sequence[ast.stmt]], known: Known) -> None:
        ends = []
        for branch in branches:
            ends.append(known.copy())
            self.block(branch, ends[-1])
        known.meet(ends)

    def _take(self, node: ast.stmt, body: Sequence[ast.stmt], known: Known) -> None:
        self.edits.take(node, body)
        self.block(body, known)

    def _simple(self, node: ast.stmt, known: Known) -> None:
        before = known.copy()
        kept = known.learn(node)
        self._expressions(node, before, kept if isinstance(node, ast.Assign) else None)

    def _asked(self, node: ast.AST, known: Known) -> None:
        """What stands before a block."""
        self._expressions(node, known)
        known.forget(stored(node))
        known.forget_lists(loose(node))

    def _expressions(self, top: ast.AST | None, known: Known, kept: Kept | None = None) -> None:
        waiting = [] if top is None else [top]
        while waiting:
            node = waiting.pop()
            if isinstance(node, ast.IfExp):
                says = known.value(node.test)
                if says is not UNKNOWN:
                    live = node.body if says else node.orelse
                    self.edits.keep_only(node, live)
                    waiting.append(live)
                    continue
            if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
                self._item(node, known)
            if kept and node is kept.read:
                self.edits.replace(node, kept.element)
            if isinstance(node, INNER):
                known = Known()
            if isinstance(node, ast.JoinedStr):
                self._formatted(node)
            else:
                waiting += ast.iter_child_nodes(node)

    def _formatted(self, node: ast.JoinedStr) -> None:
        """Python 3.11 does not always tell right where the parts of a formatted text stand."""
        for each in ast.walk(node):
            if (
                isinstance(each, ast.Subscript)
                and isinstance(each.slice, ast.Slice)
                and self.edits.stands(each)
            ):
                self.edits.drop_slice(each)

    def _item(self, node: ast.Subscript, known: Known) -> None:
        if isinstance(node.slice, ast.Slice):
            self.edits.drop_slice(node)
            return
        element = known.element(node)
        if element is not None:
            self.edits.replace(node, element)


def _case(cases: Sequence[ast.match_case], subject: object) -> ast.match_case | object | None:
    """The case that is taken; None where none is."""
    for case in cases:
        fits = UNKNOWN if case.guard else _fits(case.pattern, subject)
        if fits is UNKNOWN:
            return UNKNOWN
        if fits:
            return case
    return None


def _fits(pattern: ast.pattern, subject: object) -> object:
    if isinstance(pattern, ast.MatchValue) and isinstance(pattern.value, ast.Constant):
        return pattern.value.value == subject
    if isinstance(pattern, ast.MatchSingleton):
        return pattern.value is subject
    if isinstance(pattern, ast.MatchOr):
        fits = [_fits(each, subject) for each in pattern.patterns]
        return UNKNOWN if UNKNOWN in fits else any(fits)
    if isinstance(pattern, ast.MatchAs) and pattern.pattern is None and pattern.name is None:
        return True
    return UNKNOWN

"""What is certain at one place of a Python program: which names hold constants, and which lists
hold which expressions.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from appliance.scanning.code.formatted_texts import MARK

UNKNOWN = object()
LARGEST_NUMBER = 2**64
LONGEST_TEXT = 10_000
PLAIN = (int, str, bytes, bool, type(None))
BINARY: Mapping[type[ast.operator], Callable[..., object]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
UNARY: Mapping[type[ast.unaryop], Callable[..., object]] = {
    ast.Not: operator.not_,
    ast.USub: operator.neg,
}
COMPARES: Mapping[type[ast.cmpop], Callable[..., object]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.In: lambda part, whole: part in whole,
    ast.NotIn: lambda part, whole: part not in whole,
}


@dataclass(frozen=True)
class Kept:
    """An expression that takes an element out of a list, and the element."""

    read: ast.expr
    element: ast.expr


@dataclass
class Known:
    """What is certain at one place. It keeps constants and lists by name."""

    constants: dict[str, object] = field(default_factory=dict)
    lists: dict[str, tuple[ast.expr | None, ...]] = field(default_factory=dict)

    def copy(self) -> Known:
        """The same, to be changed on its own."""
        return Known(dict(self.constants), dict(self.lists))

    def meet(self, others: Sequence[Known]) -> None:
        """Know what all of them know."""
        first, *rest = others
        self.constants = {
            name: value
            for name, value in first.constants.items()
            if all(_same(value, each.constants.get(name, UNKNOWN)) for each in rest)
        }
        self.lists = {
            name: value
            for name, value in first.lists.items()
            if all(each.lists.get(name) == value for each in rest)
        }

    def forget(self, names: Iterable[str]) -> None:
        """Know nothing of names any more, nor of elements that they stand for."""
        gone = frozenset(names)
        for name in gone:
            self.constants.pop(name, None)
            self.lists.pop(name, None)
        for name, elements in self.lists.items():
            self.lists[name] = tuple(
                None if isinstance(each, ast.Name) and each.id in gone else each
                for each in elements
            )

    def forget_lists(self, names: Iterable[str]) -> None:
        """Know nothing of lists that somebody else may change now."""
        for name in names:
            self.lists.pop(name, None)

    def value(self, node: ast.expr) -> object:
        """What an expression gives each time; UNKNOWN where that depends."""
        try:
            given = self._value(node)
        except (TypeError, ValueError, ArithmeticError, LookupError):
            return UNKNOWN
        return given

    def element(self, node: ast.expr) -> ast.expr | None:
        """What stands at a place of a list, if both are known."""
        if not (isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name)):
            return None
        elements, place = self.lists.get(node.value.id), self.value(node.slice)
        if (
            elements is None
            or type(place) is not int
            or not -len(elements) <= place < len(elements)
        ):
            return None
        return elements[place]

    def learn(self, node: ast.stmt) -> Kept | None:
        """Know what a statement makes certain; gives what it takes out of a list."""
        read = getattr(node, "value", None)
        call = _method(read) if isinstance(node, (ast.Expr, ast.Assign)) else None
        kept = None
        if call and call.name in self.lists:
            kept = self._change(call)
        else:
            self.forget_lists(loose(node))
        target = _target(node)
        value = self.value(read) if target and isinstance(read, ast.expr) else UNKNOWN
        self.forget(stored(node))
        if target and value is not UNKNOWN:
            self.constants[target] = value
        elif target and isinstance(read, ast.List):
            self.lists[target] = tuple(map(_simple, read.elts))
        return kept

    def _change(self, call: _Call) -> Kept | None:
        elements = list(self.lists.pop(call.name))
        for each in call.said:
            self.forget_lists(loose(each))
        places = [place for each in call.said if type(place := self.value(each)) is int]
        try:
            taken = _changed(elements, call, places)
        except LookupError:
            return None
        self.lists[call.name] = tuple(elements)
        return Kept(call.node, taken) if taken else None

    def _value(self, node: ast.expr) -> object:
        if isinstance(node, ast.Constant):
            plain = isinstance(node.value, PLAIN) and not _is_masked(node.value)
            return node.value if plain else UNKNOWN
        if isinstance(node, ast.Name):
            return self.constants.get(node.id, UNKNOWN)
        does, parts = _asked(node)
        values = [self._value(each) for each in parts]
        if does is None or any(each is UNKNOWN for each in values) or _heavy(does, values):
            return UNKNOWN
        return does(*values)


def _asked(node: ast.expr) -> tuple[Callable[..., object] | None, Sequence[ast.expr]]:
    """What makes one value of others, and those."""
    does: Callable[..., object] | None = None
    parts: Sequence[ast.expr] = ()
    match node:
        case ast.Tuple(parts):
            does = _together
        case ast.UnaryOp(sign, part):
            does, parts = UNARY.get(type(sign)), [part]
        case ast.BinOp(left, sign, right):
            does, parts = BINARY.get(type(sign)), [left, right]
        case ast.Compare(left, [sign], [right]):
            does, parts = COMPARES.get(type(sign)), [left, right]
        case ast.BoolOp(sign, parts):
            does = _all if isinstance(sign, ast.And) else _any
        case ast.Subscript(whole, place):
            does, parts = operator.getitem, [whole, place]
        case ast.Call(ast.Name("len"), [part], []):
            does, parts = len, [part]
    return does, parts


def _together(*values: object) -> object:
    return values


def _all(*values: object) -> bool:
    return all(values)


def _any(*values: object) -> bool:
    return any(values)


@dataclass(frozen=True)
class _Call:
    """A method of a name is called."""

    node: ast.Call
    name: str
    method: str
    said: Sequence[ast.expr]


def _method(node: object) -> _Call | None:
    match node:
        case ast.Call(ast.Attribute(ast.Name(name), method), said, []):
            return _Call(node, name, method, said)
    return None


def _changed(
    elements: list[ast.expr | None], call: _Call, places: Sequence[int]
) -> ast.expr | None:
    """What a call takes out of a list, which it changes."""
    match call.method, call.said, places:
        case "append", [element], _:
            elements.append(_simple(element))
        case "insert", [_, element], [place, *_]:
            elements.insert(place, _simple(element))
        case "pop", [], _:
            return elements.pop()
        case "pop", [_], [place]:
            return elements.pop(place)
        case _:
            raise LookupError(call.method)
    return None


def _heavy(does: Callable[..., object], values: Sequence[object]) -> bool:
    """Whether it would take long, or give much."""
    if does is operator.mul and not all(isinstance(each, int) for each in values):
        return True
    if does is operator.mod and isinstance(values[0], (str, bytes)):
        return True
    return any(
        (isinstance(each, int) and abs(each) > LARGEST_NUMBER)
        or (isinstance(each, (str, bytes, tuple)) and len(each) > LONGEST_TEXT)
        for each in values
    )


def _is_masked(value: object) -> bool:
    return isinstance(value, str) and MARK in value


def _simple(node: ast.expr) -> ast.expr | None:
    return node if isinstance(node, (ast.Constant, ast.Name)) else None


def _target(node: ast.stmt) -> str:
    """The one name that is assigned; a name in capitals is a setting, which somebody may change."""
    match node:
        case ast.Assign([ast.Name(name)]) | ast.AnnAssign(ast.Name(name)):
            return "" if name.isupper() else name
    return ""


def _same(left: object, right: object) -> bool:
    return type(left) is type(right) and left == right


def named(node: ast.AST) -> Iterator[str]:
    """All names in it."""
    return (each.id for each in ast.walk(node) if isinstance(each, ast.Name))


def loose(node: ast.AST) -> Iterator[str]:
    """Names that stand for the whole of what they name, not for one element of it."""
    read = {
        id(each.value)
        for each in ast.walk(node)
        if isinstance(each, ast.Subscript) and isinstance(each.ctx, ast.Load)
    }
    return (
        each.id for each in ast.walk(node) if isinstance(each, ast.Name) and id(each) not in read
    )


def stored(node: ast.AST) -> Iterator[str]:
    """Names that it gives another meaning to."""
    for each in ast.walk(node):
        match each:
            case ast.Name(name, ast.Store() | ast.Del()):
                yield name
            case ast.alias(name, other):
                yield (other or name).partition(".")[0]
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield each.name
            case ast.ExceptHandler() | ast.MatchAs() | ast.MatchStar() if each.name:
                yield each.name
            case ast.MatchMapping() if each.rest:
                yield each.rest

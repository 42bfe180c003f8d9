"""What a function may come to do: everything that it names, and what that names in turn.

Read from the source, so it says more than happens and never less: a function that is handed on is
taken for called, and a class for all of its methods.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache

from tests.architecture.sources import ROOT, files, parse

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Assign | ast.AnnAssign


@cache
def definitions() -> dict[str, Definition]:
    """Every function, class and table of the appliance by its dotted name."""
    found: dict[str, Definition] = {}
    for module, tree in modules().items():
        for node in tree.body:
            for name in _named(node):
                found[f"{module}.{name}"] = node
    return found


@cache
def modules() -> dict[str, ast.Module]:
    """Every module of the appliance."""
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): parse(
            path
        )
        for path in files("appliance", suffix=".py")
    }


@cache
def reached(name: str) -> frozenset[str]:
    """All that a definition names, directly or not, itself included."""
    seen: set[str] = set()
    waiting = [name]
    while waiting:
        each = waiting.pop()
        if each in seen:
            continue
        seen.add(each)
        waiting.extend(_mentioned(each))
    return frozenset(seen)


@cache
def _mentioned(name: str) -> frozenset[str]:
    node = definitions().get(name)
    if node is None:
        return frozenset()
    module = name.rpartition(".")[0]
    return frozenset(_resolved(module, node))


def _resolved(module: str, node: ast.AST) -> Iterator[str]:
    known = _imports(module)
    for each in ast.walk(node):
        if isinstance(each, ast.Attribute) and isinstance(each.value, ast.Name):
            base = known.get(each.value.id)
            if base is not None:
                yield f"{base}.{each.attr}"
        elif isinstance(each, ast.Name):
            own = f"{module}.{each.id}"
            if each.id in known or own in definitions():  # Else it is a function's own.
                yield known.get(each.id, own)
        elif isinstance(each, ast.Constant) and each.value in modules():
            # Loaded only when it is needed, by its name: then all that is in it.
            yield from (name for name in definitions() if name.rpartition(".")[0] == each.value)


@cache
def _imports(module: str) -> dict[str, str]:
    """What the names that a module imports stand for."""
    known: dict[str, str] = {}
    for node in ast.walk(modules()[module]):
        if isinstance(node, ast.ImportFrom) and node.module:
            for each in node.names:
                known[each.asname or each.name] = _true(f"{node.module}.{each.name}")
        elif isinstance(node, ast.Import):
            for each in node.names:
                known[each.asname or each.name] = each.name
    return known


def _true(name: str) -> str:
    """Where it is defined, if a package only hands it on."""
    module, _, attribute = name.rpartition(".")
    if name in modules() or module not in modules() or name in definitions():
        return name
    return _imports(module).get(attribute, name)


def _named(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Assign):
        return [each.id for each in node.targets if isinstance(each, ast.Name)]
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return [node.target.id]
    return []

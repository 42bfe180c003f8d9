"""Whether a repository uses a component at all: in three levels, and one for not knowing.

Not imported anywhere, imported, or a symbol called that the advisory names. A file that cannot be
read as its language makes "not imported" unknown: nobody has looked into it.

Source: The Python Language Reference, "The import system"; ECMAScript, "Modules"; Node.js
documentation, "Modules: CommonJS modules".
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from appliance.domain.components import Ecosystem, normal_name
from appliance.scanning.module_names import MODULES_OF

LARGEST_BYTES = 2 * 1024 * 1024
"""Of one source. Larger ones are made by machines, and count as not looked into."""


class Reach(StrEnum):
    """How far a vulnerability can be reached, as far as was looked."""

    NOT_IMPORTED = "not_imported"
    IMPORTED = "imported"
    CALLED = "called"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Use:
    """Where something is imported or called."""

    path: str
    line: int


@dataclass
class Uses:
    """What all sources of one language import and call."""

    imported: dict[str, list[Use]] = field(default_factory=dict)
    """By module or package."""
    called: dict[str, list[Use]] = field(default_factory=dict)
    """By dotted name, with the module in front."""
    unread: list[str] = field(default_factory=list)
    """Paths of sources that could not be looked into."""


def of_python(sources: Mapping[str, bytes]) -> Uses:
    """What Python sources import, and what they call of that."""
    uses = Uses()
    for path, content in sources.items():
        tree = _parsed(content)
        if tree is None:
            uses.unread.append(path)
            continue
        reader = _Python(path, uses)
        try:
            reader.visit(tree)
        except RecursionError:
            uses.unread.append(path)
    return uses


def of_javascript(sources: Mapping[str, bytes]) -> Uses:
    """What JavaScript and TypeScript sources import. What is called there, nobody here can tell."""
    uses = Uses()
    for path, content in sources.items():
        if len(content) > LARGEST_BYTES:
            uses.unread.append(path)
            continue
        text = _WITHOUT.sub(_blank, content.decode("utf-8", "replace"))
        for found in _IMPORT.finditer(text):
            name = _package(found["name"])
            if name:
                line = text.count("\n", 0, found.start("name")) + 1
                uses.imported.setdefault(name, []).append(Use(path, line))
    return uses


def reach(
    ecosystem: str, name: str, symbols: Iterable[str], uses: Uses
) -> tuple[Reach, tuple[Use, ...]]:
    """How far a component is reached, and where that can be seen."""
    called = [use for symbol in symbols for use in uses.called.get(symbol, ())]
    if called:
        return Reach.CALLED, tuple(called)
    modules = modules_of(ecosystem, name)
    imported = [use for module in modules for use in uses.imported.get(module, ())]
    if imported:
        return Reach.IMPORTED, tuple(imported)
    return (Reach.UNKNOWN if uses.unread else Reach.NOT_IMPORTED), ()


def modules_of(ecosystem: str, name: str) -> tuple[str, ...]:
    """Under which names a component is imported."""
    if ecosystem != Ecosystem.PYPI:
        return (name,)
    normal = normal_name(ecosystem, name)
    plain = normal.replace("-", "_")
    names = (*MODULES_OF.get(normal, ()), plain, plain.removeprefix("python_"))
    return tuple(dict.fromkeys(names))


def _parsed(content: bytes) -> ast.Module | None:
    if len(content) > LARGEST_BYTES:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # What a source does badly is not our concern.
            return ast.parse(content)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


class _Python(ast.NodeVisitor):
    """Goes through one source, and knows what its names stand for."""

    def __init__(self, path: str, uses: Uses) -> None:
        self._path = path
        self._uses = uses
        self._names: dict[str, str] = {}

    def visit_Import(self, node: ast.Import) -> None:
        """`import a.b` gives the name a, `import a.b as c` the name c."""
        for each in node.names:
            self._import(each.name, node.lineno)
            top = each.name.partition(".")[0]
            self._names[each.asname or top] = each.name if each.asname else top

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        """`from a.b import c` gives the name c. What starts with a dot is own code."""
        if node.level or node.module is None:
            return
        self._import(node.module, node.lineno)
        for each in node.names:
            self._names[each.asname or each.name] = f"{node.module}.{each.name}"

    def visit_Call(self, node: ast.Call) -> None:
        """What is called by a dotted name; and modules that are imported by a call."""
        name = self._dotted(node.func)
        if name:
            self._uses.called.setdefault(name, []).append(Use(self._path, node.lineno))
        if name in {"importlib.import_module", "__import__"} and node.args:
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                self._import(first.value, node.lineno)
        self.generic_visit(node)

    def _import(self, module: str, line: int) -> None:
        top = module.partition(".")[0]
        self._uses.imported.setdefault(top, []).append(Use(self._path, line))

    def _dotted(self, node: ast.expr) -> str:
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return ""
        known = self._names.get(node.id, node.id if node.id == "__import__" else "")
        return ".".join([known, *reversed(parts)]) if known else ""


# Comments go; strings stay, for one of them may be a module's name.
_WITHOUT = re.compile(
    r"//[^\n]*|/\*(?:[^*]|\*(?!/))*(?:\*/|\Z)|`(?:[^`\\]|\\.)*(?:`|\Z)"
    r"|\"(?:[^\"\\\n]|\\.)*\"?|'(?:[^'\\\n]|\\.)*'?",
    re.DOTALL,
)
_IMPORT = re.compile(
    r"(?:\brequire(?:\.resolve)?\s{0,9}\(\s{0,9}|\bimport\s{0,9}\(\s{0,9}|\bfrom\s{0,9}|\bimport\s{0,9})"
    r"(?P<quote>[\"'])(?P<name>[^\"'\n]{1,214})(?P=quote)"
)
_QUOTES = re.compile(r"[\"']")
_NAME = re.compile(r"(?:@[a-z0-9~-][a-z0-9._~-]*/)?[A-Za-z0-9~-][A-Za-z0-9._~-]*")


def _blank(found: re.Match[str]) -> str:
    """A comment or a template without its text, its lines kept. A module's name has no quotes."""
    text = found[0]
    is_name = text[0] in "\"'" and not _QUOTES.search(text[1:-1])
    return text if is_name else "\n" * text.count("\n")


def _package(name: str) -> str:
    """The package of a path inside it; empty for own files and for what Node brings along."""
    if name.startswith((".", "/", "node:", "http:", "https:", "#")):
        return ""
    found = _NAME.match(name)
    return found[0] if found else ""

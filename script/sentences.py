"""Finds what the appliance says to people, for translators: errors' sentences and pages' texts.

A method for Babel (see `translations.py`). A sentence is the literal that an error of our family is
raised with, the template of a `sentence(...)`, or the title of an error. What only programs ever
read stays English and is left out.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

from babel.messages.extract import extract_python

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "appliance"
FOR_PROGRAMS = (
    "cli/*",
    "ssh/*",
    "web/api/*",
    "web/git_*.py",
    "web/internal.py",
    "web/lfs_http.py",
    "services/lfs*.py",
    "git/lfs.py",
    "services/console.py",
    "services/idempotency.py",
    "services/ssh_access.py",
    "security/bearer.py",
    "security/capabilities.py",
    "security/signing.py",
    "db/schema.py",
    "settings.py",
)
"""Doors and tools that no page stands behind."""
NEVER_SHOWN = frozenset({"SettingsError", "UnrecordedChangeError"})
FIELD_FIRST = frozenset({"of", "FieldProblem"})
"""Calls whose first argument is a field's name and whose second the sentence."""

Found = tuple[int, Any, Any, Any]
"""Line, function, text and comments, as Babel counts them."""


def extract(file: BinaryIO, keywords: Any, comment_tags: Any, options: Any) -> Iterator[Found]:
    """Every text of a Python file, as Babel asks for it."""
    yield from extract_python(file, keywords, comment_tags, options)
    path = Path(file.name).resolve()
    if is_for_people(path):
        file.seek(0)
        for line, words in sentences(file.read().decode()):
            yield line, "", words, []


def is_for_people(path: Path) -> bool:
    """Whether somebody before a page may read what this file raises."""
    place = path.relative_to(SOURCES).as_posix()
    return not any(fnmatch(place, pattern) for pattern in FOR_PROGRAMS)


def sentences(source: str) -> Iterator[tuple[int, str]]:
    """The sentences in a source, with their lines."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ClassDef) and node.name in family() - NEVER_SHOWN:
            yield from _titles(node)
        elif isinstance(node, ast.Call):
            said = spoken(node)
            if isinstance(said, ast.Constant) and isinstance(said.value, str) and said.value:
                yield said.lineno, said.value


def spoken(call: ast.Call) -> ast.expr | None:
    """What a call says, if it makes an error or a sentence."""
    name = _name(call.func)
    if name == "sentence" or name in family() - NEVER_SHOWN:
        place = 1 if name in FIELD_FIRST else 0
    elif _is_of(call.func):
        place = 1
    else:
        return None
    return call.args[place] if len(call.args) > place else None


@cache
def family() -> frozenset[str]:
    """The names of all our errors, wherever they are defined."""
    bases: dict[str, set[str]] = {}
    for path in SOURCES.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef):
                bases.setdefault(node.name, set()).update(map(_name, node.bases))
    found = {"ApplianceError"}
    while more := {name for name, above in bases.items() if above & found} - found:
        found |= more
    return frozenset(found | {"FieldProblem"})


def _titles(node: ast.ClassDef) -> Iterator[tuple[int, str]]:
    for each in node.body:
        if isinstance(each, ast.Assign) and _name(each.targets[0]) == "title":
            value = each.value
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield each.lineno, value.value


def _is_of(function: ast.expr) -> bool:
    """Whether this is `InvalidError.of`."""
    is_attribute = isinstance(function, ast.Attribute) and function.attr == "of"
    return is_attribute and _name(function.value) in family()  # type: ignore[attr-defined]  # An attribute has one.


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""

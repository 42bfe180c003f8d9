"""What the tests of this folder read: our own sources, parsed once."""

from __future__ import annotations

import ast
import gc
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDERS = (
    *(
        "appliance",
        "audit",
        "clients",
        "config",
        "docs",
        "migrations",
        "requirements",
        "script",
        "tests",
    ),
    "witness",
)
OTHERS = (".ci", ".devcontainer")
TEXTS = frozenset(
    {".py", ".html", ".css", ".js", ".md", ".toml", ".sh", ".txt", ".json", ".svg", ".yaml", ""}
)
GENERATED = ("_build", "__pycache__", "vendor", "node_modules", "dist")
WRITTEN = ("clients/python/codara_client/api", "clients/typescript/src/api")  # By script/clients.


@cache
def files(*folders: str, suffix: str | None = None) -> tuple[Path, ...]:
    """Our files in these folders, without what a tool wrote there."""
    return tuple(
        path
        for folder in folders
        for path in sorted((ROOT / folder).rglob("*"))
        if path.is_file()
        and not set(path.relative_to(ROOT).parts) & set(GENERATED)
        and str(path.parent.relative_to(ROOT)) not in WRITTEN
        and (path.suffix == suffix if suffix is not None else path.suffix in TEXTS)
    )


@cache
def top_level_files() -> tuple[Path, ...]:
    """Our files beside the folders."""
    return tuple(path for path in sorted(ROOT.iterdir()) if path.is_file() and path.suffix in TEXTS)


@cache
def read(path: Path) -> str:
    """The text of a file."""
    return path.read_text("utf-8", errors="replace")


@cache
def parse(path: Path) -> ast.Module:
    """The syntax tree of a Python file."""
    tree = ast.parse(read(path), str(path))
    gc.freeze()  # It stays; collections that look at all of them take longer than the tests.
    return tree


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """All of the syntax tree of a Python file, from the outside to the inside."""
    return tuple(ast.walk(parse(path)))


def name(path: Path) -> str:
    """How a file is called in a finding."""
    return str(path.relative_to(ROOT))


def dotted(node: ast.expr) -> str:
    """`a.b.c` as text; nothing for what is no such name."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


@cache
def calls(path: Path) -> tuple[tuple[ast.Call, str], ...]:
    """Every call in a Python file, with the name it calls."""
    return tuple((node, dotted(node.func)) for node in nodes(path) if isinstance(node, ast.Call))


@cache
def attributes(*folders: str) -> frozenset[str]:
    """Every attribute, name and imported name that Python files in these folders mention."""
    mentioned: set[str] = set()
    for path in files(*folders, suffix=".py"):
        for node in nodes(path):
            if isinstance(node, ast.Attribute):
                mentioned.add(node.attr)
            elif isinstance(node, ast.Name):
                mentioned.add(node.id)
    return frozenset(mentioned)

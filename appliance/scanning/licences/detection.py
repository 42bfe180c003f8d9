"""Which licence a project says it has, in the manifests that say so.

Source: npm documentation, "package.json"; PEP 621 and PEP 639; The Cargo Book, "The Manifest
Format"; Composer documentation, "composer.json schema"; Maven POM Reference; NuGet, ".nuspec
reference"; Writing R Extensions, section 1.1.2.
"""

from __future__ import annotations

import configparser
import posixpath
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from appliance.scanning.licences import expressions
from appliance.scanning.manifests import xml_text
from appliance.scanning.manifests.refusal import ManifestError, malformed
from appliance.scanning.manifests.source import Source
from appliance.scanning.manifests.tree import Rows, Tree

_CLASSIFIER = "License :: "
_TELLS_NOTHING = frozenset({"License :: OSI Approved", "License :: Other/Proprietary License"})


@dataclass(frozen=True, slots=True)
class Declared:
    """What was found: as it is written, in its one spelling, and where."""

    written: str
    expression: str
    """Empty where it cannot be read as one."""
    line: int


Parser = Callable[[Source], Iterator[tuple[str, int]]]


def read(path: str, content: bytes) -> tuple[Declared, ...]:
    """What a manifest declares; nothing where it declares nothing, or is none that could.

    Errors:
        ManifestError: it is not what its name says.
    """
    parser = _parser(path)
    found = parser(Source(path, content)) if parser else iter(())
    return tuple(declared(written, line) for written, line in found if written.strip())


def declared(written: str, line: int) -> Declared:
    """What somebody wrote, read."""
    said = written.strip()[: expressions.LONGEST]
    expression = expressions.read(said)
    return Declared(said, str(expression) if expression is not None else "", line)


def _parser(path: str) -> Parser | None:
    name = posixpath.basename(path)
    return _NUSPEC if name.endswith(".nuspec") else _PARSERS.get(name)


def _together(texts: list[str], operator: str) -> str:
    """Several as one expression; each may be one itself."""
    return f" {operator} ".join(f"({each})" if " " in each else each for each in texts)


def _npm(source: Source) -> Iterator[tuple[str, int]]:
    """`license`; in old ones a mapping, or a list of them of which one chooses."""
    manifest = source.json()
    for key in ("license", "licenses"):
        texts = list(_npm_texts(manifest, key))
        if texts:
            yield _together(texts, "OR"), manifest.line_of(key)


def _npm_texts(manifest: Tree, key: str) -> Iterator[str]:
    value = manifest.get(key)
    for each in value if isinstance(value, Rows) else [value]:
        if isinstance(each, Tree):
            yield each.maybe("type") or each.maybe("name")
        elif isinstance(each, str):
            yield each


def _python(source: Source) -> Iterator[tuple[str, int]]:
    manifest = source.toml()
    for project in (manifest.tree("project"), manifest.tree("tool").tree("poetry")):
        value = project.get("license")
        text = value.get("text") if isinstance(value, Tree) else value
        if isinstance(text, str):
            yield text.strip().split("\n", 1)[0], project.line_of("license")
            continue
        classifiers = project.rows("classifiers").texts("classifiers")
        yield from ((text, line) for text, line in _classified(classifiers))


def _classified(classifiers: Iterator[tuple[str, int]]) -> Iterator[tuple[str, int]]:
    for text, line in classifiers:
        if text.startswith(_CLASSIFIER) and text not in _TELLS_NOTHING:
            yield text.rpartition(" :: ")[2], line


def _setup_cfg(source: Source) -> Iterator[tuple[str, int]]:
    text = source.text()
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(text)
    except configparser.Error as error:
        raise malformed(1, "INI") from error
    said = parser.get("metadata", "license", fallback="")
    place = re.search(r"^\s*license\s*[=:]", text, re.MULTILINE)
    if said:
        yield said, text.count("\n", 0, place.start()) + 1 if place else 1
        return
    lines = parser.get("metadata", "classifiers", fallback="").split("\n")
    yield from _classified((each.strip(), 1) for each in lines)


def _cargo(source: Source) -> Iterator[tuple[str, int]]:
    package = source.toml().tree("package")
    if isinstance(package.get("license"), str):
        yield package.maybe("license"), package.line_of("license")


def _composer(source: Source) -> Iterator[tuple[str, int]]:
    """Of a list one may choose."""
    manifest = source.json()
    value = manifest.get("license")
    if isinstance(value, Rows):
        yield _together([text for text, _ in value.texts("license")], "OR"), value.line
    elif isinstance(value, str):
        yield value, manifest.line_of("license")


def _pom(source: Source) -> Iterator[tuple[str, int]]:
    """Nobody says whether one may choose among several; so all of them count."""
    source.text()  # For its limits.
    root = xml_text.read(source.content, "project")
    found = list(xml_text.children(xml_text.child(root, "licenses"), "license"))
    texts = [_best(xml_text.text(each, "name"), xml_text.text(each, "url")) for each in found]
    if any(texts):
        yield _together([each for each in texts if each], "AND"), xml_text.line(found[0])


def _best(name: str, address: str) -> str:
    """A name, unless only the address is understood."""
    for each in (name, address):
        expression = expressions.read(each)
        if expression is not None and all(x.is_known for x in expressions.licences(expression)):
            return str(expression)
    return name or address


def _nuspec(source: Source) -> Iterator[tuple[str, int]]:
    source.text()  # For its limits.
    root = xml_text.read(source.content, "package")
    licence = xml_text.child(root, "metadata", "license")
    if licence is not None and licence.get("type") == "expression":
        yield (licence.text or "").strip(), xml_text.line(licence)


def _description(source: Source) -> Iterator[tuple[str, int]]:
    """DESCRIPTION of an R package: `|` is a choice, and `+ file LICENSE` adds what that says."""
    for number, line in source.lines():
        if line.startswith("License:"):
            said = re.sub(r"\s*\+\s*file LICEN[CS]E", "", line.removeprefix("License:"))
            yield re.sub(r" ?\(>= ?([0-9.]+)\)", r"-\1+", said).strip(), number


_NUSPEC: Parser = _nuspec
_PARSERS: dict[str, Parser] = {
    "Cargo.toml": _cargo,
    "DESCRIPTION": _description,
    "composer.json": _composer,
    "package.json": _npm,
    "pom.xml": _pom,
    "pyproject.toml": _python,
    "setup.cfg": _setup_cfg,
}

__all__ = ["Declared", "ManifestError", "declared", "read"]

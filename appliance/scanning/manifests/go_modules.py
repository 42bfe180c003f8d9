"""go.mod and go.sum.

Source: Go Modules Reference, "go.mod files" and "go.sum files".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from appliance.domain.components import Component, Ecosystem
from appliance.scanning.manifests.refusal import missing, not_understood
from appliance.scanning.manifests.source import Source
from appliance.scanning.manifests.tree import checked

_DIRECTIVES = frozenset(
    {"module", "go", "toolchain", "godebug", "require", "exclude", "replace"}
    | {"retract", "tool", "ignore"}
)
_WORD = re.compile(r"\"(?P<quoted>[^\"]*)\"|`(?P<raw>[^`]*)`|(?P<plain>[^\s\"`]+)")
_SUM = re.compile(r"(?P<name>\S+) (?P<version>v\S+?)(?P<of_mod>/go\.mod)? h1:[A-Za-z0-9+/]{43}=\Z")
_LOCAL = (".", "/")
_VERSION = re.compile(r"v[0-9]\S*|[0-9a-f]{7,40}|[A-Za-z][\w./-]*\Z")


@dataclass
class _Module:
    required: dict[tuple[str, str], tuple[int, bool]] = field(default_factory=dict)
    """By name and version, of which a file may ask for several: line, and whether somebody else
    needs it."""
    replaced: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    """By name and version, which may be empty: what stands in for it."""


def read_mod(source: Source) -> Iterator[Component]:
    """What is required, as it is after replacements. What is replaced by a folder is own code."""
    module = _Module()
    block, has_directive = "", False
    for number, line in source.lines():
        text, _, remark = line.partition("//")
        words = _words(text, number)
        if not words:
            continue
        if block and words == [")"]:
            block = ""
        elif block:
            _take(module, block, words, remark, number)
        elif words[0] not in _DIRECTIVES:
            raise not_understood(number)
        elif words[1:] == ["("]:
            block, has_directive = words[0], True
        else:
            has_directive = True
            _take(module, words[0], words[1:], remark, number)
    if block or not has_directive:
        raise missing(1, ")" if block else "module")
    yield from _components(module)


def _components(module: _Module) -> Iterator[Component]:
    for (name, version), (line, is_indirect) in module.required.items():
        by_version = module.replaced.get((name, version))
        target = by_version or module.replaced.get((name, "")) or (name, version)
        if target[0].startswith(_LOCAL):
            continue
        yield Component(
            ecosystem=Ecosystem.GO,
            name=target[0],
            version=target[1],
            line=line,
            is_direct=not is_indirect,
            wanted="" if target == (name, version) else f"{name} {version}",
        )


def _words(text: str, number: int) -> list[str]:
    words = []
    for found in _WORD.finditer(text):
        word = found["quoted"] if found["quoted"] is not None else found["raw"] or found["plain"]
        words.append(checked(word, number, "go.mod"))
    return words


def _take(module: _Module, directive: str, words: list[str], remark: str, number: int) -> None:
    if directive == "require":
        if len(words) != 2 or not _VERSION.match(words[1]):  # noqa: PLR2004 — name and version
            raise not_understood(number)
        is_indirect = remark.strip().startswith("indirect")
        module.required[words[0], words[1]] = (number, is_indirect)
    elif directive == "replace":
        _replace(module, words, number)
    elif directive in {"module", "go"} and len(words) != 1:
        raise not_understood(number)


def _replace(module: _Module, words: list[str], number: int) -> None:
    if "=>" not in words:
        raise not_understood(number)
    middle = words.index("=>")
    old, new = words[:middle], words[middle + 1 :]
    if len(old) not in {1, 2} or len(new) not in {1, 2}:
        raise not_understood(number)
    module.replaced[old[0], (*old, "")[1]] = (new[0], (*new, "")[1])


def read_sum(source: Source) -> Iterator[Component]:
    """Every module whose contents were once checked; its go.mod alone says nothing of use."""
    for number, line in source.lines():
        if not line:
            continue
        found = _SUM.match(line)
        if not found:
            raise not_understood(number)
        if not found["of_mod"]:
            name = checked(found["name"], number, "go.sum")
            version = checked(found["version"], number, "go.sum")
            yield Component(Ecosystem.GO, name, version, number)

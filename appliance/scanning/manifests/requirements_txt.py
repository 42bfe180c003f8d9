"""requirements.txt, with what it includes and what constrains it.

Source: pip documentation, "Requirements File Format"; pip-tools, for the `# via` remarks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from appliance.domain.components import Component, Ecosystem, Scope, normal_name
from appliance.scanning.manifests.python_names import Requirement, by_address, requirement
from appliance.scanning.manifests.refusal import MOST_FILES, not_understood, too_many
from appliance.scanning.manifests.source import Source

_FOR_DEVELOPMENT = re.compile(r"(?:^|[^a-z])(?:dev|develop|development|tests?|docs?|lint|ci)\b")
_OPTION = re.compile(r"(?P<name>--?[A-Za-z][A-Za-z-]*)(?:[ \t=]+(?P<value>.*))?\Z")
_WITH_A_FILE = {
    **dict.fromkeys(("-r", "--requirement"), "requirement"),
    **dict.fromkeys(("-c", "--constraint"), "constraint"),
}
_EDITABLE = {"-e", "--editable"}
_OTHERS = {
    *("-i", "--index-url", "--extra-index-url", "--no-index", "-f", "--find-links"),
    *("--no-binary", "--only-binary", "--prefer-binary", "--require-hashes", "--pre"),
    *("--trusted-host", "--use-feature", "--pypi-url", "--process-dependency-links"),
    *("--allow-external", "--allow-unverified", "--allow-all-external", "--use-wheel"),
    *("--no-deps", "--exclude-newer", "--index-strategy", "--no-build-isolation"),
}
_OF_ONE = re.compile(
    r"\s+--(?:hash|config-settings?|global-option|install-option)(?:[=\s]+\S+)?", re.ASCII
)
_ATTACHED = re.compile(r"\A(-[rcefi])(?=[^\s=-])")
_PATH = re.compile(r"\A(?:[./~]|[A-Za-z][A-Za-z0-9+.-]*://|git@|file:|[A-Za-z]:\\|\$\{)")
_PATH_TO_FILE = re.compile(r"\.(?:whl|tar\.gz|zip|tar\.bz2|tgz)(?:[#?\[;\s]|\Z)|/")


@dataclass
class _Found:
    """What the file and all that it includes have come to."""

    components: list[Component] = field(default_factory=list)
    constraints: dict[str, str] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)


def read(source: Source) -> Iterator[Component]:
    """What the file asks for, and the files it names with `-r`. `-c` only says which version."""
    found = _Found()
    _collect(source, found, is_constraint=False, line=None)
    knows_parents = any(each.parents for each in found.components)
    for each in found.components:
        version = each.version or found.constraints.get(normal_name(Ecosystem.PYPI, each.name), "")
        yield replace(
            each, version=version, is_direct=True if not knows_parents else each.is_direct
        )


def _collect(source: Source, found: _Found, *, is_constraint: bool, line: int | None) -> None:
    """`line` is where the file we came from names this one: that one is being read."""
    if source.path in found.seen:
        return
    found.seen.add(source.path)
    if len(found.seen) > MOST_FILES:
        raise too_many(line or 1)
    is_development = bool(_FOR_DEVELOPMENT.search(source.path.lower()))
    scope = Scope.DEVELOPMENT if is_development else Scope.RUNTIME
    for number, text, remarks in _logical(source):
        at = number if line is None else line
        option = _OPTION.match(_ATTACHED.sub(r"\1 ", text))
        if option:
            _follow(source, option, found, is_constraint=is_constraint, line=at, scope=scope)
            continue
        wanted = _requirement(text)
        if wanted is None:
            if _PATH.match(text) or _PATH_TO_FILE.search(text):
                continue  # A folder or an address that tells no name.
            raise not_understood(at)
        _keep(wanted, found, is_constraint=is_constraint, line=at, scope=scope, remarks=remarks)


def _follow(
    source: Source,
    option: re.Match[str],
    found: _Found,
    *,
    is_constraint: bool,
    line: int,
    scope: Scope,
) -> None:
    """An option on a line of its own."""
    name, value = option["name"], (option["value"] or "").strip()
    if name in _WITH_A_FILE:
        other = source.other(value.strip("\"'"))
        if other is not None:
            constrains = is_constraint or _WITH_A_FILE[name] == "constraint"
            _collect(other, found, is_constraint=constrains, line=line)
    elif name in _EDITABLE:
        wanted = by_address(value)
        if wanted:
            _keep(wanted, found, is_constraint=is_constraint, line=line, scope=scope, remarks=[])
    elif name not in _OTHERS:
        raise not_understood(line)


def _requirement(text: str) -> Requirement | None:
    plain = _OF_ONE.sub("", f" {' '.join(text.split())}").strip()
    return requirement(plain) or by_address(plain)


def _keep(
    wanted: Requirement,
    found: _Found,
    *,
    is_constraint: bool,
    line: int,
    scope: Scope,
    remarks: list[str],
) -> None:
    if is_constraint:
        if wanted.version:
            found.constraints.setdefault(normal_name(Ecosystem.PYPI, wanted.name), wanted.version)
        return
    files = [each for each in remarks if each.startswith(("-r", "-c")) or "(" in each]
    found.components.append(
        Component(
            ecosystem=Ecosystem.PYPI,
            name=wanted.name,
            version=wanted.version,
            line=line,
            scope=Scope.OPTIONAL if wanted.is_extra else scope,
            is_direct=not remarks or bool(files),
            parents=tuple(each for each in remarks if each not in files),
            wanted=wanted.wanted,
            condition=wanted.marker,
        )
    )


def _logical(source: Source) -> Iterator[tuple[int, str, list[str]]]:
    """What is asked for, line by line, and who wanted it as far as remarks below it say."""
    pending: tuple[int, str, list[str]] | None = None
    is_via = False
    for number, text in _joined(source):
        remark = text.lstrip("#").strip()
        if text.startswith("#"):
            is_via = remark.startswith("via") or (is_via and bool(remark))
            if is_via and pending:
                pending[2].extend(_via(remark))
            continue
        is_via = False
        bare, _, behind = re.sub(r"(?:\A|\s)#", "\0", text, count=1).partition("\0")
        if bare.strip():
            if pending:
                yield pending
            remark = behind.strip()
            pending = number, bare.strip(), _via(remark) if remark.startswith("via ") else []
    if pending:
        yield pending


def _joined(source: Source) -> Iterator[tuple[int, str]]:
    """Lines put together where one ends in a backslash."""
    parts: list[str] = []
    start = 1
    for number, line in source.lines():
        start = start if parts else number
        text = line.strip()
        if text.endswith("\\"):
            parts.append(text[:-1])
            continue
        yield start, " ".join([*parts, text]).strip()
        parts = []
    yield start, " ".join(parts).strip()


def _via(remark: str) -> list[str]:
    said = re.sub(r"\Avia\b", "", remark).strip()
    return [each.strip() for each in said.split(",") if each.strip()]

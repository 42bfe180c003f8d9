"""A manifest with one component in a later version: for formats that people write by hand.

What a tool writes, with hashes of all that it resolved, is left to that tool: an edited line there
would break the lock. The edited file is read again, and counts only if it says what was wanted and
nothing else has changed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from appliance.domain.components import Component, normal_name
from appliance.errors import ConflictError, sentence
from appliance.scanning.manifests import reading
from appliance.scanning.manifests.source import Beside, nothing_beside

LOCKS_OF_PYPROJECT = ("poetry.lock", "uv.lock", "pdm.lock", "pylock.toml")


class NoEditError(ConflictError):
    """The file cannot be changed honestly by one line. The message says why, and what to do."""


@dataclass(frozen=True)
class Wanted:
    """A component as a manifest names it, and the version to go to."""

    ecosystem: str
    name: str
    version: str
    to: str
    line: int


Edit = Callable[[list[str], Wanted], None]


def edited(path: str, content: bytes, wanted: Wanted, beside: Beside = nothing_beside) -> bytes:
    """The file with the other version.

    Errors:
        NoEditError: the format is written by a tool, the line pins nothing, or hashes stand there.
        ManifestError: the file cannot be read at all.
    """
    found = reading.format_of(path)
    edit = _EDITS.get(found.name if found else "")
    if edit is None:
        raise NoEditError(BY_A_TOOL)
    _insist_on_no_lock(path, content, found.name if found else "", beside)
    before = reading.read(path, content, beside)
    lines = content.decode("utf-8").splitlines(keepends=True)
    if not 1 <= wanted.line <= len(lines):
        raise NoEditError(NOT_PINNED)
    edit(lines, wanted)
    made = "".join(lines).encode()
    after = reading.read(path, made, beside)
    if _told(after) != _told(before, wanted):
        raise NoEditError(NOT_PINNED)
    return made


def _told(components: Iterable[Component], wanted: Wanted | None = None) -> list[str]:
    """What a file says; with `wanted`, what it should say after the change."""
    found = []
    for each in components:
        version = each.version
        if wanted is not None and version == wanted.version and _is_it(each, wanted):
            version = wanted.to
        found.append(f"{each.ecosystem} {each.name} {version.removeprefix('v')}")
    return sorted(found)


def _is_it(component: Component, wanted: Wanted) -> bool:
    ecosystem = wanted.ecosystem
    return component.ecosystem == ecosystem and normal_name(
        ecosystem, component.name
    ) == normal_name(ecosystem, wanted.name)


def _insist_on_no_lock(path: str, content: bytes, form: str, beside: Beside) -> None:
    folder = path.rpartition("/")[0]
    near = f"{folder}/" if folder else ""
    if form == "requirements.txt" and b"--hash" in content:
        raise NoEditError(HASHES)
    if form == "pyproject.toml" and any(beside(near + each) for each in LOCKS_OF_PYPROJECT):
        raise NoEditError(BY_A_TOOL)
    if form == "go.mod" and beside(f"{near}go.sum"):
        raise NoEditError(SUMS)


def _in_line(pattern: str) -> Edit:
    """Replaces the version in the component's own line, where `pattern` finds it exactly."""

    def edit(lines: list[str], wanted: Wanted) -> None:
        at = wanted.line - 1
        said = pattern.format(name=_name(wanted.name), version=re.escape(wanted.version))
        changed, count = re.subn(said, _replaced(wanted), lines[at], count=1)
        if count != 1:
            raise NoEditError(NOT_PINNED)
        lines[at] = changed

    return edit


def _name(name: str) -> str:
    """A name as it may be spelled: PEP 503 folds what stands between its words."""
    return re.sub(r"[-_.]+", "[-_.]+", re.escape(name).replace(r"\-", "-").replace(r"\.", "."))


def _replaced(wanted: Wanted) -> Callable[[re.Match[str]], str]:
    def replace(found: re.Match[str]) -> str:
        mark = "v" if found["version"].startswith("v") and not wanted.to.startswith("v") else ""
        return f"{found['before']}{mark}{wanted.to}{found['after']}"

    return replace


def _pom(lines: list[str], wanted: Wanted) -> None:
    """The version stands in an element of its own, inside the same dependency."""
    said = re.compile(
        rf"(?P<before><version>\s*)(?P<version>{re.escape(wanted.version)})(?P<after>\s*</version>)"
    )
    first = wanted.line - 1
    while first > 0 and "<dependency>" not in lines[first] and "<parent>" not in lines[first]:
        first -= 1
    for at in range(first, len(lines)):
        lines[at], count = said.subn(_replaced(wanted), lines[at], count=1)
        if count:
            return
        if at > first and re.search(r"</(?:dependency|parent)>", lines[at]):
            break
    raise NoEditError(NOT_PINNED)


_PYTHON = (
    r"(?P<before>(?i:(?<![\w.-]){name})(?:\s*\[[^\]]*\])?\s*==\s*)(?P<version>{version})"
    r"(?P<after>(?![\w.*+!-]).*)"
)
_EDITS: dict[str, Edit] = {
    "requirements.txt": _in_line(_PYTHON),
    "pyproject.toml": _in_line(_PYTHON),
    "go.mod": _in_line(r"(?P<before>{name}\s+)(?P<version>v?{version})(?P<after>(?![\w.-]).*)"),
    "workflow": _in_line(
        r"(?P<before>uses:\s*[\"']?(?i:{name})(?:/[\w./-]+)?@)(?P<version>{version})"
        r"(?P<after>(?![\w.-]).*)"
    ),
    "Dockerfile": _in_line(r"(?P<before>{name}:)(?P<version>{version})(?P<after>(?![\w.@-]).*)"),
    "pom.xml": _pom,
}
BY_A_TOOL = sentence(
    "This file is written by a tool, with all that it resolved. Upgrade by that tool, and push "
    "what it writes."
)
HASHES = sentence(
    "The file has hashes of what is installed. Upgrade by the tool that writes them, and push that."
)
SUMS = sentence("Beside it is go.sum, which needs the sums of the new version. Run “go get”.")
NOT_PINNED = sentence("The line does not pin exactly this version, so it cannot be changed there.")

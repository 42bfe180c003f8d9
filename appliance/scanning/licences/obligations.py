"""What one owes for using a component: what its licence asks for, and the NOTICE file.

This helps whoever decides; it is no legal advice. Of a licence that is not in the table nothing is
known, and the report says so.

Source: the licences themselves; SPDX License List for their names.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from appliance.domain.components import Component, Scope
from appliance.scanning.licences import expressions


class Duty(StrEnum):
    """One thing that a licence asks for."""

    COPYRIGHT_NOTICE = "copyright_notice"
    """Its text and the copyright notices go along."""
    NOTICE_FILE = "notice_file"
    """What stands in its NOTICE file goes along, too."""
    STATE_CHANGES = "state_changes"
    """Changed files say that they were changed."""
    SOURCE_OF_FILES = "source_of_files"
    """The source of its own files is given, changes included."""
    SOURCE_OF_LIBRARY = "source_of_library"
    """The source of the library is given, and it can be replaced by a changed one."""
    SOURCE_OF_ALL = "source_of_all"
    """The source of all that it becomes a part of is given, under the same licence."""
    SOURCE_OVER_NETWORK = "source_over_network"
    """That of all is given even to those who only use it over a network."""
    NO_ENDORSEMENT = "no_endorsement"
    """The authors' names do not advertise."""


_PLAIN = frozenset({Duty.COPYRIGHT_NOTICE})
_FILES = frozenset({Duty.COPYRIGHT_NOTICE, Duty.SOURCE_OF_FILES})
_LIBRARY = frozenset({Duty.COPYRIGHT_NOTICE, Duty.STATE_CHANGES, Duty.SOURCE_OF_LIBRARY})
_ALL = frozenset({Duty.COPYRIGHT_NOTICE, Duty.STATE_CHANGES, Duty.SOURCE_OF_ALL})
_NETWORK = _ALL | {Duty.SOURCE_OVER_NETWORK}
_NOTHING: frozenset[Duty] = frozenset()


def _versions(name: str, *numbers: str) -> list[str]:
    return [f"{name}-{number}-{end}" for number in numbers for end in ("only", "or-later")]


DUTIES: dict[str, frozenset[Duty]] = {
    **dict.fromkeys(("0BSD", "CC0-1.0", "MIT-0", "Unlicense", "WTFPL"), _NOTHING),
    **dict.fromkeys(
        ("MIT", "ISC", "BSD-2-Clause", "BSL-1.0", "Zlib", "PostgreSQL", "PSF-2.0", "UPL-1.0"),
        _PLAIN,
    ),
    **dict.fromkeys(("X11", "NCSA", "curl", "Unicode-3.0", "CC-BY-3.0", "CC-BY-4.0"), _PLAIN),
    **dict.fromkeys(("BSD-3-Clause", "BSD-3-Clause-Clear"), _PLAIN | {Duty.NO_ENDORSEMENT}),
    "Apache-2.0": frozenset({Duty.COPYRIGHT_NOTICE, Duty.NOTICE_FILE, Duty.STATE_CHANGES}),
    **dict.fromkeys(("MPL-1.1", "MPL-2.0", "EPL-1.0", "EPL-2.0", "CDDL-1.0", "CDDL-1.1"), _FILES),
    **dict.fromkeys(_versions("LGPL", "2.0", "2.1", "3.0"), _LIBRARY),
    **dict.fromkeys(_versions("GPL", "1.0", "2.0", "3.0"), _ALL),
    "GPL-2.0-only WITH Classpath-exception-2.0": _LIBRARY,
    **dict.fromkeys((*_versions("AGPL", "3.0"), "SSPL-1.0", "EUPL-1.2"), _NETWORK),
}


@dataclass(frozen=True, slots=True)
class Owed:
    """What is owed for one component. `duties` is None where its licence is not in the table."""

    component: Component
    licence: str
    duties: frozenset[Duty] | None


def owed(components: Iterable[Component]) -> list[Owed]:
    """What is owed for all that goes along; what is needed for development alone stays at home."""
    found = [_owed(each) for each in components if each.scope != Scope.DEVELOPMENT]
    return sorted(found, key=lambda each: (each.component.name.lower(), each.component.version))


def duties_of(licence: str) -> frozenset[Duty] | None:
    """What a licence asks for; None where that is not known."""
    expression = expressions.read(licence)
    return None if expression is None else _duties(expression)


def _owed(component: Component) -> Owed:
    expression = expressions.read(component.licence)
    if expression is None:
        return Owed(component, component.licence, None)
    return Owed(component, str(expression), _duties(expression))


def _duties(expression: expressions.Expression) -> frozenset[Duty] | None:
    """Of all parts together; of a choice, the one that asks for least."""
    if isinstance(expression, expressions.Licence):
        return DUTIES.get(str(expression)) if expression.is_known else None
    parts = [_duties(part) for part in expression.parts]
    known = [each for each in parts if each is not None]
    if isinstance(expression, expressions.Either):
        return min(known, key=len, default=None)
    return frozenset().union(*known) if len(known) == len(parts) else None


def notice(product: str, items: Iterable[Owed]) -> str:
    """A NOTICE file: each component with its licence, and those that somebody must look at."""
    known, unknown = [], []
    for each in items:
        name = f"{each.component.name} {each.component.version}".strip()
        if each.duties is None:
            unknown.append(f"  {name}: {each.licence or 'no licence is known'}")
        else:
            known.append(f"  {name}: {each.licence}")
    parts = [
        f"{product} contains components of others, under their own licences.",
        "\n".join(known),
    ]
    if unknown:
        parts += ["What these ask for has to be looked at:", "\n".join(unknown)]
    return "\n\n".join(part for part in parts if part) + "\n"

"""An advisory in the OSV format, read without trust: what is affected, since when, until when.

Source: Open Source Vulnerability format, schema 1.7.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from appliance.errors import InvalidError, sentence

MOST_ITEMS = 200_000
"""Of one list in an advisory. The longest lists of versions known have some ten thousand."""
LONGEST_TEXT = 512
"""Characters of a name, an id or a version in one."""


class AdvisoryError(InvalidError):
    """The record is no advisory in the OSV format."""


class EventKind(StrEnum):
    """What happened at a version. The words are those of the format."""

    INTRODUCED = "introduced"
    FIXED = "fixed"
    LAST_AFFECTED = "last_affected"
    LIMIT = "limit"


@dataclass(frozen=True, slots=True)
class Happening:
    """At which version the vulnerability came, or went."""

    kind: EventKind
    version: str


@dataclass(frozen=True, slots=True)
class Range:
    """What happened, in the order of the versions of its ecosystem."""

    happenings: tuple[Happening, ...]


@dataclass(frozen=True, slots=True)
class Affected:
    """One package that an advisory speaks of."""

    ecosystem: str
    name: str
    versions: frozenset[str]
    ranges: tuple[Range, ...]
    symbols: tuple[str, ...] = ()
    """What has to be called for the vulnerability to count, where the advisory says so."""


@dataclass(frozen=True, slots=True)
class Advisory:
    """What is known of one vulnerability under one name."""

    id: str
    modified: str
    aliases: tuple[str, ...]
    is_withdrawn: bool
    summary: str
    vectors: tuple[str, ...]
    affected: tuple[Affected, ...]


def read(record: object) -> Advisory:
    """An advisory from the value of its JSON.

    Errors:
        AdvisoryError: a field is missing, or is not what the format says. The message names it.
    """
    row = _mapping(record, "")
    return Advisory(
        id=_text(row, "id"),
        modified=_text(row, "modified"),
        aliases=tuple(_texts(row, "aliases")),
        is_withdrawn=bool(row.get("withdrawn")),
        summary=str(row.get("summary") or "")[:LONGEST_TEXT],
        vectors=tuple(_vectors(row)),
        affected=tuple(
            each
            for item in _list(row, "affected")
            for each in _affected(_mapping(item, "affected"))
        ),
    )


def _affected(row: Mapping[str, Any]) -> Iterator[Affected]:
    """None where it speaks of commits alone: those are not versions of a package."""
    if row.get("package") is None:
        return
    package = _mapping(row["package"], "package")
    yield Affected(
        ecosystem=_text(package, "ecosystem"),
        name=_text(package, "name"),
        versions=frozenset(_texts(row, "versions")),
        ranges=tuple(
            Range(tuple(_happenings(each)))
            for item in _list(row, "ranges")
            for each in [_mapping(item, "ranges")]
            if _text(each, "type") != "GIT"
        ),
        symbols=tuple(_symbols(row)),
    )


def _happenings(row: Mapping[str, Any]) -> Iterator[Happening]:
    for item in _list(row, "events"):
        event = _mapping(item, "events")
        kinds = [kind for kind in EventKind if kind in event]
        if len(kinds) != 1:
            raise _wrong("events")
        yield Happening(kinds[0], _text(event, kinds[0]))


def _symbols(row: Mapping[str, Any]) -> Iterator[str]:
    """Source: Go vulnerability database, `ecosystem_specific.imports`."""
    specific = row.get("ecosystem_specific")
    if not isinstance(specific, Mapping):
        return
    for each in _list(specific, "imports"):
        found = _mapping(each, "imports")
        for symbol in _texts(found, "symbols"):
            yield f"{_text(found, 'path')}.{symbol}"


def _vectors(row: Mapping[str, Any]) -> Iterator[str]:
    everywhere = [row, *(each for each in _list(row, "affected") if isinstance(each, Mapping))]
    for place in everywhere:
        for item in _list(place, "severity"):
            severity = _mapping(item, "severity")
            if str(severity.get("type", "")).startswith("CVSS_V"):
                yield _text(severity, "score")


def _wrong(field: str) -> AdvisoryError:
    return AdvisoryError(
        sentence("The advisory's field %(field)s is not as it should be.", field=field or "id")
    )


def _mapping(value: object, field: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise _wrong(field)
    return value


def _list(row: Mapping[str, Any], field: str) -> list[Any]:
    value = row.get(field)
    if value is None:
        return []
    if not isinstance(value, list) or len(value) > MOST_ITEMS:
        raise _wrong(field)
    return value


def _text(row: Mapping[str, Any], field: str) -> str:
    value = row.get(field)
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_TEXT:
        raise _wrong(field)
    return value


def _texts(row: Mapping[str, Any], field: str) -> Iterator[str]:
    for each in _list(row, field):
        if not isinstance(each, str) or not 0 < len(each) <= LONGEST_TEXT:
            raise _wrong(field)
        yield each

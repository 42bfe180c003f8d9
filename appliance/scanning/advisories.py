"""An advisory in the OSV format, read without trust: what is affected, since when, until when.

Source: Open Source Vulnerability format, schema 1.7.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from appliance.errors import InvalidError, sentence
from appliance.scanning.records import RecordError, mapping, mappings, text, texts

LONGEST_SUMMARY = 512


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
    try:
        return _read(mapping(record, "id"))
    except RecordError as error:
        raise AdvisoryError(
            sentence("The advisory's field %(field)s is not as it should be.", field=error.field)
        ) from error


def _read(row: Mapping[str, Any]) -> Advisory:
    return Advisory(
        id=text(row, "id"),
        modified=text(row, "modified"),
        aliases=tuple(texts(row, "aliases")),
        is_withdrawn=bool(row.get("withdrawn")),
        summary=str(row.get("summary") or "")[:LONGEST_SUMMARY],
        vectors=tuple(_vectors(row)),
        affected=tuple(each for item in mappings(row, "affected") for each in _affected(item)),
    )


def _affected(row: Mapping[str, Any]) -> Iterator[Affected]:
    """None where it speaks of commits alone: those are not versions of a package."""
    if row.get("package") is None:
        return
    package = mapping(row["package"], "package")
    yield Affected(
        ecosystem=text(package, "ecosystem"),
        name=text(package, "name"),
        versions=frozenset(texts(row, "versions")),
        ranges=tuple(
            Range(tuple(_happenings(each)))
            for each in mappings(row, "ranges")
            if text(each, "type") != "GIT"
        ),
        symbols=tuple(_symbols(row)),
    )


def _happenings(row: Mapping[str, Any]) -> Iterator[Happening]:
    for event in mappings(row, "events"):
        kinds = [kind for kind in EventKind if kind in event]
        if len(kinds) != 1:
            raise RecordError("events")
        yield Happening(kinds[0], text(event, kinds[0]))


def _symbols(row: Mapping[str, Any]) -> Iterator[str]:
    """Source: Go vulnerability database, `ecosystem_specific.imports`."""
    specific = row.get("ecosystem_specific")
    if not isinstance(specific, Mapping):
        return
    for found in mappings(specific, "imports"):
        for symbol in texts(found, "symbols"):
            yield f"{text(found, 'path')}.{symbol}"


def _vectors(row: Mapping[str, Any]) -> Iterator[str]:
    everywhere = [row, *mappings(row, "affected")]
    for place in everywhere:
        for severity in mappings(place, "severity"):
            if str(severity.get("type", "")).startswith("CVSS_V"):
                yield text(severity, "score")

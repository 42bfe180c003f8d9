"""One record of a feed as rows of the database, and rows as what is matched."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from appliance.db.advisories import LONGEST_NAME, LONGEST_PACKAGE
from appliance.domain.components import normal_name
from appliance.errors import InvalidError
from appliance.scanning import advisories, cvss
from appliance.scanning.advisories import Advisory, Affected, EventKind, Happening, Range
from appliance.scanning.cvss import Severity, VectorError

ADVISORY_COLUMNS = (
    *("key", "name", "since", "digest", "modified", "is_withdrawn", "canonical"),
    *("severity", "score", "summary", "aliases", "vectors"),
)
PACKAGE_COLUMNS = ("advisory_key", "position", "ecosystem", "name", "body")
UNKNOWN = "unknown"
_MALICIOUS = "MAL-"
_WORDS = {"LOW": "low", "MODERATE": "medium", "MEDIUM": "medium", "HIGH": "high"}
_WORDS |= {"CRITICAL": "critical"}


class UnreadableError(InvalidError):
    """A record is no advisory. It is counted and passed over."""


@dataclass(frozen=True, slots=True)
class Record:
    """A record, read."""

    advisory: Advisory
    digest: bytes
    severity: str
    score: float | None


def digest(data: bytes) -> bytes:
    """By which a record is known again."""
    return hashlib.blake2b(data, digest_size=16).digest()


def read(data: bytes) -> Record:
    """A record from its bytes.

    Errors:
        UnreadableError: it is none.
    """
    try:
        value = json.loads(data)
        advisory = advisories.read(value)
    except (ValueError, RecursionError, InvalidError) as error:
        raise UnreadableError("This is no advisory.") from error
    if len(advisory.id) > LONGEST_NAME or " " in advisory.id:
        raise UnreadableError("This is no advisory.")
    word, score = severity(advisory, value)
    return Record(advisory, digest(data), word, score)


def severity(advisory: Advisory, record: Mapping[str, Any]) -> tuple[str, float | None]:
    """The worst of its vectors; else the word of its database. A malicious package is critical."""
    scores = [each for each in map(_score, advisory.vectors) if each is not None]
    if scores:
        worst = max(scores)
        word = cvss.severity_of(worst)
        return ("low" if word is Severity.NONE else str(word)), worst
    if advisory.id.startswith(_MALICIOUS):
        return str(Severity.CRITICAL), None
    specific = record.get("database_specific")
    said = specific.get("severity") if isinstance(specific, Mapping) else None
    return _WORDS.get(str(said).upper(), UNKNOWN), None


@lru_cache(maxsize=16_384)
def _score(vector: str) -> float | None:
    try:
        return cvss.score(vector).value
    except VectorError:
        return None


def advisory_row(key: int, since: int, record: Record) -> tuple[Any, ...]:
    """In the order of `ADVISORY_COLUMNS`."""
    advisory = record.advisory
    return (
        *(key, advisory.id, since, record.digest, advisory.modified[:40], advisory.is_withdrawn),
        *(advisory.id, record.severity, record.score, _clean(advisory.summary)),
        " ".join(each for each in advisory.aliases if " " not in each),
        " ".join(each for each in advisory.vectors if " " not in each),
    )


def package_rows(key: int, affected: Iterable[Affected]) -> list[tuple[Any, ...]]:
    """In the order of `PACKAGE_COLUMNS`."""
    return [
        (
            *(key, position, each.ecosystem[:64]),
            _clean(normal_name(each.ecosystem, each.name))[:LONGEST_PACKAGE],
            _body(each),
        )
        for position, each in enumerate(affected)
    ]


def affected(ecosystem: str, name: str, body: str) -> Affected:
    """What is matched, from its row."""
    versions, ranges, symbols = json.loads(body)
    return Affected(
        ecosystem=ecosystem,
        name=name,
        versions=frozenset(versions),
        ranges=tuple(
            Range(tuple(Happening(EventKind(kind), version) for kind, version in each))
            for each in ranges
        ),
        symbols=tuple(symbols),
    )


def _body(each: Affected) -> str:
    ranges = [[[one.kind, one.version] for one in span.happenings] for span in each.ranges]
    whole = [sorted(each.versions), ranges, list(each.symbols)]
    return _clean(json.dumps(whole, separators=(",", ":"), ensure_ascii=False))


def _clean(text: str) -> str:
    """What a database takes: neither NUL nor half a character."""
    if text.isascii():
        return text.replace("\0", "")
    return text.replace("\0", "").encode("utf-8", "replace").decode()

"""OpenVEX: what somebody trusted says of a vulnerability in a product, read and written.

Later statements on the same vulnerability and product take the place of earlier ones. Whether the
author is to be trusted is not decided here.

Source: OpenVEX Specification 0.2.0.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from appliance.errors import InvalidError, sentence
from appliance.scanning.records import (
    RecordError,
    checked,
    choice,
    items,
    mapping,
    mappings,
    maybe,
    moment,
    text,
    texts,
)

CONTEXT = "https://openvex.dev/ns/v0.2.0"
MOST_STATEMENTS = 50_000
MOST_PRODUCTS = 10_000


class VexError(InvalidError):
    """The document is no OpenVEX, or a statement lacks what its status asks for."""


class Status(StrEnum):
    """What is said. The words are those of the format."""

    NOT_AFFECTED = "not_affected"
    AFFECTED = "affected"
    FIXED = "fixed"
    UNDER_INVESTIGATION = "under_investigation"


class Justification(StrEnum):
    """Why a product is not affected."""

    COMPONENT_NOT_PRESENT = "component_not_present"
    CODE_NOT_PRESENT = "vulnerable_code_not_present"
    CODE_NOT_IN_PATH = "vulnerable_code_not_in_execute_path"
    CODE_NOT_CONTROLLABLE = "vulnerable_code_cannot_be_controlled_by_adversary"
    MITIGATED = "inline_mitigations_already_exist"


@dataclass(frozen=True, slots=True)
class Statement:
    """One vulnerability, one product or part of one, one status."""

    vulnerability: str
    aliases: tuple[str, ...]
    product: str
    """A package URL, or another identifier; with the part of it that is meant, if one is."""
    part: str
    status: Status
    said_at: datetime
    justification: Justification | None = None
    impact: str = ""
    action: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """What one author said at one time."""

    id: str
    author: str
    version: int
    said_at: datetime
    statements: tuple[Statement, ...]


def read(record: object) -> Document:
    """A document from the value of its JSON.

    Errors:
        VexError: a field is missing or wrong. The message names it.
    """
    try:
        return _read(mapping(record, "document"))
    except RecordError as error:
        raise refused(error.field) from error


def _read(row: Mapping[str, Any]) -> Document:
    if not str(row.get("@context", "")).startswith("https://openvex.dev/ns"):
        raise RecordError("@context")
    said_at = moment(row, "timestamp")
    version = row.get("version")
    if not isinstance(version, int) or isinstance(version, bool):
        raise RecordError("version")
    statements = few(
        statement
        for each in mappings(row, "statements", MOST_STATEMENTS)
        for statement in _statements(each, said_at)
    )
    return Document(text(row, "@id"), text(row, "author"), version, said_at, statements)


def few(statements: Iterable[Statement]) -> tuple[Statement, ...]:
    """All of them, if they are no more than are read: products times parts may be many."""
    found: list[Statement] = []
    for each in statements:
        found.append(each)
        if len(found) > MOST_STATEMENTS:
            raise RecordError("statements")
    return tuple(found)


def refused(field: str) -> VexError:
    """What to raise for a field."""
    return VexError(
        sentence("The statement's field %(field)s is missing or not as it should be.", field=field)
    )


def latest(statements: Iterable[Statement]) -> dict[tuple[str, str, str], Statement]:
    """By vulnerability, product and part: what was said last. Of two at once the later in order."""
    found: dict[tuple[str, str, str], Statement] = {}
    for each in statements:
        key = (each.vulnerability, each.product, each.part)
        if key not in found or each.said_at >= found[key].said_at:
            found[key] = each
    return found


def write(document: Document) -> dict[str, Any]:
    """A document as the value of its JSON.

    Errors:
        VexError: a statement lacks what its status asks for.
    """
    return {
        "@context": CONTEXT,
        "@id": document.id,
        "author": document.author,
        "timestamp": _spelt(document.said_at),
        "version": document.version,
        "statements": [_row(each) for each in document.statements],
    }


def _row(statement: Statement) -> dict[str, Any]:
    try:
        check(statement)
    except RecordError as error:
        raise refused(error.field) from error
    product: dict[str, Any] = {"@id": statement.product}
    if statement.part:
        product["subcomponents"] = [{"@id": statement.part}]
    vulnerability: dict[str, Any] = {"name": statement.vulnerability}
    if statement.aliases:
        vulnerability["aliases"] = list(statement.aliases)
    row: dict[str, Any] = {
        "vulnerability": vulnerability,
        "products": [product],
        "status": str(statement.status),
        "timestamp": _spelt(statement.said_at),
    }
    further = {
        "justification": str(statement.justification or ""),
        "impact_statement": statement.impact,
        "action_statement": statement.action,
    }
    return {**row, **{key: value for key, value in further.items() if value}}


def check(statement: Statement) -> None:
    """Whoever says "not affected" says why; whoever says "affected" says what to do."""
    is_explained = statement.justification is not None or bool(statement.impact)
    if statement.status == Status.NOT_AFFECTED and not is_explained:
        raise RecordError("justification")
    if statement.status == Status.AFFECTED and not statement.action:
        raise RecordError("action_statement")


def _statements(row: Mapping[str, Any], said_at: datetime) -> Iterator[Statement]:
    vulnerability = row.get("vulnerability")
    told = (
        {"name": vulnerability}
        if isinstance(vulnerability, str)
        else mapping(vulnerability, "vulnerability")
    )
    when = moment(row, "timestamp") if "timestamp" in row else said_at
    for product, part in _products(row):
        statement = Statement(
            vulnerability=text(told, "name" if "name" in told else "@id"),
            aliases=tuple(texts(told, "aliases", 100)),
            product=product,
            part=part,
            status=choice(Status, row.get("status"), "status"),
            said_at=when,
            justification=choice(Justification, row["justification"], "justification")
            if row.get("justification")
            else None,
            impact=maybe(row, "impact_statement"),
            action=maybe(row, "action_statement"),
        )
        check(statement)
        yield statement


def _products(row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Each product with each of its parts; alone where none is named."""
    products = items(row, "products", MOST_PRODUCTS)
    if not products:
        raise RecordError("products")
    for each in products:
        if isinstance(each, str):
            yield checked(each, "products"), ""
            continue
        product = mapping(each, "products")
        name = _identifier(product)
        parts = items(product, "subcomponents", MOST_PRODUCTS)
        if not parts:
            yield name, ""
        for part in parts:
            yield name, _part(part)


def _part(said: object) -> str:
    """A part of a product, which old documents name by a text alone."""
    if isinstance(said, str):
        return checked(said, "subcomponents")
    return _identifier(mapping(said, "subcomponents"))


def _identifier(row: Mapping[str, Any]) -> str:
    """The package URL among its identifiers, or its own."""
    identifiers = row.get("identifiers")
    if isinstance(identifiers, Mapping) and identifiers.get("purl"):
        return text(identifiers, "purl")
    return text(row, "@id")


def _spelt(when: datetime) -> str:
    return when.astimezone(UTC).isoformat().replace("+00:00", "Z")

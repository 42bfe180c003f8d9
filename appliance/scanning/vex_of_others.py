"""VEX in two other formats, read into the same statements: CSAF and CycloneDX.

Source: CSAF 2.0 (OASIS), sections 3.2 and 4.5; CycloneDX Specification, "Vulnerability
Exploitability" and its schema of `analysis`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from appliance.scanning.records import (
    RecordError,
    choice,
    items,
    mapping,
    mappings,
    maybe,
    moment,
    text,
    texts,
)
from appliance.scanning.vex import Document, Justification, Statement, Status, check, few, refused

_DEEPEST = 30
"""Branches of a product tree, and components in components."""
_CSAF = {
    "known_affected": Status.AFFECTED,
    "known_not_affected": Status.NOT_AFFECTED,
    "fixed": Status.FIXED,
    "first_fixed": Status.FIXED,
    "under_investigation": Status.UNDER_INVESTIGATION,
}
_STATES = {
    "resolved": Status.FIXED,
    "resolved_with_pedigree": Status.FIXED,
    "exploitable": Status.AFFECTED,
    "in_triage": Status.UNDER_INVESTIGATION,
    "false_positive": Status.NOT_AFFECTED,
    "not_affected": Status.NOT_AFFECTED,
}
_JUSTIFICATIONS = {
    "code_not_present": Justification.CODE_NOT_PRESENT,
    "code_not_reachable": Justification.CODE_NOT_IN_PATH,
    "requires_configuration": Justification.CODE_NOT_CONTROLLABLE,
    "requires_dependency": Justification.COMPONENT_NOT_PRESENT,
    "requires_environment": Justification.CODE_NOT_CONTROLLABLE,
    "protected_by_compiler": Justification.MITIGATED,
    "protected_at_runtime": Justification.MITIGATED,
    "protected_at_perimeter": Justification.MITIGATED,
    "protected_by_mitigating_control": Justification.MITIGATED,
}
Row = Mapping[str, Any]


def csaf(record: object) -> Document:
    """A CSAF document of the category `csaf_vex`.

    Errors:
        VexError: a field is missing or wrong. The message names it.
    """
    try:
        return _csaf(mapping(record, "document"))
    except RecordError as error:
        raise refused(error.field) from error


def _csaf(row: Row) -> Document:
    document = mapping(row.get("document"), "document")
    if text(document, "category") != "csaf_vex":
        raise RecordError("category")
    tracking = mapping(document.get("tracking"), "tracking")
    said_at = moment(tracking, "current_release_date")
    names = dict(_products(mapping(row.get("product_tree", {}), "product_tree"), 0))
    return Document(
        id=text(tracking, "id"),
        author=text(mapping(document.get("publisher"), "publisher"), "name"),
        version=_number(text(tracking, "version")),
        said_at=said_at,
        statements=few(
            statement
            for vulnerability in mappings(row, "vulnerabilities")
            for statement in _said(vulnerability, names, said_at)
        ),
    )


def _number(version: str) -> int:
    """Of 1.4.0 the first number: whole versions alone tell later documents."""
    first = version.partition(".")[0]
    if not first.isdigit():
        raise RecordError("version")
    return int(first)


def _products(holder: Row, depth: int) -> Iterator[tuple[str, str]]:
    """Every product's id in the document, and the name by which it is known elsewhere."""
    if depth > _DEEPEST:
        raise RecordError("branches")
    for branch in mappings(holder, "branches"):
        if "product" in branch:
            yield _product(mapping(branch["product"], "product"))
        yield from _products(branch, depth + 1)
    for product in mappings(holder, "full_product_names"):
        yield _product(product)
    for relation in mappings(holder, "relationships"):
        yield _product(mapping(relation.get("full_product_name"), "full_product_name"))


def _product(row: Row) -> tuple[str, str]:
    helper = row.get("product_identification_helper")
    told = maybe(helper, "purl") if isinstance(helper, Mapping) else ""
    identifier = text(row, "product_id")
    return identifier, told or maybe(row, "name") or identifier


def _said(vulnerability: Row, names: dict[str, str], said_at: datetime) -> Iterator[Statement]:
    statuses = mapping(vulnerability.get("product_status"), "product_status")
    name = maybe(vulnerability, "cve") or _first_id(vulnerability)
    flags = _by_product(vulnerability, "flags", "label")
    impacts = _by_product(vulnerability, "threats", "details", category="impact")
    actions = _by_product(vulnerability, "remediations", "details")
    for field, status in _CSAF.items():
        for product in texts(statuses, field):
            label = flags.get(product, "")
            is_for_it = status == Status.NOT_AFFECTED
            statement = Statement(
                vulnerability=name,
                aliases=(),
                product=names.get(product, product),
                part="",
                status=status,
                said_at=said_at,
                justification=choice(Justification, label, "flags")
                if label and is_for_it
                else None,
                impact=impacts.get(product, "") if is_for_it else "",
                action=actions.get(product, "") if status == Status.AFFECTED else "",
            )
            check(statement)
            yield statement


def _first_id(vulnerability: Row) -> str:
    for each in mappings(vulnerability, "ids"):
        return text(each, "text")
    raise RecordError("cve")


def _by_product(
    vulnerability: Row, field: str, key: str, *, category: str | None = None
) -> dict[str, str]:
    """What flags, threats or remediations say, by the products they say it of."""
    found: dict[str, str] = {}
    for each in mappings(vulnerability, field):
        if category is None or each.get("category") == category:
            for product in texts(each, "product_ids"):
                found.setdefault(product, text(each, key))
    return found


def cyclonedx(record: object) -> Document:
    """A CycloneDX bill with an analysis of vulnerabilities.

    Errors:
        VexError: a field is missing or wrong. The message names it.
    """
    try:
        return _cyclonedx(mapping(record, "bomFormat"))
    except RecordError as error:
        raise refused(error.field) from error


def _cyclonedx(row: Row) -> Document:
    if row.get("bomFormat") != "CycloneDX":
        raise RecordError("bomFormat")
    metadata = mapping(row.get("metadata", {}), "metadata")
    said_at = moment(metadata, "timestamp")
    version = row.get("version", 1)
    if not isinstance(version, int) or isinstance(version, bool):
        raise RecordError("version")
    names = dict(_named(row, 0))
    return Document(
        id=text(row, "serialNumber"),
        author=_author(metadata),
        version=version,
        said_at=said_at,
        statements=few(
            statement
            for vulnerability in mappings(row, "vulnerabilities")
            for statement in _analysed(vulnerability, names, said_at)
        ),
    )


def _author(metadata: Row) -> str:
    """Whoever signs for it; who that is decides whether it is believed, so somebody must."""
    for each in mappings(metadata, "authors"):
        return text(each, "name")
    for field in ("manufacturer", "supplier"):
        if isinstance(metadata.get(field), Mapping):
            return text(metadata[field], "name")
    raise RecordError("authors")


def _named(holder: Row, depth: int) -> Iterator[tuple[str, str]]:
    """Every component's reference in the bill, and its package URL."""
    if depth > _DEEPEST:
        raise RecordError("components")
    for each in mappings(holder, "components"):
        if each.get("bom-ref") and each.get("purl"):
            yield text(each, "bom-ref"), text(each, "purl")
        yield from _named(each, depth + 1)


def _analysed(vulnerability: Row, names: dict[str, str], said_at: datetime) -> Iterator[Statement]:
    if vulnerability.get("analysis") is None:
        return  # A vulnerability that nobody has judged yet.
    analysis = mapping(vulnerability["analysis"], "analysis")
    status = _STATES.get(text(analysis, "state"))
    if status is None:
        raise RecordError("state")
    when = moment(analysis, "lastUpdated") if analysis.get("lastUpdated") else said_at
    justification = maybe(analysis, "justification")
    detail = maybe(analysis, "detail")
    responses = ", ".join(texts(analysis, "response"))
    for each in mappings(vulnerability, "affects"):
        ref = text(each, "ref")
        is_for_it = status == Status.NOT_AFFECTED
        statement = Statement(
            vulnerability=text(vulnerability, "id"),
            aliases=tuple(_aliases(vulnerability)),
            product=names.get(ref, ref),
            part="",
            status=status,
            said_at=when,
            justification=_JUSTIFICATIONS.get(justification) if is_for_it else None,
            impact=detail if is_for_it else "",
            action=(maybe(vulnerability, "recommendation") or detail or responses)
            if status == Status.AFFECTED
            else "",
        )
        check(statement)
        yield statement


def _aliases(vulnerability: Row) -> Iterator[str]:
    for each in items(vulnerability, "references"):
        yield text(mapping(each, "references"), "id")

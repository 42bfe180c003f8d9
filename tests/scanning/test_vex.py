"""OpenVEX is read with what each status asks for, and written so that it reads the same."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from appliance.scanning import vex
from appliance.scanning.vex import Document, Justification, Statement, Status, VexError

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
LATER = datetime(2026, 1, 2, 12, tzinfo=UTC)
PRODUCT = "pkg:docker/lab/notes@1"


def document(*statements: object, **further: object):
    return {
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": "https://vex.example/1",
        "author": "Security team",
        "timestamp": "2026-01-01T12:00:00Z",
        "version": 1,
        "statements": list(statements),
        **further,
    }


def said(**fields: object):
    return {
        "vulnerability": {"name": "CVE-2026-1", "aliases": ["GHSA-1"]},
        "products": [{"@id": PRODUCT, "subcomponents": [{"@id": "pkg:npm/left@1.0.0"}]}],
        "status": "not_affected",
        "justification": "vulnerable_code_not_present",
        **fields,
    }


def test_a_statement_names_vulnerability_product_and_part():
    (found,) = vex.read(document(said())).statements

    assert (found.vulnerability, found.aliases) == ("CVE-2026-1", ("GHSA-1",))
    assert (found.product, found.part) == (PRODUCT, "pkg:npm/left@1.0.0")
    assert (found.status, found.justification) == ("not_affected", "vulnerable_code_not_present")
    assert found.said_at == NOON


def test_products_are_named_in_three_ways():
    products = ["pkg:npm/a@1", {"@id": "b"}, {"@id": "c", "identifiers": {"purl": "pkg:npm/c@1"}}]
    found = vex.read(document(said(products=products, vulnerability="CVE-2026-2"))).statements

    assert [each.product for each in found] == ["pkg:npm/a@1", "b", "pkg:npm/c@1"]
    assert {each.vulnerability for each in found} == {"CVE-2026-2"}


def test_what_was_said_later_takes_the_place_of_what_was_said_before():
    fixed = said(status="fixed", timestamp="2026-01-02T12:00:00Z")
    found = vex.latest(vex.read(document(fixed, said())).statements)

    assert [(each.status, each.said_at) for each in found.values()] == [(Status.FIXED, LATER)]


def test_what_is_written_is_read_again():
    statements = (
        Statement("CVE-2026-1", ("GHSA-1",), PRODUCT, "", Status.FIXED, NOON),
        Statement("CVE-2026-2", (), PRODUCT, "x", Status.AFFECTED, LATER, action="Upgrade."),
        Statement(
            *("CVE-2026-3", (), PRODUCT, "", Status.NOT_AFFECTED, NOON),
            justification=Justification.MITIGATED,
            impact="A filter stands before it.",
        ),
    )
    whole = Document("https://vex.example/2", "Security team", 2, NOON, statements)

    assert vex.read(json.loads(json.dumps(vex.write(whole)))) == whole


@pytest.mark.parametrize(
    "record",
    [
        None,
        [],
        {},
        document(**{"@context": "https://elsewhere.example"}),
        document(version="1"),
        document(timestamp="yesterday"),
        document(author=""),
        document(said(status="perhaps")),
        document(said(justification="")),
        document(said(justification="because")),
        document(said(status="affected")),
        document(said(products=[])),
        document(said(products=[{}])),
        document(said(vulnerability={})),
        document(said(timestamp="never")),
        document("text"),
        document(statements={}),
    ],
)
def test_what_is_no_document_is_an_error(record):
    with pytest.raises(VexError):
        vex.read(record)


def test_what_a_status_asks_for_is_written_or_refused():
    for status in (Status.AFFECTED, Status.NOT_AFFECTED):
        bare = Statement("CVE-2026-1", (), PRODUCT, "", status, NOON)
        with pytest.raises(VexError):
            vex.write(Document("a", "b", 1, NOON, (bare,)))


def test_a_part_is_named_by_a_text_or_by_its_identifier():
    products = [{"@id": PRODUCT, "subcomponents": ["pkg:npm/left@1.0.0", {"@id": "right"}]}]
    found = vex.read(document(said(products=products))).statements

    assert [each.part for each in found] == ["pkg:npm/left@1.0.0", "right"]
    with pytest.raises(VexError):
        vex.read(document(said(products=[{"@id": PRODUCT, "subcomponents": [""]}])))


def test_products_times_parts_have_an_end():
    parts = [{"@id": str(number)} for number in range(400)]
    many = [{"@id": str(number), "subcomponents": parts} for number in range(400)]
    with pytest.raises(VexError):
        vex.read(document(said(products=many)))

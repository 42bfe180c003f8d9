"""A bill of materials says what the manifests said, and is read again as what was written."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from uuid import UUID

import pytest

from appliance.domain.components import Component, Ecosystem, Scope
from appliance.scanning.manifests.reading import read
from appliance.scanning.sbom import cyclonedx, spdx
from appliance.scanning.sbom.inventory import Inventory

NPM, PYPI = Ecosystem.NPM, Ecosystem.PYPI
LOCK = (
    Component(NPM, "@s/a", "1.0.0", 3, is_direct=True, licence="MIT/Apache-2.0"),
    Component(NPM, "b", "2.0.0", 9, is_direct=False, parents=("@s/a@1.0.0",), licence="Odd words"),
    Component(NPM, "tests", "1.0.0", 12, Scope.DEVELOPMENT, is_direct=True),
)
OTHER = (
    Component(NPM, "b", "2.0.0", 4, Scope.DEVELOPMENT, is_direct=True),
    Component(PYPI, "Flask", "", 1, is_direct=True, wanted=">=2"),
)
INVENTORY = Inventory(
    name="lab/notes",
    version="abc",
    made_at=datetime(2026, 1, 1, tzinfo=UTC),
    serial=UUID("12345678-1234-5678-1234-567812345678"),
    tool_version="0.1.0",
    files={"package-lock.json": LOCK, "other/package-lock.json": OTHER},
)
PURLS = {
    *("pkg:npm/%40s/a@1.0.0", "pkg:npm/b@2.0.0", "pkg:npm/tests@1.0.0", "pkg:pypi/flask"),
}


def by_purl(bill):
    return {each["purl"]: each for each in bill["components"]}


@pytest.mark.parametrize("version", cyclonedx.VERSIONS)
def test_each_component_is_there_once_with_all_its_places(version):
    bill = cyclonedx.write(INVENTORY, version)
    found = by_purl(bill)

    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", version)
    assert found.keys() == PURLS
    places = [each["value"] for each in found["pkg:npm/b@2.0.0"]["properties"]]
    assert places == ["other/package-lock.json:4", "package-lock.json:9"]
    assert (found["pkg:npm/%40s/a@1.0.0"]["group"], found["pkg:npm/%40s/a@1.0.0"]["name"]) == (
        "@s",
        "a",
    )
    assert "version" not in found["pkg:pypi/flask"]


def test_what_is_needed_soonest_counts_and_who_needs_whom_is_said():
    bill = cyclonedx.write(INVENTORY)
    scopes = {purl: each["scope"] for purl, each in by_purl(bill).items()}
    needs = {each["ref"]: each["dependsOn"] for each in bill["dependencies"]}

    assert scopes["pkg:npm/b@2.0.0"] == "required"
    assert scopes["pkg:npm/tests@1.0.0"] == "excluded"
    assert needs["pkg:npm/%40s/a@1.0.0"] == ["pkg:npm/b@2.0.0"]
    assert set(needs["the-repository"]) == PURLS


def test_licences_are_expressions_where_they_are_known_and_words_elsewhere():
    found = by_purl(cyclonedx.write(INVENTORY))

    assert found["pkg:npm/%40s/a@1.0.0"]["licenses"] == [{"expression": "Apache-2.0 OR MIT"}]
    assert found["pkg:npm/b@2.0.0"]["licenses"] == [{"license": {"name": "Odd words"}}]
    packages = {each["name"]: each for each in spdx.write(INVENTORY)["packages"]}
    assert packages["@s/a"]["licenseDeclared"] == "Apache-2.0 OR MIT"
    assert packages["b"]["licenseDeclared"] == "NOASSERTION"


def test_a_document_of_spdx_relates_each_package():
    document = spdx.write(INVENTORY)
    names = {each["SPDXID"]: each["name"] for each in document["packages"]}
    related = {
        (
            names.get(each["spdxElementId"]),
            each["relationshipType"],
            names[each["relatedSpdxElement"]],
        )
        for each in document["relationships"]
    }

    assert related == {
        (None, "DESCRIBES", "lab/notes"),
        ("lab/notes", "DEPENDS_ON", "@s/a"),
        ("lab/notes", "DEPENDS_ON", "b"),
        ("lab/notes", "DEPENDS_ON", "Flask"),
        ("tests", "DEV_DEPENDENCY_OF", "lab/notes"),
        ("@s/a", "DEPENDS_ON", "b"),
    }


@pytest.mark.parametrize("write", [cyclonedx.write, spdx.write])
def test_what_is_written_is_read_again(write):
    content = json.dumps(write(INVENTORY), indent=1).encode()
    found = read("sbom.json", content)

    assert {each.purl for each in found} == PURLS
    if write is cyclonedx.write:
        scopes = {each.name: (each.scope, each.is_direct, each.parents) for each in found}
        assert scopes["b"] == (Scope.RUNTIME, True, ("@s/a@1.0.0",))
        assert scopes["tests"][0] == Scope.DEVELOPMENT

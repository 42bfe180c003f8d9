"""What is written as a bill holds to the schemas of its format, as others check it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import spdx_python_model
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

from appliance.scanning.sbom import cyclonedx, spdx, spdx3
from tests.scanning.test_bills import INVENTORY, PURLS

EMPTY = replace(INVENTORY, version="", files={})
BOTH = pytest.mark.parametrize("inventory", [INVENTORY, EMPTY], ids=["some", "none"])
SCHEMAS = {"1.6": SchemaVersion.V1_6, "1.7": SchemaVersion.V1_7}


@BOTH
@pytest.mark.parametrize("version", cyclonedx.VERSIONS)
def test_cyclonedx_holds_to_its_schema(version, inventory):
    text = json.dumps(cyclonedx.write(inventory, version))

    assert JsonStrictValidator(SCHEMAS[version]).validate_str(text) is None


@BOTH
def test_spdx_2_is_valid(inventory, tmp_path):
    file = tmp_path / "bill.spdx.json"
    file.write_text(json.dumps(spdx.write(inventory)), "utf-8")

    assert validate_full_spdx_document(parse_file(str(file)), "SPDX-2.3") == []


@BOTH
def test_spdx_3_is_read_by_the_model_of_its_makers(inventory, tmp_path):
    file = tmp_path / "bill.spdx3.json"
    file.write_text(json.dumps(spdx3.write(inventory)), "utf-8")
    model, found = spdx_python_model.load(file)

    packages = list(found.foreach_type(model.software_Package))
    urls = {each.software_packageUrl for each in packages} - {None}
    assert urls == (PURLS if inventory is INVENTORY else set())
    assert len(list(found.foreach_type(model.SpdxDocument))) == 1
    assert not found.missing_ids


def test_spdx_3_says_licences_and_when_components_are_needed():
    graph = spdx3.write(INVENTORY)["@graph"]
    names = {each.get("spdxId"): each.get("name") for each in graph}
    scopes = {names[each["to"][0]]: each["scope"] for each in graph if "scope" in each}

    assert scopes == {
        "@s/a": "runtime",
        "b": "runtime",
        "tests": "development",
        "Flask": "runtime",
    }
    words = [each.get("simplelicensing_licenseExpression") for each in graph]
    assert [each for each in words if each] == ["Apache-2.0 OR MIT"]

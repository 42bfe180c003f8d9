"""CSAF and CycloneDX say the same as OpenVEX, in statements of one kind."""

from __future__ import annotations

import copy
from datetime import UTC, datetime

import pytest

from appliance.scanning import vex_of_others
from appliance.scanning.vex import Justification, Status, VexError

CSAF = {
    "document": {
        "category": "csaf_vex",
        "publisher": {"name": "Security team"},
        "tracking": {
            "id": "VEX-1",
            "version": "2.1.0",
            "current_release_date": "2026-01-01T12:00:00Z",
        },
    },
    "product_tree": {
        "branches": [
            {
                "name": "lab",
                "branches": [
                    {
                        "product": {
                            "product_id": "P1",
                            "name": "Notes 1",
                            "product_identification_helper": {"purl": "pkg:npm/notes@1.0.0"},
                        }
                    }
                ],
            }
        ],
        "full_product_names": [{"product_id": "P2", "name": "Notes 2"}],
    },
    "vulnerabilities": [
        {
            "cve": "CVE-2026-1",
            "product_status": {
                "known_not_affected": ["P1"],
                "known_affected": ["P2"],
                "fixed": ["P3"],
            },
            "flags": [{"label": "vulnerable_code_not_present", "product_ids": ["P1"]}],
            "remediations": [{"details": "Upgrade.", "product_ids": ["P2"]}],
        }
    ],
}
CYCLONEDX = {
    "bomFormat": "CycloneDX",
    "serialNumber": "urn:uuid:12345678-1234-5678-1234-567812345678",
    "version": 3,
    "metadata": {"timestamp": "2026-01-01T12:00:00Z", "authors": [{"name": "Security team"}]},
    "components": [
        {"bom-ref": "a", "components": [{"bom-ref": "b", "purl": "pkg:npm/left@1.0.0"}]},
    ],
    "vulnerabilities": [
        {
            "id": "CVE-2026-1",
            "references": [{"id": "GHSA-1"}],
            "analysis": {"state": "not_affected", "justification": "code_not_reachable"},
            "affects": [{"ref": "b"}],
        },
        {
            "id": "CVE-2026-2",
            "analysis": {"state": "exploitable", "response": ["update"]},
            "affects": [{"ref": "elsewhere"}],
        },
        {"id": "CVE-2026-3", "affects": [{"ref": "b"}]},
    ],
}
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_csaf_says_what_is_so_of_each_product():
    found = vex_of_others.csaf(CSAF)

    assert (found.id, found.author, found.version, found.said_at) == (
        *("VEX-1", "Security team", 2, NOON),
    )
    said = {
        each.product: (each.status, each.justification, each.action) for each in found.statements
    }
    assert said == {
        "pkg:npm/notes@1.0.0": (Status.NOT_AFFECTED, Justification.CODE_NOT_PRESENT, ""),
        "Notes 2": (Status.AFFECTED, None, "Upgrade."),
        "P3": (Status.FIXED, None, ""),
    }


def test_cyclonedx_says_what_was_analysed_and_nothing_of_the_rest():
    found = vex_of_others.cyclonedx(CYCLONEDX)

    assert (found.author, found.version, found.said_at) == ("Security team", 3, NOON)
    first, second = found.statements
    assert (first.product, first.aliases) == ("pkg:npm/left@1.0.0", ("GHSA-1",))
    assert first.justification == Justification.CODE_NOT_IN_PATH
    assert (second.product, second.status, second.action) == (
        *("elsewhere", Status.AFFECTED, "update"),
    )


def changed(whole, path, value):
    copied = copy.deepcopy(whole)
    place = copied
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return copied


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("document", "category"), "csaf_security_advisory"),
        (("document", "publisher"), {}),
        (("document", "tracking", "version"), "draft"),
        (("document", "tracking", "current_release_date"), "soon"),
        (("vulnerabilities", 0, "cve"), ""),
        (("vulnerabilities", 0, "flags"), []),
        (("vulnerabilities", 0, "remediations"), []),
        (("vulnerabilities", 0, "product_status"), []),
        (("vulnerabilities", 0, "flags", 0, "label"), "because"),
        (("product_tree",), []),
        (("product_tree", "branches", 0, "branches", 0, "product"), {}),
    ],
)
def test_what_is_wrong_in_csaf_is_refused(path, value):
    with pytest.raises(VexError):
        vex_of_others.csaf(changed(CSAF, path, value))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("bomFormat",), "SPDX"),
        (("metadata", "authors"), []),
        (("metadata", "timestamp"), ""),
        (("version",), "3"),
        (("vulnerabilities", 0, "analysis", "state"), "perhaps"),
        (("vulnerabilities", 0, "analysis", "justification"), ""),
        (("vulnerabilities", 1, "analysis", "response"), []),
        (("vulnerabilities", 0, "affects", 0), {}),
        (("components", 0), "a"),
    ],
)
def test_what_is_wrong_in_cyclonedx_is_refused(path, value):
    with pytest.raises(VexError):
        vex_of_others.cyclonedx(changed(CYCLONEDX, path, value))


def test_trees_without_an_end_are_refused():
    branch = {"branches": []}
    for _ in range(100):
        branch = {"branches": [branch]}
    with pytest.raises(VexError):
        vex_of_others.csaf(changed(CSAF, ("product_tree",), branch))

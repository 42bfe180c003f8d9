"""VEX documents decide about alerts, and bills of materials are compared like manifests."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta

import pytest

from appliance.domain.permissions import Role
from appliance.scanning.sbom import cyclonedx, spdx
from tests.feeding import perform, pushed, trusted, used
from tests.scanning.feeds.kit import record
from tests.scanning.test_bills import INVENTORY

NOW = datetime.now(UTC).replace(microsecond=0)
TIMES = {"made_at": NOW, "expires_at": NOW + timedelta(days=30)}
REPO = "/api/v1/repos/lab/notes"
VEX, PAGE = f"{REPO}/vex", "/lab/notes/security/dependencies"
LEFT_1 = "pkg:pypi/left-pad@1.0"
LEFT = record("GHSA-1", ("PyPI", "left-pad", "1.3"), aliases=["CVE-2026-0001"])
NPM = record("GHSA-2", ("npm", "b", "3.0.0"), aliases=["CVE-2026-0002"])
ON_ONE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def lab(world, tmp_path):
    """A repository with one alert of a dependency, and who may decide about it."""
    publisher = trusted(world, tmp_path / "publisher")
    world.repository("lab/notes")
    for role in (Role.WRITER, Role.MAINTAINER):
        world.user(str(role), role=role, on="lab/notes")
    used(world, publisher.bundle({"PyPI": [LEFT], "npm": [NPM]}, **TIMES), now=NOW)
    pushed(world, "left-pad==1.0\n")
    return world


def spelt(when):
    return when.isoformat().replace("+00:00", "Z")


def openvex(
    status, when, *, part="pkg:pypi/left-pad@1.0", product="pkg:generic/lab/notes", **said: object
):
    return {
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": "https://vex.example/1",
        "author": "Maker of left-pad",
        "timestamp": spelt(when),
        "version": 1,
        "statements": [
            {
                "vulnerability": {"name": "CVE-2026-0001"},
                "products": [{"@id": product, "subcomponents": [{"@id": part}]}],
                "status": status,
                **said,
            }
        ],
    }


def csaf(when):
    return {
        "document": {
            "category": "csaf_vex",
            "publisher": {"name": "Maker of left-pad"},
            "tracking": {"id": "1", "current_release_date": spelt(when), "version": "1"},
        },
        "product_tree": {
            "full_product_names": [
                {
                    "product_id": "p",
                    "name": "left-pad",
                    "product_identification_helper": {"purl": "pkg:pypi/left-pad@1.0"},
                }
            ]
        },
        "vulnerabilities": [
            {
                "cve": "CVE-2026-0001",
                "product_status": {"known_not_affected": ["p"]},
                "threats": [
                    {"category": "impact", "details": "Not built in", "product_ids": ["p"]}
                ],
            }
        ],
    }


def analysis(when):
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "serialNumber": "urn:uuid:12345678-1234-5678-1234-567812345678",
        "metadata": {"timestamp": spelt(when), "authors": [{"name": "Maker of left-pad"}]},
        "components": [
            {"type": "library", "name": "l", "bom-ref": "l", "purl": "pkg:pypi/left-pad@1.0"}
        ],
        "vulnerabilities": [
            {
                "id": "CVE-2026-0001",
                "analysis": {"state": "not_affected", "justification": "code_not_reachable"},
                "affects": [{"ref": "l"}],
            }
        ],
    }


UNREACHED = {"justification": "vulnerable_code_not_in_execute_path"}


def sent(world, document, who="maintainer"):
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    client = world.client(who)
    return client.post(VEX, data=data, content_type="application/octet-stream")


def alert(world):
    return world.client("maintainer").get(f"{REPO}/alerts/1").json


def test_a_statement_decides_with_its_author_and_time(lab):
    answer = sent(lab, openvex("not_affected", NOW, **UNREACHED))

    assert answer.status_code == 200, answer.text
    assert (answer.json["matched"], answer.json["changed"]) == (1, [1])
    found = alert(lab)
    assert (found["state"], found["reason"]) == ("dismissed", "false_positive")
    last = found["decisions"][-1]
    assert last["actor"] == "maintainer"
    assert last["evidence"]["author"] == "Maker of left-pad"
    assert last["evidence"]["said_at"] == NOW.isoformat()
    assert "vulnerable_code_not_in_execute_path" in last["comment"]
    assert lab.events()[-2:] == ["alert.dismissed", "alert.vex_uploaded"]


def test_the_latest_statement_counts_whichever_comes_last(lab):
    hour = timedelta(hours=1)
    sent(lab, openvex("not_affected", NOW - hour, impact_statement="Not used"))
    assert alert(lab)["state"] == "dismissed"

    early = sent(lab, openvex("affected", NOW - 2 * hour, action_statement="Upgrade")).json
    assert (early["changed"], early["superseded"]) == ([], 1)
    assert alert(lab)["state"] == "dismissed"

    late = sent(lab, openvex("affected", NOW, action_statement="Upgrade")).json
    assert (late["changed"], alert(lab)["state"]) == ([1], "open")


@ON_ONE
def test_what_a_person_decided_later_stays(lab):
    lab.client("maintainer").patch(
        f"{REPO}/alerts/1", json={"state": "dismissed", "reason": "tolerable_risk"}
    )

    old = openvex("affected", NOW - timedelta(days=1), action_statement="Upgrade")
    assert sent(lab, old).json["superseded"] == 1
    assert alert(lab)["state"] == "dismissed"


@ON_ONE
@pytest.mark.parametrize("document", [csaf(NOW), analysis(NOW)], ids=["csaf", "cyclonedx"])
def test_three_formats_are_read(lab, document):
    assert sent(lab, document).json["changed"] == [1]


@ON_ONE
@pytest.mark.parametrize(
    ("document", "why"),
    [
        (openvex("not_affected", NOW), "justification"),
        (openvex("affected", NOW), "action_statement"),
        (openvex("fixed", NOW + timedelta(days=2)), "has not come yet"),
        ({"@context": "https://example.org"}, "@context"),
        (b"[", "JSON"),
        (openvex("not_affected", NOW, impact_statement="a\0b"), "JSON"),
        (openvex("not_affected", NOW, impact_statement="a\ud800b"), "JSON"),
    ],
    ids=["no reason", "no action", "of the future", "another format", "no JSON", "NUL", "half"],
)
def test_what_says_too_little_changes_nothing(lab, document, why):
    answer = sent(lab, document)

    assert answer.status_code == 422
    assert why in answer.json["detail"]
    assert alert(lab)["state"] == "open"


@ON_ONE
@pytest.mark.parametrize(
    "other",
    [
        {"product": "pkg:generic/lab/other"},
        {"part": "pkg:pypi/left-pad@2.0"},
        {"part": "pkg:npm/left-pad@1.0"},
    ],
)
def test_statements_on_other_products_are_of_no_matter_here(lab, other):
    found = sent(lab, openvex("not_affected", NOW, **UNREACHED, **other)).json

    assert (found["matched"], found["changed"]) == (0, [])
    assert alert(lab)["state"] == "open"


@ON_ONE
def test_only_who_may_dismiss_is_trusted(lab):
    lab.user("reader", role=Role.READER, on="lab/notes")
    document = openvex("not_affected", NOW, **UNREACHED)

    assert sent(lab, document, "writer").status_code == 403
    assert sent(lab, document, "reader").status_code == 404
    assert alert(lab)["state"] == "open"


@ON_ONE
def test_what_was_said_before_holds_for_a_component_that_comes_later(lab):
    sent(lab, openvex("not_affected", NOW, part="pkg:pypi/left-pad@0.9", **UNREACHED))
    pushed(lab, "left-pad==0.9\n", "more/requirements.txt")

    found = lab.client("maintainer").get(f"{REPO}/alerts/2").json
    assert (found["state"], found["auto_dismissed"]) == ("dismissed", True)
    assert "Maker of left-pad" in found["decisions"][-1]["comment"]


def test_decisions_are_taken_out_as_openvex_and_read_again(lab):
    sent(lab, openvex("not_affected", NOW, **UNREACHED))
    document = lab.client("writer").get(VEX).json

    (said,) = document["statements"]
    assert (said["status"], said["justification"]) == ("not_affected", UNREACHED["justification"])
    part = said["products"][0]["subcomponents"][0]["@id"]
    assert (part, said["vulnerability"]["name"]) == ("pkg:pypi/left-pad@1.0", "CVE-2026-0001")
    assert sent(lab, document).status_code == 200
    file = lab.browser("writer").get(f"{PAGE}/vex")
    assert file.headers["Content-Disposition"].startswith("attachment")


@ON_ONE
def test_a_document_is_uploaded_in_the_portal(lab):
    browser = lab.browser("maintainer")

    def upload(content):
        return browser.post(f"{PAGE}/vex", data={"vex": (io.BytesIO(content), "a.json")})

    good = json.dumps(openvex("not_affected", NOW, **UNREACHED)).encode()
    assert upload(b"{").status_code == 422
    assert upload(good).status_code == 303
    assert alert(lab)["state"] == "dismissed"
    assert browser.post(f"{PAGE}/vex", data={}).status_code == 422


@pytest.mark.parametrize("write", [cyclonedx.write, spdx.write])
def test_components_of_a_bill_are_listed_and_compared(lab, write):
    client = lab.client("writer")
    data = json.dumps(write(INVENTORY)).encode()
    at = f"{REPO}/inventories/image"
    kind = {"content_type": "application/octet-stream"}

    answer = client.put(at, data=data, **kind)
    assert answer.status_code == 200, answer.text
    assert answer.json["components"] == 4
    perform(lab)

    listed = client.get(f"{REPO}/dependencies?manifest=image&knowledge=vulnerable").json["items"]
    assert [each["name"] for each in listed] == ["b"]
    assert listed[0]["vulnerabilities"][0]["alert"] == 2
    assert [each["name"] for each in client.get(f"{REPO}/inventories").json["items"]] == ["image"]
    assert client.put(at, data=data, **kind).status_code == 200  # In place of itself.
    assert client.delete(at).status_code == 204
    perform(lab)
    assert client.get(f"{REPO}/alerts/2").json["state"] == "fixed"
    assert client.delete(at).status_code == 404
    said = [each for each in lab.events() if each.startswith("dep_scan.inventory")]
    assert said == [*["dep_scan.inventory_uploaded"] * 2, "dep_scan.inventory_removed"]


@ON_ONE
@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"{}", "spdxVersion is missing"),
        (b'{"bomFormat": "CycloneDX",\n "specVersion": "9.9"}', "Line 2"),
        (b'{"spdxVersion": "SPDX-2.3"}', "packages is missing"),
        (b"<bom/>", "JSON"),
    ],
)
def test_what_is_no_bill_is_refused_with_its_line(lab, content, why):
    answer = lab.client("writer").put(
        f"{REPO}/inventories/image", data=content, content_type="application/octet-stream"
    )

    assert answer.status_code == 422
    assert why in answer.json["detail"]
    assert lab.client("writer").get(f"{REPO}/inventories").json["items"] == []


@ON_ONE
def test_a_bill_comes_and_goes_in_the_portal(lab):
    browser = lab.browser("writer")

    def upload(name):
        data = json.dumps(cyclonedx.write(INVENTORY)).encode()
        return browser.post(
            f"{PAGE}/bills", data={"name": name, "bill": (io.BytesIO(data), "a.json")}
        )

    assert upload("../x").status_code == 422
    assert upload("image").status_code == 303
    assert "image:" in browser.get(f"{PAGE}?manifest=image").text
    assert browser.post(f"{PAGE}/bills/image/remove").status_code == 303
    assert browser.post(f"{PAGE}/bills/image/remove").status_code == 404


@ON_ONE
def test_a_bill_is_given_in_spdx_3_too(lab):
    client = lab.client("writer")

    assert client.get(f"{REPO}/sbom?format=spdx&version=3.0").json["@context"].endswith(".jsonld")
    assert client.get(f"{REPO}/sbom?format=spdx&version=2.3").json["spdxVersion"] == "SPDX-2.3"
    assert client.get(f"{REPO}/sbom?format=spdx&version=1.6").status_code == 422

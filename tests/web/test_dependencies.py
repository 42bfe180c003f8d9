"""What a repository depends on: by page, API and command, and what is unknown of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from appliance.domain.permissions import Role
from tests.alerting import CODE, find
from tests.feeding import perform, pushed, trusted, used
from tests.scanning.feeds.kit import record

NOW = datetime.now(UTC).replace(microsecond=0)
TIMES = {"made_at": NOW, "expires_at": NOW + timedelta(days=30)}
OLD = {"made_at": NOW - timedelta(days=9), "expires_at": NOW + timedelta(days=30)}
SAMPLE = TIMES | {"is_sample": True}
API = "/api/v1/repos/lab/notes/dependencies"
PAGE = "/lab/notes/security/dependencies"
WEAK = {"severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N"}]}
RECORDS = {
    "PyPI": [
        record("GHSA-1", ("PyPI", "left-pad", "1.3"), aliases=["CVE-2026-0001"]),
        record("GHSA-2", ("PyPI", "right-pad", "2.0"), aliases=["CVE-2026-0002"], **WEAK),
        record("GHSA-3", ("PyPI", "mid-pad", "9.0"), aliases=["CVE-2026-0003"]),
    ]
}
EPSS = (
    "#model_version:v1,score_date:2026-02-28T00:00:00+0000\ncve,epss,percentile\n"
    "CVE-2026-0001,0.4,0.97\nCVE-2026-0003,0.01,0.3\n"
)
LOCK = "safe==1.0\nmid-pad==1.0\nleft-pad==1.0\nright-pad==1.0\nlater @ https://example.org/x.whl\n"
ACTION = "on: push\njobs:\n  one:\n    steps:\n      - uses: lab/build@v1\n"


@pytest.fixture
def lab(world, tmp_path):
    """A repository of which a feed knows something."""
    world.publisher = trusted(world, tmp_path / "publisher")
    world.repository("lab/notes")
    for role in (Role.READER, Role.WRITER):
        world.user(str(role), role=role, on="lab/notes")
    return world


def known(world, said=TIMES):
    file = world.publisher.bundle(RECORDS, epss=EPSS, kev=["CVE-2026-0002"], **said)
    used(world, file, now=NOW)


def items(world, query=""):
    answer = world.client("writer").get(f"{API}{query}")
    assert answer.status_code == 200, answer.text
    return answer.json["items"]


def names(world, query=""):
    return [each["name"] for each in items(world, query)]


def test_the_most_pressing_come_first(lab):
    known(lab)
    pushed(lab, LOCK)

    # Exploited, though of low severity; likely; less likely; then those of which none is known.
    assert names(lab) == ["right-pad", "left-pad", "mid-pad", "later", "safe"]
    assert names(lab, "?sort=name") == sorted(names(lab))
    right, left = items(lab)[:2]
    assert right["knowledge"] == "vulnerable"
    (weak,) = right["vulnerabilities"]
    assert (weak["name"], weak["exploited"], weak["fixed"]) == ("CVE-2026-0002", True, "2.0")
    assert weak["exploited_due"] == "2026-03-13"
    assert weak["alert"] is not None
    (strong,) = left["vulnerabilities"]
    assert (strong["severity"], strong["epss"], strong["epss_percentile"]) == (
        "critical",
        0.4,
        0.97,
    )
    assert left["manifest"] == "requirements.txt"
    assert (left["line"], left["purl"]) == (3, "pkg:pypi/left-pad@1.0")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?knowledge=vulnerable&sort=name", ["left-pad", "mid-pad", "right-pad"]),
        ("?knowledge=none_known&sort=name", ["later", "safe"]),
        ("?knowledge=unknown", ["lab/build"]),
        ("?search=T-PAD&sort=name", ["left-pad", "right-pad"]),
        ("?search=%25", []),
        ("?ecosystem=GitHub+Actions", ["lab/build"]),
        ("?manifest=requirements.txt&limit=1", ["right-pad"]),
        ("?direct=false", []),
        ("?scope=development,optional", ["lab/build"]),
    ],
)
def test_the_list_is_chosen_in_its_address(lab, query, expected):
    known(lab)
    pushed(lab, LOCK)
    pushed(lab, ACTION, ".github/workflows/build.yml")

    assert names(lab, query) == expected


def test_nothing_is_called_by_what_no_database_keeps(lab):
    pushed(lab, LOCK)

    for query in ("?search=%00", "?ecosystem=%00", "?manifest=%00"):
        assert names(lab, query) == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_pages_of_the_list_hold_each_component_once(lab):
    known(lab)
    pushed(lab, LOCK)
    client, found, cursor = lab.client("writer"), [], ""
    for _ in range(5):
        page = client.get(f"{API}?limit=1&cursor={cursor}").json
        found += [each["name"] for each in page["items"]]
        cursor = page["next"]

    assert cursor is None
    assert found == names(lab)


@pytest.mark.promise("P95")
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("said", "feed"), [(None, "empty"), (OLD, "stale"), (SAMPLE, "sample")])
def test_without_a_feed_that_counts_nothing_is_known_and_never_zero(lab, said, feed):
    if said is not None:
        known(lab, said)
    pushed(lab, "safe==1.0\n")

    assert [each["knowledge"] for each in items(lab)] == ["unknown"]
    summary = lab.client("writer").get(f"{API}/summary").json
    assert (summary["feed"], summary["vulnerable"], summary["unknown"]) == (feed, None, 1)
    page = lab.browser("writer").get(PAGE).text
    assert "<dt>Vulnerable</dt><dd>unknown</dd>" in page
    assert "feed of advisories" in page
    assert "None known" not in page.partition("<tbody>")[2]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_page_shows_what_is_known_and_what_was_not_scanned(lab):
    known(lab)
    pushed(lab, LOCK)
    pushed(lab, "{", "package-lock.json")
    page = lab.browser("writer").get(PAGE).text

    for words in (
        "right-pad",
        "CVE-2026-0002",
        "Exploited",
        "EPSS 97.0 %",
        "fixed in",
        "None known",
    ):
        assert words in page, words
    assert "requirements.txt#L3" in page
    assert "1 manifest was not scanned" in page
    table = lab.browser("writer").get(f"{PAGE}?format=csv&knowledge=vulnerable&sort=name").text
    assert [line.split(",")[1] for line in table.splitlines()[1:]] == [
        *("left-pad", "mid-pad", "right-pad")
    ]
    assert "No matching components" in lab.browser("writer").get(f"{PAGE}?q=nothing").text


POETRY = """\
[[package]]
name = "top"
version = "1.0"
[package.dependencies]
left-pad = "*"
[[package]]
name = "left-pad"
version = "1.0"
[metadata]
lock-version = "2.0"
content-hash = "0"
"""
PROJECT = '[project]\nname = "notes"\nversion = "1"\ndependencies = ["top"]\n'


def detail(world):
    """What is known of the component of the only alert."""
    answer = world.client("writer").get("/api/v1/repos/lab/notes/alerts/1/dependency")
    assert answer.status_code == 200, answer.text
    return answer.json


def test_an_alert_says_how_bad_how_likely_and_who_brings_it_along(lab):
    known(lab)
    pushed(lab, PROJECT, "pyproject.toml")
    pushed(lab, POETRY, "poetry.lock")

    found = detail(lab)
    assert (found["package"], found["version"], found["fixed"]) == ("left-pad", "1.0", "1.3")
    assert found["ways"] == [["top@1.0", "left-pad@1.0"]]
    assert found["names"] == ["CVE-2026-0001", "GHSA-1"]
    assert found["vectors"][0]["score"] == 9.8
    assert (found["epss_percentile"], found["exploited"]) == (0.97, False)
    assert [each["ranges"] for each in found["advisories"]] == [["< 1.3"]]
    assert [each["path"] for each in found["sources"]] == [
        "epss.csv.gz",
        "kev.json",
        "osv/PyPI.zip",
    ]
    page = lab.browser("writer").get("/lab/notes/security/1").text
    for words in ("top@1.0 → left-pad@1.0", "CVSS:3.1/AV:N", "&lt; 1.3", "97.0 % of all", "GHSA-1"):
        assert words in page, words


def test_what_code_uses_is_known_for_python_and_nothing_is_guessed(lab):
    known(lab)
    pushed(lab, "left-pad==1.0\n")
    assert detail(lab)["reach"]["level"] == "not_imported"

    pushed(lab, "def broken(:\n", "bad.py")
    assert (detail(lab)["reach"]["level"], detail(lab)["reach"]["unread"]) == ("unknown", 1)

    pushed(lab, "import os\nimport left_pad\n", "src/a.py")
    reach = detail(lab)["reach"]
    assert reach["level"] == "imported"
    assert reach["places"] == [{"path": "src/a.py", "line": 2}]
    assert "src/a.py#L2" in lab.browser("writer").get("/lab/notes/security/1").text


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_new_advisory_lets_code_be_looked_at(lab):
    pushed(lab, "import left_pad\n", "src/a.py")
    pushed(lab, "left-pad==1.0\n")
    known(lab)
    assert detail(lab)["reach"]["level"] == "unknown"
    perform(lab)

    assert detail(lab)["reach"]["level"] == "imported"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_is_out_of_reach_comes_after_its_equals(lab):
    records = [record(f"GHSA-{each}", ("PyPI", each, "9")) for each in ("left-pad", "mid-pad")]
    used(lab, lab.publisher.bundle({"PyPI": records}, **TIMES), now=NOW)
    pushed(lab, "import mid_pad\n", "a.py")
    pushed(lab, "left-pad==1.0\nmid-pad==1.0\n")

    assert names(lab) == ["mid-pad", "left-pad"]


def test_alerts_of_other_kinds_are_of_no_component(lab):
    find(lab, "lab/notes", [CODE])

    answer = lab.client("writer").get("/api/v1/repos/lab/notes/alerts/1/dependency")
    assert (answer.status_code, answer.json["code"]) == (404, "not_found")
    assert lab.browser("writer").get("/lab/notes/security/1").status_code == 200


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_to_readers_there_is_no_such_list(lab):
    pushed(lab, LOCK)

    assert lab.client("reader").get(API).status_code == 404
    assert lab.client("reader").get(f"{API}/summary").status_code == 404
    assert lab.browser("reader").get(PAGE).status_code == 404
    assert "No manifests" not in lab.browser("writer").get(PAGE).text

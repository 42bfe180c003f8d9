"""Versions are affected where OSV says so, and unknown where nobody can tell."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.scanning import advisories, aliases
from appliance.scanning.advisories import AdvisoryError
from appliance.scanning.matching import Verdict, judge

A, N, U = Verdict.AFFECTED, Verdict.UNAFFECTED, Verdict.UNKNOWN


def advisory(ecosystem="npm", *, name="left", events=(), versions=(), **further: str):
    ranges = [{"type": "ECOSYSTEM", "events": [{kind: at} for kind, at in events]}]
    return advisories.read(
        {
            "id": "TEST-1",
            "modified": "2026-01-01T00:00:00Z",
            "affected": [
                {
                    "package": {"ecosystem": ecosystem, "name": name},
                    "versions": list(versions),
                    "ranges": ranges if events else [],
                }
            ],
            **further,
        }
    )


SINCE_ALWAYS = [("introduced", "0"), ("fixed", "2.0.0")]
UNSORTED = [("fixed", "3.1.0"), ("introduced", "0"), ("introduced", "3.0.0"), ("fixed", "2.0.0")]


@pytest.mark.parametrize(
    ("ecosystem", "events", "versions", "verdicts"),
    [
        ("npm", SINCE_ALWAYS, (), {"0.0.0-a": A, "1.9.9": A, "2.0.0-rc.1": A, "2.0.0": N}),
        ("npm", UNSORTED, (), {"1.0.0": A, "2.5.0": N, "3.0.0": A, "3.0.9": A, "3.1.0": N}),
        (
            "npm",
            [("introduced", "1.0.0"), ("last_affected", "1.2.0")],
            (),
            {"0.9.0": N, "1.0.0": A, "1.2.0": A, "1.2.1": N},
        ),
        (
            "npm",
            [("introduced", "1.0.0"), ("last_affected", "1.0.0")],
            (),
            {"1.0.0": A, "1.0.1": N},
        ),
        ("npm", [("introduced", "1.0.0"), ("fixed", "1.0.0")], (), {"1.0.0": N, "1.0.1": N}),
        (
            "npm",
            [("introduced", "0"), ("fixed", "1.0.0"), ("introduced", "1.0.0"), ("fixed", "2.0.0")],
            (),
            {"0.9.0": A, "1.0.0": A, "1.5.0": A, "2.0.0": N},
        ),
        (
            "npm",
            [("introduced", "0"), ("limit", "1.0.0")],
            (),
            {"0.9.0": A, "1.0.0": N, "1.0.1": N},
        ),
        ("npm", [("introduced", "0"), ("limit", "*")], (), {"99.0.0": A}),
        (
            "npm",
            [("introduced", "0"), ("limit", "1.0.0"), ("limit", "2.0.0")],
            (),
            {"1.5.0": A, "2.0.0": N},
        ),
        ("npm", (), ("1.0.0", "1.1.0"), {"1.0.0": A, "v1.1.0": A, "1.0.1": N}),
        ("npm", SINCE_ALWAYS, ("3.0.0",), {"3.0.0": A, "1.0.0": A, "2.5.0": N}),
        ("npm", (), (), {"1.0.0": U}),
        ("npm", SINCE_ALWAYS, (), {"latest": U, "": U, "not a version": U, "file:../x": U}),
        ("npm", [("introduced", "0"), ("fixed", "what?")], (), {"1.0.0": U}),
        ("npm", [("introduced", "0"), ("fixed", "what?")], ("1.0.0",), {"1.0.0": A}),
        ("PyPI", SINCE_ALWAYS, (), {"2.0.0.dev1": A, "2.0": N, "2.0.post1": N, "2004d": A}),
        ("PyPI", (), ("1.0",), {"1.0.0": A, "1.0.1": N}),
        ("Packagist", SINCE_ALWAYS, (), {"dev-main": U, "1.x-dev": U, "v1.9": A, "2.0.0-p1": N}),
        ("Packagist", SINCE_ALWAYS, ("dev-main",), {"dev-main": A}),
        ("Alpine:v3.20", [("introduced", "0"), ("fixed", "1.0-r2")], (), {"1.0_rc1-r9": A}),
        ("Debian:12", [("introduced", "0"), ("fixed", "1.0-2")], (), {"1.0-2~deb12u1": A}),
        ("Go", [("introduced", "0"), ("fixed", "1.2.3")], (), {"v1.2.3-0.20240101000000-a1": A}),
    ],
)
def test_a_version_is_judged(ecosystem, events, versions, verdicts):
    found = advisory(ecosystem, events=events, versions=versions)

    assert {each: judge(found, ecosystem, "left", each) for each in verdicts} == verdicts


def test_what_was_withdrawn_affects_nothing():
    gone = advisory(events=SINCE_ALWAYS, withdrawn="2026-02-01T00:00:00Z")

    assert judge(gone, "npm", "left", "1.0.0") == N


@pytest.mark.parametrize(
    ("ecosystem", "in_advisory", "in_lock", "is_same"),
    [
        ("PyPI", "Flask-WTF", "flask_wtf", True),
        ("PyPI", "zope.interface", "zope-interface", True),
        ("NuGet", "Newtonsoft.Json", "newtonsoft.json", True),
        ("Packagist", "Monolog/Monolog", "monolog/monolog", True),
        ("npm", "JSONStream", "jsonstream", False),
        ("Go", "github.com/BurntSushi/toml", "github.com/burntsushi/toml", False),
        ("Go", "example.org/a", "example.org/a/v2", False),
        ("Maven", "org.A:b", "org.a:b", False),
        ("SwiftURL", "github.com/apple/swift-nio", "https://github.com/Apple/swift-nio.git", True),
        ("SwiftURL", "github.com/apple/swift-nio", "git@github.com:apple/swift-nio.git", True),
        ("GitHub Actions", "Actions/checkout", "actions/checkout", True),
    ],
)
def test_names_are_the_same_where_the_ecosystem_says_so(ecosystem, in_advisory, in_lock, is_same):
    found = advisory(ecosystem, name=in_advisory, events=[("introduced", "0")])

    assert judge(found, ecosystem, in_lock, "1.0.0") == (A if is_same else N)


_PLACES = st.integers(0, 12).map(lambda number: f"{number}.0.0")


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    st.lists(st.tuples(_PLACES, _PLACES), max_size=4),
    st.permutations(range(8)),
    st.integers(0, 13),
)
def test_the_order_of_events_says_nothing_and_ranges_mean_what_they_say(pairs, order, number):
    spans = [(a, b) for a, b in pairs if int(a[:-4]) < int(b[:-4])]
    kept = []
    for start, end in sorted(spans, key=lambda each: int(each[0][:-4])):
        if not kept or int(start[:-4]) > int(kept[-1][1][:-4]):
            kept.append((start, end))
    events = [each for a, b in kept for each in (("introduced", a), ("fixed", b))]
    mixed = [events[at] for at in order if at < len(events)]
    expected = any(int(a[:-4]) <= number < int(b[:-4]) for a, b in kept)
    if not events:
        return

    verdict = judge(advisory(events=mixed), "npm", "left", f"{number}.0.0")

    assert verdict == (A if expected else N)


def test_aliases_work_both_ways_and_through_one_another():
    rows = [
        {"id": "PYSEC-1", "aliases": ["GHSA-b"]},
        {"id": "GHSA-b", "aliases": ["CVE-2026-1"]},
        {"id": "CVE-2026-1"},
        {"id": "GO-2", "aliases": ["PYSEC-1"]},
        {"id": "RUSTSEC-3", "aliases": ["GHSA-c"]},
        {"id": "GHSA-d", "aliases": ["CVE-2026-1", "GHSA-c"], "withdrawn": "2026"},
    ]
    found = aliases.canonical_names(advisories.read({"modified": "2026", **row}) for row in rows)

    assert {found[each] for each in ("PYSEC-1", "GHSA-b", "GO-2")} == {"CVE-2026-1"}
    assert found["RUSTSEC-3"] == "GHSA-c"
    assert found["GHSA-d"] == "GHSA-d"


@pytest.mark.parametrize(
    "row",
    [
        None,
        [],
        {},
        {"id": "A"},
        {"id": "", "modified": "2026"},
        {"id": "A", "modified": "2026", "affected": {}},
        {"id": "A", "modified": "2026", "affected": [1]},
        {"id": "A", "modified": "2026", "affected": [{"package": {"name": "x"}}]},
        {"id": "A", "modified": "2026", "aliases": [1]},
        {"id": "A", "modified": "2026", "aliases": ["x" * 9999]},
    ],
)
def test_what_is_no_advisory_is_an_error(row):
    with pytest.raises(AdvisoryError):
        advisories.read(row)


def test_an_event_says_one_thing():
    package = {"ecosystem": "npm", "name": "left"}
    for event in ({}, {"introduced": "0", "fixed": "1"}, {"introduced": 0}, []):
        ranges = [{"type": "SEMVER", "events": [event]}]
        with pytest.raises(AdvisoryError):
            advisories.read(
                {
                    "id": "A",
                    "modified": "2026",
                    "affected": [{"package": package, "ranges": ranges}],
                }
            )


def test_symbols_and_commits_are_told_apart_from_versions():
    row = {
        "id": "GO-1",
        "modified": "2026",
        "affected": [
            {
                "package": {"ecosystem": "Go", "name": "example.org/a"},
                "ranges": [{"type": "GIT", "events": [{"introduced": "0"}]}],
                "ecosystem_specific": {
                    "imports": [{"path": "example.org/a/b", "symbols": ["Read", "T.Write"]}]
                },
            },
            {"ranges": [{"type": "GIT", "events": [{"introduced": "0"}]}]},
        ],
    }
    found = advisories.read(row)

    assert [each.symbols for each in found.affected] == [
        ("example.org/a/b.Read", "example.org/a/b.T.Write")
    ]
    assert judge(found, "Go", "example.org/a", "v1.0.0") == U

"""Versions are in the order that their ecosystem documents, and the order is one."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appliance.scanning.versions.order import NoVersionError, compare, is_known, key_of
from tests.scanning.version_shapes import SHAPES

FEW = settings(
    max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
# Each line is in order, from the earliest to the latest; what stands in one group is the same.
IN_ORDER = {
    "PyPI": [
        "0.1-prehistoric 2004d",
        "1.0.dev456",
        "1.0a1 1.0.alpha-1",
        "1.0a2.dev456",
        "1.0a12.dev456",
        "1.0a12",
        "1.0b1.dev456",
        "1.0b2",
        "1.0b2.post345.dev456",
        "1.0b2.post345 1.0b2-345",
        "1.0rc1.dev456",
        "1.0rc1 1.0c1 1.0.pre1 1.0-preview_1",
        "1.0 1 v1.0.0 1.0.0.0",
        "1.0+abc.5",
        "1.0+abc.7",
        "1.0+5",
        "1.0.post456.dev34",
        "1.0.post456 1.0-r456",
        "1.0.15",
        "1.1.dev1",
        "1!0.5",
    ],
    "npm": [
        "0.9.9",
        "1.0.0-alpha",
        "1.0.0-alpha.1",
        "1.0.0-alpha.beta",
        "1.0.0-beta 1.0.0beta",
        "1.0.0-beta.2",
        "1.0.0-beta.11",
        "1.0.0-rc.1 1.0.0-rc.1+build.5",
        "1.0.0 v1.0.0 =1.0.0 1.0.0+build",
        "1.2.0 1.2 1.2.0.0",
        "1.2.0.1",
        "2.0.0",
        "10.0.0",
    ],
    "crates.io": ["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0 1.0.0+a", "1.0.1"],
    "Hex": ["1.0.0-dev", "1.0.0-rc.0", "1.0.0", "1.10.0"],
    "SwiftURL": ["1.0.0-beta.1", "1.0 1.0.0 v1.0.0", "1.0.1", "5.10.0"],
    "GitHub Actions": ["v1", "v2.0.1", "v2.1", "v10"],
    "Pub": ["1.0.0-dev.1", "1.0.0", "1.0.0+1", "1.0.0+2", "1.0.0+10", "1.0.1"],
    "Go": [
        "v0.0.0-20190101000000-abcdef012345",
        "v0.0.0-20240102030405-0123456789ab",
        "v1.2.3-0.20240102030405-abcdef012345",
        "v1.2.3-pre",
        "v1.2.3-pre.0.20240102030405-abcdef012345",
        "v1.2.3 1.2.3",
        "v1.2.4-0.20240102030405-abcdef012345",
        "v2.0.0+incompatible v2.0.0",
    ],
    "Maven": [
        "1.0-alpha-1 1.0-alpha1 1.0a1 1-alpha-1",
        "1.0-alpha-2",
        "1.0-beta-1 1.0-b1",
        "1.0-milestone-1 1.0-m1",
        "1.0-rc-1 1.0-cr1",
        "1.0-rc2",
        "1.0-SNAPSHOT",
        "1.0.M1",
        "1.0.CR1",
        "1.0 1 1.0.0 1.ga 1-final 1.0.Final 1.0.RELEASE 1.0-0",
        "1.0-sp",
        "1.0-sp1",
        "1.0-android",
        "1.0-jre",
        "1.0-1",
        "1.0-2",
        "1.0.SP",
        "1.0.1",
        "1.1",
        "1.10",
    ],
    "RubyGems": [
        "1.0.a",
        "1.0.a.2",
        "1.0.b1",
        "1.0.pre",
        "1.0-1 1.0.pre.1",
        "1.0.rc1",
        "1 1.0 1.0.0",
        "1.0.0.1",
        "1.0.1.rc1",
        "1.0.1",
        "1.9",
        "1.10",
    ],
    "NuGet": [
        "1.0.0-alpha",
        "1.0.0-alpha.1",
        "1.0.0-beta 1.0.0-BETA",
        "1.0.0-rc.2",
        "1.0.0-rc.10",
        "1.0 1 1.0.0 1.0.0.0 01.0 1.0.0+a",
        "1.0.0.1",
        "1.0.1",
    ],
    "Packagist": [
        "1.0.0-dev",
        "1.0.0-alpha 1.0.0a v1.0-alpha",
        "1.0.0-alpha2",
        "1.0.0-beta1 1.0.0b1 1.0-beta.1",
        "1.0.0-RC1 1.0rc1",
        "1.0.0 1 v1.0 1.0.0-stable 1.0.0+build",
        "1.0.0-p1 1.0.0-patch1 1.0.0pl1",
        "1.0.0-p2",
        "1.0.1",
        "20100102",
    ],
    "Debian": [
        "1.0~~",
        "1.0~~a",
        "1.0~",
        "1.0~rc1-1",
        "1.0 1.0-0 0:1.0",
        "1.0-1",
        "1.0-1+deb12u1",
        "1.0-1.1",
        "1.0a",
        "1.0+dfsg-1",
        "1.0.1",
        "1.2",
        "1.10",
        "1:0.1",
    ],
    "Alpine": [
        "1.0_alpha",
        "1.0_alpha1",
        "1.0_beta",
        "1.0_pre2",
        "1.0_rc1",
        "1.0_rc1-r1",
        "1.0",
        "1.0-r0",
        "1.0-r2",
        "1.0_git20200101",
        "1.0_p1",
        "1.0_p10",
        "1.0a",
        "1.0.0",
        "1.0.1",
        "1.05",
        "1.1",
        "1.10",
    ],
    "Red Hat": [
        "1.0~rc1",
        "1.0~rc1-1",
        "1.0 1.0. 0:1.0 (none):1.0",
        "1.0-1.el8",
        "1.0-1.el9 1.0-01.el9",
        "1.0-1.el9_2",
        "1.0-2.el8",
        "1.0^git1-1",
        "1.0a",
        "1.0.1",
        "1.2",
        "1.10",
        "1:0.1",
    ],
    "CRAN": ["0.9", "1.0 1-0", "1.0-1 1.0.1", "1.0.10"],
}
NO_VERSIONS = [
    *((ecosystem, text) for ecosystem in IN_ORDER for text in ("", "1" * 300, "1 0", "1\n", "/")),
    ("npm", "1..2"),
    ("npm", "abc"),
    ("npm", "1.0.0-a..b"),
    ("crates.io", "1.0.0-beta..1"),
    ("Debian", "a:1.0"),
    ("Debian", "1.0_1"),
    ("Alpine", "1.0_foo1"),
    ("Alpine", "1.0-1"),
    ("NuGet", "1.2.3.4.5"),
    ("Packagist", "1.2.3.4.5"),
    ("RubyGems", "1..2"),
    ("CRAN", "1.0a"),
    ("PyPI", "@"),
    ("Hex", "1.0.0+"),
    ("no such ecosystem", "1.0"),
    ("npm", "\u0661.0.0"),
]


def groups():
    return [
        (ecosystem, [each.split(" ") for each in lines]) for ecosystem, lines in IN_ORDER.items()
    ]


@pytest.mark.parametrize(("ecosystem", "lines"), groups(), ids=list(IN_ORDER))
def test_versions_are_in_the_documented_order(ecosystem, lines):
    wrong = [
        (one, other, compare(ecosystem, one, other))
        for place, group in enumerate(lines)
        for further, later in enumerate(lines)
        for one in group
        for other in later
        if compare(ecosystem, one, other) != (place > further) - (place < further)
    ]

    # What never knew PEP 440 comes before all of it; among itself it has an order of its own.
    assert [each for each in wrong if not {"0.1-prehistoric", "2004d"} >= set(each[:2])] == []


@pytest.mark.parametrize("ecosystem", list(SHAPES))
def test_the_order_of_generated_versions_is_total(ecosystem):
    @FEW
    @given(st.lists(SHAPES[ecosystem], min_size=3, max_size=8, unique=True))
    def holds(versions):
        keys = [key_of(ecosystem, each) for each in versions]
        ordered = sorted(keys)
        for place, one in enumerate(ordered):
            for other in ordered[place:]:
                assert one <= other
                assert other >= one
                assert (one < other) == (not other <= one) == (one != other)
                assert not other < one
        for one in versions:
            for other in versions:
                assert compare(ecosystem, one, other) == -compare(ecosystem, other, one)

    holds()


@pytest.mark.parametrize(("ecosystem", "text"), NO_VERSIONS)
def test_what_is_no_version_is_an_error(ecosystem, text):
    with pytest.raises(NoVersionError):
        key_of(ecosystem, text)


@pytest.mark.parametrize(
    ("ecosystem", "text"),
    [
        ("Packagist", "dev-main"),
        ("Packagist", "dev-feature/x"),
        ("Packagist", "2.x-dev"),
        ("Packagist", "1.0.x-dev"),
        ("Go", "(devel)"),
        ("npm", "latest"),
        ("GitHub Actions", "main"),
    ],
)
def test_a_branch_has_no_place_in_the_order(ecosystem, text):
    assert key_of(ecosystem, text) is None
    assert compare(ecosystem, text, "1.0.0") is None


def test_anything_is_a_version_an_unknown_or_an_error():
    @settings(max_examples=300, deadline=None, derandomize=True)
    @given(st.sampled_from(sorted(SHAPES)), st.text(max_size=30))
    def holds(ecosystem, text):
        try:
            key = key_of(ecosystem, text)
        except NoVersionError:
            return
        assert key is None or key == key_of(ecosystem, text)

    holds()


def test_a_release_of_a_distribution_follows_its_family():
    assert compare("Debian:12", "1.0~rc1", "1.0") == -1
    assert is_known("Alpine:v3.20")
    assert not is_known("Linux")

"""Protected refs: which ones a pattern names."""

from __future__ import annotations

import pytest

from appliance.domain.protection import matches


@pytest.mark.parametrize(
    ("pattern", "ref", "is_match"),
    [
        ("refs/heads/*", b"refs/heads/a/b", True),
        ("refs/heads/release/*", b"refs/heads/release/1/2", True),
        ("refs/heads/release/*", b"refs/heads/release", False),
        ("refs/tags/v*", b"refs/tags/v1", True),
        ("refs/tags/v*", b"refs/heads/v1", False),
        ("refs/heads/Main", b"refs/heads/main", False),
        ("refs/heads/*", b"refs/heads/\xff\xfe", True),
    ],
)
def test_which_refs_a_pattern_names(pattern, ref, is_match):
    assert matches(pattern, ref) == is_match

"""Addresses made of bytes lead where they should, and nowhere else."""

from __future__ import annotations

import re

import pytest

from appliance.services.history import RefNames
from appliance.web.links import Links, relative, tag_address
from tests.web.code_pages import HOSTILE

TO = Links("/lab/notes")


@pytest.mark.parametrize(
    ("url", "goal"),
    [
        ("b.md", "/lab/notes/blob/main/docs/b.md"),
        ("./b.md#part", "/lab/notes/blob/main/docs/b.md#part"),
        ("../a%20b.md?x=1", "/lab/notes/blob/main/a%20b.md"),
        ("/top.md", "/lab/notes/blob/main/top.md"),
        ("caf%E9", "/lab/notes/blob/main/docs/caf%E9"),
        ("..", "/lab/notes/tree/main"),
        ("../../out", None),
        ("/../out", None),
        ("#here", "#here"),
        ("", None),
    ],
)
def test_a_relative_link_stays_inside_the_files(url, goal):
    assert relative(TO, b"main", b"docs", url, view="blob") == goal


@pytest.mark.parametrize(
    ("tag", "address"),
    [
        (b"v1", b"v1"),
        (b"main", b"refs/tags/main"),
        (b"main/x", b"refs/tags/main/x"),
        (b"topic", b"refs/tags/topic"),
        (b"topi", b"topi"),
    ],
)
def test_a_tag_that_a_branch_hides_is_called_by_its_whole_name(tag, address):
    names = RefNames((b"main", b"topic/one"), (tag,))

    assert tag_address(tag, names) == address


@pytest.mark.parametrize("name", HOSTILE, ids=repr)
def test_an_address_holds_nothing_that_ends_it(name):
    url = TO.blob(b"main", name)

    assert re.fullmatch(r"[A-Za-z0-9/%._~\-]+", url)

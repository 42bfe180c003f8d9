"""A pack is found however its answer is cut into pieces, and nothing else is held up."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.git.pack_start import PackStart
from appliance.git.packets import FLUSH, error_packet, fatal_packet, packet

PACK = b"PACK\x00\x00\x00\x02 and so on"
BEFORE = packet(b"NAK\n") + packet(b"\x02Counting\n") + packet(b"\x02 PACK\x00\x00\x00\x02\n")
ANSWERS = {
    "bands": (BEFORE, packet(b"\x01" + PACK) + FLUSH, fatal_packet),
    "raw": (packet(b"NAK\n"), PACK, fatal_packet),
    "version 2": (
        packet(b"acknowledgments\n") + packet(b"ready\n") + b"0001",
        packet(b"packfile\n") + packet(b"\x01" + PACK) + FLUSH,
        error_packet,
    ),
}


@pytest.mark.parametrize("name", ANSWERS)
@given(cuts=st.lists(st.integers(0, 120), max_size=12))
def test_nothing_of_a_pack_leaves_before_it_is_found(name, cuts):
    before, pack, refuse = ANSWERS[name]
    whole = before + pack
    places = [0, *sorted(cuts), len(whole)]
    start, passed = PackStart(), b""

    for first, end in itertools.pairwise(places):
        passed += start.feed(whole[first:end])

    assert passed == before
    assert start.refuse is refuse
    assert start.rest() == pack


@pytest.mark.parametrize("cut", range(len(BEFORE) + 1))
def test_lines_that_are_none_of_a_pack_leave_whole(cut):
    start = PackStart()

    passed = start.feed(BEFORE[:cut])
    assert BEFORE.startswith(passed)
    assert len(BEFORE[:cut]) - len(passed) < 13
    assert passed + start.feed(BEFORE[cut:]) == BEFORE
    assert start.refuse is None
    assert start.rest() == b""

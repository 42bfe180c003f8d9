"""Long lists of events are cut into parts, of which none is too large and none is lost."""

import json

from hypothesis import given
from hypothesis import strategies as st

from appliance.domain.events.parts import LARGEST_PART, MOST_IN_A_PART, Part, in_parts

ROWS = st.lists(st.lists(st.text(max_size=30), max_size=3), max_size=40)


@given(ROWS, st.integers(1, 60))
def test_nothing_is_lost_and_the_order_stays(rows, times):
    parts = in_parts(rows * times)

    assert [each for part in parts for each in part.items] == rows * times
    assert len(parts) == 1 or all(each.items for each in parts)
    assert len(parts) == 1 or [each.number for each in parts] == list(range(1, parts[0].of + 1))


def test_a_part_is_bounded_in_number_and_size():
    short = in_parts([["refs/heads/a", "0" * 40]] * 3000)
    long = in_parts([["refs/heads/" + "é" * 500, "0" * 40]] * 3000)

    assert [len(each.items) for each in short] == [MOST_IN_A_PART] * 6
    assert max(len(_spelled(each.items)) for each in long) <= LARGEST_PART
    assert len(long) > 6


def test_an_only_part_has_no_number():
    assert in_parts([1]) == [Part([1])]
    assert in_parts([]) == [Part([])]


def _spelled(items):
    return json.dumps(items, ensure_ascii=False).encode()

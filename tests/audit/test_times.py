"""Times in what the verifier says."""

import pytest

from audit.heads import in_words


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (1_796_041_730, "2026-11-30T12:28:50Z"),
        (2**64 - 1, "18446744073709551615 s since 1970"),
        (None, "no time that it says"),
    ],
)
def test_times_are_for_people_also_where_no_calendar_goes_so_far(seconds, said):
    assert in_words(seconds) == said

"""Sizes in sentences."""

from __future__ import annotations

import pytest

from appliance.domain.sizes import size


@pytest.mark.parametrize(
    ("size_bytes", "said"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (1000, "1000 bytes"),
        (1024, "1 KiB"),
        (1536, "1.5 KiB"),
        (3 * 1024**2, "3 MiB"),
        (5 * 1024**5, "5120 TiB"),
    ],
)
def test_a_size_is_said_in_a_unit_of_which_there_is_one(size_bytes, said):
    assert size(size_bytes) == said

"""Sizes as sentences say them: in the largest binary unit of which there is one."""

from __future__ import annotations

from appliance.errors import sentence

STEP = 1024
UNITS = ("KiB", "MiB", "GiB", "TiB")


def size(size_bytes: int) -> str:
    """As `1000 bytes`, `1.5 KiB` or `2 GiB`; of a fraction one place."""
    if size_bytes == 1:
        return sentence("1 byte")
    if size_bytes < STEP:
        return sentence("%(number)s bytes", number=size_bytes)
    value, units = size_bytes / STEP, list(UNITS)
    while value >= STEP and len(units) > 1:
        value /= STEP
        del units[0]
    return f"{value:.1f}".removesuffix(".0") + f" {units[0]}"

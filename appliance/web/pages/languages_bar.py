"""The languages of a repository as a bar of 100 with words and shares below it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from flask_babel import format_decimal
from flask_babel import gettext as _

if TYPE_CHECKING:
    from appliance.services.languages import Share

LEAST_PERCENT = 0.1
VISIBLE_PERCENT = 1.2  # Less would be three pixels of the bar, and its edges take one.


@dataclass(frozen=True)
class Part:
    """One language; `start` and `width` are its place on the bar."""

    name: str
    percent: str
    start: float
    width: float


def parts(shares: Sequence[Share]) -> list[Part]:
    """The shares one after the other; the smallest are drawn wide enough to be seen."""
    widths = [max(share.percent, VISIBLE_PERCENT) for share in shares]
    whole = sum(widths) or 1.0
    widths = [100 * width / whole for width in widths]
    starts = accumulate(widths, initial=0.0)
    return [
        Part(share.name or str(_("Other languages")), _words(share.percent), start, width)
        for share, start, width in zip(shares, starts, widths, strict=False)
    ]


def _words(percent: float) -> str:
    if percent < LEAST_PERCENT:
        return f"< {format_decimal(LEAST_PERCENT)}"
    return str(format_decimal(percent, format="#,##0.0"))

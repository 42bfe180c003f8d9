"""For how long something is to last, as people choose it."""

from __future__ import annotations

import re

from flask_babel import gettext as _
from flask_babel import ngettext

from appliance.errors import InvalidError, sentence

ENDLESS = "never"
OFFERED = (("h", 4), ("h", 8), ("d", 1), ("d", 3), ("d", 7), ("d", 14), ("d", 30), ("d", 90))
HOURS_OF = {"h": 1, "d": 24}
SPAN = re.compile(r"([1-9]\d{0,4})([hd])")


def hours(span: str) -> int | None:
    """The hours of `8h` or `30d`; none where it is to be without end.

    Errors:
        InvalidError: it is no span.
    """
    if span == ENDLESS:
        return None
    said = SPAN.fullmatch(span)
    if said is None:
        raise InvalidError.of("span", sentence("Enter a duration."))
    return int(said[1]) * HOURS_OF[said[2]]


def offered() -> list[tuple[str, str]]:
    """What can be chosen, and how it is said."""
    return [
        *((f"{number}{unit}", _of(HOURS_OF[unit] * number)) for unit, number in OFFERED),
        (ENDLESS, _("No end date, where the rule allows it")),
    ]


def _of(found: int) -> str:
    if found % HOURS_OF["d"]:
        return str(ngettext("%(num)s hour", "%(num)s hours", found))
    return str(ngettext("%(num)s day", "%(num)s days", found // HOURS_OF["d"]))

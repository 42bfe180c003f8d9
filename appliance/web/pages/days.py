"""Days that people choose in forms, which are days of UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flask_babel import gettext as _

from appliance.errors import InvalidError


def start_of(field: str, text: str) -> datetime | None:
    """The first moment of a day; None where none was chosen.

    Errors:
        InvalidError: it is no day.
    """
    if not text:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as error:
        raise InvalidError.of(field, _("That is not a day.")) from error


def end_of(field: str, text: str) -> datetime | None:
    """The first moment after a day: people mean a last day to be in what it ends.

    Errors:
        InvalidError: it is no day.
    """
    day = start_of(field, text)
    return day + timedelta(days=1) if day else None

"""Which events a page's address asks for."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from flask_babel import gettext as _

from appliance.domain.events import Outcome
from appliance.errors import InvalidError
from appliance.services.audit_log import Filter
from appliance.web.pages import lists
from appliance.web.pages.page_forms import asked

COLUMNS: lists.Columns = {
    "id": lambda each: each.id,
    "occurred_at": lambda each: each.occurred_at,
    "kind": lambda each: each.kind,
    "outcome": lambda each: each.outcome,
    "actor_kind": lambda each: each.actor_kind,
    "actor": lambda each: each.actor,
    "target_kind": lambda each: each.target_kind,
    "target": lambda each: each.target,
    "method": lambda each: each.method,
    "address": lambda each: each.address,
    "request_id": lambda each: each.request_id,
    "fields": lambda each: json.dumps(each.fields, ensure_ascii=False, default=str),
}
FIELDS = ("kind", "outcome", "actor", "since", "until")


def given() -> dict[str, str]:
    """What the address says, as it is shown in the form again."""
    return {name: asked(name) for name in FIELDS}


def wanted() -> Filter:
    """The same as a filter.

    Errors:
        InvalidError: a day is none.
    """
    outcome = asked("outcome")
    until = _day(asked("until"))
    return Filter(
        kind=asked("kind"),
        outcome=Outcome(outcome) if outcome in {each.value for each in Outcome} else None,
        actor=asked("actor"),
        since=_day(asked("since")),
        until=until + timedelta(days=1) if until else None,
    )


def _day(text: str) -> datetime | None:
    if not text:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as error:
        raise InvalidError(_("That is not a day.")) from error

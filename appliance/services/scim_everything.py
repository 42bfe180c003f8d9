"""People and groups of a SCIM client together, asked at once. RFC 7644, section 3.4.2.1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from appliance.access import fetch_scim
from appliance.db.unit_of_work import UnitOfWork
from appliance.federation import scim_messages
from appliance.services import scim_groups, scim_users
from appliance.services.scim_answers import Found, page_of


def search(work: UnitOfWork, given: Mapping[str, Any], *, base: str) -> Found:
    """People first, then groups; each in the order that was asked for.

    Errors:
        ScimError: it cannot be asked so.
    """
    provider = fetch_scim.provider(work)
    asked = scim_messages.question_of_all(given)
    start, count = page_of(asked)
    people, items = scim_users.some(
        work, provider, asked, skipped=start - 1, count=count, base=base
    )
    groups, more = scim_groups.some(
        work,
        provider,
        asked,
        skipped=max(0, start - 1 - people),
        count=count - len(items),
        base=base,
    )
    return Found(people + groups, start, items + more)

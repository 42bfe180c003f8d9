"""What rules on suspicious activity are called, and what an alert says in one sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _

from appliance.domain.activity import ActivityReason, ActivityRule, ActivityState

if TYPE_CHECKING:
    from appliance.services.activity_alerts import Listed

RULES = {
    ActivityRule.NEW_PLACE: _("Token used from a new network"),
    ActivityRule.MASS_CLONE: _("Mass clone"),
    ActivityRule.MASS_DELETION: _("Mass deletion"),
    ActivityRule.ODD_HOURS: _("Push at an unusual hour"),
    ActivityRule.FOREIGN_AUTHOR: _("Author is not the pusher"),
    ActivityRule.DORMANT: _("Dormant account returned"),
}
STATES = {ActivityState.OPEN: _("Open"), ActivityState.DISMISSED: _("Dismissed")}
REASONS = {
    ActivityReason.EXPECTED: _("Expected"),
    ActivityReason.FALSE_POSITIVE: _("False positive"),
    ActivityReason.HANDLED: _("Dealt with"),
}
STEPS = {
    "dismissed": _("dismissed it"),
    "reopened": _("reopened it"),
    "assigned": _("changed the assignee"),
    "commented": _("commented"),
}


def told(listed: Listed) -> str:
    """What was found, in one sentence."""
    return str(_sentence(listed))


def _sentence(listed: Listed) -> Any:
    found = listed.alert
    count, limit, name = found.count, found.usual, listed.actor
    if found.rule is ActivityRule.NEW_PLACE:
        return gettext(
            "A token of %(name)s was used from a network where neither was seen before.", name=name
        )
    if found.rule is ActivityRule.MASS_CLONE:
        return gettext(
            "%(name)s fetched %(count)s different repositories; the limit is %(limit)s.",
            name=name,
            count=count,
            limit=limit,
        )
    if found.rule is ActivityRule.MASS_DELETION:
        return gettext(
            "%(name)s deleted branches, tags or repositories: %(count)s points; the limit is "
            "%(limit)s.",
            name=name,
            count=count,
            limit=limit,
        )
    if found.rule is ActivityRule.ODD_HOURS:
        return gettext("%(name)s pushed at an hour at which it never did before.", name=name)
    if found.rule is ActivityRule.FOREIGN_AUTHOR:
        return ngettext(
            "%(name)s pushed %(num)s commit of another user.",
            "%(name)s pushed %(num)s commits of other users.",
            count,
            name=name,
        )
    return ngettext(
        "%(name)s is active again after %(num)s day.",
        "%(name)s is active again after %(num)s days.",
        count,
        name=name,
    )

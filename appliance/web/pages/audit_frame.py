"""What all pages about an audit log share: whose it is, how far it has come, and the way around."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import flask

from appliance.domain.audit_terms import INSTANCE
from appliance.domain.permissions import Permission
from appliance.services import activity_alerts
from appliance.services.audit_log import state as audit_state
from appliance.web import requests
from appliance.web.pages import admin

if TYPE_CHECKING:
    from appliance.db.unit_of_work import UnitOfWork
    from appliance.services.audit_log.state import Room

Handler = TypeVar("Handler", bound=Callable[..., Any])
INSTANCE_HOME = "/administration/audit"


def log_of(owner: str) -> str:
    """The log that an address means: an organisation's, or the instance's where none is named."""
    return owner or INSTANCE


def frame(work: UnitOfWork, owner: str, section: str) -> dict[str, Any]:
    """What the frame of these pages needs.

    Errors:
        UnauthenticatedError, HiddenError, RefusedError: the actor may not read this log.
    """
    room = audit_state.room(work, log_of(owner))
    state = audit_state.state(work, log_of(owner), tools=requests.wiring().logs, now=requests.now())
    return {
        "owner": owner,
        "room": room,
        "state": state,
        "part": section,
        "may_grant": Permission.AUDIT_GRANT in room.allowed,
        "may_stream": Permission.AUDIT_STREAM in room.allowed,
        "sees_streams": Permission.AUDIT_READ in room.allowed,
        "sees_activity": activity_alerts.may_see(work, owner),
        "most_counted": audit_state.MOST_COUNTED,
        **_around(work, room),
    }


def _around(work: UnitOfWork, room: Room) -> dict[str, Any]:
    """The frame outside: that of the administration or the organisation, or for guests none."""
    if room.organisation is not None and Permission.ORGANISATION_READ in room.allowed:
        return {
            "around": "audit/_organisation.html",
            "organisation": room.organisation,
            "allowed": room.allowed,
            "tab_name": "audit",
        }
    if room.log == INSTANCE and Permission.INSTANCE_HEALTH in room.allowed:
        return {"around": "audit/_instance.html", **admin.frame(work, "audit")}
    return {"around": "audit/_guest.html"}


def routes(pages: flask.Blueprint, rule: str, **options: Any) -> Callable[[Handler], Handler]:
    """The two addresses of a page: of the instance's log, and of an organisation's."""

    def register(handler: Handler) -> Handler:
        endpoint = handler.__name__
        # An empty owner leads `url_for` to the first of them.
        pages.add_url_rule(
            f"{INSTANCE_HOME}{rule}", endpoint, handler, defaults={"owner": ""}, **options
        )
        pages.add_url_rule(f"/<owner>/-/audit{rule}", endpoint, handler, **options)
        return handler

    return register

"""Suspicious activity: what rules over the audit log found, and who is exempt from them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from uuid import UUID

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from pydantic import Field

from appliance.domain.activity import (
    LONGEST_COMMENT,
    ActivityReason,
    ActivityRule,
    ActivityState,
)
from appliance.services import activity_alerts
from appliance.web import forms, requests
from appliance.web.pages import activity_words, words
from appliance.web.pages.audit_frame import frame, routes
from appliance.web.pages.page_forms import (
    Problems,
    after,
    asked,
    attempt,
    done,
    listed,
    page,
    signed_in,
)

if TYPE_CHECKING:
    from appliance.db.unit_of_work import UnitOfWork

pages = flask.Blueprint("activity", __name__)
words.give_to_templates(pages)
pages.context_processor(lambda: {"kinds": activity_words})


class DismissForm(forms.Form):
    """Why it needs nothing more."""

    reason: ActivityReason
    comment: str = Field("", max_length=LONGEST_COMMENT)


class CommentForm(forms.Form):
    """What is said."""

    said: str = Field("", max_length=LONGEST_COMMENT)


class AssignForm(forms.Form):
    """Who looks into it; empty: nobody."""

    assignee: str = Field("", max_length=39)


class ExemptForm(forms.Form):
    """Of whom which rule tells nothing, and why."""

    user: str = Field(max_length=39)
    rule: ActivityRule
    reason: str = Field("", max_length=activity_alerts.LONGEST_REASON)


class EndForm(forms.Form):
    """Whose exemption ends."""

    user: str = Field(max_length=39)
    rule: ActivityRule


@routes(pages, "/activity", methods=["GET"])
def listing(owner: str) -> ResponseReturnValue:
    """What was found, the newest first."""
    return _listing(owner, {})


@routes(pages, "/activity/<uuid:alert_id>", methods=["GET"])
def show(owner: str, alert_id: UUID) -> ResponseReturnValue:
    """One alert, and what became of it."""
    return _show(owner, alert_id, {})


@routes(pages, "/activity/<uuid:alert_id>/dismiss", methods=["POST"])
def dismiss(owner: str, alert_id: UUID) -> ResponseReturnValue:
    """Say that it needs nothing more."""

    def act(work: UnitOfWork) -> object:
        form = DismissForm.parse(flask.request.form)
        activity_alerts.dismiss(work, alert_id, form.reason, form.comment, now=requests.now())
        return _("The alert was dismissed.")

    return _step(owner, alert_id, act)


@routes(pages, "/activity/<uuid:alert_id>/reopen", methods=["POST"])
def reopen(owner: str, alert_id: UUID) -> ResponseReturnValue:
    """Let it count again."""

    def act(work: UnitOfWork) -> object:
        activity_alerts.reopen(work, alert_id, now=requests.now())
        return _("The alert is open again.")

    return _step(owner, alert_id, act)


@routes(pages, "/activity/<uuid:alert_id>/assign", methods=["POST"])
def assign(owner: str, alert_id: UUID) -> ResponseReturnValue:
    """Say who looks into it."""

    def act(work: UnitOfWork) -> object:
        name = AssignForm.parse(flask.request.form).assignee.strip()
        activity_alerts.assign(work, alert_id, name or None, now=requests.now())
        return _("The assignee was saved.")

    return _step(owner, alert_id, act)


@routes(pages, "/activity/<uuid:alert_id>/comment", methods=["POST"])
def comment(owner: str, alert_id: UUID) -> ResponseReturnValue:
    """Say something of it."""

    def act(work: UnitOfWork) -> object:
        text = CommentForm.parse(flask.request.form).said
        activity_alerts.comment(work, alert_id, text, now=requests.now())
        return _("The comment was added.")

    return _step(owner, alert_id, act)


@routes(pages, "/activity/exemptions", methods=["POST"])
def exempt(owner: str) -> ResponseReturnValue:
    """Let a rule tell nothing of a user."""

    def act() -> ResponseReturnValue:
        form = ExemptForm.parse(flask.request.form)
        with requests.begin() as work:
            made = activity_alerts.exempt(
                *(work, owner, form.user, form.rule, form.reason), now=requests.now()
            )
        said = _("%(name)s is exempt from this rule.", name=made.user)
        return done(said, ".listing", owner=owner)

    return attempt(act, lambda problems: _listing(owner, problems))


@routes(pages, "/activity/exemptions/end", methods=["POST"])
def end_exemption(owner: str) -> ResponseReturnValue:
    """Let a rule hold for a user again."""

    def act() -> ResponseReturnValue:
        form = EndForm.parse(flask.request.form)
        with requests.begin() as work:
            activity_alerts.end_exemption(work, owner, form.user, form.rule)
        return done(_("The exemption was ended."), ".listing", owner=owner)

    return attempt(act, lambda problems: _listing(owner, problems))


def _step(owner: str, alert_id: UUID, verb: Callable[[UnitOfWork], object]) -> ResponseReturnValue:
    def act() -> ResponseReturnValue:
        with requests.begin() as work:
            said = verb(work)
        return done(str(said), ".show", owner=owner, alert_id=alert_id)

    return attempt(act, lambda problems: _show(owner, alert_id, problems))


def _listing(owner: str, problems: Problems) -> str:
    signed_in()
    state = asked("state") or ActivityState.OPEN
    chosen = ActivityState(state) if state in tuple(ActivityState) else None
    with requests.reading() as work:
        found = activity_alerts.listed(work, owner, state=chosen, after=after())
        exemptions = activity_alerts.exemptions(work, owner)
        may_decide = activity_alerts.may_decide(work, owner)
        context = frame(work, owner, "activity")
    return page(
        "audit/activity.html",
        problems,
        found=listed(found),
        chosen=chosen,
        exemptions=exemptions,
        may_decide=may_decide,
        **context,
    )


def _show(owner: str, alert_id: UUID, problems: Problems) -> str:
    signed_in()
    with requests.reading() as work:
        shown = activity_alerts.show(work, alert_id, owner)
        context = frame(work, owner, "activity")
    found = shown.listed.alert
    return page(
        "audit/activity_alert.html",
        problems,
        shown=shown,
        found=found,
        told=activity_words.told(shown.listed),
        **context,
    )

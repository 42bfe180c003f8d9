"""Who may read an audit log for a while: letting them, and taking it back."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from pydantic import Field

from appliance.errors import InvalidError
from appliance.services.audit_log import auditors
from appliance.services.audit_log.auditors import Period
from appliance.web import forms, requests
from appliance.web.pages import days, words
from appliance.web.pages.audit_frame import frame, log_of, routes
from appliance.web.pages.page_forms import (
    Problems,
    after,
    attempt,
    confirmed_first,
    done,
    listed,
    page,
)

pages = flask.Blueprint("auditors", __name__)
words.give_to_templates(pages)

USUAL_DAYS = 30


class GrantForm(forms.Form):
    """Who, what of the log, and until when."""

    name: str = Field(max_length=255)
    since: str = Field("", max_length=10)
    until: str = Field("", max_length=10)
    expires: str = Field(max_length=10)
    reason: str = Field(max_length=auditors.LONGEST_REASON)


@routes(pages, "/auditors", methods=["GET"])
def listing(owner: str) -> ResponseReturnValue:
    """To whom this log was given, and until when."""
    return _page(owner, {})


@routes(pages, "/auditors", methods=["POST"])
def grant(owner: str) -> ResponseReturnValue:
    """Let somebody read this log for a while."""

    def act() -> ResponseReturnValue:
        form = GrantForm.parse(flask.request.form)
        period = Period(days.start_of("since", form.since), days.end_of("until", form.until))
        expires_at = days.end_of("expires", form.expires)
        if expires_at is None:
            raise InvalidError.of("expires", _("That is not a day."))
        with requests.begin() as work:
            made = auditors.grant(
                work,
                log_of(owner),
                form.name,
                period=period,
                expires_at=expires_at,
                reason=form.reason,
                now=requests.now(),
            )
        return done(_("%(name)s can now read this log.", name=made.user), ".listing", owner=owner)

    return attempt(act, lambda problems: _page(owner, problems), at="name")


@routes(pages, "/auditors/<uuid:grant_id>/revoke", methods=["POST"])
def revoke(owner: str, grant_id: UUID) -> ResponseReturnValue:
    """Take it back."""

    def act() -> ResponseReturnValue:
        with requests.begin() as work:
            auditors.revoke(work, log_of(owner), grant_id, now=requests.now())
        return done(_("They can no longer read this log."), ".listing", owner=owner)

    return attempt(act, lambda problems: _page(owner, problems))


def _page(owner: str, problems: Problems) -> str:
    confirmed_first()
    with requests.reading() as work:
        found = auditors.listed(work, log_of(owner), after=after(), now=requests.now())
        context = frame(work, owner, "auditors")
    usual = requests.now() + timedelta(days=USUAL_DAYS)
    return page(
        "audit/auditors.html",
        problems,
        found=listed(found),
        usual_end=usual.date().isoformat(),
        **context,
    )

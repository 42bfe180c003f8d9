"""Acting as somebody else: beginning, being oneself again, and who does it."""

from __future__ import annotations

from uuid import UUID

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from pydantic import Field

from appliance.services import impersonation
from appliance.web import acting_as, forms, requests
from appliance.web.pages import admin_users, words
from appliance.web.pages.admin import frame
from appliance.web.pages.page_forms import attempt, confirmed_first, done, page

pages = flask.Blueprint("impersonation", __name__)
words.give_to_templates(pages)


class BeginForm(forms.Form):
    """Why, and for how long."""

    reason: str = Field(max_length=impersonation.LONGEST_REASON)
    minutes: int = 15


@pages.get("/administration/impersonations")
def listing() -> ResponseReturnValue:
    """Who acts as whom now, and who did lately."""
    confirmed_first()
    with requests.reading() as work:
        found = impersonation.listed(work, now=requests.now())
        context = frame(work, "users")
    return page("admin/impersonations.html", found=found, **context)


@pages.post("/administration/users/<name>/impersonate")
def begin(name: str) -> ResponseReturnValue:
    """Act as them."""

    def act() -> ResponseReturnValue:
        form = BeginForm.parse(flask.request.form)
        with requests.begin() as work:
            impersonation.begin(
                work, name, reason=form.reason, minutes=form.minutes, now=requests.now()
            )
        return flask.redirect("/", 303)

    return attempt(act, lambda problems: admin_users.user_page(name, problems))


@pages.post("/impersonation/end")
def end() -> ResponseReturnValue:
    """Be oneself again."""
    name = acting_as.leave()
    if not name:
        return flask.redirect("/", 303)
    return done(_("You are no longer acting as %(name)s.", name=name), "dashboard.show")


@pages.post("/administration/impersonations/<uuid:impersonation_id>/stop")
def stop(impersonation_id: UUID) -> ResponseReturnValue:
    """End one from elsewhere."""
    with requests.begin() as work:
        impersonation.stop(work, impersonation_id, now=requests.now())
    return done(_("That has ended."), "impersonation.listing")

"""Who must have a second factor."""

from __future__ import annotations

from uuid import UUID

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from pydantic import Field

from appliance.services import factor_rules
from appliance.web import forms, requests
from appliance.web.pages import words
from appliance.web.pages.admin import frame
from appliance.web.pages.page_forms import Problems, attempt, confirmed_first, done, page

pages = flask.Blueprint("admin_factors", __name__)
words.give_to_templates(pages)


class RuleForm(forms.Form):
    """About whom, and how long they may go on without."""

    organisation: str = Field("", max_length=39)
    role: str = Field("", max_length=32)
    grace_days: int = 14


@pages.get("/administration/second-factors")
def show() -> ResponseReturnValue:
    """All rules."""
    confirmed_first()
    return _page({})


@pages.post("/administration/second-factors")
def require() -> ResponseReturnValue:
    """Add one."""

    def act() -> ResponseReturnValue:
        form = RuleForm.parse(flask.request.form)
        with requests.begin() as work:
            factor_rules.require(
                work,
                organisation=form.organisation,
                role=form.role,
                grace_days=form.grace_days,
                now=requests.now(),
            )
        return done(_("They now need a second factor."), "admin_factors.show")

    return attempt(act, _page)


@pages.post("/administration/second-factors/<uuid:rule_id>/remove")
def withdraw(rule_id: UUID) -> ResponseReturnValue:
    """Remove one."""
    with requests.begin() as work:
        factor_rules.withdraw(work, rule_id)
    return done(_("They no longer need one."), "admin_factors.show")


def _page(problems: Problems) -> str:
    with requests.reading() as work:
        context = frame(work, "factors")
        rules = factor_rules.show(work)
    here, there = words.INSTANCE_ROLES.items(), words.ORGANISATION_ROLES.items()
    roles = list({str(role): said for role, said in (*here, *there)}.items())
    return page("admin/factors.html", problems, rules=rules, roles=roles, **context)

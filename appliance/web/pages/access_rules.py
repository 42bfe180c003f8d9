"""What may be asked for in an organisation, and who has what there until when."""

from __future__ import annotations

from typing import Any

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from pydantic import Field

from appliance.domain.access_requests import LONGEST_HOURS, AccessRule, Approvers
from appliance.domain.permissions import Role
from appliance.services import access_requests, access_rules, temporary_rights
from appliance.web import forms, requests
from appliance.web.pages import lists, words
from appliance.web.pages.organisations import settings_frame
from appliance.web.pages.page_forms import (
    USUAL,
    Problems,
    after,
    asked,
    attempt,
    done,
    listed,
    page,
)

pages = flask.Blueprint("access_rules", __name__)
words.give_to_templates(pages)

COLUMNS: lists.Columns = {
    "who": lambda each: each.user,
    "thing": lambda each: each.thing,
    "name": lambda each: each.name,
    "role": lambda each: each.role,
    "since": lambda each: each.since,
    "until": lambda each: each.until,
}


class RuleForm(forms.Form):
    """What may be asked for, for how long, and who answers."""

    is_open: str = ""
    approvers: Approvers = Approvers.OWNERS
    longest_days: float = Field(30, gt=0, le=LONGEST_HOURS / 24)
    allows_endless: str = ""
    highest_role: Role = Role.MAINTAINER


@pages.get("/<owner>/-/settings/access-requests")
def show(owner: str) -> ResponseReturnValue:
    """The rule, and what was given until a time."""
    file = lists.export(f"{owner}-temporary-access", _finder(owner), COLUMNS)
    return file or _page(owner, {})


@pages.post("/<owner>/-/settings/access-requests")
def change(owner: str) -> ResponseReturnValue:
    """Set the rule."""

    def act() -> ResponseReturnValue:
        form = RuleForm.parse(flask.request.form)
        rule = AccessRule(
            bool(form.is_open),
            form.approvers,
            max(1, round(form.longest_days * 24)),
            bool(form.allows_endless),
            form.highest_role,
        )
        with requests.begin() as work:
            access_rules.change(work, owner, rule)
        return done(_("The rule was saved."), ".show", owner=owner)

    return attempt(act, lambda problems: _page(owner, problems))


@pages.post("/<owner>/-/settings/access-requests/several")
def end_several(owner: str) -> ResponseReturnValue:
    """End several rights before their time."""
    back = flask.url_for(".show", owner=owner)
    return lists.act_on_several(ACTS, back=back, names=_names)


ACTS = {
    "end": lists.Act(
        lazy("End now"),
        lambda work, key: temporary_rights.end(
            work,
            lists.id_of(key),
            flask.request.form.get("reason", "") or _("Ended in the settings."),
            now=requests.now(),
        ),
        lazy("They lose it immediately, everywhere. They can request it again."),
    )
}


def _finder(owner: str) -> lists.Find:
    sorting = lists.sorting(temporary_rights.ORDERS, "until")
    return lists.finder(temporary_rights.listed, sorting, owner)


def _page(owner: str, problems: Problems) -> str:
    with requests.reading() as work:
        context = settings_frame(work, owner)
        context["rule"] = access_rules.show(work, owner)
        context["found"] = listed(_finder(owner)(work, after=after(), limit=USUAL))
    context |= lists.tools(lists.sorting(temporary_rights.ORDERS, "until"))
    return page("organisations/access_requests.html", problems, section="access-requests",
                query=asked("q"), acts=ACTS, **context)  # fmt: skip


def _names(work: Any, keys: list[str]) -> dict[str, str]:
    found = [access_requests.show(work, lists.id_of(key), now=requests.now()) for key in keys]
    return {str(each.request.id): f"{each.user}: {each.name}" for each in found}

"""How an organisation deals with alerts: who decides, and in how many days."""

from __future__ import annotations

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from pydantic import Field

from appliance.domain.alerts import AlertKind, Severity
from appliance.errors import InvalidError, sentence
from appliance.services import alert_policies
from appliance.services.alert_policies import NewPolicy
from appliance.web import forms, requests
from appliance.web.pages import alert_words, words
from appliance.web.pages.organisations import settings_frame
from appliance.web.pages.page_forms import Problems, attempt, done, page

pages = flask.Blueprint("alert_policy", __name__)
words.give_to_templates(pages)

PLACE = "/<owner>/-/settings/alerts"
MOST_DIGITS = 4


class PolicyForm(forms.Form):
    """What an organisation says. No days: never due."""

    approved_kinds: list[str] = Field(default_factory=list, max_length=len(AlertKind))
    maintainers_settle_secrets: str = ""
    critical: str = Field("", max_length=MOST_DIGITS)
    high: str = Field("", max_length=MOST_DIGITS)
    medium: str = Field("", max_length=MOST_DIGITS)
    low: str = Field("", max_length=MOST_DIGITS)
    unknown: str = Field("", max_length=MOST_DIGITS)
    exploited: str = Field("", max_length=MOST_DIGITS)


@pages.get(PLACE)
def show(owner: str) -> ResponseReturnValue:
    """The policy."""
    return _page(owner, {})


@pages.post(PLACE)
def change(owner: str) -> ResponseReturnValue:
    """Set it anew."""

    def act() -> ResponseReturnValue:
        form = PolicyForm.parse(flask.request.form)
        wanted = NewPolicy(
            frozenset(kind for kind in AlertKind if kind in form.approved_kinds),
            bool(form.maintainers_settle_secrets),
            {each: _days(each, getattr(form, each)) for each in Severity},
            _days("exploited", form.exploited),
        )
        with requests.begin() as work:
            alert_policies.set_policy(work, owner, wanted)
        return done(_("Saved."), ".show", owner=owner)

    return attempt(act, lambda problems: _page(owner, problems))


def _page(owner: str, problems: Problems) -> str:
    with requests.reading() as work:
        context = settings_frame(work, owner)
        rules = alert_policies.show(work, owner)
    return page(
        "organisations/alert_policy.html",
        problems,
        section="alert-policy",
        rules=rules,
        alert_words=alert_words,
        **context,
    )


def _days(field: str, text: str) -> int | None:
    said = text.strip()
    if not said:
        return None
    if not (said.isascii() and said.isdigit()):
        raise InvalidError.of(field, sentence("Write a number of days, or nothing."))
    return int(said)

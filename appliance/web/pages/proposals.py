"""Acts that wait for a second administrator: what each would change, and the decision."""

from __future__ import annotations

from uuid import UUID

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from pydantic import Field

from appliance.domain.second_person import ProposalState
from appliance.services import proposals, provider_kinds
from appliance.web import forms, requests
from appliance.web.pages import words
from appliance.web.pages.admin import frame
from appliance.web.pages.page_forms import Problems, attempt, confirmed_first, done, page
from appliance.web.pages.proposal_words import ACTS, STATES, said
from appliance.web.proposal_tools import tools

pages = flask.Blueprint("proposals", __name__)
words.give_to_templates(pages)

PLACE = "/administration/proposals"


class RefusalForm(forms.Form):
    """Why."""

    reason: str = Field("", max_length=proposals.LONGEST_REASON)


class RuleForm(forms.Form):
    """Whether two people are to be needed."""

    required: str


@pages.get(PLACE)
def listing() -> ResponseReturnValue:
    """What waits, what became of the others, and the rule."""
    confirmed_first()
    return _list_page({})


@pages.post(PLACE)
def change_rule() -> ResponseReturnValue:
    """Need two people, or no more."""

    def act() -> ResponseReturnValue:
        form = RuleForm.parse(flask.request.form)
        with requests.begin() as work:
            if form.required == "yes":
                proposals.require_two(work, now=requests.now())
            else:
                proposals.release(work)
        if form.required == "yes":
            return done(_("Two people are needed from now on."), ".listing")
        return done(_("Two people are not needed any more."), ".listing")

    return attempt(act, _list_page)


@pages.get(f"{PLACE}/<uuid:proposal_id>")
def show(proposal_id: UUID) -> ResponseReturnValue:
    """One of them, with all that it changes."""
    confirmed_first()
    return _page(proposal_id, {})


@pages.post(f"{PLACE}/<uuid:proposal_id>/confirm")
def confirm(proposal_id: UUID) -> ResponseReturnValue:
    """Let it take effect."""

    def act() -> ResponseReturnValue:
        with requests.begin() as work:
            state = proposals.confirm(work, proposal_id, tools=tools(), now=requests.now())
        if state is not ProposalState.CONFIRMED:
            flask.flash(_("Nothing was changed: this proposal counts no more."), "warn")
            return flask.redirect(flask.url_for(".show", proposal_id=proposal_id), 303)
        return done(_("Confirmed. It has taken effect."), ".listing")

    return attempt(act, lambda problems: _page(proposal_id, problems))


@pages.post(f"{PLACE}/<uuid:proposal_id>/refuse")
def refuse(proposal_id: UUID) -> ResponseReturnValue:
    """Let it come to nothing."""

    def act() -> ResponseReturnValue:
        form = RefusalForm.parse(flask.request.form)
        with requests.begin() as work:
            proposals.refuse(work, proposal_id, reason=form.reason, now=requests.now())
        return done(_("Refused. Nothing was changed."), ".listing")

    return attempt(act, lambda problems: _page(proposal_id, problems))


@pages.post(f"{PLACE}/<uuid:proposal_id>/withdraw")
def withdraw(proposal_id: UUID) -> ResponseReturnValue:
    """Take one's own back."""

    def act() -> ResponseReturnValue:
        with requests.begin() as work:
            proposals.withdraw(work, proposal_id, now=requests.now())
        return done(_("Withdrawn. Nothing was changed."), ".listing")

    return attempt(act, lambda problems: _page(proposal_id, problems))


def _list_page(problems: Problems) -> str:
    with requests.reading() as work:
        found = proposals.listed(work)
        since = proposals.required_since(work)
        context = frame(work, "proposals")
    return page(
        "admin/proposals.html",
        problems,
        waiting=[each for each in found if each.state is ProposalState.WAITING],
        decided=[each for each in found if each.state is not ProposalState.WAITING],
        since=since,
        acts=ACTS,
        states=STATES,
        **context,
    )


def _page(proposal_id: UUID, problems: Problems) -> str:
    with requests.reading() as work:
        found = proposals.show(work, proposal_id)
        kinds = provider_kinds.kinds(work)
        context = frame(work, "proposals")
    return page(
        "admin/proposal.html",
        problems,
        found=found,
        acts=ACTS,
        changes=said(found, kinds),
        states=STATES,
        **context,
    )

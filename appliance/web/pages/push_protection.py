"""A secret that stopped a push: what it is, and leave to push it all the same."""

from __future__ import annotations

from uuid import UUID

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from pydantic import Field

from appliance.domain.push_protection import LONGEST_COMMENT, BypassReason, BypassState
from appliance.services import secret_bypasses
from appliance.web import forms, requests
from appliance.web.pages.page_forms import Problems, attempt, done, page, signed_in

pages = flask.Blueprint("push_protection", __name__)

PLACE = "/push-protection/<uuid:block_id>"
STATES = {
    BypassState.PENDING: (lazy("Waiting"), "hold"),
    BypassState.APPROVED: (lazy("Approved"), "good"),
    BypassState.REFUSED: (lazy("Refused"), "bad"),
    BypassState.USED: (lazy("Pushed"), ""),
    BypassState.EXPIRED: (lazy("Expired"), ""),
}
REASONS = {
    BypassReason.FALSE_POSITIVE: lazy("It is no secret"),
    BypassReason.USED_IN_TESTS: lazy("It is used in tests only"),
    BypassReason.FIX_LATER: lazy("It will be revoked later"),
}
APPROVE = "approve"


class BypassForm(forms.Form):
    """Why."""

    reason: BypassReason
    comment: str = Field("", max_length=LONGEST_COMMENT)


class DecisionForm(forms.Form):
    """Which one, and what becomes of it."""

    bypass: UUID
    decision: str
    comment: str = Field("", max_length=LONGEST_COMMENT)


@pages.get(PLACE)
def show(block_id: UUID) -> ResponseReturnValue:
    """The secret, without its value."""
    signed_in()
    return _page(block_id, {})


@pages.post(f"{PLACE}/bypass")
def request_bypass(block_id: UUID) -> ResponseReturnValue:
    """Ask for leave to push it."""

    def act() -> ResponseReturnValue:
        form = BypassForm.parse(flask.request.form)
        with requests.begin() as work:
            found = secret_bypasses.request(
                work, block_id, form.reason, form.comment, now=requests.now()
            )
            waits = found.is_delegated
        said = _("Requested. It waits for a decision.") if waits else _("Allowed. Push again.")
        return done(said, ".show", block_id=block_id)

    return attempt(act, lambda problems: _page(block_id, problems))


@pages.post(f"{PLACE}/decision")
def decide(block_id: UUID) -> ResponseReturnValue:
    """Approve or refuse what somebody else asked for."""

    def act() -> ResponseReturnValue:
        form = DecisionForm.parse(flask.request.form)
        approves = form.decision == APPROVE
        with requests.begin() as work:
            secret_bypasses.decide(
                work, form.bypass, approves=approves, comment=form.comment, now=requests.now()
            )
        said = _("Approved. It can be pushed once.") if approves else _("Refused.")
        return done(said, ".show", block_id=block_id)

    return attempt(act, lambda problems: _page(block_id, problems))


def _page(block_id: UUID, problems: Problems) -> str:
    with requests.reading() as work:
        found = secret_bypasses.show(work, block_id)
        state = found.last.facts.at(requests.now()) if found.last else None
        return page(
            "push_protection/show.html",
            problems,
            found=found,
            state=state,
            states=STATES,
            reasons=REASONS,
        )

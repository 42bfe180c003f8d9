"""Which tokens an organisation lets in: its rule, what tokens ask for, and what was said."""

from __future__ import annotations

import functools
from uuid import UUID

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from pydantic import Field

from appliance.domain.credentials import Approval, ApprovalState
from appliance.errors import InvalidError
from appliance.services import token_approvals, token_rules
from appliance.services.token_rules import Rule
from appliance.web import forms, requests
from appliance.web.pages import lists, words
from appliance.web.pages.organisations import settings_frame
from appliance.web.pages.page_forms import (
    USUAL,
    Problems,
    after,
    asked,
    attempt,
    confirmed_first,
    done,
    listed,
    page,
)

pages = flask.Blueprint("token_rules", __name__)
words.give_to_templates(pages)


class RuleForm(forms.Form):
    """What is asked of tokens and keys."""

    approval: Approval = Approval.OFF
    most_days: str = Field("", max_length=10)
    unused_days: str = Field("", max_length=10)


class DecisionForm(forms.Form):
    """What an owner says."""

    state: ApprovalState
    answer: str = Field("", max_length=500)


class AskForm(forms.Form):
    """Of whom, and why."""

    organisation: str = Field(max_length=39)
    reason: str = Field("", max_length=500)


COLUMNS: lists.Columns = {
    "user": lambda each: each.user.name,
    "token": lambda each: each.token.name,
    "state": lambda each: each.approval.state,
    "scopes": lambda each: each.token.scopes,
    "repositories": lambda each: "all" if each.token.all_repositories else each.repositories,
    "reason": lambda each: each.approval.reason,
    "answer": lambda each: each.approval.answer,
    "expires_at": lambda each: each.token.expires_at,
    "asked_at": lambda each: each.approval.asked_at,
    "decided_at": lambda each: each.approval.decided_at,
    "used_at": lambda each: each.used_at,
}


@pages.get("/<owner>/-/settings/tokens")
def show(owner: str) -> ResponseReturnValue:
    """The rule, and what tokens ask for."""
    confirmed_first()
    name = f"{owner}-token-approvals"
    return lists.export(name, _find(owner), COLUMNS) or _rule_page(owner, {})


@pages.post("/<owner>/-/settings/tokens")
def change(owner: str) -> ResponseReturnValue:
    """Set the rule."""

    def act() -> ResponseReturnValue:
        form = RuleForm.parse(flask.request.form)
        rule = Rule(
            form.approval,
            _days("most_days", form.most_days),
            _days("unused_days", form.unused_days),
        )
        with requests.begin() as work:
            token_rules.change(work, owner, rule, now=requests.now())
        return done(_("The rule was saved and applies from now on."), ".show", owner=owner)

    return attempt(act, lambda problems: _rule_page(owner, problems))


@pages.post("/<owner>/-/settings/tokens/<uuid:approval_id>")
def decide(owner: str, approval_id: UUID) -> ResponseReturnValue:
    """Approve, refuse, or take an approval back."""

    def act() -> ResponseReturnValue:
        form = DecisionForm.parse(flask.request.form)
        with requests.begin() as work:
            token_approvals.decide(
                work, owner, approval_id, form.state, answer=form.answer, now=requests.now()
            )
        said = _("Done: %(state)s.", state=words.APPROVAL_STATES[form.state])
        return done(said, ".show", owner=owner)

    return attempt(act, lambda problems: _rule_page(owner, problems))


@pages.post("/<owner>/-/settings/tokens/several")
def decide_several(owner: str) -> ResponseReturnValue:
    """Approve or refuse several."""
    return lists.act_on_several(_acts(owner), back=flask.url_for(".show", owner=owner))


@pages.post("/settings/tokens/<uuid:token_id>/ask")
def ask(token_id: UUID) -> ResponseReturnValue:
    """Ask for a token of one's own to be let in."""
    form = AskForm.parse(flask.request.form)
    with requests.begin() as work:
        token_approvals.ask(
            work, token_id, form.organisation, reason=form.reason, now=requests.now()
        )
    said = _("The owners of %(name)s were asked.", name=form.organisation)
    return done(said, "account_credentials.tokens")


def _acts(owner: str) -> dict[str, lists.Act]:
    decide = functools.partial(token_approvals.decide, now=requests.now())
    return {
        "approve": lists.Act(
            lazy("Approve"),
            lambda work, key: decide(work, owner, lists.id_of(key), ApprovalState.APPROVED),
        ),
        "refuse": lists.Act(
            lazy("Refuse"),
            lambda work, key: decide(work, owner, lists.id_of(key), ApprovalState.REFUSED),
        ),
    }


def _sorting() -> lists.Sorting:
    return lists.sorting(token_approvals.ORDERS, "-asked")


def _find(owner: str) -> lists.Find:
    verb = functools.partial(token_approvals.listed, state=_state())
    return lists.finder(verb, _sorting(), owner)


def _state() -> ApprovalState | None:
    state = asked("state")
    return ApprovalState(state) if state in set(ApprovalState) else None


def _rule_page(owner: str, problems: Problems) -> str:
    with requests.reading() as work:
        context = settings_frame(work, owner)
        rule = token_rules.show(work, owner)
        found = _find(owner)(work, after=after(), limit=USUAL)
    return page(
        "organisations/tokens.html",
        problems,
        section="tokens",
        rule=rule,
        approvals=[(each, *said) for each, said in words.APPROVALS.items()],
        found=listed(found),
        query=asked("q"),
        state=_state(),
        acts=_acts(owner),
        now=requests.now(),
        **context,
        **lists.tools(_sorting()),
    )


def _days(field: str, text: str) -> int | None:
    text = text.strip()
    if not text:
        return None
    if not text.isdigit() or len(text) > 4:  # noqa: PLR2004 - ten years have four digits.
        raise InvalidError.of(field, _("Enter a number of days, or leave it empty."))
    return int(text)

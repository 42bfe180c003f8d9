"""Synchronising with a directory, for administrators: ask for it, read reports, confirm one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy

from appliance.domain.provider_syncs import (
    ENDED,
    ChangeKind,
    ChangeState,
    Doubt,
    SyncCause,
    SyncState,
)
from appliance.services import identity_providers, provider_syncs
from appliance.web import requests
from appliance.web.pages import words
from appliance.web.pages.admin import frame
from appliance.web.pages.page_forms import (
    Problems,
    after,
    asked,
    attempt,
    confirmed_first,
    done,
    insist,
    is_confirmed,
    listed,
    page,
)

pages = flask.Blueprint("admin_syncs", __name__)
words.give_to_templates(pages)

PLACE = "/administration/providers/<name>/syncs"
SHOWN = 5
STATES = {
    SyncState.WAITING: (lazy("waits"), ""),
    SyncState.RUNNING: (lazy("runs"), "accent"),
    SyncState.DONE: (lazy("done"), "good"),
    SyncState.HELD: (lazy("asks first"), "warn"),
    SyncState.FAILED: (lazy("failed"), "bad"),
}
CAUSES = {
    SyncCause.TIMER: lazy("by the timer"),
    SyncCause.PERSON: lazy("asked for"),
    SyncCause.CONFIRMED: lazy("a report was confirmed"),
}
KINDS = {
    ChangeKind.CREATED: lazy("Becomes a user"),
    ChangeKind.UPDATED: lazy("Changes"),
    ChangeKind.RETURNED: lazy("Can sign in again"),
    ChangeKind.LESS: lazy("Leaves groups"),
    ChangeKind.DISABLED: lazy("Disabled there"),
    ChangeKind.VANISHED: lazy("No longer there"),
    ChangeKind.REFUSED: lazy("Cannot be used"),
}
OUTCOMES = {
    ChangeState.PLANNED: (lazy("would be applied"), ""),
    ChangeState.DONE: (lazy("done"), "good"),
    ChangeState.HELD: (lazy("asks first"), "warn"),
    ChangeState.REFUSED: (lazy("refused"), "bad"),
}
DOUBTS = {
    Doubt.MANY_LEAVE: lazy("More people than usual would lose access."),
    Doubt.MANY_LOSE: lazy("More people than usual would lose permissions from groups."),
    Doubt.EMPTY_GROUP: lazy("Some groups in rules have no members any more."),
}
REASONS = {
    "not_there": lazy("the directory has no such person"),
    "disabled": lazy("disabled there"),
    "account_expired": lazy("their account there has ended"),
    "new": lazy("new here"),
    "linked": lazy("linked by the rule"),
    "twice": lazy("two entries claim to be them"),
    "kept_out_elsewhere": lazy("enabled there, but disabled by another identity provider"),
    "not_let_in_again": lazy("enabled there; suspended users are not reinstated automatically"),
    "suspended_here": lazy("enabled there, but suspended by an administrator here"),
    "last_administrator": lazy("nobody else could administer the appliance"),
    "account_protected": lazy("the account here has its own sign-in"),
    "account_taken": lazy("another person there has this account"),
}
CHANGED = {
    "subject": lazy("its user identifier is not valid here"),
    "name": lazy("user name there"),
    "email": lazy("e-mail address"),
    "display_name": lazy("name for people"),
}
ERRORS = {
    "no_server": lazy("No server accepted the connection."),
    "service_account": lazy("The service account's name or password is wrong."),
    "time_out": lazy("The directory took too long."),
    "nobody": lazy("The directory returned no users. Check where and which users are searched."),
    "changed_meanwhile": lazy("The identity provider was changed while its directory was read."),
    "cancelled": lazy("It was cancelled, or its worker stopped."),
}


@pages.get(PLACE)
def listing(name: str) -> ResponseReturnValue:
    """All reports of a directory."""
    return _listing_page(name, {})


@pages.post(PLACE)
def request(name: str) -> ResponseReturnValue:
    """Compare everybody with the directory."""

    def act() -> ResponseReturnValue:
        is_dry_run = bool(flask.request.form.get("dry_run"))
        with requests.begin() as work:
            shown = provider_syncs.request(work, name, is_dry_run=is_dry_run, now=requests.now())
        return done(_("It starts in a moment."), ".show", name=name, run_id=shown.run.id)

    return attempt(act, lambda problems: _listing_page(name, problems))


@pages.get(f"{PLACE}/<uuid:run_id>")
def show(name: str, run_id: UUID) -> ResponseReturnValue:
    """One report: what changed, for whom and why."""
    return _report_page(name, run_id, {})


@pages.post(f"{PLACE}/<uuid:run_id>/confirm")
def confirm(name: str, run_id: UUID) -> ResponseReturnValue:
    """Let happen what this very report says would be taken away."""

    def act() -> ResponseReturnValue:
        insist(is_confirmed(name), "", _("Type the name of the identity provider to confirm it."))
        with requests.begin() as work:
            shown = provider_syncs.confirm(work, name, run_id, now=requests.now())
        return done(_("It starts in a moment."), ".show", name=name, run_id=shown.run.id)

    return attempt(act, lambda problems: _report_page(name, run_id, problems))


def tables() -> dict[str, Any]:
    """What the templates call things."""
    return {"sync_states": STATES, "sync_causes": CAUSES}


def _listing_page(name: str, problems: Problems) -> str:
    confirmed_first()
    with requests.reading() as work:
        shown = identity_providers.show(work, name)
        found = provider_syncs.runs(work, name, now=requests.now(), after=after())
        context = frame(work, "providers")
    return page(
        "admin/syncs.html", problems, shown=shown, found=listed(found), **tables(), **context
    )


def _report_page(name: str, run_id: UUID, problems: Problems) -> str:
    confirmed_first()
    state = ChangeState(asked("state")) if asked("state") in set(ChangeState) else None
    kind = ChangeKind(asked("kind")) if asked("kind") in set(ChangeKind) else None
    with requests.reading() as work:
        provider = identity_providers.show(work, name).provider
        report = provider_syncs.show(work, name, run_id, now=requests.now())
        found = provider_syncs.changes(work, name, run_id, kind=kind, state=state, after=after())
        context = frame(work, "providers")
    word, _separator, detail = report.run.error.partition(": ")
    return page(
        "admin/sync.html",
        problems,
        provider=provider,
        report=report,
        found=listed(found),
        kind=kind,
        is_over=report.run.state in ENDED,
        numbers=_numbers(report.run.counts),
        failed=ERRORS.get(word, _("The directory's answer was incomplete.")),
        failed_detail=detail,
        change_kinds=KINDS,
        outcomes=OUTCOMES,
        doubt_words=DOUBTS,
        reason_words=REASONS,
        changed_words=CHANGED,
        **tables(),
        **context,
    )


def _numbers(counts: dict[str, int]) -> list[tuple[ChangeKind, str, str, int]]:
    """Kind, outcome in words, its tone, and for how many; those that there are."""
    return [
        (kind, str(OUTCOMES[state][0]), OUTCOMES[state][1], counts[f"{kind}.{state}"])
        for kind in ChangeKind
        for state in ChangeState
        if counts.get(f"{kind}.{state}")
    ]

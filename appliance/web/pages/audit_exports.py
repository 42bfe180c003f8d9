"""Taking an audit log along: asking for an export, seeing how far it is, and the file."""

from __future__ import annotations

from uuid import UUID

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from pydantic import Field

from appliance.domain.audit_query import LONGEST
from appliance.domain.audit_terms import INSTANCE
from appliance.domain.permissions import Permission
from appliance.services.audit_log import export_jobs
from appliance.services.audit_log.export import Form, Wanted
from appliance.services.audit_log.export_jobs import State
from appliance.web import forms, requests
from appliance.web.pages import days, words
from appliance.web.pages.audit_frame import frame, log_of, routes
from appliance.web.pages.page_forms import (
    Problems,
    after,
    asked,
    attempt,
    confirmed_first,
    done,
    listed,
    page,
)

pages = flask.Blueprint("audit_exports", __name__)
words.give_to_templates(pages)

FORMS = (
    (
        Form.BUNDLE,
        lazy("Bundle to verify"),
        lazy(
            "All entries of the period, so that nothing can be left out; details of "
            "matching events."
        ),
    ),
    (Form.JSONL, lazy("JSON Lines"), lazy("One event per line, compressed.")),
    (
        Form.CSV,
        lazy("CSV"),
        lazy("For a spreadsheet; cells that could be formulas are made harmless."),
    ),
)
STATES = {
    State.WAITING: (lazy("Waiting"), ""),
    State.RUNNING: (lazy("Running"), "accent"),
    State.READY: (lazy("Ready"), "good"),
    State.FAILED: (lazy("Failed"), "bad"),
    State.GONE: (lazy("Expired"), "hold"),
}
UNFINISHED = frozenset({State.WAITING, State.RUNNING})


class ExportForm(forms.Form):
    """What somebody wants to take along."""

    q: str = Field("", max_length=LONGEST)
    since: str = Field("", max_length=10)
    until: str = Field("", max_length=10)
    form: Form = Form.BUNDLE
    everything: str = ""


@routes(pages, "/exports", methods=["GET"])
def listing(owner: str) -> ResponseReturnValue:
    """One's exports, and the form that asks for another."""
    return _page(owner, {})


@routes(pages, "/exports", methods=["POST"])
def request(owner: str) -> ResponseReturnValue:
    """Ask for an export; a job makes it."""

    def act() -> ResponseReturnValue:
        form = ExportForm.parse(flask.request.form)
        with requests.begin() as work:
            export_jobs.request(
                work,
                Wanted(
                    log="" if form.everything and not owner else log_of(owner),
                    query=form.q,
                    since=days.start_of("since", form.since),
                    until=days.end_of("until", form.until),
                ),
                form.form,
                now=requests.now(),
            )
        return done(_("The export was started."), ".listing", owner=owner)

    return attempt(act, lambda problems: _page(owner, problems), at="q")


@routes(pages, "/exports/<uuid:export_id>.json", methods=["GET"])
def progress(owner: str, export_id: UUID) -> ResponseReturnValue:
    """How far an export is, for the script that moves the bar."""
    with requests.reading() as work:
        shown = export_jobs.show(work, export_id, now=requests.now())
    return {
        "step": str(STATES[shown.state][0]),
        "done": shown.done,
        "total": shown.total or 1,  # Nothing of something: it has not begun.
        "finished": shown.state not in UNFINISHED,
        "next": flask.url_for(".listing", owner=owner),
    }


@routes(pages, "/exports/<uuid:export_id>/file", methods=["GET"])
def download(owner: str, export_id: UUID) -> ResponseReturnValue:
    """The file; that it was taken is recorded."""
    wiring = requests.wiring()
    with requests.begin() as work:
        shown, path = export_jobs.take(
            work, export_id, folder=wiring.home.exports, now=requests.now()
        )
    name = f"audit-{owner or 'appliance'}-{shown.row.created_at:%Y-%m-%d}"
    ending = export_jobs.ENDINGS[Form(shown.row.format)]
    return flask.send_file(path, as_attachment=True, download_name=f"{name}.{ending}")


def _page(owner: str, problems: Problems) -> str:
    confirmed_first()
    with requests.reading() as work:
        context = frame(work, owner, "exports")
        found = export_jobs.listed(work, now=requests.now(), after=after())
    filled = flask.request.form
    return page(
        "audit/exports.html",
        problems,
        found=listed(found),
        query=filled.get("q", asked("q")),
        forms=FORMS,
        chosen=filled.get("form", Form.BUNDLE),
        states=STATES,
        unfinished=UNFINISHED,
        instance=INSTANCE,
        may_take_all=not owner and Permission.AUDIT_READ in context["room"].allowed,
        **context,
    )

"""Archives of other systems: bringing one in, who is who in it, how far it is, what came of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from pydantic import Field

from appliance.domain.archive_imports import (
    AT_WORK,
    ENDED,
    MAY_START,
    ArchiveSource,
    Found,
    ImportState,
    PartState,
)
from appliance.domain.permissions import Permission
from appliance.errors import InvalidError
from appliance.services import archive_imports, archive_runs
from appliance.services.archive_imports import Choice
from appliance.web import forms, requests
from appliance.web.pages import words
from appliance.web.pages.new_repository import homes
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

if TYPE_CHECKING:
    from appliance.services.archive_imports import Shown

pages = flask.Blueprint("archive_imports", __name__, url_prefix="/new/archives")
words.give_to_templates(pages)

PEOPLE_SHOWN = 100
REFRESH_SECONDS = 5
STATES = {
    ImportState.WAITING: (lazy("Waiting for the archive"), ""),
    ImportState.READING: (lazy("Reading"), "accent"),
    ImportState.READY: (lazy("Ready to start"), "accent"),
    ImportState.RUNNING: (lazy("Importing"), "accent"),
    ImportState.DONE: (lazy("Done"), "good"),
    ImportState.FAILED: (lazy("Failed"), "bad"),
    ImportState.CANCELLED: (lazy("Cancelled"), "hold"),
}
PARTS = {
    PartState.WAITING: (lazy("Waiting"), ""),
    PartState.RUNNING: (lazy("Importing"), "accent"),
    PartState.DONE: (lazy("Done"), "good"),
    PartState.FAILED: (lazy("Failed"), "bad"),
}
FOUND = {
    Found.EMAIL: lazy("by e-mail address"),
    Found.NAME: lazy("by user name"),
    Found.CHOSEN: lazy("set by hand"),
    Found.NOBODY: lazy("no user"),
}
LEFT_OUT = {
    "attachments": lazy("Attachments"),
    "collaborators": lazy("Collaborators"),
    "commit_comments": lazy("Comments on commits"),
    "confidential issues": lazy("Confidentiality of issues"),
    "issue_events": lazy("Events"),
    "linked issues": lazy("Linked issues"),
    "projects": lazy("Projects"),
    "protected_branches": lazy("Protected branches"),
    "reactions": lazy("Reactions"),
    "release": lazy("Releases"),
    "releases": lazy("Releases"),
    "review requests": lazy("Requested reviews"),
    "system notes": lazy("Events"),
    "webhooks": lazy("Webhooks"),
    "wiki": lazy("Wiki"),
}
"""What has no place here, by the word of the system that has it; other words stay theirs."""


class NewForm(forms.Form):
    """Where an archive goes, and where it is."""

    owner: str = Field(max_length=39)
    file_name: str = Field("", max_length=255)


@pages.get("")
def listing() -> ResponseReturnValue:
    """Former imports, and the form for another."""
    return _list_page({})


@pages.post("")
def request() -> ResponseReturnValue:
    """Begin another: its archive is uploaded on the next page, or lies on the server."""

    def act() -> ResponseReturnValue:
        form = NewForm.parse(flask.request.form)
        source = ArchiveSource.FOLDER if form.file_name else ArchiveSource.UPLOAD
        with requests.begin() as work:
            import_id = archive_imports.request(
                *(work, form.owner, source, form.file_name),
                folder=server_folder(),
                now=requests.now(),
            )
        return flask.redirect(flask.url_for(".show", import_id=import_id), 303)

    return attempt(act, _list_page, at="owner")


@pages.get("/<uuid:import_id>")
def show(import_id: UUID) -> ResponseReturnValue:
    """One of them: what is to be done next, or what came of it."""
    return _import_page(import_id, {})


@pages.get("/<uuid:import_id>.json")
def progress(import_id: UUID) -> ResponseReturnValue:
    """How far it is, for the script that moves the bar."""
    with requests.reading() as work:
        shown = archive_imports.show(work, import_id)
    return {
        "step": shown.step or str(STATES[shown.row.state][0]),
        "done": shown.done,
        "total": shown.total or 1,
        "finished": shown.row.state not in AT_WORK,
        "next": flask.url_for(".show", import_id=import_id),
    }


@pages.get("/<uuid:import_id>/report")
def report(import_id: UUID) -> ResponseReturnValue:
    """What came of it, as a file."""
    with requests.reading() as work:
        found = archive_imports.report(archive_imports.show(work, import_id))
    response = flask.jsonify(found)
    name = f"import-{import_id.hex[-8:]}.json"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@pages.post("/<uuid:import_id>/archive")
def upload(import_id: UUID) -> ResponseReturnValue:
    """Take the archive in; see `arriving.py` for who is asked before."""

    def act() -> ResponseReturnValue:
        sent = flask.request.files.get("archive")
        if sent is None or not sent.filename:
            raise InvalidError.of("archive", _("Choose a file."))
        wiring = requests.wiring()
        folder = archive_runs.folder_of(wiring.home.archives, import_id)
        size = archive_imports.keep(sent.stream, folder, wiring.settings.imports.archive_bytes)
        with requests.begin() as work:
            archive_imports.arrived(work, import_id, size, Path(sent.filename).name)
        return done(_("The archive is uploaded and is being read."), ".show", import_id=import_id)

    return attempt(act, lambda problems: _import_page(import_id, problems), at="archive")


@pages.get("/<uuid:import_id>/people")
def people(import_id: UUID) -> ResponseReturnValue:
    """Who of the archive is who here."""
    return _people_page(import_id, {})


@pages.post("/<uuid:import_id>/people")
def say_who(import_id: UUID) -> ResponseReturnValue:
    """Say who is who, of those that were shown."""

    def act() -> ResponseReturnValue:
        there, here = (flask.request.form.getlist(name) for name in ("there", "here"))
        said = {name: user.strip() for name, user in zip(there, here, strict=True)}
        with requests.begin() as work:
            archive_imports.choose(work, import_id, (), said)
        return done(_("The users are saved."), ".show", import_id=import_id)

    return attempt(act, lambda problems: _people_page(import_id, problems))


@pages.post("/<uuid:import_id>/start")
def start(import_id: UUID) -> ResponseReturnValue:
    """Bring in what is chosen."""

    def act() -> ResponseReturnValue:
        with requests.begin() as work:
            choices = list(_choices(archive_imports.show(work, import_id)))
            if choices:
                archive_imports.choose(work, import_id, choices, {})
            archive_imports.start(work, import_id)
        return done(_("The import has started."), ".show", import_id=import_id)

    return attempt(act, lambda problems: _import_page(import_id, problems))


@pages.post("/<uuid:import_id>/cancel")
def cancel(import_id: UUID) -> ResponseReturnValue:
    """Stop it."""

    def act() -> ResponseReturnValue:
        with requests.begin() as work:
            archive_imports.cancel(work, import_id, now=requests.now())
        words_for_it = _("The import stops after the current step. What was imported stays.")
        return done(words_for_it, ".show", import_id=import_id)

    return attempt(act, lambda problems: _import_page(import_id, problems))


def server_folder() -> Path | None:
    """Where archives lie that an administrator has put onto the server."""
    folder = requests.wiring().settings.imports.archive_folder
    return Path(folder) if folder else None


def _choices(shown: Shown) -> list[Choice]:
    """What the form says of each repository; nothing where it was not shown."""
    form = flask.request.form
    if "shown" not in form:
        return []
    wanted = set(form.getlist("part"))
    return [
        Choice(
            part.position,
            form.get(f"name-{part.position}", part.name).strip(),
            str(part.position) in wanted,
        )
        for part in shown.parts
    ]


def _list_page(problems: Problems) -> str:
    confirmed_first()
    is_administrator = requests.actor().is_administrator
    with requests.reading() as work:
        found = archive_imports.listed(work, after=after())
        files = archive_imports.offered(work, server_folder()) if is_administrator else []
        offered = homes(work, Permission.ORGANISATION_MANAGE)
    return page(
        "archive_imports/list.html",
        problems,
        found=listed(found),
        files=[(each, each) for each in files],
        owners=[(each, each) for each in offered],
        states=STATES,
        owner=flask.request.form.get("owner", asked("owner") or offered[0]),
    )


def _import_page(import_id: UUID, problems: Problems) -> str:
    confirmed_first()
    with requests.reading() as work:
        shown = archive_imports.show(work, import_id)
    return page(
        "archive_imports/show.html",
        problems,
        shown=shown,
        row=shown.row,
        states=STATES,
        parts=PARTS,
        left_out=LEFT_OUT,
        is_at_work=shown.row.state in AT_WORK,
        may_start=shown.row.state in MAY_START,
        has_ended=shown.row.state in ENDED,
        most_bytes=requests.wiring().settings.imports.archive_bytes,
        refresh_seconds=REFRESH_SECONDS,
    )


def _people_page(import_id: UUID, problems: Problems) -> str:
    confirmed_first()
    begins = max(0, flask.request.args.get("from", 0, type=int))
    with requests.reading() as work:
        shown = archive_imports.show(work, import_id)
    everybody: list[dict[str, Any]] = shown.row.people
    return page(
        "archive_imports/people.html",
        problems,
        shown=shown,
        row=shown.row,
        some=everybody[begins : begins + PEOPLE_SHOWN],
        begins=begins,
        step=PEOPLE_SHOWN,
        found_by=FOUND,
        may_map=requests.actor().is_administrator and shown.row.state in MAY_START,
    )

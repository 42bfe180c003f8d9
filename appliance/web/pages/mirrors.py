"""Mirrors of a repository: how they are, making, changing, bringing up to date."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from pydantic import Field

from appliance.domain.mirrors import (
    LONGEST_MINUTES,
    SHORTEST_MINUTES,
    USUAL_MINUTES,
    Direction,
    MirrorState,
)
from appliance.services import mirrors
from appliance.services.mirrors import Changes, NewMirror
from appliance.web import forms, requests
from appliance.web.pages.page_forms import Problems, attempt, done
from appliance.web.pages.repository_frame import blueprint
from appliance.web.pages.repository_settings import settings_page

pages = blueprint("mirrors")
STATES = {
    MirrorState.NEW: (lazy("Not yet"), ""),
    MirrorState.GOOD: (lazy("Up to date"), "good"),
    MirrorState.BEHIND: (lazy("Differs"), "warn"),
    MirrorState.FAILING: (lazy("Failing"), "bad"),
    MirrorState.OFF: (lazy("Off"), "hold"),
}
DIRECTIONS = {
    Direction.PULL: lazy("This repository mirrors it"),
    Direction.PUSH: lazy("It mirrors this repository"),
}


class MirrorForm(forms.Form):
    """A mirror as somebody describes it."""

    direction: Direction = Direction.PULL
    url: str = Field(max_length=2000)
    username: str = Field("", max_length=255)
    password: str = Field("", max_length=1024)
    every_minutes: int = USUAL_MINUTES
    overwrites: str = ""
    active: str = ""


@pages.get("/<owner>/<name>/settings/mirrors")
def listing(owner: str, name: str) -> ResponseReturnValue:
    """All of them."""
    return _list_page(owner, name, {})


@pages.post("/<owner>/<name>/settings/mirrors")
def create(owner: str, name: str) -> ResponseReturnValue:
    """Make one; it is brought up to date at once."""

    def act() -> ResponseReturnValue:
        form = MirrorForm.parse(flask.request.form)
        _check(owner, name, form)
        wanted = NewMirror(
            form.direction,
            form.url,
            form.username,
            form.password,
            every_minutes=form.every_minutes,
            overwrites=bool(form.overwrites),
        )
        sealer = requests.wiring().sealer
        with requests.begin() as work:
            made = mirrors.create(
                work, f"{owner}/{name}", wanted, sealer=sealer, now=requests.now()
            )
            at = {"owner": owner, "name": name, "mirror_id": made.mirror.id}
        return done(_("The mirror was created and is being updated."), ".show", **at)

    return attempt(act, lambda problems: _list_page(owner, name, problems), at="url")


@pages.get("/<owner>/<name>/settings/mirrors/<uuid:mirror_id>")
def show(owner: str, name: str, mirror_id: UUID) -> ResponseReturnValue:
    """One of them, and how it went last."""
    return _mirror_page(owner, name, mirror_id, {})


@pages.post("/<owner>/<name>/settings/mirrors/<uuid:mirror_id>")
def change(owner: str, name: str, mirror_id: UUID) -> ResponseReturnValue:
    """Change it; whoever does answers for it from then on."""

    def act() -> ResponseReturnValue:
        form = MirrorForm.parse(flask.request.form)
        _check(owner, name, form)
        has_credentials = bool(form.username or form.password)
        changes = Changes(
            address=form.url,
            username=form.username if has_credentials else None,
            password=form.password if has_credentials else None,
            every_minutes=form.every_minutes,
            overwrites=bool(form.overwrites),
            is_active=bool(form.active),
        )
        sealer, now = requests.wiring().sealer, requests.now()
        with requests.begin() as work:
            mirrors.change(work, f"{owner}/{name}", mirror_id, changes, sealer=sealer, now=now)
        at = {"owner": owner, "name": name, "mirror_id": mirror_id}
        return done(_("The mirror was updated."), ".show", **at)

    return attempt(act, lambda problems: _mirror_page(owner, name, mirror_id, problems), at="url")


@pages.post("/<owner>/<name>/settings/mirrors/<uuid:mirror_id>/sync")
def sync(owner: str, name: str, mirror_id: UUID) -> ResponseReturnValue:
    """Bring it up to date before its time."""

    def act() -> ResponseReturnValue:
        with requests.begin() as work:
            mirrors.request(work, f"{owner}/{name}", mirror_id)
        at = {"owner": owner, "name": name, "mirror_id": mirror_id}
        return done(_("The mirror is being updated."), ".show", **at)

    return attempt(act, lambda problems: _mirror_page(owner, name, mirror_id, problems))


@pages.post("/<owner>/<name>/settings/mirrors/<uuid:mirror_id>/delete")
def delete(owner: str, name: str, mirror_id: UUID) -> ResponseReturnValue:
    """Delete it; what it brought stays."""

    def act() -> ResponseReturnValue:
        with requests.begin() as work:
            mirrors.delete(work, f"{owner}/{name}", mirror_id)
        return done(_("The mirror was deleted."), ".listing", owner=owner, name=name)

    return attempt(act, lambda problems: _mirror_page(owner, name, mirror_id, problems))


def _check(owner: str, name: str, form: MirrorForm) -> None:
    """Whether a mirror may lead there; only for whom it is to ask a name server."""
    with requests.reading() as work:
        mirrors.insist_on_permission(work, f"{owner}/{name}")
    mirrors.check_address(form.url, rules=requests.wiring().settings)


def _list_page(owner: str, name: str, problems: Problems) -> str:
    with requests.reading() as work:
        found = mirrors.listed(work, f"{owner}/{name}")
    return _page("list.html", owner, name, problems, found=found, mirror=None)


def _mirror_page(owner: str, name: str, mirror_id: UUID, problems: Problems) -> str:
    with requests.reading() as work:
        found = mirrors.show(work, f"{owner}/{name}", mirror_id)
    return _page("show.html", owner, name, problems, found=found, mirror=found.mirror)


def _page(template: str, owner: str, name: str, problems: Problems, **context: Any) -> str:
    context |= {
        "at": {"owner": owner, "name": name},
        "states": STATES,
        "directions": DIRECTIONS,
        "usual": USUAL_MINUTES,
        "least": SHORTEST_MINUTES,
        "most": LONGEST_MINUTES,
    }
    return settings_page(f"mirrors/{template}", owner, name, problems, "mirrors", **context)

"""Pushes to a repository: a list, one of them with its refs, and what was signed with it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import flask
from flask.typing import ResponseReturnValue

from appliance.domain.protection import NO_OBJECT, Movement
from appliance.errors import NotFoundError
from appliance.services import push_certificates, push_records
from appliance.services.history import BRANCHES, TAGS
from appliance.services.push_records import PushFilter, PushRecord, RefMove, Signing
from appliance.web import links, present, requests
from appliance.web.pages import lists
from appliance.web.pages.page_forms import USUAL, after, asked, listed
from appliance.web.pages.repository_frame import Frame, blueprint, opened, show, words

if TYPE_CHECKING:
    from appliance.db.unit_of_work import UnitOfWork
    from appliance.web.pages.page_forms import Found

pages = blueprint("pushes")

COLUMNS: lists.Columns = {
    "id": lambda push: push.id,
    "pushed_at": lambda push: push.pushed_at,
    "pusher": lambda push: push.pusher,
    "method": lambda push: push.method,
    "protocol": lambda push: push.protocol,
    "address": lambda push: push.address,
    "refs": lambda push: push.ref_count,
    "first_ref": lambda push: words(push.refs[0].ref) if push.refs else None,
    "signature": lambda push: push.signature.finding if push.signature else None,
}


@pages.get("/<owner>/<name>/pushes")
def listing(owner: str, name: str) -> ResponseReturnValue:
    """The pushes, the newest first."""
    frame = opened(owner, name)
    wanted = PushFilter(links.asked("ref").strip(), asked("person").strip(), _signing())

    def find(work: UnitOfWork, /, *, after: str | None, limit: int) -> Found[PushRecord]:
        return push_records.listed(work, f"{owner}/{name}", wanted, after=after, limit=limit)

    if file := lists.export(f"{name}-pushes", find, COLUMNS):
        return file
    with requests.reading() as work:
        found = find(work, after=after(), limit=USUAL)
    return show(
        "pushes/list.html",
        frame,
        tab_name="branches",
        found=listed(found),
        wanted=wanted,
        ref_filter=present.name_text(wanted.ref),
        is_filtered=wanted != PushFilter(),
        move=lambda each: _move(frame, each),
        **lists.tools(),
    )


@pages.get("/<owner>/<name>/pushes/<uuid:push_id>")
def show_push(owner: str, name: str, push_id: UUID) -> ResponseReturnValue:
    """One push."""
    frame = opened(owner, name)
    with requests.reading() as work:
        push = push_records.show(work, f"{owner}/{name}", push_id)
    return show(
        "pushes/show.html",
        frame,
        tab_name="branches",
        push=push,
        moves=[_move(frame, each) for each in push.refs],
    )


@pages.get("/<owner>/<name>/pushes/<uuid:push_id>/certificate")
def download(owner: str, name: str, push_id: UUID) -> ResponseReturnValue:
    """The certificate as git has stored it."""
    opened(owner, name)
    with requests.reading() as work:
        text = push_certificates.show(work, f"{owner}/{name}", push_id).push.certificate
    if not text:
        raise NotFoundError("There is no signed push of that id here.")
    response = flask.Response(text, content_type="text/plain; charset=utf-8")
    response.headers.set("Content-Disposition", "attachment", filename=f"push-{push_id}.txt")
    response.headers["Cache-Control"] = "no-store"
    return response


def _signing() -> Signing:
    chosen = asked("signed")
    return Signing(chosen) if chosen in set(Signing) else Signing.ANY


def _move(frame: Frame, move: RefMove) -> dict[str, object]:
    """A ref of a push as the pages show it, with the way to what it changed."""
    to, old, new = frame.links, move.old_oid, move.new_oid
    is_shown = move.ref.startswith((BRANCHES, TAGS))
    href = None
    if move.movement is Movement.CREATE and is_shown:
        href = to.commits(new.encode())
    elif NO_OBJECT not in (old, new) and is_shown:
        href = to.compare(old.encode(), new.encode(), "..")
    return {
        "ref": move.ref,
        "kind": "tag" if move.ref.startswith(TAGS) else "branch",
        "short": move.ref.removeprefix(BRANCHES).removeprefix(TAGS),
        "old": None if old == NO_OBJECT else old,
        "new": None if new == NO_OBJECT else new,
        "movement": move.movement,
        "moved": move.moved,
        "href": href,
    }

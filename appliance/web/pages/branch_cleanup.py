"""Which merged branches a policy would delete now, and bringing back those that it has deleted."""

from __future__ import annotations

from uuid import UUID

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from appliance.domain.branch_health import MOST_DAYS
from appliance.domain.permissions import Permission
from appliance.services import branch_tidying
from appliance.web import branch_restoring, present, requests
from appliance.web.pages.page_forms import USUAL, Problems, after, attempt, listed, signed_in
from appliance.web.pages.repository_frame import Frame, blueprint, opened, show

pages = blueprint("branch_cleanup")


@pages.get("/<owner>/<name>/branches/cleanup")
def show_cleanup(owner: str, name: str) -> ResponseReturnValue:
    """What would go, and what went."""
    return _page(opened(owner, name), {})


@pages.post("/<owner>/<name>/branches/deleted/<uuid:branch_id>/restore")
def restore(owner: str, name: str, branch_id: UUID) -> ResponseReturnValue:
    """Bring a branch back."""
    signed_in()
    frame = opened(owner, name)

    def act() -> ResponseReturnValue:
        branch = branch_restoring.restore(frame.repository.path, branch_id)
        flask.flash(_("The branch %(name)s was restored.", name=present.name_text(branch)), "good")
        return flask.redirect(frame.links.branches, 303)

    return attempt(act, lambda problems: _page(frame, problems))


def _page(frame: Frame, problems: Problems) -> str:
    path, repositories = frame.repository.path, requests.wiring().repositories
    asked = flask.request.args.get("days", type=int)
    days = None if asked is None else max(0, min(asked, MOST_DAYS))
    may_see = frame.repository.may(Permission.REPOSITORY_MAINTAIN)
    with requests.reading() as work:
        gone = branch_tidying.deleted(work, path, after=after(), limit=USUAL)
        plan = branch_tidying.plan(work, path, repositories=repositories) if may_see else None
    return show(
        "branches/cleanup.html",
        frame,
        tab_name="branches",
        plan=plan,
        days=plan.days if plan and days is None else days,
        look=branch_tidying.look(plan, now=requests.now(), days=days) if plan else None,
        gone=listed(gone),
        problems=problems,
    )

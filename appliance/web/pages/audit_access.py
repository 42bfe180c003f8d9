"""Who could do what at a moment, as the log tells it; that somebody asked is recorded."""

from __future__ import annotations

from typing import Any

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy

from appliance.errors import InvalidError, NotFoundError
from appliance.services.audit_log import access_then
from appliance.services.audit_log.access_then import Answer, Asked
from appliance.web import forms, language, requests
from appliance.web.pages import words
from appliance.web.pages.audit_frame import frame, log_of, routes
from appliance.web.pages.page_forms import asked, page

pages = flask.Blueprint("audit_access", __name__)
words.give_to_templates(pages)

KINDS = ("repository", "user", "organisation")
SOURCES = {
    "owner": lazy("owner"),
    "organisation": lazy("role in the organisation"),
    "base": lazy("base permission"),
    "direct": lazy("given directly"),
    "team": lazy("by a team"),
    "request": lazy("asked for, until a time"),
    "instance": lazy("role on the appliance"),
}
ON = {
    "repository": lazy("Repository"),
    "organisation": lazy("Organisation"),
    "team": lazy("Team"),
    "instance": lazy("Appliance"),
}
ROLES = {
    "repository": words.ROLES,
    "organisation": words.ORGANISATION_ROLES,
    "team": words.ORGANISATION_ROLES,
    "instance": words.INSTANCE_ROLES,
}


@routes(pages, "/access", methods=["GET"])
def show(owner: str) -> ResponseReturnValue:
    """Ask, and what the log answers."""
    kind, name, on = asked("about"), asked("name"), asked("on")
    if kind not in KINDS or not name or not on:
        return _page(owner, None, {})
    wanted = Asked(on=on, log="" if not owner else log_of(owner), **{kind: name})
    try:
        with requests.begin() as work:
            frame(work, owner, "access")
            found = access_then.answer(work, wanted, now=requests.now())
            access_then.note(work, found)
    except NotFoundError as error:
        return _page(owner, None, {"name": language.said(error.message)}), error.http_status
    except InvalidError as error:
        problems = dict(forms.problems(error).items())
        return _page(owner, None, problems), error.http_status
    return _page(owner, found, {})


def _page(owner: str, found: Answer | None, problems: dict[str, Any]) -> str:
    with requests.reading() as work:
        context = frame(work, owner, "access")
    return page(
        "audit/access.html",
        problems,
        found=found,
        sources=SOURCES,
        kinds=ON,
        roles=ROLES,
        about=asked("about") or ("repository" if not owner else "user"),
        name=asked("name"),
        on=asked("on") or requests.now().date().isoformat(),
        choices=[
            ("repository", _("a repository")),
            ("user", _("a user")),
            ("organisation", _("an organisation")),
        ],
        **context,
    )

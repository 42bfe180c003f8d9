"""Labels of a repository: a page to look at them and, for triagers, to change them."""

from __future__ import annotations

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from appliance.services import labels
from appliance.web import requests
from appliance.web.pages import issue_frame
from appliance.web.pages.page_forms import Problems, attempt, done, signed_in
from appliance.web.pages.repository_frame import Frame, blueprint, opened, show

pages = blueprint("issue_labels")


@pages.get("/<owner>/<name>/labels")
def listing(owner: str, name: str) -> ResponseReturnValue:
    """All labels."""
    return _page(opened(owner, name), {})


@pages.post("/<owner>/<name>/labels")
def create(owner: str, name: str) -> ResponseReturnValue:
    """Add one, or those that are usual."""
    signed_in()
    frame = opened(owner, name)

    def add() -> ResponseReturnValue:
        path = frame.repository.path
        with requests.begin() as work:
            if flask.request.form.get("act") == "usual":
                labels.create_usual(work, path)
            else:
                labels.create(
                    *(work, path, issue_frame.said("label")),
                    colour=issue_frame.said("colour"),
                    description=issue_frame.said("description"),
                )
        return done(_("Added."), "issue_labels.listing", owner=owner, name=name)

    return attempt(add, lambda problems: _page(frame, problems), at="name")


@pages.post("/<owner>/<name>/labels/change")
def change(owner: str, name: str) -> ResponseReturnValue:
    """Give one another name, colour or description."""
    signed_in()
    frame = opened(owner, name)

    def save() -> ResponseReturnValue:
        with requests.begin() as work:
            labels.change(
                *(work, frame.repository.path, issue_frame.said("which")),
                new_name=issue_frame.said("label"),
                colour=issue_frame.said("colour"),
                description=issue_frame.said("description"),
            )
        return done(_("Saved."), "issue_labels.listing", owner=owner, name=name)

    return attempt(save, lambda problems: _page(frame, problems), at="name")


@pages.post("/<owner>/<name>/labels/delete")
def delete(owner: str, name: str) -> ResponseReturnValue:
    """Delete one, and take it from whatever has it."""
    signed_in()
    frame = opened(owner, name)
    with requests.begin() as work:
        labels.delete(work, frame.repository.path, issue_frame.said("which"))
    return done(_("Deleted."), "issue_labels.listing", owner=owner, name=name)


def _page(frame: Frame, problems: Problems) -> str:
    with requests.reading() as work:
        found = labels.listed(work, frame.repository.path)
    return show("issues/labels.html", frame, found=found, problems=problems,
                filled=flask.request.form, **issue_frame.about(frame))  # fmt: skip

"""Opening an issue: with what it begins, how it will look, and then it is there."""

from __future__ import annotations

import flask
from flask.typing import ResponseReturnValue

from appliance.domain.conversations import Which
from appliance.services import conversations, issue_templates, labels, milestones
from appliance.services.conversation_sorting import UNSORTED, Sorted
from appliance.services.conversations import NewIssue
from appliance.services.issue_templates import Template
from appliance.web import requests
from appliance.web.pages import issue_frame
from appliance.web.pages.issue import SortForm
from appliance.web.pages.page_forms import Problems, attempt, signed_in
from appliance.web.pages.repository_frame import Frame, blueprint, opened, show

pages = blueprint("issue_new")

BLANK = "blank"


@pages.get("/<owner>/<name>/issues/new")
def form(owner: str, name: str) -> ResponseReturnValue:
    """Choose with what it begins, where there is something to choose; then fill it in."""
    signed_in()
    frame = opened(owner, name)
    asked = flask.request.args.get("template", "")
    templates = issue_templates.listed(frame.repository)
    if templates and not asked:
        return show("issues/choose.html", frame, templates=templates, blank=BLANK,
                    **issue_frame.about(frame))  # fmt: skip
    return _page(frame, _template(templates, asked), {})


@pages.post("/<owner>/<name>/issues/new")
def create(owner: str, name: str) -> ResponseReturnValue:
    """Open it, or look at how it will look."""
    signed_in()
    frame = opened(owner, name)
    template = issue_templates.one(frame.repository, issue_frame.said("template"))
    body = issue_frame.said("body")
    if flask.request.form.get("act") == "preview":
        return _page(frame, template, {}, preview=body)

    def add() -> ResponseReturnValue:
        new = NewIssue(
            issue_frame.said("title"), body, _asked(frame), template.given if template else UNSORTED
        )
        with requests.begin() as work:
            path = frame.repository.path
            made = conversations.open_issue(work, path, new, now=requests.now())
            which = Which(path, made.number)
        return flask.redirect(f"{frame.links.home}/issues/{which.number}", 303)

    return attempt(add, lambda problems: _page(frame, template, problems), at="title")


def _template(templates: list[Template], asked: str) -> Template | None:
    return next((each for each in templates if each.key == asked), None)


def _asked(frame: Frame) -> Sorted:
    """How a triager sorts it; others sort nothing."""
    if not issue_frame.may_triage(frame):
        return UNSORTED
    said = SortForm.parse(flask.request.form)
    return Sorted(tuple(said.labels) or None, said.names or None, said.milestone or None)


def _page(
    frame: Frame, template: Template | None, problems: Problems, preview: str | None = None
) -> str:
    path = frame.repository.path
    with requests.reading() as work:
        texts = issue_frame.texts(work, frame, [preview or ""])
        choices = {
            "labels": labels.choices(work, path),
            "milestones": milestones.choices(work, path),
        }
    return show(
        "issues/new.html",
        frame,
        template=template,
        texts=texts,
        preview=preview,
        choices=choices,
        problems=problems,
        filled=flask.request.form,
        **issue_frame.about(frame),
    )

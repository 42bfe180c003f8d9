"""A merge queue as a page: what stands in it, what is being tested, how it works."""

from __future__ import annotations

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from pydantic import Field

from appliance.domain.checks import Standing
from appliance.domain.merge_queue import Priority, Verdict
from appliance.domain.permissions import Permission
from appliance.errors import NotFoundError
from appliance.services import merge_queues, queued_pulls
from appliance.services.merge_queues import Wanted
from appliance.web import forms, requests
from appliance.web.pages import pull_frame
from appliance.web.pages.page_forms import Problems, asked, attempt, done, signed_in
from appliance.web.pages.pull_frame import ONE
from appliance.web.pages.repository_frame import blueprint, opened, show

pages = blueprint("merge_queue")
HERE = "/<owner>/<name>/merge-queue"
PRIORITIES = {
    Priority.HIGH: lazy_gettext("First"),
    Priority.NORMAL: lazy_gettext("Normal"),
    Priority.LOW: lazy_gettext("Last"),
}
STANDINGS = {
    Standing.PASSED: lazy_gettext("Passed"),
    Standing.PENDING: lazy_gettext("Being tested"),
    Standing.FAILED: lazy_gettext("Failed"),
    Standing.STALE: lazy_gettext("Not reported yet"),
    Standing.MISSING: lazy_gettext("Not reported yet"),
}
VERDICTS = {
    Verdict.PENDING: (lazy_gettext("Being tested"), "warn", "clock"),
    Verdict.PASSED: (lazy_gettext("Passed"), "good", "check"),
    Verdict.FAILED: (lazy_gettext("Failed"), "bad", "cross"),
    Verdict.LATE: (lazy_gettext("Too late"), "bad", "clock"),
    Verdict.REFUSED: (lazy_gettext("Refused"), "bad", "alert"),
}


class QueueForm(forms.Form):
    """How it is to work: checks, one on a line; what stands beside it as numbers."""

    branch: str = Field("", max_length=300)
    checks: str = Field("", max_length=20_000)
    together: int = 5
    at_once: int = 3
    minutes: int = 60

    @property
    def wanted(self) -> Wanted:
        """The same as the verb wants it."""
        names = tuple(filter(None, (each.strip() for each in self.checks.splitlines())))
        return Wanted(names, self.together, self.at_once, self.minutes)


class TurnForm(forms.Form):
    """When it is its turn."""

    priority: Priority


@pages.get(HERE)
def show_queue(owner: str, name: str) -> ResponseReturnValue:
    """The queue into a branch, or a form to open one."""
    return _page(owner, name, {})


@pages.post(HERE)
def save(owner: str, name: str) -> ResponseReturnValue:
    """Open it, let it work otherwise, pause it, or let it go on."""
    act = flask.request.form.get("act", "")

    def do() -> ResponseReturnValue:
        form = QueueForm.parse(flask.request.form)
        wanted = Wanted(is_paused=act == "pause") if act in {"pause", "resume"} else form.wanted
        with requests.begin() as work:
            merge_queues.change(
                work,
                f"{owner}/{name}",
                form.branch,
                wanted,
                repositories=requests.wiring().repositories,
                now=requests.now(),
            )
        words = _("The settings are saved.")
        return done(words, ".show_queue", owner=owner, name=name, branch=form.branch or None)

    return attempt(do, lambda problems: _page(owner, name, problems))


@pages.post(f"{HERE}/close")
def close(owner: str, name: str) -> ResponseReturnValue:
    """Let the branch have no queue."""
    branch = flask.request.form.get("branch", "")
    with requests.begin() as work:
        merge_queues.close(work, f"{owner}/{name}", branch, now=requests.now())
    return done(_("It is closed."), ".show_queue", owner=owner, name=name, branch=branch or None)


@pages.post(f"{ONE}/queue")
def move(owner: str, name: str, number: int) -> ResponseReturnValue:
    """Take a pull request out of the queue, or let it come sooner or later."""
    signed_in()
    frame = opened(owner, name)
    which = pull_frame.which(frame, number)
    with requests.begin() as work:
        if flask.request.form.get("act") == "leave":
            queued_pulls.leave(work, which, now=requests.now())
        else:
            queued_pulls.prioritise(work, which, TurnForm.parse(flask.request.form).priority)
    branch = flask.request.form.get("branch") or None
    return done(_("It is done."), ".show_queue", owner=owner, name=name, branch=branch)


def _page(owner: str, name: str, problems: Problems) -> str:
    frame = opened(owner, name)
    branch = flask.request.form.get("branch") or asked("branch")
    with requests.reading() as work:
        every = merge_queues.listed(work, frame.repository.path, now=requests.now())
    wanted = branch or frame.repository.default_branch
    found = next((each for each in every if each.branch == wanted), None)
    may_maintain = frame.repository.may(Permission.REPOSITORY_MAINTAIN)
    if branch and found is None and not may_maintain:
        raise NotFoundError(_("This branch has no merge queue."))
    return show(
        "pulls/queue.html",
        frame,
        tab_name="pulls",
        queue=found,
        branch=wanted,
        others=[each.branch for each in every if each.branch != wanted],
        may_maintain=may_maintain,
        may_write=frame.repository.may(Permission.REPOSITORY_WRITE),
        priorities=PRIORITIES,
        verdicts=VERDICTS,
        standings=STANDINGS,
        methods=pull_frame.METHODS,
        problems=problems,
        filled=flask.request.form,
    )

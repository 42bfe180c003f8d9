"""Merging a pull request, promising to, and updating its branch before."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from pydantic import Field

from appliance.domain.git_operations import MergeMethod
from appliance.domain.pull_requests import UpdateMethod
from appliance.services import auto_merging, git_operations
from appliance.services.pull_merging import Merging
from appliance.services.pull_updates import Update
from appliance.web import forms, requests
from appliance.web import pulls as doors
from appliance.web.pages import pull_conversation, pull_frame
from appliance.web.pages.page_forms import attempt, signed_in
from appliance.web.pages.pull import back
from appliance.web.pages.pull_frame import ONE, Opened
from appliance.web.pages.repository_frame import blueprint

if TYPE_CHECKING:
    from appliance.git.conflicts import Resolutions

pages = blueprint("pull_merge")


class MergeForm(forms.Form):
    """How it is to be merged; what is left empty is as usual."""

    method: MergeMethod
    title: str = Field("", max_length=1000)
    message: str = Field("", max_length=65_536)
    head: str = Field("", max_length=64)
    deletes_branch: str = ""
    bypass: str = Field("", max_length=500)

    @property
    def wanted(self) -> Merging:
        """The same as the verb wants it."""
        return Merging(
            self.method,
            self.title or None,
            self.message or None,
            self.head or None,
            self.deletes_branch == "yes",
            bypass=self.bypass,
        )


class UpdateForm(forms.Form):
    """How its branch is to be updated, and where it was when somebody looked."""

    method: UpdateMethod
    head: str = Field(min_length=40, max_length=64)


@pages.post(f"{ONE}/merge")
def merge(owner: str, name: str, number: int) -> ResponseReturnValue:
    """Merge it now, as soon as nothing stands in the way, or when it is its turn in the queue."""

    def do(pull: Opened) -> int:
        wanted = MergeForm.parse(flask.request.form).wanted
        act = flask.request.form.get("act")
        if act == "queue":
            doors.enqueue(pull.which, wanted)
        elif act == "auto":
            with requests.begin() as work:
                auto_merging.enable(work, pull.which, wanted, now=requests.now())
        else:
            doors.merge(pull.which, wanted, _nothing_said())
        return number

    return _done(owner, name, number, do)


@pages.post(f"{ONE}/update")
def update(owner: str, name: str, number: int) -> ResponseReturnValue:
    """Bring what is new on the target into its branch."""

    def do(pull: Opened) -> int:
        wanted = UpdateForm.parse(flask.request.form)
        doors.update(pull.which, Update(wanted.method, wanted.head), _nothing_said())
        flask.flash(_("The branch is up to date with its target."), "good")
        return number

    return _done(owner, name, number, do)


@pages.post(f"{ONE}/auto-merge/stop")
def stop(owner: str, name: str, number: int) -> ResponseReturnValue:
    """Merge it by hand only."""

    def do(pull: Opened) -> int:
        with requests.begin() as work:
            auto_merging.disable(work, pull.which, now=requests.now())
        return number

    return _done(owner, name, number, do)


def _nothing_said() -> Resolutions:
    return git_operations.resolutions((), rules=requests.wiring().settings)


def _done(owner: str, name: str, number: int, act: Callable[[Opened], int]) -> ResponseReturnValue:
    """Do something, and show the pull request that it gives; where it is impossible, why."""
    signed_in()
    pull = pull_frame.read(owner, name, number)

    def do() -> ResponseReturnValue:
        return back(pull.frame, act(pull))

    def again(problems: dict[str, str]) -> str:
        return pull_conversation.page(pull.frame, number, {"": " ".join(problems.values())})

    return attempt(do, again)

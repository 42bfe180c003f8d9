"""How pull requests of a repository are merged: the page of its settings."""

from __future__ import annotations

from collections.abc import Iterator

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from pydantic import Field

from appliance.domain.branch_health import MOST_DAYS
from appliance.domain.git_operations import MergeMethod
from appliance.domain.merge_templates import Place
from appliance.domain.permissions import Permission
from appliance.errors import RefusedError
from appliance.services import merge_settings
from appliance.services.merge_settings import TEMPLATES, Wanted
from appliance.web import forms, requests
from appliance.web.pages import pull_frame
from appliance.web.pages.page_forms import Problems, attempt, done
from appliance.web.pages.repository_frame import blueprint, opened, show

pages = blueprint("merge_settings")

SAID = {"yes": True, "no": False}


class SettingsForm(forms.Form):
    """What may be done, and with which words."""

    methods: list[MergeMethod] = Field(default_factory=list, max_length=10)
    usual: MergeMethod = MergeMethod.MERGE
    merge_title: str = ""
    merge_body: str = ""
    squash_title: str = ""
    squash_body: str = ""
    deletes_branches: str = ""
    merged_branch_days: int | None = Field(None, ge=0, le=MOST_DAYS)
    allows_auto_merge: str = ""

    @property
    def wanted(self) -> Wanted:
        """The same as the verb wants it: the usual method first."""
        others = [each for each in self.methods if each is not self.usual]
        return Wanted(
            (self.usual, *others),
            **{name: getattr(self, name) for name in TEMPLATES},
            deletes_branches=SAID.get(self.deletes_branches),
            allows_auto_merge=self.allows_auto_merge == "yes",
            merged_branch_days=self.merged_branch_days,
            inherits=frozenset(self._inherits()),
        )

    def _inherits(self) -> Iterator[str]:
        if self.deletes_branches not in SAID:
            yield "deletes_branches"
        if self.merged_branch_days is None:
            yield "merged_branch_days"


@pages.get("/<owner>/<name>/settings/merging")
def form(owner: str, name: str) -> ResponseReturnValue:
    """How they are merged."""
    return _page(owner, name, {})


@pages.post("/<owner>/<name>/settings/merging")
def save(owner: str, name: str) -> ResponseReturnValue:
    """Let them be merged otherwise."""

    def act() -> ResponseReturnValue:
        wanted = SettingsForm.parse(flask.request.form).wanted
        with requests.begin() as work:
            merge_settings.change(work, f"{owner}/{name}", wanted)
        return done(_("The settings are saved."), ".form", owner=owner, name=name)

    return attempt(act, lambda problems: _page(owner, name, problems))


def _page(owner: str, name: str, problems: Problems) -> str:
    frame = opened(owner, name)
    if not frame.repository.may(Permission.REPOSITORY_MAINTAIN):
        raise RefusedError(_("Only maintainers can see repository settings."))
    with requests.reading() as work:
        found = merge_settings.show(work, frame.repository.path)
    return show(
        "repository_settings/merging.html",
        frame,
        tab_name="settings",
        section="merging",
        found=found,
        methods=pull_frame.METHODS,
        places=[f"%{{{place}}}" for place in Place],
        problems=problems,
        filled=flask.request.form,
    )

"""Acts on a whole repository: who sees it, archiving, giving it away, deleting, taking it out."""

from __future__ import annotations

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from pydantic import Field

from appliance.domain.permissions import Visibility
from appliance.services import exports, repository_bin, repository_moves
from appliance.web import forms, requests
from appliance.web.pages import lists, words
from appliance.web.pages.page_forms import (
    USUAL,
    Problems,
    after,
    asked,
    attempt,
    confirmed_first,
    done,
    insist,
    is_confirmed,
    listed,
    page,
)
from appliance.web.pages.repository_frame import blueprint
from appliance.web.pages.repository_lists import BIN_ACTS, COLUMNS, bin_finder
from appliance.web.pages.repository_settings import settings_page

pages = blueprint("repository_danger")
words.give_to_templates(pages)


class VisibilityForm(forms.Form):
    """Who sees it."""

    visibility: Visibility


class TransferForm(forms.Form):
    """Whose it is to be."""

    to: str = Field(max_length=39)


class RestoreForm(forms.Form):
    """What is to come back, and under which name."""

    path: str = Field(max_length=160)
    name: str = Field("", max_length=100)


@pages.get("/<owner>/<name>/settings/danger")
def show(owner: str, name: str) -> ResponseReturnValue:
    """The acts that change everything."""
    confirmed_first()
    return _danger_page(owner, name, {})


@pages.post("/<owner>/<name>/settings/visibility")
def change_visibility(owner: str, name: str) -> ResponseReturnValue:
    """Let more people see it, or fewer."""

    def act() -> ResponseReturnValue:
        form = VisibilityForm.parse(flask.request.form)
        with requests.begin() as work:
            repository_moves.change_visibility(work, f"{owner}/{name}", form.visibility)
        said = _("It is now %(kind)s.", kind=str(words.VISIBILITIES[form.visibility]).lower())
        return done(said, ".show", owner=owner, name=name)

    return attempt(act, lambda problems: _danger_page(owner, name, problems), at="visibility")


@pages.post("/<owner>/<name>/settings/archive")
def archive(owner: str, name: str) -> ResponseReturnValue:
    """Make it read-only, or let it be written to again."""
    path = f"{owner}/{name}"

    def act() -> ResponseReturnValue:
        back = flask.request.form.get("act") == "unarchive"
        with requests.begin() as work:
            if back:
                repository_moves.unarchive(work, path)
            else:
                repository_moves.archive(work, path, now=requests.now())
        said = _("It can be pushed to again.") if back else _("It is archived.")
        return done(said, ".show", owner=owner, name=name)

    return attempt(act, lambda problems: _danger_page(owner, name, problems))


@pages.post("/<owner>/<name>/settings/transfer")
def transfer(owner: str, name: str) -> ResponseReturnValue:
    """Give it to another owner."""

    def act() -> ResponseReturnValue:
        form = TransferForm.parse(flask.request.form)
        insist(is_confirmed(f"{owner}/{name}"), "transfer", _("Type the name to confirm."))
        with requests.begin() as work:
            moved = repository_moves.transfer(work, f"{owner}/{name}", to=form.to)
        flask.flash(_("It now belongs to %(name)s.", name=moved.owner_name), "good")
        return flask.redirect(f"/{moved.path}", 303)

    return attempt(act, lambda problems: _danger_page(owner, name, problems), at="to")


@pages.post("/<owner>/<name>/settings/delete")
def delete(owner: str, name: str) -> ResponseReturnValue:
    """Put it into the bin."""
    path = f"{owner}/{name}"

    def act() -> ResponseReturnValue:
        insist(is_confirmed(path), "delete", _("Type the name to confirm."))
        with requests.begin() as work:
            repository_bin.delete(work, path, now=requests.now())
        days = requests.wiring().settings.storage.bin_days
        said = ngettext(
            "%(path)s is in the bin. You can bring it back for %(num)s day.",
            "%(path)s is in the bin. You can bring it back for %(num)s days.",
            days,
            path=path,
        )
        return done(said, ".bin_page")

    return attempt(act, lambda problems: _danger_page(owner, name, problems))


@pages.post("/<owner>/<name>/export")
def export(owner: str, name: str) -> ResponseReturnValue:
    """Take all of it out as one file that any git can clone from."""
    store = requests.wiring().repositories
    with requests.begin() as work:
        folder = exports.start(work, f"{owner}/{name}", repositories=store)
    response = flask.Response(exports.chunks(folder), mimetype="application/x-git-bundle")
    response.headers.set("Content-Disposition", "attachment", filename=f"{name}.bundle")
    return response


@pages.get("/settings/bin")
def bin_page() -> ResponseReturnValue:
    """What was deleted and can be brought back."""
    confirmed_first()
    return lists.export("bin", bin_finder(), COLUMNS) or _bin_page({})


@pages.post("/settings/bin/several")
def act_on_several() -> ResponseReturnValue:
    """Bring several back."""
    return lists.act_on_several(BIN_ACTS, back=flask.url_for(".bin_page"))


@pages.post("/settings/bin")
def restore() -> ResponseReturnValue:
    """Bring something back."""

    def act() -> ResponseReturnValue:
        form = RestoreForm.parse(flask.request.form)
        with requests.begin() as work:
            restored = repository_bin.restore(work, form.path, name=form.name or None)
        flask.flash(_("%(path)s was restored.", path=restored.path), "good")
        return flask.redirect(f"/{restored.path}", 303)

    return attempt(act, _bin_page)


def _danger_page(owner: str, name: str, problems: Problems) -> str:
    rules = requests.wiring().settings
    return settings_page(
        "danger.html",
        owner,
        name,
        problems,
        "danger",
        bin_days=rules.storage.bin_days,
        visibilities=[
            each
            for each in Visibility
            if rules.access.public_repositories or each is not Visibility.PUBLIC
        ],
    )


def _bin_page(problems: Problems) -> str:
    confirmed_first()
    with requests.reading() as work:
        found = bin_finder()(work, after=after(), limit=USUAL)
    days = requests.wiring().settings.storage.bin_days
    ends = {each.id: repository_bin.purge_at(each, bin_days=days) for each in found.items}
    return page("account/bin.html", problems, binned=listed(found), ends=ends, days=days,
                section="bin", acts=BIN_ACTS, query=asked("q"),
                **lists.tools(lists.sorting(repository_bin.ORDERS, "-deleted")))  # fmt: skip

"""Properties of repositories, by which rulesets choose them: what they are, and what is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from pydantic import Field

from appliance.domain.permissions import Permission
from appliance.errors import RefusedError
from appliance.services import repository_properties
from appliance.services.repository_properties import Definition, PropertyKind, PropertySetter
from appliance.web import forms, requests
from appliance.web.pages.organisations import settings_frame
from appliance.web.pages.page_forms import Problems, asked, attempt, done, page
from appliance.web.pages.repository_frame import blueprint, opened
from appliance.web.pages.repository_frame import show as show_in_frame
from appliance.web.pages.ruleset_forms import pairs

if TYPE_CHECKING:
    from appliance.services.repository_properties import Shown

pages = blueprint("repository_properties")

PLACE = "/<owner>/-/settings/properties"
OF_ONE = "/<owner>/<name>/settings/properties"
VALUE = "value-"
KINDS = {
    PropertyKind.TEXT: lazy("Text"),
    PropertyKind.CHOICE: lazy("One of some values"),
    PropertyKind.BOOLEAN: lazy("Yes or no"),
}
SETTERS = {
    PropertySetter.OWNERS: lazy("Owners of the organisation"),
    PropertySetter.MAINTAINERS: lazy("Maintainers of the repository, too"),
}


class PropertiesForm(forms.Form):
    """What is said of one repository."""

    repository: str
    properties: str = ""


class DefinitionForm(forms.Form):
    """What a property is."""

    key: str = Field(max_length=100)
    kind: PropertyKind = PropertyKind.TEXT
    description: str = Field("", max_length=1000)
    allowed: str = Field("", max_length=20_000)
    is_required: str = ""
    default: str = Field("", max_length=1000)
    set_by: PropertySetter = PropertySetter.OWNERS

    @property
    def wanted(self) -> Definition:
        """As the verb takes it."""
        allowed = tuple(each.strip() for each in self.allowed.splitlines() if each.strip())
        return Definition(
            self.key,
            self.kind,
            self.description,
            allowed if self.kind is PropertyKind.CHOICE else (),
            self.is_required == "yes",
            self.default.strip() or None,
            self.set_by,
        )


class KeyForm(forms.Form):
    """Which property."""

    key: str


@pages.get(PLACE)
def show(owner: str) -> ResponseReturnValue:
    """What is defined, and all repositories with what is said of them."""
    return _page(owner, {})


@pages.post(PLACE)
def change(owner: str) -> ResponseReturnValue:
    """Say anew what one of them is."""

    def act() -> ResponseReturnValue:
        form = PropertiesForm.parse(flask.request.form)
        with requests.begin() as work:
            path = f"{owner}/{form.repository}"
            repository_properties.set_properties(work, path, pairs(form.properties))
        return done(_("The properties were saved."), ".show", owner=owner)

    return attempt(act, lambda problems: _page(owner, problems), at="properties")


@pages.post(f"{PLACE}/define")
def define(owner: str) -> ResponseReturnValue:
    """Say what a property is."""

    def act() -> ResponseReturnValue:
        wanted = DefinitionForm.parse(flask.request.form).wanted
        with requests.begin() as work:
            made = repository_properties.define(work, owner, wanted)
        return done(_("%(key)s is defined.", key=made.key), ".show", owner=owner)

    return attempt(act, lambda problems: _page(owner, problems), at="key")


@pages.post(f"{PLACE}/remove")
def remove(owner: str) -> ResponseReturnValue:
    """Define a property no more."""

    def act() -> ResponseReturnValue:
        key = KeyForm.parse(flask.request.form).key
        with requests.begin() as work:
            repository_properties.remove(work, owner, key)
        return done(_("%(key)s is not defined any more.", key=key), ".show", owner=owner)

    return attempt(act, lambda problems: _page(owner, problems))


@pages.get(OF_ONE)
def form_of_one(owner: str, name: str) -> ResponseReturnValue:
    """What holds for one repository."""
    return _page_of_one(owner, name, {})


@pages.post(OF_ONE)
def change_one(owner: str, name: str) -> ResponseReturnValue:
    """Say anew what its maintainers may say, or all of it."""

    def act() -> ResponseReturnValue:
        path = f"{owner}/{name}"
        with requests.begin() as work:
            shown = repository_properties.show(work, path)
            repository_properties.set_properties(work, path, _said(shown))
        return done(_("The properties were saved."), ".form_of_one", owner=owner, name=name)

    return attempt(act, lambda problems: _page_of_one(owner, name, problems), at="properties")


def _said(shown: Shown) -> dict[str, str]:
    """What the form wants: its fields, and what it has no fields for as it was."""
    form = flask.request.form
    wanted = dict(shown.said)
    for key in shown.definitions:
        value = form.get(f"{VALUE}{key}")
        if value is None or not shown.may_set(key):
            continue
        wanted.pop(key, None)
        if value.strip():
            wanted[key] = value
    return wanted


def _page(owner: str, problems: Problems) -> str:
    with requests.reading() as work:
        frame = settings_frame(work, owner)
        found = repository_properties.properties_in(work, owner)
        definitions = repository_properties.definitions(work, owner)
    chosen = flask.request.values.get("repository", "")
    here = next((each for each in found if each.repository == chosen), None)
    edited = next((each for each in definitions if each.key == asked("key")), None)
    return page(
        "organisations/properties.html",
        problems,
        found=found,
        chosen=chosen,
        lines="\n".join(here.lines) if here else "",
        definitions=definitions,
        edited=edited,
        kinds=KINDS,
        setters=SETTERS,
        filled=flask.request.form,
        **{**frame, "section": "properties"},
    )


def _page_of_one(owner: str, name: str, problems: Problems) -> str:
    frame = opened(owner, name)
    if not frame.repository.may(Permission.REPOSITORY_MAINTAIN):
        raise RefusedError(_("Only maintainers can see repository settings."))
    with requests.reading() as work:
        shown = repository_properties.show(work, frame.repository.path)
    return show_in_frame(
        "repository_settings/properties.html",
        frame,
        tab_name="settings",
        section="properties",
        shown=shown,
        others={k: v for k, v in shown.properties.items() if k not in shown.definitions},
        problems=problems,
        filled=flask.request.form,
    )

"""Linking and unlinking a person's identities: by themself, or by an administrator."""

from __future__ import annotations

from uuid import UUID

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from pydantic import Field

from appliance.services import identity_links
from appliance.web import forms, requests
from appliance.web.pages import account, admin_users, words
from appliance.web.pages.page_forms import Problems, attempt, done

pages = flask.Blueprint("person_identities", __name__)
words.give_to_templates(pages)


class LinkForm(forms.Form):
    """Who somebody is at a provider."""

    provider: str = Field(max_length=39)
    subject: str = Field(max_length=512)


@pages.post("/administration/users/<name>/identities")
def link(name: str) -> ResponseReturnValue:
    """Let somebody at a provider lead to a user."""

    def act() -> ResponseReturnValue:
        form = LinkForm.parse(flask.request.form)
        with requests.begin() as work:
            made = identity_links.link(work, name, form.provider, form.subject, now=requests.now())
        said = _("%(label)s leads to %(name)s now.", label=made.label, name=name)
        return done(said, "admin_users.show", name=name)

    return attempt(act, lambda problems: admin_users.user_page(name, problems), at="subject")


@pages.post("/administration/identities/<uuid:identity_id>/unlink")
def unlink(identity_id: UUID) -> ResponseReturnValue:
    """Let it no longer lead to its user."""
    with requests.begin() as work:
        name = identity_links.unlink(work, identity_id, now=requests.now())
    said = _("It no longer leads to %(name)s, and what its groups gave is taken.", name=name)
    return done(said, "admin_users.show", name=name)


@pages.post("/settings/identities/<uuid:identity_id>/unlink")
def unlink_own(identity_id: UUID) -> ResponseReturnValue:
    """Let one's own no longer lead to oneself."""

    def act() -> ResponseReturnValue:
        with requests.begin() as work:
            identity_links.unlink(work, identity_id, now=requests.now())
        return done(_("It no longer leads to you."), "account.security")

    def again(problems: Problems) -> str:
        return account.security_page(problems)

    return attempt(act, again)

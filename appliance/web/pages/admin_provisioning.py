"""What a SCIM client may and did: its tokens, and what it changed last."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from pydantic import Field

from appliance.domain.scim import PREFIX
from appliance.services import identity_providers, scim_tokens
from appliance.services.scim_tokens import NewScimToken
from appliance.web import forms, requests
from appliance.web.pages.admin import frame
from appliance.web.pages.page_forms import Problems, attempt, confirmed_first, done, page

pages = flask.Blueprint("admin_provisioning", __name__)

PLACE = "/administration/providers/<name>/provisioning"
USUAL_LIFE = "365"
LIVES = {"30": lazy("30 days"), "90": lazy("90 days"), "365": lazy("A year")}
KINDS = {"user": lazy("Person"), "group": lazy("Group")}


class TokenForm(forms.Form):
    """A token that is to be."""

    name: str = Field(max_length=100)
    days: int = Field(int(USUAL_LIFE), ge=1, le=3650)
    networks: str = Field("", max_length=10_000)


@pages.get(PLACE)
def show(name: str) -> ResponseReturnValue:
    """Its tokens, and what it did last."""
    return _provisioning_page(name, {})


@pages.post(f"{PLACE}/tokens")
def make(name: str) -> ResponseReturnValue:
    """Make a token, and show it this once."""

    def act() -> ResponseReturnValue:
        form = TokenForm.parse(flask.request.form)
        with requests.begin() as work:
            made = scim_tokens.make(
                work,
                name,
                name=form.name,
                expires_at=requests.now() + timedelta(days=form.days),
                networks=form.networks.split(),
                tools=requests.wiring().sign_in,
                now=requests.now(),
            )
        return _provisioning_page(name, {}, made)

    return attempt(act, lambda problems: _provisioning_page(name, problems), at="name")


@pages.post(f"{PLACE}/tokens/<uuid:token_id>/revoke")
def revoke(name: str, token_id: UUID) -> ResponseReturnValue:
    """Stop a token at once."""

    def act() -> ResponseReturnValue:
        with requests.begin() as work:
            scim_tokens.revoke(work, name, token_id, now=requests.now())
        return done(_("The token was revoked."), ".show", name=name)

    return attempt(act, lambda problems: _provisioning_page(name, problems))


def _provisioning_page(name: str, problems: Problems, made: NewScimToken | None = None) -> str:
    confirmed_first()
    with requests.reading() as work:
        context = frame(work, "providers")
        context |= {
            "shown": identity_providers.show(work, name),
            "tokens": scim_tokens.list_tokens(work, name),
            "overview": scim_tokens.overview(work, name),
        }
    address = f"{requests.wiring().settings.server.url.rstrip('/')}{PREFIX}"
    return page(
        "admin/provisioning.html",
        problems,
        made=made,
        address=address,
        lives=LIVES,
        usual_life=USUAL_LIFE,
        kinds=KINDS,
        **context,
    )

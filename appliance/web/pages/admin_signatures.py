"""Whose signatures count: the authorities that are trusted, and the appliance's own key."""

from __future__ import annotations

from uuid import UUID

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from pydantic import Field

from appliance.services import appliance_keys, x509_authorities
from appliance.web import certificate_text, forms, requests
from appliance.web.pages.admin import frame
from appliance.web.pages.page_forms import Problems, attempt, confirmed_first, done, page

pages = flask.Blueprint("admin_signatures", __name__)

PLACE = "/administration/signatures"


class AuthorityForm(forms.Form):
    """An authority that is to be trusted."""

    certificate: str = Field(max_length=certificate_text.LONGEST_CERTIFICATE)
    title: str = Field("", max_length=100)


class RevocationsForm(forms.Form):
    """A list of certificates that no longer count."""

    revocations: str = Field(max_length=certificate_text.LONGEST_LIST)


@pages.get(PLACE)
def show() -> ResponseReturnValue:
    """The authorities, and the appliance's own key."""
    return _signatures_page({})


@pages.post(f"{PLACE}/authorities")
def trust() -> ResponseReturnValue:
    """Trust an authority."""

    def act() -> ResponseReturnValue:
        form = AuthorityForm.parse(flask.request.form)
        data = certificate_text.of_field("certificate", form.certificate)
        with requests.begin() as work:
            x509_authorities.trust(work, data=data, title=form.title, now=requests.now())
        return done(_("Signatures with certificates of this authority now count."), ".show")

    return attempt(act, _signatures_page, at="certificate")


@pages.post(f"{PLACE}/authorities/<uuid:authority_id>/revocations")
def revoke(authority_id: UUID) -> ResponseReturnValue:
    """Bring a list of revoked certificates."""

    def act() -> ResponseReturnValue:
        form = RevocationsForm.parse(flask.request.form)
        data = certificate_text.of_field("revocations", form.revocations)
        with requests.begin() as work:
            x509_authorities.revoke(work, authority_id, data=data)
        return done(_("The list applies from now on."), ".show")

    return attempt(act, _signatures_page, at="revocations")


@pages.post(f"{PLACE}/authorities/<uuid:authority_id>/remove")
def remove(authority_id: UUID) -> ResponseReturnValue:
    """Trust an authority no more."""

    def act() -> ResponseReturnValue:
        with requests.begin() as work:
            x509_authorities.remove(work, authority_id)
        return done(_("The authority is no longer trusted."), ".show")

    return attempt(act, _signatures_page)


def _signatures_page(problems: Problems) -> str:
    confirmed_first()
    with requests.reading() as work:
        context = frame(work, "signatures")
        context["trusted"] = x509_authorities.listed(work)
        host = requests.wiring().addresses.ssh_host
        context["keys"] = [
            (appliance_keys.line(each, host), each) for each in appliance_keys.listed(work)
        ]
    place = f"{PLACE}/authorities"
    return page("admin/signatures.html", problems, now=requests.now(), place=place, **context)

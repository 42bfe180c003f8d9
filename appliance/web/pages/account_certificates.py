"""X.509 certificates that one has shown to be one's own."""

from __future__ import annotations

from uuid import UUID

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from pydantic import Field

from appliance.services import x509_certificates
from appliance.web import forms, requests
from appliance.web.pages import lists
from appliance.web.pages.page_forms import (
    USUAL,
    Problems,
    after,
    asked,
    attempt,
    confirmed_first,
    done,
    listed,
    page,
)

pages = flask.Blueprint("account_certificates", __name__)

PLACE = "/settings/certificates"
COLUMNS: lists.Columns = {
    "subject": lambda each: each.subject,
    "fingerprint": lambda each: each.fingerprint,
    "addresses": lambda each: each.addresses,
    "ends_at": lambda each: each.ends_at,
    "created_at": lambda each: each.created_at,
}


class CertificateForm(forms.Form):
    """A text and what somebody's certificate has signed of it."""

    challenge: str = Field(max_length=4096)
    signature: str = Field(max_length=64 * 1024)


@pages.get(PLACE)
def listing() -> ResponseReturnValue:
    """One's own certificates."""
    sorting = lists.sorting(x509_certificates.ORDERS, "-created")
    find = lists.finder(x509_certificates.list_certificates, sorting)
    if file := lists.export("x509-certificates", find, COLUMNS):
        return file
    with requests.reading() as work:
        found = find(work, after=after(), limit=USUAL)
    return page(
        "account/certificates.html",
        found=listed(found),
        section="certificates",
        query=asked("q"),
        now=requests.now(),
        **lists.tools(sorting),
    )


@pages.get(f"{PLACE}/new")
def new() -> ResponseReturnValue:
    """Show what is to be signed."""
    confirmed_first()
    return _new_page({})


@pages.post(f"{PLACE}/new")
def add() -> ResponseReturnValue:
    """Register the certificate that has signed it."""

    def act() -> ResponseReturnValue:
        form = CertificateForm.parse(flask.request.form)
        with requests.begin() as work:
            x509_certificates.add(
                work,
                challenge=form.challenge,
                signature=form.signature,
                tools=requests.wiring().certificates,
                now=requests.now(),
            )
        said = _("The certificate is registered. Its signatures now count as yours.")
        return done(said, ".listing")

    return attempt(act, _new_page, at="signature")


@pages.post(f"{PLACE}/<uuid:certificate_id>/remove")
def remove(certificate_id: UUID) -> ResponseReturnValue:
    """Remove one."""
    with requests.begin() as work:
        x509_certificates.remove(work, certificate_id)
    return done(_("The certificate was removed."), ".listing")


def _new_page(problems: Problems) -> str:
    tools, again = requests.wiring().certificates, flask.request.form.get("challenge", "")
    with requests.reading() as work:
        text = x509_certificates.challenge(work, tools=tools, now=requests.now())
    # What was signed stays, while that was not what is wrong.
    shown = text if "challenge" in problems else again or text
    return page("account/certificate_new.html", problems, section="certificates", challenge=shown)

"""What must be signed in an organisation, and whose certificates count there."""

from __future__ import annotations

from uuid import UUID

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from pydantic import Field

from appliance.domain.protection import FirmRule
from appliance.domain.signatures import SignedBy
from appliance.services import signing_rules, x509_authorities
from appliance.web import certificate_text, forms, requests
from appliance.web.pages import words
from appliance.web.pages.admin_signatures import AuthorityForm, RevocationsForm
from appliance.web.pages.organisations import settings_frame
from appliance.web.pages.page_forms import Problems, attempt, confirmed_first, done, page

pages = flask.Blueprint("organisation_signatures", __name__)
words.give_to_templates(pages)

PLACE = "/<owner>/-/settings/signatures"


class DemandForm(forms.Form):
    """What must be signed, for some branches or tags."""

    pattern: str = Field(max_length=255)
    signed_by: list[str] = Field(default_factory=list, max_length=4)
    signed_push: str = ""


@pages.get(PLACE)
def show(owner: str) -> ResponseReturnValue:
    """The rules, and the authorities."""
    return _signatures_page(owner, {})


@pages.post(f"{PLACE}/rules")
def demand(owner: str) -> ResponseReturnValue:
    """Set a rule."""

    def act() -> ResponseReturnValue:
        form = DemandForm.parse(flask.request.form)
        kinds = frozenset(kind for kind in SignedBy if kind in form.signed_by)
        rule = FirmRule(form.pattern, kinds, bool(form.signed_push))
        with requests.begin() as work:
            signing_rules.demand(work, owner, rule, now=requests.now())
        return done(_("The rule now applies."), ".show", owner=owner)

    return attempt(act, lambda problems: _signatures_page(owner, problems), at="pattern")


@pages.post(f"{PLACE}/rules/remove")
def drop(owner: str) -> ResponseReturnValue:
    """Remove a rule."""

    def act() -> ResponseReturnValue:
        with requests.begin() as work:
            signing_rules.drop(work, owner, flask.request.form.get("pattern", ""))
        return done(_("The rule is removed."), ".show", owner=owner)

    return attempt(act, lambda problems: _signatures_page(owner, problems))


@pages.post(f"{PLACE}/authorities")
def trust(owner: str) -> ResponseReturnValue:
    """Trust an authority."""

    def act() -> ResponseReturnValue:
        form = AuthorityForm.parse(flask.request.form)
        data = certificate_text.of_field("certificate", form.certificate)
        with requests.begin() as work:
            x509_authorities.trust(
                work, data=data, title=form.title, organisation=owner, now=requests.now()
            )
        said = _("Signatures that lead to this authority count here from now on.")
        return done(said, ".show", owner=owner)

    return attempt(act, lambda problems: _signatures_page(owner, problems), at="certificate")


@pages.post(f"{PLACE}/authorities/<uuid:authority_id>/revocations")
def revoke(owner: str, authority_id: UUID) -> ResponseReturnValue:
    """Bring a list of revoked certificates."""

    def act() -> ResponseReturnValue:
        form = RevocationsForm.parse(flask.request.form)
        data = certificate_text.of_field("revocations", form.revocations)
        with requests.begin() as work:
            x509_authorities.revoke(work, authority_id, data=data, organisation=owner)
        return done(_("The list applies from now on."), ".show", owner=owner)

    return attempt(act, lambda problems: _signatures_page(owner, problems), at="revocations")


@pages.post(f"{PLACE}/authorities/<uuid:authority_id>/remove")
def remove(owner: str, authority_id: UUID) -> ResponseReturnValue:
    """Trust an authority no more."""

    def act() -> ResponseReturnValue:
        with requests.begin() as work:
            x509_authorities.remove(work, authority_id, organisation=owner)
        return done(_("The authority is no longer trusted."), ".show", owner=owner)

    return attempt(act, lambda problems: _signatures_page(owner, problems))


def _signatures_page(owner: str, problems: Problems) -> str:
    confirmed_first()
    with requests.reading() as work:
        context = settings_frame(work, owner)
        rules = signing_rules.listed(work, owner)
        trusted = x509_authorities.listed(work, owner)
    return page(
        "organisations/signatures.html",
        problems,
        section="signatures",
        rules=rules,
        trusted=trusted,
        place=f"{flask.url_for('.show', owner=owner)}/authorities",
        now=requests.now(),
        **context,
    )

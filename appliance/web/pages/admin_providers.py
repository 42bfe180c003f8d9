"""Identity providers, for administrators: which there are, what they are told, what groups give."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import flask
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from pydantic import Field

from appliance.domain import identity_providers as domain
from appliance.domain.identity_providers import Gives, LinkBy, ProviderKind
from appliance.errors import NotFoundError
from appliance.services import (
    group_rules,
    identity_providers,
    provider_kinds,
    provider_syncs,
    provider_trials,
    saml_first,
    saml_keys,
)
from appliance.services.identity_providers import Changes, NewProvider
from appliance.services.provider_trials import Step
from appliance.web import forms, provider_forms, requests, saml_key
from appliance.web.pages import admin_syncs, setting_words, words
from appliance.web.pages.admin import frame
from appliance.web.pages.page_forms import (
    Problems,
    asked,
    attempt,
    confirmed_first,
    done,
    insist,
    is_confirmed,
    page,
)

if TYPE_CHECKING:
    from appliance.db.unit_of_work import UnitOfWork

pages = flask.Blueprint("admin_providers", __name__)
words.give_to_templates(pages)

PLACE = "/administration/providers"
KINDS = {
    ProviderKind.LDAP: (lazy("LDAP"), lazy("People enter their password of that system here.")),
    ProviderKind.OIDC: (lazy("OpenID Connect"), lazy("People sign in there and come back.")),
    ProviderKind.SAML: (lazy("SAML 2.0"), lazy("People sign in there and come back.")),
    ProviderKind.SCIM: (lazy("SCIM 2.0"), lazy("Provisions people and groups; not for sign-in.")),
}  # fmt: skip
GIVES = {
    Gives.TEAM: lazy("A team"),
    Gives.ORGANISATION: lazy("A role in an organisation"),
    Gives.INSTANCE: lazy("A role on the appliance"),
}


class ProviderForm(forms.Form):
    """A provider, without what only its protocol can be told."""

    name: str = Field("", max_length=39)
    label: str = Field("", max_length=domain.LONGEST_LABEL)
    domains: str = Field("", max_length=4000)
    creates_users: str = ""
    link_by: LinkBy = LinkBy.NOTHING
    link_domains: str = Field("", max_length=4000)
    link_provider: str = Field("", max_length=39)
    keeps_profile: str = ""
    lets_in_again: str = ""
    ask_again_seconds: int = 0


class RuleForm(forms.Form):
    """What a group is to give."""

    group: str = Field(max_length=512)
    gives: Gives
    target: str = Field("", max_length=80)
    role: str = Field("", max_length=32)


@pages.get(PLACE)
def listing() -> ResponseReturnValue:
    """Every provider, in the order in which they are offered."""
    with requests.reading() as work:
        found = identity_providers.list_providers(work)
        context = frame(work, "providers")
    return page("admin/providers.html", found=found, kinds=KINDS, **context)


@pages.get(f"{PLACE}/new")
def new() -> ResponseReturnValue:
    """Choose a kind, then describe it."""
    return _new_page({})


@pages.post(f"{PLACE}/new")
def add() -> ResponseReturnValue:
    """Add it, switched off."""
    kind = _kind(flask.request.form.get("kind", ""))

    def act() -> ResponseReturnValue:
        form = ProviderForm.parse(flask.request.form)
        with requests.reading() as work:
            fields = provider_kinds.kinds(work)[kind]
            wanted = NewProvider(
                name=form.name,
                kind=kind,
                label=form.label or form.name,
                settings=provider_forms.settings(fields),
                domains=form.domains.split(),
                policy=_policy(form),
            )
            at = saml_first.published(work, wanted)
        wanted = saml_first.described(wanted, at)
        with requests.begin() as work:
            identity_providers.add(
                work, wanted, sealer=requests.wiring().sealer, now=requests.now()
            )
        said = _(
            "%(label)s was added and is disabled. Test it, then enable it.", label=wanted.label
        )
        return done(said, ".show", name=form.name)

    return attempt(act, lambda problems: _new_page(problems, kind))


@pages.get(f"{PLACE}/<name>")
def show(name: str) -> ResponseReturnValue:
    """One provider: what it may, what its groups give, what it is told."""
    return _provider_page(name, {})


@pages.post(f"{PLACE}/<name>")
def change(name: str) -> ResponseReturnValue:
    """Change it."""

    def act() -> ResponseReturnValue:
        form = ProviderForm.parse(flask.request.form)
        with requests.begin() as work:
            kind = identity_providers.show(work, name).provider.kind
            changes = Changes(
                label=form.label,
                settings=provider_forms.settings(provider_kinds.kinds(work)[kind]),
                domains=form.domains.split(),
                policy=_policy(form),
            )
            identity_providers.change(work, name, changes, sealer=requests.wiring().sealer)
        return done(_("Saved."), ".show", name=name)

    return attempt(act, lambda problems: _provider_page(name, problems))


@pages.post(f"{PLACE}/<name>/<any(enable, disable):verb>")
def switch(name: str, verb: str) -> ResponseReturnValue:
    """Let people sign in by it, or nobody."""

    def act() -> ResponseReturnValue:
        is_enabled = verb == "enable"
        with requests.begin() as work:
            shown = identity_providers.switch(work, name, is_enabled=is_enabled, now=requests.now())
        label = shown.provider.label
        said = (
            _("%(label)s is enabled.", label=label)
            if is_enabled
            else _("%(label)s is disabled, and its sessions have ended.", label=label)
        )
        return done(said, ".show", name=name)

    return attempt(act, lambda problems: _provider_page(name, problems))


@pages.post(f"{PLACE}/<name>/first")
def put_first(name: str) -> ResponseReturnValue:
    """Offer it before all others."""

    def act() -> ResponseReturnValue:
        with requests.begin() as work:
            identity_providers.put_in_order(work, [name])
        return done(_("It is now offered first."), ".listing")

    return attempt(act, lambda problems: _provider_page(name, problems))


@pages.post(f"{PLACE}/<name>/delete")
def delete(name: str) -> ResponseReturnValue:
    """Delete it, and all that came from it."""

    def act() -> ResponseReturnValue:
        insist(is_confirmed(name), "", _("Type its name to delete it."))
        with requests.begin() as work:
            identity_providers.delete(work, name, now=requests.now())
        return done(_("%(name)s was deleted.", name=name), ".listing")

    return attempt(act, lambda problems: _provider_page(name, problems))


@pages.post(f"{PLACE}/<name>/test")
def test(name: str) -> ResponseReturnValue:
    """Try it, and show each step's answer."""

    def act() -> ResponseReturnValue:
        wiring = requests.wiring()
        with requests.reading() as work:
            needs_key = provider_trials.speaks_saml(work, name)
        if needs_key:
            saml_key.insist()
        user = flask.request.form.get("user", "").strip()
        with requests.reading() as work:
            trial = provider_trials.prepare(
                work, name, user, tools=wiring.trials, now=requests.now()
            )
        steps = trial.run()
        with requests.begin() as work:
            provider_trials.record(work, trial, steps)
        return _provider_page(name, {}, steps)

    return attempt(act, lambda problems: _provider_page(name, problems))


@pages.post(f"{PLACE}/<name>/rules")
def add_rule(name: str) -> ResponseReturnValue:
    """Let a group give something."""

    def act() -> ResponseReturnValue:
        form = RuleForm.parse(flask.request.form)
        wanted = domain.GroupRule(form.group, form.gives, form.target, form.role)
        with requests.begin() as work:
            group_rules.add(work, name, wanted, now=requests.now())
        said = _("Known members of %(group)s get it in a moment.", group=form.group)
        return done(said, ".show", name=name)

    return attempt(act, lambda problems: _provider_page(name, problems), at="group")


@pages.post(f"{PLACE}/<name>/rules/<uuid:rule_id>/remove")
def remove_rule(name: str, rule_id: UUID) -> ResponseReturnValue:
    """Let it give no more."""

    def act() -> ResponseReturnValue:
        with requests.begin() as work:
            group_rules.remove(work, name, rule_id)
        return done(
            _("People who have it only through this rule lose it in a moment."), ".show", name=name
        )

    return attempt(act, lambda problems: _provider_page(name, problems))


def _new_page(problems: Problems, kind: ProviderKind | None = None) -> str:
    confirmed_first()
    chosen = kind or (_kind(asked("kind")) if asked("kind") else None)
    with requests.reading() as work:
        fields = provider_kinds.form(work, chosen, asked("like")) if chosen else ()
        presets = provider_kinds.presets(work)
        context = frame(work, "providers")
    return page(
        "admin/provider_new.html",
        problems,
        kind=chosen,
        fields=fields,
        presets=presets,
        ours=_addresses(chosen, "NAME") if chosen else [],
        shown=None,
        **_tables(),
        **context,
    )


def _provider_page(name: str, problems: Problems, steps: list[Step] | None = None) -> str:
    confirmed_first()
    with requests.reading() as work:
        shown = identity_providers.show(work, name)
        context = frame(work, "providers")
        context |= {
            "saml": _saml(work) if shown.provider.kind is ProviderKind.SAML else None,
            "rules": group_rules.list_rules(work, name),
            "would": identity_providers.consequences(work, name),
            "fields": provider_kinds.form(work, shown.provider.kind),
            "ours": _addresses(shown.provider.kind, name),
            "syncs": _syncs(work, shown),
        }
    return page(
        "admin/provider.html",
        problems,
        shown=shown,
        steps=steps,
        **_tables(),
        **context,
        **_filled(steps),
    )


def _addresses(kind: ProviderKind, name: str) -> list[tuple[str, str, str]]:
    """What a provider has to know of us: a word for it, the address, and when it is needed."""
    url = requests.wiring().saml.url
    at = f"{url}/auth/oidc/{name}"
    if kind is ProviderKind.SAML:
        return [
            (_("Metadata"), url + saml_keys.METADATA_PATH, _("All else follows from them.")),
            (
                _("Answers (ACS)"),
                url + saml_keys.ANSWERS_PATH,
                _("If it does not accept metadata."),
            ),
        ]
    if kind is ProviderKind.OIDC:
        return [
            (_("Redirect address (callback)"), f"{at}/callback", ""),
            (_("Keys (JWKS)"), f"{at}/jwks", _("For private_key, in place of a secret.")),
            (
                _("Back-channel logout"),
                f"{at}/backchannel-logout",
                _("So that people who sign out there are signed out here."),
            ),
            (
                _("Front-channel logout"),
                f"{at}/frontchannel-logout",
                _("Only if it does not support back-channel logout."),
            ),
            (_("Address after signing out"), f"{url}/sign-in", ""),
        ]
    return []


def _saml(work: UnitOfWork) -> dict[str, Any]:
    """By which keys SAML identity providers know us."""
    keys = saml_keys.listed(work)
    return {"our_keys": keys, "uses": {each.use for each in keys}}


def _filled(steps: list[Step] | None) -> dict[str, Any]:
    """After a trial only its own form shows what was sent; the others show what is."""
    tried = {"tried_user": flask.request.form.get("user", "")}
    return tried if steps is None else {**tried, "filled": {}}


def _syncs(work: UnitOfWork, shown: identity_providers.Shown) -> list[provider_syncs.Shown]:
    """The last reports, where there can be some."""
    if shown.provider.kind is not ProviderKind.LDAP:
        return []
    name = shown.provider.name
    return provider_syncs.runs(work, name, now=requests.now(), limit=admin_syncs.SHOWN).items


def _policy(form: ProviderForm) -> dict[str, Any]:
    return {
        "creates_users": bool(form.creates_users),
        "link_by": form.link_by,
        "link_domains": form.link_domains.split(),
        "link_provider": form.link_provider.strip(),
        "keeps_profile": bool(form.keeps_profile),
        "lets_in_again": bool(form.lets_in_again),
        "ask_again_seconds": form.ask_again_seconds,
    }


def _tables() -> dict[str, Any]:
    return {
        "kinds": KINDS,
        "links": words.LINKS,
        "gives": GIVES,
        "role_choices": words.PROVIDED_ROLES.items(),
        "lines_of": provider_forms.lines,
        "choice_words": setting_words.CHOICES,
        "choice_hints": setting_words.HINTS,
        **admin_syncs.tables(),
    }


def _kind(text: str) -> ProviderKind:
    if text not in set(ProviderKind):
        raise NotFoundError(_("There is no such kind of identity provider."))
    return ProviderKind(text)

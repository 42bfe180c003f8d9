"""`/admin/identity-providers`: the customer's identity providers, and what their groups give."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from appliance.domain import identity_providers as words
from appliance.domain.identity_providers import Gives, LinkBy, ProviderKind, Way
from appliance.services import (
    group_rules,
    identity_providers,
    provider_kinds,
    provider_trials,
    saml_first,
)
from appliance.services.group_rules import ListedRule
from appliance.services.identity_providers import Changes, NewProvider, Shown
from appliance.web import requests, saml_key
from appliance.web.api import frame

api = frame.area("identity providers", "Identity providers of the customer, for administrators.")

PLACE = "/admin/identity-providers"
SettingValue = str | int | bool | list[str]


class ProviderPath(frame.Body):
    """Which provider."""

    name: str = Field(max_length=39)


class RulePath(ProviderPath):
    """Which rule."""

    id: UUID


class PolicyAnswer(frame.Answer):
    """What a provider may bring about."""

    creates_users: bool
    link_by: LinkBy
    link_domains: list[str]
    link_provider: str
    keeps_profile: bool
    lets_in_again: bool
    ask_again_seconds: int


class ProviderAnswer(frame.Answer):
    """A provider. Its secrets are never shown: only which were given."""

    id: UUID
    name: str
    kind: ProviderKind
    way: Way
    label: str
    is_enabled: bool
    position: int
    domains: list[str]
    settings: dict[str, SettingValue]
    secrets: list[str]
    policy: PolicyAnswer
    identities: int
    rules: int
    sessions: int
    created_at: datetime


class ProviderPage(frame.Answer):
    """All of them."""

    items: list[ProviderAnswer]
    next: None


class FieldAnswer(frame.Answer):
    """One thing that a kind of provider can be told."""

    name: str
    label: str
    hint: str
    kind: str
    usual: SettingValue
    choices: list[str]
    is_needed: bool
    section: str = Field(description="Under which words forms ask for it")
    is_rare: bool = Field(description="Whether most leave it as it is")


class PresetAnswer(frame.Answer):
    """A product, and what a provider of it is told that differs from the usual."""

    name: str
    label: str
    settings: dict[str, SettingValue]


class KindAnswer(frame.Answer):
    """A kind of provider, and what it can be told."""

    kind: ProviderKind
    settings: list[FieldAnswer]
    presets: list[PresetAnswer]


class KindPage(frame.Answer):
    """All kinds."""

    items: list[KindAnswer]
    next: None


class NewProviderBody(frame.Body):
    """A provider to add. It begins switched off."""

    name: str = Field(max_length=39)
    kind: ProviderKind
    label: str = Field(max_length=words.LONGEST_LABEL)
    settings: dict[str, SettingValue] = Field(default_factory=dict)
    domains: list[str] = Field(default_factory=list, max_length=words.MOST_DOMAINS)
    policy: dict[str, SettingValue] = Field(default_factory=dict)


class ChangedProviderBody(frame.Body):
    """What to change; what is left out stays, secrets too."""

    label: str | None = Field(None, max_length=words.LONGEST_LABEL)
    is_enabled: bool | None = None
    settings: dict[str, SettingValue] | None = None
    domains: list[str] | None = Field(None, max_length=words.MOST_DOMAINS)
    policy: dict[str, SettingValue] | None = None


class OrderBody(frame.Body):
    """In which order they are offered; those left out come after."""

    names: list[str] = Field(max_length=identity_providers.MOST)


class ConsequencesAnswer(frame.Answer):
    """What deleting a provider would mean."""

    identities: int
    rules: int
    sessions: int
    left_without_a_way_in: int


class TrialBody(frame.Body):
    """Whom to look for, beside trying whether it answers."""

    user: str = Field("", max_length=255)


class StepAnswer(frame.Answer):
    """How one step went at one server, and what that said; secrets masked."""

    name: str
    server: str
    is_good: bool
    lines: list[str]


class StepPage(frame.Answer):
    """All steps, in order."""

    items: list[StepAnswer]
    next: None


class GroupRuleAnswer(frame.Answer):
    """What a group gives."""

    id: UUID
    group: str
    gives: Gives
    target: str
    role: str
    created_at: datetime


class GroupRulePage(frame.Answer):
    """All of them."""

    items: list[GroupRuleAnswer]
    next: None


class NewRuleBody(frame.Body):
    """What a group is to give."""

    group: str = Field(max_length=512)
    gives: Gives
    target: str = Field("", max_length=80, description="ORG/TEAM, ORG, or nothing: the instance")
    role: str = Field("", max_length=32, description="None for a team")


@api.get(f"{PLACE}/kinds", summary="List kinds of identity providers", responses={"200": KindPage})
def list_kinds() -> Any:
    """With everything that each can be told."""
    with requests.reading() as work:
        forms, presets = provider_kinds.kinds(work), provider_kinds.presets(work)
    items = [
        KindAnswer(
            kind=kind,
            settings=[FieldAnswer.model_validate(each) for each in form],
            presets=[PresetAnswer.model_validate(each) for each in presets.get(kind, ())],
        )
        for kind, form in forms.items()
    ]
    return frame.page(items, None)


@api.get(PLACE, summary="List identity providers", responses={"200": ProviderPage})
def list_providers() -> Any:
    """In the order in which they are offered."""
    with requests.reading() as work:
        return frame.page(
            [_present(each) for each in identity_providers.list_providers(work)], None
        )


@api.post(PLACE, summary="Add an identity provider", responses={"201": ProviderAnswer})
def add(body: NewProviderBody) -> Any:
    """Switched off until somebody has tried it."""
    wanted = NewProvider(
        name=body.name,
        kind=body.kind,
        label=body.label,
        settings=body.settings,
        domains=body.domains,
        policy=body.policy,
    )
    with requests.reading() as work:
        at = saml_first.published(work, wanted)
    wanted = saml_first.described(wanted, at)
    with requests.begin() as work:
        made = identity_providers.add(
            work, wanted, sealer=requests.wiring().sealer, now=requests.now()
        )
        return frame.answer(_present(made), 201, f"{frame.PREFIX}{PLACE}/{made.provider.name}")


@api.put(PLACE, summary="Set the order of identity providers", responses={"200": ProviderPage})
def put_in_order(body: OrderBody) -> Any:
    """The first is the first button."""
    with requests.begin() as work:
        identity_providers.put_in_order(work, body.names)
        work.session.flush()
        return frame.page(
            [_present(each) for each in identity_providers.list_providers(work)], None
        )


@api.get(f"{PLACE}/<name>", summary="Show an identity provider", responses={"200": ProviderAnswer})
def show(path: ProviderPath) -> Any:
    """Its secrets masked."""
    with requests.reading() as work:
        return frame.answer(_present(identity_providers.show(work, path.name)))


@api.patch(
    f"{PLACE}/<name>", summary="Change an identity provider", responses={"200": ProviderAnswer}
)
def change(path: ProviderPath, body: ChangedProviderBody) -> Any:
    """Or switch it on or off: when it is off, sessions that it opened end."""
    changes = Changes(
        label=body.label, settings=body.settings, domains=body.domains, policy=body.policy
    )
    with requests.begin() as work:
        shown = identity_providers.change(work, path.name, changes, sealer=requests.wiring().sealer)
        if body.is_enabled is not None and body.is_enabled is not shown.provider.is_enabled:
            shown = identity_providers.switch(
                work, path.name, is_enabled=body.is_enabled, now=requests.now()
            )
        return frame.answer(_present(shown))


@api.get(
    f"{PLACE}/<name>/consequences",
    summary="Show what deleting an identity provider would mean",
    responses={"200": ConsequencesAnswer},
)
def consequences(path: ProviderPath) -> Any:
    """How many people and rights hang on it."""
    with requests.reading() as work:
        found = identity_providers.consequences(work, path.name)
    return frame.answer(ConsequencesAnswer.model_validate(found))


@api.post(f"{PLACE}/<name>/test", summary="Test an identity provider", responses={"200": StepPage})
def test(path: ProviderPath, body: TrialBody) -> Any:
    """LDAP: reach each server, sign in as the service account, search, read groups. SAML: look at
    what both sides know of each other. OpenID Connect: what it says of itself, its keys, and what
    it would be asked. Changes nothing.
    """
    wiring = requests.wiring()
    with requests.reading() as work:
        needs_key = provider_trials.speaks_saml(work, path.name)
    if needs_key:
        saml_key.insist()
    with requests.reading() as work:
        trial = provider_trials.prepare(
            work, path.name, body.user, tools=wiring.trials, now=requests.now()
        )
    steps = trial.run()
    with requests.begin() as work:
        provider_trials.record(work, trial, steps)
    return frame.page([StepAnswer.model_validate(each) for each in steps], None)


@api.delete(f"{PLACE}/<name>", summary="Delete an identity provider", responses={"204": None})
def delete(path: ProviderPath) -> Any:
    """With its identities, its rules, and all that came from them. The users stay."""
    with requests.begin() as work:
        identity_providers.delete(work, path.name, now=requests.now())
    return frame.nothing()


@api.get(f"{PLACE}/<name>/rules", summary="List group mappings", responses={"200": GroupRulePage})
def list_rules(path: ProviderPath) -> Any:
    """By group."""
    with requests.reading() as work:
        found = group_rules.list_rules(work, path.name)
        return frame.page([_present_rule(each) for each in found], None)


@api.post(f"{PLACE}/<name>/rules", summary="Map a group", responses={"201": GroupRuleAnswer})
def add_rule(path: ProviderPath, body: NewRuleBody) -> Any:
    """To everybody who is known to be in it, soon after this."""
    wanted = words.GroupRule(body.group, body.gives, body.target, body.role)
    with requests.begin() as work:
        made = group_rules.add(work, path.name, wanted, now=requests.now())
        return frame.answer(_present_rule(made), 201)


@api.delete(
    f"{PLACE}/<name>/rules/<uuid:id>",
    summary="Remove the mapping of a group",
    responses={"204": None},
)
def remove_rule(path: RulePath) -> Any:
    """Whoever has it by nothing else loses it, soon after this."""
    with requests.begin() as work:
        group_rules.remove(work, path.name, path.id)
    return frame.nothing()


def _present(shown: Shown) -> ProviderAnswer:
    provider = shown.provider
    return ProviderAnswer(
        id=provider.id,
        name=provider.name,
        kind=provider.kind,
        way=shown.way,
        label=provider.label,
        is_enabled=provider.is_enabled,
        position=provider.position,
        domains=provider.domains,
        settings=dict(shown.settings),
        secrets=list(shown.secrets),
        policy=PolicyAnswer.model_validate(shown.policy.as_json()),
        identities=shown.identities,
        rules=shown.rules,
        sessions=shown.sessions,
        created_at=provider.created_at,
    )


def _present_rule(each: ListedRule) -> GroupRuleAnswer:
    return GroupRuleAnswer.model_validate(each)

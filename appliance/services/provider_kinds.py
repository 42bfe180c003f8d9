"""Which kinds of sign-in systems there are, what each can be told, and which products are known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from appliance.access import gate
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.identity_providers import ProviderKind
from appliance.domain.permissions import Permission
from appliance.federation import provider_settings
from appliance.federation.kinds import SETTINGS_OF
from appliance.federation.presets import PRESETS_OF, Preset
from appliance.federation.provider_settings import SettingField

__all__ = ["SettingField"]  # For the doors, which do not know the protocols.

NEEDED = Permission.PROVIDERS_MANAGE


def kinds(work: UnitOfWork) -> dict[ProviderKind, tuple[SettingField, ...]]:
    """Every kind of provider, with what it can be told."""
    gate.require(work, NEEDED)
    return {kind: provider_settings.form_of(SETTINGS_OF[kind]) for kind in ProviderKind}


def presets(work: UnitOfWork) -> Mapping[ProviderKind, tuple[Preset, ...]]:
    """Products whose settings are known, by kind."""
    gate.require(work, NEEDED)
    return PRESETS_OF


def form(work: UnitOfWork, kind: ProviderKind, preset: str = "") -> tuple[SettingField, ...]:
    """What a new provider of a kind can be told, with what is usual for a product."""
    gate.require(work, NEEDED)
    told = {each.name: each.settings for each in PRESETS_OF.get(kind, ())}.get(preset, {})
    fields = provider_settings.form_of(SETTINGS_OF[kind])
    return tuple(replace(each, usual=told.get(each.name, each.usual)) for each in fields)

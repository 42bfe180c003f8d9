"""Whether a version is affected by an advisory.

There are three answers. Whoever reads `UNKNOWN` as "no" lets something through that nobody looked
at: it means that a version could not be put in order.

Source: Open Source Vulnerability format, "Evaluation".
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from itertools import groupby

from appliance.domain.components import normal_name
from appliance.scanning.advisories import Advisory, Affected, EventKind, Range
from appliance.scanning.versions.order import key_of
from appliance.scanning.versions.refusal import Key, NoVersionError

_BEGINNING, _EVERYTHING = "0", "*"
_AFTER_ALL: Key = ("*",)


class Verdict(StrEnum):
    """What is known of a version."""

    AFFECTED = "affected"
    UNAFFECTED = "unaffected"
    UNKNOWN = "unknown"


def judge(advisory: Advisory, ecosystem: str, name: str, version: str) -> Verdict:
    """Whether this version of a package is affected. What was withdrawn affects nothing."""
    if advisory.is_withdrawn:
        return Verdict.UNAFFECTED
    return _worst(
        judge_affected(each, version)
        for each in advisory.affected
        if speaks_of(each, ecosystem, name)
    )


def speaks_of(affected: Affected, ecosystem: str, name: str) -> bool:
    """Whether this is the package. A release of a distribution counts where both name one."""
    same = affected.ecosystem == ecosystem or affected.ecosystem == ecosystem.partition(":")[0]
    return same and normal_name(ecosystem, affected.name) == normal_name(ecosystem, name)


def judge_affected(affected: Affected, version: str) -> Verdict:
    """Whether a version is in the list, or inside a range."""
    if version in affected.versions:
        return Verdict.AFFECTED
    place = place_of(affected.ecosystem, version)
    if place is None or not (affected.versions or affected.ranges):
        return Verdict.UNKNOWN
    found = _worst(_inside(each, affected.ecosystem, place) for each in affected.ranges)
    is_listed = found != Verdict.AFFECTED and _is_listed(affected, place)
    return Verdict.AFFECTED if is_listed else found


def place_of(ecosystem: str, version: str) -> Key | None:
    """Where a version stands in the order; None also where it is none at all."""
    try:
        return key_of(ecosystem, version)
    except NoVersionError:
        return None


def _worst(verdicts: Iterable[Verdict]) -> Verdict:
    found = set(verdicts)
    for worse in (Verdict.AFFECTED, Verdict.UNKNOWN):
        if worse in found:
            return worse
    return Verdict.UNAFFECTED


def _is_listed(affected: Affected, place: Key) -> bool:
    """Whether the list has the same version in another spelling, as 1.0 and 1.0.0."""
    return any(place_of(affected.ecosystem, each) == place for each in affected.versions)


def _inside(versions: Range, ecosystem: str, place: Key) -> Verdict:
    """Go through what happened, in order, up to the version.

    Where a vulnerability went and came in one version, nothing changed. The beginning comes before
    all versions, whatever the ecosystem makes of a 0.
    """
    limits: list[Key] = []
    happenings: list[tuple[Key, EventKind]] = []
    for each in versions.happenings:
        if each.kind == EventKind.LIMIT and each.version == _EVERYTHING:
            limits.append(_AFTER_ALL)
            continue
        is_beginning = each.kind == EventKind.INTRODUCED and each.version == _BEGINNING
        at = () if is_beginning else place_of(ecosystem, each.version)
        if at is None:
            return Verdict.UNKNOWN
        if each.kind == EventKind.LIMIT:
            limits.append(at)
        else:
            happenings.append((at, each.kind))
    is_past = bool(limits) and all(limit is not _AFTER_ALL and place >= limit for limit in limits)
    is_inside = not is_past and _is_inside(happenings, place)
    return Verdict.AFFECTED if is_inside else Verdict.UNAFFECTED


def _is_inside(happenings: list[tuple[Key, EventKind]], place: Key) -> bool:
    is_inside = False
    for at, group in groupby(sorted(happenings), key=lambda each: each[0]):
        if place < at:
            break
        kinds = {kind for _, kind in group}
        came, went = EventKind.INTRODUCED in kinds, EventKind.FIXED in kinds
        if came != went:
            is_inside = came
        if EventKind.LAST_AFFECTED in kinds and place > at:
            is_inside = False
    return is_inside

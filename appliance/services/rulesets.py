"""Rulesets: named rules for branches, tags and pushes, of the appliance, an organisation or one
repository. What a layer demands the layers below cannot loosen; all of them count.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from appliance.access import fetch, fetch_rulesets
from appliance.access.fetch_rulesets import Found, Place
from appliance.db.rulesets import RulesetRow, all_over
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events, ruleset_json
from appliance.domain.names import fold
from appliance.domain.permissions import Permission
from appliance.domain.ruleset_words import Bypass
from appliance.domain.rulesets import Ruleset
from appliance.errors import ConflictError, InvalidError, sentence
from appliance.services import ruleset_drafts
from appliance.services.ruleset_drafts import Checked, Draft, Shown

__all__ = [
    "Place",
    "change",
    "create",
    "insist_on_permission",
    "listed",
    "one",
    "over",
    "remove",
]
MOST_RULESETS = 50
OF_SUBJECT = ("kind", "id", "role")
KEPT = (
    *("name", "enforcement", "includes", "excludes", "repositories", "visibilities"),
    *("properties", "rules"),
)


def listed(work: UnitOfWork, place: Place) -> list[Shown]:
    """The rulesets of a place, by name; those of a repository for who may read it."""
    where = fetch_rulesets.to_read(work, place)
    found = work.session.scalars(where.rulesets.order_by(RulesetRow.name, RulesetRow.id))
    return ruleset_drafts.shown(work, found)


def one(work: UnitOfWork, place: Place, ruleset_id: UUID) -> Shown:
    """One of them.

    Errors:
        NotFoundError: there is none of that id.
    """
    where = fetch_rulesets.to_read(work, place)
    return ruleset_drafts.shown(work, [fetch_rulesets.one(work, where, ruleset_id)])[0]


def insist_on_permission(work: UnitOfWork, place: Place) -> None:
    """Go on only if the actor may set rulesets there: for forms, before they are filled in.

    Errors:
        HiddenError, RefusedError, ElevationRequiredError: they may not.
    """
    fetch_rulesets.to_change(work, place)


def over(work: UnitOfWork, path: str, *, ref: str = "") -> list[Ruleset]:
    """All rules that stand over a repository, of every layer, protections too; or over one ref."""
    repository = fetch.repository(work, path, Permission.REPOSITORY_READ)
    found = all_over(work.session, repository)
    if not ref:
        return found
    whole = ref if ref.startswith("refs/") else f"refs/heads/{ref}"
    return [each for each in found if each.is_about(whole.encode())]


def create(work: UnitOfWork, place: Place, draft: Draft, *, now: datetime) -> Shown:
    """Set up a ruleset. It counts at once, unless it is on trial or off.

    Errors:
        InvalidError: something in it cannot be meant, or there are too many.
        ConflictError: one has its name.
    """
    where = fetch_rulesets.to_change(work, place)
    checked = ruleset_drafts.checked(work, draft)
    there = list(work.session.scalars(where.rulesets))
    if len(there) >= MOST_RULESETS:
        raise InvalidError.of(
            "name", sentence("There are at most %(most)s rulesets.", most=MOST_RULESETS)
        )
    _insist_on_free_name(there, checked.name, but=None)
    row = RulesetRow(
        organisation_id=where.organisation_id,
        repository_id=where.repository_id,
        created_at=now,
        **_values(checked),
        changed_at=now,
    )
    work.session.add(row)
    work.session.flush()  # The event needs its id.
    changed = {name: value for name, value in _values(checked).items() if name in KEPT and value}
    _record(work, where, row, changed, is_new=True)
    _record_exempted(work, where, row, checked.bypass, ())
    return ruleset_drafts.shown(work, [row])[0]


def change(
    work: UnitOfWork, place: Place, ruleset_id: UUID, draft: Draft, *, now: datetime
) -> Shown:
    """Set a ruleset anew. It counts at once.

    Errors:
        NotFoundError: there is none of that id.
        InvalidError, ConflictError: as for `create`.
    """
    where = fetch_rulesets.to_change(work, place)
    row = fetch_rulesets.one(work, where, ruleset_id)
    checked = ruleset_drafts.checked(work, draft)
    _insist_on_free_name(work.session.scalars(where.rulesets), checked.name, but=row)
    before = tuple(map(ruleset_json.bypass, row.bypass))
    values = _values(checked)
    changed = {name: value for name, value in values.items() if getattr(row, name) != value}
    if not changed:
        return ruleset_drafts.shown(work, [row])[0]
    for name, value in changed.items():
        setattr(row, name, value)
    row.changed_at = now
    _record(work, where, row, changed, is_new=False)
    _record_exempted(work, where, row, checked.bypass, before)
    return ruleset_drafts.shown(work, [row])[0]


def remove(work: UnitOfWork, place: Place, ruleset_id: UUID) -> None:
    """Take a ruleset away, with what it has found on trial.

    Errors:
        NotFoundError: there is none of that id.
    """
    where = fetch_rulesets.to_change(work, place)
    row = fetch_rulesets.one(work, where, ruleset_id)
    work.session.delete(row)
    work.record(
        events.RulesetRemoved(
            about=row.id, organisation_id=where.log, name=row.name, scope=row.layer.value
        )
    )


def _insist_on_free_name(there: Any, name: str, *, but: RulesetRow | None) -> None:
    if any(each is not but and fold(each.name) == fold(name) for each in there):
        raise ConflictError(sentence("The ruleset “%(name)s” already exists.", name=name))


def _values(checked: Checked) -> dict[str, Any]:
    target = checked.target
    return {
        "name": checked.name,
        "enforcement": checked.enforcement,
        "includes": list(target.includes),
        "excludes": list(target.excludes),
        "repositories": list(target.repositories),
        "visibilities": list(target.visibilities),
        "properties": dict(target.properties),
        "rules": [ruleset_json.of_rule(each) for each in checked.rules],
        "bypass": [ruleset_json.of_bypass(each) for each in checked.bypass],
    }


def _record(
    work: UnitOfWork, where: Found, row: RulesetRow, changed: Mapping[str, Any], *, is_new: bool
) -> None:
    said = {name: value for name, value in changed.items() if name in KEPT}
    if "bypass" in changed:
        # Reasons are words of people, which `branch_rule.exempted` has.
        said["bypass"] = [_only(OF_SUBJECT, each) for each in changed["bypass"]]
    work.record(
        events.RulesetChanged(
            about=row.id,
            organisation_id=where.log,
            name=row.name,
            scope=row.layer.value,
            changed=said,
            is_new=is_new,
        )
    )


def _record_exempted(
    work: UnitOfWork,
    where: Found,
    row: RulesetRow,
    now: tuple[Bypass, ...],
    before: tuple[Bypass, ...],
) -> None:
    for each in now:
        if each in before:
            continue
        subject = ruleset_json.of_subject(each.subject)
        of_kind = {f"{subject['kind']}_id": subject["id"]} if "id" in subject else {}
        work.record(
            events.RulesetExempted(
                about=row.id,
                organisation_id=where.log,
                name=row.name,
                subject=subject["kind"],
                role=subject.get("role"),
                reason=each.reason,
                **of_kind,
            )
        )


def _only(names: tuple[str, ...], said: Mapping[str, str]) -> dict[str, str]:
    return {name: said[name] for name in names if name in said}

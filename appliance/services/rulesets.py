"""Rulesets: named rules for branches, tags and pushes, of the appliance, an organisation or one
repository. What a layer demands the layers below cannot loosen; all of them count.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch, fetch_rulesets, gate
from appliance.access.fetch_rulesets import Found, Place
from appliance.db.repositories import Repository
from appliance.db.rulesets import RepositoryProperty, RulesetRow, all_over, properties_of
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
    "properties",
    "properties_in",
    "remove",
    "set_properties",
]
MOST_RULESETS = 50
MOST_PROPERTIES = 20
LONGEST_KEY = 50
LONGEST_VALUE = 100
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


def properties(work: UnitOfWork, path: str) -> dict[str, str]:
    """What is said of a repository, for rulesets to choose it by."""
    repository = fetch.repository(work, path, Permission.REPOSITORY_READ)
    return properties_of(work.session, repository.id)


@dataclass(frozen=True)
class Described:
    """A repository, and what is said of it."""

    repository: str
    properties: Mapping[str, str]

    @property
    def lines(self) -> list[str]:
        """The same, as it is written."""
        return [f"{key}={value}" for key, value in self.properties.items()]


def properties_in(work: UnitOfWork, organisation: str) -> list[Described]:
    """What is said of each repository of an organisation; for its owners.

    Errors:
        HiddenError, RefusedError: the actor may not know.
    """
    found = fetch.organisation(work, organisation, Permission.ORGANISATION_MANAGE)
    rows = work.session.execute(
        sa.select(Repository.name, RepositoryProperty.key, RepositoryProperty.value)
        .outerjoin(RepositoryProperty, RepositoryProperty.repository_id == Repository.id)
        .where(
            Repository.organisation_id == found.id,
            Repository.deleted_at.is_(None),
            Repository.wiki_of_id.is_(None),
        )
        .order_by(Repository.name, RepositoryProperty.key)
    )
    said: dict[str, dict[str, str]] = {}
    for name, key, value in rows:
        here = said.setdefault(name, {})
        if key:
            here[key] = value
    return [Described(name, properties) for name, properties in said.items()]


def set_properties(work: UnitOfWork, path: str, said: Mapping[str, str]) -> dict[str, str]:
    """Say anew what rulesets choose a repository by: for who sets rules above it.

    Errors:
        RefusedError: the actor may not; a repository cannot get out of its organisation's rules.
        InvalidError: a name or a value is none, or there are too many.
    """
    repository = fetch.repository(work, path, Permission.REPOSITORY_READ)
    _insist_on_place_above(work, repository)
    wanted = {_key(key): _value(value) for key, value in said.items()}
    if len(wanted) > MOST_PROPERTIES:
        raise InvalidError.of(
            "properties", sentence("A repository has at most %(most)s.", most=MOST_PROPERTIES)
        )
    if wanted == properties_of(work.session, repository.id):
        return wanted
    work.session.execute(
        sa.delete(RepositoryProperty).where(RepositoryProperty.repository_id == repository.id)
    )
    work.session.add_all(
        RepositoryProperty(repository_id=repository.id, key=key, value=value)
        for key, value in wanted.items()
    )
    work.record(
        events.RepositoryPropertiesChanged(
            about=repository.id, organisation_id=repository.organisation_id, properties=wanted
        )
    )
    return wanted


def _insist_on_place_above(work: UnitOfWork, repository: Repository) -> None:
    if repository.organisation_id is None:
        gate.require(work, Permission.INSTANCE_MAINTAIN)
        return
    fetch.organisation(work, repository.owner_name, Permission.ORGANISATION_MANAGE)


def _key(key: str) -> str:
    found = fold(key.strip())
    if not 0 < len(found) <= LONGEST_KEY or not found.replace("-", "").replace("_", "").isalnum():
        raise InvalidError.of("properties", sentence("A name has letters, digits, - and _."))
    return found


def _value(value: str) -> str:
    found = value.strip()
    if not 0 < len(found) <= LONGEST_VALUE or not found.isprintable() or found == "*":
        raise InvalidError.of("properties", sentence("A value has 1 to 100 characters."))
    return found


def _insist_on_free_name(there: Any, name: str, *, but: RulesetRow | None) -> None:
    if any(each is not but and fold(each.name) == fold(name) for each in there):
        raise ConflictError(sentence("There is a ruleset “%(name)s” already.", name=name))


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

"""Rulesets in their three layers, what those on trial would have refused, and the properties of
repositories that they choose by.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from appliance.db.base import Table
from appliance.db.repositories import ProtectionRule, Repository
from appliance.db.signing_keys import firm_rules
from appliance.domain import ruleset_json
from appliance.domain.repository_properties import (
    LONGEST_DESCRIPTION,
    LONGEST_KEY,
    LONGEST_VALUE,
    Definition,
    PropertyKind,
    PropertySetter,
    effective,
)
from appliance.domain.ruleset_words import Enforcement, Layer
from appliance.domain.rulesets import (
    RepositoryFacts,
    Ruleset,
    Target,
    for_wiki,
    of_firm_rule,
    of_protection,
    of_wiki,
)


class RulesetRow(Table):
    """Rules with a name: of the appliance, of an organisation, or of a repository."""

    __tablename__ = "rulesets"
    __table_args__ = (
        sa.CheckConstraint("organisation_id IS NULL OR repository_id IS NULL", name="one_layer"),
        sa.Index("ix_rulesets_organisation_id", "organisation_id"),
        sa.Index("ix_rulesets_repository_id", "repository_id"),
    )

    organisation_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("organisations.id", ondelete="CASCADE")
    )
    repository_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("repositories.id", ondelete="CASCADE")
    )
    name: Mapped[str] = mapped_column(sa.String(100))
    enforcement: Mapped[Enforcement]
    includes: Mapped[list[str]]
    excludes: Mapped[list[str]]
    repositories: Mapped[list[str]]
    visibilities: Mapped[list[str]]
    properties: Mapped[dict[str, Any]]
    rules: Mapped[list[dict[str, Any]]] = mapped_column(sa.JSON())
    bypass: Mapped[list[dict[str, Any]]] = mapped_column(sa.JSON())
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]

    @property
    def layer(self) -> Layer:
        """Who has set it."""
        if self.repository_id is not None:
            return Layer.REPOSITORY
        return Layer.INSTANCE if self.organisation_id is None else Layer.ORGANISATION

    @property
    def target(self) -> Target:
        """Which repositories and refs it is about."""
        return Target(
            tuple(self.includes),
            tuple(self.excludes),
            tuple(self.repositories),
            tuple(self.visibilities),
            dict(self.properties),
        )

    def standing_over(self, repository: RepositoryFacts) -> Ruleset:
        """Its rules, for who judges."""
        includes, excludes = self.target.patterns(repository)
        return Ruleset(
            name=self.name,
            layer=self.layer,
            includes=includes,
            rules=tuple(map(ruleset_json.rule, self.rules)),
            excludes=excludes,
            enforcement=self.enforcement,
            bypass=tuple(map(ruleset_json.bypass, self.bypass)),
            id=self.id,
        )


class RulesetFinding(Table):
    """What a ruleset on trial would have refused."""

    __tablename__ = "ruleset_findings"
    __table_args__ = (
        sa.Index("ix_ruleset_findings_ruleset_id_found_at", "ruleset_id", "found_at"),
    )
    audited = False  # It has refused nothing; what was pushed is recorded.

    ruleset_id: Mapped[UUID] = mapped_column(sa.ForeignKey("rulesets.id", ondelete="CASCADE"))
    repository_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("repositories.id", ondelete="CASCADE"), index=True
    )
    user_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    push_id: Mapped[UUID | None]
    ref: Mapped[bytes]
    kind: Mapped[str] = mapped_column(sa.String(32))
    reasons: Mapped[list[str]]
    found_at: Mapped[datetime]


class RepositoryProperty(Table):
    """A word that an organisation's owners say of one of its repositories."""

    __tablename__ = "repository_properties"
    __table_args__ = (sa.UniqueConstraint("repository_id", "key"),)

    repository_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("repositories.id", ondelete="CASCADE")
    )
    key: Mapped[str] = mapped_column(sa.String(50))
    value: Mapped[str] = mapped_column(sa.String(100))


class PropertyDefinition(Table):
    """What an organisation's owners say of a property of its repositories."""

    __tablename__ = "property_definitions"
    __table_args__ = (sa.UniqueConstraint("organisation_id", "key"),)

    organisation_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("organisations.id", ondelete="CASCADE")
    )
    key: Mapped[str] = mapped_column(sa.String(LONGEST_KEY))
    kind: Mapped[PropertyKind]
    description: Mapped[str] = mapped_column(sa.String(LONGEST_DESCRIPTION), default="")
    allowed: Mapped[list[str]] = mapped_column(default=list)
    is_required: Mapped[bool] = mapped_column(default=False)
    default_value: Mapped[str | None] = mapped_column(sa.String(LONGEST_VALUE))
    set_by: Mapped[PropertySetter]

    @property
    def as_value(self) -> Definition:
        """As rules know it."""
        return Definition(
            self.key,
            self.kind,
            self.description,
            tuple(self.allowed),
            self.is_required,
            self.default_value,
            self.set_by,
        )


# Built once: every push asks it. In an order, so that two looks can be compared.
OVER = (
    sa.select(RulesetRow)
    .where(
        RulesetRow.enforcement != Enforcement.OFF,
        sa.or_(
            RulesetRow.repository_id == sa.bindparam("repository_id"),
            RulesetRow.organisation_id == sa.bindparam("organisation_id"),
            sa.and_(RulesetRow.repository_id.is_(None), RulesetRow.organisation_id.is_(None)),
        ),
    )
    .order_by(RulesetRow.id)
)


def over(session: Session, repository: Repository) -> list[Ruleset]:
    """The named rulesets that count for a repository, or are on trial there."""
    asked = {
        "repository_id": repository.wiki_of_id or repository.id,
        "organisation_id": repository.organisation_id or repository.id,
    }
    rows = list(session.scalars(OVER, asked))
    if not rows:
        return []
    facts = facts_of(session, repository, with_properties=any(row.properties for row in rows))
    return [row.standing_over(facts) for row in rows if row.target.is_about(facts)]


def all_over(session: Session, repository: Repository) -> list[Ruleset]:
    """The same, with the protections of the repository and what its organisation demands.

    A wiki has no rules of its own: those over its repository count, as far as they fit pages.
    """
    home_id = repository.wiki_of_id or repository.id
    query = sa.select(ProtectionRule).where(ProtectionRule.repository_id == home_id)
    own = session.scalars(query.order_by(ProtectionRule.pattern))
    protections = [of_protection(row.as_rule) for row in own]
    firm = [of_firm_rule(rule) for rule in firm_rules(session, repository.organisation_id)]
    named = over(session, repository)
    if repository.wiki_of_id is None:
        return [*protections, *firm, *named]
    pages, code = repository.default_branch, session.get_one(Repository, home_id).default_branch
    fitting = for_wiki([*protections, *named], code=code, pages=pages)
    return [of_wiki(pages), *firm, *fitting]


def facts_of(
    session: Session, repository: Repository, *, with_properties: bool = True
) -> RepositoryFacts:
    """What rulesets choose repositories by; a wiki is chosen with its repository."""
    return RepositoryFacts(
        name=repository.name,
        default_branch=repository.default_branch,
        visibility=repository.visibility.value,
        properties=properties_of(session, repository) if with_properties else {},
    )


def properties_of(session: Session, repository: Repository) -> dict[str, str]:
    """What holds for a repository: what is said of it, and its organisation's defaults."""
    said = said_of(session, repository.wiki_of_id or repository.id)
    return effective(said, definitions_of(session, repository.organisation_id).values())


def said_of(session: Session, repository_id: UUID) -> dict[str, str]:
    """What is said of a repository itself."""
    query = sa.select(RepositoryProperty).where(RepositoryProperty.repository_id == repository_id)
    return {row.key: row.value for row in session.scalars(query.order_by(RepositoryProperty.key))}


def definitions_of(session: Session, organisation_id: UUID | None) -> dict[str, Definition]:
    """What an organisation says of the properties of its repositories, by their names."""
    if organisation_id is None:
        return {}
    query = sa.select(PropertyDefinition).where(
        PropertyDefinition.organisation_id == organisation_id
    )
    rows = session.scalars(query.order_by(PropertyDefinition.key))
    return {row.key: row.as_value for row in rows}

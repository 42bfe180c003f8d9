"""OpenPGP keys, X.509 certificates and authorities, by which work is signed, and what organisations
demand of signatures. SSH keys sign too; they stand with the credentials.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from appliance.db.base import Table
from appliance.domain.protection import FirmRule
from appliance.domain.signatures import SignedBy


class OpenPgpKey(Table):
    """A user's public key, with its subkeys and all that it says of itself."""

    __tablename__ = "openpgp_keys"

    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), index=True)
    fingerprint: Mapped[str] = mapped_column(sa.String(64), unique=True)
    """Of the primary key, in lower-case hex."""
    algorithm: Mapped[str] = mapped_column(sa.String(64))
    user_ids: Mapped[list[str]]
    certificate: Mapped[bytes]
    created_at: Mapped[datetime]
    """When it was added here."""
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    is_revoked: Mapped[bool] = mapped_column(default=False)


class OpenPgpKeyPart(Table):
    """The primary key or a subkey: signatures name these."""

    __tablename__ = "openpgp_key_parts"
    audited = False  # Part of the key.

    key_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("openpgp_keys.id", ondelete="CASCADE"), index=True
    )
    fingerprint: Mapped[str] = mapped_column(sa.String(64), unique=True)
    short_id: Mapped[str] = mapped_column(sa.String(16), index=True)
    """The last 16 digits, which is all that old programs write into a signature."""


class ApplianceKey(Table):
    """A public key by which the appliance signs what it commits for somebody, or once did."""

    __tablename__ = "appliance_keys"
    audited = False  # It follows from the instance's secret, which nobody changes here.

    public_key: Mapped[bytes]
    """As in RFC 4253, section 6.6."""
    fingerprint: Mapped[str] = mapped_column(sa.String(64), unique=True)
    created_at: Mapped[datetime]


class AuthorityColumns:
    """What is kept of an authority, whoever trusts it."""

    title: Mapped[str] = mapped_column(sa.String(100))
    subject: Mapped[str] = mapped_column(sa.String(500))
    fingerprint: Mapped[str] = mapped_column(sa.String(64))
    """SHA-256 of the certificate, in hex."""
    certificate: Mapped[bytes]
    """DER."""
    ends_at: Mapped[datetime]
    created_at: Mapped[datetime]
    revocations: Mapped[bytes | None] = mapped_column(deferred=True)
    """The list that it has signed last, in DER. It may be large."""
    revocations_digest: Mapped[str | None] = mapped_column(sa.String(64))
    revoked_count: Mapped[int | None]
    revocations_made_at: Mapped[datetime | None]
    revocations_until: Mapped[datetime | None]
    """When the next list was due."""


class X509Authority(AuthorityColumns, Table):
    """A certificate whose holders' signatures count, and its list of those that no longer do."""

    __tablename__ = "x509_authorities"
    __table_args__ = (sa.UniqueConstraint("fingerprint"),)


class OrganisationX509Authority(AuthorityColumns, Table):
    """The same, where an organisation alone trusts it.

    A table of its own: no question about those of the appliance can find it.
    """

    __tablename__ = "organisation_x509_authorities"
    __table_args__ = (sa.UniqueConstraint("organisation_id", "fingerprint"),)

    organisation_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("organisations.id", ondelete="CASCADE")
    )


class X509Certificate(Table):
    """A certificate that a user has shown to be theirs."""

    __tablename__ = "x509_certificates"

    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), index=True)
    fingerprint: Mapped[str] = mapped_column(sa.String(64), unique=True)
    """SHA-256 of the certificate, in hex."""
    subject: Mapped[str] = mapped_column(sa.String(500))
    addresses: Mapped[list[str]]
    """The e-mail addresses that it names; none: it speaks for each verified one of the user's."""
    certificate: Mapped[bytes]
    """DER."""
    ends_at: Mapped[datetime]
    created_at: Mapped[datetime]


class SigningRule(Table):
    """What an organisation demands of signatures in all its repositories, for some refs."""

    __tablename__ = "signing_rules"
    __table_args__ = (sa.UniqueConstraint("organisation_id", "pattern"),)

    organisation_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("organisations.id", ondelete="CASCADE")
    )
    pattern: Mapped[str] = mapped_column(sa.String(255))
    """A full ref name in which `*` stands for anything, as in rules of a repository."""
    signed_by: Mapped[list[str]]
    """Which signatures of new commits and tags count; empty: they need none."""
    signed_push: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]


# On the table and built once: every push to a repository of an organisation asks it.
RULES = sa.select(SigningRule.pattern, SigningRule.signed_by, SigningRule.signed_push).where(
    SigningRule.organisation_id == sa.bindparam("organisation_id")
)


def signing_rules(session: Session, organisation_id: UUID) -> list[SigningRule]:
    """The rules of an organisation, by pattern."""
    query = sa.select(SigningRule).where(SigningRule.organisation_id == organisation_id)
    return list(session.scalars(query.order_by(SigningRule.pattern)))


def firm_rules(session: Session, organisation_id: UUID | None) -> list[FirmRule]:
    """What they say, for who decides about a push; none where there is no organisation."""
    if organisation_id is None:
        return []
    found = session.execute(RULES, {"organisation_id": organisation_id})
    return [
        FirmRule(row.pattern, frozenset(map(SignedBy, row.signed_by)), row.signed_push)
        for row in found
    ]

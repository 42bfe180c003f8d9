"""Every credential there is, of all kinds, as rows of one shape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from appliance.db.credential_rules import KEPT_OUT, KeyKeptOut, TokenApproval
from appliance.db.credentials import AccessToken, SshKey, TokenRepository
from appliance.db.organisations import Membership, Team, TeamMembership
from appliance.db.repositories import Grant, Repository
from appliance.db.scim import ScimToken
from appliance.db.signing_keys import OpenPgpKey, X509Certificate
from appliance.db.ssh_authorities import SshAuthority
from appliance.db.users import User
from appliance.domain.credentials import CredentialKind
from appliance.domain.signatures import MAY_ENTER

NOBODY = sa.cast(sa.null(), sa.Uuid())
NO_MOMENT = sa.null()
ALL, CHOSEN = "all", "chosen"


def everything() -> sa.CompoundSelect[Any]:
    """All of the instance that count or could again: what was revoked is not there any more."""
    return sa.union_all(
        _tokens(sa.true()),
        _keys(SshKey.user_id.is_not(None)),
        _deploy_keys(sa.true()),
        _row(
            CredentialKind.SCIM_TOKEN,
            *(ScimToken.id, ScimToken.name, ScimToken.shown_prefix),
            provider_id=ScimToken.provider_id,
            created_at=ScimToken.created_at,
            expires_at=ScimToken.expires_at,
        ).where(ScimToken.revoked_at.is_(None)),
        _row(
            CredentialKind.SSH_AUTHORITY,
            *(SshAuthority.id, SshAuthority.title, SshAuthority.fingerprint),
            created_at=SshAuthority.created_at,
        ),
        _row(
            CredentialKind.SIGNING_KEY,
            *(OpenPgpKey.id, OpenPgpKey.fingerprint, OpenPgpKey.fingerprint),
            user_id=OpenPgpKey.user_id,
            created_at=OpenPgpKey.created_at,
            expires_at=OpenPgpKey.expires_at,
        ).where(OpenPgpKey.is_revoked.is_(False)),
        _row(
            CredentialKind.SIGNING_KEY,
            *(X509Certificate.id, X509Certificate.subject, X509Certificate.fingerprint),
            user_id=X509Certificate.user_id,
            created_at=X509Certificate.created_at,
            expires_at=X509Certificate.ends_at,
        ),
    )


def reaching(organisation_id: UUID) -> sa.CompoundSelect[Any]:
    """Those that let somebody or something into an organisation: tokens and keys of its members, of
    its machines and of whom its repositories were opened to, and its deploy keys. What it keeps out
    is none of them.
    """
    its = sa.select(Repository.id).where(
        Repository.organisation_id == organisation_id, Repository.deleted_at.is_(None)
    )
    people = _people(organisation_id, its)
    for_its = sa.exists().where(
        TokenRepository.token_id == AccessToken.id, TokenRepository.repository_id.in_(its)
    )
    reach = sa.or_(AccessToken.all_repositories.is_(True), for_its)
    no_token = sa.exists().where(
        TokenApproval.token_id == AccessToken.id,
        TokenApproval.organisation_id == organisation_id,
        KEPT_OUT,
    )
    no_key = sa.exists().where(
        KeyKeptOut.fingerprint == SshKey.fingerprint,
        KeyKeptOut.organisation_id == organisation_id,
    )
    return sa.union_all(
        _tokens(AccessToken.user_id.in_(people) & reach & ~no_token),
        _keys(SshKey.user_id.in_(people) & SshKey.usage.in_(MAY_ENTER) & ~no_key),
        _deploy_keys(SshKey.repository_id.in_(its)),
    )


def _people(organisation_id: UUID, its: sa.Select[UUID]) -> sa.CompoundSelect[Any]:
    """Who has something to do with an organisation."""
    teams = sa.select(Team.id).where(Team.organisation_id == organisation_id)
    return sa.union(
        sa.select(Membership.user_id).where(Membership.organisation_id == organisation_id),
        sa.select(Grant.user_id).where(Grant.repository_id.in_(its), Grant.user_id.is_not(None)),
        sa.select(TeamMembership.user_id).where(TeamMembership.team_id.in_(teams)),
        sa.select(User.id).where(User.owner_organisation_id == organisation_id),
    )


def _tokens(which: sa.ColumnElement[bool]) -> sa.Select[Any]:
    chosen = sa.case((AccessToken.all_repositories.is_(True), ALL), else_=CHOSEN)
    return _row(
        CredentialKind.TOKEN,
        *(AccessToken.id, AccessToken.name, AccessToken.shown_prefix),
        user_id=AccessToken.user_id,
        scopes=sa.cast(AccessToken.scopes, sa.Text),
        reach=chosen,
        created_at=AccessToken.created_at,
        expires_at=AccessToken.expires_at,
    ).where(AccessToken.revoked_at.is_(None), which)


def _keys(which: sa.ColumnElement[bool]) -> sa.Select[Any]:
    return _row(
        CredentialKind.SSH_KEY,
        *(SshKey.id, SshKey.title, SshKey.fingerprint),
        user_id=SshKey.user_id,
        scopes=sa.type_coerce(SshKey.usage, sa.String),
        reach=sa.literal(ALL),
        created_at=SshKey.created_at,
        expires_at=SshKey.expires_at,
    ).where(which)


def _deploy_keys(which: sa.ColumnElement[bool]) -> sa.Select[Any]:
    return _row(
        CredentialKind.DEPLOY_KEY,
        *(SshKey.id, SshKey.title, SshKey.fingerprint),
        repository_id=SshKey.repository_id,
        scopes=sa.case((SshKey.may_write.is_(True), "write"), else_="read"),
        reach=sa.literal(CHOSEN),
        created_at=SshKey.created_at,
        expires_at=SshKey.expires_at,
    ).where(SshKey.repository_id.is_not(None), which)


def _row(
    kind: CredentialKind,
    credential_id: Any,
    name: Any,
    mark: Any,
    *,
    user_id: Any = NOBODY,
    repository_id: Any = NOBODY,
    provider_id: Any = NOBODY,
    scopes: Any = "",
    reach: Any = "",
    created_at: Any,
    expires_at: Any = NO_MOMENT,
) -> sa.Select[Any]:
    columns: Sequence[sa.ColumnElement[Any]] = (
        credential_id.label("id"),
        sa.literal(str(kind)).label("kind"),
        name.label("name"),
        mark.label("mark"),
        user_id.label("user_id"),
        repository_id.label("repository_id"),
        provider_id.label("provider_id"),
        _text(scopes).label("scopes"),
        _text(reach).label("reach"),
        created_at.label("created_at"),
        sa.cast(expires_at, AccessToken.expires_at.type).label("expires_at")
        if expires_at is NO_MOMENT
        else expires_at.label("expires_at"),
    )
    return sa.select(*columns)


def _text(value: Any) -> sa.ColumnElement[Any]:
    return sa.literal(value) if isinstance(value, str) else value

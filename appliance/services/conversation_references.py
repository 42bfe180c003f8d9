"""What texts speak of, as links for one reader: what they may not see stays words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch, visible, visible_conversations
from appliance.db.conversations import Conversation
from appliance.db.organisations import Team
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import Owner, OwnerKind
from appliance.domain.conversations import ConversationKind
from appliance.domain.names import fold
from appliance.domain.permissions import Permission
from appliance.domain.references import Spoken, spoken_of
from appliance.errors import ApplianceError, NotFoundError
from appliance.git import refs

if TYPE_CHECKING:
    from appliance.git.storage import RepositoryStore


@dataclass(frozen=True)
class Target:
    """A conversation that is spoken of."""

    path: str
    number: int
    kind: ConversationKind
    title: str


@dataclass
class Links:
    """Where what is spoken of leads. Keys are as in the text."""

    people: dict[str, str] = field(default_factory=dict)
    """Names, in the letters they are really written in."""
    teams: dict[str, str] = field(default_factory=dict)
    conversations: dict[str, Target] = field(default_factory=dict)
    """By `#12` and `OWNER/NAME#12`."""
    commits: dict[str, str] = field(default_factory=dict)


def links(
    work: UnitOfWork,
    path: str,
    texts: Iterable[str],
    *,
    repositories: RepositoryStore | None = None,
) -> Links:
    """Where what texts of a repository speak of leads, for the reader.

    Errors:
        HiddenError, MovedError: there is no such repository, or none for this actor.
    """
    repository = fetch.repository(work, path, Permission.REPOSITORY_READ)
    spoken, found = spoken_of(*texts), Links()
    _people(work, spoken, found)
    _teams(work, spoken, found)
    _conversations(work, repository, spoken, found)
    if repositories is not None:
        _commits(repository.id, spoken, found, repositories)
    return found


def _people(work: UnitOfWork, spoken: Spoken, found: Links) -> None:
    if not spoken.people:
        return
    keys = {fold(name): name for name in spoken.people}
    seen = visible.users(work).subquery()
    organisations = visible.organisations(work).subquery()
    rows = work.session.execute(
        sa.select(Owner.name_key, Owner.name).where(
            Owner.name_key.in_(list(keys)),
            sa.or_(
                sa.and_(Owner.kind == OwnerKind.USER, Owner.id.in_(sa.select(seen.c.id))),
                Owner.id.in_(sa.select(organisations.c.id)),
            ),
        )
    )
    real = {row[0]: row[1] for row in rows}
    found.people.update({name: real[fold(name)] for name in spoken.people if fold(name) in real})


def _teams(work: UnitOfWork, spoken: Spoken, found: Links) -> None:
    for path in spoken.teams:
        try:
            organisation, team = fetch.team(work, path, Permission.ORGANISATION_READ)
        except NotFoundError:
            continue
        except ApplianceError:
            continue  # It is there, but not to be reached from here.
        found.teams[path] = _path(organisation.name, team)


def _path(organisation: str, team: Team) -> str:
    return f"{organisation}/{team.name}"


def _conversations(work: UnitOfWork, repository: Repository, spoken: Spoken, found: Links) -> None:
    wanted = {(fold(repository.path), number): f"#{number}" for number in spoken.numbers}
    named = {(fold(path), number): f"{path}#{number}" for path, number in spoken.elsewhere}
    if not wanted and not named:
        return
    paths = sorted({path for path, _ in (*wanted, *named)})
    numbers = sorted({number for _, number in (*wanted, *named)})
    key = sa.func.lower(Repository.owner_name) + "/" + Repository.name_key
    rows = work.session.execute(
        visible_conversations.conversations(work)
        .join(Repository, Repository.id == Conversation.repository_id)
        .where(key.in_(paths), Conversation.number.in_(numbers))
        .with_only_columns(Conversation, Repository)
    )
    for conversation, home in rows:
        target = Target(home.path, conversation.number, conversation.kind, conversation.title)
        place = (fold(home.path), conversation.number)
        for spelled in (wanted.get(place), named.get(place)):
            if spelled is not None:
                found.conversations[spelled] = target


def _commits(
    repository_id: UUID, spoken: Spoken, found: Links, repositories: RepositoryStore
) -> None:
    folder = repositories.folder(repository_id)
    for short in spoken.commits:
        try:
            found.commits[short] = refs.resolve(folder, short.encode()).commit
        except ApplianceError:
            continue  # It is a word like any other.

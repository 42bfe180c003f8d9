"""Labels of a repository on its commits: security, performance, refactor, hotfix.

Who calls has found the commit in the repository: these verbs know it by its whole id.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from appliance.access import fetch, fetch_conversations
from appliance.db import paging
from appliance.db.commit_talk import CommitLabel
from appliance.db.labels import Label
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.conversations import MOST_LABELS, name_key
from appliance.domain.permissions import Permission
from appliance.errors import InvalidError, sentence


@dataclass(frozen=True)
class Labelled:
    """A commit that has a label."""

    commit: str
    given_at: datetime


def of_commits(work: UnitOfWork, path: str, commits: Iterable[str]) -> dict[str, list[Label]]:
    """The labels of each of these commits, by name.

    Errors:
        HiddenError, MovedError: there is no such repository, or none for this actor.
    """
    repository = fetch.repository(work, path, Permission.REPOSITORY_READ)
    rows = work.session.execute(
        sa.select(CommitLabel.commit, Label)
        .join(Label, Label.id == CommitLabel.label_id)
        .where(CommitLabel.repository_id == repository.id, CommitLabel.commit.in_(set(commits)))
        .order_by(Label.name_key)
    )
    found: dict[str, list[Label]] = {}
    for commit, label in rows:
        found.setdefault(commit, []).append(label)
    return found


def labelled(
    work: UnitOfWork,
    path: str,
    name: str,
    *,
    after: str | None = None,
    limit: int = paging.USUAL_LIMIT,
) -> paging.Page[Labelled]:
    """The commits that have a label, those that got it last first.

    Errors:
        HiddenError, MovedError: there is no such repository, or none for this actor.
        InvalidError: there is no such label, or the place in the list is none.
    """
    repository = fetch.repository(work, path, Permission.REPOSITORY_READ)
    (label,) = _named(work, repository, [name])
    query = sa.select(CommitLabel).where(CommitLabel.label_id == label.id)
    found = paging.page(
        *(work.session, query, CommitLabel.id),
        make=paging.only,
        after=after,
        limit=limit,
        newest_first=True,
    )
    return paging.Page([Labelled(each.commit, each.given_at) for each in found.items], found.next)


def set_all(
    work: UnitOfWork, path: str, commit: str, names: Sequence[str], *, now: datetime
) -> list[Label]:
    """Give a commit these labels and no others.

    Errors:
        HiddenError, RefusedError, UnauthenticatedError: the actor is no triager there.
        InvalidError: there is no such label, or there are too many.
        ConflictError: the repository is archived.
    """
    repository = fetch_conversations.to_sort(work, path)
    wanted = _named(work, repository, names)
    if len(wanted) > MOST_LABELS:
        raise InvalidError.of(
            "labels", sentence("There are at most %(most)s labels.", most=MOST_LABELS)
        )
    has = of_commits(work, path, [commit]).get(commit, [])
    added = [each for each in wanted if each not in has]
    removed = [each for each in has if each not in wanted]
    _give(work, repository, commit, added, removed, now=now)
    if added or removed:
        work.record(
            events.CommitLabelsChanged(
                about=repository.id,
                organisation_id=repository.organisation_id,
                commit=commit,
                added=[each.name for each in added],
                removed=[each.name for each in removed],
            )
        )
    return wanted


def _give(
    work: UnitOfWork,
    repository: Repository,
    commit: str,
    added: Sequence[Label],
    removed: Sequence[Label],
    *,
    now: datetime,
) -> None:
    for label in added:
        values = {"label_id": label.id, "given_at": now}
        work.session.add(CommitLabel(repository_id=repository.id, commit=commit, **values))
    if removed:
        work.session.execute(
            sa.delete(CommitLabel).where(
                CommitLabel.repository_id == repository.id,
                CommitLabel.commit == commit,
                CommitLabel.label_id.in_([each.id for each in removed]),
            )
        )


def _named(work: UnitOfWork, repository: Repository, names: Sequence[str]) -> list[Label]:
    keys = {name_key(name): name for name in names}
    query = sa.select(Label).where(
        Label.repository_id == repository.id, Label.name_key.in_(list(keys))
    )
    found = list(work.session.scalars(query.order_by(Label.name_key))) if keys else []
    for each in found:
        keys.pop(each.name_key)
    for name in keys.values():
        raise InvalidError.of("labels", sentence("There is no label %(name)s here.", name=name))
    return found

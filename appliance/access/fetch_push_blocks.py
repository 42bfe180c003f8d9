"""Secrets that stopped pushes, and the bypasses that were requested of them.

Who was stopped sees their own, and who decides about bypasses in the repository sees all; for all
others there are none.
"""

from __future__ import annotations

from uuid import UUID

from appliance.access import fetch, grants
from appliance.db.push_protection import PushBlock, SecretBypass
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.permissions import Permission
from appliance.errors import HiddenError, RefusedError, sentence

NONE = sentence("There is no such blocked secret.")
DECIDES = Permission.ALERT_SETTLE


def block(work: UnitOfWork, block_id: UUID) -> tuple[Repository, PushBlock]:
    """A blocked secret, for whoever was stopped by it or decides about it.

    Errors:
        HiddenError: there is none for this actor.
    """
    found = work.session.get(PushBlock, block_id)
    if found is None:
        raise HiddenError(NONE)
    repository = _repository(work, found)
    if not (is_own(work, found) or DECIDES in grants.on_repository(work, repository)):
        raise HiddenError(NONE)
    return repository, found


def own_block(work: UnitOfWork, block_id: UUID) -> tuple[Repository, PushBlock]:
    """A secret that stopped the actor themselves, who may still push there.

    Errors:
        HiddenError: there is none for this actor.
        RefusedError: it stopped somebody else.
    """
    repository, found = block(work, block_id)
    fetch.repository_by_id(work, repository.id, Permission.REPOSITORY_WRITE)
    if not is_own(work, found):
        raise RefusedError(sentence("Only whoever was stopped can ask for a bypass."))
    return repository, found


def bypass(work: UnitOfWork, bypass_id: UUID) -> tuple[Repository, PushBlock, SecretBypass]:
    """A bypass that somebody else requested, for whoever decides.

    Errors:
        HiddenError: there is none for this actor.
        RefusedError: they may not decide, or it is their own.
    """
    found = work.session.get(SecretBypass, bypass_id)
    if found is None:
        raise HiddenError(NONE)
    repository, stopped = block(work, found.block_id)
    if is_own(work, stopped):
        raise RefusedError(sentence("Nobody decides about a bypass of their own."))
    fetch.repository_by_id(work, repository.id, DECIDES)
    return repository, stopped, found


def is_own(work: UnitOfWork, found: PushBlock) -> bool:
    """Whether it stopped the actor."""
    return found.actor_ref == work.actor.pseudonym


def _repository(work: UnitOfWork, found: PushBlock) -> Repository:
    try:
        return fetch.repository_by_id(work, found.repository_id, Permission.REPOSITORY_READ)
    except HiddenError as error:
        raise HiddenError(NONE) from error

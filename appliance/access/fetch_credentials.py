"""What lets somebody in, by its id, and the machines that people manage."""

from __future__ import annotations

from typing import TypeVar
from uuid import UUID

from appliance.access import fetch, gate, grants
from appliance.db.credentials import AccessToken, BrowserSession, SshKey
from appliance.db.organisations import Organisation
from appliance.db.signing_keys import OpenPgpKey, X509Certificate
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User
from appliance.domain.permissions import Permission
from appliance.errors import HiddenError, sentence

Credential = TypeVar("Credential", AccessToken, BrowserSession, OpenPgpKey, SshKey, X509Certificate)


def owner(
    work: UnitOfWork,
    organisation: str,
    permission: Permission,
    *,
    of_instance: Permission,
    sensitive: bool = False,
) -> Organisation | None:
    """The organisation of that name; None for the instance, whose name is empty.

    Errors:
        HiddenError, RefusedError: the actor has not this permission there, or on the instance.
        ElevationRequiredError: they must confirm who they are first.
    """
    if not organisation:
        gate.require(work, of_instance, sensitive=sensitive)
        return None
    found = fetch.organisation(work, organisation, permission)
    gate.require_elevation(work, permission, sensitive=sensitive)
    return found


def machine(work: UnitOfWork, name: str, *, sensitive: bool = False) -> User:
    """The service account of that name, for who may manage it.

    Errors:
        HiddenError: there is none, or the actor may not see users.
        RefusedError: the actor may not manage it.
    """
    found = fetch.account(work, name, sensitive=sensitive)
    if not found.is_machine:
        raise HiddenError(sentence("There is no service account %(name)s.", name=name))
    return found


def session(work: UnitOfWork, session_id: UUID) -> BrowserSession:
    """A browser session: one's own, or anybody's for administrators.

    Errors:
        HiddenError: there is none, or none for this actor.
    """
    return _owned(work, work.session.get(BrowserSession, session_id), sentence("session"))


def token(work: UnitOfWork, token_id: UUID) -> AccessToken:
    """An access token: one's own, or anybody's for administrators.

    Errors:
        HiddenError: there is none, or none for this actor.
    """
    return _owned(work, work.session.get(AccessToken, token_id), sentence("token"))


def ssh_key(work: UnitOfWork, key_id: UUID) -> SshKey:
    """A user's SSH key: one's own, or anybody's for administrators.

    Errors:
        HiddenError: there is none, or none for this actor.
    """
    return _owned(work, work.session.get(SshKey, key_id), sentence("SSH key"))


def openpgp_key(work: UnitOfWork, key_id: UUID) -> OpenPgpKey:
    """A user's OpenPGP key: one's own, or anybody's for administrators.

    Errors:
        HiddenError: there is none, or none for this actor.
    """
    return _owned(work, work.session.get(OpenPgpKey, key_id), sentence("OpenPGP key"))


def x509_certificate(work: UnitOfWork, certificate_id: UUID) -> X509Certificate:
    """A certificate that a user signs with: one's own, or anybody's for administrators.

    Errors:
        HiddenError: there is none, or none for this actor.
    """
    return _owned(work, work.session.get(X509Certificate, certificate_id), sentence("certificate"))


def _owned(work: UnitOfWork, found: Credential | None, noun: str) -> Credential:
    gate.require(work, Permission.OWN_ACCOUNT)
    if found is None or found.user_id is None:  # A deploy key is nobody's.
        raise HiddenError(sentence("There is no such %(noun)s.", noun=noun))
    if found.user_id == work.actor.id:
        return found
    holder = work.session.get(User, found.user_id)
    if holder is not None and grants.runs_machine(work, holder):
        gate.insist_on_place(work, holder.owner_organisation_id)
        return found
    if Permission.USERS_MANAGE not in grants.on_instance(work.actor):
        raise HiddenError(sentence("There is no such %(noun)s.", noun=noun))
    gate.require_elevation(work, Permission.USERS_MANAGE)
    return found

"""Signing in by the password of an LDAP directory.

It has three steps, because a directory may take seconds, and that long nobody may hold the
database: `prepare` counts the attempt and says whom to ask, `Question.ask` asks the directory
without any transaction, and `answered` takes what it said.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from appliance.access.gate import open_to_everyone
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User
from appliance.domain import events
from appliance.domain.claims import Claims
from appliance.domain.identity_providers import ProviderKind
from appliance.domain.names import fold
from appliance.errors import UnauthenticatedError
from appliance.federation.ldap import Directory, Kept
from appliance.federation.ldap_connection import DirectoryError
from appliance.federation.ldap_settings import LdapSettings
from appliance.security.sealing import Sealer
from appliance.services import identities, identity_providers, offered_providers
from appliance.services.attempts import Attempt
from appliance.services.sign_in import LONGEST_NAME_KEPT, WRONG

if TYPE_CHECKING:
    from appliance.wiring import SignInTools


@dataclass(frozen=True)
class Question:
    """Somebody who shows a password of a directory, before it was asked."""

    provider_id: UUID
    typed: str
    directory: Directory
    attempt: Attempt

    def ask(self, password: str, *, now: datetime) -> Claims | Kept | DirectoryError:
        """What the directory says. Wants no transaction: it may take seconds."""
        try:
            return self.directory.check(self.typed, password, now=now)
        except DirectoryError as error:
            return error


@open_to_everyone(because="it finds out who is asking")
def prepare(
    work: UnitOfWork, name: str, typed: str, *, tools: SignInTools, sealer: Sealer
) -> Question:
    """Count an attempt to sign in by a directory, and say what to ask it. Wants `reading()`.

    Errors:
        NotFoundError: there is no such directory, or it is switched off.
        ThrottledError: there were too many wrong attempts lately.
    """
    offered = offered_providers.named(work, name, ProviderKind.LDAP)
    # Who is signed in is counted apart, so that nobody outside can keep them from confirming.
    own = work.actor.id
    person = f"confirm {own}" if own else f"sign-in {offered.id} {fold(typed.strip())}"
    attempt = Attempt(tools, person, work.actor.origin.address)
    attempt.claim()
    settings = identity_providers.settings_of(work, offered.id, LdapSettings, sealer=sealer)
    return Question(offered.id, typed.strip(), tools.directories.of(settings), attempt)


@open_to_everyone(because="the directory has said who they are")
def answered(work: UnitOfWork, question: Question, said: Claims | Kept | DirectoryError) -> Claims:
    """The claims that a directory made of who knows the password. Wants `reading()`.

    Errors:
        UnauthenticatedError: they may not enter, for a reason that only the log learns.
        DirectoryError: it did not answer, or not wholly.
    """
    if isinstance(said, DirectoryError):
        raise said
    if isinstance(said, Claims):
        question.attempt.succeeded()
        return said
    question.attempt.failed()
    user = _user(work, question, said)
    refused = events.SignInRefused(
        about=user.id if user else None,
        person=user.pseudonym if user else None,
        reason=said.refusal,
        provider_id=str(question.provider_id),
        name=question.typed[:LONGEST_NAME_KEPT],
    )
    raise UnauthenticatedError(WRONG, event=refused)


@open_to_everyone(because="the directory says so of somebody who is known")
def learn(
    work: UnitOfWork, question: Question, said: Claims | Kept | DirectoryError, *, now: datetime
) -> None:
    """Keep somebody out at once of whom the directory says that they may not enter any more."""
    if not isinstance(said, Kept) or said.claims is None:
        return
    identity = identities.meant(work, question.provider_id, said.claims)
    if identity is not None:
        identities.follow(work, identity.id, said.claims, now=now)


def _user(work: UnitOfWork, question: Question, said: Kept) -> User | None:
    """Who is meant, where the directory said so for certain and they are known."""
    if said.claims is None:
        return None
    identity = identities.meant(work, question.provider_id, said.claims)
    return work.session.get(User, identity.user_id) if identity else None

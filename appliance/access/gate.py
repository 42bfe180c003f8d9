"""Questions where there is no thing yet, and the mark of what is open to everyone."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

from appliance.access import grants
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.identity import Method
from appliance.domain.permissions import SENSITIVE, Permission, narrowest_scope
from appliance.errors import ElevationRequiredError, RefusedError, UnauthenticatedError, sentence

NOT_AS_ANOTHER = sentence(
    "You cannot do this while acting as another user. Stop impersonating first, then do it "
    "in your own name."
)
Verb = TypeVar("Verb", bound=Callable[..., object])


def require(work: UnitOfWork, permission: Permission, *, sensitive: bool = False) -> None:
    """Go on only if the actor may do this on the instance.

    Errors:
        UnauthenticatedError: nobody has signed in.
        RefusedError: they may not.
        ElevationRequiredError: they must confirm who they are first.
    """
    if not work.actor.is_signed_in:
        raise UnauthenticatedError("Sign in first.")
    if not is_allowed(work, permission):
        raise RefusedError(who_may(work, permission))
    require_elevation(work, permission, sensitive=sensitive)


def require_elevation(work: UnitOfWork, permission: Permission, *, sensitive: bool = False) -> None:
    """Go on only if the act needs no fresh confirmation, or there is one.

    Tokens and the console need none: there is nobody to ask.

    Errors:
        ElevationRequiredError: a person in a browser must confirm who they are.
    """
    actor = work.actor
    needed = sensitive or permission in SENSITIVE
    if needed and actor.origin.method is Method.SESSION and not actor.is_elevated:
        raise ElevationRequiredError("Confirm your password to continue.")


def insist_on_place(work: UnitOfWork, organisation_id: UUID | None) -> None:
    """Go on only if an organisation may be reached from where the actor is.

    Errors:
        RefusedError: its list of networks does not hold their address.
    """
    if organisation_id is not None and organisation_id in work.actor.closed_organisations:
        raise RefusedError(
            sentence(
                "This organisation cannot be reached from your IP address. Its owners "
                "set the allowed networks."
            )
        )


def is_allowed(work: UnitOfWork, permission: Permission) -> bool:
    """Whether the actor may do this on the instance."""
    return permission in grants.on_instance(work.actor)


def as_another(work: UnitOfWork, permission: Permission) -> str:
    """Why somebody may not do this who acts as another; empty where that is not the reason."""
    if work.actor.impersonator is None or work.actor.ceiling_allows(permission):
        return ""
    return NOT_AS_ANOTHER


def only_owners(work: UnitOfWork, organisation: str, permission: Permission) -> str:
    """Why the actor may not do this in an organisation, and who could."""
    said = sentence("Only an owner of %(name)s may do that.", name=organisation)
    return as_another(work, permission) or said


def insist_on_oneself(work: UnitOfWork) -> None:
    """Go on only if nobody acts as the actor: what is approved or confirmed is so by oneself.

    Errors:
        RefusedError: somebody does.
    """
    if work.actor.impersonator is not None:
        raise RefusedError(NOT_AS_ANOTHER)


def require_sight_of_own(work: UnitOfWork) -> None:
    """Go on only if what waits for somebody is looked at by them, or by who acts as them.

    Errors:
        UnauthenticatedError, RefusedError: as for `require`.
    """
    if work.actor.impersonator is None:
        require(work, Permission.OWN_ACCOUNT)


def who_may(work: UnitOfWork, permission: Permission) -> str:
    """Why the actor may not do this on the instance, and who could."""
    if found := as_another(work, permission):
        return found
    if not work.actor.ceiling_allows(permission):
        return sentence(
            "The credential you are using does not allow %(permission)s. A token needs the "
            "scope %(scope)s for that.",
            permission=permission,
            scope=narrowest_scope(permission),
        )
    return sentence("Only an administrator may do that.")


def open_to_everyone(*, because: str) -> Callable[[Verb], Verb]:
    """Mark a verb that asks nothing, and say why that is right."""
    if not because:
        raise ValueError("a reason")

    def mark(verb: Verb) -> Verb:
        return verb

    return mark

"""The door that stays when identity providers fail: passwords of administrators, and who opens it.

Passwords of this appliance can be switched off for people who sign in by other systems. An
administrator's may still count by policy, and at the console it can be made to count for a while.
Each use is an event of the highest severity.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from appliance.access import fetch
from appliance.access.gate import open_to_everyone
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User
from appliance.domain import events
from appliance.domain.identity import Method
from appliance.domain.permissions import InstanceRole, Permission
from appliance.errors import ConflictError, InvalidError, RefusedError, sentence
from appliance.services import entry

EVERYBODY, ADMINISTRATORS = "everybody", "administrators"
LONGEST_REASON = 500


def open_door(work: UnitOfWork, name: str, *, reason: str, now: datetime) -> datetime:
    """Let an administrator's password count for a while, whatever the policy says; gives until
    when. For who sits at the appliance's console alone.

    Errors:
        RefusedError: it is not asked at the console.
        InvalidError: no reason is given.
        ConflictError: they are no administrator, or may not enter.
    """
    user = fetch.user(work, name, Permission.USERS_MANAGE)
    if work.actor.origin.method is not Method.CONSOLE:
        raise RefusedError(sentence("This can be done only at the appliance's console."))
    said = reason.strip()
    if not said or len(said) > LONGEST_REASON:
        raise InvalidError.of(
            "reason", sentence("Give a reason of at most %(most)s characters.", most=LONGEST_REASON)
        )
    entry.insist_on_person(user)
    if user.instance_role is not InstanceRole.ADMINISTRATOR or not user.is_active:
        raise ConflictError(sentence("%(name)s is not an active administrator.", name=user.name))
    until = now + timedelta(seconds=work.rules.sign_in.break_glass_seconds)
    user.break_glass_until = until
    work.record(events.BreakGlassUsed(about=user.id, person=user.pseudonym, reason=said))
    return until


@open_to_everyone(because="it says of a user who has just shown their password whether it counts")
def may_use_password(work: UnitOfWork, user: User) -> bool:
    """Whether this user's password of the appliance opens a door at all."""
    for_whom = work.rules.sign_in.local_passwords
    if for_whom == EVERYBODY:
        return True
    if user.instance_role is not InstanceRole.ADMINISTRATOR:
        return False
    is_open = user.break_glass_until is not None and work.begun_at < user.break_glass_until
    return for_whom == ADMINISTRATORS or is_open


@open_to_everyone(because="it says what a setting is, to a verb that has asked")
def is_exception(work: UnitOfWork) -> bool:
    """Whether a password that opens a door is an exception here."""
    return bool(work.rules.sign_in.local_passwords != EVERYBODY)

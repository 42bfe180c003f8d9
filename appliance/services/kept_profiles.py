"""Name and address of a user as their identity provider says them, where it is to keep them."""

from __future__ import annotations

from collections.abc import Mapping

from appliance.access.gate import open_to_everyone
from appliance.db import email_addresses
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User
from appliance.domain import events
from appliance.domain.claims import Claims
from appliance.domain.identity_providers import Policy, domain_of
from appliance.domain.names import LONGEST_DISPLAY_NAME, fold
from appliance.errors import ConflictError


@open_to_everyone(because="the provider says so, as its protocol has checked")
def keep(work: UnitOfWork, user: User, said: Claims, rules: Policy, before: str) -> None:
    """Take over what is said of a user who was written to at `before`."""
    changed: dict[str, str] = {}
    display_name = said.display_name[:LONGEST_DISPLAY_NAME]
    if display_name and display_name != user.display_name:
        user.display_name = changed["display_name"] = display_name
    address = next(iter(said.verified_addresses), "")
    is_new = fold(address) != fold(before)
    if address and is_new and _take_address(work, user, address, rules):
        changed["email"] = address
    if changed:
        work.record(profile_changed(user, changed))


def profile_changed(user: User, changed: Mapping[str, str]) -> events.UserChanged:
    """The event that says what of a profile has another value now."""
    return events.UserChanged(
        about=user.id,
        person=user.pseudonym,
        changed=sorted(changed),
        values="; ".join(f"{name}: {value}" for name, value in sorted(changed.items())),
    )


def _take_address(work: UnitOfWork, user: User, address: str, rules: Policy) -> bool:
    """Write to them there, unless somebody else has the address; says whether.

    It counts as verified only in the domains that this provider speaks for: another one's rule for
    links would else believe what this one said of an address that is none of its people's.
    """
    is_ours = domain_of(address) in rules.link_domains
    try:
        email_addresses.set_primary(work.session, user.id, address, is_verified=is_ours)
    except ConflictError:
        return False
    return True

"""What would come of an answer that an administrator only tries: who it is, and what they get."""

from __future__ import annotations

from collections.abc import Iterator

from appliance.access.gate import open_to_everyone
from appliance.db.identity_providers import IdentityProvider
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.claims import Claims
from appliance.errors import ConflictError, InvalidError, UnauthenticatedError
from appliance.federation.trial_steps import Step
from appliance.services import group_rules, identities
from appliance.services.group_rules import ListedRule


@open_to_everyone(because="whoever tries a provider was asked")
def of(work: UnitOfWork, provider: IdentityProvider, claims: Claims, server: str) -> Iterator[Step]:
    """Who they would be here, and what their groups would give. Changes nothing."""
    try:
        seen = identities.foreseen(work, provider, claims)
        taken = f"{seen.wished_name} is taken" if seen.wished_name else ""
        said = (seen.way, seen.user_name, taken)
        yield Step("person", server, is_good=True, lines=tuple(each for each in said if each))
    except (UnauthenticatedError, InvalidError, ConflictError) as error:
        yield Step("person", server, is_good=False, lines=(error.message,))
    rules = group_rules.list_rules(work, provider.name)
    groups = claims.groups
    if groups is None:
        yield Step("gives", server, is_good=True, lines=("-",))
        return
    lines = [f"{group}{_given(group, rules)}" for group in sorted(groups)]
    yield Step("gives", server, is_good=True, lines=tuple(lines) or ("0",))


def _given(group: str, rules: list[ListedRule]) -> str:
    given = [f"{each.gives} {each.target} {each.role}" for each in rules if each.group == group]
    return "".join(f" -> {' '.join(each.split())}" for each in given)

"""Giving and withdrawing roles, explaining them, and protecting refs."""

from __future__ import annotations

import pytest

from appliance.access.grants import Reason
from appliance.domain.permissions import OrganisationRole, Role
from appliance.errors import ConflictError, InvalidError, NotFoundError, RefusedError
from appliance.services import protections, repository_access
from appliance.services.protections import Rule
from tests.world import NOON


@pytest.fixture
def owner(world):
    world.repository("lab/notes")
    return world.user("owner", member=OrganisationRole.OWNER, of="lab")


def test_roles_are_given_replaced_and_withdrawn(world, owner):
    world.user("friend")
    world.team("lab/core", "friend")

    with world.begin(owner) as work:
        repository_access.give(work, "lab/notes", "friend", Role.READER, now=NOON)
        repository_access.give(work, "lab/notes", "lab/core", Role.MAINTAINER, now=NOON)
    with world.begin(owner) as work:
        repository_access.give(work, "lab/notes", "friend", Role.WRITER, now=NOON)
    with world.reading(owner) as work:
        listed = repository_access.listed(work, "lab/notes")
        explained = repository_access.explain(work, "lab/notes", "friend")
    with world.begin(owner) as work:
        repository_access.withdraw(work, "lab/notes", "friend")
    with pytest.raises(NotFoundError), world.begin(owner) as work:
        repository_access.withdraw(work, "lab/notes", "friend")

    assert {(each.name, each.role) for each in listed} == {
        ("friend", Role.WRITER),
        ("lab/core", Role.MAINTAINER),
    }
    assert explained.role is Role.MAINTAINER
    assert set(explained.reasons) == {
        Reason(Role.WRITER, "direct"),
        Reason(Role.MAINTAINER, "team", "core"),
    }


def test_teams_of_others_and_owners_are_given_nothing(world, owner):
    world.organisation("works")
    world.team("works/core")
    world.repository("owner/own")

    with pytest.raises(NotFoundError), world.begin(owner) as work:
        repository_access.give(work, "lab/notes", "works/core", Role.READER, now=NOON)
    with pytest.raises(ConflictError), world.begin(owner) as work:
        repository_access.give(work, "owner/own", "owner", Role.READER, now=NOON)


def test_writers_neither_grant_nor_look(world, owner):
    writer = world.user("writer", role=Role.WRITER, on="lab/notes")

    with pytest.raises(RefusedError), world.begin(writer) as work:
        repository_access.give(work, "lab/notes", "writer", Role.OWNER, now=NOON)
    with pytest.raises(RefusedError), world.reading(writer) as work:
        repository_access.listed(work, "lab/notes")


def test_a_pattern_has_one_rule(world, owner):
    with world.begin(owner) as work:
        protections.protect(work, "lab/notes", Rule("main"), now=NOON)
        protections.protect(work, "lab/notes", Rule("refs/heads/main", allow_force=True), now=NOON)
        protections.protect(work, "lab/notes", Rule("refs/tags/v*"), now=NOON)
    with world.begin(owner) as work:
        protections.unprotect(work, "lab/notes", "refs/tags/v*")
    with world.reading(owner) as work:
        (rule,) = protections.listed(work, "lab/notes")

    assert (rule.pattern, rule.allow_force, rule.allow_delete) == ("refs/heads/main", True, False)
    with pytest.raises(NotFoundError), world.begin(owner) as work:
        protections.unprotect(work, "lab/notes", "refs/tags/v*")


@pytest.mark.parametrize("pattern", ["", "refs/heads/", "refs/internal/x", "a b", "x" * 300])
def test_a_pattern_names_branches_or_tags(world, owner, pattern):
    with pytest.raises(InvalidError), world.begin(owner) as work:
        protections.protect(work, "lab/notes", Rule(pattern), now=NOON)

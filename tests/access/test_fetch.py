"""Who sees a repository, and by what."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import pytest
import sqlalchemy as sa

from appliance.access import fetch, grants, visible
from appliance.domain.identity import appliance, stranger
from appliance.domain.permissions import (
    InstanceRole,
    OrganisationRole,
    Permission,
    Role,
    Visibility,
)
from appliance.errors import HiddenError, RefusedError


@pytest.mark.parametrize(
    ("role", "permission", "refusal"),
    [
        (None, Permission.REPOSITORY_READ, HiddenError),
        (Role.READER, Permission.REPOSITORY_READ, None),
        (Role.READER, Permission.REPOSITORY_WRITE, RefusedError),
        (Role.WRITER, Permission.REPOSITORY_WRITE, None),
        (Role.MAINTAINER, Permission.REPOSITORY_DELETE, RefusedError),
        (Role.OWNER, Permission.REPOSITORY_DELETE, None),
    ],
)
def test_a_role_decides(world, role, permission, refusal):
    world.repository("lab/notes")
    actor = world.user(role=role, on="lab/notes")
    with pytest.raises(refusal) if refusal else nullcontext(), world.begin(actor) as work:
        assert fetch.repository(work, "lab/notes", permission).path == "lab/notes"
    assert world.events() == (["access.refused"] if refusal else [])


def test_an_unknown_repository_and_a_hidden_one_say_the_same(world):
    world.repository("lab/notes")
    actor = world.user()
    said = []
    for path in ("lab/notes", "lab/other"):
        with pytest.raises(HiddenError) as raised, world.begin(actor) as work:
            fetch.repository(work, path, Permission.REPOSITORY_READ)
        said.append(str(raised.value).replace(path, "PATH"))
    assert said[0] == said[1]
    assert world.events() == ["access.refused", "access.refused"]


@pytest.fixture
def questions(world):
    """What was asked of the database."""
    asked = []

    def note(*given: Any) -> None:
        if "SELECT" in given[2]:
            asked.append(given[2])

    sa.event.listen(world.wiring.database.engine, "before_cursor_execute", note)
    return asked


@pytest.mark.parametrize("who", ["outsider", "stranger"])
def test_what_is_hidden_takes_as_many_questions_as_what_never_was(world, questions, who):
    world.user("keeper")
    actor = stranger() if who == "stranger" else world.user(who)
    for path in ("lab/notes", "keeper/notes"):
        world.repository(path)
    counts = set()
    for path in ("lab/notes", "keeper/notes", "lab/other", "keeper/other", "nobody/notes"):
        questions.clear()
        with world.reading(appliance()) as work:
            work.actor = actor
            with pytest.raises(HiddenError):
                fetch.repository(work, path, Permission.REPOSITORY_READ)
        counts.add(len(questions))
    assert len(counts) == 1


def test_a_repository_and_the_roles_there_are_one_question(world, questions):
    world.repository("lab/notes")
    actor = world.user("writer", role=Role.WRITER, on="lab/notes")
    questions.clear()
    with world.reading(actor) as work:
        fetch.repository(work, "lab/notes", Permission.REPOSITORY_WRITE)
    assert len(questions) == 1


def test_a_team_inside_another_has_the_outer_teams_role(world):
    world.repository("lab/notes")
    actor = world.user("writer")
    world.team("lab/outer")
    world.team("lab/inner", "writer", parent="outer")
    world.grant("lab/outer", Role.WRITER, "lab/notes")
    with world.reading(actor) as work:
        repository = fetch.repository(work, "lab/notes", Permission.REPOSITORY_WRITE)
        reasons = grants.reasons(
            work, repository, user_id=actor.id, instance_role=actor.instance_role
        )
        assert [(r.role, r.source, r.name) for r in reasons] == [(Role.WRITER, "team", "outer")]
        assert [r.path for r in work.session.scalars(visible.repositories(work))] == ["lab/notes"]


@pytest.mark.parametrize("visibility", list(Visibility))
@pytest.mark.parametrize(
    "who", ["stranger", "user", "member", "officer", "owner", "auditor", "administrator"]
)
def test_a_list_shows_what_one_may_fetch(world, who, visibility):
    world.repository("lab/notes", visibility=visibility)
    actor = {
        "stranger": stranger,
        "user": world.user,
        "member": lambda: world.user(member=OrganisationRole.MEMBER, of="lab"),
        "officer": lambda: world.user(member=OrganisationRole.SECURITY_OFFICER, of="lab"),
        "owner": lambda: world.user(member=OrganisationRole.OWNER, of="lab"),
        "auditor": lambda: world.user(instance=InstanceRole.AUDITOR),
        "administrator": world.administrator,
    }[who]()
    with world.reading(actor) as work:
        listed = [r.path for r in work.session.scalars(visible.repositories(work))]
    try:
        with world.reading(actor) as work:
            fetch.repository(work, "lab/notes", Permission.REPOSITORY_READ)
        fetched = ["lab/notes"]
    except HiddenError:
        fetched = []
    assert listed == fetched
    by_role = who in {"officer", "owner", "auditor", "administrator"}
    by_visibility = visibility is not Visibility.PRIVATE and who != "stranger"
    assert listed == (["lab/notes"] if by_role or by_visibility else [])

"""Repositories that begin with something."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from appliance.db.pushes import RefLedger
from appliance.domain.permissions import Visibility
from appliance.errors import ConflictError, HiddenError, InvalidError
from appliance.git import refs
from appliance.git.commits import Person
from appliance.git.process import run
from appliance.git.write import Put, commit_files
from appliance.services import starter_texts, starters
from appliance.services.repositories import NewRepository
from appliance.services.starters import Beginning
from tests.world import NOON

SOMEBODY = Person(b"Writer", b"writer@codara.test", NOON, 0)


def paths(folder):
    return run(["ls-tree", "-r", "--name-only", "HEAD"], at=folder).split()


def count(folder):
    return int(run(["rev-list", "--count", "--all"], at=folder))


def create(world, path, beginning, **fields: str):
    with world.begin(world.actor("writer")) as work:
        return starters.create(
            work,
            path,
            NewRepository(**fields),
            beginning,
            repositories=world.wiring.repositories,
            now=NOON,
        )


def test_a_readme_names_the_repository_and_is_recorded(world):
    world.user("writer")
    made = create(
        world,
        "writer/notes",
        Beginning(readme=True),
        description="My notes",
        default_branch="trunk",
    )

    folder = world.folder(made)
    assert run(["show", "HEAD:README.md"], at=folder) == b"# notes\n\nMy notes\n"
    assert refs.head(folder).name == b"refs/heads/trunk"
    assert world.one(sa.select(RefLedger)).oid == refs.head(folder).oid
    assert world.events() == ["repo.created", "git.ref_changed"]


def test_a_licence_names_its_holder_and_a_list_what_git_ignores(world):
    world.user("writer")
    made = create(world, "writer/notes", Beginning(licence="MIT", ignore="Python"))

    folder = world.folder(made)
    assert paths(folder) == [b".gitignore", b"LICENSE"]
    assert b"Copyright (c) %d writer\n" % NOON.year in run(["show", "HEAD:LICENSE"], at=folder)
    assert b"__pycache__/" in run(["show", "HEAD:.gitignore"], at=folder)
    assert count(folder) == 1


@pytest.mark.parametrize("name", starter_texts.licences())
def test_every_licence_can_be_given(name):
    text = starter_texts.licence(name, year=2026, holder="lab")
    assert "{" not in text
    assert len(text) > 100


@pytest.mark.parametrize("name", starter_texts.ignores())
def test_every_list_leaves_secrets_alone(name):
    assert ".env\n" in starter_texts.ignore(name)


@pytest.mark.parametrize(
    "beginning",
    [
        Beginning(licence="Unheard-of"),
        Beginning(licence="../starter_texts/licences/MIT"),
        Beginning(ignore="Unheard-of"),
        Beginning(readme=True, template="lab/base"),
    ],
)
def test_what_is_not_offered_is_refused_and_nothing_is_made(world, beginning):
    world.user("writer")
    with pytest.raises(InvalidError):
        create(world, "writer/notes", beginning)
    assert world.events() == []


def test_nothing_to_begin_with_makes_an_empty_repository(world):
    world.user("writer")
    made = create(world, "writer/notes", Beginning())
    assert refs.head(world.folder(made)).oid is None
    assert world.events() == ["repo.created"]


def test_a_template_gives_its_files_and_not_its_history(world):
    template = world.repository("lab/base", visibility=Visibility.INTERNAL, is_template=True)
    for number in range(3):
        change = Put(b"folder/file-%d" % number, b"%d\n" % number)
        commit_files(world.folder(template), b"main", [change], message=b"More", author=SOMEBODY)
    writer = world.user("writer")

    with world.begin(writer) as work:
        made = starters.create_from_template(
            work,
            "writer/notes",
            NewRepository(),
            template="lab/base",
            repositories=world.wiring.repositories,
            now=NOON,
        )

    folder = world.folder(made)
    assert paths(folder) == [b"folder/file-0", b"folder/file-1", b"folder/file-2"]
    assert count(folder) == 1
    objects = run(["cat-file", "--batch-all-objects", "--batch-check"], at=folder).split(b"\n")
    assert len(objects) - 1 == 6  # A commit, two folders, three files.
    run(["fsck", "--strict"], at=folder)


def test_only_readable_templates_are_copied(world):
    world.repository("lab/secret", is_template=True)
    world.repository("lab/plain", visibility=Visibility.INTERNAL)
    writer = world.user("writer")

    for template, error in (("lab/secret", HiddenError), ("lab/plain", ConflictError)):
        with pytest.raises(error), world.begin(writer) as work:
            starters.create_from_template(
                work,
                "writer/notes",
                NewRepository(),
                template=template,
                repositories=world.wiring.repositories,
                now=NOON,
            )

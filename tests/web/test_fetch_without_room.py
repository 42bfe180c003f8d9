"""A clone that cannot be recorded gives nothing away, and git shows why."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from appliance.domain.permissions import Role
from tests.git.builder import Builder
from tests.web.git_client import GitClient, token

pytestmark = [
    pytest.mark.parametrize("database_url", ["postgresql"], indirect=True),
]
FULL = "The disk of the appliance is full. Nothing was changed. Tell an administrator"
DISK_FULL = """
CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN RAISE SQLSTATE '53100'; END $$
"""


@pytest.fixture
def remote(world, served):
    repository = world.repository("lab/notes")
    Builder(world.folder(repository)).commit({b"a.txt": b"1" * 5000})
    reader = world.user("reader", role=Role.READER, on="lab/notes")
    return served.remote("lab/notes", token(world, reader, "repo:read"))


def fill_the_disk(world):
    """Let no event find room in the database any more."""
    with world.wiring.database.engine.begin() as connection:
        connection.execute(sa.text(DISK_FULL))
        for table in sa.inspect(connection).get_table_names():
            if table.startswith("audit"):
                trigger = f"CREATE TRIGGER no_room BEFORE INSERT ON {table}"
                connection.execute(sa.text(f"{trigger} EXECUTE FUNCTION no_room()"))


@pytest.mark.parametrize("quiet", [(), ("-q",)])
@pytest.mark.parametrize("version", ["0", "1", "2"])
def test_git_shows_why_nothing_is_given_away(world, remote, tmp_path, version, quiet):
    git = GitClient(tmp_path / "person")
    git.environment["GIT_CONFIG_PARAMETERS"] = f"'protocol.version={version}'"
    git("clone", *quiet, remote, "before", at=tmp_path)
    fill_the_disk(world)

    refused = git.try_("clone", *quiet, remote, "after", at=tmp_path)

    assert refused.status != 0
    assert FULL in refused.said
    assert "HTTP 5" not in refused.said
    assert world.events().count("git.fetched") == 1
    assert "refs/heads/main" in git("ls-remote", remote, at=tmp_path)

"""Suspicious activity, done for real: Git over HTTPS and the API, from the act to the alert."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from appliance.db.activity import ActivityAlert, ActivityMemory
from appliance.db.users import EmailAddress, User
from appliance.domain.activity import ActivityRule
from appliance.domain.identity import appliance
from appliance.domain.permissions import OrganisationRole, Role, Scope
from appliance.jobs import watching_activity
from tests.web.git_client import GitClient, token

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
FAR, FARTHER = "198.51.100.7", "203.0.113.7"
LONG_AGO = 200


@pytest.fixture
def lab(world):
    """A writer, a machine, and somebody whose name others might write under."""
    world.configure(
        CODARA_ACTIVITY__CLONE_REPOSITORIES="3",
        CODARA_ACTIVITY__DELETED_REFS="2",
        CODARA_ACTIVITY__FOREIGN_PROTECTED="1",
    )
    for name in ("one", "two", "three"):
        world.repository(f"lab/{name}")
        for each in ("writer", "machine"):
            if name == "one":
                world.user(each, member=OrganisationRole.MEMBER, of="lab")
            world.grant(each, Role.WRITER, f"lab/{name}")
    world.user("author")
    with world.wiring.database._writing() as session, session.begin():
        session.execute(sa.update(EmailAddress).values(is_verified=True))
        session.execute(sa.update(User).where(User.name == "machine").values(is_machine=True))
    watch(world)
    return world


def watch(world):
    """Let the job run over what was recorded; gives which rules have told something."""
    world.keep_log()
    watching_activity.watch(world.wiring, None, lambda *_: None)
    with world.reading(appliance()) as work:
        return set(work.session.scalars(sa.select(ActivityAlert.rule)))


def remember(world, subject, **known: object):
    """Write down what was before: nobody waits here for a month."""
    with world.wiring.database._writing() as session, session.begin():
        row = session.scalars(
            sa.select(ActivityMemory).where(ActivityMemory.subject.startswith(subject))
        ).one()
        row.memory = {**row.memory, **known}


def test_clones_deletions_and_names_of_others_are_told(lab, served, tmp_path):
    git = GitClient(tmp_path / "person")
    secret = token(lab, lab.actor("writer"))
    copy = git.working_copy(tmp_path / "copy")
    git("push", "-q", served.remote("lab/one", secret), "main", "main:a", "main:b", at=copy)
    for name in ("two", "three"):
        git("push", "-q", served.remote(f"lab/{name}", secret), "main", at=copy)
    assert watch(lab) == set()

    git("push", "-q", served.remote("lab/one", secret), "--delete", "a", "b", at=copy)
    assert watch(lab) == {ActivityRule.MASS_DELETION}
    (copy / "new").write_text("1")
    git("add", ".", at=copy)
    git("commit", "-q", "-m", "New", "--author", "Other <author@codara.test>", at=copy)
    git("push", "-q", served.remote("lab/one", secret), "main", at=copy)
    assert watch(lab) == {ActivityRule.MASS_DELETION, ActivityRule.FOREIGN_AUTHOR}
    for name in ("one", "two", "three"):
        git("clone", "-q", served.remote(f"lab/{name}", secret), name, at=tmp_path)
    assert ActivityRule.MASS_CLONE in watch(lab)


def test_a_machine_that_pushes_at_another_hour_is_told(lab, served, tmp_path):
    git = GitClient(tmp_path / "machine")
    secret = token(lab, lab.actor("machine"))
    copy = git.working_copy(tmp_path / "copy")
    git("push", "-q", served.remote("lab/one", secret), "main", at=copy)
    assert watch(lab) == set()

    today = datetime.now(UTC)
    day, other = int(today.timestamp()) // 86400, (today.hour + 12) % 24
    usual = {"hours": {str(other): day}, "days": list(range(day - 20, day))}
    remember(lab, f"actor:{lab.actor('machine').pseudonym}", **usual)
    git.commit(copy, "more", "1")
    git("push", "-q", served.remote("lab/one", secret), "main", at=copy)
    assert watch(lab) == {ActivityRule.ODD_HOURS}


def test_a_new_network_and_a_return_are_told(lab):
    client = lab.client("writer", Scope.REPOSITORY_WRITE)
    client.environ_base["REMOTE_ADDR"] = FAR
    issues = "/api/v1/repos/lab/one/issues"
    assert client.post(issues, json={"title": "First"}).status_code == 201
    assert watch(lab) == set()

    long_ago = int((datetime.now(UTC) - timedelta(days=LONG_AGO)).timestamp())
    remember(lab, "token:", first=long_ago)
    client.environ_base["REMOTE_ADDR"] = FARTHER
    assert client.post(issues, json={"title": "Second"}).status_code == 201
    assert watch(lab) == {ActivityRule.NEW_PLACE}

    remember(lab, f"actor:{lab.actor('writer').pseudonym}", last=long_ago)
    assert client.post(issues, json={"title": "Third"}).status_code == 201
    assert watch(lab) == {ActivityRule.NEW_PLACE, ActivityRule.DORMANT}

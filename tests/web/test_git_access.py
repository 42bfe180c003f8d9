"""Who may clone, fetch and push over HTTPS, and what the others get to hear."""

from __future__ import annotations

from urllib.parse import quote

import pytest
import requests as http

from appliance.domain.permissions import OrganisationRole, Role, Visibility
from tests.peers.appliance import serve
from tests.web.git_client import GitClient, token
from tests.world import PASSWORD


@pytest.fixture
def git(tmp_path):
    return GitClient(tmp_path / "person")


@pytest.fixture
def copy(git, tmp_path):
    return git.working_copy(tmp_path / "copy")


def test_strangers_learn_nothing_and_readers_may_not_push(world, served, git, copy, tmp_path):
    world.repository("lab/notes")
    world.repository("lab/secret")
    reader = world.user("reader", role=Role.READER, on="lab/notes")
    remote = served.remote("lab/notes", token(world, reader))

    answers = [
        http.get(f"{served.url}/{path}/info/refs?service=git-upload-pack", timeout=20)
        for path in ("lab/notes.git", "lab/secret", "lab/nothing.git", "nobody/nothing")
    ]
    hidden = git.try_("clone", served.remote("lab/secret", token(world, reader)), at=tmp_path)
    wrong = git.try_("clone", served.remote("lab/notes", "cod_wrong"), "wrong", at=tmp_path)
    password = git.try_("clone", served.remote("lab/notes", "password"), "wrong", at=tmp_path)
    git("clone", "-q", remote, "mine", at=tmp_path)
    refused = git.try_("push", remote, "main", at=copy)

    assert {answer.status_code for answer in answers} == {401}
    assert {answer.headers["WWW-Authenticate"][:5] for answer in answers} == {"Basic"}
    assert len({answer.content for answer in answers}) == 1
    assert "not found" in hidden.said
    assert "Authentication failed" in wrong.said
    assert "Use an access token instead" in password.said
    assert "403" in refused.said
    assert "needs the role writer on lab/notes" in refused.said
    assert world.events()[-1] == "access.refused"


def test_a_token_can_do_what_it_was_given_for(world, served, git, copy, tmp_path):
    world.repository("lab/notes")
    world.repository("lab/other")
    owner = world.user("owner", member=OrganisationRole.OWNER, of="lab")
    reading = served.remote("lab/notes", token(world, owner, "repo:read"))
    chosen = token(world, owner, repositories=["lab/notes"])

    git("clone", "-q", reading, "mine", at=tmp_path)
    refused = git.try_("push", reading, "main", at=copy)
    other = git.try_("ls-remote", served.remote("lab/other", chosen), at=tmp_path)
    git("push", "-q", served.remote("lab/notes", chosen), "main", at=copy)

    assert "The credential you are using does not allow repo.write" in refused.said
    assert "not found" in other.said


def test_public_repositories_are_read_by_strangers_and_pushed_to_by_none(world, git, tmp_path):
    world.repository("lab/open", visibility=Visibility.PUBLIC)
    copy = git.working_copy(tmp_path / "copy")
    with serve(world, CODARA_ACCESS__PUBLIC_REPOSITORIES="true") as served:
        git("clone", "-q", served.remote("lab/open"), "open", at=tmp_path)
        refused = git.try_("push", served.remote("lab/open"), "main", at=copy)

    assert "could not read Username" in refused.said


def test_internal_addresses_are_not_on_the_port(served):
    answers = [
        http.post(f"{served.url}/internal/{path}", json={}, timeout=20)
        for path in ("pushes/accept", "pushes/confirm", "ssh/keys", "ssh/session")
    ]

    assert {answer.status_code for answer in answers} == {404}


def test_passwords_open_git_only_where_the_instance_says_so(world, git, tmp_path):
    world.repository("lab/notes")
    world.user("writer", role=Role.WRITER, on="lab/notes", password=PASSWORD)
    copy = git.working_copy(tmp_path / "copy")
    with serve(world, CODARA_SIGN_IN__PASSWORD_OVER_GIT="true") as served:
        address = served.remote("lab/notes").replace("://", f"://writer:{quote(PASSWORD)}@")
        wrong = served.remote("lab/notes").replace("://", "://writer:wrong@")
        git("push", "-q", address, "main", at=copy)
        refused = git.try_("ls-remote", wrong, at=copy)

    (pushed,) = world.recorded("git.pushed")
    assert pushed.header["auth"]["method"] == "password"
    assert "Authentication failed" in refused.said

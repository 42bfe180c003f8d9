"""Pull requests with a real git: each push is a patch set, and `refs/pull` brings all of them."""

from __future__ import annotations

import pytest

from appliance.domain.permissions import Role
from tests.web.git_client import GitClient
from tests.web.test_api_pulls import perform

pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]
REPO = "/api/v1/repos/lab/notes"


def test_pushes_become_patch_sets_that_git_fetches_and_merges(world, served, tmp_path):
    world.repository("lab/notes")
    world.user("writer", role=Role.WRITER, on="lab/notes")
    git, client = GitClient(tmp_path / "home"), world.client("writer")
    remote = served.remote("lab/notes", world.token("writer"))
    copy = git.working_copy(tmp_path / "copy")
    git("push", "-q", remote, "HEAD:refs/heads/main", at=copy)
    git("checkout", "-q", "-b", "topic", at=copy)
    first = git.commit(copy, "new", "new\n")
    git("push", "-q", remote, "topic", at=copy)
    made = client.post(f"{REPO}/pulls", json={"title": "New", "head": "topic"})
    assert made.status_code == 201, made.json
    git("commit", "-q", "--amend", "-m", "Say it better", at=copy)
    git("push", "-q", "--force", remote, "topic", at=copy)
    perform(world)

    sets = client.get(f"{REPO}/pulls/1/patch-sets").json["items"]
    assert [each["shift"] for each in sets] == ["first", "rewritten"]
    git("fetch", "-q", remote, "refs/pull/1/1:old", "refs/pull/1/head:new", at=copy)
    assert git("rev-parse", "old", "new", at=copy).split() == [first, sets[1]["head"]]
    refused = git.try_("push", remote, "topic:refs/pull/1/3", at=copy)
    assert "belongs to the appliance" in refused.said

    git("push", "-q", remote, "topic:main", at=copy)
    perform(world)

    assert client.get(f"{REPO}/pulls/1").json["merged"]["commit"] == sets[1]["head"]

"""Secrets that no push sends, as the repository holds them where no branch leads; and very many."""

import pytest

from appliance.domain.permissions import Scope
from appliance.scanning.resident.wire import MOST_HITS
from tests.scanning.tokens import github_token
from tests.web import test_push_protection as protection

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
compiled, guarded, writer = protection.compiled, protection.guarded, protection.writer
git, copy, remote = protection.git, protection.copy, protection.remote

SETTINGS = f"key = '{github_token()}'\n"
CHANGES = {"changes": [{"action": "write", "path": "a.py", "content": SETTINGS}]}
NOTES = "/api/v1/repos/lab/notes"


@pytest.fixture
def person(world, remote, git, copy):
    git("push", remote, "main", at=copy)
    return world.client("writer", Scope.REPOSITORY_WRITE, Scope.SCAN_WRITE)


def test_what_a_refused_write_has_left_behind_is_looked_at(person, remote, git, copy):
    written = person.post(f"{NOTES}/changes", json=CHANGES)
    git.commit(copy, "b.py", SETTINGS)

    assert written.status_code == 403
    assert "rule github-token-classic" in git.try_("push", remote, "main", at=copy).said


def test_what_a_stash_holds_is_looked_at(person, remote, git, copy):
    kept = person.post(f"{NOTES}/stash", json=CHANGES).json
    applied = person.post(f"{NOTES}/stash/{kept['id']}/apply", json={"branch": "main"})
    git.commit(copy, "b.py", SETTINGS)

    assert applied.json["code"] == "protected"
    assert "rule github-token-classic" in git.try_("push", remote, "main", at=copy).said


def test_more_secrets_than_are_told_stop_a_push_all_the_same(world, person, remote, git, copy):
    git.commit(copy, "settings.py", SETTINGS * (MOST_HITS + 1))
    refused = git.try_("push", remote, "main", at=copy)

    assert "rule github-token-classic" in refused.said
    assert protection.recorded(world) == ["secret_scan.push_blocked"]


def test_a_secret_in_a_name_is_shown_and_kept_masked(world, person, remote, git, copy):
    (copy / f"{github_token()}.txt").write_text("x\n")
    git("add", ".", at=copy)
    git("commit", "-q", "-m", "Add", at=copy)
    refused = git.try_("push", remote, "main", at=copy)
    (block,) = person.get("/api/v1/push-protection/blocks?repository=lab/notes").json["items"]

    assert refused.status != 0
    assert block["path"] == f"ghp_…{github_token()[-2:]}.txt"
    assert github_token() not in refused.said + str(world.recorded())

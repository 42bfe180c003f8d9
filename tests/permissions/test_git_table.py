"""Git over HTTPS, over SSH and with large files does for everybody what its table says."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from appliance.services import ssh_access
from tests.permissions.git_operations import HTTPS, LFS, OTHERS, PRIVATE, SSH, TRIED
from tests.permissions.git_stage import git_stage_of_its_own
from tests.permissions.seen import as_seen

TESTS = Path(__file__).parents[1]
NEVER = "never-was"
LET_IN_BY_NOBODY = (
    *("Authentication failed", "could not read Username", "Permission denied (publickey"),
    "This key is not valid",
)
REFUSED = ("needs the role", "is protected", "is archived", "does not allow")
LFS_TYPE = "application/vnd.git-lfs+json"


@pytest.fixture(scope="module")
def stage(tmp_path_factory, migrated_sqlite):
    yield from git_stage_of_its_own(tmp_path_factory.mktemp("git"), migrated_sqlite)


@pytest.mark.promise("P10")
@pytest.mark.promise("P11")
@pytest.mark.parametrize("who", PRIVATE)
def test_each_may_with_a_private_repository_what_the_table_says(stage, tmp_path, who):
    https, ssh, lfs = PRIVATE[who]
    found = (
        "".join(over_https(stage, who, "lab/private", each, tmp_path) for each in HTTPS if https),
        "".join(over_ssh(stage, who, "lab/private", each, tmp_path) for each in SSH if ssh),
        "".join(with_lfs(stage, who, "lab/private", each) for each in LFS if lfs),
    )
    assert found == (https, ssh, lfs)


@pytest.mark.promise("P10")
@pytest.mark.parametrize(("path", "who"), OTHERS)
def test_each_may_elsewhere_what_the_table_says(stage, tmp_path, path, who):
    https, ssh = OTHERS[path, who]
    operations = ("ls-remote", "push")
    found = (
        "".join(over_https(stage, who, path, each, tmp_path) for each in operations if https),
        "".join(over_ssh(stage, who, path, each, tmp_path) for each in operations if ssh),
    )
    assert found == (https, ssh)


@pytest.mark.promise("P29")
def test_whoever_is_suspended_gets_nothing_more_over_an_open_connection(stage, tmp_path):
    stage.newcomer("leaver")
    control = f"-o ControlMaster=auto -o ControlPath={tmp_path}/c -o ControlPersist=60"
    listing = ("leaver", "lab/private", "ls-remote", "REMOTE")
    try:
        before = stage.over_ssh(*listing, options=control)
        boss = stage.world.client("administrator")
        done = boss.patch("/api/v1/users/leaver", json={"suspended": True})
        after = stage.over_ssh(*listing, options=control)
        assert (tmp_path / "c").exists()  # It was the connection from before.
    finally:
        subprocess.run(["ssh", "-O", "exit", "-o", f"ControlPath={tmp_path}/c", "x"], check=False)

    assert (before.status, done.status_code) == (0, 200)
    assert after.status != 0
    assert "refs/heads" not in after.said


def test_the_table_is_whole(stage):
    doors = ("git_http.", "lfs_http.")
    routed = {
        rule.endpoint
        for rule in stage.world.app.url_map.iter_rules()
        if rule.endpoint.startswith(doors)
    }
    where = "Add an operation to permissions/git_operations.py, or its test to ELSEWHERE there."
    assert routed - TRIED.keys() == set(), where
    assert {*ssh_access.NOTING, ssh_access.PUSHING} - TRIED.keys() == set(), where
    operations = {*HTTPS, *SSH, *LFS}
    assert [
        each for each in TRIED.values() if each not in operations and not (TESTS / each).is_file()
    ] == []


def over_https(stage, who, path, operation, folder):
    """How an operation ended over HTTPS, as the sign of the table."""

    def at(place):
        remote = stage.https(who, place)
        words = said(stage, who, operation, folder)
        spelled = (str(word).replace("REMOTE", remote) for word in words)
        return stage.git.try_(*spelled, at=stage.copy)

    return sign(at, path, folder)


def over_ssh(stage, who, path, operation, folder):
    """The same over SSH."""

    def at(place):
        return stage.over_ssh(who, place, *said(stage, who, operation, folder, "ssh"))

    return sign(at, path, folder)


def said(stage, who, operation, folder, door="https"):
    """What somebody says to git for an operation."""
    name = f"{who.replace(' ', '-')}-{door}"
    push = ("push", "-q", "REMOTE")
    return {
        "ls-remote": ("ls-remote", "REMOTE"),
        "clone": ("clone", "-q", "REMOTE", folder / "clone"),
        "archive": ("archive", "--remote=REMOTE", "main", "-o", folder / "main.tar"),
        "push": (*push, f"{stage.child}:refs/heads/new/{name}"),
        "push protected": (*push, f"{stage.child}:refs/heads/release/{name}"),
        "force protected": (*push, f"+{stage.unrelated}:refs/heads/release/{name}"),
        "delete protected": (*push, f":refs/heads/release/{name}"),
    }[operation]


def sign(at, path, folder):
    """How git ended; of what is hidden, after trying what never was."""
    done = at(path)
    if done.status == 0:
        return "+"
    shutil.rmtree(folder / "clone", ignore_errors=True)
    if any(words in done.said for words in LET_IN_BY_NOBODY):
        return "?"
    if "There is no repository" in done.said:
        owner = path.partition("/")[0]
        for never in (f"{owner}/{NEVER}", f"{NEVER}/notes"):
            missing = at(never)
            assert missing.said.replace(never, path) == done.said
            assert missing.status == done.status
        return "."
    assert any(words in done.said for words in REFUSED), done.said
    return "-"


def with_lfs(stage, who, path, operation):
    """The same for what git-lfs asks."""
    answer = asked(stage, who, path, operation)
    if answer.status_code == 404:
        assert as_seen(asked(stage, who, f"lab/{NEVER}", operation), f"lab/{NEVER}") == as_seen(
            answer, path
        )
    return {200: "+", 201: "+", 401: "?", 403: "-", 404: "."}[answer.status_code]


def asked(stage, who, path, operation):
    """What is answered to git-lfs."""
    client = stage.world.app.test_client()
    auth = ("git", stage.tokens[who]) if who in stage.tokens else None
    headers = {"Accept": LFS_TYPE, "Content-Type": LFS_TYPE}
    place = f"/{path}.git/info/lfs"
    if operation in {"download", "upload"}:
        body = {"operation": operation, "objects": [{"oid": "a" * 64, "size": 3}]}
        return client.post(f"{place}/objects/batch", json=body, headers=headers, auth=auth)
    if operation == "verify locks":
        return client.post(f"{place}/locks/verify", json={}, headers=headers, auth=auth)
    if operation == "lock":
        return client.post(f"{place}/locks", json={"path": who}, headers=headers, auth=auth)
    return client.get(f"{place}/locks", headers=headers, auth=auth)

"""Pushes with secrets where something is odd: bypasses that ended, floods, a scanner that dies."""

from __future__ import annotations

import subprocess
from datetime import timedelta
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from appliance.db.alerts import Alert, Scan, ScannedObject
from appliance.db.push_protection import PushBlock, SecretBypass
from appliance.db.pushes import Push
from appliance.domain.alerts import AlertKind, ScanCause
from appliance.domain.identity import appliance
from appliance.domain.permissions import Scope
from appliance.jobs.scanning import again as again_job
from appliance.services import secret_rescans
from tests.scanning.tokens import github_token
from tests.web.git_client import token
from tests.web.test_push_protection import (
    compiled,
    copy,
    git,
    guarded,
    recorded,
    remote,
    scanned,
    writer,
)
from tests.web.test_wikis import PAGES, switch, write
from tests.world import NOON

__all__ = ["compiled", "copy", "git", "guarded", "remote", "writer"]
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
BYPASSES = "/api/v1/push-protection/bypasses"
COMMITS = 1000


def test_a_bypass_ends_after_seven_days_and_works_once(world, remote, git, copy):
    secret = github_token(11)
    git.commit(copy, "settings.py", f"key = '{secret}'\n")
    git.try_("push", remote, "main", at=copy)
    said = {"block": str(world.one(sa.select(PushBlock)).id), "reason": "false_positive"}
    client = world.client("writer", Scope.SCAN_WRITE, Scope.REPOSITORY_WRITE)
    assert client.post(BYPASSES, json=said).status_code == 201
    bypass = world.one(sa.select(SecretBypass))
    assert bypass.expires_at - bypass.requested_at == timedelta(days=7)
    with world.wiring.database._writing() as session, session.begin():
        session.execute(sa.update(SecretBypass).values(expires_at=NOON - timedelta(days=7000)))

    assert git.try_("push", remote, "main", at=copy).status != 0
    shown = client.get(f"/api/v1/push-protection/blocks/{said['block']}").json
    assert [each["state"] for each in shown["bypasses"]] == ["expired"]
    assert client.post(BYPASSES, json=said).status_code == 201
    git("push", remote, "main", at=copy)
    git.commit(copy, "again.py", f"another = '{secret}'\n")
    refused = git.try_("push", remote, "main", at=copy)

    assert "rule github-token-classic" in refused.said
    assert recorded(world)[-1] == "secret_scan.push_blocked"


def flood(git, copy) -> None:
    """A thousand commits, each with a file of its own."""
    said = []
    for number in range(COMMITS):
        content = f"number = {number}\n" * 50
        said.append(
            f"commit refs/heads/main\ncommitter W <writer@codara.test> {number + 1} +0000\n"
        )
        said.append(f"data 2\nx\n{'from refs/heads/main^0' if number == 0 else ''}\n")
        said.append(f"M 100644 inline {number}.py\ndata {len(content)}\n{content}\n")
    subprocess.run(
        ["git", "fast-import", "--quiet"], cwd=copy, input="".join(said).encode(), check=True
    )


def test_a_thousand_commits_are_looked_at_once_and_a_fork_of_them_not_again(
    world, remote, git, copy, served, writer
):
    world.repository("lab/other")
    world.grant("writer", "writer", on="lab/other")
    flood(git, copy)
    git("push", remote, "main", at=copy)
    scanned(world, push_id=str(world.one(sa.select(Push)).id))
    other = served.remote("lab/other", token(world, writer))
    git("push", other, "main", at=copy)
    pushes = sa.select(Push).order_by(Push.accepted_at.desc()).limit(1)
    scanned(world, push_id=str(world.one(pushes).id))

    with world.reading(appliance()) as work:
        first, second = work.session.scalars(sa.select(Scan).order_by(Scan.started_at))
        seen = work.session.scalar(sa.select(sa.func.count()).select_from(ScannedObject))
    assert (first.objects, second.objects) == (COMMITS + 1, 0)
    assert seen == COMMITS + 1
    assert first.is_complete
    assert second.is_complete


@pytest.mark.promise("P93")
def test_killed_in_the_middle_of_a_push_a_policy_decides_and_all_is_looked_at_later(
    world, guarded, remote, git, copy
):
    world.protect("lab/notes", "refs/heads/release")
    secret = github_token(12)
    git.commit(copy, "large.txt", "x = 1\n" * 5_000_000 + f"key = '{secret}'\n")
    said = []
    for refs in ("main:release", "main"):
        guarded.be_idle()
        push = git.start("push", remote, refs, at=copy)
        guarded.kill_all()
        said.append((push.communicate()[0].decode(), push.returncode))

    (closed, refused), (_, accepted) = said
    assert refused != 0
    assert "could not be scanned" in closed
    assert accepted == 0
    told = [each for each in world.recorded() if each.action == "secret_scan.push_unscanned"]
    assert [each.body["decision"] for each in told] == ["refused", "accepted"]
    scanned(world, push_id=told[1].body["push_id"])
    assert world.one(sa.select(Alert)).path == b"large.txt"


def test_what_is_written_and_pushed_to_a_wiki_is_looked_at(
    world, guarded, served, writer, git, tmp_path
):
    world.user("maintainer", role="maintainer", on="lab/notes")
    switch(world)
    write(world, "Home", "one\n")
    written = world.client("writer").put(f"{PAGES}/Home", json={"content": github_token(13)})
    git("clone", "-q", served.remote("lab/notes.wiki", token(world, writer)), "wiki", at=tmp_path)
    git.commit(tmp_path / "wiki", "Secret.md", f"It is {github_token(14)}\n")
    pushed = git.try_("push", "origin", "main", at=tmp_path / "wiki")

    assert written.status_code == 403, written.json
    assert "Home.md:1" in written.json["detail"]
    assert "Secret.md:1" in pushed.said
    block = world.one(sa.select(PushBlock).where(PushBlock.path == "Secret.md"))
    assert world.browser("writer").get(f"/push-protection/{block.id}").status_code == 200


def test_a_merge_in_the_portal_is_looked_at(world, guarded, writer):
    browser, client = world.browser("writer"), world.client("writer")
    place = "/api/v1/repos/lab/notes"
    file = {"message": "Add", "branch": "main", "content": "one\n"}
    start = client.put(f"{place}/write/a", json=file).json["commit"]
    client.post(f"{place}/branches", json={"name": "topic", "start": start})
    client.put(f"{place}/write/a", json=file | {"branch": "topic", "content": "two\n"})
    assert client.post(f"{place}/pulls", json={"title": "T", "head": "topic"}).status_code == 201
    form = {"method": "squash", "title": f"With {github_token(15)}"}
    merged = browser.post("/lab/notes/pulls/1/merge", data=form)

    assert merged.status_code != 303
    assert "github-token-classic" in merged.text
    assert client.get(f"{place}/pulls/1").json["state"] == "open"


def test_with_new_rules_every_repository_is_looked_through_once(world, guarded, writer):
    world.repository("lab/other")
    world.user("maintainer", role="maintainer", on="lab/notes")
    switch(world)
    write(world, "Home", "one\n")
    for _ in range(2):
        again_job(world.wiring, SimpleNamespace(arguments={}), lambda *_: None)

    with world.reading(appliance()) as work:
        scans = list(work.session.scalars(sa.select(Scan)))
        homes = {each.category for each in scans}
    assert len(scans) == 3
    assert homes == {"", "wiki"}
    assert {each.cause for each in scans} == {ScanCause.RULES}
    assert {each.ruleset for each in scans} == {guarded.door.greet().digest}


def test_what_broke_off_is_taken_up_again_a_day_later(world, writer):
    now = NOON
    with world.reading(appliance()) as work:
        due = secret_rescans.next_due(work, "new", after=None, now=now)
    begun = {"kind": AlertKind.SECRET, "cause": ScanCause.RULES, "ruleset": "new"}
    world.add(Scan(repository_id=due, started_at=now, **begun))
    with world.reading(appliance()) as work:
        soon = secret_rescans.next_due(work, "new", after=None, now=now)
        later = secret_rescans.next_due(work, "new", after=None, now=now + timedelta(days=1))
        other = secret_rescans.next_due(work, "newer", after=None, now=now)

    assert (soon, later, other) == (None, due, due)

"""Mirrors: an appliance that follows another and is followed, by the rules for pushes."""

from __future__ import annotations

import io
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from appliance.db.mirrors import Mirror
from appliance.domain.identity import appliance
from appliance.domain.jobs import Job
from appliance.domain.permissions import OrganisationRole, Role
from appliance.git.ref_changes import RefChange, change
from appliance.git.refs import names
from appliance.jobs import mirroring
from appliance.services import mirror_runs
from appliance.services.job_runs import Claimed
from tests.commands import saying
from tests.peers.appliance import serve
from tests.web.git_client import GitClient, token

ON_ONE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
COPY, OTHER = "lab/copy", "lab/other"
API = f"/api/v1/repos/{COPY}/mirrors"
PORTAL = f"/{COPY}/settings/mirrors"
NOWHERE = "http://127.0.0.1:1/lab/notes.git"


@pytest.fixture
def lab(world):
    """Two repositories of one organisation, one of which is somewhere else, so to speak."""
    world.configure(CODARA_IMPORTS__SCHEMES="http", CODARA_IMPORTS__PRIVATE_ADDRESSES="true")
    for path in (COPY, OTHER):
        world.repository(path)
    world.owner = world.user("owner", member=OrganisationRole.OWNER, of="lab")
    return world


@pytest.fixture
def elsewhere(lab, tmp_path):
    """What is served over the network, a working copy of the other repository, and its address."""
    with serve(lab) as served:
        person = lab.user("person", role=Role.WRITER, on=OTHER)
        secret = token(lab, person)
        git = GitClient(tmp_path / "person")
        copy = git.working_copy(tmp_path / "copy")
        git("remote", "add", "there", served.remote(OTHER, secret), at=copy)
        git("push", "-q", "there", "main", "v1", at=copy)
        yield git, copy, f"{served.url}/{OTHER}.git", secret


def made(world, **fields: Any):
    body = {"direction": "pull", "url": NOWHERE, **fields}
    answer = world.client("owner").post(API, json=body)
    assert answer.status_code == 201, answer.json
    return answer.json


def run(world, mirror):
    """What the job does; gives how the mirror is then."""
    claimed = Claimed(
        id=UUID(int=1),
        job=Job.SYNCHRONISE_MIRROR,
        attempt=1,
        arguments={"mirror_id": mirror["id"]},
        about=None,
        promised_by=None,
        is_cancelled=False,
    )
    mirroring.mirror(world.wiring, claimed, lambda *_: None)
    return world.client("owner").get(f"{API}/{mirror['id']}").json


def refs_of(world, path):
    return {
        ref.decode(): oid
        for ref, oid in names(world.folder(world._repository(path)), b"refs/")
        if not ref.startswith(b"refs/internal/")
    }


@ON_ONE
def test_a_repository_follows_another_without_losing_anything(lab, elsewhere):
    git, copy, url, secret = elsewhere
    mirror = made(lab, url=url, username="git", password=secret)

    first = run(lab, mirror)
    assert (first["state"], first["error"]) == ("good", "")
    assert refs_of(lab, COPY) == refs_of(lab, OTHER)
    (pushed,) = lab.recorded("git.pushed")[-1:]
    assert pushed.body["refs"][0][3] == "moved"

    git("commit", "-q", "--allow-empty", "-m", "More", at=copy)
    git("push", "-q", "there", "main", "HEAD:refs/heads/further", at=copy)
    assert run(lab, mirror)["state"] == "good"
    assert refs_of(lab, COPY) == refs_of(lab, OTHER)

    git("commit", "-q", "--amend", "--allow-empty", "-m", "Otherwise", at=copy)
    git("push", "-q", "--force", "there", "main", ":further", at=copy)
    before = refs_of(lab, COPY)
    left = run(lab, mirror)
    assert (left["state"], left["behind"]) == ("behind", 1)
    assert refs_of(lab, COPY) == before

    lab.client("owner").patch(f"{API}/{mirror['id']}", json={"overwrites": True})
    assert run(lab, mirror)["state"] == "good"
    assert refs_of(lab, COPY) == refs_of(lab, OTHER)


@ON_ONE
def test_another_system_follows_a_repository(lab, elsewhere):
    git, copy, url, secret = elsewhere
    mirror = made(lab, direction="pull", url=url, username="git", password=secret)
    run(lab, mirror)
    lab.client("owner").delete(f"{API}/{mirror['id']}")
    git("push", "-q", "there", ":v1", at=copy)
    back = made(lab, direction="push", url=url, username="git", password=secret)

    assert run(lab, back)["state"] == "good"
    assert refs_of(lab, OTHER) == refs_of(lab, COPY)
    (sent,) = lab.recorded("repo.mirror_pushed")
    assert (sent.body["refs"], sent.body["host"]) == (1, "http://127.0.0.1")
    assert run(lab, back)["state"] == "good"
    assert len(lab.recorded("repo.mirror_pushed")) == 1, "nothing was there to be sent"

    git("commit", "-q", "--allow-empty", "-m", "Theirs", at=copy)
    git("push", "-q", "there", "main", at=copy)
    assert run(lab, back)["state"] == "behind"
    lab.client("owner").patch(f"{API}/{back['id']}", json={"overwrites": True})
    assert run(lab, back)["state"] == "good"
    assert refs_of(lab, OTHER) == refs_of(lab, COPY)


@ON_ONE
def test_rules_for_pushes_hold_for_what_is_pulled(lab, elsewhere):
    git, copy, url, secret = elsewhere
    mirror = made(lab, url=url, username="git", password=secret, overwrites=True)
    run(lab, mirror)
    rule = {"pattern": "main", "allow_force": False, "push_role": "writer"}
    lab.client("owner").put(f"/api/v1/repos/{COPY}/protections", json=rule)
    git("commit", "-q", "--amend", "--allow-empty", "-m", "Otherwise", at=copy)
    git("push", "-q", "--force", "there", "main", at=copy)
    before = refs_of(lab, COPY)

    refused = run(lab, mirror)

    assert (refused["state"], refused["failures"]) == ("failing", 1)
    assert "main" in refused["error"]
    assert refs_of(lab, COPY) == before
    assert lab.events().count("git.push_refused") == 1


@ON_ONE
def test_an_empty_source_deletes_nothing(lab, elsewhere):
    _, _, url, secret = elsewhere
    mirror = made(lab, url=url, username="git", password=secret, overwrites=True)
    run(lab, mirror)
    before = refs_of(lab, COPY)
    for ref, oid in names(lab.folder(lab._repository(OTHER)), b"refs/"):
        change(lab.folder(lab._repository(OTHER)), [RefChange(ref, oid, None)])

    assert "Nothing was deleted" in run(lab, mirror)["error"]
    assert refs_of(lab, COPY) == before


def test_who_answers_for_it_must_still_be_there(lab):
    mirror = made(lab)
    with lab.begin(appliance()) as work:
        row = work.session.get(Mirror, UUID(mirror["id"]))
        row.responsible_id = None
        row.failures = 0
        work.session.flush()
        work._changed.clear()

    assert "no longer active" in run(lab, mirror)["error"]
    assert lab.events().count("repo.mirror_failed") == 1
    run(lab, mirror)
    assert lab.events().count("repo.mirror_failed") == 1, "the first time in a row"


def test_it_is_promised_when_its_time_comes(lab):
    mirror = made(lab, every_minutes=10)
    soon = datetime.now(UTC)
    with lab.begin(appliance()) as work:
        assert mirror_runs.promise_due(work, now=soon) == 1
    with lab.begin(appliance()) as work:
        assert mirror_runs.promise_due(work, now=soon + timedelta(minutes=9)) == 0
        assert mirror_runs.promise_due(work, now=soon + timedelta(minutes=11)) == 1
    lab.client("owner").patch(f"{API}/{mirror['id']}", json={"is_active": False})
    with lab.begin(appliance()) as work:
        assert mirror_runs.promise_due(work, now=soon + timedelta(days=1)) == 0


def test_credentials_are_sealed_and_go_to_one_address_only(lab):
    mirror = made(lab, username="git", password="quite secret")
    sealed = lab.one(sa.select(Mirror.credentials))
    client, one = lab.client("owner"), f"{API}/{mirror['id']}"

    assert mirror["has_credentials"]
    assert b"quite secret" not in sealed
    assert "secret" not in json.dumps(mirror)
    assert client.patch(one, json={"overwrites": True}).json["has_credentials"]
    elsewhere = client.patch(one, json={"url": "http://127.0.0.1:2/other.git"}).json
    assert not elsewhere["has_credentials"]


@pytest.mark.promise("P16")
@pytest.mark.parametrize(
    "url", ["https://169.254.169.254/x.git", "file:///etc", "ssh://git@host/x"]
)
def test_addresses_that_mirrors_may_not_reach_are_refused(world, url):
    world.repository(COPY)
    world.user("owner", member=OrganisationRole.OWNER, of="lab")
    client = world.client("owner")
    client_made = client.post(API, json={"direction": "pull", "url": "https://8.8.8.8/x.git"}).json

    asked = client.post(API, json={"direction": "push", "url": url})
    changed = client.patch(f"{API}/{client_made['id']}", json={"url": url})

    assert [asked.status_code, changed.status_code] == [422, 422]
    assert asked.json["errors"][0]["field"] == "url"


@pytest.mark.parametrize(
    ("role", "status"), [(None, 404), (Role.WRITER, 403), (Role.MAINTAINER, 403), (Role.OWNER, 200)]
)
def test_only_owners_have_to_do_with_mirrors(lab, role, status):
    one = f"{API}/{made(lab)['id']}"
    page = one.replace(API, PORTAL)
    lab.user("somebody", role=role, on=COPY)
    client, browser = lab.client("somebody"), lab.browser("somebody")

    answers = [
        client.get(one),
        client.patch(one, json={"every_minutes": 5}),
        browser.get(page),
    ]
    assert {each.status_code for each in answers} == {status}
    doing = [
        client.post(f"{one}/sync"),
        browser.post(f"{page}/sync"),
        browser.post(page, data={"url": NOWHERE}),
        client.delete(one),
        browser.post(f"{page}/delete"),
    ]
    if role is not Role.OWNER:
        assert {each.status_code for each in doing} == {status}


def test_one_repository_follows_one_system(lab):
    made(lab)

    again = lab.client("owner").post(API, json={"direction": "pull", "url": NOWHERE})

    assert again.status_code == 409
    made(lab, direction="push")


@pytest.mark.parametrize("minutes", [4, 10081])
def test_the_time_between_has_limits(lab, minutes):
    body = {"direction": "pull", "url": NOWHERE, "every_minutes": minutes}

    answer = lab.client("owner").post(API, json=body)

    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "every_minutes")


def test_the_portal_makes_changes_and_deletes(lab):
    browser = lab.browser("owner")
    assert "No mirrors" in browser.get(PORTAL).text
    form = {"direction": "push", "url": NOWHERE, "every_minutes": "30"}

    answer = browser.post(PORTAL, data=form)
    assert answer.status_code == 303
    (one,) = set(re.findall(rf"{PORTAL}/[0-9a-f-]{{36}}", browser.get(PORTAL).text))
    assert "It mirrors this repository" in browser.get(one).text
    changed = {**form, "every_minutes": "45", "overwrites": "yes"}
    assert browser.post(one, data=changed).status_code == 303
    assert "Off" in browser.get(one).text, "the box was not ticked"
    off = browser.post(f"{one}/sync")
    assert (off.status_code, "Enable it first" in off.text) == (409, True)
    wrong = browser.post(PORTAL, data={**form, "url": "http://224.0.0.1/x"})
    assert (wrong.status_code, "address is not allowed" in wrong.text) == (422, True)
    assert browser.post(f"{one}/delete").status_code == 303
    assert browser.get(one).status_code == 404
    recorded = [each for each in lab.events() if each.startswith("repo.mirror")]
    assert recorded == ["repo.mirror_set", "repo.mirror_set", "repo.mirror_removed"]


@ON_ONE
def test_the_command_line_does_all_of_it(lab, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("a password\n"))
    with saying(lab, "owner", monkeypatch, capsys) as say_it:

        def say(verb: str, *words: str):
            return say_it("repo", "mirror", verb, COPY, *words)

        created = say("create", "push", NOWHERE, "--username", "git", "--password-stdin")
        assert created["has_credentials"]
        assert say("change", created["id"], "--overwrite", "--every-minutes", "5")["overwrites"]
        assert [each["id"] for each in say("list")] == [created["id"]]
        assert say("show", created["id"])["every_minutes"] == 5
        say("delete", created["id"], "--yes")
        assert say("list") == []

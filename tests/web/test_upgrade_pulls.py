"""An alert's upgrade becomes one pull request, which is brought up to date and never doubled."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from appliance.domain.permissions import Role
from tests.feeding import pushed, trusted, used
from tests.scanning.feeds.kit import record

NOW = datetime.now(UTC).replace(microsecond=0)
TIMES = {"made_at": NOW, "expires_at": NOW + timedelta(days=30)}
REPO = "/api/v1/repos/lab/notes"
UPGRADE = f"{REPO}/alerts/1/upgrade"
BRANCH = "upgrade/pypi-left-pad"
FIRST = record("GHSA-1", ("PyPI", "left-pad", "1.3"))
SECOND = record("GHSA-2", ("PyPI", "left-pad", "1.4"))
HASHED = f"left-pad==1.0 --hash=sha256:{'0' * 64}\n"
ON_ONE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def lab(world, tmp_path):
    world.publisher = trusted(world, tmp_path / "publisher")
    world.repository("lab/notes")
    for role in (Role.READER, Role.WRITER):
        world.user(str(role), role=role, on="lab/notes")
    used(world, world.publisher.bundle({"PyPI": [FIRST]}, **TIMES), now=NOW)
    return world


def content(world, path="requirements.txt", ref=BRANCH):
    return world.client("writer").get(f"{REPO}/read/{path}?ref={ref}").json["content"]


def test_the_upgrade_is_one_pull_request_for_all_manifests(lab):
    pushed(lab, "left-pad==1.0\nother==1.0\n")
    pushed(lab, "left-pad == 1.1\n", "tools/requirements.txt")
    client = lab.client("writer")

    made = client.post(UPGRADE, json={})
    assert made.status_code == 201, made.text
    number = made.json["number"]
    pull = client.get(f"{REPO}/pulls/{number}").json
    assert pull["title"] == "Upgrade left-pad from 1.0 to 1.3"
    assert (pull["author"], pull["state"]) == ("writer", "open")
    assert content(lab) == "left-pad==1.3\nother==1.0\n"
    assert content(lab, "tools/requirements.txt") == "left-pad == 1.3\n"
    assert content(lab, ref="main") == "left-pad==1.0\nother==1.0\n"

    assert client.post(UPGRADE, json={}).json["number"] == number
    assert len(client.get(f"{REPO}/pulls").json["items"]) == 1
    assert "merge.requested" in lab.events()


@ON_ONE
def test_the_latest_of_several_fixes_is_gone_to_and_an_open_one_is_brought_there(lab):
    pushed(lab, "left-pad==1.0\n")
    client = lab.client("writer")
    number = client.post(UPGRADE, json={}).json["number"]
    used(lab, lab.publisher.bundle({"PyPI": [FIRST, SECOND]}, serial=2, **TIMES), now=NOW)

    assert client.post(UPGRADE, json={}).json["number"] == number
    assert content(lab) == "left-pad==1.4\n"


@ON_ONE
def test_what_a_tool_writes_is_left_to_it_and_why_is_said(lab):
    pushed(lab, HASHED)

    answer = lab.client("writer").post(UPGRADE, json={})
    assert answer.status_code == 409
    assert "hashes" in answer.json["detail"]
    browser = lab.browser("writer")
    again = browser.post("/lab/notes/security/1/upgrade")
    assert again.headers["Location"] == "/lab/notes/security/1"
    assert "hashes" in browser.get("/lab/notes/security/1").text
    assert lab.client("writer").get(f"{REPO}/pulls").json["items"] == []


@ON_ONE
def test_the_button_leads_to_the_pull_request(lab):
    pushed(lab, "left-pad==1.0\n")
    browser = lab.browser("writer")

    assert "Create the upgrade pull request" in browser.get("/lab/notes/security/1").text
    answer = browser.post("/lab/notes/security/1/upgrade")
    assert answer.headers["Location"].startswith("/lab/notes/pulls/")
    reader = lab.browser("reader").post("/lab/notes/security/1/upgrade")
    assert reader.status_code == 404

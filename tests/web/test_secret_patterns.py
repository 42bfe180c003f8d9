"""Patterns of an organisation's own: refused with a reason, tried, and used where it pushes."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from appliance.db.alerts import Alert, Scan
from appliance.db.pushes import Push
from appliance.domain.identity import appliance
from appliance.domain.permissions import OrganisationRole, Scope
from appliance.scanning.resident import wire
from appliance.services import secret_rescans
from tests.commands import saying
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
from tests.world import NOON

__all__ = ["compiled", "copy", "git", "guarded", "remote", "writer"]
PLACE = "/api/v1/orgs/lab/secret-patterns"
BADGE = {
    "name": "badge",
    "pattern": "badge-[0-9]{8}",
    "matches": ["badge-48151623"],
    "refuses": ["badge-one"],
}


@pytest.fixture
def office(world, writer):
    world.user("owner", member=OrganisationRole.OWNER, of="lab")
    return world.client("owner", Scope.ORGANISATION_ADMIN, Scope.REPOSITORY_READ)


def test_a_pattern_is_tried_added_listed_and_removed_with_events(world, office):
    tried = office.post(f"{PLACE}/trial", json=BADGE | {"text": "one\nbadge-23421516\n"})
    added = office.post(PLACE, json=BADGE | {"lane": "block", "cure": "Ask the desk."})
    again = office.post(PLACE, json=BADGE)
    (listed,) = office.get(PLACE).json["items"]

    assert [each["line"] for each in tried.json["found"]] == [2]
    assert "23421516" not in tried.text
    assert (added.status_code, again.status_code) == (201, 409)
    assert (listed["name"], listed["lane"], listed["longest"]) == ("badge", "block", 14)
    assert office.delete(f"{PLACE}/badge").status_code == 204
    assert office.delete(f"{PLACE}/badge").status_code == 404
    assert recorded(world) == ["secret_scan.pattern_added", "secret_scan.pattern_removed"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"pattern": "badge-["}, "not a valid regular expression"),
        ({"pattern": "(?=badge)b"}, "not a valid regular expression"),
        ({"pattern": "(a)\\1"}, "not a valid regular expression"),
        ({"pattern": "x*"}, "not a valid regular expression"),
        ({"pattern": "((a+)+)+$"}, "It does not find"),
        ({"pattern": "[a-z]+", "refuses": []}, "too much in ordinary code"),
        ({"refuses": ["my badge-11112222"]}, "It finds my badge"),
        ({"matches": []}, "examples"),
        ({"name": "Not A Name"}, "lower-case"),
    ],
)
def test_a_bad_pattern_is_refused_with_the_reason(world, office, change, why):
    answer = office.post(PLACE, json=BADGE | change)

    assert answer.status_code == 422
    assert why in answer.text
    assert office.get(PLACE).json["items"] == []


def test_it_stops_pushes_and_is_looked_for_afterwards(world, office, remote, git, copy):
    git("push", remote, "main", at=copy)
    office.post(PLACE, json=BADGE | {"lane": "block"})
    office.post(
        PLACE,
        json=BADGE | {"name": "tag", "pattern": "tagged-[0-9]{8}", "matches": ["tagged-11223344"]},
    )
    git.commit(copy, "badges.txt", "badge-23421516\n")
    refused = git.try_("push", remote, "main", at=copy)
    git("reset", "-q", "--hard", "HEAD~1", at=copy)
    git.commit(copy, "tags.txt", "tagged-23421516\n")
    git("push", remote, "main", at=copy)
    last = world.one(sa.select(Push).order_by(Push.accepted_at.desc()).limit(1))
    scanned(world, push_id=str(last.id))

    assert "badges.txt:1" in refused.said
    assert "rule own-badge" in refused.said
    alert = world.one(sa.select(Alert))
    assert (alert.rule, alert.path, alert.lane) == ("own-tag", b"tags.txt", "review")


def test_it_is_tried_on_a_repository(world, office, remote, git, copy):
    git.commit(copy, "badges.txt", "one\nbadge-23421516\n")
    git("push", remote, "main", at=copy)
    world.repository("writer/own")
    found = office.post(f"{PLACE}/trial", json=BADGE | {"repository": "lab/notes"})
    other = office.post(f"{PLACE}/trial", json=BADGE | {"repository": "writer/own"})

    assert found.json["found"] == [{"path": "badges.txt", "line": 2, "preview": "badg\u2026"}], (
        found.json
    )
    assert other.status_code in (404, 422)


def test_a_pattern_makes_other_rules_for_the_organisation_alone(world, office):
    there = world._repository("lab/notes")
    scan = Scan(repository_id=there.id, kind="secret", cause="rules", ruleset="0", started_at=NOON)
    world.add(scan)
    with world.reading(appliance()) as work:
        before = secret_rescans.next_due(work, "0", after=None, now=NOON)
    office.post(PLACE, json=BADGE)
    with world.reading(appliance()) as work:
        after = secret_rescans.next_due(work, "0", after=None, now=NOON)

    assert (before, after) == (None, there.id)
    assert wire.digest_with("0", ()) == "0"


def test_the_command_does_the_same(world, office, monkeypatch, capsys):
    said = ["--pattern", BADGE["pattern"], "--match", "badge-48151623"]
    with saying(world, "owner", monkeypatch, capsys) as say:
        added = say("scan", "pattern", "add", "lab", "badge", *said, "--block")
        listed = say("scan", "pattern", "list", "lab")
        say("scan", "pattern", "remove", "lab", "badge")
        nothing = say("scan", "pattern", "list", "lab")

    assert (added["name"], added["lane"]) == ("badge", "block")
    assert [each["pattern"] for each in listed] == [BADGE["pattern"]]
    assert nothing == []

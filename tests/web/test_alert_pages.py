"""The Security tab: one list, each alert in full, and what people decide there."""

from __future__ import annotations

import pytest

from appliance.domain.identity import appliance
from appliance.domain.permissions import Role
from appliance.services import sightings
from appliance.services.sightings import NewScan
from tests.alerting import CODE, SECRET, AlertKind, ScanCause, another, find
from tests.world import NOON

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
HERE = "/lab/notes/security"
DISMISS = {"act": "dismiss", "reason": "wont_fix", "comment": "a fixture"}


@pytest.fixture
def lab(world):
    """A repository with two weaknesses of one rule (1, 2) and a secret (3)."""
    world.made = world.repository("lab/notes")
    find(world, "lab/notes", [CODE, another(CODE, "next")])
    find(world, "lab/notes", [SECRET])
    for role in (Role.READER, Role.WRITER, Role.OWNER):
        world.user(str(role), role=role, on="lab/notes")
    return world


def page(world, who, at=HERE):
    answer = world.browser(who).get(at)
    assert answer.status_code == 200
    return answer.text


def test_to_readers_there_is_no_security_tab(lab):
    browser = lab.browser("reader")

    assert browser.get(HERE).status_code == 404
    assert browser.get(f"{HERE}/1").status_code == 404
    assert browser.post(f"{HERE}/1", data=DISMISS).status_code == 404
    assert browser.post(HERE, data={**DISMISS, "chosen": "1"}).status_code == 404
    assert HERE not in page(lab, "reader", "/lab/notes")
    assert lab.events().count("alert.dismissed") == 0


def test_a_kind_that_nobody_has_looked_for_is_never_scanned_not_clean(lab):
    world = lab
    world.repository("lab/empty")
    world.grant("owner", Role.OWNER, "lab/empty")
    assert "Nobody has looked yet" in page(world, "owner", "/lab/empty/security")
    assert page(world, "owner").count("Never scanned") == 4

    with world.begin(appliance()) as work:
        scan = sightings.begin_scan(
            work, world.made, NewScan(AlertKind.SECRET, ScanCause.PUSH), now=NOON
        )
        skipped = [{"path": "a.zip", "why": "too-large"}]
        sightings.end_scan(
            work, world.made, scan, size_bytes=1, objects=1, skipped=skipped, now=NOON
        )
    shown = page(world, "owner")
    assert shown.count("Never scanned") == 3
    assert "1 object was not scanned" in shown


def test_the_list_is_chosen_in_its_address(lab):
    assert "2 open alerts" in page(lab, "writer")
    only = page(lab, "writer", f"{HERE}?kind=secret")
    assert "Example token" in only
    assert "SQL from strings" not in only
    assert "No matching alerts" in page(lab, "writer", f"{HERE}?state=fixed")
    everything = page(lab, "writer", f"{HERE}?format=csv&state=any")
    assert everything.count("sql-from-strings") == 2


def test_several_are_dismissed_with_a_reason(lab):
    answer = lab.browser("owner").post(HERE, data={**DISMISS, "chosen": ["1", "3", "x"]})

    assert answer.status_code == 303
    assert lab.events().count("alert.dismissed") == 2
    assert "Open 1" in page(lab, "owner")


def test_an_alert_says_what_to_do_and_hides_the_secret(lab):
    shown = page(lab, "owner", f"{HERE}/3")

    for words in ("Revoke it, and give a new one.", "exa…one", "src/settings.py:3", "Attest"):
        assert words in shown
    assert "Attest" not in page(lab, "writer", f"{HERE}/3")


def test_what_a_writer_asks_an_owner_answers(lab):
    writer, owner = lab.browser("writer"), lab.browser("owner")
    writer.post(f"{HERE}/3", data=DISMISS)
    assert "Withdraw the request" in page(lab, "writer", f"{HERE}/3")
    assert "writer asks to dismiss" in page(lab, "owner", f"{HERE}/3")

    owner.post(f"{HERE}/3", data={"act": "refuse"})
    writer.post(f"{HERE}/3", data={**DISMISS, "until": "2099-01-01"})
    owner.post(f"{HERE}/3", data={"act": "approve"})
    shown = page(lab, "owner", f"{HERE}/3")
    assert "approved its dismissal" in shown
    owner.post(f"{HERE}/3", data={"act": "reopen"})
    owner.post(f"{HERE}/3", data={"act": "assign", "assignee": "writer"})
    owner.post(f"{HERE}/3", data={"act": "comment", "comment": "<b>rotated</b>"})
    owner.post(f"{HERE}/3", data={"act": "revoke", "revoked_at": "2026-11-20", "ticket": "SEC-7"})
    shown = page(lab, "owner", f"{HERE}/3")
    for words in ("attested its revocation", "SEC-7", "&lt;b&gt;rotated", "revoked"):
        assert words in shown


@pytest.mark.parametrize(
    "sent",
    [
        {"act": "dismiss"},
        {**DISMISS, "until": "tomorrow"},
        {**DISMISS, "reason": "bored"},
        {"act": "assign", "assignee": "reader"},
        {"act": "comment", "comment": ""},
        {"act": "revoke", "revoked_at": "2099-01-01"},
    ],
    ids=str,
)
def test_what_cannot_be_decided_is_said_on_the_page(lab, sent):
    answer = lab.browser("owner").post(f"{HERE}/3", data=sent)

    assert answer.status_code == 422
    assert "Example token" in answer.text

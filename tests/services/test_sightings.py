"""What scans see becomes alerts, once; what they see no more ends them, except secrets."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from appliance.db.alerts import Alert, AlertDecision, AlertOccurrence, Scan
from appliance.domain import alert_identity
from appliance.domain.alerts import (
    AlertKind,
    AlertState,
    Confidence,
    DismissalReason,
    Resolution,
    ScanCause,
    Severity,
    Sighting,
    Step,
)
from appliance.domain.identity import appliance
from appliance.domain.permissions import OrganisationRole, Role
from appliance.errors import HiddenError, RefusedError
from appliance.services import sightings
from appliance.services.sightings import NewScan
from tests.world import NOON

APPLIANCE = appliance()
KEY = b"k" * 32
VALUE = b"not-a-real-one"
LATER = NOON + timedelta(days=1)
PUSH = NewScan(AlertKind.SECRET, ScanCause.PUSH, ref="refs/heads/main", to_commit="c" * 40)
LOOK = NewScan(AlertKind.CODE, ScanCause.PUSH)


def secret(value=VALUE, *, object_id="1" * 40, line=3, **more: Any):
    return Sighting(
        kind=AlertKind.SECRET,
        rule="example-token",
        title="Example token",
        identity=alert_identity.of_secret(KEY, "example-token", value),
        severity=Severity.HIGH,
        confidence=Confidence.HIGH,
        preview="not…one",
        object_id=object_id,
        path=b"src/settings.py",
        line=line,
        **more,
    )


def weakness(path=b"src/a.py", text="run(sql)", *, line=1):
    return Sighting(
        kind=AlertKind.CODE,
        rule="sql",
        title="SQL from strings",
        identity=alert_identity.of_code(path, "sql", text, 0),
        scope_identity=alert_identity.of_scope(path, "sql", "save", text, 0),
        severity=Severity.HIGH,
        confidence=Confidence.MEDIUM,
        path=path,
        line=line,
    )


@pytest.fixture
def repository(world):
    return world.repository("lab/notes")


@pytest.fixture
def see(world, repository):
    def do(*seen: Sighting, new=PUSH, actor=APPLIANCE, now=NOON, protected=False, looked_at=()):
        with world.begin(actor) as work:
            scan = sightings.begin_scan(work, repository, new, now=now)
            return sightings.take_in(
                work,
                repository,
                seen,
                scan=scan,
                ref_is_protected=protected,
                now=now,
                looked_at=looked_at,
            )

    return do


def end(world, repository, *, seen=(), looked_at=None, kind=AlertKind.CODE):
    with world.begin(APPLIANCE) as work:
        return sightings.gone(work, repository, kind, seen=seen, looked_at=looked_at, now=LATER)


def rows(world, table):
    with world.reading(APPLIANCE) as work:
        return list(work.session.scalars(sa.select(table).order_by(table.id)))


def only_alert(world):
    (found,) = rows(world, Alert)
    return found


def change(world, **values: Any):
    with world.wiring.database.engine.begin() as connection:
        connection.execute(sa.update(Alert).values(values))


def test_a_secret_at_two_places_is_one_alert(world, see):
    taken = see(secret(), secret(object_id="2" * 40, line=8))

    alert = only_alert(world)
    assert (taken.new, taken.again) == ((1,), ())
    assert (alert.number, alert.state, alert.occurrence_count) == (1, AlertState.OPEN, 2)
    assert len(rows(world, AlertOccurrence)) == 2
    assert world.events() == ["alert.opened"]


def test_seeing_it_again_opens_nothing(world, see):
    see(secret())
    taken = see(secret(), secret(b"another"), now=LATER)

    assert (taken.new, taken.again) == ((2,), (1,))
    assert world.events() == ["alert.opened"] * 2
    assert [each.occurrence_count for each in rows(world, Alert)] == [1, 1]
    scans = rows(world, Scan)
    assert [(each.found, each.opened) for each in scans] == [(1, 1), (2, 1)]


def test_deleting_the_line_leaves_a_secret_open(world, see, repository):
    see(secret())

    assert end(world, repository, kind=AlertKind.SECRET) == ()
    alert = only_alert(world)
    assert (alert.state, alert.is_present) == (AlertState.OPEN, False)


@pytest.mark.parametrize(
    ("cause", "reopened"), [(ScanCause.PUSH, (1,)), (ScanCause.HISTORY, ())], ids=str
)
def test_a_revoked_secret_comes_back_by_a_push_only(world, see, cause, reopened):
    see(secret())
    change(world, state=AlertState.FIXED, resolution=Resolution.REVOKED)

    taken = see(secret(), new=replace(PUSH, cause=cause), now=LATER)

    assert taken.reopened == reopened
    assert world.events()[1:] == ["alert.reopened"] * len(reopened)
    steps = [each.step for each in rows(world, AlertDecision)]
    assert steps == [Step.SEEN_AGAIN] * len(reopened)


def test_a_dismissed_one_stays_dismissed_when_its_file_is_renamed(world, see):
    see(weakness(line=1), new=LOOK)
    change(world, state=AlertState.DISMISSED, reason=DismissalReason.FALSE_POSITIVE)
    moved = weakness(b"lib/a.py", line=200)

    taken = see(moved, new=LOOK, looked_at={b"src/a.py", b"lib/a.py"}, now=LATER)

    alert = only_alert(world)
    assert taken.again == (1,)
    assert (alert.path, alert.line, alert.state) == (b"lib/a.py", 200, AlertState.DISMISSED)
    assert alert.identity == moved.identity


def test_what_is_gone_is_fixed_and_opens_again_when_it_is_back(world, see, repository):
    see(weakness(), weakness(b"src/b.py"), new=LOOK)

    assert end(world, repository, seen={2}) == (1,)
    assert end(world, repository, seen={2}) == ()
    assert see(weakness(), new=LOOK).reopened == (1,)
    assert world.events()[2:] == ["alert.fixed", "alert.reopened"]


def test_what_was_not_looked_at_is_not_gone(world, see, repository):
    see(weakness(), new=LOOK)

    assert end(world, repository, looked_at={b"src/b.py"}) == ()


def test_the_clock_starts_on_a_protected_branch(world, see):
    see(secret())
    assert only_alert(world).due_at is None

    see(secret(), protected=True, now=LATER)
    assert only_alert(world).due_at == LATER + timedelta(days=30)

    see(secret(is_exploited=True), protected=True, now=LATER)
    assert only_alert(world).due_at == LATER + timedelta(days=7)


def test_numbers_are_counted_for_each_repository(world, see):
    world.repository("lab/other")
    see(secret(b"one"), secret(b"two"))

    assert see(secret(b"three")).new == (3,)


def test_texts_that_no_database_takes_are_taken_all_the_same(world, see):
    see(replace(secret(), title="a\0b\ud800" + "x" * 600, preview="y" * 600))

    alert = only_alert(world)
    assert alert.title.startswith("ab?x")
    assert (len(alert.title), len(alert.preview)) == (500, 255)


@pytest.mark.parametrize(
    ("role", "member", "refusal"),
    [
        (None, None, HiddenError),
        (Role.READER, None, RefusedError),
        (Role.TRIAGER, None, RefusedError),
        (Role.WRITER, None, None),
        (None, OrganisationRole.AUDITOR, RefusedError),
        (None, OrganisationRole.SECURITY_OFFICER, None),
    ],
)
def test_who_may_say_what_scans_found(world, see, role, member, refusal):
    actor = world.user(role=role, on="lab/notes", member=member, of="lab")

    if refusal:
        with pytest.raises(refusal):
            see(secret(), actor=actor)
    else:
        assert see(secret(), actor=actor).new == (1,)


def test_a_scan_that_skipped_something_is_not_complete(world, repository):
    with world.begin(APPLIANCE) as work:
        scan = sightings.begin_scan(work, repository, PUSH, now=NOON)
        skipped = [{"path": "big.zip", "why": "too-large"}] * 1001
        sightings.end_scan(
            work, repository, scan, size_bytes=7, objects=1, skipped=skipped, now=LATER
        )

    (scan,) = rows(world, Scan)
    assert (scan.is_complete, len(scan.skipped), scan.skipped_count) == (False, 1000, 1001)

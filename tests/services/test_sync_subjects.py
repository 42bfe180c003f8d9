"""Synchronising people of whom more is known than one directory says."""

from __future__ import annotations

from base64 import b64encode

import pytest
import sqlalchemy as sa

from appliance.db.identity_providers import Identity, IdentityProvider
from appliance.db.users import UserState
from appliance.domain.identity import appliance
from appliance.services import identities, identity_links
from tests.services.arrivals import claims, provider
from tests.services.synchronising import LOCKED, now
from tests.world import NOON


@pytest.mark.promise("P45")
def test_no_report_says_that_somebody_returned_whom_another_system_keeps_out(world, slapd, corp):
    people = corp.people(2)
    corp.add()
    corp.sync()
    provider(world, "other", administrator=corp.by)
    with world.begin(corp.by) as work:
        linked = identity_links.link(work, corp.name(0), "other", "o-0", now=now())
    for each in people:
        slapd.change(each, *LOCKED)
    corp.sync()
    with world.begin(corp.by) as work:
        identities.follow(work, linked.id, claims("o-0", is_active=False), now=now())

    for each in people:
        slapd.change(each, "delete: pwdAccountLockedTime")
    planned, run = corp.sync(is_dry_run=True), corp.sync()

    assert corp.changes(planned) == {"0": "updated.planned", "1": "returned.planned"}
    assert corp.changes(run) == {"0": "updated.done", "1": "returned.done"}
    assert corp.reasons(planned) == corp.reasons(run) == ["kept_out_elsewhere"]
    assert [corp.state(n) for n in (0, 1)] == [UserState.SUSPENDED, UserState.ACTIVE]


@pytest.mark.promise("P68")
def test_a_subject_that_was_written_ambiguously_stays_with_whom_it_was(world, slapd, corp):
    """An earlier release wrote both of these as the same text."""
    for number, value in enumerate((b"a\xf0", b"a\xf1")):
        slapd.person(corp.name(number), f"audio:: {b64encode(value).decode()}")
    corp.add(subject_attribute="audio", group_base="")
    provider_id = world.one(sa.select(IdentityProvider.id))
    before = claims(b"a\xf0".decode(errors="replace"), corp.name(0))
    with world.begin(appliance()) as work:
        known = identities.arrive(work, provider_id, before, now=NOON)

    planned, run, after = corp.sync(is_dry_run=True), corp.sync(), corp.sync()

    assert corp.changes(planned) == {"0": "updated.planned", "1": "created.planned"}
    assert corp.changes(run) == {"0": "updated.done", "1": "created.done"}
    assert after.counts == {}
    by_name = sa.select(Identity.subject).order_by(Identity.said_name)
    with world.reading(corp.by) as work:
        assert work.session.scalars(by_name).all() == ["hex:61f0", "hex:61f1"]
    told = world.recorded("auth.identity_changed")
    assert [each.header["target"]["ref"] for each in told] == [str(known.user_id)]

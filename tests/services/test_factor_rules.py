"""Who must have a second factor, from when, and what is left to who has none."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from appliance.db.credentials import BrowserSession
from appliance.db.second_factors import FactorRule
from appliance.domain.identity import Method, Origin, stranger
from appliance.domain.permissions import InstanceRole, OrganisationRole, Permission, Scope
from appliance.errors import (
    ConflictError,
    InvalidError,
    NotFoundError,
    RefusedError,
    UnauthenticatedError,
)
from appliance.services import factor_due, factor_rules, identify, ssh_keys
from tests.services.factor_kit import ORIGIN, at_console, first_step, kit_of, set_up
from tests.web.test_account_pages import public_key
from tests.world import NOON, PASSWORD

DAY = timedelta(days=1)
THEN = NOON + 3 * DAY


@pytest.fixture
def kit(world):
    world.administrator()
    world.user("writer", password=PASSWORD)
    return kit_of(world)


def require(world, now=NOON, **about: Any):
    with world.begin(at_console(world, "administrator")) as work:
        return factor_rules.require(work, **{"grace_days": 2, **about}, now=now)


def due(world, name="writer"):
    actor = world.actor(name)
    with world.reading(actor) as work:
        return factor_due.due_at(work, actor.id)


def by_token(world, token, now=THEN):
    with world.reading(stranger(ORIGIN)) as work:
        key = world.wiring.sign_in.fingerprint_key
        return identify.by_token(work, token, origin=ORIGIN, fingerprint_key=key, now=now)


def known(world, kit, secret, now):
    with world.reading(stranger(ORIGIN)) as work:
        key = kit.sign_in.fingerprint_key
        return identify.by_session(work, secret, origin=ORIGIN, fingerprint_key=key, now=now)


@pytest.mark.parametrize(
    ("about", "is_about"),
    [
        ({}, True),
        ({"role": InstanceRole.ADMINISTRATOR}, False),
        ({"role": InstanceRole.USER}, True),
        ({"organisation": "lab"}, True),
        ({"organisation": "lab", "role": OrganisationRole.OWNER}, True),
        ({"organisation": "lab", "role": OrganisationRole.MEMBER}, False),
        ({"organisation": "works"}, False),
    ],
)
def test_a_rule_is_about_whom_it_names(world, kit, about, is_about):
    world.organisation("lab")
    world.organisation("works")
    world.join("writer", "lab", OrganisationRole.OWNER)
    assert due(world) is None
    require(world, **about)
    assert due(world) == (NOON + 2 * DAY if is_about else None)
    assert world.events() == ["auth.second_factor_required"]


def test_the_earliest_of_several_rules_counts_and_a_newer_one_takes_the_place(world, kit):
    require(world, grace_days=5)
    require(world, role=InstanceRole.USER, grace_days=1)
    assert due(world) == NOON + DAY
    rule = require(world, now=THEN, role=InstanceRole.USER, grace_days=9)
    assert due(world) == NOON + 5 * DAY
    with world.begin(at_console(world, "administrator")) as work:
        factor_rules.withdraw(work, rule.id)
        assert len(factor_rules.show(work).items) == 1
    assert world.events()[-1] == "auth.second_factor_not_required"


def test_grace_is_counted_from_when_somebody_came(world, kit):
    require(world, now=NOON - 30 * DAY)
    assert due(world) == NOON + 2 * DAY  # The writer was created at noon.


def test_who_has_a_factor_needs_no_other(world, kit):
    require(world)
    set_up(world, kit, at_console(world))
    assert due(world) is None


@pytest.mark.parametrize(("days", "is_due"), [(31, True), (1, False)])
def test_a_factor_that_was_shown_to_a_sign_in_system_counts_for_a_month(world, kit, days, is_due):
    require(world)
    first_step(world, kit)
    shown = datetime.now(UTC) - days * DAY
    with world.wiring.database.engine.begin() as connection:
        connection.execute(sa.update(BrowserSession).values(factor="provider", created_at=shown))
    assert (due(world) is not None) == is_due


@pytest.mark.promise("P42")
def test_after_the_grace_tokens_are_refused_and_say_why(world, kit):
    token = world.token("writer", Scope.REPOSITORY_READ)
    require(world)
    assert by_token(world, token, NOON).label == "writer"
    with pytest.raises(UnauthenticatedError, match="needs a second factor"):
        by_token(world, token)
    assert world.events()[-1] == "auth.sign_in_refused"
    assert '"reason":"no_second_factor"' in world.recorded()[-1].text
    set_up(world, kit, at_console(world))
    assert by_token(world, token).label == "writer"


@pytest.mark.promise("P42")
def test_after_the_grace_ssh_keys_and_running_transfers_are_refused(world, kit):
    with world.begin(at_console(world)) as work:
        key = ssh_keys.add(work, text=public_key(), title="laptop", now=NOON)
    require(world)
    for now, is_in in ((NOON, True), (THEN, False)):
        with world.reading(stranger(ORIGIN)) as work:
            if is_in:
                assert identify.by_ssh_key(work, key.id, origin=ORIGIN, now=now)
                continue
            with pytest.raises(UnauthenticatedError, match="needs a second factor"):
                identify.by_ssh_key(work, key.id, origin=ORIGIN, now=now)
    by_password = Origin(address="192.0.2.7", method=Method.PASSWORD)
    actor = at_console(world)
    with world.reading(actor) as work, pytest.raises(UnauthenticatedError):
        identify.again(work, actor.id, None, origin=by_password, now=THEN)


@pytest.mark.promise("P42")
def test_after_the_grace_a_browser_may_set_one_up_and_nothing_else(world, kit):
    opened = first_step(world, kit)
    require(world)
    early = known(world, kit, opened.secret, NOON)
    assert (early.actor.ceiling, early.factor_due_at) == (None, NOON + 2 * DAY)
    late_session = first_step(world, kit, now=THEN)
    late = known(world, kit, late_session.secret, THEN)
    assert late.actor.ceiling == {Permission.OWN_ACCOUNT}
    set_up(world, kit, late.actor, THEN)
    again = known(world, kit, late_session.secret, THEN)
    assert (again.actor.ceiling, again.factor_due_at) == (None, None)


@pytest.mark.promise("P42")
def test_the_console_asks_for_none(world, kit):
    require(world, grace_days=0)
    with world.begin(at_console(world, "administrator")) as work:
        assert factor_rules.show(work).without == 2


def test_nobody_keeps_themselves_out_but_at_the_console(world, kit):
    browser = replace(world.actor("administrator", method=Method.SESSION), is_elevated=True)
    with pytest.raises(ConflictError, match="lock you out"), world.begin(browser) as work:
        factor_rules.require(work, grace_days=0, now=NOON)
    assert world.one(sa.select(FactorRule)) is None
    with world.begin(browser) as work:
        factor_rules.require(work, grace_days=1, now=NOON)


@pytest.mark.parametrize(
    ("about", "refusal"),
    [
        ({"role": "king"}, InvalidError),
        ({"role": OrganisationRole.OWNER}, InvalidError),
        ({"grace_days": -1}, InvalidError),
        ({"grace_days": 366}, InvalidError),
        ({"organisation": "nowhere"}, NotFoundError),
    ],
)
def test_a_rule_about_nobody_is_refused(world, kit, about, refusal):
    with pytest.raises(refusal):
        require(world, **about)


@pytest.mark.parametrize("instance", [InstanceRole.USER, InstanceRole.AUDITOR])
def test_only_administrators_make_rules(world, kit, instance):
    actor = world.user("helper", instance=instance)
    with world.begin(actor) as work, pytest.raises(RefusedError):
        factor_rules.require(work, grace_days=0, now=NOON)

"""Two people for what matters most: one proposes, another confirms, and nothing else does it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from appliance.db.identity_providers import IdentityProvider
from appliance.db.proposals import Proposal, SecondPersonRule
from appliance.domain.audit_streams import Covers
from appliance.domain.identity import Impersonator, Method, appliance
from appliance.domain.identity_providers import ProviderKind
from appliance.domain.permissions import InstanceRole
from appliance.domain.second_person import Act, ProposalState
from appliance.errors import ConflictError, HiddenError, RefusedError, SecondPersonNeededError
from appliance.security.sealing import Place
from appliance.services import (
    factor_rules,
    identity_providers,
    proposals,
    repository_bin,
    second_person,
    users,
)
from appliance.services.audit_log import pruning, streams, witnesses
from appliance.services.identity_providers import NewProvider
from appliance.services.proposals import Tools
from tests.world import NOON

LATER = NOON + timedelta(hours=1)
SECRET = "a client secret nobody may see"
OIDC = {"issuer_url": "https://id.example", "client_id": "codara", "client_secret": SECRET}


@pytest.fixture
def two(world):
    """The rule in force, and two administrators who are there in person."""
    world.administrator("first")
    world.administrator("second")
    world.user("writer")
    world.add(SecondPersonRule(id=proposals.ONLY_ROW, since=NOON))
    return world


def person(world, name, **fields: object):
    """Somebody in a browser who has just confirmed that it is them."""
    actor = world.actor(name, method=Method.SESSION, is_elevated=True)
    return replace(actor, **fields)


def tools(world):
    wiring = world.wiring
    return Tools(wiring.sealer, wiring.logs, wiring.settings.witnesses.schemes)


def proposed(world, verb, name="first"):
    """The proposal that a verb leads to."""
    with pytest.raises(SecondPersonNeededError) as needed, world.begin(person(world, name)) as work:
        verb(work)
    return needed.value.proposal_id


def confirm(world, proposal_id, actor=None, now=None):
    with world.begin(actor or person(world, "second")) as work:
        moment = now or datetime.now(UTC)
        return proposals.confirm(work, proposal_id, tools=tools(world), now=moment)


def role(world, name="writer"):
    return world.actor(name).instance_role


def make_auditor(work):
    users.change_role(work, "writer", InstanceRole.AUDITOR)


@pytest.mark.promise("P50")
def test_it_takes_effect_when_another_administrator_confirms_and_not_before(two):
    proposal_id = proposed(two, make_auditor)
    assert role(two) is InstanceRole.USER
    with two.reading(person(two, "second")) as work:
        shown = proposals.show(work, proposal_id)
    assert (shown.act, shown.proposer, shown.subject) == (Act.USER_ROLE, "first", "writer")
    assert shown.changes == [("role", "user", "auditor")]
    assert confirm(two, proposal_id) is ProposalState.CONFIRMED
    assert role(two) is InstanceRole.AUDITOR
    assert two.events()[-3:] == ["admin.act_proposed", "user.role_changed", "admin.act_confirmed"]
    told = two.recorded("admin.act_confirmed")[0]
    assert told.header["actor"]["ref"] == two.actor("second").pseudonym
    assert told.body["proposer_id"] == str(two.actor("first").id)
    with pytest.raises(ConflictError):
        confirm(two, proposal_id)


@pytest.mark.promise("P50")
def test_nobody_confirms_their_own_or_in_anothers_name_or_with_a_token(two):
    proposal_id = proposed(two, make_auditor)
    acting = Impersonator(two.actor("first").id, "first", "p_x", proposals.ONLY_ROW)
    for actor in (
        person(two, "first"),
        person(two, "second", impersonator=acting),
        two.actor("second", method=Method.TOKEN),
        person(two, "writer"),
    ):
        with pytest.raises(RefusedError):
            confirm(two, proposal_id, actor)
    with pytest.raises(RefusedError), two.begin(person(two, "first")) as work:
        proposals.refuse(work, proposal_id, reason="", now=NOON)
    assert role(two) is InstanceRole.USER
    two.configure(CODARA_ACCESS__TOKENS_CONFIRM="true")
    token = two.actor("second", method=Method.TOKEN)
    assert confirm(two, proposal_id, token) is ProposalState.CONFIRMED


@pytest.mark.promise("P50")
def test_what_changed_in_between_is_noticed(two):
    proposal_id = proposed(two, make_auditor)
    two.configure()
    with two.wiring.database._writing() as session, session.begin():
        query = sa.update(proposals.User).where(proposals.User.name == "writer")
        session.execute(query.values(instance_role=InstanceRole.ADMINISTRATOR))
    assert confirm(two, proposal_id) is ProposalState.OVERTAKEN
    assert role(two) is InstanceRole.ADMINISTRATOR
    assert two.recorded("admin.act_lapsed")[0].body["why"] == "overtaken"


@pytest.mark.promise("P50")
@pytest.mark.parametrize("why", ["expired", "barred"])
def test_it_lapses_by_time_and_with_who_proposed_it(two, why):
    proposal_id = proposed(two, make_auditor)
    now = datetime.now(UTC) + (timedelta(hours=73) if why == "expired" else timedelta())
    if why == "barred":
        with two.begin(two.actor("second")) as work:
            users.suspend(work, "first", now=now)
    with two.begin(appliance()) as work:
        assert proposals.settle(work, now=now) == 1
    assert two.recorded("admin.act_lapsed")[0].body["why"] == why
    with pytest.raises(ConflictError):
        confirm(two, proposal_id, now=now)
    assert role(two) is InstanceRole.USER


def test_it_is_refused_with_a_reason_or_taken_back_by_who_proposed_it(two):
    first, second = proposed(two, make_auditor), proposed(two, make_auditor)
    with two.begin(person(two, "second")) as work:
        proposals.refuse(work, first, reason="not them", now=NOON)
    with pytest.raises(RefusedError), two.begin(person(two, "second")) as work:
        proposals.withdraw(work, second, now=NOON)
    with two.begin(person(two, "first")) as work:
        proposals.withdraw(work, second, now=NOON)
    assert two.events()[-2:] != []
    kinds = set(two.events())
    assert {"admin.act_refused", "admin.act_withdrawn"} <= kinds
    for proposal_id in (first, second):
        with pytest.raises(ConflictError):
            confirm(two, proposal_id)


@pytest.mark.promise("P50")
def test_who_may_not_propose_what_they_may_not_do_and_learn_nothing(two):
    with pytest.raises(RefusedError), two.begin(person(two, "writer")) as work:
        make_auditor(work)
    assert two.one(sa.select(Proposal)) is None
    with pytest.raises(RefusedError), two.reading(person(two, "writer")) as work:
        proposals.listed(work)
    with pytest.raises(HiddenError), two.reading(person(two, "second")) as work:
        proposals.show(work, proposals.ONLY_ROW)


@pytest.mark.promise("P50")
def test_the_rule_itself_goes_by_two_people(two):
    proposal_id = proposed(two, proposals.release)
    assert two.one(sa.select(SecondPersonRule)) is not None
    assert confirm(two, proposal_id) is ProposalState.CONFIRMED
    assert two.one(sa.select(SecondPersonRule)) is None
    with two.begin(person(two, "first")) as work:
        make_auditor(work)
    with two.begin(person(two, "first")) as work:
        proposals.require_two(work, now=NOON)
    assert two.recorded("admin.second_person_required")


def test_a_single_administrator_cannot_lock_everybody_out(world):
    world.administrator("first")
    with pytest.raises(ConflictError), world.begin(person(world, "first")) as work:
        proposals.require_two(work, now=NOON)


@pytest.mark.promise("P50")
def test_the_console_stays_possible_with_a_reason_and_is_loud(two):
    console = two.actor("first", method=Method.CONSOLE)
    with pytest.raises(SecondPersonNeededError), two.begin(console) as work:
        make_auditor(work)
    with two.begin(replace(console, alone="the other one is away")) as work:
        make_auditor(work)
    assert role(two) is InstanceRole.AUDITOR
    [told] = two.recorded("admin.second_person_bypassed")
    assert told.body["act"] == Act.USER_ROLE


@pytest.mark.promise("P50")
def test_secrets_of_a_proposal_are_sealed_and_shown_to_nobody(two):
    wanted = NewProvider("corp", ProviderKind.OIDC, "Corp", OIDC)
    sealer = two.wiring.sealer
    proposal_id = proposed(
        two, lambda work: identity_providers.add(work, wanted, sealer=sealer, now=NOON)
    )
    row = two.one(sa.select(Proposal))
    assert SECRET.encode() not in row.arguments
    assert (
        SECRET
        in sealer.unseal(row.arguments, Place("proposals", "arguments", str(row.id))).decode()
    )
    assert SECRET not in f"{row.before} {row.after} {row.subject}"
    assert confirm(two, proposal_id) is ProposalState.CONFIRMED
    assert two.one(sa.select(IdentityProvider)).name == "corp"


KEYS = (
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHSSpN9P8Bzy0lJcHrXzZDCWQsSkGrCrxDCuBjOnPQ1a one",
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl two",
)


def test_what_does_not_matter_most_needs_nobody_else(two):
    with two.begin(person(two, "first")) as work:
        users.create(work, name="plain", now=NOON)
    with two.begin(person(two, "first")) as work:
        factor_rules.require(work, grace_days=3, now=NOON)
    with two.begin(person(two, "first")) as work:
        users.suspend(work, "writer", now=NOON)
    assert two.one(sa.select(Proposal)) is None


def test_every_act_has_a_verb_and_every_verb_can_be_frozen():
    assert set(second_person.GUARDED) == set(Act)
    for entry in second_person.GUARDED.values():
        assert entry._hints() is not None
    assert pruning.authorise.__wrapped__
    assert streams.delete.__wrapped__
    assert witnesses.trust.__wrapped__
    assert repository_bin.purge_early.__wrapped__
    assert Covers.INSTANCE

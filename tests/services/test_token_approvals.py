"""Tokens that organisations let in, or keep out: until approved, their user is nothing there."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from appliance.db.credential_rules import TokenApproval
from appliance.db.credentials import AccessToken
from appliance.domain.credentials import Approval, ApprovalState, Standing
from appliance.domain.identity import Origin, stranger
from appliance.domain.permissions import OrganisationRole, Permission, Role, Visibility
from appliance.errors import ConflictError, HiddenError, InvalidError, RefusedError
from appliance.services import (
    credentials,
    identify,
    inbox,
    organisations,
    repositories,
    service_accounts,
    ssh_keys,
    token_approvals,
    token_rules,
)
from appliance.services.inbox import Topic
from appliance.services.token_rules import Rule
from tests.permissions.people import public_key
from tests.services.test_inbox import Memory
from tests.world import NOON

DAY = timedelta(days=1)
OWNER, MEMBER = OrganisationRole.OWNER, OrganisationRole.MEMBER


@pytest.fixture
def lab(world):
    """Two organisations with an owner and a member each, and repositories."""
    for name in ("lab", "works"):
        world.repository(f"{name}/notes")
        world.user(f"boss-of-{name}", member=OWNER, of=name)
    world.user("writer", member=MEMBER, of="lab")
    world.join("writer", "works")
    world.grant("writer", Role.WRITER, "lab/notes")
    world.grant("writer", Role.WRITER, "works/notes")
    return world


def ask_for(world, approval=Approval.OFF, organisation="lab", **days: int):
    with world.begin(world.actor(f"boss-of-{organisation}")) as work:
        token_rules.change(work, organisation, Rule(approval, **days), now=NOON)


def make(world, *, repositories=None, days=10, name="writer", reason="", scopes=("repo:read",)):
    with world.begin(world.actor(name)) as work:
        return credentials.create_token(
            work,
            name="ci",
            scopes=[*scopes, "org:read", "user"],
            repositories=repositories,
            expires_at=NOON + days * DAY,
            reason=reason,
            tools=world.wiring.sign_in,
            now=NOON,
        )


def using(world, made):
    key = world.wiring.sign_in.fingerprint_key
    with world.reading(stranger()) as work:
        return identify.by_token(work, made.secret, origin=Origin(), fingerprint_key=key, now=NOON)


def reaches(world, made):
    """The private repositories that a token sees, in a list and by name alike."""
    with world.reading(using(world, made)) as work:
        in_list = {each.path for each in repositories.listed(work).items}
        by_name = set()
        for path in ("lab/notes", "works/notes"):
            try:
                by_name.add(repositories.show(work, path).path)
            except HiddenError:
                continue
    assert in_list == by_name
    return in_list


def say(world, made, state, answer="", organisation="lab"):
    with world.begin(world.actor(f"boss-of-{organisation}")) as work:
        said = work.session.scalar(
            sa.select(TokenApproval).where(TokenApproval.token_id == made.token.id)
        )
        token_approvals.decide(work, organisation, said.id, state, answer=answer, now=NOON)


def stands(world, made, name="writer"):
    with world.reading(world.actor(name)) as work:
        listed = credentials.list_tokens(work).items
    (found,) = [each for each in listed if each.token.id == made.token.id]
    return {each.organisation: each.standing for each in found.organisations}


def told(world, name):
    with world.reading(world.actor(name)) as work:
        entries = inbox.waiting(work, memory=Memory(), now=NOON)
        entries += inbox.news(work, now=NOON)
    topics = {Topic.TOKEN_ASKS, Topic.TOKEN_ANSWERED}
    return [(each.topic, each.name, each.owner, each.detail) for each in entries
            if each.topic in topics]  # fmt: skip


BOTH, WORKS = {"lab/notes", "works/notes"}, {"works/notes"}


@pytest.mark.promise("P59")
@pytest.mark.parametrize(
    ("approval", "chosen", "reached"),
    [
        (Approval.OFF, None, BOTH),
        (Approval.OFF, ["lab/notes", "works/notes"], BOTH),
        (Approval.FINE_GRAINED, None, BOTH),
        (Approval.FINE_GRAINED, ["lab/notes", "works/notes"], WORKS),
        (Approval.ALL, None, WORKS),
        (Approval.ALL, ["lab/notes", "works/notes"], WORKS),
    ],
)
def test_until_approved_a_token_reaches_nothing_of_the_organisation(lab, approval, chosen, reached):
    before = make(lab, repositories=chosen)
    ask_for(lab, approval)
    after = make(lab, repositories=chosen)
    for made in (before, after):
        assert reaches(lab, made) == reached
    if reached == WORKS:
        say(lab, after, ApprovalState.APPROVED)
        assert reaches(lab, after) == BOTH
        assert reaches(lab, before) == WORKS
        say(lab, after, ApprovalState.REVOKED, answer="no more")
        assert reaches(lab, after) == WORKS


@pytest.mark.promise("P59")
def test_kept_out_its_user_is_nothing_there(lab):
    lab.repository("lab/shared", visibility=Visibility.INTERNAL)
    ask_for(lab, Approval.ALL)
    boss = make(lab, name="boss-of-lab", scopes=["admin"])
    actor = using(lab, boss)
    with lab.reading(actor) as work:
        assert [each.name for each in organisations.list_organisations(work).items] == ["lab"]
        assert organisations.allowed(work, "lab") == frozenset()  # It has something open to all.
        assert [each.path for each in repositories.listed(work).items] == ["lab/shared"]
        with pytest.raises(HiddenError):
            repositories.show(work, "lab/notes")
    with pytest.raises(RefusedError), lab.begin(actor) as work:
        organisations.change(work, "lab", {"description": "x"})
    administrator = lab.administrator()
    over_all = using(lab, make(lab, name=administrator.label, scopes=["admin"]))
    with pytest.raises(HiddenError), lab.reading(over_all) as work:
        repositories.show(work, "lab/notes")
    with lab.reading(over_all) as work:
        assert repositories.show(work, "works/notes")
        assert Permission.USERS_MANAGE in organisations.allowed(work, "works")


@pytest.mark.promise("P60")
def test_a_token_that_lives_too_long_stays_out_also_one_that_was_there_before(lab):
    long, short = make(lab, days=31), make(lab, days=30)
    lab.configure(CODARA_ACCESS__TOKENS_MAY_NEVER_EXPIRE="true")
    endless = lab.token("writer")
    ask_for(lab, most_days=30)
    assert reaches(lab, short) == BOTH
    assert reaches(lab, long) == WORKS
    assert (stands(lab, long)["lab"], stands(lab, short)["lab"]) == (
        Standing.TOO_LONG,
        Standing.OPEN,
    )
    row = lab.one(sa.select(AccessToken).where(AccessToken.expires_at.is_(None)))
    assert reaches(lab, credentials.NewToken(row, endless)) == WORKS
    ask_for(lab, Approval.ALL, most_days=30)
    asked = make(lab, days=31)
    say(lab, asked, ApprovalState.APPROVED)
    assert reaches(lab, asked) == WORKS  # An approval does not make a life shorter.


def test_owners_see_what_is_asked_and_both_sides_are_told(lab):
    ask_for(lab, Approval.FINE_GRAINED)
    made = make(lab, repositories=["lab/notes", "works/notes"], reason="for the nightly build")
    with lab.reading(lab.actor("boss-of-lab")) as work:
        (asked,) = token_approvals.listed(work, "lab").items
    assert (asked.user.name, asked.approval.reason) == ("writer", "for the nightly build")
    assert asked.repositories == ("lab/notes",)
    assert not asked.is_too_long
    assert told(lab, "boss-of-lab") == [(Topic.TOKEN_ASKS, "ci", "lab", "writer")]
    assert told(lab, "boss-of-works") == told(lab, "writer") == []
    assert stands(lab, made) == {"lab": Standing.PENDING}
    say(lab, made, ApprovalState.REFUSED, answer="use a service account")
    assert told(lab, "boss-of-lab") == []
    assert told(lab, "writer") == [(Topic.TOKEN_ANSWERED, "ci", "lab", "refused")]
    with lab.begin(lab.actor("writer")) as work:
        token_approvals.ask(work, made.token.id, "lab", reason="once more", now=NOON)
    assert stands(lab, made) == {"lab": Standing.PENDING}
    assert lab.events()[-3:] == [
        "token.approval_requested", "token.approval_refused", "token.approval_requested",
    ]  # fmt: skip


def test_who_may_ask_and_decide(lab):
    ask_for(lab, Approval.ALL)
    made = make(lab)
    said = lab.one(sa.select(TokenApproval))
    for name, refusal in (("writer", RefusedError), ("boss-of-works", HiddenError)):
        actor = lab.actor(name)
        with pytest.raises(refusal), lab.begin(actor) as work:
            token_approvals.decide(work, "lab", said.id, ApprovalState.APPROVED, now=NOON)
        with pytest.raises(refusal), lab.reading(actor) as work:
            token_approvals.listed(work, "lab")
        with pytest.raises(refusal), lab.begin(actor) as work:
            token_rules.change(work, "lab", Rule(), now=NOON)
    with pytest.raises(HiddenError), lab.begin(lab.actor("boss-of-works")) as work:
        token_approvals.decide(work, "works", said.id, ApprovalState.APPROVED, now=NOON)
    with pytest.raises(HiddenError), lab.begin(lab.actor("boss-of-lab")) as work:
        token_approvals.ask(work, made.token.id, "lab", now=NOON)
    for wrong, refusal in (
        (ApprovalState.PENDING, InvalidError),
        (ApprovalState.REVOKED, ConflictError),
    ):
        with pytest.raises(refusal), lab.begin(lab.actor("boss-of-lab")) as work:
            token_approvals.decide(work, "lab", said.id, wrong, now=NOON)
    with pytest.raises(ConflictError), lab.begin(lab.actor("writer")) as work:
        token_approvals.ask(work, made.token.id, "lab", now=NOON)
    with pytest.raises(ConflictError), lab.begin(lab.actor("writer")) as work:
        token_approvals.ask(work, made.token.id, "works", now=NOON)


@pytest.mark.parametrize("days", [{"most_days": 0}, {"most_days": 99_999}, {"unused_days": -1}])
def test_a_rule_that_makes_no_sense_names_its_field(lab, days):
    with pytest.raises(InvalidError) as raised, lab.begin(lab.actor("boss-of-lab")) as work:
        token_rules.change(work, "lab", Rule(**days), now=NOON)
    assert [problem.field for problem in raised.value.fields] == list(days)


def test_an_organisations_own_machine_needs_no_approval_but_a_stranger_one_does(lab):
    ask_for(lab, Approval.ALL)
    ask_for(lab, Approval.ALL, "works")
    with lab.begin(lab.actor("boss-of-lab")) as work:
        service_accounts.create(work, "builder", organisation="lab", now=NOON)
    lab.grant("builder", Role.READER, "lab/notes")
    lab.grant("builder", Role.READER, "works/notes")
    with lab.begin(lab.actor("boss-of-lab")) as work:
        made = credentials.create_token(
            work, name="ci", scopes=["repo:read"], expires_at=NOON + DAY, user="builder",
            tools=lab.wiring.sign_in, now=NOON,
        )  # fmt: skip
    assert reaches(lab, made) == {"lab/notes"}


def test_finding_the_user_of_a_token_asks_one_question_whatever_the_rules(lab):
    made = make(lab)
    plain = questions(lab, made)
    ask_for(lab, Approval.ALL)
    ask_for(lab, Approval.ALL, "works", most_days=3)
    assert questions(lab, made) == plain


def questions(world, made):
    """How many statements it takes to find out who shows a token."""
    asked = []
    engine = world.wiring.database.engine

    def note(_connection, _cursor, statement, *_: object):
        asked.append(statement)

    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        using(world, made)
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)
    return len([each for each in asked if "access_tokens" in each])


def test_who_sets_a_rule_with_a_token_is_not_kept_out_by_it(lab):
    made = make(lab, name="boss-of-lab", scopes=["org:admin"])
    with lab.begin(using(lab, made)) as work:
        token_rules.change(work, "lab", Rule(Approval.ALL), now=NOON)
    with lab.begin(using(lab, made)) as work:
        token_rules.change(work, "lab", Rule(Approval.ALL, most_days=10), now=NOON)
    with pytest.raises(ConflictError), lab.begin(using(lab, made)) as work:
        token_rules.change(work, "lab", Rule(most_days=9), now=NOON)


@pytest.mark.promise("P59")
def test_a_token_that_is_kept_out_makes_no_key_that_is_not(lab):
    made = make(lab)
    ask_for(lab, Approval.ALL)
    with pytest.raises(RefusedError), lab.begin(using(lab, made)) as work:
        ssh_keys.add(work, text=public_key(), now=NOON)
    say_after_asking(lab, made)
    with lab.begin(using(lab, made)) as work:
        ssh_keys.add(work, text=public_key(), now=NOON)


def say_after_asking(world, made):
    """Ask for a token that was there before the rule, and approve it."""
    with world.begin(world.actor("writer")) as work:
        token_approvals.ask(work, made.token.id, "lab", now=NOON)
    say(world, made, ApprovalState.APPROVED)

"""Access reviews of tokens, keys and service accounts: which, who decides, and what ends."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
import sqlalchemy as sa

from appliance.access import fetch
from appliance.db.access_reviews import ReviewedRight
from appliance.db.credentials import AccessToken, SshKey
from appliance.domain.access_reviews import AtDueDate, Decision, Outcome, Right
from appliance.domain.credentials import ApprovalState, CredentialKind, Standing
from appliance.domain.identity import Method, Origin, appliance, stranger
from appliance.domain.permissions import OrganisationRole, Permission, Role
from appliance.domain.signatures import KeyUse
from appliance.errors import HiddenError, RefusedError, UnauthenticatedError
from appliance.services import (
    credential_ends,
    credentials,
    identify,
    review_decisions,
    service_accounts,
    ssh_keys,
    token_approvals,
)
from tests.permissions.people import public_key
from tests.services.test_access_requests import present
from tests.services.test_access_reviews import decide, start
from tests.world import NOON

KINDS = (Right.TOKEN, Right.SSH_KEY, Right.DEPLOY_KEY, Right.SERVICE_ACCOUNT)


@pytest.fixture
def lab(world):
    """An organisation whose repository is reached by credentials of every kind."""
    world.administrator()
    for path in ("lab/notes", "works/notes"):
        world.repository(path)
    for name in ("owner", "second"):
        world.user(name, member=OrganisationRole.OWNER, of="lab")
    world.user("member", member=OrganisationRole.MEMBER, of="lab")
    for path in ("lab/notes", "works/notes"):
        world.grant("member", Role.WRITER, path)
    world.user("outside")
    with world.begin(world.actor("owner")) as work:
        service_accounts.create(work, "builder", organisation="lab", title="Builds", now=NOON)
        ssh_keys.add_deploy_key(work, "lab/notes", text=public_key(), title="host", now=NOON)
    for name in ("member", "builder", "outside", "owner"):
        world.secrets = getattr(world, "secrets", {}) | {name: world.token(name)}
    with world.begin(world.actor("member")) as work:
        for usage in (KeyUse.BOTH, KeyUse.SIGNING):
            ssh_keys.add(work, text=public_key(), title=usage, usage=usage, now=NOON)
    return world


def reviewed(world, review, kind, name):
    return world.one(
        sa.select(ReviewedRight).where(
            ReviewedRight.review_id == review.id,
            ReviewedRight.kind == kind,
            ReviewedRight.subject_name == name,
        )
    )


def by_token(world, name):
    key = world.wiring.sign_in.fingerprint_key
    with world.reading(stranger()) as work:
        return identify.by_token(
            work, world.secrets[name], origin=Origin(), fingerprint_key=key, now=NOON
        )


def by_key(world, title):
    key_id = world.one(sa.select(SshKey.id).where(SshKey.title == title))
    with world.reading(stranger()) as work:
        return identify.by_ssh_key(work, key_id, origin=Origin(method=Method.SSH_KEY), now=NOON)


def reaches(world, actor, path):
    try:
        with world.reading(actor) as work:
            fetch.repository(work, path, Permission.REPOSITORY_READ)
    except HiddenError:
        return False
    return True


def test_an_organisation_looks_at_what_reaches_it(lab):
    with lab.begin(appliance()) as work:
        token_id = work.session.scalar(
            sa.select(AccessToken.id).where(AccessToken.user_id == lab._user("member").id)
        )
        identify.note_use(work, token_id, address="::1", now=NOON + timedelta(days=3))
    review = start(lab, rights=KINDS)
    with lab.reading(lab.actor("owner")) as work:
        found = review_decisions.listed(work, review.id).items
    assert [
        (each.kind, each.subject_type, each.subject_name, each.credential, each.place_name)
        for each in found
    ] == [
        (Right.DEPLOY_KEY, "key", "host", "host", "lab/notes"),
        (Right.SERVICE_ACCOUNT, "user", "builder", "Builds", "lab"),
        (Right.SSH_KEY, "user", "member", "both", "lab"),
        (Right.TOKEN, "user", "builder", "test", "lab"),
        (Right.TOKEN, "user", "member", "test", "lab"),
        (Right.TOKEN, "user", "owner", "test", "lab"),
    ]
    used = {(each.kind, each.subject_name): each.last_used_at for each in found}
    assert {name for name, at in used.items() if at} == {(Right.TOKEN, "member")}
    assert used[Right.TOKEN, "member"] == NOON + timedelta(days=3)
    assert {each.may for each in found} >= {"read", "both", ""}


@pytest.mark.promise("P55")
def test_an_organisation_ends_what_is_its_own_and_keeps_out_what_is_a_persons(lab):
    review = start(lab, rights=KINDS)
    assert reaches(lab, by_token(lab, "member"), "lab/notes")
    assert reaches(lab, by_key(lab, "both"), "lab/notes")
    for kind, name, event in (
        (Right.TOKEN, "member", "token.approval_revoked"),
        (Right.SSH_KEY, "member", "ssh_key.kept_out"),
        (Right.TOKEN, "builder", "token.revoked"),
        (Right.SERVICE_ACCOUNT, "builder", "user.suspended"),
        (Right.DEPLOY_KEY, "host", "deploy_key.removed"),
    ):
        made = decide(lab, review, reviewed(lab, review, kind, name))
        assert made.outcome is Outcome.REVOKED
        assert lab.events()[-2:] == [event, "role.right_reviewed"]
        told = lab.recorded("role.right_reviewed")[-1].body
        assert (told["thing_type"], told["thing_id"]) == (kind, str(made.right_id))
    for actor in (by_token(lab, "member"), by_key(lab, "both")):
        assert not reaches(lab, actor, "lab/notes")
        assert reaches(lab, actor, "works/notes")
    with lab.reading(lab.actor("member")) as work:
        kept = {each.key.title: each.kept_out for each in ssh_keys.list_keys(work).items}
    assert kept == {"both": ("lab",), "signing": ()}
    with pytest.raises(UnauthenticatedError):
        by_token(lab, "builder")
    assert lab.one(sa.select(SshKey.id).where(SshKey.title == "host")) is None
    following = start(lab, rights=KINDS)
    with lab.reading(lab.actor("owner")) as work:
        left = review_decisions.listed(work, following.id).items
    assert [(each.kind, each.subject_name) for each in left] == [(Right.TOKEN, "owner")]


@pytest.mark.promise("P62")
def test_a_key_that_is_kept_out_stays_out_when_it_is_added_again(lab):
    text = public_key()
    for title in ("before", "again"):
        with lab.begin(lab.actor("member")) as work:
            key_id = ssh_keys.add(work, text=text, title=title, now=NOON).id
        if title == "before":
            assert reaches(lab, by_key(lab, title), "lab/notes")
            with lab.begin(lab.actor("owner")) as work:
                credential_ends.end_in(work, "lab", CredentialKind.SSH_KEY, key_id, now=NOON)
            with lab.begin(lab.actor("member")) as work:
                ssh_keys.remove(work, key_id)

    assert not reaches(lab, by_key(lab, "again"), "lab/notes")
    assert reaches(lab, by_key(lab, "again"), "works/notes")


@pytest.mark.promise("P59")
@pytest.mark.promise("P55")
def test_asking_again_lets_no_token_in_that_is_kept_out(lab):
    review = start(lab, rights=KINDS)
    decide(lab, review, reviewed(lab, review, Right.TOKEN, "member"))
    with lab.begin(lab.actor("member")) as work:
        token_id = work.session.scalar(
            sa.select(AccessToken.id).where(AccessToken.user_id == work.actor.id)
        )
        said = token_approvals.ask(work, token_id, "lab", reason="please", now=NOON)

    assert not reaches(lab, by_token(lab, "member"), "lab/notes")
    with lab.reading(lab.actor("member")) as work:
        listed = credentials.list_tokens(work).items
    assert [each.standing for each in listed[0].organisations] == [Standing.PENDING]
    with lab.begin(lab.actor("owner")) as work:
        token_approvals.decide(work, "lab", said.id, ApprovalState.APPROVED, now=NOON)
    assert reaches(lab, by_token(lab, "member"), "lab/notes")


@pytest.mark.promise("P55")
def test_the_appliance_ends_all_of_them_for_good(lab):
    review = start(lab, "administrator", organisation="", rights=KINDS)
    for kind, name, event in (
        (Right.TOKEN, "member", "token.revoked"),
        (Right.TOKEN, "outside", "token.revoked"),
        (Right.SSH_KEY, "member", "ssh_key.removed"),
        (Right.DEPLOY_KEY, "host", "deploy_key.removed"),
        (Right.SERVICE_ACCOUNT, "builder", "user.suspended"),
    ):
        made = decide(lab, review, reviewed(lab, review, kind, name), who="administrator")
        assert (made.outcome, lab.events()[-2]) == (Outcome.REVOKED, event)
    for name in ("member", "outside", "builder"):
        with pytest.raises(UnauthenticatedError):
            by_token(lab, name)


@pytest.mark.promise("P54")
def test_nobody_decides_about_credentials_of_their_own(lab):
    review = start(lab, rights=KINDS)
    own = reviewed(lab, review, Right.TOKEN, "owner")
    with pytest.raises(RefusedError, match="your own"):
        decide(lab, review, own)
    with pytest.raises(HiddenError):
        decide(lab, review, own, who="member")
    assert decide(lab, review, own, who="second").outcome is Outcome.REVOKED


def test_what_is_gone_already_is_said_to_be(lab):
    review = start(lab, rights=KINDS)
    with lab.begin(lab.actor("administrator")) as work:
        service_accounts.suspend(work, "builder", now=NOON)
    with lab.begin(lab.actor("member")) as work:
        ssh_keys.remove(work, reviewed(lab, review, Right.SSH_KEY, "member").right_id)
    for kind, name in ((Right.SERVICE_ACCOUNT, "builder"), (Right.SSH_KEY, "member")):
        made = decide(lab, review, reviewed(lab, review, kind, name))
        assert made.outcome is Outcome.GONE


def test_the_evidence_holds_them_and_no_secret(lab):
    review = start(lab, rights=KINDS, at_due=AtDueDate.REVOKE)
    decide(lab, review, reviewed(lab, review, Right.TOKEN, "member"), Decision.KEEP)
    with lab.begin(appliance()) as work:
        review_decisions.finish_by_itself(work, review.id, now=present() + timedelta(days=8))
    with lab.reading(lab.actor("administrator")) as work:
        lines = review_decisions.result(work, review.id)
    token = next(
        each
        for each in map(json.loads, lines)
        if (each["right"], each["who"]) == ("token", "member")
    )
    assert token["decision"] == "keep"
    assert lab.secrets["member"].startswith(token["mark"])
    assert token["credential_id"]
    assert "repo:write" in token["may"].split()
    assert not any(secret in line for secret in lab.secrets.values() for line in lines)
    with pytest.raises(UnauthenticatedError):
        by_token(lab, "builder")

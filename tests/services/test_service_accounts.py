"""Machines that are users: who makes them, what they may, and that nobody signs in as one."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from appliance.db.second_factors import FactorRule
from appliance.db.users import User
from appliance.domain.identity import Method, Origin, stranger
from appliance.domain.ids import new_id
from appliance.domain.permissions import InstanceRole, OrganisationRole, Permission, Role
from appliance.errors import (
    ConflictError,
    HiddenError,
    InvalidError,
    RefusedError,
    UnauthenticatedError,
)
from appliance.services import (
    break_glass,
    credentials,
    entry,
    identify,
    organisation_members,
    organisations,
    passwords,
    service_accounts,
    session_opening,
    ssh_keys,
    teams,
    users,
)
from appliance.services.session_opening import By
from tests.permissions.people import public_key
from tests.world import NOON

OWNER = OrganisationRole.OWNER


@pytest.fixture
def lab(world):
    """An organisation with an owner, a member and a repository."""
    world.repository("lab/notes")
    world.user("boss", member=OWNER, of="lab")
    world.user("member", member=OrganisationRole.MEMBER, of="lab")
    return world


def make(world, actor, name="builder", **said: str):
    with world.begin(actor) as work:
        return service_accounts.create(work, name, **said, now=NOON)


def mint(world, actor, scopes=("repo:read", "user")):
    with world.begin(actor) as work:
        return credentials.create_token(
            work,
            name="ci",
            scopes=scopes,
            expires_at=None,
            user="builder",
            tools=world.wiring.sign_in,
            now=NOON,
        )


def entering(world, secret):
    key = world.wiring.sign_in.fingerprint_key
    with world.reading(stranger()) as work:
        return identify.by_token(work, secret, origin=Origin(), fingerprint_key=key, now=NOON)


@pytest.mark.promise("P57")
@pytest.mark.parametrize(
    ("who", "organisation", "refusal"),
    [
        ("boss", "lab", None),
        ("administrator", "lab", None),
        ("administrator", "", None),
        ("boss", "", RefusedError),
        ("member", "lab", RefusedError),
        ("outsider", "lab", HiddenError),
        ("outsider", "", RefusedError),
    ],
)
def test_who_makes_one_for_whom(lab, who, organisation, refusal):
    lab.administrator()
    lab.user("outsider")
    lab.configure(CODARA_ACCESS__TOKENS_MAY_NEVER_EXPIRE="true")
    actor = lab.actor(who)
    if refusal:
        with pytest.raises(refusal):
            make(lab, actor, organisation=organisation)
        return
    made = make(lab, actor, organisation=organisation, title="Builds")
    assert made.user.is_machine
    assert made.organisation == organisation
    assert lab.events()[0] == "user.service_account_created"
    secret = mint(lab, actor).secret
    assert entering(lab, secret).label == "builder"
    with lab.reading(actor) as work:
        (listed,) = service_accounts.listed(work, organisation).items
    assert (listed.user.name, listed.tokens, listed.keys) == ("builder", 1, 0)


@pytest.mark.parametrize("name", ["boss", "LAB", "admin", "no name"])
def test_names_never_collide(lab, name):
    with pytest.raises((ConflictError, InvalidError)):
        make(lab, lab.actor("boss"), name, organisation="lab")
    make(lab, lab.actor("boss"), organisation="lab")
    with pytest.raises(ConflictError), lab.begin(lab.administrator()) as work:
        users.create(work, name="Builder", now=NOON)


@pytest.mark.promise("P57")
def test_only_its_owners_and_administrators_manage_it(lab):
    lab.organisation("works")
    lab.user("neighbour", member=OWNER, of="works")
    lab.configure(CODARA_ACCESS__TOKENS_MAY_NEVER_EXPIRE="true")
    make(lab, lab.actor("boss"), organisation="lab")
    token = mint(lab, lab.actor("boss")).token
    for other in ("member", "neighbour"):
        actor = lab.actor(other)
        for verb in (service_accounts.show, service_accounts.reinstate):
            with pytest.raises(RefusedError), lab.begin(actor) as work:
                verb(work, "builder")
        with pytest.raises(RefusedError), lab.begin(actor) as work:
            service_accounts.suspend(work, "builder", now=NOON)
        with pytest.raises(RefusedError):
            mint(lab, actor)
        with pytest.raises(HiddenError), lab.begin(actor) as work:
            credentials.revoke_token(work, token.id, now=NOON)
    with pytest.raises(HiddenError), lab.begin(lab.administrator()) as work:
        service_accounts.show(work, "member")
    with lab.begin(lab.actor("boss")) as work:
        credentials.revoke_token(work, token.id, now=NOON)


@pytest.mark.promise("P57")
@pytest.mark.parametrize("end", ["suspend", "delete", "organisation"])
def test_its_tokens_and_keys_stop_with_it(lab, end):
    lab.configure(CODARA_ACCESS__TOKENS_MAY_NEVER_EXPIRE="true")
    boss = lab.actor("boss")
    make(lab, boss, organisation="lab")
    secret = mint(lab, boss).secret
    with lab.begin(boss) as work:
        key = ssh_keys.add(work, text=public_key(), user="builder", now=NOON)
    with lab.reading(stranger()) as work:
        origin = Origin(method=Method.SSH_KEY)
        assert identify.by_ssh_key(work, key.id, origin=origin, now=NOON).label == "builder"
    with lab.begin(lab.administrator()) as work:
        if end == "suspend":
            service_accounts.suspend(work, "builder", now=NOON)
        elif end == "delete":
            service_accounts.delete(work, "builder", now=NOON)
        else:
            organisations_emptied(lab)
            organisations.delete(work, "lab", now=NOON)
    with pytest.raises(UnauthenticatedError):
        entering(lab, secret)
    with lab.reading(stranger()) as work:
        assert ssh_keys.find(work, key.fingerprint, now=NOON) is None
        with pytest.raises(UnauthenticatedError):
            identify.by_ssh_key(work, key.id, origin=Origin(), now=NOON)
    if end == "suspend":
        with lab.begin(lab.actor("administrator")) as work:
            service_accounts.reinstate(work, "builder")
        assert entering(lab, secret).label == "builder"


@pytest.mark.promise("P57")
@pytest.mark.parametrize("how", ["service_accounts", "users", "after its owner"])
def test_which_an_administrator_suspended_its_owner_does_not_let_in(lab, how):
    lab.configure(CODARA_ACCESS__TOKENS_MAY_NEVER_EXPIRE="true")
    boss, administrator = lab.actor("boss"), lab.administrator()
    make(lab, boss, organisation="lab")
    secret = mint(lab, boss).secret
    if how == "after its owner":
        with lab.begin(boss) as work:
            service_accounts.suspend(work, "builder", now=NOON)
    with lab.begin(administrator) as work:
        verb = users.suspend if how == "users" else service_accounts.suspend
        verb(work, "builder", reason="leaked", now=NOON)
    with pytest.raises(RefusedError, match="Only an administrator"), lab.begin(boss) as work:
        service_accounts.reinstate(work, "builder")
    with pytest.raises(UnauthenticatedError):
        entering(lab, secret)
    with lab.begin(administrator) as work:
        service_accounts.reinstate(work, "builder")
    assert entering(lab, secret).label == "builder"


def test_when_it_was_used_last_is_said_of_each(lab):
    lab.configure(CODARA_ACCESS__TOKENS_MAY_NEVER_EXPIRE="true")
    boss = lab.actor("boss")
    for name in ("builder", "mirror"):
        make(lab, boss, name, organisation="lab")
    made = mint(lab, boss)
    with lab.begin(boss) as work:
        identify.note_use(work, made.token.id, address="::1", now=NOON)
    with lab.reading(boss) as work:
        listed = service_accounts.listed(work, "lab").items
        shown = service_accounts.show(work, "builder")
    assert {each.user.name: each.used_at for each in listed} == {"builder": NOON, "mirror": None}
    assert shown.used_at == NOON


@pytest.mark.promise("P57")
def test_which_its_owner_suspended_they_let_in_again(lab):
    boss = lab.actor("boss")
    make(lab, boss, organisation="lab")
    for _ in range(2):  # Who let it in once is asked anew each time.
        with lab.begin(boss) as work:
            service_accounts.suspend(work, "builder", now=NOON)
        with pytest.raises(ConflictError), lab.begin(boss) as work:
            service_accounts.suspend(work, "builder", now=NOON)
        with lab.begin(boss) as work:
            service_accounts.reinstate(work, "builder")


def organisations_emptied(world):
    """Put what the organisation has into the bin."""
    notes = world._repository("lab/notes")
    with world.wiring.database._writing() as session, session.begin():
        session.merge(notes).deleted_at = NOON


@pytest.mark.promise("P58")
def test_nobody_signs_in_as_one(lab):
    make(lab, lab.actor("boss"), organisation="lab")
    administrator = lab.administrator()
    tools = lab.wiring.sign_in
    with pytest.raises(ConflictError), lab.begin(administrator) as work:
        passwords.issue_reset_link(work, "builder", tools=tools, now=NOON)
    with pytest.raises(ConflictError), lab.begin(administrator) as work:
        users.change(work, "builder", {"email": "builder@codara.test"})
    with pytest.raises(ConflictError), lab.begin(administrator) as work:
        break_glass.open_door(work, "builder", reason="r", now=NOON)
    machine = lab.one(sa.select(User).where(User.name == "builder"))
    with pytest.raises(ConflictError), lab.begin(stranger(Origin(address="::1"))) as work:
        session_opening.enter(work, machine, By(), tools=tools, now=NOON)


def test_rules_for_second_factors_leave_it_alone(lab):
    lab.configure(CODARA_ACCESS__TOKENS_MAY_NEVER_EXPIRE="true")
    make(lab, lab.actor("boss"), organisation="lab")
    secret = mint(lab, lab.actor("boss")).secret
    everybody = FactorRule(
        id=new_id(), scope="instance ", organisation_id=None, role="", grace_seconds=0,
        created_at=NOON,
    )  # fmt: skip
    lab.add(everybody)
    assert entering(lab, secret).label == "builder"


def test_it_has_roles_and_teams_as_people_have(lab):
    boss = lab.actor("boss")
    make(lab, boss, organisation="lab")
    lab.team("lab/robots")
    with lab.begin(boss) as work:
        assert teams.add_member(work, "lab/robots", "builder", now=NOON).is_machine
    lab.grant("lab/robots", Role.WRITER, "lab/notes")
    lab.configure(CODARA_ACCESS__TOKENS_MAY_NEVER_EXPIRE="true")
    secret = mint(lab, boss, scopes=["repo:write", "repo:admin", "org:admin"]).secret
    actor = entering(lab, secret)
    with lab.reading(actor) as work:
        assert work.actor.ceiling_allows(Permission.REPOSITORY_WRITE)
        assert [each.user.name for each in organisation_members.listed(work, "lab").items] == [
            "boss", "builder", "member",
        ]  # fmt: skip
    with pytest.raises(RefusedError), lab.begin(actor) as work:
        organisations.create(work, name="of-a-machine", now=NOON)


def test_a_machine_alone_owns_no_organisation_and_administers_nothing(lab):
    boss = lab.actor("boss")
    administrator = lab.administrator()
    make(lab, boss, organisation="lab")
    with lab.begin(boss) as work:
        organisation_members.set_role(work, "lab", "builder", OWNER, now=NOON)
    with pytest.raises(ConflictError), lab.begin(boss) as work:
        organisation_members.remove(work, "lab", "boss")
    with pytest.raises(ConflictError), lab.begin(administrator) as work:
        users.change_role(work, "builder", InstanceRole.ADMINISTRATOR)
    make(lab, administrator, "operator")
    with lab.begin(administrator) as work:
        users.change_role(work, "operator", InstanceRole.ADMINISTRATOR)
    with lab.begin(administrator) as work:
        person = work.session.scalar(sa.select(User).where(User.name == "administrator"))
        assert entry.is_last_administrator(work, person)

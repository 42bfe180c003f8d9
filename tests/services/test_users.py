"""Users: who may do what to whom, and what always remains."""

from __future__ import annotations

import threading
from contextlib import nullcontext
from dataclasses import replace

import pytest
import sqlalchemy as sa

from appliance.db.credentials import BrowserSession
from appliance.db.organisations import Membership
from appliance.db.repositories import Repository
from appliance.db.users import EmailAddress, Owner, User, UserState
from appliance.domain.identity import Method, appliance, stranger
from appliance.domain.permissions import (
    InstanceRole,
    OrganisationRole,
    Permission,
    Scope,
    permissions_of_scopes,
)
from appliance.errors import (
    ApplianceError,
    ConflictError,
    ElevationRequiredError,
    HiddenError,
    InvalidError,
    MovedError,
    RefusedError,
    UnauthenticatedError,
)
from appliance.services import passwords, users
from tests.world import NOON, PASSWORD

VERBS = {
    "create": lambda work: users.create(work, name="newcomer", now=NOON),
    "change_role": lambda work: users.change_role(work, "writer", InstanceRole.AUDITOR),
    "suspend": lambda work: users.suspend(work, "writer", now=NOON),
    "delete": lambda work: users.delete(work, "writer", now=NOON),
    "change": lambda work: users.change(work, "writer", {"display_name": "W."}),
    "rename": lambda work: users.rename(work, "writer", "author"),
}
EVENTS = {
    "create": "user.created",
    "change_role": "user.role_changed",
    "suspend": "user.suspended",
    "delete": "user.deleted",
    "change": "user.changed",
    "rename": "user.renamed",
}
OWN = {"change", "rename"}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(
    "who", ["administrator", "unelevated", "auditor", "user", "self", "narrow", "stranger"]
)
def test_who_may_do_what_to_a_user(world, verb, who):
    writer = world.user("writer", password=PASSWORD)
    admin = world.administrator()
    actor = {
        "administrator": lambda: admin,
        "unelevated": lambda: replace(admin, origin=replace(admin.origin, method=Method.SESSION)),
        "auditor": lambda: world.user(instance=InstanceRole.AUDITOR),
        "user": world.user,
        "self": lambda: writer,
        "narrow": lambda: replace(
            admin, ceiling=permissions_of_scopes(frozenset({Scope.REPOSITORY_READ}))
        ),
        "stranger": stranger,
    }[who]()
    refusal = _refusal(verb, who)
    with pytest.raises(refusal) if refusal else nullcontext(), world.begin(actor) as work:
        VERBS[verb](work)
    remembered = [] if who == "stranger" else ["access.refused"]
    assert world.events() == (remembered if refusal else [EVENTS[verb]])


def _refusal(verb, who):
    if who == "administrator" or (who == "self" and verb in OWN):
        return None
    if who == "unelevated":
        return ElevationRequiredError
    if who == "stranger":
        return UnauthenticatedError if verb == "create" else HiddenError
    if who == "narrow" and verb != "create":
        return HiddenError
    return RefusedError


def test_a_new_user_has_what_was_said_of_them(world):
    administrator = world.administrator()
    tools = world.wiring.sign_in
    with world.reading(administrator) as work:
        chosen = passwords.choose_for_new_user(
            work, password=PASSWORD, name="writer", email="w@codara.test", tools=tools
        )
    with world.begin(administrator) as work:
        user = users.create(
            work,
            name="writer",
            email="W@codara.test",
            display_name="  A  Writer ",
            password=chosen,
            now=NOON,
        )
    assert (user.display_name, user.must_change_password) == ("A Writer", True)
    with world.reading(administrator) as work:
        assert users.show(work, "WRITER").email == "W@codara.test"
    kept = world.recorded("user.created")[-1].values["email"]
    assert (kept.value, kept.person) == ("W@codara.test", user.pseudonym)


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"name": "writer"}, ConflictError),
        ({"name": "WRITER"}, ConflictError),
        ({"name": "lab"}, ConflictError),
        ({"name": "no spaces"}, InvalidError),
        ({"name": "-writer"}, InvalidError),
        ({"name": "admin"}, InvalidError),
        ({"name": "other", "email": "WRITER@codara.test"}, ConflictError),
        ({"name": "other", "email": "nowhere"}, InvalidError),
        ({"name": "other", "display_name": "x" * 101}, InvalidError),
        ({"name": "other", "display_name": "a\u202eb"}, InvalidError),
    ],
)
def test_names_and_addresses_are_unique_and_sound(world, fields, refusal):
    world.user("writer")
    world.organisation("lab")
    with pytest.raises(refusal), world.begin(world.administrator()) as work:
        users.create(work, **fields, now=NOON)
    assert world.events() == []
    assert world.one(sa.select(User).where(User.name == "other")) is None


def test_the_first_start_makes_one_administrator(world):
    made = []
    for _ in range(2):
        with world.begin(appliance()) as work:
            made.append(
                users.ensure_first_administrator(
                    work, password_hash=world.wiring.sign_in.hasher.hash(PASSWORD), now=NOON
                )
            )
    assert made == [True, False]
    admin = world.actor("admin")
    assert admin.is_administrator
    assert world.one(sa.select(User.must_change_password))
    assert world.events() == ["user.created"]


@pytest.mark.parametrize(
    ("who", "names", "address"),
    [
        ("administrator", ["administrator", "former", "reader", "writer"], "writer@codara.test"),
        ("writer", ["administrator", "reader", "writer"], "writer@codara.test"),
        ("reader", ["administrator", "reader", "writer"], ""),
        ("stranger", [], None),
    ],
)
def test_who_sees_which_users_and_addresses(world, who, names, address):
    for name in ("writer", "reader", "former"):
        world.user(name)
    administrator = world.administrator()
    with world.begin(administrator) as work:
        users.suspend(work, "former", now=NOON)
    actor = stranger() if who == "stranger" else world.actor(who)
    with world.reading(actor) as work:
        listed = users.list_users(work).items
    assert [each.user.name for each in listed] == names
    assert {each.email for each in listed if each.user.name == "writer"} <= {address}
    if address is None:
        with pytest.raises(HiddenError), world.reading(actor) as work:
            users.show(work, "writer")
        return
    with world.reading(actor) as work:
        assert users.show(work, "writer").email == address


def test_users_are_searched_filtered_and_paged(world):
    administrator = world.administrator()
    for number in range(5):
        world.user(f"user-{number}")
    with world.begin(administrator) as work:
        users.suspend(work, "user-3", now=NOON)
        users.change(work, "user-4", {"display_name": "100% Ursula"})
    pages, after = [], None
    while True:
        with world.reading(administrator) as work:
            page = users.list_users(work, search="USER", after=after, limit=2)
        pages.append([each.user.name for each in page.items])
        after = page.next
        if after is None:
            break
    assert pages == [["user-0", "user-1"], ["user-2", "user-3"], ["user-4"]]
    with world.reading(administrator) as work:
        suspended = users.list_users(work, state=UserState.SUSPENDED)
        assert [each.user.name for each in suspended.items] == ["user-3"]
        assert [each.user.name for each in users.list_users(work, search="% urs").items] == [
            "user-4"
        ]
        assert users.list_users(work, search="us_r").items == []


def test_one_changes_what_is_known_of_oneself(world):
    writer = world.user("writer")
    world.user("reader")
    with world.begin(writer) as work:
        user = users.change(
            work,
            None,
            {"display_name": "W.", "theme": "dark", "locale": "en-GB", "email": "new@codara.test"},
        )
    assert (user.theme, user.locale) == ("dark", "en-GB")
    assert world.one(sa.select(EmailAddress.address).where(EmailAddress.user_id == user.id)) == (
        "new@codara.test"
    )
    for changes, refusal in (
        ({"theme": "pink"}, InvalidError),
        ({"email": "reader@codara.test"}, ConflictError),
        ({"email": "nowhere"}, InvalidError),
    ):
        with pytest.raises(refusal), world.begin(writer) as work:
            users.change(work, None, changes)
    assert world.events() == ["user.changed"]


def test_a_browser_confirms_before_the_address_changes(world):
    writer = world.user("writer")
    browser = replace(writer, origin=replace(writer.origin, method=Method.SESSION))
    with world.begin(browser) as work:
        users.change(work, None, {"theme": "dark"})
    with pytest.raises(ElevationRequiredError), world.begin(browser) as work:
        users.change(work, None, {"email": "new@codara.test"})
    with world.begin(replace(browser, is_elevated=True)) as work:
        users.change(work, None, {"email": "new@codara.test"})


def test_an_old_name_redirects_until_it_is_taken(world):
    writer = world.user("writer")
    administrator = world.administrator()
    world.repository("writer/notes")
    with world.begin(writer) as work:
        users.rename(work, "writer", "author")
    assert world.one(sa.select(Repository)).path == "author/notes"
    with pytest.raises(MovedError) as moved, world.reading(administrator) as work:
        users.show(work, "Writer")
    assert moved.value.path == "author"
    with pytest.raises(MovedError), world.reading(administrator) as work:
        users.show_owner(work, "writer")
    with world.begin(administrator) as work:
        users.create(work, name="writer", now=NOON)
    with world.reading(administrator) as work:
        assert users.show(work, "writer").user.id != writer.id
        assert users.show(work, "author").user.id == writer.id


def test_a_name_may_change_its_case_and_come_back(world):
    writer = world.user("writer")
    for name in ("Writer", "author", "writer"):
        with world.begin(writer) as work:
            users.rename(work, world.one(sa.select(User.name)), name)
    assert world.one(sa.select(Owner.name_key)) == "writer"
    with pytest.raises(MovedError), world.reading(writer) as work:
        users.show(work, "author")


@pytest.mark.promise("P29")
def test_suspending_ends_sessions_and_reinstating_opens_the_door(world):
    world.user("writer", password=PASSWORD)
    administrator = world.administrator()
    world.add(
        BrowserSession(
            user_id=world.actor("writer").id,
            secret_hash="0" * 64,
            address="",
            user_agent="",
            created_at=NOON,
            ends_at=NOON,
        )
    )
    with world.begin(administrator) as work:
        users.suspend(work, "writer", reason="left", now=NOON)
    assert world.one(sa.select(BrowserSession.revoked_at)) == NOON
    with pytest.raises(ConflictError), world.begin(administrator) as work:
        users.suspend(work, "writer", now=NOON)
    with world.begin(administrator) as work:
        assert users.reinstate(work, "writer").is_active
    with pytest.raises(ConflictError), world.begin(administrator) as work:
        users.reinstate(work, "writer")
    assert world.events() == ["user.suspended", "user.reinstated"]


def test_a_deleted_user_leaves_nothing_to_enter_with_and_frees_the_name(world):
    writer = world.user("writer", password=PASSWORD)
    world.organisation("lab")
    world.user("owner", member=OrganisationRole.OWNER, of="lab")
    world.join("writer", "lab", OrganisationRole.OWNER)
    world.team("lab/authors", "writer")
    administrator = world.administrator()
    with world.begin(administrator) as work:
        users.delete(work, "writer", now=NOON)
    gone = world.one(sa.select(User).where(User.id == writer.id))
    assert (gone.state, gone.password_hash) == (UserState.DELETED, None)
    assert world.one(sa.select(EmailAddress).where(EmailAddress.user_id == writer.id)) is None
    assert world.one(sa.select(Membership).where(Membership.user_id == writer.id)) is None
    with pytest.raises(HiddenError), world.reading(administrator) as work:
        users.show(work, gone.name)
    with world.begin(administrator) as work:
        users.create(work, name="writer", email="writer@codara.test", now=NOON)


@pytest.mark.parametrize("tie", ["repositories", "only owner"])
def test_whoever_owns_something_is_not_deleted(world, tie):
    world.user("writer")
    if tie == "repositories":
        world.repository("writer/notes")
    else:
        world.organisation("lab")
        world.join("writer", "lab", OrganisationRole.OWNER)
        world.user("member", member=OrganisationRole.MEMBER, of="lab")
    with pytest.raises(ConflictError, match=tie), world.begin(world.administrator()) as work:
        users.delete(work, "writer", now=NOON)
    assert world.one(sa.select(User).where(User.name == "writer")).is_active


@pytest.mark.parametrize("verb", ["suspend", "delete", "change_role"])
def test_the_last_administrator_remains(world, verb):
    world.administrator("writer")
    operator = replace(
        appliance(), ceiling=frozenset({Permission.USERS_MANAGE, Permission.USERS_READ})
    )
    with pytest.raises((ConflictError, HiddenError)), world.begin(operator) as work:
        VERBS[verb](work)
    with pytest.raises(ConflictError), world.begin(world.actor("writer")) as work:
        VERBS[verb](work)
    world.administrator("second")
    with world.begin(world.actor("second")) as work:
        VERBS[verb](work)


def test_two_administrators_cannot_remove_each_other_at_once(world):
    world.administrator("first")
    world.administrator("second")
    start = threading.Barrier(2)
    outcomes = []

    def remove(actor, name):
        start.wait()
        try:
            with world.begin(actor) as work:
                users.suspend(work, name, now=NOON)
            outcomes.append("done")
        except ApplianceError as error:
            outcomes.append(error.code)

    pairs = (("first", "second"), ("second", "first"))
    threads = [
        threading.Thread(target=remove, args=(world.actor(actor), name)) for actor, name in pairs
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    active = sa.select(sa.func.count()).where(User.state == UserState.ACTIVE)
    assert sorted(outcomes) == ["conflict", "done"]
    assert world.one(active) == 1


def test_whoever_is_no_person_has_no_account(world):
    with pytest.raises(RefusedError), world.reading(appliance()) as work:
        users.show_self(work)
    with pytest.raises(UnauthenticatedError), world.reading(stranger()) as work:
        users.show_self(work)
    with world.reading(world.user("writer")) as work:
        assert users.show_self(work).email == "writer@codara.test"

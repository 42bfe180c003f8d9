"""Many who arrive together are taken in as they would be one at a time, with few statements."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa

from appliance.db.identity_providers import Identity
from appliance.db.organisations import Membership, TeamMembership
from appliance.db.users import EmailAddress, OldOwnerName, Owner, OwnerKind, User
from appliance.domain.claims import Address, Claims
from appliance.domain.identity import appliance
from appliance.domain.identity_providers import Gives, GroupRule
from appliance.domain.ids import new_id
from appliance.errors import ConflictError, InvalidError, UnauthenticatedError
from appliance.services import identities, kept_profiles, newcomers
from appliance.services.identities import Arrived
from appliance.services.identity_providers import Shown
from tests.services.arrivals import claims, provider, rule
from tests.world import NOON, World

GROUP = "cn=writers"


def crowd(mark: str) -> list[Claims]:
    """People of whom some are special; `mark` begins everything that is theirs alone."""

    def one(subject: str, name: str, **said: Any) -> Claims:
        email = said.pop("email", "")
        return claims(
            f"{mark}-{subject}",
            f"{mark}{name}" if name else "",
            email=f"{mark}{email}" if email else "",
            **said,
        )

    unverified = (Address(f"{mark}unverified@codara.test"),)
    return [
        one("1", "writer", email="writer@codara.test", display_name="A Writer"),
        one("2", "reader", groups=frozenset({GROUP, "cn=others"})),
        one("3", "nobody", groups=frozenset()),
        one("4", "taken"),
        one("5", "writer", email="other@codara.test"),
        one("6", "", email="by-address@codara.test"),
        one("7", "Bj\u00f6rk \u00c5ngstr\u00f6m", addresses=unverified),
        one("8", "second", email="writer@codara.test"),
        one("9", "third", email="taken@codara.test"),
        one("10", "left", is_active=False),
        one("11", "many", groups=frozenset(map(str, range(5001)))),
        one("12", "long", display_name="n" * 200, email="elsewhere@other.test"),
        one("13", "former"),
        one("1", "twice"),
    ]


def together(world: World, by: Shown, people: list[Claims]) -> dict[str, Arrived]:
    """The special ones alone, behind the others, as a run does it."""
    found = {}
    with world.begin(appliance()) as work:
        found |= newcomers.create(work, by.provider.id, people, now=NOON)
        for said in people:
            if said.subject not in found and (arrived := welcomed(work, by, said)):
                found[said.subject] = arrived
    return found


def alone(world: World, by: Shown, people: list[Claims]) -> dict[str, Arrived]:
    found: dict[str, Arrived] = {}
    with world.begin(appliance()) as work:
        for said in people:
            if said.subject not in found and (arrived := welcomed(work, by, said)):
                found[said.subject] = arrived
    return found


def welcomed(work: Any, by: Shown, said: Claims) -> Arrived | None:
    try:
        return identities.arrive(work, by.provider.id, said, now=NOON)
    except (UnauthenticatedError, InvalidError):
        return None


@dataclass(frozen=True)
class Scene:
    """What came of some people: what is known of each, and what was recorded of them."""

    people: dict[str, Any]
    events: Counter[tuple[str, str]]


def seen(world: World, mark: str, arrived: dict[str, Arrived], before: int) -> Scene:
    people, names = {}, {}
    for subject, each in arrived.items():
        people[subject.removeprefix(f"{mark}-")] = _plain(_facts(world, each), mark)
        names[str(each.user_id)] = subject.removeprefix(f"{mark}-")
    events: Counter[tuple[str, str]] = Counter()
    for event in world.recorded()[before:]:
        said = {name: value.value for name, value in event.values.items()}
        about = names.get(event.header["target"]["ref"]) or names.get(event.body.get("user_id", ""))
        hidden = {*said, "user_id"}
        body = {name: value for name, value in event.body.items() if name not in hidden}
        events[event.action, _plain((about, said, body), mark)] += 1
    return Scene(people, events)


def _plain(facts: object, mark: str) -> str:
    return str(facts).replace(mark, "")


def _facts(world: World, arrived: Arrived) -> dict[str, Any]:
    user = world.one(sa.select(User).where(User.id == arrived.user_id))
    owner = world.one(sa.select(Owner).where(Owner.id == arrived.user_id))
    identity = world.one(sa.select(Identity).where(Identity.id == arrived.identity_id))
    address = world.one(sa.select(EmailAddress).where(EmailAddress.user_id == user.id))
    member = world.one(sa.select(Membership.role).where(Membership.user_id == user.id))
    team = world.one(sa.select(TeamMembership.provider_id).where(TeamMembership.user_id == user.id))
    return {
        "arrived": (arrived.may_enter, arrived.is_new, arrived.name, arrived.wished_name),
        "user": _columns(user, "id", "pseudonym"),
        "owner": _columns(owner, "id"),
        "identity": _columns(identity, "id", "user_id"),
        "address": address and _columns(address, "id", "user_id"),
        "rights": (member, team),
        "has_pseudonym": user.pseudonym.startswith("p_") and len(user.pseudonym) == 28,
    }


def _columns(row: Any, *but: str) -> dict[str, Any]:
    names = [column.key for column in sa.inspect(row).mapper.column_attrs]
    return {name: getattr(row, name) for name in names if name not in but}


POLICIES: list[dict[str, Any]] = [
    {},
    {"keeps_profile": False},
    {"creates_users": False},
    {"link_by": "name"},
    {"link_by": "verified_email", "link_domains": ["codara.test"]},
    {"link_domains": ["codara.test"]},
]


@pytest.mark.parametrize("policy", POLICIES, ids=str)
def test_it_comes_to_the_same_whether_they_come_together_or_one_at_a_time(world, policy):
    admin = world.administrator()
    by = provider(world, administrator=admin, **policy)
    world.organisation("lab")
    world.team("lab/writers")
    rule(world, admin, "corp", GroupRule(GROUP, Gives.TEAM, "lab/writers"))
    scenes = []
    # Their letters stand in no id.
    for mark, take_in in (("kilo", together), ("lima", alone)):
        owner = world.user(f"{mark}taken", password=None)
        world.add(OldOwnerName(id=new_id(), name_key=f"{mark}former", owner_id=owner.id))
        before = len(world.recorded())
        arrived = take_in(world, by, crowd(mark))
        scenes.append(seen(world, mark, arrived, before))

    assert scenes[0].people == scenes[1].people
    assert scenes[0].events == scenes[1].events
    assert bool(scenes[0].people) is policy.get("creates_users", True)


def test_how_many_they_are_makes_no_more_statements(world):
    admin = world.administrator()
    by = provider(world, administrator=admin)
    world.organisation("lab")
    world.team("lab/writers")
    rule(world, admin, "corp", GroupRule(GROUP, Gives.TEAM, "lab/writers"))

    def some(count: int, mark: str) -> Callable[[], object]:
        people = [
            claims(f"{mark}{n}", f"{mark}{n}", email=f"{mark}{n}@x.test", groups=frozenset({GROUP}))
            for n in range(count)
        ]
        return lambda: together(world, by, people)

    assert statements(world, some(3, "few")) == statements(world, some(40, "many"))


def statements(world: World, act: Callable[[], object]) -> int:
    engine, said = world.wiring.database.engine, []

    def note(*given: Any) -> None:
        said.append(given[2])

    sa.event.listen(engine, "before_cursor_execute", note)
    act()
    sa.event.remove(engine, "before_cursor_execute", note)
    return len(said)


# On SQLite one writes at a time: there is no such moment.
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_name_that_somebody_takes_at_that_very_moment_is_theirs(world):
    by = provider(world)
    engine = world.wiring.database.engine
    taken = []

    def take(*given: Any) -> None:
        if given[2].startswith("INSERT INTO owners") and not taken:
            taken.append(new_id())
            world.add(Owner(id=taken[0], kind=OwnerKind.USER, name="Writer", name_key="writer"))

    sa.event.listen(engine, "before_cursor_execute", take)
    arrived = together(world, by, [claims("s-1", "writer"), claims("s-2", "reader")])

    assert {subject: each.name for subject, each in arrived.items()} == {
        "s-1": "writer-2",
        "s-2": "reader",
    }
    assert len(world.recorded("user.created")) == 2


def test_what_fails_in_an_attempt_leaves_what_was_done_before_it(world):
    actor = world.user("writer")
    world.user("reader")
    with world.begin(actor) as work:
        user = work.session.get_one(User, actor.id)
        user.theme = "dark"
        work.note_change("users")
        row = Owner(id=new_id(), kind=OwnerKind.USER, name="reader", name_key="reader")
        with pytest.raises(ConflictError), work.attempt():
            work.session.add(row)
        work.record(kept_profiles.profile_changed(user, {"theme": "dark"}))

    assert world.one(sa.select(User.theme).where(User.id == actor.id)) == "dark"

"""Who had which right, from what the log says happened: events in, the state at their end out.

Nothing here knows of the present: each right is held together with the events that it rests on, and
what an event no longer tells is a gap, never a guess. The rules are those of `access/grants.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any

from appliance.domain.access_state import INSTANCE, NEEDS_NO_DETAILS, Fact, Held, History, Right
from appliance.domain.permissions import (
    INSTANCE_REPOSITORY_ROLE_OF,
    REPOSITORY_ROLE_OF,
    InstanceRole,
    OrganisationRole,
    Role,
    Visibility,
)


def replay(facts: Iterable[Fact], user_of: Callable[[str], str | None], at: datetime) -> History:
    """What was so at a moment, after these events, which are in the order of time.

    `user_of` gives the user behind a pseudonym: who founded an organisation, where an event of an
    earlier release does not say it.
    """
    history = History()
    for fact in facts:
        if fact.body is None and fact.action not in NEEDS_NO_DETAILS:
            history.gaps.append(fact)
            continue
        step = STEPS.get(fact.action)
        if step is not None:
            step(history, fact, fact.body or {})
        if fact.action == "org.created":
            founder = (fact.body or {}).get("user_id") or user_of(fact.actor)
            if founder:
                history.members[fact.about, founder] = Held(OrganisationRole.OWNER, (fact,))
    _add_temporary(history, at)
    return history


def _add_temporary(history: History, at: datetime) -> None:
    """What had been given until a time after this moment; what lasts longer goes before it."""
    for (user, kind, thing), (ends, held) in history.until.items():
        if ends <= at:
            continue
        if kind == "repository":
            history.grants[thing, "request", user] = held
            continue
        home = thing if kind == "organisation" else history.team_of.get(thing, "")
        history.members.setdefault((home, user), Held(OrganisationRole.MEMBER, held.facts))
        if kind == "team":
            history.in_team.setdefault((thing, user), held)


def rights_on(history: History, repository: str) -> Iterator[Right]:
    """Every way in which somebody had a role on a repository."""
    if repository in history.binned:
        return
    for user in sorted(history.users()):
        if user not in history.out:
            yield from _of_user(history, repository, user)


def _of_user(history: History, repository: str, user: str) -> Iterator[Right]:
    owner = history.owner.get(repository)
    if owner is not None and owner.value == user:
        yield Right(user, Role.OWNER, "owner", "", owner.facts)
    yield from _by_grants(history, repository, user)
    organisation = history.organisation.get(repository)
    member = history.members.get((organisation, user)) if organisation else None
    if organisation and member is not None and member.value:
        yield from _by_membership(history, organisation, user, member)
    instance = history.instance.get(user)
    if instance is not None:
        by_instance = INSTANCE_REPOSITORY_ROLE_OF[InstanceRole(instance.value or "user")]
        if by_instance is not None:
            yield Right(user, by_instance, "instance", instance.value or "", instance.facts)
        seen = history.visibility.get(repository)
        if seen is not None and seen.value != Visibility.PRIVATE:
            yield Right(user, Role.READER, "visibility", seen.value or "", seen.facts)


def _by_grants(history: History, repository: str, user: str) -> Iterator[Right]:
    for (where, kind, grantee), grant in history.grants.items():
        if where != repository or not grant.value:
            continue
        if kind in {"user", "request"} and grantee == user:
            source = "direct" if kind == "user" else "request"
            yield Right(user, Role(grant.value), source, "", grant.facts)
        for inner in _within(history, grantee) if kind == "team" else ():
            belongs = history.in_team.get((inner, user))
            if belongs is not None:
                facts = (*grant.facts, *belongs.facts, *_nesting(history, inner, grantee))
                yield Right(user, Role(grant.value), "team", grantee, facts)


def _by_membership(history: History, organisation: str, user: str, member: Held) -> Iterator[Right]:
    by_role = REPOSITORY_ROLE_OF[OrganisationRole(member.value or "member")]
    if by_role is not None:
        yield Right(user, by_role, "organisation", organisation, member.facts)
    base = history.base.get(organisation)
    if base is not None and base.value:
        facts = (*member.facts, *base.facts)
        yield Right(user, Role(base.value), "base", organisation, facts)


def _within(history: History, team: str) -> Iterator[str]:
    """A team and every team inside it."""
    yield team
    for inner, around in history.teams.items():
        if around.value == team and inner != team:
            yield from _within(history, inner)


def _nesting(history: History, inner: str, outer: str) -> tuple[Fact, ...]:
    facts: tuple[Fact, ...] = ()
    while inner != outer and inner in history.teams:
        facts += history.teams[inner].facts
        inner = history.teams[inner].value or outer
    return facts


def _user_created(history: History, fact: Fact, body: dict[str, Any]) -> None:
    history.instance[fact.about] = Held(body["instance_role"], (fact,))


def _user_role(history: History, fact: Fact, body: dict[str, Any]) -> None:
    history.instance[fact.about] = Held(body["after"], (fact,))


def _user_out(history: History, fact: Fact, _body: dict[str, Any]) -> None:
    history.out[fact.about] = Held(fact.action, (fact,))


def _user_in(history: History, fact: Fact, _body: dict[str, Any]) -> None:
    history.out.pop(fact.about, None)


def _user_deleted(history: History, fact: Fact, body: dict[str, Any]) -> None:
    _user_out(history, fact, body)
    history.instance[fact.about] = Held(InstanceRole.USER, (fact,))
    _drop(history.members, lambda key: key[1] == fact.about)
    _drop(history.in_team, lambda key: key[1] == fact.about)
    _drop(history.grants, lambda key: key[1:] == ("user", fact.about))


def _repository_created(history: History, fact: Fact, body: dict[str, Any]) -> None:
    history.visibility[fact.about] = Held(body["visibility"], (fact,))
    history.path[fact.about] = body["path"]
    _own(history, fact, body)


def _transferred(history: History, fact: Fact, body: dict[str, Any]) -> None:
    history.path[fact.about] = body["after"]
    _own(history, fact, body)
    _drop(history.grants, lambda key: key[:2] == (fact.about, "team"))


def _own(history: History, fact: Fact, body: dict[str, Any]) -> None:
    history.organisation.pop(fact.about, None)
    if fact.log != INSTANCE:
        history.organisation[fact.about] = fact.log
        history.owner[fact.about] = Held("", (fact,))
    else:
        history.owner[fact.about] = Held(body.get("owner_id"), (fact,))


def _visibility(history: History, fact: Fact, body: dict[str, Any]) -> None:
    history.visibility[fact.about] = Held(body["after"], (fact,))


def _binned(history: History, fact: Fact, _body: dict[str, Any]) -> None:
    history.binned.add(fact.about)


def _restored(history: History, fact: Fact, body: dict[str, Any]) -> None:
    history.binned.discard(fact.about)
    history.path[fact.about] = body.get("path") or history.path.get(fact.about, "")


def _renamed(history: History, fact: Fact, body: dict[str, Any]) -> None:
    history.path[fact.about] = body.get("after") or history.path.get(fact.about, "")


def _granted(history: History, fact: Fact, body: dict[str, Any]) -> None:
    key = (fact.about, body["grantee_type"], body["grantee_id"])
    history.grants[key] = Held(body["role"], (fact,))


def _withdrawn(history: History, fact: Fact, body: dict[str, Any]) -> None:
    history.grants.pop((fact.about, body["grantee_type"], body["grantee_id"]), None)


def _organisation_changed(history: History, fact: Fact, body: dict[str, Any]) -> None:
    if "base_role" in body["changed"]:
        history.base[fact.about] = Held(body["changed"]["base_role"], (fact,))


def _organisation_deleted(history: History, fact: Fact, _body: dict[str, Any]) -> None:
    gone = {team for team, where in history.team_of.items() if where == fact.about}
    history.base.pop(fact.about, None)
    _drop(history.members, lambda key: key[0] == fact.about)
    _drop(history.in_team, lambda key: key[0] in gone)
    _drop(history.grants, lambda key: key[1] == "team" and key[2] in gone)


def _member(history: History, fact: Fact, body: dict[str, Any]) -> None:
    role = body.get("role") or body.get("after")
    history.members[fact.about, body["user_id"]] = Held(role, (fact,))


def _member_removed(history: History, fact: Fact, body: dict[str, Any]) -> None:
    user = body["user_id"]
    history.members.pop((fact.about, user), None)
    _drop(
        history.in_team,
        lambda key: key[1] == user and history.team_of.get(key[0]) == fact.about,
    )


def _team_created(history: History, fact: Fact, body: dict[str, Any]) -> None:
    history.teams[fact.about] = Held(body.get("parent_id"), (fact,))
    history.team_of[fact.about] = fact.log
    history.team_names[fact.about] = body["name"]


def _team_changed(history: History, fact: Fact, body: dict[str, Any]) -> None:
    changed = body["changed"]
    history.team_names[fact.about] = changed.get("name", history.team_names.get(fact.about, ""))
    if "parent" not in changed:
        return
    around = body.get("parent_id")
    if around is None and changed["parent"] is not None:
        # Earlier releases named the team around it by its name.
        around = _team_called(history, fact.log, changed["parent"])
    history.teams[fact.about] = Held(around, (fact,))


def _team_called(history: History, organisation: str, name: str) -> str | None:
    for team, called in history.team_names.items():
        if history.team_of.get(team) == organisation and called.casefold() == name.casefold():
            return team
    return None


def _team_deleted(history: History, fact: Fact, _body: dict[str, Any]) -> None:
    history.teams.pop(fact.about, None)
    history.team_of.pop(fact.about, None)
    history.team_names.pop(fact.about, None)
    _drop(history.in_team, lambda key: key[0] == fact.about)
    _drop(history.grants, lambda key: key[1:] == ("team", fact.about))


def _joined(history: History, fact: Fact, body: dict[str, Any]) -> None:
    history.in_team[fact.about, body["user_id"]] = Held("", (fact,))
    history.team_of.setdefault(fact.about, fact.log)


def _left(history: History, fact: Fact, body: dict[str, Any]) -> None:
    history.in_team.pop((fact.about, body["user_id"]), None)


def _approved(history: History, fact: Fact, body: dict[str, Any]) -> None:
    if body.get("until"):  # Without it, it was given as anything else is, and says so by itself.
        held = Held(body.get("role") or "member", (fact,))
        key = (fact.about, body["thing_type"], body["thing_id"])
        history.until[key] = datetime.fromisoformat(body["until"]), held


def _prolonged(history: History, fact: Fact, body: dict[str, Any]) -> None:
    key = (fact.about, body["thing_type"], body["thing_id"])
    if key in history.until:
        before = history.until[key][1]
        held = Held(before.value, (*before.facts, fact))
        history.until[key] = datetime.fromisoformat(body["until"]), held


def _ended(history: History, fact: Fact, body: dict[str, Any]) -> None:
    history.until.pop((fact.about, body["thing_type"], body["thing_id"]), None)


def _drop(held: dict[Any, Held], which: Callable[[Any], bool]) -> None:
    for key in [key for key in held if which(key)]:
        del held[key]


STEPS: dict[str, Callable[[History, Fact, dict[str, Any]], None]] = {
    "user.created": _user_created,
    "user.role_changed": _user_role,
    "user.suspended": _user_out,
    "user.reinstated": _user_in,
    "user.deleted": _user_deleted,
    "repo.created": _repository_created,
    "repo.transferred": _transferred,
    "repo.visibility_changed": _visibility,
    "repo.deleted": _binned,
    "repo.purged": _binned,
    "repo.restored": _restored,
    "repo.renamed": _renamed,
    "repo.role_granted": _granted,
    "repo.role_withdrawn": _withdrawn,
    "org.changed": _organisation_changed,
    "org.deleted": _organisation_deleted,
    "org.member_added": _member,
    "org.member_role_changed": _member,
    "org.member_removed": _member_removed,
    "team.created": _team_created,
    "team.changed": _team_changed,
    "team.deleted": _team_deleted,
    "team.member_added": _joined,
    "team.member_removed": _left,
    "role.access_approved": _approved,
    "role.access_prolonged": _prolonged,
    "role.access_ended": _ended,
}
"""What each event makes of what was so before."""

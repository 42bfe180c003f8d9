"""Who had which right, by events alone: what ends by itself, and what is no longer told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID

import pytest

from appliance.domain.access_history import replay, rights_on
from appliance.domain.access_state import Fact

START = datetime(2026, 11, 1, tzinfo=UTC)
NUMBERS = count()


def fact(action, about, hours=0, log="lab", **body: object):
    number = next(NUMBERS)
    at = START + timedelta(hours=hours)
    return Fact(log, "o", number, UUID(int=number), at, action, about, "p", body or None)


def history(*facts: Fact, at: int):
    return replay(facts, lambda _: None, START + timedelta(hours=at))


def sources(found):
    return {(each.user_id, str(each.role), each.source) for each in rights_on(found, "r")}


CREATED = (
    fact("org.created", "lab", name="lab", user_id="boss"),
    fact("repo.created", "r", path="lab/r", visibility="private"),
    fact("team.created", "t", name="core", parent_id=None),
    fact("org.changed", "lab", changed={"base_role": "reader"}),
    fact("repo.role_granted", "r", grantee_type="team", grantee_id="t", role="writer"),
)
BOSS = {("boss", "owner", "organisation"), ("boss", "reader", "base")}


def until(hours):
    return (START + timedelta(hours=hours)).isoformat()


@pytest.mark.parametrize(("at", "there"), [(2, True), (5, False)])
def test_a_right_until_a_time_ends_with_it_whether_or_not_anything_says_so(at, there):
    given = fact(
        *("role.access_approved", "w", 1),
        thing_type="repository",
        thing_id="r",
        role="maintainer",
        until=until(4),
    )
    found = sources(history(*CREATED, given, at=at))
    assert found == BOSS | ({("w", "maintainer", "request")} if there else set())


def test_it_is_prolonged_and_ended_before_its_time():
    about = {"thing_type": "team", "thing_id": "t"}
    given = fact("role.access_approved", "w", 1, **about, role=None, until=until(4))
    longer = fact("role.access_prolonged", "w", 2, **about, until=until(9))
    ended = fact("role.access_ended", "w", 6, **about, why="early", until=until(6))
    by_team = {("w", "writer", "team"), ("w", "reader", "base")}
    assert sources(history(*CREATED, given, longer, at=5)) == BOSS | by_team
    assert sources(history(*CREATED, given, at=5)) == BOSS
    assert sources(history(*CREATED, given, longer, ended, at=7)) == BOSS


def test_an_event_without_its_details_is_a_gap_and_no_guess():
    lost = fact("org.member_added", "lab", 1)
    found = history(*CREATED, lost, at=2)
    assert found.gaps == [lost]
    assert sources(found) == BOSS
    left = fact("repo.deleted", "r", 1)
    assert history(*CREATED, left, at=2).gaps == []

"""Who is told what happens in conversations, and why."""

from __future__ import annotations

from uuid import UUID

import pytest

from appliance.domain import events
from appliance.domain.conversations import Following
from appliance.domain.events import registry
from appliance.domain.notifications import (
    BECAUSE,
    TALES,
    Audience,
    Reason,
    Tale,
    reason_to_keep,
    to_tell,
)

A, B, C, D = (UUID(int=number) for number in range(1, 5))


@pytest.mark.parametrize(
    ("tale", "audience", "told"),
    [
        (Tale.COMMENTED, {"following": {A: Following.AUTHOR}}, {A: Reason.AUTHOR}),
        (Tale.COMMENTED, {"actor": A, "following": {A: Following.AUTHOR}}, {}),
        (
            Tale.COMMENTED,
            {"actor": A, "following": {A: Following.AUTHOR}, "wanting_own": frozenset({A})},
            {A: Reason.AUTHOR},
        ),
        (
            Tale.COMMENTED,
            {"named": {A: Reason.MENTION}, "following": {A: Following.COMMENT}},
            {A: Reason.MENTION},
        ),
        (
            Tale.OPENED,
            {"watching": frozenset({A, B}), "following": {A: Following.COMMENT}},
            {A: Reason.COMMENT, B: Reason.WATCHING},
        ),
        (Tale.OPENED, {"watching": frozenset({A}), "actor": A}, {}),
        (Tale.COMMENTED, {"named": {A: Reason.MENTION}, "ignoring": frozenset({A})}, {}),
        (Tale.COMMENTED, {"named": {A: Reason.MENTION}, "left": frozenset({A})}, {}),
        (
            Tale.ASSIGNED,
            {"named": {A: Reason.ASSIGNED}, "following": {B: Following.AUTHOR}},
            {A: Reason.ASSIGNED},
        ),
        (
            Tale.MENTIONED,
            {"named": {A: Reason.MENTION}, "watching": frozenset({B})},
            {A: Reason.MENTION},
        ),
        (
            Tale.QUEUED,
            {"watching": frozenset({A}), "following": {B: Following.CHOSEN}},
            {B: Reason.SUBSCRIBED},
        ),
        (Tale.CLOSED, {"actor": None, "following": {A: Following.MENTION}}, {A: Reason.SUBSCRIBED}),
    ],
)
def test_who_is_told(tale, audience, told):
    assert to_tell(tale, Audience(**{"actor": D, **audience})) == told


@pytest.mark.parametrize(
    ("before", "new", "is_unread", "kept"),
    [
        (Reason.MENTION, Reason.COMMENT, True, Reason.MENTION),
        (Reason.MENTION, Reason.COMMENT, False, Reason.COMMENT),
        (Reason.TEAM_MENTION, Reason.MENTION, True, Reason.MENTION),
        (Reason.COMMENT, Reason.WATCHING, True, Reason.WATCHING),
    ],
)
def test_who_is_asked_for_sees_that_until_they_have_read_it(before, new, is_unread, kept):
    assert reason_to_keep(before, new, is_unread=is_unread) is kept


def test_every_way_of_following_has_a_reason():
    assert set(BECAUSE) == set(Following)


@pytest.mark.parametrize("action", sorted(TALES))
def test_what_is_told_is_recorded_and_says_which_conversation(action):
    known = registry.of(action)
    assert registry.is_known(action)
    assert {"number", "commit"} & {each.name for each in known.fields}
    assert events

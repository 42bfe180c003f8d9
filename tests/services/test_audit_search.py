"""Searching the audit logs: that it finds what it should, page by page, and who may."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings

from appliance.db import audit_words_index
from appliance.domain import events
from appliance.domain.audit_query import spell
from appliance.domain.identity import stranger
from appliance.domain.permissions import OrganisationRole, Permission
from appliance.errors import HiddenError, InvalidError, RefusedError, UnauthenticatedError
from appliance.services import organisations, repository_moves, users
from appliance.services.audit_log import search as audit_search
from appliance.services.audit_log import state as audit_state
from appliance.services.audit_log.search import Asked
from tests.domain.queries import NOW, QUERIES, fits
from tests.services.audited import Audited
from tests.world import NOON

ALL = 1000


def search(world, actor, *, now=NOW, limit=ALL, **words: Any):
    """All that is found, newest first, over pages of a size."""
    found, after = [], None
    with world.reading(actor) as work:
        begun = audit_search.begin(work, Asked(**words), now=now)
        while True:
            page = audit_search.page(
                work, begun, sealer=world.wiring.sealer, after=after, limit=limit
            )
            found += page.items
            after = page.next
            if after is None:
                return found


def ids(found):
    return [str(each.id) for each in found]


@pytest.mark.parametrize("common", [2, audit_words_index.COMMON])
def test_a_search_finds_what_a_plain_reading_would(world, monkeypatch, common):
    monkeypatch.setattr(audit_words_index, "COMMON", common)
    audited, administrator = Audited(world), world.administrator()

    @settings(max_examples=120, deadline=None, database=None)
    @given(QUERIES)
    def agree(query):
        wanted = {e.header["id"] for e in audited.events if fits(query, e, audited.resolve)}
        assert set(ids(search(world, administrator, text=spell(query)))) == wanted

    agree()


def test_pages_are_in_order_whole_and_stay_the_same_while_the_log_grows(world):
    audited, administrator = Audited(world), world.administrator()
    whole = search(world, administrator, limit=ALL)
    assert len(whole) == len(audited.events)
    times = [each.occurred_at for each in whole]
    assert times == sorted(times, reverse=True)
    with world.reading(administrator) as work:
        begun = audit_search.begin(work, Asked(), now=NOW)
        first = audit_search.page(work, begun, sealer=world.wiring.sealer, limit=7)
    with world.begin(administrator) as work:
        work.record(events.JobCancelled(job="upkeep"))
    world.keep_log()
    found, after = list(first.items), first.next
    while after is not None:
        with world.reading(administrator) as work:
            page = audit_search.page(work, begun, sealer=world.wiring.sealer, after=after, limit=7)
        found, after = found + page.items, page.next
    assert ids(found) == ids(whole)
    assert len(search(world, administrator, text="created:*..*")) == len(whole) + 1


def test_a_log_is_searched_as_it_was_at_a_size(world):
    Audited(world)
    administrator = world.administrator()
    there = search(world, administrator, log="lab")
    assert {each.log_name for each in there} == {"lab"}
    for size in (0, 1, 10, len(there)):
        found = search(world, administrator, log="lab", as_of=size)
        assert sorted(each.index for each in found) == list(range(size))
    for asked in (
        Asked(log="lab", as_of=len(there) + 1),
        Asked(log="lab", as_of=-1),
        Asked(as_of=3),
    ):
        with pytest.raises(InvalidError), world.reading(administrator) as work:
            audit_search.begin(work, asked, now=NOW)


def test_the_last_ninety_days_unless_a_period_is_asked_for(world):
    audited, administrator = Audited(world), world.administrator()
    later = NOW + timedelta(days=100)
    first = audited.events[0].header
    assert search(world, administrator, now=later) == []
    every = len(audited.events)
    assert len(search(world, administrator, now=later, text="created:*..*")) == every
    assert len(search(world, administrator, now=later, since="2026-01-01")) == every
    assert len(search(world, administrator, now=later, text=f"id:{first['id']}")) == 1
    day = first["time"][:10]
    found = search(world, administrator, now=later, since=day, until=day)
    assert first["id"] in ids(found)
    assert {each.occurred_at.date().isoformat() for each in found} == {day}
    with pytest.raises(InvalidError), world.reading(administrator) as work:
        audit_search.begin(work, Asked(since="soon"), now=NOW)


def test_whoever_follows_gets_each_event_once_in_the_order_it_came(world):
    Audited(world)
    administrator = world.administrator()
    with world.reading(administrator) as work:
        begun = audit_search.begin(work, Asked("category:job"), now=NOW)
        assert audit_search.newer(work, begun, sealer=world.wiring.sealer).items == []
    for number in range(5):
        with world.begin(administrator) as work:
            work.record(events.JobCancelled(job=f"upkeep-{number}"))
            work.record(events.LeftoversSwept(rows=number))
    world.keep_log()
    got = []
    for _ in range(4):
        with world.reading(administrator) as work:
            newer = audit_search.newer(work, begun, sealer=world.wiring.sealer, limit=2)
        got += [each.fields["job"] for each in newer.items]
        begun = newer.search
    assert got == [f"upkeep-{number}" for number in range(5)]


@pytest.mark.parametrize(
    ("who", "log", "refusal"),
    [
        ("administrator", "", None),
        ("administrator", "instance", None),
        ("administrator", "lab", None),
        ("administrator", "never", HiddenError),
        ("auditor", "", None),
        ("auditor", "lab", None),
        ("auditor", "instance", RefusedError),
        ("auditor", "other", HiddenError),
        ("member", "", RefusedError),
        ("member", "lab", RefusedError),
        ("nobody", "", RefusedError),
        ("nobody", "lab", HiddenError),
        ("stranger", "", UnauthenticatedError),
        ("stranger", "lab", HiddenError),
    ],
)
def test_who_searches_what(world, who, log, refusal):
    Audited(world)
    world.organisation("other")
    actor = {
        "administrator": world.administrator,
        "auditor": lambda: world.user(member=OrganisationRole.AUDITOR, of="lab"),
        "member": lambda: world.user(member=OrganisationRole.MEMBER, of="lab"),
        "nobody": world.user,
        "stranger": stranger,
    }[who]()
    with pytest.raises(refusal) if refusal else nullcontext():
        assert search(world, actor, log=log)
    if refusal is None:
        with world.begin(actor) as work:
            begun = audit_search.begin(work, Asked("notes", log=log), now=NOW)
            audit_search.note(work, begun, shown=3)
    searched = world.recorded("audit.searched")
    assert len(searched) == (refusal is None)
    for each in searched:
        assert each.values["query"].value == "notes"
        assert each.body["shown"] == 3
        is_instance = who == "administrator" and log != "lab"
        assert (each.header["log"] == "instance") is is_instance


def test_what_one_may_not_see_does_not_exist(world):
    audited = Audited(world)
    auditor = world.user(member=OrganisationRole.AUDITOR, of="lab")
    lab = audited.references["id-lab"]
    own = {each.header["id"] for each in audited.events if each.header["log"] == lab}
    assert set(ids(search(world, auditor))) == own
    assert search(world, auditor, text="log:instance") == []
    assert set(ids(search(world, auditor, text="-log:instance"))) == own
    other = next(each.header["id"] for each in audited.events if each.header["log"] != lab)
    assert search(world, auditor, text=f"id:{other}") == []
    for act in (audit_search.note_read, show(world)):
        with pytest.raises(HiddenError), world.begin(auditor) as work:
            act(work, UUID(other))


def show(world):
    return lambda work, event_id: audit_search.show(work, event_id, sealer=world.wiring.sealer)


def test_a_token_searches_only_if_it_was_made_for_that(world):
    Audited(world)
    auditor = world.user(member=OrganisationRole.AUDITOR, of="lab")
    narrow = type(auditor)(
        **{**vars(auditor), "ceiling": frozenset({Permission.ORGANISATION_READ})}
    )
    for log in ("", "lab"):
        with pytest.raises(RefusedError):
            search(world, narrow, log=log)


def test_one_event_is_read_and_that_is_recorded(world):
    audited, administrator = Audited(world), world.administrator()
    for event in audited.events[:10]:
        with world.reading(administrator) as work:
            found = audit_search.show(work, UUID(event.header["id"]), sealer=world.wiring.sealer)
        assert str(found.id) == event.header["id"]
        assert found.address == event.address
        assert found.fields.get("note", "") == "".join(event.text[:1])
    with world.begin(administrator) as work:
        audit_search.note_read(work, found.id)
    (read,) = world.recorded("audit.event_read")
    assert read.header["target"]["ref"] == str(found.id)
    assert read.header["log"] == read.body["log"]


def test_what_can_be_found_is_said_beside_what_is_signed(world):
    Audited(world)
    administrator = world.administrator()
    with world.begin(administrator) as work:
        work.record(events.LeftoversSwept(rows=1))

    with world.reading(administrator) as work:
        state = audit_state.state(work, "instance", tools=world.wiring.logs, now=NOW)

    assert (
        state.size
        == state.signed
        == state.searchable
        == len(search(world, administrator, log="instance"))
    )
    assert state.waiting == 1


def test_names_of_what_was_renamed_moved_or_deleted_are_found(world):
    administrator = world.administrator()
    with world.begin(administrator) as work:
        users.create(work, name="newcomer", now=NOON)
        organisations.create(work, name="works", now=NOON)
    world.repository("works/old")
    with world.begin(administrator) as work:
        repository_moves.archive(work, "works/old", now=NOON)
        repository_moves.unarchive(work, "works/old")
        repository_moves.rename(work, "works/old", "new")
        users.rename(work, "newcomer", "goer")
    world.keep_log()
    with world.begin(administrator) as work:
        users.delete(work, "goer", now=NOON)
    world.keep_log()
    now = NOON + timedelta(days=3650)
    for text, actions in (
        ("repo:works/old", {"repo.archived", "repo.unarchived", "repo.renamed"}),
        ("repo:works/new", {"repo.archived", "repo.unarchived", "repo.renamed"}),
        ("repo:works/*", {"repo.archived", "repo.unarchived", "repo.renamed"}),
        ("user:goer", {"user.created", "user.renamed", "user.deleted"}),
        ("user:newcomer", {"user.created", "user.renamed", "user.deleted"}),
        ("org:works category:org", {"org.created"}),
    ):
        found = search(world, administrator, text=f"{text} created:*..*", now=now)
        assert {each.kind for each in found} == actions, text

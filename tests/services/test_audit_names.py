"""Names in searches and exports: what one may not see has none, and is as what never was."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from appliance.db.audit_log import AuditFinding, AuditLeaf, AuditLog
from appliance.db.credentials import AccessToken
from appliance.db.repositories import Repository
from appliance.domain import events
from appliance.domain.permissions import OrganisationRole
from appliance.errors import UnavailableError
from appliance.services import organisations, repository_moves, users
from appliance.services.audit_log import bundle, erasure, tables
from appliance.services.audit_log import export as audit_export
from appliance.services.audit_log import search as audit_search
from appliance.services.audit_log.export import Form, Wanted
from appliance.services.audit_log.search import Asked
from tests.auditor import unheard
from tests.world import NOON

NOTHING = ["not", ["all"]]


@pytest.fixture
def lab(world):
    """An organisation with an auditor, and another one of which they know nothing."""
    world.administrator()
    world.organisation("lab")
    world.organisation("hidden")
    world.user("inspector", member=OrganisationRole.AUDITOR, of="lab")
    world.user("secretive", member=OrganisationRole.OWNER, of="hidden")
    world.team("hidden/crew")
    world.team("lab/research")
    world.repository("hidden/plans")
    world.repository("lab/notes")
    world.token("secretive")
    with world.wiring.database.engine.begin() as connection:
        connection.execute(sa.update(AccessToken).values(name="robot"))
    with world.begin(world.actor("administrator")) as work:
        repository_moves.archive(work, "lab/notes", now=NOON)
    world.keep_log()
    return world


def selected(world, query, name="inspector", log="lab"):
    """What a query selects, for somebody."""
    with world.reading(world.actor(name)) as work:
        return list(audit_export.selection(work, query, log, now=NOON))


def found(world, query, name="inspector"):
    """The events that somebody finds."""
    with world.reading(world.actor(name)) as work:
        begun = audit_search.begin(work, Asked(f"{query} created:*..*"), now=datetime.now(UTC))
        return audit_search.page(work, begun, sealer=world.wiring.sealer).items


HIDDEN = pytest.mark.parametrize(
    ("hidden", "never"),
    [
        ("repo:hidden/plans", "repo:nothing/there"),
        ("repo:hidden/*", "repo:nothing/*"),
        ("team:hidden/crew", "team:nothing/crew"),
        ("token:robot", "token:nothing"),
        ("-repo:hidden/plans", "-repo:nothing/there"),
    ],
)


@HIDDEN
def test_a_name_that_is_hidden_selects_what_a_name_selects_that_never_was(lab, hidden, never):
    assert selected(lab, hidden) == selected(lab, never)
    assert found(lab, hidden) == found(lab, never)
    assert selected(lab, hidden, "administrator") != selected(lab, never, "administrator")


def test_the_bytes_of_a_bundle_do_not_tell_either(lab, tmp_path):
    told = []
    for name in ("hidden/plans", "nothing/there"):
        query = f"repo:{name}"
        with lab.reading(lab.actor("inspector")) as work:
            selection = audit_export.selection(work, query, "lab", now=NOON)
            wanted = Wanted("lab", query=query, selection=selection)
            plan = audit_export.plan(work, wanted, now=NOON)
        target = tmp_path / name.partition("/")[0]

        def opens():
            return lab.reading(lab.actor("inspector"))

        bundle.write(opens, plan, target, tools=lab.wiring.logs, progress=unheard)
        manifest = json.loads((target / "bundle.json").read_bytes())
        assert manifest.pop("query") == query
        told.append(manifest)
    assert told[0] == told[1]
    assert told[0]["selection"] == NOTHING


def test_what_is_one_s_own_to_audit_has_its_name(lab):
    for query in ("repo:lab/notes", "repo:lab/*", "team:lab/research", "actor:administrator"):
        assert selected(lab, query) not in (NOTHING, selected(lab, "repo:nothing/there"))
    (archived,) = found(lab, "repo:lab/notes")
    assert (archived.kind, archived.target) == ("repo.archived", "lab/notes")


def test_the_name_of_today_is_told_only_to_who_may_know_it(lab):
    elsewhere = lab._organisation("hidden").id
    moved = {"owner_id": elsewhere, "organisation_id": elsewhere, "owner_name": "hidden"}
    with lab.wiring.database.engine.begin() as connection:
        notes = sa.update(Repository).where(Repository.name == "notes")
        connection.execute(notes.values(**moved))

    seen = found(lab, "action:repo.archived")
    all_of_it = found(lab, "action:repo.archived", "administrator")

    assert [each.target for each in seen] == [each.target_ref for each in seen]
    assert [each.target for each in all_of_it] == ["hidden/notes"]


def test_whose_name_is_gone_has_none_in_tables_and_pages(lab, tmp_path):
    administrator = lab.actor("administrator")
    lab.user("leaver")
    with lab.begin(lab.actor("leaver")) as work:
        work.record(events.AccessRefused(reason="not_permitted", attempt="to stay"))
    with lab.begin(administrator) as work:
        users.delete(work, "leaver", now=NOON)
    lab.keep_log()

    def opens():
        return lab.reading(administrator)

    with opens() as work:
        plan = audit_export.plan(work, Wanted(), now=NOON)
    tools, target = lab.wiring.logs, tmp_path / "x.csv"
    tables.write(opens, plan, target, form=Form.CSV, tools=tools, progress=unheard)

    text = target.read_text()
    assert "deleted-" not in text
    rows = {row["action"]: row for row in csv.DictReader(io.StringIO(text, newline=""))}
    assert rows["access.refused"]["actor_name"] == ""
    assert rows["user.deleted"]["target_name"] == ""
    assert rows["user.deleted"]["actor_name"] == "administrator"
    assert rows["repo.archived"]["target_name"] == "lab/notes"
    shown = {each.kind: each for each in found(lab, "", "administrator")}
    assert shown["user.deleted"].target == shown["user.deleted"].target_ref
    assert shown["access.refused"].actor == shown["access.refused"].actor_ref


def test_a_table_of_a_query_is_exact_or_waits_until_it_can_be(lab, tmp_path):
    def write(name):
        with lab.reading(lab.actor("administrator")) as work:
            query = "action:repo.archived"
            chosen = audit_export.selection(work, query, "", now=NOON)
            plan = audit_export.plan(work, Wanted(query=query, selection=chosen), now=NOON)
        tables.write(
            lambda: lab.reading(lab.actor("administrator")),
            plan,
            tmp_path / name,
            form=Form.CSV,
            tools=lab.wiring.logs,
            progress=unheard,
        )
        return list(csv.DictReader(io.StringIO((tmp_path / name).read_text(), newline="")))

    sorted_rows = write("before.csv")
    assert [row["action"] for row in sorted_rows] == ["repo.archived"]
    with lab.wiring.database.engine.begin() as connection:
        connection.execute(sa.text("SELECT 1"))
        connection.execute(sa.update(AuditLog).values(searchable=0))
        connection.execute(sa.delete(AuditFinding))

    with pytest.raises(UnavailableError, match="cannot be searched yet"):
        write("meanwhile.csv")

    lab.keep_log()
    assert write("after.csv") == sorted_rows


def renamed(lab):
    """Something happened before everything was renamed, and again after."""
    administrator = lab.actor("administrator")
    with lab.begin(administrator) as work:
        repository_moves.unarchive(work, "lab/notes")
    lab.user("scribe", member=OrganisationRole.OWNER, of="lab")
    with lab.begin(lab.actor("scribe")) as work:
        repository_moves.archive(work, "lab/notes", now=NOON)
    with lab.begin(administrator) as work:
        users.rename(work, "scribe", "writer")
    with lab.begin(administrator) as work:
        repository_moves.rename(work, "lab/notes", "papers")
    with lab.begin(administrator) as work:
        organisations.rename(work, "lab", "institute")
    with lab.begin(lab.actor("writer")) as work:
        repository_moves.unarchive(work, "institute/papers")
    lab.keep_log()


def table_of(lab, tmp_path):
    def opens():
        return lab.reading(lab.actor("administrator"))

    with opens() as work:
        plan = audit_export.plan(work, Wanted(), now=NOON)
    target = tmp_path / "then.csv"
    tables.write(opens, plan, target, form=Form.CSV, tools=lab.wiring.logs, progress=unheard)
    text = target.read_text()
    target.unlink()
    return {
        row["action"]: row
        for row in csv.DictReader(io.StringIO(text, newline=""))
        if row["actor_name"] == "writer" or row["action"] == "user.renamed"
    }


def test_beside_a_name_of_today_stands_the_one_that_it_was_then(lab, tmp_path):
    renamed(lab)

    for name in ("administrator", "inspector"):
        shown = {
            each.kind: each
            for each in found(lab, "repo:institute/papers", name)
            if each.actor == "writer"
        }
        archived, unarchived = shown["repo.archived"], shown["repo.unarchived"]
        assert (archived.target, archived.target_then) == ("institute/papers", "lab/notes")
        assert archived.actor_then == "scribe"
        assert (unarchived.actor_then, unarchived.target_then) == ("", "")

    rows = table_of(lab, tmp_path)
    told = "actor_name", "actor_name_then", "target_name", "target_name_then"
    assert [rows["repo.archived"][each] for each in told] == [
        *("writer", "scribe"),
        *("institute/papers", "lab/notes"),
    ]
    assert [rows["repo.unarchived"][each] for each in told] == [
        *("writer", "", "institute/papers", ""),
    ]
    with lab.reading(lab.actor("administrator")) as work:
        headers = " ".join(work.session.scalars(sa.select(AuditLeaf.header)))
    assert not {"scribe", "writer"} & set(re.findall("[a-z]+", headers))


def test_who_was_erased_has_no_name_of_then_either(lab, tmp_path):
    renamed(lab)
    administrator = lab.actor("administrator")
    pseudonym = lab.actor("writer").pseudonym
    erasure.erase(
        lambda: lab.begin(administrator), pseudonym, tools=lab.wiring.logs, now=datetime.now(UTC)
    )
    lab.keep_log()

    (archived,) = [
        each
        for each in found(lab, "action:repo.archived", "administrator")
        if each.actor_ref == pseudonym
    ]
    assert archived.actor_then == ""
    assert archived.target_then == "lab/notes"
    assert table_of(lab, tmp_path)["repo.archived"]["actor_name_then"] == ""

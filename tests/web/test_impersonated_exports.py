"""Exports that hold what was done by who acted as somebody else: they verify, and name both."""

from __future__ import annotations

import csv
import gzip
import io
import json
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from appliance.db.audit_log import AuditLeaf, AuditLog
from appliance.domain import audit_formats
from appliance.domain.audit_formats import Format
from appliance.domain.audit_formats.entry import Sender
from appliance.domain.permissions import OrganisationRole
from appliance.services.audit_log import entries, tables
from appliance.services.audit_log import export as audit_export
from appliance.services.audit_log.export import Form, Wanted
from tests.auditor import Auditor, unheard

SENDER = Sender("code.test", "1.2.3")


@pytest.fixture
def lab(world):
    """An administrator has acted as somebody, and the log holds it."""
    world.organisation("lab")
    world.administrator()
    world.user("writer", member=OrganisationRole.OWNER, of="lab")
    browser = world.browser("administrator", elevated=True)
    began = {"reason": "They cannot find their notes", "minutes": "10"}
    assert browser.post("/administration/users/writer/impersonate", data=began).status_code == 303
    assert browser.post("/new", data={"owner": "lab", "name": "drafts"}).status_code == 303
    assert browser.post("/impersonation/end").status_code == 303
    world.keep_log()
    return world


def lines_of(world, folder, form):
    with world.reading(world.actor("administrator")) as work:
        plan = audit_export.plan(work, Wanted(query="method:impersonation"), now=datetime.now(UTC))
    tables.write(
        lambda: world.reading(world.actor("administrator")),
        plan,
        folder / f"out.{form}",
        form=form,
        tools=world.wiring.logs,
        progress=unheard,
    )
    return (folder / f"out.{form}").read_bytes()


@pytest.mark.promise("P48")
def test_an_export_with_them_verifies_with_python_alone_and_names_both(lab, tmp_path):
    auditor = Auditor(lab, lab.actor("administrator"), tmp_path)
    export = auditor.export()
    status, said = auditor.verify(export)
    assert status == 0, said
    bodies = [
        json.loads(line)
        for path in export.rglob("bodies.jsonl.gz")
        for line in gzip.decompress(path.read_bytes()).splitlines()
    ]
    told = [each for each in map(_body, bodies) if "impersonator" in each]
    assert {each["impersonator"] for each in told} == {lab.actor("administrator").pseudonym}

    changed = next(path for path in export.rglob("bodies.jsonl.gz") if _holds(path))
    text = gzip.decompress(changed.read_bytes())
    pseudonym = lab.actor("administrator").pseudonym.encode()
    other = lab.actor("writer").pseudonym.encode()
    changed.write_bytes(gzip.compress(text.replace(pseudonym, other)))
    assert auditor.verify(export)[0] != 0


def _body(line):
    body = line["body"]
    return json.loads(body) if isinstance(body, str) else body


def _holds(path):
    return b"impersonator" in gzip.decompress(path.read_bytes())


@pytest.mark.promise("P48")
def test_tables_and_lines_name_the_impersonator(lab, tmp_path):
    boss = lab.actor("administrator").pseudonym
    rows = list(csv.DictReader(io.StringIO(lines_of(lab, tmp_path, Form.CSV).decode())))
    made = next(each for each in rows if each["action"] == "repo.created")
    assert (made["actor_name"], made["impersonator"], made["impersonator_name"]) == (
        *("writer", boss),
        "administrator",
    )
    assert "impersonator" not in made["details"]
    lines = gzip.decompress(lines_of(lab, tmp_path, Form.JSONL)).splitlines()
    assert {json.loads(each)["body"]["impersonator"] for each in lines} == {boss}


@pytest.mark.promise("P48")
@pytest.mark.parametrize("kind", list(Format))
def test_every_format_of_a_stream_names_the_impersonator(lab, kind):
    with lab.reading(lab.actor("administrator")) as work:
        log = work.session.scalar(
            sa.select(AuditLog)
            .join(AuditLeaf, AuditLeaf.log_id == AuditLog.id)
            .where(AuditLeaf.header.contains('"repo.created"'))
        )
        leaves = work.session.execute(
            sa.select(AuditLeaf.idx, AuditLeaf.header).where(
                AuditLeaf.log_id == log.id, AuditLeaf.header.contains('"repo.created"')
            )
        ).all()
        (found,) = entries.complete(work, log, leaves, sealer=lab.wiring.sealer)
    assert (found.actor, found.impersonator) == ("writer", "administrator")
    line = audit_formats.line(audit_formats.of(kind, SENDER)(found))
    assert lab.actor("administrator").pseudonym in line
    if kind is Format.ECS:
        user = json.loads(line)["user"]
        assert (user["name"], user["effective"]["name"]) == ("administrator", "writer")
    if kind not in {Format.JSON, Format.CLOUD_EVENTS}:
        assert "who acted as them" in line

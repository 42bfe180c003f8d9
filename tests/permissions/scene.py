"""An administrator, and the things of the audit log that some addresses need before they act."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from appliance.db.audit_log import INSTANCE_LOG, AuditLeaf, AuditLog
from appliance.db.audit_streams import AuditParked
from appliance.db.outbox import JobRecord
from appliance.domain import events
from appliance.domain.audit_formats import Format
from appliance.domain.audit_streams import Covers, Receiver
from appliance.domain.identity import appliance
from appliance.domain.jobs import Job, JobState
from appliance.jobs.performer import Performer
from appliance.services.audit_log import streams
from appliance.services.audit_log.streams import NewStream
from tests.permissions.actors import ACTORS
from witness.keys import Cosigner

NUMBER = ACTORS.index("administrator")
LAB = f"lab-{NUMBER}"
SECRET = "a secret that both sides know"
ADDRESS = "https://8.8.8.8/in"
API = "/api/v1/audit"


class Scene:
    """One test: who acts, and what is there for them."""

    def __init__(self, stage) -> None:
        self.stage = stage
        self.world = stage.world
        self.client = stage.client("administrator")
        self.browser = stage.browser("administrator")
        # So that there is a signed state of each log.
        with self.world.begin(appliance()) as work:
            for organisation_id in (None, self.world._organisation(LAB).id):
                work.record(events.AuditTrustExported(logs=1, organisation_id=organisation_id))
        self.world.keep_log()

    def stream(self, organisation: str = "") -> str:
        wanted = NewStream(
            name="siem",
            receiver=Receiver.WEBHOOK,
            address=ADDRESS,
            format=Format.JSON,
            covers=Covers.ORGANISATION if organisation else Covers.INSTANCE,
            organisation=organisation,
            secret=SECRET,
            begin=streams.START,
        )
        with self.world.begin(self.world.actor("administrator")) as work:
            sealer = self.world.wiring.sealer
            made = streams.create(work, wanted, sealer=sealer, now=datetime.now(UTC))
        self.world.keep_log()
        return str(made.id)

    def paused(self, organisation: str = "") -> str:
        stream_id = self.stream(organisation)
        with self.world.begin(self.world.actor("administrator")) as work:
            streams.pause(work, UUID(stream_id), now=datetime.now(UTC))
        return stream_id

    def parked(self, organisation: str = "") -> tuple[str, str]:
        stream_id, (event_id, log_id) = self.stream(organisation), self.event(organisation)
        self.world.add(
            AuditParked(
                stream_id=UUID(stream_id),
                event_id=UUID(event_id),
                log_id=log_id,
                idx=0,
                action="org.changed",
                reason="no",
                parked_at=datetime.now(UTC),
            )
        )
        return stream_id, event_id

    def event(self, organisation: str = "") -> tuple[str, int]:
        """The id of an event, and of the log that it is in."""
        self.world.keep_log()
        name = str(self.world._organisation(organisation).id) if organisation else INSTANCE_LOG
        with self.world.reading(appliance()) as work:
            query = sa.select(AuditLeaf.event_id, AuditLog.id).join(
                AuditLog, AuditLog.id == AuditLeaf.log_id
            )
            row = work.session.execute(query.where(AuditLog.name == name).limit(1)).one()
        return str(row.event_id), row.id

    def export(self, organisation: str = "") -> str:
        """A finished one."""
        place = f"{API}/exports"
        asked = self.client.post(place, json={"format": "jsonl", "log": organisation or "instance"})
        assert asked.status_code < 300, asked.text
        waiting = sa.select(JobRecord.id).where(
            JobRecord.job == Job.EXPORT_AUDIT_LOG, JobRecord.state == JobState.QUEUED
        )
        with self.world.begin(appliance()) as work:
            (job_id,) = work.session.scalars(waiting).all()
            work.session.execute(sa.update(JobRecord).values(not_before=None))
        Performer(self.world.wiring).perform(job_id)
        return str(asked.json["id"])

    def witness(self) -> str:
        body = {"name": "one", "vkey": str(Cosigner("one.test/w", os.urandom(32)).keys[0])}
        assert self.client.post(f"{API}/witnesses", json=body).status_code == 201
        return "one"

    def grant(self, organisation: str = "") -> str:
        made = self.client.post(f"{API}/auditors", json=auditor(organisation))
        assert made.status_code == 201, made.text
        return str(made.json["id"])

    def search(self, place: str) -> str:
        form = {"name": "x", "q": "outcome:refused"}
        assert self.browser.post(f"{place}/searches", data=form).status_code == 303
        found = re.search(r"/searches/([0-9a-f-]{36})/delete", self.browser.get(place).text)
        assert found is not None
        return found[1]


def auditor(organisation: str = "") -> dict[str, str]:
    expires_at = (datetime.now(UTC) + timedelta(days=9)).isoformat()
    log = organisation or "instance"
    return {"user": "nobody", "log": log, "expires_at": expires_at, "reason": "r"}

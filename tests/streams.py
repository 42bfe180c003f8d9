"""Streams of an organisation, and what happens in it: for tests that send the audit log."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from appliance.domain import events
from appliance.domain.audit_formats import Format
from appliance.domain.audit_streams import Covers, Receiver
from appliance.domain.identity import appliance
from appliance.domain.permissions import OrganisationRole
from appliance.jobs import sequencing
from appliance.jobs.streaming import Streaming
from appliance.services.audit_log import stream_reports, streams
from appliance.services.audit_log.streams import NewStream

SECRET = "a secret that both sides know"
MANY = 10_240


@pytest.fixture
def lab(world):
    """An organisation, its owner, and an appliance that may reach this machine."""
    world.configure(
        CODARA_STREAMS__SCHEMES="http,https",
        CODARA_STREAMS__PRIVATE_ADDRESSES="true",
        CODARA_STREAMS__LONGEST_PAUSE_SECONDS="0.001",
        CODARA_STREAMS__SECONDS="10",
        CODARA_STREAMS__ACKNOWLEDGE_SECONDS="0.2",
    )
    world.organisation("lab")
    world.owner = world.user("owner", member=OrganisationRole.OWNER, of="lab")
    world.sender = Streaming(world.wiring)
    yield world
    world.sender.close()


def happen(world, number, *, start=0):
    """So many events in the organisation's log."""
    organisation = world._organisation("lab")
    for first in range(start, start + number, 2000):
        with world.begin(appliance()) as work:
            for at in range(first, min(first + 2000, start + number)):
                work.record(
                    events.RepositoryArchived(
                        about=organisation.id,
                        organisation_id=organisation.id,
                        path=f"lab/{at}",
                    )
                )
        if number < MANY:
            world.keep_log()
    # Streams follow the log: that its entries can be found is of no use to them, and costs as much.
    while sequencing.integrate(world.wiring.database, world.wiring.logs):
        pass


def stream(world, address, receiver=Receiver.WEBHOOK, **fields: Any):
    fields = {
        "name": "siem",
        "format": Format.JSON,
        "secret": SECRET if receiver in {Receiver.WEBHOOK, Receiver.SPLUNK, Receiver.S3} else "",
        "covers": Covers.ORGANISATION,
        "organisation": "lab",
        "begin": "start",
        **fields,
    }
    actor = world.owner if fields["organisation"] else world.administrator()
    with world.begin(actor) as work:
        wanted = NewStream(receiver=receiver, address=address, **fields)
        made = streams.create(work, wanted, sealer=world.wiring.sealer, now=now())
    return made.id


def now():
    return datetime.now(UTC)


def report(world, stream_id):
    with world.reading(world.owner) as work:
        return stream_reports.show(work, stream_id, now=now())


def deliver(world, stream_id, *, turns=400):
    """Until all is sent; gives how it is then."""
    for _ in range(turns):
        world.sender.work_off(stream_id)
        found = report(world, stream_id)
        if found.lag_events == 0 or found.state == "stopped":
            return found
    raise AssertionError(found)


def indexes(requests):
    return [line["index"] for each in requests for line in each.lines]


def first_of_each(numbers):
    return list(dict.fromkeys(numbers))

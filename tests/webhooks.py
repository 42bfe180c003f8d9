"""Webhooks of a repository and an organisation, and what happens there: for tests."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from appliance.db.webhooks import Webhook, WebhookDelivery
from appliance.domain import events
from appliance.domain.identity import appliance
from appliance.domain.permissions import OrganisationRole
from appliance.domain.protection import NO_OBJECT
from appliance.jobs.hooking import Hooking
from appliance.services import webhooks
from appliance.services.webhooks import NewWebhook

SECRET = "a secret that both sides know"
NOTES = "lab/notes"


@pytest.fixture
def lab(world):
    """A repository, its organisation and owner, and an appliance that may reach this machine."""
    world.configure(
        CODARA_WEBHOOKS__PLAIN_HTTP_HOSTS="127.0.0.1",
        CODARA_WEBHOOKS__PRIVATE_ADDRESSES="true",
        CODARA_WEBHOOKS__SECONDS="20",
        CODARA_WEBHOOKS__DISABLE_AFTER="3",
    )
    world.notes = world.repository(NOTES)
    world.owner = world.user("owner", member=OrganisationRole.OWNER, of="lab")
    world.sender = Hooking(world.wiring)
    yield world
    world.sender.close()


def hook(world, address, place=NOTES, *, actor=None, **fields: Any):
    wanted = NewWebhook(**{"address": address, "events": ["*"], "secret": SECRET, **fields})
    with world.begin(actor or world.owner) as work:
        made, _ = webhooks.create(work, place, wanted, sealer=world.wiring.sealer, now=now())
        return made.id


def push(world, number=1, *, start=0, repository=None):
    """So many pushes, each of which moves a branch named by its number."""
    found = repository or world.notes
    for first in range(start, start + number, 500):
        with world.begin(appliance()) as work:
            for at in range(first, min(first + 500, start + number)):
                work.record(
                    events.Pushed(
                        about=found.id,
                        organisation_id=found.organisation_id,
                        push_id=str(at),
                        protocol="https",
                        refs=[["refs/heads/main", f"{at + 1:040x}", f"{at + 2:040x}", "moved"]],
                        settled_by="report",
                    )
                )
    world.keep_log()


def branch(world, name, *, is_gone=False):
    """A branch that is new, or gone."""
    there = f"{7:040x}"
    before, after = (there, NO_OBJECT) if is_gone else (NO_OBJECT, there)
    with world.begin(appliance()) as work:
        work.record(
            events.RefChanged(
                about=world.notes.id,
                organisation_id=world.notes.organisation_id,
                ref=f"refs/heads/{name}",
                before=before,
                after=after,
            )
        )
    world.keep_log()


def deliver(world, hook_id):
    """Tell of all that happened, and deliver what is due."""
    world.sender.queue()
    world.sender.work_off(hook_id)


def due_now(world):
    """As if all pauses were over."""
    with world.wiring.database.engine.begin() as connection:
        connection.execute(sa.update(Webhook).values(retry_at=None))
        connection.execute(sa.update(WebhookDelivery).values(retry_at=None))


def given_up_now(world):
    """As if a day had passed since all that happened."""
    with world.wiring.database.engine.begin() as connection:
        connection.execute(sa.update(WebhookDelivery).values(give_up_at=now()))
    due_now(world)


def row(world, hook_id):
    return world.one(sa.select(Webhook).where(Webhook.id == hook_id))


def deliveries(world, hook_id):
    query = sa.select(WebhookDelivery).where(WebhookDelivery.hook_id == hook_id)
    with world.wiring.database._reading() as session:
        return list(session.scalars(query.order_by(WebhookDelivery.number)))


def payloads(requests):
    return [json.loads(each.body) for each in requests]


def pushes(requests):
    return [int(each["data"]["push_id"]) for each in payloads(requests)]


def now():
    return datetime.now(UTC)

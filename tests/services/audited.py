"""A world whose logs hold the events of `tests.domain.queries`, with people and things in it."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from appliance.db.audit_log import AuditQueued
from appliance.db.credentials import AccessToken
from appliance.db.users import User
from appliance.domain.audit_terms import Field
from audit import entry
from audit.canonical import canonical
from tests.domain.queries import EVENTS, NAMES, Event
from tests.world import World

SALT = bytes(range(32))


class Audited:
    """The events as they are in the logs of this world, and what its names stand for."""

    def __init__(self, world: World) -> None:
        self.references = _people_and_things(world)
        self.names: dict[tuple[Field, str], frozenset[str]] = {
            key: frozenset(self.references.get(each, each) for each in value)
            for key, value in NAMES.items()
        }
        self.events = [self._of_this_world(each) for each in EVENTS]
        world.add(*(queued(each) for each in self.events))
        world.keep_log()

    def resolve(self, field: Field, name: str) -> frozenset[str]:
        """What a name stands for here."""
        return self.names.get((field, name), frozenset())

    def _of_this_world(self, event: Event) -> Event:
        text = json.dumps([event.header, event.body])
        for key, value in self.references.items():
            text = text.replace(f'"{key}"', f'"{value}"')
        header, body = json.loads(text)
        return replace(event, header=header, body=body)


def _people_and_things(world: World) -> dict[str, str]:
    organisation = world.organisation("lab")
    world.user("writer")
    world.user("reader")
    secret = world.token("writer")
    assert secret
    token = world.one(sa.select(AccessToken))
    with world.wiring.database.engine.begin() as connection:
        connection.execute(sa.update(AccessToken).values(name="robot"))
    return {
        "id-lab": str(organisation.id),
        "id-notes": str(world.repository("lab/notes").id),
        "id-papers": str(world.repository("lab/papers").id),
        "id-research": str(world.team("lab/research").id),
        "id-writer": str(world.one(sa.select(User).where(User.name == "writer")).id),
        "id-token": str(token.id),
        "p_writer": world.one(sa.select(User).where(User.name == "writer")).pseudonym,
        "p_reader": world.one(sa.select(User).where(User.name == "reader")).pseudonym,
    }


def queued(event: Event) -> AuditQueued:
    """The event on its way into its log: of what it says, the first text is personal."""
    personal: list[list[str]] = []
    body: dict[str, Any] = dict(event.body)
    if event.text:
        body["said"] = list(event.text[1:])
    values = [("note", event.text[0])] if event.text else []
    if event.address:
        values.append(("address", event.address))
    for name, words in values:
        body[name] = entry.commit_personal(name, SALT, words)
        salt = base64.b64encode(SALT).decode("ascii")
        personal.append([name, event.header["actor"]["ref"], salt, words])
    header = {**event.header, "b": entry.commit_body(SALT, body) if body else None}
    return AuditQueued(
        event_id=UUID(header["id"]),
        log=header["log"],
        header=canonical(header).decode(),
        salt=SALT if body else None,
        body=canonical(body).decode() if body else None,
        personal=json.dumps(personal) if personal else None,
    )

"""A SCIM client that lists everybody in pages and changes a thousand, through the front door."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import requests
import sqlalchemy as sa
from sqlalchemy.orm import Session

from appliance.db.identity_providers import Identity
from appliance.db.scim import ScimUser
from appliance.db.users import Owner, OwnerKind, User
from appliance.domain.identity_providers import LinkedBy, ProviderKind
from appliance.domain.ids import new_id, new_pseudonym
from tests.peers.appliance import serve
from tests.services.arrivals import provider
from tests.web.scim_clients import CORE, PATCH, token
from tests.world import World

from .identity_worlds import AS_DELIVERED, WORLDS
from .rows import Row, percentile

AT_ONCE = 1000
PAGE = 100
PAGES = 500
CHANGES = 1000
SECONDS = 30.0
OK = frozenset({200, 204})


def run(count: int) -> list[Row]:
    """The same on both databases."""
    found: list[Row] = []
    for name, opened in WORLDS.items():
        with opened() as world:
            by = provider(world, kind=ProviderKind.SCIM, settings={})
            ids = _people(world, by.provider.id, count)
            secret = token(world, "corp")
            with serve(world, **AS_DELIVERED) as served, requests.Session() as client:
                client.headers["Authorization"] = f"Bearer {secret}"
                place = f"{served.url}/scim/v2/Users"
                found += _listed(client, place, count, name)
                found += _changed(client, place, ids[:CHANGES], name)
    return found


def _people(world: World, provider_id: Any, count: int) -> list[str]:
    """Rows as they are after a client has told of everybody."""
    ids = []
    for start in range(0, count, AT_ONCE):
        numbers = range(start, min(start + AT_ONCE, count))
        people = [(new_id(), new_id(), new_id(), f"p{number:06}") for number in numbers]
        now = datetime.now(UTC)
        with Session(world.wiring.database.engine) as session, session.begin():
            for table, row in ((Owner, _owner), (User, _user)):
                session.execute(sa.insert(table), [row(*each, now) for each in people])
            identities = [_identity(*each, now, provider_id) for each in people]
            session.execute(sa.insert(Identity), identities)
            session.execute(
                sa.insert(ScimUser), [_told(*each, now, provider_id) for each in people]
            )
        ids += [str(each[2]) for each in people]
    return ids


def _owner(user: Any, _identity: Any, _told: Any, name: str, _now: datetime) -> dict[str, Any]:
    return {"id": user, "kind": OwnerKind.USER, "name": name, "name_key": name}


def _user(user: Any, _identity: Any, _told: Any, name: str, now: datetime) -> dict[str, Any]:
    return {"id": user, "name": name, "pseudonym": new_pseudonym(), "created_at": now}


def _identity(
    user: Any, identity: Any, told: Any, name: str, now: datetime, provider_id: Any
) -> dict[str, Any]:
    seen = {"said_name": name, "linked_by": LinkedBy.CREATED, "created_at": now, "seen_at": now}
    return {
        "id": identity, "provider_id": provider_id, "user_id": user, "subject": str(told), **seen
    }  # fmt: skip


def _told(
    _user: Any, identity: Any, told: Any, name: str, now: datetime, provider_id: Any
) -> dict[str, Any]:
    content = {"schemas": [f"{CORE}:User"], "userName": name, "displayName": name, "active": True}
    return {
        "id": told,
        "provider_id": provider_id,
        "identity_id": identity,
        "name_key": name,
        "external_id": f"e-{name}",
        "content": content,
        "compared": {each.lower(): value for each, value in content.items() if each != "schemas"},
        "created_at": now,
        "changed_at": now,
    }


def _listed(client: requests.Session, place: str, count: int, where: str) -> list[Row]:
    """Everybody, page by page as clients do; of very many the first and the last pages."""
    starts = list(range(1, count + 1, PAGE))
    asked = [{"startIndex": start, "count": PAGE} for start in starts[:PAGES]]
    taken = []
    for each in asked:
        began = time.perf_counter()
        answer = client.get(place, params=each, timeout=SECONDS)
        if answer.status_code not in OK or len(answer.json()["Resources"]) > PAGE:
            raise SystemExit(answer.text)
        taken.append((time.perf_counter() - began) * 1000)
    name = f"SCIM, {count:,} users in pages of {PAGE}, {where}"
    return [
        Row(f"{name}, all", "s", sum(taken) / 1000, 0),
        Row(f"{name}, each, median", "ms", percentile(taken, 0.5), 0),
        Row(f"{name}, the last", "ms", taken[-1], 0),
    ]


def _changed(client: requests.Session, place: str, ids: Sequence[str], where: str) -> list[Row]:
    taken = []
    for number, each in enumerate(ids):
        change = {"op": "replace", "path": "displayName", "value": f"Somebody {number}"}
        body = {"schemas": [PATCH], "Operations": [change]}
        began = time.perf_counter()
        answer = client.patch(f"{place}/{each}", json=body, timeout=SECONDS)
        if answer.status_code not in OK:
            raise SystemExit(answer.text)
        taken.append((time.perf_counter() - began) * 1000)
    name = f"SCIM, {len(ids):,} PATCHes one behind the other, {where}"
    return [
        Row(f"{name}, all", "s", sum(taken) / 1000, 0),
        Row(f"{name}, each, median", "ms", percentile(taken, 0.5), 0),
    ]

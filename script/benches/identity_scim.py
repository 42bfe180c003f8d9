"""A SCIM client that lists everybody in pages, looks for people by their names, and changes people
and a large group, through the front door.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import requests
import sqlalchemy as sa
from sqlalchemy.orm import Session

from appliance.db.identity_providers import Identity
from appliance.db.scim import ScimGroup, ScimMember, ScimUser
from appliance.db.users import Owner, OwnerKind, User
from appliance.domain.identity_providers import LinkedBy, ProviderKind
from appliance.domain.ids import new_id, new_pseudonym
from tests.peers.appliance import serve
from tests.services.arrivals import provider
from tests.web.scim_clients import CORE, PATCH, token
from tests.world import World

from .identity_worlds import AS_DELIVERED, chosen
from .rows import Row, percentile

AT_ONCE = 1000
PAGE = 100
PAGES = 500
CHANGES, LOOKS, MOVES = 1000, 500, 200
GROUP = 5000
SECONDS = 30.0
PAGE_MS, LOOK_MS, CHANGE_MS = 150.0, 25.0, 50.0
"""In the median, each. What a client asks of one person costs the same among 50,000."""
WITHOUT_LIMIT = {"CODARA_LIMITS__SCIM_REQUESTS_PER_MINUTE": "1000000"}
OK = frozenset({200, 204})


def run(count: int, on: str = "") -> list[Row]:
    """The same on both databases, or on one."""
    found: list[Row] = []
    for name, opened in chosen(on).items():
        with opened() as world:
            by = provider(world, kind=ProviderKind.SCIM, settings={})
            ids = _people(world, by.provider.id, count)
            group = _group(world, by.provider.id, ids[:GROUP])
            secret = token(world, "corp")
            more = {**AS_DELIVERED, **WITHOUT_LIMIT}
            with serve(world, **more) as served, requests.Session() as client:
                client.headers["Authorization"] = f"Bearer {secret}"
                place = f"{served.url}/scim/v2"
                found += _listed(client, f"{place}/Users", count, name)
                found += _looked_for(client, f"{place}/Users", count, name)
                found += _changed(client, f"{place}/Users", ids[:CHANGES], name)
                found += _moved(client, f"{place}/Groups/{group}", ids[:MOVES], name)
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


def _group(world: World, provider_id: Any, ids: Sequence[str]) -> str:
    """A group with all of these in it."""
    group, now = new_id(), datetime.now(UTC)
    row = {"id": group, "provider_id": provider_id, "name": "Everybody", "name_key": "everybody"}
    told = {"compared": {"displayname": "everybody"}, "created_at": now, "changed_at": now}
    with Session(world.wiring.database.engine) as session, session.begin():
        session.execute(sa.insert(ScimGroup), [row | told])
        session.execute(
            sa.insert(ScimMember),
            [{"id": new_id(), "group_id": group, "user_id": UUID(each)} for each in ids],
        )
    return str(group)


def _listed(client: requests.Session, place: str, count: int, where: str) -> list[Row]:
    """Everybody, page by page as clients do; of very many the first and the last pages."""
    starts = list(range(1, count + 1, PAGE))
    asked = [{"startIndex": start, "count": PAGE} for start in starts[:PAGES]]
    taken = [_timed(client, "GET", place, params=each) for each in asked]
    name = f"SCIM, {count:,} users in pages of {PAGE}, {where}"
    return [
        Row(f"{name}, all", "s", sum(taken) / 1000, 0),
        Row(f"{name}, each, median", "ms", percentile(taken, 0.5), PAGE_MS),
        Row(f"{name}, the last", "ms", taken[-1], 0),
    ]


def _looked_for(client: requests.Session, place: str, count: int, where: str) -> list[Row]:
    """One person after the other by name, as a client does before it says anything of them."""
    step = max(1, count // LOOKS)
    taken = []
    for number in range(0, count, step):
        wanted = {"filter": f'userName eq "P{number:06}"'}
        taken.append(_timed(client, "GET", place, params=wanted))
    name = f"SCIM, filter by userName among {count:,}, {where}"
    return [
        Row(f"{name}, median", "ms", percentile(taken, 0.5), LOOK_MS),
        Row(f"{name}, p95", "ms", percentile(taken, 0.95), 0),
    ]


def _changed(client: requests.Session, place: str, ids: Sequence[str], where: str) -> list[Row]:
    taken = []
    for number, each in enumerate(ids):
        change = {"op": "replace", "path": "displayName", "value": f"Somebody {number}"}
        body = {"schemas": [PATCH], "Operations": [change]}
        taken.append(_timed(client, "PATCH", f"{place}/{each}", json=body))
    name = f"SCIM, {len(ids):,} PATCHes one behind the other, {where}"
    return [
        Row(f"{name}, all", "s", sum(taken) / 1000, 0),
        Row(f"{name}, each, median", "ms", percentile(taken, 0.5), CHANGE_MS),
    ]


def _moved(client: requests.Session, place: str, ids: Sequence[str], where: str) -> list[Row]:
    """Members of a large group who leave it and come back, each by a request."""
    taken = []
    for each in ids:
        gone = {"op": "remove", "path": f'members[value eq "{each}"]'}
        back = {"op": "add", "path": "members", "value": [{"value": each}]}
        for change in (gone, back):
            body = {"schemas": [PATCH], "Operations": [change]}
            taken.append(_timed(client, "PATCH", place, json=body))
    name = f"SCIM, PATCH of a member of a group of {GROUP:,}, {where}"
    return [
        Row(f"{name}, median", "ms", percentile(taken, 0.5), CHANGE_MS),
        Row(f"{name}, p95", "ms", percentile(taken, 0.95), 0),
    ]


def _timed(client: requests.Session, method: str, place: str, **said: Any) -> float:
    """In milliseconds, what one request took that went well."""
    began = time.perf_counter()
    answer = client.request(method, place, timeout=SECONDS, **said)
    if answer.status_code not in OK:
        raise SystemExit(answer.text)
    return (time.perf_counter() - began) * 1000

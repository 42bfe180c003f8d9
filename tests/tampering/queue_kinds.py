"""What somebody can do who writes to the queue and has no key, and what must come of that."""

from __future__ import annotations

import base64
import json
from typing import Any

from appliance.domain.ids import new_id
from appliance.security.log_signing import LogSigner
from appliance.security.signing import new_signing_key
from appliance.wiring_heartbeats import Heart
from audit import heartbeats
from audit.canonical import canonical
from tests.auditor import act
from tests.tampering.kinds import (
    INCOMPLETE,
    TAMPERED,
    Tamper,
    entries_pruned_without_event,
    pruned_without_event,
)
from tests.tampering.owner import SOMEWHERE, Owner
from tests.world import World


def queue_row_removed(owner: Owner) -> None:
    """An event vanishes on its way into the log, and the process that wrote it counts it."""
    world = owner.world
    act(world, world.actor("administrator"), 9, organisation=world._organisation("lab"))
    owner.do("DELETE FROM audit_queue WHERE position=(SELECT min(position) + 4 FROM audit_queue)")
    _beat(world)


def queue_row_forged(owner: Owner) -> None:
    """An event is in the queue that no process wrote."""
    act(owner.world, owner.world.actor("administrator"), 9)
    (text,) = owner.look("SELECT header FROM audit_queue ORDER BY position LIMIT 1")
    forged = canonical(json.loads(text) | {"id": str(new_id()), "b": None}).decode()
    event_id = json.loads(forged)["id"]
    stored = event_id.replace("-", "") if _is_sqlite(owner) else event_id
    owner.do(
        "INSERT INTO audit_queue (event_id, log, header) VALUES (:e, 'instance', :h)",
        e=stored,
        h=forged,
    )
    _beat(owner.world)


def queue_body_changed(owner: Owner) -> None:
    """What an event says is changed on its way into the log."""
    world = owner.world
    act(world, world.actor("administrator"), 9, organisation=world._organisation("lab"))
    owner.do("UPDATE audit_queue SET body=replace(body, 'not_permitted', 'mistake')")
    _beat(world)


def erasure_forged(owner: Owner) -> None:
    """An erasure that nobody allowed is in the queue, and values are said to be gone by it."""
    _erase_by(owner, owner.queue(_header(owner, "privacy.erased"), {"values": 2}))


def erasure_signed_by_another_key(owner: Owner) -> None:
    """The same, signed by a key that is not the log's."""
    header = _header(owner, "privacy.erased") | {"id": str(new_id()), "log": "instance"}
    stranger = LogSigner(owner.world.home / "keys" / "stranger.key")
    (origin,) = owner.look("SELECT origin FROM audit_logs WHERE id=1")
    signature = stranger.permit(origin)(header, {"values": 2})
    owner.queue(header, {"values": 2, **signature})
    owner.world.keep_log()


def erasure_repeated(owner: Owner) -> None:
    """An erasure that was allowed once is in the queue again, as another event."""
    header, body = owner.entry("privacy.erased")
    owner.queue(header | {"id": str(new_id())}, body)
    owner.world.keep_log()


def erasure_raised(owner: Owner) -> None:
    """An erasure on its way into the log allows one value more."""
    header, body = owner.entry("privacy.erased")
    owner.queue(header | {"id": str(new_id())}, body | {"values": body["values"] + 1})
    owner.world.keep_log()


def pruning_forged(owner: Owner) -> None:
    """A pruning that nobody allowed is in the queue, and bodies are gone by it."""
    said = {"bodies": 1536, "end": 1536, "first": 0, "what": "bodies"}
    owner.queue(_header(owner, "log.pruned"), said)
    owner.world.keep_log()
    pruned_without_event(owner)


def entries_pruning_forged(owner: Owner) -> None:
    """The same for whole entries."""
    owner.queue(_header(owner, "log.pruned"), {"end": 512, "first": 0, "what": "entries"})
    owner.world.keep_log()
    entries_pruned_without_event(owner)


def pruning_of_another_log(owner: Owner) -> None:
    """A pruning that was allowed in one log is in the queue for another."""
    header, body = owner.entry("log.pruned")
    (other,) = owner.look("SELECT name FROM audit_logs WHERE id=2")
    owner.queue(header | {"id": str(new_id()), "log": other}, body, log=other)
    owner.world.keep_log()


def change_of_keys_forged(owner: Owner) -> None:
    """An entry tells auditors of a new key, which is somebody else's."""
    header, (vkey,) = _header(owner, "log.key_rotated"), owner.look("SELECT vkey FROM audit_keys")
    owner.queue(header, {"new": vkey, "old": vkey})
    owner.world.keep_log()


def key_of_a_process_exchanged(owner: Owner) -> None:
    """A process's key and heartbeat are exchanged in the queue, and one of its events is gone."""
    world = owner.world
    act(world, world.actor("administrator"), 9)
    owner.do("DELETE FROM audit_queue WHERE position=(SELECT min(position) + 4 FROM audit_queue)")
    Heart(world.wiring.database, LogSigner(world.home / "keys" / "stranger.key")).beat()
    rows = owner.look_at_all(
        "SELECT position, header, body FROM audit_queue WHERE body LIKE '%up_to%'"
    )
    for position, header, body in rows:
        _count_less(owner, position, json.loads(header), json.loads(body))
    world.keep_log()


def _count_less(owner: Owner, position: int, header: Any, body: Any) -> None:
    owner.do("DELETE FROM audit_queue WHERE position=:p", p=position)
    key, source = new_signing_key(), (header["src"]["node"], header["src"]["boot"])
    counts = body["up_to"], body["committed"] - 1, body["unknown"]
    signed = key.sign(heartbeats.signed_text(body["log"], source, counts))
    said = {"committed": counts[1], "signature": _base64url(signed)}
    owner.queue(header, body | said | {"key": _base64url(key.public_bytes)}, log=header["log"])


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _header(owner: Owner, action: str) -> dict[str, Any]:
    """The header of an event that no process wrote."""
    header, _ = owner.entry("privacy.erased")
    del header["id"], header["log"]
    source = {"boot": str(new_id()), "n": 1, "node": "nowhere"}
    return header | {"action": action, "category": action.partition(".")[0], "src": source}


def _erase_by(owner: Owner, event_id: str) -> None:
    """Let the first two values of an entry be gone by an event."""
    owner.world.keep_log()
    columns, place = "log_id, idx, number, field", "log_id=1 AND idx=:i AND number<2"
    owner.do(
        f"INSERT INTO audit_erased_values ({columns}, event_id) "  # noqa: S608 - our own words.
        f"SELECT {columns}, :e FROM audit_values WHERE {place}",
        e=event_id.replace("-", "") if _is_sqlite(owner) else event_id,
        i=SOMEWHERE,
    )
    owner.do(f"DELETE FROM audit_values WHERE {place}", i=SOMEWHERE)  # noqa: S608 - the same.


def _beat(world: World) -> None:
    Heart(world.wiring.database, world.wiring.logs.signer).beat()
    world.keep_log()


def _is_sqlite(owner: Owner) -> bool:
    return owner.world.wiring.database.engine.dialect.name == "sqlite"


KINDS: list[tuple[Tamper, int]] = [
    (queue_row_removed, INCOMPLETE),
    (queue_row_forged, INCOMPLETE),
    (queue_body_changed, INCOMPLETE),
    (erasure_forged, TAMPERED),
    (erasure_signed_by_another_key, TAMPERED),
    (erasure_repeated, TAMPERED),
    (erasure_raised, TAMPERED),
    (pruning_forged, TAMPERED),
    (entries_pruning_forged, TAMPERED),
    (pruning_of_another_log, TAMPERED),
    (change_of_keys_forged, TAMPERED),
    (key_of_a_process_exchanged, TAMPERED),
]
PERMISSIONS: list[Tamper] = [
    erasure_forged,
    erasure_signed_by_another_key,
    erasure_repeated,
    pruning_forged,
    pruning_of_another_log,
    change_of_keys_forged,
]

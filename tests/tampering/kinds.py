"""What the owner of a database might do to the audit logs in it, and what must come of that."""

from __future__ import annotations

import os
from collections.abc import Callable

from audit import entry
from audit.canonical import canonical
from tests.tampering.owner import SOMEWHERE, Owner

GOOD, TAMPERED, FORK, INCOMPLETE, MALFORMED = 0, 10, 20, 30, 50
REFUSED = -1
"""The appliance itself refuses to export."""


Tamper = Callable[[Owner], None]


def body_changed(owner: Owner) -> None:
    """A refusal was for another reason."""
    owner.do(
        "UPDATE audit_bodies SET body=replace(body, 'not_permitted', 'password') "
        "WHERE log_id=1 AND idx IN (2000, 2001, 2002)"
    )


def body_with_other_salt(owner: Owner) -> None:
    """A body with another salt."""
    owner.do(
        "UPDATE audit_bodies SET salt=:s WHERE log_id=1 AND idx=:i", s=os.urandom(32), i=SOMEWHERE
    )


def body_deleted(owner: Owner) -> None:
    """One body is gone."""
    owner.do("DELETE FROM audit_bodies WHERE log_id=1 AND idx=:i", i=SOMEWHERE)


def bodies_swapped(owner: Owner) -> None:
    """Two bodies belong to each other's entries."""
    owner.swap("audit_bodies", "body", SOMEWHERE, SOMEWHERE + 1)
    owner.swap("audit_bodies", "salt", SOMEWHERE, SOMEWHERE + 1)


def body_and_commitment_replaced(owner: Owner) -> None:
    """Another body, and the header commits to it."""
    salt, body = os.urandom(32), canonical({"reason": "none"})
    owner.do(
        "UPDATE audit_bodies SET salt=:s, body=:b WHERE log_id=1 AND idx=:i",
        s=salt,
        b=body.decode(),
        i=SOMEWHERE,
    )
    owner.header(b=entry.commit_text(salt, body))


def action_changed(owner: Owner) -> None:
    """Something else happened."""
    owner.header(action="repo.archived", category="repo")


def outcome_changed(owner: Owner) -> None:
    """It was refused, it was not."""
    owner.header(outcome="failed")


def time_changed(owner: Owner) -> None:
    """It was at another time."""
    owner.header(time="2020-01-01T00:00:00.000000Z")


def actor_changed(owner: Owner) -> None:
    """Somebody else did it."""
    owner.header(actor={"ref": "p_nobody", "type": "user"})


def header_with_a_space(owner: Owner) -> None:
    """The same header in another spelling."""
    owner.do("UPDATE audit_leaves SET header=header || ' ' WHERE log_id=1 AND idx=2000")


def leaf_deleted(owner: Owner) -> None:
    """One entry is gone."""
    owner.do("DELETE FROM audit_leaves WHERE log_id=1 AND idx=2000")


def leaf_deleted_and_gap_closed(owner: Owner) -> None:
    """One entry is gone, and the later ones have moved up."""
    for table in ("audit_leaves", "audit_bodies", "audit_values"):
        owner.do(f"DELETE FROM {table} WHERE log_id=1 AND idx=2000")  # noqa: S608 - our own words.
        move = f"UPDATE {table} SET idx=idx{{}} WHERE log_id=1 AND {{}}"  # noqa: S608 - our own words.
        owner.do(move.format("+1000000", "idx>2000"))
        owner.do(move.format("-1000001", "idx>1000000"))


def leaves_swapped(owner: Owner) -> None:
    """Two entries have changed places, with all that belongs to them."""
    owner.swap("audit_leaves", "header", SOMEWHERE, SOMEWHERE + 7)
    owner.swap("audit_bodies", "body", SOMEWHERE, SOMEWHERE + 7)
    owner.swap("audit_bodies", "salt", SOMEWHERE, SOMEWHERE + 7)


def value_deleted(owner: Owner) -> None:
    """One personal value is gone, and nobody was erased."""
    owner.do("DELETE FROM audit_values WHERE log_id=1 AND idx=2000 AND number=0")


def value_changed(owner: Owner) -> None:
    """A sealed value has other bytes."""
    owner.do("UPDATE audit_values SET sealed=:s WHERE log_id=1 AND idx=2000", s=os.urandom(90))


def value_of_another(owner: Owner) -> None:
    """A sealed value stands where another was."""
    owner.swap("audit_values", "sealed", SOMEWHERE, SOMEWHERE + 1)


def value_with_another_field(owner: Owner) -> None:
    """A value is said to be something else."""
    owner.do("UPDATE audit_values SET field='name' WHERE log_id=1 AND idx=2000 AND number=0")


def key_destroyed(owner: Owner) -> None:
    """The data key of a person is gone, and nobody was erased."""
    (person,) = owner.look("SELECT person FROM audit_values WHERE log_id=1 AND idx=2000")
    owner.do("UPDATE person_keys SET wrapped=NULL WHERE person=:p", p=person)


def key_of_another(owner: Owner) -> None:
    """All persons have one and the same key."""
    owner.do(
        "UPDATE person_keys SET wrapped=(SELECT wrapped FROM person_keys "
        "WHERE wrapped IS NOT NULL ORDER BY person LIMIT 1) WHERE wrapped IS NOT NULL"
    )


def erasure_pretended(owner: Owner) -> None:
    """One value more is said to be erased by an entry that allowed so many."""
    (event,) = owner.look("SELECT event_id FROM audit_erasures WHERE log_id=2")
    place = "(SELECT min(idx) FROM audit_values WHERE log_id=2)"
    columns = "log_id, idx, number, field"
    owner.do(
        f"INSERT INTO audit_erased_values ({columns}, event_id) "  # noqa: S608 - our own words.
        f"SELECT {columns}, :e FROM audit_values WHERE log_id=2 AND idx={place}",
        e=event,
    )
    owner.do(f"DELETE FROM audit_values WHERE log_id=2 AND idx={place}")  # noqa: S608 - the same.


def erasure_by_another_event(owner: Owner) -> None:
    """Values are said to be erased by an entry that erases nothing."""
    later = owner.find("access.refused")
    (event,) = owner.look("SELECT event_id FROM audit_leaves WHERE log_id=1 AND idx=:i", i=later)
    owner.do("UPDATE audit_erased_values SET event_id=:e WHERE log_id=1", e=event)


def erasure_without_tombstones(owner: Owner) -> None:
    """What was erased is not known any more."""
    owner.do("DELETE FROM audit_erased_values WHERE log_id=1")


def pruned_without_event(owner: Owner) -> None:
    """More bodies are gone than any entry allowed."""
    owner.do("UPDATE audit_logs SET minimum_bodies=1536 WHERE id=1")
    owner.do("DELETE FROM audit_bodies WHERE log_id=1 AND idx<1536")
    owner.do("DELETE FROM audit_values WHERE log_id=1 AND idx<1536")


def entries_pruned_without_event(owner: Owner) -> None:
    """More entries are gone than any entry allowed."""
    owner.do("UPDATE audit_logs SET minimum=512 WHERE id=1")
    for table in ("audit_leaves", "audit_bodies", "audit_values", "audit_search"):
        owner.do(f"DELETE FROM {table} WHERE log_id=1 AND idx<512")  # noqa: S608 - our own words.


def one_more_pruned(owner: Owner) -> None:
    """A body that had to stay is gone from where others were allowed to go."""
    owner.do(
        "DELETE FROM audit_bodies WHERE log_id=1 AND idx="
        "(SELECT max(idx) FROM audit_bodies WHERE log_id=1 AND idx<1024)"
    )


def pruning_without_its_body(owner: Owner) -> None:
    """The entry that allowed a pruning does not say so any more."""
    owner.do("DELETE FROM audit_bodies WHERE log_id=1 AND idx=:i", i=owner.find("log.pruned"))


def pruning_widened(owner: Owner) -> None:
    """The entry that allowed a pruning allows more."""
    index = owner.find("log.pruned", last=False)
    owner.do(
        "UPDATE audit_bodies SET body=replace(body, 'end\"\\:1024', 'end\"\\:1280') "
        "WHERE log_id=1 AND idx=:i",
        i=index,
    )


def minimum_lowered(owner: Owner) -> None:
    """Entries that are gone are said to be there."""
    owner.do("UPDATE audit_logs SET minimum=0 WHERE id=1")


def heartbeat_changed(owner: Owner) -> None:
    """A process counted less."""
    index = owner.find("audit.heartbeat")
    owner.do(
        "UPDATE audit_bodies SET body=replace(body, 'unknown\"\\:0', 'unknown\"\\:9') "
        "WHERE log_id=1 AND idx=:i",
        i=index,
    )


def logs_exchanged(owner: Owner) -> None:
    """The logs of two organisations have changed names."""
    (one,) = owner.look("SELECT name FROM audit_logs WHERE id=2")
    (other,) = owner.look("SELECT name FROM audit_logs WHERE id=3")
    for number, name in ((2, "x"), (3, one), (2, other)):
        owner.do("UPDATE audit_logs SET name=:n WHERE id=:i", n=name, i=number)


def checkpoint_of_another_root(owner: Owner) -> None:
    """The newest signed state has another root."""
    _edit_newest(owner, 2, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")


def checkpoint_of_another_size(owner: Owner) -> None:
    """The newest signed state says another size."""
    _edit_newest(owner, 1, "17")


def checkpoint_without_signature(owner: Owner) -> None:
    """The newest state is not signed."""
    owner.do(
        "UPDATE audit_checkpoints SET note=substr(note, 1, length(note)-60) "
        "WHERE log_id=1 AND size=(SELECT max(size) FROM audit_checkpoints WHERE log_id=1)"
    )


def earlier_checkpoint_changed(owner: Owner) -> None:
    """An earlier signed state is that of another log."""
    (size,) = owner.look("SELECT min(size) FROM audit_checkpoints WHERE log_id=1 AND size>300")
    (note,) = owner.look("SELECT note FROM audit_checkpoints WHERE log_id=2 ORDER BY size")
    owner.do("UPDATE audit_checkpoints SET note=:n WHERE log_id=1 AND size=:s", n=note, s=size)


def rolled_back(owner: Owner) -> None:
    """The last entries are gone, as if an earlier state had been put back."""
    (size,) = owner.look("SELECT max(size) FROM audit_checkpoints WHERE log_id=1 AND size<2300")
    for table in ("audit_leaves", "audit_bodies", "audit_values", "audit_search"):
        owner.do(f"DELETE FROM {table} WHERE log_id=1 AND idx>=:s", s=size)  # noqa: S608 - our own words.
    owner.do("DELETE FROM audit_checkpoints WHERE log_id=1 AND size>:s", s=size)
    owner.do("UPDATE audit_logs SET size=:s, searchable=:s WHERE id=1", s=size)


def edge_of_the_tree_changed(owner: Owner) -> None:
    """The hash that stands for the entries that are gone is another."""
    owner.do(
        "UPDATE audit_tiles SET hashes=:h WHERE log_id=1 AND level=1 AND idx=0", h=bytes(32 * 20)
    )


def _edit_newest(owner: Owner, line: int, words: str) -> None:
    size, note = owner.look(
        "SELECT size, note FROM audit_checkpoints WHERE log_id=1 ORDER BY size DESC"
    )
    lines = note.split("\n")
    lines[line] = words
    owner.do(
        "UPDATE audit_checkpoints SET note=:n WHERE log_id=1 AND size=:s",
        n="\n".join(lines),
        s=size,
    )


KINDS: list[tuple[Tamper, int]] = [
    (body_changed, TAMPERED),
    (body_with_other_salt, TAMPERED),
    (body_deleted, INCOMPLETE),
    (bodies_swapped, TAMPERED),
    (body_and_commitment_replaced, TAMPERED),
    (action_changed, TAMPERED),
    (outcome_changed, TAMPERED),
    (time_changed, TAMPERED),
    (actor_changed, TAMPERED),
    (header_with_a_space, MALFORMED),
    (leaf_deleted, REFUSED),
    (leaf_deleted_and_gap_closed, REFUSED),
    (leaves_swapped, TAMPERED),
    (value_deleted, INCOMPLETE),
    (value_changed, REFUSED),
    (value_of_another, REFUSED),
    (value_with_another_field, TAMPERED),
    (key_destroyed, INCOMPLETE),
    (key_of_another, REFUSED),
    (erasure_pretended, INCOMPLETE),
    (erasure_by_another_event, INCOMPLETE),
    (erasure_without_tombstones, INCOMPLETE),
    (pruned_without_event, INCOMPLETE),
    (entries_pruned_without_event, INCOMPLETE),
    (one_more_pruned, INCOMPLETE),
    (pruning_without_its_body, INCOMPLETE),
    (pruning_widened, TAMPERED),
    (minimum_lowered, REFUSED),
    (heartbeat_changed, TAMPERED),
    (logs_exchanged, TAMPERED),
    (checkpoint_of_another_root, TAMPERED),
    (checkpoint_of_another_size, TAMPERED),
    (checkpoint_without_signature, MALFORMED),
    (earlier_checkpoint_changed, MALFORMED),
    (rolled_back, FORK),
    (edge_of_the_tree_changed, TAMPERED),
]

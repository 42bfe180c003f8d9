"""Two people for the settings that matter most: an act of one is kept until another confirms it.

`guarded` marks a verb. While the rule is in force, the verb runs as ever - it asks who may, checks
and changes - and then all of it is undone and kept as a proposal: the exact arguments, and the
state before and after in words. So what is proposed is possible, and what would change is not
described but seen. `proposals.confirm` runs the same verb with the same arguments.

The appliance itself, such as a directory's synchronisation, is not asked: what it does was allowed
by a rule that needed two people. At the console the rule can be passed over, with a reason, loudly.
"""

from __future__ import annotations

import functools
import inspect
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ParamSpec, TypeVar, get_type_hints

import sqlalchemy as sa
from pydantic import TypeAdapter

from appliance.access.gate import open_to_everyone
from appliance.db.proposals import Proposal, SecondPersonRule
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.identity import ActorKind, Method
from appliance.domain.ids import new_id
from appliance.domain.second_person import Act, ProposalState, State, differences
from appliance.errors import ConflictError, SecondPersonNeededError, sentence
from appliance.security.sealing import Place, Sealer

P = ParamSpec("P")
R = TypeVar("R")
Arguments = Mapping[str, Any]
Describe = Callable[[UnitOfWork, Arguments], State]
Covers = Callable[[State, State], bool]
INJECTED = frozenset({"work", "now", "sealer", "tools", "schemes"})
"""What a door hands to a verb beside what was asked for: it is handed anew when it is confirmed."""
MOST_WAITING = 100
LONGEST_SUBJECT = 255


@dataclass(frozen=True)
class Guarded:
    """A verb that needs two people: itself, and what it is about in words."""

    verb: Callable[..., Any]
    describe: Describe

    def freeze(self, arguments: Arguments) -> bytes:
        """What was asked for, as it is kept."""
        hints = self._hints()
        kept = {
            name: TypeAdapter(hints[name]).dump_python(value, mode="json")
            for name, value in arguments.items()
            if name in hints
        }
        return json.dumps(kept).encode()

    def thaw(self, frozen: bytes) -> dict[str, Any]:
        """The same as values again."""
        hints = self._hints()
        kept = json.loads(frozen)
        return {name: TypeAdapter(hints[name]).validate_python(kept[name]) for name in kept}

    def takes(self) -> frozenset[str]:
        """What a door hands to it."""
        return frozenset(inspect.signature(self.verb).parameters) & INJECTED

    def _hints(self) -> dict[str, Any]:
        wanted = {
            name: text
            for name, text in self.verb.__annotations__.items()
            if name not in INJECTED and name != "return"
        }
        # Only these: others name what is imported for the type checker alone.
        holder = type("Wanted", (), {"__annotations__": wanted, "__module__": self.verb.__module__})
        return get_type_hints(holder, vars(sys.modules[self.verb.__module__]))


GUARDED: dict[Act, Guarded] = {}


@dataclass(frozen=True)
class Draft:
    """An act that waits to be kept."""

    act: Act
    frozen: bytes
    subject: str
    before: State
    after: State


def guarded(
    act: Act,
    describe: Describe,
    *,
    covers: Covers = lambda before, after: before != after,
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let a verb need two people, where `covers` says so of what it changes."""

    def mark(verb: Callable[P, R]) -> Callable[P, R]:
        entry = GUARDED[act] = Guarded(verb, describe)
        signature = inspect.signature(verb)

        @functools.wraps(verb)
        def ask(*args: P.args, **kwargs: P.kwargs) -> R:
            bound = signature.bind(*args, **kwargs)
            work: UnitOfWork = bound.arguments["work"]
            if not _applies(work):
                return verb(*args, **kwargs)
            before = describe(work, bound.arguments)
            done = verb(*args, **kwargs)
            work.session.flush()
            after = describe(work, bound.arguments)
            if not covers(before, after):
                return done
            if work.actor.alone:
                work.note_alone(act)
                return done
            subject = after.get("", before.get("", ""))[:LONGEST_SUBJECT]
            draft = Draft(act, entry.freeze(bound.arguments), subject, before, after)
            raise SecondPersonNeededError(WAITS, draft=draft)

        return ask

    return mark


WAITS = sentence("This needs two administrators. It takes effect when another one confirms it.")


@open_to_everyone(because="the verb asked who may before it was undone")
def keep(work: UnitOfWork, needed: SecondPersonNeededError, *, sealer: Sealer) -> None:
    """Keep an act that was undone until another administrator decides.

    Errors:
        ConflictError: too many wait already.
    """
    draft, now = needed.draft, work.begun_at
    assert isinstance(draft, Draft)  # noqa: S101 - for the type checker.
    waiting = sa.select(sa.func.count()).where(Proposal.state == ProposalState.WAITING)
    if (work.session.scalar(waiting) or 0) >= MOST_WAITING:
        raise ConflictError(
            sentence("There are too many open proposals. Decide some of them first.")
        )
    row = Proposal(
        id=new_id(),
        act=draft.act,
        subject=draft.subject,
        before=draft.before,
        after=draft.after,
        proposer_id=work.actor.id,
        proposed_at=now,
        expires_at=now + timedelta(hours=work.rules.access.proposal_hours),
    )
    row.arguments = sealer.seal(draft.frozen, place(row))
    work.session.add(row)
    work.record(
        events.ActProposed(
            about=row.id,
            act=row.act,
            changed=[name for name, _, _ in differences(row.before, row.after) if name],
            until=row.expires_at.isoformat(),
            subject=draft.subject,
        )
    )
    needed.proposal_id, needed.expires_at = row.id, row.expires_at


@open_to_everyone(because="it says whether a rule is in force, which everybody it holds for learns")
def since(work: UnitOfWork) -> datetime | None:
    """Since when some acts need two people; None while they do not."""
    found: datetime | None = work.session.scalar(sa.select(SecondPersonRule.since))
    return found


def place(row: Proposal) -> Place:
    """For where the arguments of a proposal are sealed."""
    return Place("proposals", "arguments", str(row.id))


def _applies(work: UnitOfWork) -> bool:
    """Whether an act of this actor needs a second person, if it is one that matters."""
    if work.actor.kind is not ActorKind.USER or work.actor.origin.method is Method.INTERNAL:
        return False
    return not work.is_confirmed and since(work) is not None

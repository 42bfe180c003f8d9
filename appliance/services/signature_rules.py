"""Rules that new commits and tags be signed: what they demand, and what a push brings instead.

`rule_looks` says when each of these is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from appliance.access.gate import open_to_everyone
from appliance.domain.protection import NO_OBJECT, Demand, RefUpdate, wanted_for
from appliance.domain.signatures import Finding, SignedBy
from appliance.errors import sentence
from appliance.git import inspect, new_work, refs
from appliance.git.ref_names import TAGS
from appliance.services import signatures
from appliance.services.push_names import is_reserved, show

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from uuid import UUID

    from appliance.db.unit_of_work import UnitOfWork
    from appliance.git.new_work import NewWork
    from appliance.git.refs import Head
    from appliance.services.signed_claims import Checked, Claim

NAMED = 5
"""Offenders that are named of each ref; who has one can find the others."""
SHORT = 10


@dataclass(frozen=True)
class Brought:
    """What a push would bring to a ref that must be signed."""

    ref: bytes
    wanted: frozenset[SignedBy]
    work: NewWork


def demanded(demands: tuple[Demand, ...], updates: Iterable[RefUpdate]) -> tuple[Demand, ...]:
    """All demands, if one of them is about a ref that would get something; else none."""
    is_asked = demands and any(
        each.new_oid != NO_OBJECT and wanted_for(demands, each.ref) is not None for each in updates
    )
    return demands if is_asked else ()


def collect(
    folder: Path,
    updates: Sequence[RefUpdate],
    demands: Sequence[Demand],
    *,
    quarantine: Mapping[str, str],
) -> tuple[Brought, ...]:
    """What a push would bring to refs that must be signed. Reads objects and may take a while.

    Errors:
        InvalidError: what is told of the quarantine is not of this repository.
        DamagedError, TimeoutExceededError: the objects cannot be read, or not in time.
    """
    if not demands:
        return ()
    place = inspect.Quarantine.parse(folder, quarantine)
    # Of what a pull request holds nobody has looked at the signatures.
    there = [each for each in refs.names(folder, b"refs/") if not is_reserved(each[0])]
    head = refs.head(folder)
    found = []
    for update in updates:
        wanted = wanted_for(demands, update.ref)
        if wanted is None or update.new_oid == NO_OBJECT:
            continue
        known = _known(demands, update, wanted, there, head)
        work = new_work.read(folder, place, update.ref, update.new_oid, known=known)
        found.append(Brought(update.ref, wanted, work))
    return tuple(found)


@open_to_everyone(because="`pushes` has asked whether the actor may push")
def examine(
    work: UnitOfWork, brought: Iterable[Brought], *, organisation_id: UUID | None
) -> dict[bytes, tuple[str, ...]]:
    """By ref, why a push is refused for lack of signatures, in plain sentences."""
    return {each.ref: tuple(_reasons(work, each, organisation_id)) for each in brought}


def _reasons(work: UnitOfWork, brought: Brought, organisation_id: UUID | None) -> list[str]:
    name, new = show(brought.ref), brought.work
    if new.is_too_much:
        most = new_work.MOST_COMMITS
        return [
            sentence(
                "%(name)s would get more than %(most)s new commits at once, too many to check "
                "their signatures. Push them in parts.",
                name=name,
                most=most,
            )
        ]
    reasons = _reasons_of_tag(work, brought, organisation_id)
    checked = signatures.of_commits(work, new.commits, organisation_id=organisation_id)
    lacking = {
        commit.oid: said
        for commit in new.commits
        if (said := _lack(checked.get(commit.oid), brought.wanted)) is not None
    }
    if not lacking:
        return reasons
    reasons.append(
        sentence(
            "%(name)s accepts only commits with a verified signature. %(lacking)s of %(all)s "
            "new ones have none:",
            name=name,
            lacking=len(lacking),
            all=len(new.commits),
        )
    )
    reasons += [said(oid[:SHORT]) for oid, said in list(lacking.items())[:NAMED]]
    reasons.append(
        sentence(
            "Sign them and push again: git rebase --exec “git commit --amend --no-edit -S” BASE"
        )
    )
    return reasons


def _reasons_of_tag(work: UnitOfWork, brought: Brought, organisation_id: UUID | None) -> list[str]:
    if not brought.ref.startswith(TAGS):
        return []
    tag, name = brought.work.tag, show(brought.ref)
    claim = signatures.claim_of_tag(tag) if tag is not None else None
    claims: dict[str, Claim] = {} if claim is None else {name: claim}
    checked = signatures.check(work, claims, organisation_id=organisation_id)
    said = _lack(checked.get(name), brought.wanted)
    if said is None:
        return []
    return [
        sentence(
            "%(name)s must be a tag with a verified signature. Make it with “git tag -s” and push "
            "again.",
            name=name,
        ),
        said(name),
    ]


Saying = Callable[[str], str]
"""Says of an object what it lacks."""


def _lack(checked: Checked | None, wanted: frozenset[SignedBy]) -> Saying | None:
    """What a signature lacks to count; None where it counts."""
    if checked is None:
        return lambda name: sentence("%(name)s is not signed.", name=name)
    if not checked.is_verified:
        return SAYINGS.get(checked.finding, _unverified)
    kind = SignedBy.APPLIANCE if checked.is_by_appliance else SignedBy(checked.form or "")
    if kind not in wanted:
        return lambda name: sentence(
            "%(name)s has a kind of signature that is not accepted.", name=name
        )
    return None


def _unverified(name: str) -> str:
    return sentence("%(name)s has a signature that cannot be verified.", name=name)


SAYINGS: dict[Finding, Saying] = {
    Finding.UNKNOWN_KEY: lambda name: sentence(
        "%(name)s is signed with an unknown key.", name=name
    ),
    Finding.OTHER_ADDRESS: lambda name: sentence(
        "%(name)s is signed, but its committer's address is not a verified address of the "
        "key's owner.",
        name=name,
    ),
    Finding.EXPIRED_KEY: lambda name: sentence(
        "%(name)s is signed with a key that was not valid then.", name=name
    ),
    Finding.REVOKED_KEY: lambda name: sentence(
        "%(name)s is signed with a key that was revoked.", name=name
    ),
    Finding.BAD_SIGNATURE: lambda name: sentence(
        "%(name)s has a signature of something else.", name=name
    ),
    Finding.UNTRUSTED_AUTHORITY: lambda name: sentence(
        "%(name)s is signed by a certificate of an authority that is not trusted here.", name=name
    ),
}


def _known(
    demands: Sequence[Demand],
    update: RefUpdate,
    wanted: frozenset[SignedBy],
    there: Iterable[tuple[bytes, str]],
    head: Head,
) -> list[str]:
    """What is not new: what a rule as strict has let in, of which the keys may have gone since.

    Where an organisation demands signatures of a branch, only what it demands elsewhere is as
    strict: neither a repository's own rule nor its choice of the default branch loosens that, and
    of what a tag leads to its own signature says nothing.
    """
    firm = [each for each in demands if each.is_firm]
    firmly = wanted_for(firm, update.ref)
    if firmly is None or update.ref.startswith(TAGS):
        known = [oid for ref, oid in there if _is_as_strict(demands, ref, wanted)]
        if update.old_oid == NO_OBJECT and head.oid is not None and head.name != update.ref:
            known.append(head.oid)
    else:
        known = [
            oid
            for ref, oid in there
            if _is_as_strict(demands, ref, wanted)
            and _is_as_strict(firm, ref, firmly)
            and not ref.startswith(TAGS)
        ]
    return known if update.old_oid == NO_OBJECT else [*known, update.old_oid]


def _is_as_strict(demands: Sequence[Demand], ref: bytes, wanted: frozenset[SignedBy]) -> bool:
    present = wanted_for(demands, ref)
    return present is not None and present <= wanted

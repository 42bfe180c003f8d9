"""Secrets in pushes: which of them stop one, and what is remembered and recorded of it.

Nothing is written here; what is remembered of it is in `push_blocks`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import sqlalchemy as sa

from appliance.access.gate import open_to_everyone
from appliance.db.alerts import Alert
from appliance.db.push_protection import PushBlock, SecretBypass, SecretExemption, SecretPolicy
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import alert_identity
from appliance.domain.alerts import AlertKind
from appliance.domain.ids import new_id
from appliance.domain.protection import NO_OBJECT
from appliance.domain.push_protection import OPTION, BypassState
from appliance.domain.ruleset_words import Enforcement
from appliance.errors import sentence
from appliance.services.push_scans import ScanState

if TYPE_CHECKING:
    from appliance.domain.rulesets import Ruleset
    from appliance.scanning.resident.tools import ScannerTools
    from appliance.services.push_scans import FoundSecret
    from appliance.services.pushes import Proposal

ASKED = "`pushes` has asked whether the actor may push"
OPEN = "open"
MOST_SAID = 10
MOST_KEPT = 50
"""So many secrets that stop one push are remembered; one is enough to refuse it."""


@dataclass(frozen=True)
class Standing:
    """A secret in a push, and what is known of it for this actor and repository."""

    identity: str
    found: FoundSecret
    block: PushBlock | None = None
    bypass: SecretBypass | None = None
    """The last one that was requested."""


@dataclass(frozen=True)
class SecretJudgement:
    """What the secrets in a push come to."""

    blocked: tuple[Standing, ...] = ()
    used: tuple[Standing, ...] = ()
    """Those that a bypass lets through."""
    exempt: tuple[Standing, ...] = ()
    ids: Mapping[str, UUID] = field(default_factory=dict)
    """Of blocks that are new, by identity."""
    asked: str = ""
    """Why the actor wants to push them, where they say so with the push."""
    is_delegated: bool = False
    unscanned: str = ""
    """Why nobody has looked at it; empty where somebody has."""
    is_protected: bool = False
    is_closed: bool = False
    """Whether it is refused because nobody has looked at it."""
    said: tuple[str, ...] = ()

    @property
    def refuses(self) -> bool:
        """Whether the push must not go on."""
        return self.is_closed or bool(self.blocked)


@open_to_everyone(because=ASKED)
def judged(
    work: UnitOfWork,
    repository: Repository,
    proposal: Proposal,
    rulesets: Sequence[Ruleset],
    *,
    now: datetime,
) -> SecretJudgement:
    """What the scan of a push comes to."""
    scan = proposal.scan
    if scan.state is ScanState.NOT_WANTED:
        return SecretJudgement()
    if scan.state is ScanState.UNSCANNED:
        return _unscanned(work, proposal, rulesets)
    if not scan.found or scan.tools is None:
        return SecretJudgement()
    judgement = _of_found(work, repository, proposal, scan.found, scan.tools, now=now)
    if not scan.why or judgement.blocked:
        return judgement
    # Nothing of what is told stops it, but there is more that nobody has looked at.
    partly = _unscanned(work, proposal, rulesets)
    return replace(
        partly,
        used=judgement.used,
        exempt=judgement.exempt,
        ids=judgement.ids,
        asked=judgement.asked,
        is_delegated=judgement.is_delegated,
    )


def _of_found(
    work: UnitOfWork,
    repository: Repository,
    proposal: Proposal,
    secrets: Sequence[FoundSecret],
    tools: ScannerTools,
    *,
    now: datetime,
) -> SecretJudgement:
    key = tools.owner_key(repository.organisation_id or repository.owner_id)
    found = _by_identity(key, secrets)
    fresh = [each for each in found if each not in _known(work, repository, found)]
    standing = _standing(work, repository, {each: found[each] for each in fresh})
    if standing and _is_exempt(work, repository):
        return SecretJudgement(exempt=tuple(standing))
    return _sorted(work, repository, proposal, standing, now=now)


@open_to_everyone(because="it says only whether somebody else must agree")
def is_delegated(work: UnitOfWork, organisation_id: UUID | None) -> bool:
    """Whether somebody else must approve bypasses in an organisation's repositories."""
    query = sa.select(SecretPolicy.is_delegated).where(
        SecretPolicy.organisation_id == organisation_id
    )
    return organisation_id is not None and bool(work.session.scalar(query))


@open_to_everyone(because=ASKED)
def address(work: UnitOfWork, block_id: UUID) -> str:
    """Where somebody asks for leave to push a secret."""
    return f"{work.rules.server.url.rstrip('/')}/push-protection/{block_id}"


def _unscanned(
    work: UnitOfWork, proposal: Proposal, rulesets: Sequence[Ruleset]
) -> SecretJudgement:
    gaining = [each.ref for each in proposal.updates if each.new_oid != NO_OBJECT]
    active = [each for each in rulesets if each.enforcement is Enforcement.ACTIVE]
    is_protected = any(each.is_about(ref) for each in active for ref in gaining)
    rules = work.rules.scanning
    policy = rules.without_scanner_protected if is_protected else rules.without_scanner
    is_closed = policy != OPEN
    said = sentence(
        "This push could not be scanned for secrets in time, and this branch or tag takes only "
        "what was. Push again in a moment; tell an administrator if it goes on."
    )
    return SecretJudgement(
        unscanned=proposal.scan.why or "unknown",
        is_protected=is_protected,
        is_closed=is_closed,
        said=(said,) if is_closed else (),
    )


def _by_identity(key: bytes, found: Iterable[FoundSecret]) -> dict[str, FoundSecret]:
    secrets: dict[str, FoundSecret] = {}
    for each in found:
        fingerprint = bytes.fromhex(each.hit.fingerprint)
        secrets.setdefault(alert_identity.of_secret(key, each.hit.rule, fingerprint), each)
    return secrets


def _known(work: UnitOfWork, repository: Repository, found: Iterable[str]) -> set[str]:
    """Those that are alerts already: pushing them once more leaks nothing more."""
    query = sa.select(Alert.identity).where(
        Alert.repository_id == (repository.wiki_of_id or repository.id),
        Alert.kind == AlertKind.SECRET,
        Alert.identity.in_(list(found)),
    )
    return set(work.session.scalars(query))


def _standing(
    work: UnitOfWork, repository: Repository, found: Mapping[str, FoundSecret]
) -> list[Standing]:
    if not found:
        return []
    query = sa.select(PushBlock).where(
        PushBlock.repository_id == repository.id,
        PushBlock.actor_ref == work.actor.pseudonym,
        PushBlock.identity.in_(list(found)),
    )
    blocks = {each.identity: each for each in work.session.scalars(query)}
    asked = sa.select(SecretBypass).where(
        SecretBypass.block_id.in_([each.id for each in blocks.values()])
    )
    last: dict[UUID, SecretBypass] = {}
    for bypass in work.session.scalars(asked.order_by(SecretBypass.requested_at)):
        last[bypass.block_id] = bypass
    return [
        Standing(identity, each, block, last.get(block.id) if block else None)
        for identity, each in found.items()
        for block in [blocks.get(identity)]
    ]


def _is_exempt(work: UnitOfWork, repository: Repository) -> bool:
    if work.actor.id is None or repository.organisation_id is None:
        return False
    query = sa.select(SecretExemption.id).where(
        SecretExemption.organisation_id == repository.organisation_id,
        SecretExemption.user_id == work.actor.id,
    )
    return work.session.scalar(query) is not None


def _sorted(
    work: UnitOfWork,
    repository: Repository,
    proposal: Proposal,
    standing: Sequence[Standing],
    *,
    now: datetime,
) -> SecretJudgement:
    start = f"{OPTION}="
    asked = next((each[len(start) :] for each in proposal.options if each.startswith(start)), "")
    asked = asked.strip()
    delegated = bool(standing) and is_delegated(work, repository.organisation_id)
    used, blocked = [], []
    for each in standing:
        if each.bypass is not None and each.bypass.facts.lets_through(now):
            used.append(each)
        elif asked and not delegated:
            used.append(Standing(each.identity, each.found, each.block))
        else:
            blocked.append(each)
    blocked = blocked[:MOST_KEPT]
    ids = {each.identity: new_id() for each in blocked + used if each.block is None}
    judgement = SecretJudgement(tuple(blocked), tuple(used), (), ids, asked, delegated)
    if not blocked:
        return judgement
    said = [_said(each) for each in blocked[:MOST_SAID]] + _ways(work, judgement, now)
    return SecretJudgement(
        judgement.blocked, judgement.used, (), ids, asked, delegated, said=tuple(said)
    )


def _said(each: Standing) -> str:
    hit, found = each.found.hit, each.found
    place = f"{found.path}:{hit.line}" if hit.line else found.path
    if found.commit:
        place = f"{place} ({found.commit[:10]})"
    return sentence(
        "%(place)s holds a secret: %(title)s, %(preview)s (rule %(rule)s). %(cure)s",
        place=place,
        title=hit.title,
        preview=hit.masked,
        rule=hit.rule,
        cure=hit.cure,
    )


def _ways(work: UnitOfWork, judgement: SecretJudgement, now: datetime) -> list[str]:
    """What to do about it, and how to push it all the same."""
    first = judgement.blocked[0]
    block_id = first.block.id if first.block else judgement.ids[first.identity]
    said: list[str] = [
        sentence(
            "Remove it from the commits you push: git commit --amend, or git rebase -i where it is "
            "older. A later commit that deletes it is not enough."
        )
    ]
    bypass = first.bypass
    state = bypass.facts.at(now) if bypass is not None else None
    if judgement.is_delegated and (judgement.asked or state is BypassState.PENDING):
        said.append(sentence("Your request to push it all the same waits for approval."))
    elif state is BypassState.REFUSED:
        said.append(sentence("Your request to push it all the same was refused."))
    said.append(
        sentence(
            "If it is no secret, or you must push it all the same, say why at %(address)s or with: "
            "git push -o “%(option)s=REASON”",
            address=address(work, block_id),
            option=OPTION,
        )
    )
    return said

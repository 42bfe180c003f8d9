"""What is remembered and recorded of secrets that stopped pushes, or were pushed all the same."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from appliance.access.gate import open_to_everyone
from appliance.db.push_protection import PushBlock, SecretBypass
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.identity import ActorKind
from appliance.domain.ids import new_id
from appliance.domain.push_protection import BypassReason, BypassState, said_in
from appliance.errors import ConflictError, sentence
from appliance.services import secret_scans

if TYPE_CHECKING:
    from appliance.services.push_protection import SecretJudgement, Standing
    from appliance.services.pushes import Proposal, Terms

ASKED = "`pushes` has asked whether the actor may push"
LABEL_CHARACTERS = 64


@open_to_everyone(because=ASKED)
def keep(
    work: UnitOfWork,
    repository: Repository,
    terms: Terms,
    judgement: SecretJudgement,
    *,
    now: datetime,
) -> None:
    """Remember what stopped a push."""
    if judgement.is_closed:
        _record_unscanned(work, repository, terms, judgement, "refused")
    if not judgement.blocked:
        return
    blocks = [_block(work, repository, judgement, each, now) for each in judgement.blocked]
    _record_block(work, repository, judgement.blocked, blocks)
    if judgement.asked and judgement.is_delegated:
        for each, block in zip(judgement.blocked, blocks, strict=True):
            if each.bypass is None or each.bypass.facts.at(now) is not BypassState.PENDING:
                reason, words = said_in(judgement.asked)
                request(work, repository, block, reason, words, is_delegated=True, now=now)


@open_to_everyone(because=ASKED)
def let_through(
    work: UnitOfWork,
    repository: Repository,
    terms: Terms,
    proposal: Proposal,
    judgement: SecretJudgement,
    *,
    now: datetime,
) -> None:
    """Use up what let a push through, and say so; all of it is looked through afterwards."""
    secret_scans.promise(work, repository, terms, proposal, now=now)
    if judgement.unscanned:
        _record_unscanned(work, repository, terms, judgement, "accepted")
    if judgement.exempt:
        _record_use(work, repository, terms, judgement.exempt, [])
    if not judgement.used:
        return
    bypasses = []
    for each in judgement.used:
        bypass = each.bypass
        if bypass is None:  # They said why with this very push, and nobody has to be asked.
            block = each.block or _block(work, repository, judgement, each, now)
            if each.block is None:
                _record_block(work, repository, [each], [block])
            reason, words = said_in(judgement.asked)
            bypass = request(work, repository, block, reason, words, is_delegated=False, now=now)
        else:
            _take(work, bypass, now)
        bypass.state, bypass.used_at = BypassState.USED, now
        bypasses.append(bypass)
    _record_use(work, repository, terms, judgement.used, bypasses)


def _take(work: UnitOfWork, bypass: SecretBypass, now: datetime) -> None:
    """Of two pushes at once only one may use a bypass.

    Errors:
        ConflictError: the other one has.
    """
    work.session.refresh(bypass, with_for_update=True)
    if bypass.facts.at(now) is not BypassState.APPROVED:
        raise ConflictError(sentence("Another push has used this bypass already. Ask once more."))


@open_to_everyone(because="who may ask for it has been asked")
def request(
    work: UnitOfWork,
    repository: Repository,
    block: PushBlock,
    reason: BypassReason,
    comment: str,
    *,
    is_delegated: bool,
    now: datetime,
) -> SecretBypass:
    """Ask for leave to push a secret; where nobody has to be asked, it is given."""
    state = BypassState.PENDING if is_delegated else BypassState.APPROVED
    bypass = SecretBypass(
        id=new_id(),
        block_id=block.id,
        state=state,
        reason=reason,
        comment=comment,
        requested_at=now,
        expires_at=now + timedelta(days=work.rules.scanning.bypass_days),
        decided_at=None if is_delegated else now,
        decision_comment="",
    )
    work.session.add(bypass)
    work.record(
        events.SecretBypassRequested(
            about=repository.id,
            organisation_id=repository.organisation_id,
            bypass_id=str(bypass.id),
            rule=block.rule,
            why=reason.value,
            reason=comment,
        )
    )
    if not is_delegated:
        record_decision(work, repository, block, bypass, by_rule=True)
    return bypass


@open_to_everyone(because="who may decide has been asked")
def record_decision(
    work: UnitOfWork,
    repository: Repository,
    block: PushBlock,
    bypass: SecretBypass,
    *,
    by_rule: bool,
) -> None:
    """Say what was decided."""
    work.record(
        events.SecretBypassDecided(
            about=repository.id,
            organisation_id=repository.organisation_id,
            bypass_id=str(bypass.id),
            rule=block.rule,
            decision=bypass.state.value,
            by_rule=by_rule,
            reason=bypass.decision_comment,
        )
    )


def _block(
    work: UnitOfWork,
    repository: Repository,
    judgement: SecretJudgement,
    each: Standing,
    now: datetime,
) -> PushBlock:
    hit, actor = each.found.hit, work.actor
    block = each.block
    if block is None:
        block = PushBlock(
            id=judgement.ids.get(each.identity) or new_id(),
            repository_id=repository.id,
            actor_ref=actor.pseudonym,
            user_id=actor.id if actor.kind is ActorKind.USER else None,
            identity=each.identity,
            times=0,
            first_at=now,
        )
        work.session.add(block)
    block.actor_label = actor.label[:LABEL_CHARACTERS]
    block.rule, block.title, block.cure = hit.rule, hit.title, hit.cure
    block.severity, block.preview, block.kind = hit.severity, hit.masked, hit.kind
    block.path, block.line = each.found.path.replace("\0", ""), hit.line
    block.commit_id, block.last_at = each.found.commit, now
    block.times += 1
    work.session.flush()  # A bypass names its id.
    return block


def _record_block(
    work: UnitOfWork,
    repository: Repository,
    blocked: Sequence[Standing],
    blocks: Sequence[PushBlock],
) -> None:
    work.record(
        events.PushBlocked(
            about=repository.id,
            organisation_id=repository.organisation_id,
            rules=sorted({each.found.hit.rule for each in blocked}),
            blocks=[str(each.id) for each in blocks],
            alerts=len(blocked),
        )
    )


def _record_use(
    work: UnitOfWork,
    repository: Repository,
    terms: Terms,
    used: Sequence[Standing],
    bypasses: Sequence[SecretBypass],
) -> None:
    said = [each.comment for each in bypasses if each.comment]
    work.record(
        events.PushBypassed(
            about=repository.id,
            organisation_id=repository.organisation_id,
            push_id=str(terms.push_id),
            rules=sorted({each.found.hit.rule for each in used}),
            bypasses=[str(each.id) for each in bypasses],
            exempt=not bypasses,
            reason=said[0] if said else "",
        )
    )


def _record_unscanned(
    work: UnitOfWork,
    repository: Repository,
    terms: Terms,
    judgement: SecretJudgement,
    decision: str,
) -> None:
    work.record(
        events.PushUnscanned(
            about=repository.id,
            organisation_id=repository.organisation_id,
            push_id=str(terms.push_id),
            decision=decision,
            why=judgement.unscanned,
            protected=judgement.is_protected,
        )
    )

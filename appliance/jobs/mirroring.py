"""The job that brings a mirror up to date; see services/mirror_runs.py."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from appliance.domain.identity import appliance, stranger
from appliance.domain.mirrors import Direction
from appliance.errors import ApplianceError, RefusedError, together
from appliance.services import mirror_runs, push_settlement, pushes, ref_moving, secret_patterns

if TYPE_CHECKING:
    from appliance.jobs.tasks import Report
    from appliance.services.job_runs import Claimed
    from appliance.services.mirror_runs import Difference, Plan
    from appliance.services.pushes import Proposal, Terms, Verdict
    from appliance.wiring import Wiring


def mirror(wiring: Wiring, claimed: Claimed, report: Report) -> None:
    """Bring a mirror up to date. What goes wrong is said of the mirror, and tried at its time."""
    mirror_id = UUID(claimed.arguments["mirror_id"])
    try:
        with wiring.database.reading(appliance()) as work:
            plan = mirror_runs.plan(work, mirror_id, sealer=wiring.sealer, tools=wiring.git)
        if plan is None:
            return
        with wiring.database.reading(plan.actor) as work:
            mirror_runs.insist(work, plan)
        difference = mirror_runs.look(plan, rules=wiring.settings, progress=report)
        if plan.direction is Direction.PUSH:
            mirror_runs.send(plan, difference.steps, rules=wiring.settings, progress=report)
        else:
            _apply(wiring, plan, difference)
    except ApplianceError as error:
        give_up(wiring, claimed, str(error))
        return
    with wiring.database.begin(appliance()) as work:
        mirror_runs.note_done(work, plan, difference, now=datetime.now(UTC))


def give_up(wiring: Wiring, claimed: Claimed, reason: str) -> None:
    """Say of the mirror that it could not be brought up to date."""
    mirror_id = UUID(claimed.arguments["mirror_id"])
    with wiring.database.begin(appliance()) as work:
        mirror_runs.note_failed(work, mirror_id, reason, now=datetime.now(UTC))


def _apply(wiring: Wiring, plan: Plan, difference: Difference) -> None:
    """Move the branches and tags, as a push of who answers for the mirror would."""
    with wiring.database.reading(plan.actor) as work:
        scanner = wiring.git.scanner.with_own(secret_patterns.used_in(work, plan.repository_id))
    proposed = mirror_runs.proposals(plan, difference, rules=wiring.settings, scanner=scanner)
    for terms, proposal, steps in proposed:
        verdict = _decided(wiring, terms, proposal)
        if not verdict.is_accepted:
            raise RefusedError(together(verdict.messages))
        moved = False
        try:
            mirror_runs.move(plan, steps)
            moved = True
        finally:
            with wiring.database.begin(plan.actor) as work:
                now = datetime.now(UTC)
                push_settlement.settle_own(work, terms.push_id, moved=moved, now=now)


def _decided(wiring: Wiring, terms: Terms, proposal: Proposal) -> Verdict:
    """The verdict, asked again with what comes of looking where rules want that."""

    def ask(proposed: Proposal) -> Verdict:
        with wiring.database.begin(terms.actor) as work:
            return pushes.accept(work, terms, proposed, now=datetime.now(UTC))

    return ref_moving.decided(
        ask, proposal, terms.folder, {}, lambda: wiring.database.reading(stranger())
    )

"""Asks OpenID providers in the background whether people whom they let in may still enter."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from appliance.domain.identity import appliance
from appliance.errors import UnauthenticatedError, UnavailableError
from appliance.services import oidc, oidc_grants
from appliance.services.job_runs import Claimed
from appliance.services.oidc_grants import GrantRefusedError, Plan
from appliance.wiring import Wiring

if TYPE_CHECKING:
    from appliance.jobs.tasks import Report


def ask_again(wiring: Wiring, claimed: Claimed, report: Report) -> None:
    """Ask about everybody who is due. A provider that does not answer is left alone for now."""
    del claimed
    with wiring.database.reading(appliance()) as work:
        due = oidc_grants.due(work, now=datetime.now(UTC))
    silent: set[UUID] = set()
    for done, identity_id in enumerate(due):
        report("Asking", done, len(due))
        with wiring.database.reading(appliance()) as work:
            planned = oidc_grants.plan(work, identity_id, tools=wiring.oidc)
        if planned is None:
            with wiring.database.begin(appliance()) as work:
                oidc_grants.drop(work, identity_id)
        elif planned.peer.id not in silent and not _is_settled(wiring, planned):
            silent.add(planned.peer.id)


def _is_settled(wiring: Wiring, planned: Plan) -> bool:
    """Do what a provider says of somebody; whether it said anything."""
    now, tools = datetime.now(UTC), wiring.oidc
    try:
        heard = oidc_grants.ask(planned, tools=tools, now=now)
    except GrantRefusedError:
        with wiring.database.begin(appliance()) as work:
            oidc_grants.refuse(work, planned, tools=tools, now=now)
        return True
    except (UnauthenticatedError, UnavailableError) as error:
        problem = oidc.reason_of(error)
        with wiring.database.begin(appliance()) as work:
            oidc_grants.put_off(work, planned.identity_id, problem=problem, now=now)
        return False
    with wiring.database.begin(appliance()) as work:
        oidc_grants.take(work, planned, heard, tools=tools, now=now)
    return True

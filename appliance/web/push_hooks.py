"""Answers the hooks of a push that goes through this process.

What OpenSSH carries comes over the local socket instead; see `internal.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from appliance.domain.identity import appliance, stranger
from appliance.domain.protection import RefUpdate
from appliance.errors import ApplianceError
from appliance.services import push_settlement, pushes, secret_patterns, transfers
from appliance.web import requests, signature_rules
from appliance.wiring import Wiring


class PushHooks:
    """One push. Its state is whether anything of it is left to settle, as far as is known."""

    def __init__(self, ticket: pushes.Ticket, wiring: Wiring) -> None:
        self._ticket = ticket
        self._wiring = wiring
        self._is_over = False

    @property
    def listener(self) -> transfers.Listener:
        """What the transfer calls."""
        return transfers.Listener(self._accept, self._confirm)

    def settle(self) -> None:
        """Look at the refs on disk, unless the hooks have told us all. Git has ended by now."""
        database, push_id = self._wiring.database, self._ticket.push_id
        if self._is_over:
            return
        with database.reading(appliance()) as work:
            if push_settlement.is_settled(work, push_id):
                return
        with database.begin(appliance()) as work:
            push_settlement.reconcile(work, push_id, tools=self._wiring.git, now=requests.present())

    def _accept(
        self, updates: Sequence[RefUpdate], quarantine: Mapping[str, str]
    ) -> pushes.Verdict:
        wiring, ticket = self._wiring, self._ticket
        try:
            proposal = pushes.inspect(
                ticket.folder,
                updates,
                quarantine=quarantine,
                options=(),
                rules=wiring.settings,
                scanner=wiring.git.scanner.with_own(self._own()),
            )
            verdict = signature_rules.decided(
                self._decide, proposal, ticket.folder, quarantine, wiring
            )
        except ApplianceError as error:
            return pushes.Verdict(is_accepted=False, messages=(str(error), "Nothing was changed."))
        self._is_over = not verdict.is_accepted
        return verdict

    def _own(self) -> tuple[secret_patterns.OWN, ...]:
        with self._wiring.database.reading(appliance()) as work:
            return secret_patterns.used_in(work, self._ticket.repository_id)

    def _decide(self, proposal: pushes.Proposal) -> pushes.Verdict:
        wiring, capability = self._wiring, self._ticket.push.capability
        with wiring.database.begin(stranger()) as work:
            now = requests.present()
            return pushes.decide(work, capability, proposal, tools=wiring.git, now=now)

    def _confirm(self, moved: Sequence[RefUpdate]) -> None:
        with self._wiring.database.begin(stranger()) as work:
            push_settlement.confirm(
                work,
                self._ticket.push.capability,
                moved,
                tools=self._wiring.git,
                now=requests.present(),
            )
        self._is_over = True

"""Ends transfers of people who may no longer enter, while they are under way.

Who may is asked before the first byte of a transfer. A large one lasts for hours, and a person may
be suspended meanwhile, or their token revoked or kept out by an organisation, or lose what they
were given for a time. So the credential of each transfer is asked for again every few seconds, in
one question for all transfers with it, and whether what it opens now is still theirs.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import structlog

from appliance.errors import ApplianceError, HiddenError, RefusedError, UnauthenticatedError
from appliance.services import fetches, identify

if TYPE_CHECKING:
    from uuid import UUID

    from appliance.db.unit_of_work import UnitOfWork
    from appliance.domain.identity import Actor

    Insist = Callable[[UnitOfWork, UUID], None]

log = structlog.get_logger()
EVERY_SECONDS = 2.0


@dataclass(frozen=True)
class Transfer:
    """Who asked, of which repository, and how it is ended."""

    actor: Actor
    repository_id: UUID
    insist: Insist
    """Goes on only if who asked may still do this there."""
    break_off: Callable[[], None]


class TransferWatch:
    """The watch of one process. Its state is the transfers under way, and the thread that looks at
    them as long as there are any.
    """

    def __init__(self, database: Any, *, every_seconds: float = EVERY_SECONDS) -> None:
        self._database = database
        self._every_seconds = every_seconds
        self._lock = threading.Lock()
        self._numbers = itertools.count()
        self._under_way: dict[int, Transfer] = {}
        self._is_looking = False

    def begin(
        self,
        actor: Actor,
        repository_id: UUID,
        break_off: Callable[[], None],
        *,
        insist: Insist = fetches.again,
    ) -> Callable[[], None]:
        """Watch a transfer; `break_off` is called, from another thread, once it must end.

        Gives what is to be called when it is over.
        """
        if not actor.is_signed_in:
            return lambda: None
        with self._lock:
            number = next(self._numbers)
            self._under_way[number] = Transfer(actor, repository_id, insist, break_off)
            if not self._is_looking:
                self._is_looking = True
                threading.Thread(target=self._run, name="transfer watch", daemon=True).start()
        return lambda: self._forget(number)

    def look(self) -> None:
        """Ask once for every credential in use, and end the transfers of those that are gone."""
        with self._lock:
            under_way = list(self._under_way.values())
        of: dict[Any, list[Transfer]] = defaultdict(list)
        for transfer in under_way:
            actor, origin = transfer.actor, transfer.actor.origin
            place = (transfer.repository_id, transfer.insist)
            of[(actor.id, origin.credential_id, origin.method, *place)].append(transfer)
        for transfers in of.values():
            if not self._may_go_on(transfers[0]):
                log.info("transfer.broken_off", actor=transfers[0].actor.pseudonym)
                for transfer in transfers:
                    transfer.break_off()

    def _run(self) -> None:
        while True:
            time.sleep(self._every_seconds)
            with self._lock:
                if not self._under_way:
                    self._is_looking = False
                    return
            try:
                self.look()
            except Exception:
                log.exception("transfer.watch_stumbled")

    def _may_go_on(self, transfer: Transfer) -> bool:
        actor, origin = transfer.actor, transfer.actor.origin
        try:
            with self._database.reading(actor) as work:
                # What the credential opens now counts, not what it opened when they asked.
                work.actor = identify.again(
                    work, actor.id, origin.credential_id, origin=origin, now=datetime.now(UTC)
                )
                transfer.insist(work, transfer.repository_id)
        except (UnauthenticatedError, HiddenError, RefusedError):
            return False
        except ApplianceError:  # The database does not answer now; that ends no transfer.
            return True
        return True

    def _forget(self, number: int) -> None:
        with self._lock:
            self._under_way.pop(number, None)

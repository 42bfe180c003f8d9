"""Work that a command does itself, at the console: with the home folder's database and keys."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from appliance import settings, wiring, wiring_heartbeats
from appliance.cli.context import Context
from appliance.domain.identity import Actor, Origin, stranger
from appliance.domain.ids import new_id
from appliance.errors import InvalidError, UnavailableError
from appliance.services import console

if TYPE_CHECKING:
    from appliance.db.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class Console:
    """An appliance's long-lived objects, and as whom they are used."""

    objects: wiring.Wiring
    actor: Actor

    def begin(self) -> AbstractContextManager[UnitOfWork]:
        """A unit of work in the name of that user."""
        return self.objects.database.begin(self.actor)

    def reading(self) -> AbstractContextManager[UnitOfWork]:
        """The same, in which the database itself refuses to write."""
        return self.objects.database.reading(self.actor)


@contextmanager
def opened(context: Context) -> Generator[Console]:
    """The appliance of the home folder, running or not, for the length of the block.

    Errors:
        InvalidError: the words were for an appliance elsewhere.
        UnavailableError: there is no appliance here, or its database does not answer.
        UnauthenticatedError: there is no such user.
    """
    if context.is_elsewhere:
        raise InvalidError("Only a command on the appliance's own machine can do that.")
    home = context.home_folder
    if not (home / "keys" / "instance.key").exists():
        raise UnavailableError(f"There is no appliance in {home}. Name one with --home.")
    objects = wiring.build(home, settings.from_process(home))
    try:
        wiring.insist_on_schema(objects)
        origin = Origin(request_id=new_id().hex[-16:])
        with objects.database.reading(stranger(origin)) as work:
            actor = console.actor(work, context.user, origin=origin, alone=context.alone)
        with wiring_heartbeats.beating(objects.database, objects.logs.signer):
            yield Console(objects, actor)
    finally:
        objects.database.engine.dispose()
        objects.redis.close()

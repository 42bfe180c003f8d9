"""What an SSH session asks: may this key run that command, and with what is git started."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from appliance.access.gate import open_to_everyone
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.identity import Actor, Origin
from appliance.errors import InvalidError, sentence
from appliance.services import fetches, identify, pushes, transfers

if TYPE_CHECKING:
    from appliance.wiring import GitTools

PROTOCOL = "ssh"
NOTING = {"git-upload-pack": fetches.note, "git-upload-archive": fetches.note_archive}
PUSHING = "git-receive-pack"


@dataclass(frozen=True)
class Wanted:
    """What a client asked for; no command means a greeting."""

    command: str
    path: str
    protocol: str
    """What it said as GIT_PROTOCOL."""


@dataclass(frozen=True)
class Session:
    """What git is started with, and who it is for."""

    user: str
    folder: Path | None = None
    repository_id: UUID | None = None
    environment: dict[str, str] = field(default_factory=dict, repr=False)


@open_to_everyone(because="it finds out who is asking")
def actor(work: UnitOfWork, key_id: UUID, *, origin: Origin, now: datetime) -> Actor:
    """The actor of an SSH key.

    Errors:
        UnauthenticatedError: the key is gone or has expired, or its user may not enter.
    """
    return identify.by_ssh_key(work, key_id, origin=origin, now=now)


@open_to_everyone(because="what is wanted is asked of `fetches` and `pushes`, which ask who may")
def open_session(work: UnitOfWork, wanted: Wanted, *, tools: GitTools, now: datetime) -> Session:
    """What git is started with for a command on a repository.

    A fetch is recorded here: from here on the client speaks with git alone.

    Errors:
        InvalidError: there is no such command.
        HiddenError, RefusedError, MovedError, ConflictError, UnavailableError: the actor may not,
            or not now.
    """
    user = work.actor.label
    if not wanted.command:
        return Session(user)
    if wanted.command == PUSHING:
        ticket = pushes.start(work, wanted.path, protocol=PROTOCOL, tools=tools, now=now)
        environment = transfers.push_environment(ticket, protocol=wanted.protocol)
        return Session(user, ticket.folder, ticket.repository_id, environment)
    if wanted.command not in NOTING:
        raise InvalidError(sentence("%(command)s is no command here.", command=wanted.command))
    opened = fetches.start(work, wanted.path, tools=tools)
    NOTING[wanted.command](work, opened, protocol=PROTOCOL)
    environment = transfers.fetch_environment(protocol=wanted.protocol)
    return Session(user, opened.folder, opened.repository_id, environment)

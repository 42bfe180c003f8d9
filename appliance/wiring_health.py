"""How each part of an appliance is asked whether it is well."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable
from datetime import UTC, datetime

import redis

from appliance.db import schema
from appliance.domain.identity import appliance
from appliance.domain.sizes import size
from appliance.errors import DamagedError, UnavailableError, sentence
from appliance.git import process
from appliance.services.audit_log import authority, recovery, set_aside
from appliance.services.audit_log import waiting as audit_waiting
from appliance.wiring import Wiring

Probe = Callable[[], str]
"""Gives a few words about a part that is well; raises an error of the family otherwise."""

PULSE_KEY = "codara:pulse"
SSH_SECONDS = 2.0
LEAST_FREE_BYTES = 512 * 1024 * 1024
GIB = 1024**3
LONGEST_WAIT_SECONDS = 60
"""For an event on its way into the log; longer, and nobody is at work there."""


def needed(wiring: Wiring) -> dict[str, Probe]:
    """What the web tier needs to answer at all: cheap to ask, often."""
    return {
        "database": lambda: _database(wiring),
        "queue": lambda: _queue(wiring),
        "storage": lambda: _storage(wiring),
    }


def all_parts(wiring: Wiring) -> dict[str, Probe]:
    """Every part."""
    probes = {
        **needed(wiring),
        "git": lambda: _git(wiring),
        "worker": lambda: _pulse(wiring, "worker"),
        "scheduler": lambda: _pulse(wiring, "scheduler"),
        "audit log": lambda: _audit_log(wiring),
    }
    if wiring.settings.scanning.secrets:
        probes["scanner"] = lambda: _scanner(wiring)
    if wiring.settings.ssh.embedded:
        probes["ssh"] = lambda: _ssh(wiring)
    return probes


def _database(wiring: Wiring) -> str:
    schema.insist_on_newest(wiring.database.engine)
    return sentence(
        "%(name)s, revision %(newest)s",
        name=wiring.database.engine.dialect.name,
        newest=schema.newest(),
    )


def _queue(wiring: Wiring) -> str:
    try:
        wiring.redis.ping()
    except redis.RedisError as error:
        raise UnavailableError("The queue is not responding.") from error
    return (
        sentence("embedded")
        if not wiring.settings.queue.url.get_secret_value()
        else sentence("answers")
    )


def _storage(wiring: Wiring) -> str:
    root = wiring.home.root
    if not os.access(root, os.W_OK):
        raise UnavailableError(sentence("%(root)s cannot be written.", root=root))
    free = shutil.disk_usage(root).free
    if free < LEAST_FREE_BYTES:
        raise UnavailableError(
            sentence("%(root)s has only %(free)s left. Make room.", root=root, free=size(free))
        )
    return sentence("%(free)s free", free=size(free))


def _git(wiring: Wiring) -> str:
    said = process.run(["version"], at=wiring.home.root)
    return said.decode("ascii", "replace").removeprefix("git version").strip()


def _pulse(wiring: Wiring, kind: str) -> str:
    try:
        alive = sum(1 for _ in wiring.redis.scan_iter(f"{PULSE_KEY}:{kind}:*"))
    except redis.RedisError as error:
        raise UnavailableError("The queue does not answer, so nobody knows.") from error
    if alive == 0:
        raise UnavailableError("None is running.")
    return sentence("%(alive)s running", alive=alive)


def _audit_log(wiring: Wiring) -> str:
    now = datetime.now(UTC)
    with wiring.database.reading(appliance()) as work:
        state = audit_waiting.present(work, now=now)
        broken = recovery.broken(work, tools=wiring.logs)
        aside = set_aside.state(work)
        alarm = authority.alarm(work, signer=wiring.logs.signer)
    if broken:
        raise DamagedError(broken[0].why)
    if aside.unseen:
        raise DamagedError(
            sentence(
                "Rows of the queue that were not events: %(count)s. Somebody has written to the "
                "database. They are kept beside the log; see audit.row_set_aside there, and run "
                "“codara audit reconcile” once you know where they come from.",
                count=aside.unseen,
            )
        )
    if alarm:
        raise DamagedError(alarm)
    if state.oldest_seconds > LONGEST_WAIT_SECONDS:
        raise UnavailableError(
            sentence(
                "%(waiting)s events wait for their place in the log, the oldest for %(seconds)s "
                "seconds.",
                waiting=state.waiting,
                seconds=state.oldest_seconds,
            )
        )
    if state.signed_seconds is None:
        return sentence("nothing recorded yet")
    return sentence(
        "%(waiting)s events wait, last signed %(seconds)s seconds ago",
        waiting=state.waiting,
        seconds=state.signed_seconds,
    )


def _ssh(wiring: Wiring) -> str:
    address = (wiring.settings.ssh.host, wiring.settings.ssh.port)
    try:
        with socket.create_connection(address, timeout=SSH_SECONDS) as connection:
            greeting = connection.recv(64)
    except OSError as error:
        raise UnavailableError(
            sentence("Nothing answers on port %(address)s.", address=address[1])
        ) from error
    if not greeting.startswith(b"SSH-2.0-"):
        raise UnavailableError(
            sentence("What answers on port %(address)s is not an SSH server.", address=address[1])
        )
    return sentence("port %(address)s", address=address[1])


LIMITS = {
    "network": sentence("a network of its own"),
    "user": sentence("an account of its own"),
    "memory": sentence("a limit on memory"),
    "calls": sentence("a filter of system calls"),
}
"""What the scanner gives up, where the machine lets it."""


def _scanner(wiring: Wiring) -> str:
    found = wiring.git.scanner.door.greet()
    missing = [words for name, words in LIMITS.items() if not found.limits.get(name)]
    if missing:
        return sentence(
            "%(rules)s rules; not possible on this machine: %(missing)s",
            rules=found.rules,
            missing=", ".join(missing),
        )
    return sentence("%(rules)s rules, isolated", rules=found.rules)

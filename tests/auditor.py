"""An auditor: takes exports of a world's logs and verifies them with Python's own library alone."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from appliance.domain import events
from appliance.domain.identity import Actor
from appliance.services.audit_log import bundle, trust
from appliance.services.audit_log import export as audit_export
from appliance.services.audit_log.export import Wanted
from tests.world import World

ROOT = Path(__file__).parents[1]


class Auditor:
    """Keeps the key file from the beginning, and gives each export a folder of its own."""

    def __init__(self, world: World, actor: Actor, folder: Path, keys: Path | None = None) -> None:
        self._world = world
        self._actor = actor
        self._folder = folder
        self._number = 0
        self.keys = keys or folder / "keys.json"
        if keys is None:
            with world.begin(actor) as work:
                said = trust.key_file(work, signer=world.wiring.logs.signer)
            self.keys.write_text(json.dumps(said))

    def export(self, **wanted: Any) -> Path:
        """A new export of all logs, or of what is wanted."""
        self._number += 1
        target = self._folder / f"export-{self._number}"
        with self._world.reading(self._actor) as work:
            plan = audit_export.plan(work, Wanted(**wanted), now=datetime.now(UTC))
        bundle.write(
            lambda: self._world.reading(self._actor),
            plan,
            target,
            tools=self._world.wiring.logs,
            progress=unheard,
        )
        return target

    def verify(self, export: Path, *more: object) -> tuple[int, str]:
        """The verdict on an export, and the report."""
        words = ["verify", export, "--trust", self.keys, "--json", *more]
        finished = subprocess.run(
            [sys.executable, "-S", "-E", "-m", "audit", *map(str, words)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            env={},
        )
        return finished.returncode, finished.stdout

    def look(self, **wanted: Any) -> tuple[int, str]:
        """Export and verify."""
        return self.verify(self.export(**wanted))


def unheard(step: str, done: int = 0, total: int = 0) -> None:
    """Take a report of progress, and do nothing with it."""
    del step, done, total


def act(world: World, actor: Actor, count: int, *, organisation: Any = None) -> None:
    """So many events of one actor: a third of them reads, all of them with personal values."""
    log = organisation.id if organisation else None
    with world.begin(actor) as work:
        for number in range(count):
            if number % 3 == 0:
                work.record(events.AuditSearched(organisation_id=log, query=f"word{number}"))
            else:
                attempt = f"try {number}"
                work.record(
                    events.AccessRefused(
                        organisation_id=log, reason="not_permitted", attempt=attempt
                    )
                )

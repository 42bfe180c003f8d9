"""What a person at the terminal of a running appliance reads: little, and only what they need."""

from __future__ import annotations

import sys
from pathlib import Path

from appliance import version
from appliance.settings import Settings


def tell(sentence: str) -> None:
    """One sentence of news."""
    print(sentence, file=sys.stderr, flush=True)


def say_password(password: str) -> None:
    """The first administrator's password, once."""
    tell("")
    tell("  First start. The administrator is admin; this one-time password is shown only now:")
    tell("")
    tell(f"      {password}")
    tell("")


def say_ready(settings: Settings, home: Path, logs: Path | None) -> None:
    """Where to go from here."""
    tell(f"Codara Appliance {version.RELEASE} is ready at {settings.server.url}")
    where = f"logs in {logs}" if logs else "logs below"
    ssh = f", Git over SSH on port {settings.ssh.port}" if settings.ssh.embedded else ""
    tell(f"Data in {home}, {where}{ssh}. Ctrl-C ends it.")

"""The web tier: gunicorn, configured by config/gunicorn.conf.py."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from gunicorn.app.wsgiapp import WSGIApplication

from appliance import places, settings
from appliance.cli import doors, instance, terminal

CONFIGURATION = places.beside_package("config") / "gunicorn.conf.py"


def run(home: Path, listeners: Sequence[int] = ()) -> None:
    """Serve until we are asked to end; `listeners` are sockets that are open already.

    Without any, gunicorn binds the addresses of the settings and the home folder's local socket.
    """
    os.environ["CODARA_HOME"] = os.fspath(home)
    addresses = [f"fd://{descriptor}" for descriptor in listeners]
    if not listeners:
        instance.share_numbers(home)
        addresses = _free_port(home)
    # Gunicorn reads its words from here and knows no other way in.
    sys.argv = ["gunicorn", "--config", os.fspath(CONFIGURATION)]
    for address in addresses:
        sys.argv += ["--bind", address]
    WSGIApplication("%(prog)s [OPTIONS]").run()


def _free_port(home: Path) -> list[str]:
    """Where to listen if a free port is wanted, which is told; nothing if the settings say."""
    present = settings.from_process(home)
    if present.server.port:
        return []
    door = doors.listen(present)
    terminal.tell(f"The web tier is at {doors.with_address(present, home, door).server.url}")
    return [f"fd://{door.detach()}", f"unix:{home / 'run' / 'web.sock'}"]

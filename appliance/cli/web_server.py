"""The web tier: gunicorn, configured by config/gunicorn.conf.py."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from gunicorn.app.wsgiapp import WSGIApplication

import appliance
from appliance.cli import instance

CONFIGURATION = Path(appliance.__file__).resolve().parents[1] / "config" / "gunicorn.conf.py"


def run(home: Path, listeners: Sequence[int] = ()) -> None:
    """Serve until we are asked to end; `listeners` are sockets that are open already.

    Without any, gunicorn binds the addresses of the settings and the home folder's local socket.
    """
    os.environ["CODARA_HOME"] = os.fspath(home)
    if not listeners:
        instance.share_numbers(home)
    # Gunicorn reads its words from here and knows no other way in.
    sys.argv = ["gunicorn", "--config", os.fspath(CONFIGURATION)]
    for descriptor in listeners:
        sys.argv += ["--bind", f"fd://{descriptor}"]
    WSGIApplication("%(prog)s [OPTIONS]").run()

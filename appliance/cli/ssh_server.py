"""The embedded SSH server as a process, with the settings and folders of one home."""

from __future__ import annotations

import asyncio
import importlib
from pathlib import Path

from appliance import logs, settings


def run(home: Path) -> None:
    """Serve until we are asked to end."""
    present_settings = settings.from_process(home)
    logs.configure(present_settings.telemetry.log_level)
    # The doors do not know each other; this is the one place where one starts another.
    server = importlib.import_module("appliance.ssh.server")
    options = server.Options(
        host=present_settings.ssh.host,
        port=present_settings.ssh.port,
        keys_folder=home / "keys",
        socket=home / "run" / "web.sock",
    )
    asyncio.run(server.serve(options, ready=lambda _port: None))

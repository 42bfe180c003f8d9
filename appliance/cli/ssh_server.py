"""Git over SSH: the embedded server as a process, and the lines for a host's own OpenSSH."""

from __future__ import annotations

import asyncio
import importlib
import sys
from pathlib import Path

from appliance import logs, settings
from appliance.cli import terminal
from appliance.errors import NotFoundError


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
    asyncio.run(server.serve(options, ready=lambda port: _say(port, options.port)))


def _say(port: int, wanted: int) -> None:
    """Tell the port where nobody can know it."""
    if not wanted:
        terminal.tell(f"Git over SSH is on port {port}.")


def configuration(home: Path, account: str | None) -> str:
    """The lines for sshd_config; the account that owns the home folder, if none is named.

    Errors:
        NotFoundError: there is no home folder to ask for its owner.
    """
    if account is None and not home.is_dir():
        raise NotFoundError(f"There is no {home}. Name the account with --account.")
    # As above: a door, reached from the door that a person stands at.
    openssh = importlib.import_module("appliance.ssh.openssh")
    lines: str = openssh.configuration(
        python=Path(sys.executable),
        socket=home / "run" / "web.sock",
        account=account or home.owner(),
    )
    return lines

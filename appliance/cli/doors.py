"""Where an appliance listens: the ports it was told, or the free ones it found.

What was found goes into the environment, from where every process of the appliance reads it: so all
of them print and hand out the addresses that are really there.
"""

from __future__ import annotations

import os
import socket
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from appliance import settings as settings_module
from appliance.errors import ApplianceError
from appliance.settings import Settings
from appliance.settings_sections import Server

BACKLOG = 512


class PortTakenError(ApplianceError):
    """Somebody else listens where we are to listen."""

    code = "port_taken"
    title = "The port is taken"


def listen(settings: Settings, port: int | None = None) -> socket.socket:
    """The web tier's door, open; at `port`, or where the settings say.

    Errors:
        PortTakenError: another program has the port.
    """
    host = settings.server.host
    port = settings.server.port if port is None else port
    try:
        door = _bind(host, port)
    except OSError as error:
        raise PortTakenError(
            f"Another program listens on {host} port {port}. End it, or choose another port with "
            "--port or server.port."
        ) from error
    door.listen(BACKLOG)
    return door


def reserve_ssh(settings: Settings) -> socket.socket:
    """Keep the port of Git over SSH for ourselves, over every restart of its server.

    Bound but not listening, it lets nobody in, and lets our own server bind the same port. Source:
    socket(7), SO_REUSEADDR.

    Errors:
        PortTakenError: another program has the port.
    """
    host, port = settings.ssh.host, settings.ssh.port
    try:
        return _bind(host, port)
    except OSError as error:
        raise PortTakenError(
            f"Another program listens on {host} port {port}, which Git over SSH is to have. "
            "End it, or choose another port: CODARA_SSH__PORT=2223, or ssh.port in codara.toml."
        ) from error


def with_address(settings: Settings, home: Path, door: socket.socket) -> Settings:
    """The settings with the port that was bound, for us and, by the environment, for the rest."""
    port = door.getsockname()[1]
    if port == settings.server.port:
        return settings
    os.environ["CODARA_SERVER__PORT"] = str(port)
    address = urlsplit(settings.server.url)
    if address.port == settings.server.port or settings.server.url == Server().url:
        host = f"[{address.hostname}]" if ":" in (address.hostname or "") else address.hostname
        os.environ["CODARA_SERVER__URL"] = urlunsplit(address._replace(netloc=f"{host}:{port}"))
    return settings_module.from_process(home)


def with_ssh_port(settings: Settings, home: Path, door: socket.socket) -> Settings:
    """The same for Git over SSH."""
    port = door.getsockname()[1]
    if port == settings.ssh.port:
        return settings
    os.environ["CODARA_SSH__PORT"] = str(port)
    return settings_module.from_process(home)


def _bind(host: str, port: int) -> socket.socket:
    door = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind((host, port))
    except OSError:
        door.close()
        raise
    return door

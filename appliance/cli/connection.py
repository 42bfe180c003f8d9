"""Which appliance a command is for, and how it gets there."""

from __future__ import annotations

import importlib
import json
import os
from pathlib import Path

from appliance.cli.client import CONSOLE_HEADER, Client, Http, LocalSocket, Transport
from appliance.errors import InvalidError

DEFAULT_HOME = Path("var")
# Written by `codara login`: {"url": ..., "token": ...}; the token may be in the key ring instead.
REMEMBERED = Path("codara/login.json")
KEYRING_SERVICE = "codara"


def connect(home: Path | None, user: str) -> Client:
    """The API: of the named home folder, of CODARA_URL, of `codara login`, or of ./var.

    Errors:
        UnavailableError: no appliance is there.
        InvalidError: somebody else's name was given for an appliance elsewhere.
    """
    if home is None:
        found = elsewhere()
        if found is not None:
            if user:
                raise InvalidError(
                    "--as is for the console. Elsewhere, the token says who you are."
                )
            url, token = found
            return Client(Http(url), {"Authorization": f"Bearer {token}"})
    return Client(_local((home or DEFAULT_HOME).resolve()), {CONSOLE_HEADER: user})


def remembered_file() -> Path:
    """Where `codara login` remembers an appliance."""
    configured = os.environ.get("XDG_CONFIG_HOME")
    return (Path(configured) if configured else Path.home() / ".config") / REMEMBERED


def _local(home: Path) -> Transport:
    running = LocalSocket(home / "run" / "web.sock")
    if running.is_open():
        return running
    # By name, because it reads the whole application, which nobody else here needs.
    transport: Transport = importlib.import_module("appliance.cli.in_process").InProcess(home)
    return transport


def elsewhere() -> tuple[str, str] | None:
    """Address and token of an appliance elsewhere; the environment wins over what is remembered."""
    url, token = os.environ.get("CODARA_URL", ""), os.environ.get("CODARA_TOKEN", "")
    if url and token:
        return url, token
    try:
        remembered = json.loads(remembered_file().read_text("utf-8"))
    except (OSError, ValueError):
        return None
    url = str(remembered["url"])
    return url, str(remembered.get("token") or _from_keyring(url))


def _from_keyring(url: str) -> str:
    keyring = importlib.import_module("keyring")
    return keyring.get_password(KEYRING_SERVICE, url) or ""

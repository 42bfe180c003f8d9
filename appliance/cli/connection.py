"""Which appliance a command is for, and how it gets there."""

from __future__ import annotations

import importlib
from pathlib import Path
from urllib.parse import quote

from appliance.cli import logins
from appliance.cli.client import ALONE_HEADER, CONSOLE_HEADER, Client, Http, LocalSocket, Transport
from appliance.errors import InvalidError

DEFAULT_HOME = Path("var")


def connect(home: Path | None, user: str, url: str = "", alone: str = "") -> Client:
    """The API: of `url`, the named home folder, $CODARA_URL, ./var, or of `codara login`.

    Errors:
        UnavailableError: no appliance is there.
        UnauthenticatedError: nothing lets one in there.
        InvalidError: somebody else's name was given for an appliance elsewhere.
    """
    found = elsewhere(home, url)
    if found is None:
        headers = {CONSOLE_HEADER: user, **({ALONE_HEADER: quote(alone)} if alone else {})}
        return Client(_local((home or DEFAULT_HOME).resolve()), headers)
    if alone:
        raise InvalidError("--alone is for the console of the appliance.")
    if user:
        raise InvalidError("--as is for the console. Elsewhere, the token says who you are.")
    return Client(Http(found.url, found.ca), {"Authorization": f"Bearer {found.token}"})


def elsewhere(home: Path | None, url: str = "") -> logins.Login | None:
    """The appliance elsewhere that is meant, if one is: what was said goes before what is here.

    Errors:
        UnauthenticatedError, InvalidError: one is meant, and cannot be used.
    """
    if url:
        return logins.find(url)
    if home is not None:
        return None
    if not logins.is_in_environment() and _is_appliance(DEFAULT_HOME):
        return None
    return logins.find()


def is_running(home: Path) -> bool:
    """Whether the appliance of a home folder answers."""
    return LocalSocket(home / "run" / "web.sock").is_open()


def _is_appliance(home: Path) -> bool:
    return any((home / name).exists() for name in ("codara.db", "run/web.sock"))


def _local(home: Path) -> Transport:
    if is_running(home):
        return LocalSocket(home / "run" / "web.sock")
    # By name, because it reads the whole application, which nobody else here needs.
    transport: Transport = importlib.import_module("appliance.cli.in_process").InProcess(home)
    return transport

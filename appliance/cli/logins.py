"""Appliances elsewhere that `codara login` remembers, and their tokens.

Tokens are in the key ring of the system where one works, else in the file, which only its owner may
read. The file: {"url": the usual one, "appliances": {url: {"token", "ca", "insecure_http"}}}.
"""

from __future__ import annotations

import importlib
import ipaddress
import json
import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from appliance.errors import InvalidError, UnauthenticatedError

FILE = Path("codara/login.json")
KEYRING_SERVICE = "codara"
# Below it are the stand-ins: those that fail, forget, or write plain text. Source: keyring's docs.
LEAST_KEYRING_PRIORITY = 1
OTHERS_MAY_READ = 0o077


@dataclass(frozen=True)
class Login:
    """An appliance elsewhere, and what lets one in."""

    url: str
    token: str = field(repr=False)
    ca: str = ""
    """File with the authority that vouches for it; empty for those of the system."""
    insecure_http: bool = False
    """Whether somebody said loudly that the token may travel unencrypted."""


def address(text: str, *, insecure_http: bool = False) -> str:
    """The address of an appliance in its one spelling.

    Errors:
        InvalidError: it is none, or the token would travel for all to read.
    """
    parts = urlsplit(text)
    try:
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise InvalidError(f"{text} is no address: {error}.") from error
    if parts.scheme not in {"http", "https"} or not host:
        raise InvalidError(f"{text} is no address. Write it as https://HOST.")
    if parts.username is not None or parts.query or parts.fragment:
        raise InvalidError("The address has only https://, a host and perhaps a port and a folder.")
    if parts.scheme == "http" and not insecure_http and not _is_loopback(host):
        raise InvalidError(
            f"http://{host} would carry your token for all to read. Use https://, or say "
            "--insecure-http when signing in if you trust everything in between."
        )
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}{f':{port}' if port else ''}{parts.path.rstrip('/')}"


def find(url: str = "") -> Login | None:
    """The appliance at an address, or the usual one; $CODARA_URL and $CODARA_TOKEN win.

    Errors:
        UnauthenticatedError: nothing lets one in there.
        InvalidError: the address is none, or insecure.
    """
    wanted = url or os.environ.get("CODARA_URL", "")
    remembered = _read()
    place = _same(wanted) if wanted else str(remembered.get("url", ""))
    if not place:
        return None
    known = remembered.get("appliances", {}).get(place)
    about = known or {}
    insecure_http = bool(about.get("insecure_http"))
    token = os.environ.get("CODARA_TOKEN") or about.get("token") or ""
    if not token and known is not None:
        token = _from_keyring(place)
    if not token:
        raise UnauthenticatedError(f"Nothing lets you in at {place}. Say: codara login {place}")
    place = address(place, insecure_http=insecure_http)
    return Login(place, token, str(about.get("ca", "")), insecure_http)


def is_in_environment() -> bool:
    """Whether $CODARA_URL names an appliance."""
    return bool(os.environ.get("CODARA_URL"))


def remember(login: Login) -> bool:
    """Use this appliance from now on; gives whether its token is in the key ring."""
    whole = _read()
    in_keyring = _into_keyring(login)
    about = {
        "ca": login.ca,
        "insecure_http": login.insecure_http,
        **({} if in_keyring else {"token": login.token}),
    }
    _write({"url": login.url, "appliances": {**whole.get("appliances", {}), login.url: about}})
    return in_keyring


def forget(url: str = "") -> str:
    """Forget an appliance, or the usual one; gives its address.

    Errors:
        InvalidError: none is remembered there.
    """
    whole = _read()
    place = _same(url) if url else str(whole.get("url", ""))
    appliances = dict(whole.get("appliances", {}))
    about = appliances.pop(place, None)
    if about is None:
        raise InvalidError(f"{place} is not remembered here." if place else "Nobody is logged in.")
    if "token" not in about:
        _out_of_keyring(place)
    usual = whole["url"] if whole["url"] in appliances else next(iter(appliances), "")
    _write({"url": usual, "appliances": appliances})
    return place


def file() -> Path:
    """Where they are remembered."""
    configured = os.environ.get("XDG_CONFIG_HOME")
    return (Path(configured) if configured else Path.home() / ".config") / FILE


def _same(url: str) -> str:
    """The spelling under which it would be remembered; whether it is secure is asked later."""
    return address(url, insecure_http=True)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _read() -> dict[str, Any]:
    place = file()
    try:
        with place.open(encoding="utf-8") as opened:
            mode = os.fstat(opened.fileno()).st_mode
            whole = json.load(opened)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise InvalidError(f"{place} cannot be read: {error}. Remove it, and log in.") from error
    if mode & OTHERS_MAY_READ:
        raise InvalidError(f"Others may read {place}. Say: chmod 600 {place}")
    if not isinstance(whole, dict):
        raise InvalidError(f"{place} was not written by codara login. Remove it, and log in.")
    return whole


def _write(whole: dict[str, Any]) -> None:
    place = file()
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Only its owner may read it from its first moment; nobody ever sees half of it.
    descriptor, name = tempfile.mkstemp(dir=place.parent, prefix=".login-")
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        json.dump(whole, opened, indent=2)
    Path(name).replace(place)


def _into_keyring(login: Login) -> bool:
    keyring = importlib.import_module("keyring")
    if keyring.get_keyring().priority < LEAST_KEYRING_PRIORITY:
        return False
    try:
        keyring.set_password(KEYRING_SERVICE, login.url, login.token)
    except keyring.errors.KeyringError:
        return False  # Locked, or gone since: the file does it.
    return True


def _from_keyring(url: str) -> str:
    keyring = importlib.import_module("keyring")
    try:
        return keyring.get_password(KEYRING_SERVICE, url) or ""
    except keyring.errors.KeyringError as error:
        raise UnauthenticatedError(f"The key ring does not give the token: {error}.") from error


def _out_of_keyring(url: str) -> None:
    keyring = importlib.import_module("keyring")
    try:
        keyring.delete_password(KEYRING_SERVICE, url)
    except keyring.errors.KeyringError as error:
        raise InvalidError(f"The key ring keeps the token: {error}.") from error

"""`codara anchor`: time stamps of somebody else's clock under the states of the audit log."""

from __future__ import annotations

import base64
import importlib
from pathlib import Path
from typing import Any

import click

from appliance.cli.context import Context, Noun, Plain, current
from appliance.cli.witness_appliance import log_option
from appliance.errors import DamagedError, InvalidError, NotFoundError

FILE = click.Path(dir_okay=False, path_type=Path)
LARGEST = 1024 * 1024
MOST_FILES = 10_000


@click.group(cls=Noun)
def anchor() -> None:
    """Time stamps: an authority with a clock of its own says when a state of the log was there."""


@anchor.command()
@log_option
@click.option("--tsa", default="", metavar="URL", help="The authority; that of the settings else.")
@click.option("--request", "ask", type=FILE, help="Only write the request to this file.")
@click.option("--response", "answer", type=FILE, help="Bring the answer in this file.")
@current
def stamp(context: Context, log: str, tsa: str, ask: Path | None, answer: Path | None) -> None:
    """Have the newest state of a log stamped (RFC 3161)."""
    if sum((bool(tsa), ask is not None, answer is not None)) > 1:
        raise click.UsageError("Say --tsa, --request or --response, not two of them.")
    if ask is not None:
        found = context.api.call("GET", "/audit/anchor-request", query={"log": log})
        _write(ask, base64.b64decode(found["request"]))
        shown = {"file": str(ask), "log": found["log"], "size": found["size"]}
        context.show(shown, lambda: [f"{found['size']} entries: have {ask} stamped."])
        return
    token = base64.b64encode(_read(answer)).decode("ascii") if answer else ""
    body = {"log": log, "token": token, "url": tsa}
    kept = context.api.call("POST", "/audit/anchors", body)
    titles = {"log": "Log", "size": "Entries", "stamped_at": "Stamped", "authority": "By"}
    context.show_thing(kept, titles)


@anchor.command("list")
@log_option
@current
def list_anchors(context: Context, log: str) -> None:
    """List the time stamps of a log, newest first."""
    found = context.api.call("GET", "/audit/anchors", query={"log": log})["items"]
    columns = {"log": "LOG", "size": "ENTRIES", "stamped_at": "STAMPED", "authority": "BY"}
    context.show_list(found, columns)


@anchor.command(cls=Plain)
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--roots", type=FILE, required=True, help="Certificates of trusted authorities, PEM.")
@current
def verify(context: Context, folder: Path, roots: Path) -> None:
    """Check the time stamps in an export, or in a folder, without the appliance.

    A certificate must have been good when the stamp was made; it may have ended since. That the
    states themselves are those of the log is checked by `python -m audit verify`.
    """
    # By name, because it reads a library that no other command needs.
    stamps = importlib.import_module("appliance.services.audit_log.anchor_files")
    trusted = stamps.roots(_read(roots))
    found = [_checked(stamps, each, trusted) for each in _tokens(folder)]
    context.show_list(
        found, {"file": "FILE", "stamped_at": "STAMPED", "authority": "BY", "problem": "PROBLEM"}
    )
    bad = sum(bool(each["problem"]) for each in found)
    if bad:
        raise DamagedError(f"{bad} of {len(found)} time stamps are not good.")


def _checked(stamps: Any, token: Path, trusted: Any) -> dict[str, Any]:
    try:
        signed = _read(stamps.note_of(token))
        found = stamps.check(_read(token), signed, trusted)
    except (DamagedError, InvalidError, NotFoundError) as error:
        return {"file": token.name, "stamped_at": None, "authority": "", "problem": str(error)}
    at = found.at.isoformat(timespec="microseconds")
    return {"file": token.name, "stamped_at": at, "authority": found.authority, "problem": ""}


def _tokens(folder: Path) -> list[Path]:
    place = folder / "anchors" if (folder / "anchors").is_dir() else folder
    found = sorted(place.glob("*.tsr"))
    if not found:
        raise NotFoundError(f"There are no time stamps (.tsr) in {folder}.")
    if len(found) > MOST_FILES:
        raise InvalidError(f"More than {MOST_FILES} time stamps are in {folder}.")
    return found


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            content = opened.read(LARGEST + 1)
    except OSError as error:
        raise NotFoundError(f"{file} cannot be read: {error.strerror}.") from error
    if len(content) > LARGEST:
        raise InvalidError(f"{file} is too long.")
    return content


def _write(file: Path, content: bytes) -> None:
    try:
        file.write_bytes(content)
    except OSError as error:
        raise InvalidError(f"{file} cannot be written: {error.strerror}.") from error

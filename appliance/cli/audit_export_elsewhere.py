"""An export of the audit log that an appliance elsewhere makes, and that is taken from there."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from appliance.cli.context import Context
from appliance.errors import ConflictError, InvalidError, UnavailableError

LOOK_AGAIN_SECONDS = 1.0
ATTEMPTS = 5
READY, FAILED = "ready", "failed"


class Progress(Protocol):
    """Says how far it is."""

    def __call__(self, step: str, done: int = 0, total: int = 0) -> None:
        """Say it."""


def fetch(
    context: Context, out: Path, form: str, wanted: dict[str, Any], progress: Progress
) -> dict[str, Any]:
    """Ask for an export, wait for it, and bring it here; gives what is to be said of it.

    Errors:
        InvalidError, ConflictError: it cannot be written there, or something is there already.
        UnavailableError: the appliance did not finish it.
    """
    if form == "bundle" and out.suffix != ".zip":
        raise InvalidError("An export from elsewhere is one file: let its name end in .zip.")
    if out.exists():
        raise ConflictError(f"{out} is there already. Choose another name.")
    asked = {
        "format": form,
        "log": wanted["log"],
        "query": wanted["query"],
        "since": wanted["since"] and wanted["since"].isoformat(),
        "until": wanted["until"] and wanted["until"].isoformat(),
        "known_sizes": list(wanted["known_sizes"]),
    }
    found = context.api.call("POST", "/audit/exports", asked)
    place = f"/audit/exports/{found['id']}"
    while found["state"] not in {READY, FAILED}:
        progress("Writing the entries", found["progress_done"], found["progress_total"])
        time.sleep(LOOK_AGAIN_SECONDS)
        found = context.api.call("GET", place)
    if found["state"] == FAILED:
        raise UnavailableError(f"The export was not finished: {found['error']}")
    _download(context, f"{place}/download", out, found["size_bytes"])
    names = ("entries", "matched", "bodies", "values", "size_bytes", "sha256")
    return {"file": str(out), "format": form, **{name: found[name] for name in names}}


def _download(context: Context, source: str, out: Path, size_bytes: int) -> None:
    """Under another name until it is whole; where the line breaks, on from there."""
    part = out.with_name(f".{out.name}.unfinished")
    try:
        with part.open("wb") as opened:
            for attempt in range(ATTEMPTS):
                begun = opened.tell()
                headers = {"Range": f"bytes={begun}-"} if begun else {}
                with suppress(*[UnavailableError] if attempt + 1 < ATTEMPTS else []):
                    context.api.download(source, opened, headers=headers)
                if opened.tell() >= size_bytes:
                    break
            opened.flush()
            os.fsync(opened.fileno())
            if opened.tell() != size_bytes:
                raise UnavailableError("Not all of it came. Try again.")
        part.rename(out)
    except OSError as error:
        raise InvalidError(f"{out} cannot be written: {error.strerror}.") from error
    finally:
        part.unlink(missing_ok=True)

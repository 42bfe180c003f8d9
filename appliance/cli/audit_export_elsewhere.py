"""An export of the audit log that an appliance elsewhere makes, and that is taken from there."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

from appliance.cli.context import Context
from appliance.errors import (
    ApplianceError,
    ConflictError,
    InvalidError,
    NotFoundError,
    UnavailableError,
)

LOOK_AGAIN_SECONDS = 1.0
ATTEMPTS = 5
READY, FAILED, GONE = "ready", "failed", "gone"
ENDED = frozenset({READY, FAILED, GONE})
EXPORTS = "/audit/exports"


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
    if not out.absolute().parent.is_dir():
        raise InvalidError(f"There is no folder {out.parent}.")
    if out.exists():
        raise ConflictError(f"{out} is there already. Choose another name.")
    asked = {
        "format": form,
        "log": wanted["log"],
        "query": wanted["query"],
        "from": wanted["since"],
        "to": wanted["until"],
        "known_sizes": list(wanted["known_sizes"]),
    }
    draft = _Draft(out, [context.place, context.user, asked])
    found = draft.begun(context) or draft.begin(context)
    place = f"{EXPORTS}/{found['id']}"
    while found["state"] not in ENDED:
        progress("Writing the entries", found["progress_done"], found["progress_total"])
        time.sleep(LOOK_AGAIN_SECONDS)
        found = context.api.call("GET", place)
    if found["state"] != READY:
        draft.remove()
        raise UnavailableError(f"The export was not finished: {found['error']}")
    draft.download(context, f"{place}/download", found["size_bytes"])
    names = ("entries", "matched", "bodies", "values", "size_bytes", "sha256")
    said = {"file": str(out), "format": form, "begun": draft.said}
    return {**said, **{name: found[name] for name in names}}


class _Draft:
    """An export that is being brought here, in a folder beside its place until it is whole.

    Its state is that folder, and whether something was in it before.
    """

    def __init__(self, out: Path, asked: list[Any]) -> None:
        self._out = out
        self._asked = asked
        self._folder = out.with_name(f".{out.name}.unfinished")
        self._record, self._part = self._folder / "asked.json", self._folder / "part"
        self.said = "first"

    def begun(self, context: Context) -> dict[str, Any] | None:
        """The same export, if it was asked for before, and is still made or there."""
        try:
            asked, export_id = json.loads(self._record.read_bytes())
        except (OSError, ValueError, TypeError):
            return None
        if asked != self._asked:
            return None
        try:
            found: dict[str, Any] = context.api.call("GET", f"{EXPORTS}/{export_id}")
        except ApplianceError as error:
            if error.exit_code != NotFoundError.exit_code:
                raise
            return None
        self.said = "resumed"
        return found if found["state"] not in {FAILED, GONE} else None

    def begin(self, context: Context) -> dict[str, Any]:
        """Ask for it, and remember that."""
        self.said = "anew" if self._folder.exists() else "first"
        self.remove()
        found: dict[str, Any] = context.api.call("POST", EXPORTS, self._asked[-1])
        with _explained(self._out):
            self._folder.mkdir(mode=0o700)
            self._record.write_text(json.dumps([self._asked, found["id"]]))
        return found

    def download(self, context: Context, source: str, size_bytes: int) -> None:
        """Under another name until it is whole; where the line breaks, on from there."""
        with _explained(self._out):
            with self._part.open("ab") as opened:
                for attempt in range(ATTEMPTS):
                    begun = opened.tell()
                    if begun >= size_bytes:
                        break
                    headers = {"Range": f"bytes={begun}-"} if begun else {}
                    with suppress(*[UnavailableError] if attempt + 1 < ATTEMPTS else []):
                        context.api.download(source, opened, headers=headers)
                opened.flush()
                os.fsync(opened.fileno())
                if opened.tell() != size_bytes:
                    raise UnavailableError("Not all of it came. The same command goes on.")
            self._part.rename(self._out)
            self.remove()

    def remove(self) -> None:
        """Forget it."""
        shutil.rmtree(self._folder, ignore_errors=True)


@contextmanager
def _explained(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InvalidError(f"{out} cannot be written: {error.strerror}.") from error

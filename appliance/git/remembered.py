"""Files in which a repository's folder remembers answers that took long to find.

Each appears whole or not at all, and losing one costs time only. They lie beside git's own files,
in a folder that git does not look into.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from tempfile import NamedTemporaryFile

FOLDER = Path("codara")


def write(place: Path, data: bytes) -> None:
    """Keep an answer; a full or read-only disk is no reason to fail a page."""
    with contextlib.suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=place.parent, prefix=".", delete=False) as file:
            unfinished = Path(file.name)
            try:
                file.write(data)
                file.flush()  # A full disk is noticed here, before the name is taken.
                unfinished.replace(place)
            except OSError:
                unfinished.unlink()
                raise

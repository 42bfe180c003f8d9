"""A repository as it is, but what is written to it goes into a folder that is thrown away."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pygit2

from appliance.git.handles import Handle, opened


@contextmanager
def apart(at: Path) -> Iterator[tuple[Handle, Mapping[str, str]]]:
    """The repository, and variables that let git see what is written meanwhile."""
    place = str((at / "objects").resolve())
    with tempfile.TemporaryDirectory() as folder, opened(at) as whole:
        objects = pygit2.Odb(folder)
        objects.add_disk_alternate(place)
        whole.repository.set_odb(objects)
        yield (
            Handle(whole.repository),
            {"GIT_OBJECT_DIRECTORY": folder, "GIT_ALTERNATE_OBJECT_DIRECTORIES": place},
        )

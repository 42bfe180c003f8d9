"""Into a folder, from where somebody carries the files on: for networks that nothing leaves.

A file appears whole or not at all. Names begin with a number that counts up, so that whoever
carries them sees when one is missing; after a crash the same number may appear twice.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from appliance.delivery.target import Batch
from appliance.errors import UnavailableError, sentence


class FileDrop:
    """A folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, batch: Batch) -> None:
        """Write it, make sure that the disk has it, and give it its name."""
        message = batch.message
        place = f"{batch.log}-{batch.first:012}-{batch.last:012}"
        name = f"{batch.number:012}-{place}.{message.suffix}"
        try:
            self._folder.mkdir(mode=0o750, parents=True, exist_ok=True)
            _write(self._folder, name, message.body)
        except OSError as error:
            raise UnavailableError(
                sentence(
                    "%(folder)s cannot be written: %(why)s.",
                    folder=self._folder,
                    why=error.strerror,
                )
            ) from error

    def beat(self) -> None:
        """Nothing: files say enough."""

    def close(self) -> None:
        """Nothing is held."""


def _write(folder: Path, name: str, content: bytes) -> None:
    """Write a file into this very folder: whoever carries files away may have put links there."""
    place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        part = f".{name}.part"
        with suppress(FileNotFoundError):
            os.unlink(part, dir_fd=place)
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640, dir_fd=place)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.rename(part, name, src_dir_fd=place, dst_dir_fd=place)
        os.fsync(place)
    finally:
        os.close(place)

"""Templates as they were compiled, in files: a process that is young answers as soon as others do.

Compiling those of one page takes ten times longer than showing it, and leaves MiB behind.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from jinja2.bccache import Bucket, BytecodeCache


class CompiledTemplates(BytecodeCache):
    """What processes of one appliance have compiled, in a folder that may vanish at any time.

    The library believes a file only if the template's text is the one that it was compiled from.
    What is in one is run: whoever may write there is the appliance's own account, which may do
    everything anyway, and no name of a file comes from outside.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load_bytecode(self, bucket: Bucket) -> None:
        """Take what was compiled before, if it is there."""
        with suppress(OSError), self._file(bucket).open("rb") as file:
            bucket.load_bytecode(file)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled; not being able to is no reason to show no page."""
        file = self._file(bucket)
        unfinished = file.with_suffix(f".{os.getpid()}")
        with suppress(OSError):
            self._folder.mkdir(mode=0o700, exist_ok=True)
            unfinished.write_bytes(bucket.bytecode_to_string())
            unfinished.replace(file)

    def _file(self, bucket: Bucket) -> Path:
        return self._folder / f"{bucket.key}.compiled"

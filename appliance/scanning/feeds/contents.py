"""What is in the files of a bundle: records of advisories, scores, the catalogue of exploits.

A file is signed, but that says who packed it, not that it is small: what comes out of it has an
end, whatever its headers claim.
"""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from appliance.errors import sentence
from appliance.scanning.feeds.bundle import too_large
from appliance.scanning.feeds.refusal import LARGEST_RECORD, FeedError, Why

LARGEST_TABLE = 256 * 1024 * 1024
"""Of EPSS or KEV, unpacked. EPSS has some 20 MiB."""
MOST_RECORDS = 5_000_000


@dataclass
class Budget:
    """How much may still come out of all files of one feed. Its state is what is left."""

    bytes_left: int
    records_left: int = MOST_RECORDS

    def take(self, size_bytes: int) -> None:
        """Count a record.

        Errors:
            FeedError: that is too much.
        """
        self.bytes_left -= size_bytes
        self.records_left -= 1
        if self.bytes_left < 0 or self.records_left < 0:
            raise too_large()


def records(file: Path, budget: Budget) -> Iterator[bytes]:
    """The bytes of each record in a zip, in the order in which it names them.

    Errors:
        FeedError: it is no zip, damaged, or more comes out of it than may.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            for entry in archive.infolist():
                if not entry.filename.endswith(".json"):
                    continue
                with archive.open(entry) as content:
                    data = content.read(LARGEST_RECORD + 1)
                if len(data) > LARGEST_RECORD:
                    raise too_large()
                budget.take(len(data))
                yield data
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
        raise damaged(file.name) from error


def table(file: Path) -> bytes:
    """All of a file that may be packed with gzip.

    Errors:
        FeedError: it is damaged, or more comes out of it than may.
    """
    try:
        with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as content:
            data = content.read(LARGEST_TABLE + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise damaged(file.name) from error
    if len(data) > LARGEST_TABLE:
        raise too_large()
    return data


def damaged(name: str) -> FeedError:
    """What to raise for a file that is not what its kind says."""
    return FeedError(Why.MALFORMED, sentence("%(path)s in the feed cannot be read.", path=name))

"""What a bundle says of itself: which one it is, how long it holds, and what is in it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from appliance.errors import sentence
from appliance.scanning import records
from appliance.scanning.feeds import fields, roots
from appliance.scanning.feeds.refusal import MOST_FILES, FeedError, Why
from appliance.scanning.feeds.roots import Root
from appliance.security.envelopes import Envelope

TYPE = "application/vnd.codara.feed+json"
VERSION = 1
_PATH = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}(?:/[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}){0,2}")
_DIGEST = re.compile(r"[0-9a-f]{64}")


class FileKind(StrEnum):
    """What a file of a bundle is."""

    OSV = "osv"
    """Advisories: a zip of OSV records in JSON, of one ecosystem."""
    EPSS = "epss"
    KEV = "kev"
    SECRET_RULES = "secret_rules"  # noqa: S105 - the name of a kind.
    SPDX = "spdx"
    """The list of licences."""


@dataclass(frozen=True)
class FeedFile:
    """One file of a bundle."""

    path: str
    kind: FileKind
    size_bytes: int
    sha256: str
    licence: str
    attribution: str


@dataclass(frozen=True)
class Manifest:
    """A bundle's table of contents."""

    serial: int
    """Greater than that of any before."""
    made_at: datetime
    expires_at: datetime
    files: tuple[FeedFile, ...]
    is_sample: bool = False

    @property
    def size_bytes(self) -> int:
        """Of all files together."""
        return sum(each.size_bytes for each in self.files)


def write(manifest: Manifest) -> Envelope:
    """A manifest that nobody has signed yet."""
    row = {
        "version": VERSION,
        "serial": manifest.serial,
        "made_at": fields.spelt(manifest.made_at),
        "expires_at": fields.spelt(manifest.expires_at),
        "sample": manifest.is_sample,
        "files": [
            {
                "path": each.path,
                "kind": str(each.kind),
                "size": each.size_bytes,
                "sha256": each.sha256,
                "licence": each.licence,
                "attribution": each.attribution,
            }
            for each in manifest.files
        ],
    }
    return Envelope(TYPE, json.dumps(row, indent=1).encode())


def read(envelope: Envelope) -> Manifest:
    """What a bundle says of itself. Whether it is to be believed is not asked here.

    Errors:
        FeedError: it is no manifest, or of a version that is not known here.
    """
    row = fields.opened(envelope, TYPE, VERSION)
    try:
        return _read(row)
    except records.RecordError as error:
        raise fields.malformed(error.field) from error


def _read(row: Mapping[str, Any]) -> Manifest:
    files = tuple(_file(each) for each in records.mappings(row, "files", MOST_FILES))
    if len({each.path for each in files}) != len(files):
        raise records.RecordError("path")
    return Manifest(
        serial=fields.number(row, "serial", least=1),
        made_at=fields.moment(row, "made_at"),
        expires_at=fields.moment(row, "expires_at"),
        files=files,
        is_sample=row.get("sample") is True,
    )


def believed(envelope: Envelope, root: Root, *, newest_serial: int, now: datetime) -> Manifest:
    """The manifest, if enough keys of the root signed it, and it is neither old nor older.

    Errors:
        FeedError: it is not to be believed, or it is none.
    """
    if not roots.is_signed_by(envelope, root):
        raise roots.untrusted()
    manifest = read(envelope)
    if now >= manifest.expires_at:
        raise FeedError(
            Why.EXPIRED,
            sentence("The feed expired on %(day)s.", day=f"{manifest.expires_at:%Y-%m-%d}"),
        )
    if manifest.serial <= newest_serial:
        raise FeedError(
            Why.ROLLBACK,
            sentence(
                "The feed has serial number %(serial)s. Number %(newest)s was taken in already.",
                serial=manifest.serial,
                newest=newest_serial,
            ),
        )
    return manifest


def _file(row: Mapping[str, Any]) -> FeedFile:
    path, digest = records.text(row, "path"), records.text(row, "sha256")
    if not _PATH.fullmatch(path) or ".." in path:
        raise records.RecordError("path")
    if not _DIGEST.fullmatch(digest):
        raise records.RecordError("sha256")
    return FeedFile(
        path=path,
        kind=records.choice(FileKind, row.get("kind"), "kind"),
        size_bytes=fields.number(row, "size"),
        sha256=digest,
        licence=records.maybe(row, "licence"),
        attribution=records.maybe(row, "attribution"),
    )

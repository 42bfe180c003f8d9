"""The configuration that every repository has; git-config(1) explains each key.

It is written by us only, as a whole, and is the same for all, which is why the answer to a client's
first question (`transport.advertise`) is the same for all too.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

HIDDEN_REFS = "refs/internal"
"""Refs under this name are the appliance's own; no client sees or moves them."""

UNPACK_LIMIT = 100
"""Pushes of fewer objects become loose objects, larger ones stay packs as received."""

TOLERATED = ("zeroPaddedFilemode", "badTimezone", "missingSpaceBeforeDate")
"""Faults of old tools that well-known histories carry; harmless, and nobody can mend them."""

CONFIG = {
    "core": {
        "repositoryFormatVersion": "0",
        "fileMode": "true",
        "bare": "true",
        "logAllRefUpdates": "true",
        # What was acknowledged survives a power cut: objects and refs alike.
        "fsync": "committed",
        "fsyncMethod": "batch",
        # Larger files are streamed, never held in memory and never compared for deltas.
        "bigFileThreshold": "64m",
    },
    "transfer": {
        "fsckObjects": "true",
        "unpackLimit": str(UNPACK_LIMIT),
        "hideRefs": HIDDEN_REFS,
        "advertiseSID": "false",
    },
    "receive": {
        "fsckObjects": "true",
        "unpackLimit": str(UNPACK_LIMIT),
        "autogc": "false",
        "advertiseAtomic": "true",
        "advertisePushOptions": "true",
    },
    "uploadpack": {
        "allowFilter": "true",
        "allowAnySHA1InWant": "false",
    },
    "uploadarchive": {"allowUnreachable": "false"},
    "pack": {"windowMemory": "256m", "writeBitmapLookupTable": "true"},
    "repack": {"writeBitmaps": "true"},
    "gc": {"auto": "0", "reflogExpire": "90.days", "reflogExpireUnreachable": "30.days"},
    "maintenance": {"auto": "false"},
}


def write_config(folder: Path, *, hooks: Path) -> None:
    """Replace the configuration of the repository in `folder`, all at once."""
    unfinished = folder / f"config.{secrets.token_hex(8)}"
    with unfinished.open("w", encoding="utf-8") as file:
        file.write(_text(hooks))
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(folder / "config")


def _text(hooks: Path) -> str:
    lines = ["# Written by the appliance; changes made here by hand are lost."]
    for section, values in CONFIG.items():
        lines.append(f"[{section}]")
        lines += [f"\t{key} = {value}" for key, value in values.items()]
    lines += ["[core]", f"\thooksPath = {_quoted(os.fspath(hooks))}"]
    for command in ("receive", "fetch"):
        lines.append(f'[{command} "fsck"]')
        lines += [f"\t{fault} = ignore" for fault in TOLERATED]
    return "\n".join(lines) + "\n"


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'

"""The embedded SSH server's own keys: made once, kept in the home folder."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

import asyncssh

ALGORITHMS = {
    "ssh_host_ed25519_key": "ssh-ed25519",
    "ssh_host_ecdsa_key": "ecdsa-sha2-nistp256",
}


def host_keys(folder: Path) -> list[asyncssh.SSHKey]:
    """The keys in `folder`, made where they are missing; clients remember them, so keep them."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, algorithm in ALGORITHMS.items():
        if not (folder / name).exists():
            _make(folder / name, algorithm)
    return [asyncssh.read_private_key(folder / name) for name in ALGORITHMS]


def _make(path: Path, algorithm: str) -> None:
    key = asyncssh.generate_private_key(algorithm, comment="codara")
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(key.export_private_key())
        file.flush()
        os.fsync(file.fileno())
    # A link, not a rename: of two processes that start at once, the first one's key stays.
    with contextlib.suppress(FileExistsError):
        os.link(unfinished, path)
    unfinished.unlink()
    if not path.with_suffix(".pub").exists():
        asyncssh.read_private_key(path).write_public_key(path.with_suffix(".pub"))

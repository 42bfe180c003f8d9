"""Brings in the large files that an imported repository points to.

Every address that the source names is looked up and judged like the source's own.
Source: git-lfs, docs/api/batch.md and docs/api/basic-transfers.md.
"""

from __future__ import annotations

import contextlib
import json
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from appliance.domain.destinations import Destination
from appliance.errors import InvalidError, UnavailableError, sentence
from appliance.git.imports import Progress
from appliance.git.lfs import LfsStore
from appliance.git.lfs_pointers import Pointer
from appliance.git.pinned_http import request
from appliance.git.remote_source import Credentials, Judge

BATCH = 100
"""Objects asked for at once; the protocol's servers take at least so many."""

ANSWER_BYTES = 4 * 1024**2
MEDIA_TYPE = "application/vnd.git-lfs+json"
STEP = sentence("Fetching large files")


@dataclass(frozen=True)
class Fetched:
    """How many objects came, and which did not."""

    count: int
    missing: tuple[str, ...]


@dataclass(frozen=True)
class LfsSource:
    """A remote repository's large files, and how to ask for them."""

    source: Destination
    judge: Judge
    credentials: Credentials | None = None

    def batch(self, wanted: list[Pointer]) -> list[dict[str, Any]]:
        """What the source says about these objects: an address for each that it has.

        Errors:
            InvalidError, UnavailableError: it does not say.
        """
        base = self.source.url.removesuffix("/").removesuffix(".git")
        address = self.judge(f"{base}.git/info/lfs/objects/batch")
        objects = [{"oid": p.oid, "size": p.size_bytes} for p in wanted]
        question = {"operation": "download", "transfers": ["basic"], "objects": objects}
        headers = {"Accept": MEDIA_TYPE, "Content-Type": MEDIA_TYPE} | self._authorization(address)
        body = json.dumps(question).encode()
        with request(address, method="POST", headers=headers, body=body) as answer:
            return _objects(answer.read(ANSWER_BYTES))

    def download(self, action: Mapping[str, Any], pointer: Pointer, store: LfsStore) -> None:
        """Store one object from the address that the source gave for it.

        Errors:
            InvalidError, UnavailableError, QuotaError: it could not be stored.
        """
        address = self.judge(str(action.get("href")))
        given = action.get("header") or {}
        headers = self._authorization(address) | {str(k): str(v) for k, v in given.items()}
        with request(address, method="GET", headers=headers) as body:
            store.receive(pointer.oid, body, size_bytes=pointer.size_bytes, upload=_upload_name())

    def _authorization(self, address: Destination) -> dict[str, str]:
        """The credentials, for nobody but the source itself."""
        if self.credentials is None or address.origin != self.source.origin:
            return {}
        return {"Authorization": self.credentials.header}


def fetch_objects(
    source: LfsSource | Path, pointers: Iterable[Pointer], store: LfsStore, progress: Progress
) -> Fetched:
    """Bring every object that the pointers name and the store lacks; one that cannot be had does
    not keep the others from coming.
    """
    wanted = list({p.oid: p for p in pointers if store.size_bytes(p.oid) is None}.values())
    missing: list[str] = []
    done = 0
    for group in _groups(wanted):
        missing += _fetch_group(source, group, store)
        done += len(group)
        progress(STEP, done, len(wanted))
    return Fetched(len(wanted) - len(missing), tuple(missing))


def _fetch_group(source: LfsSource | Path, group: list[Pointer], store: LfsStore) -> list[str]:
    """Bring these objects; gives the ids of those that did not come."""
    missing = {pointer.oid: pointer for pointer in group}
    if isinstance(source, Path):
        for pointer in group:
            with contextlib.suppress(OSError, InvalidError):
                _copy(source, pointer, store)
                del missing[pointer.oid]
        return list(missing)
    with contextlib.suppress(InvalidError, UnavailableError):
        for said in source.batch(group):
            oid, actions = str(said.get("oid")), said.get("actions")
            action = actions.get("download") if isinstance(actions, dict) else None
            if oid not in missing or not isinstance(action, dict):
                continue
            with contextlib.suppress(InvalidError, UnavailableError):
                source.download(action, missing[oid], store)
                del missing[oid]
    return list(missing)


def _copy(folder: Path, pointer: Pointer, store: LfsStore) -> None:
    """Take an object from where git-lfs keeps it beside a repository, or GitLab beside a bundle."""
    inner = folder / ".git" if (folder / ".git").is_dir() else folder
    path = inner / "lfs/objects" / pointer.oid[:2] / pointer.oid[2:4] / pointer.oid
    if folder.is_file():
        path = folder.parent / "lfs-objects" / pointer.oid
    with path.open("rb") as file:
        store.receive(pointer.oid, file, size_bytes=pointer.size_bytes, upload=_upload_name())


def _upload_name() -> str:
    """A name of its own for each attempt, so that two imports of one file do not meet."""
    return f"import-{secrets.token_hex(8)}"


def _objects(answer: bytes) -> list[dict[str, Any]]:
    try:
        objects = json.loads(answer)["objects"]
    except (ValueError, KeyError, TypeError) as error:
        raise UnavailableError("The source's answer about large files makes no sense.") from error
    return [entry for entry in objects if isinstance(entry, dict)]


def _groups(pointers: list[Pointer]) -> Iterator[list[Pointer]]:
    rest = iter(pointers)
    while group := list(islice(rest, BATCH)):
        yield group

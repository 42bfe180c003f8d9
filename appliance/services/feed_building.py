"""Making feeds: keys, roots of keys, bundles, and one more signature under either.

All of it works on files, on any machine, without an appliance: who collects advisories sits on
another network than who uses them, and each holder of a key signs for themselves.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from appliance.access.gate import open_to_everyone
from appliance.errors import InvalidError, NotFoundError, sentence
from appliance.scanning.feeds import bundle, manifest, roots
from appliance.scanning.feeds.manifest import FeedFile, FileKind, Manifest
from appliance.scanning.feeds.roots import Root
from appliance.security import envelopes
from appliance.security.envelopes import Envelope

ON_FILES = "it works on files of whoever runs it, and asks no appliance"
ABOUT = "feed.toml"
_KINDS = (
    ("osv/", ".zip", FileKind.OSV),
    ("", ".csv", FileKind.EPSS),
    ("", ".csv.gz", FileKind.EPSS),
    ("kev", ".json", FileKind.KEV),
    ("rules/", ".toml", FileKind.SECRET_RULES),
    ("spdx", ".json", FileKind.SPDX),
)
_USUAL = {
    FileKind.OSV: (
        "CC-BY-4.0 AND CC0-1.0 AND Apache-2.0",
        (
            "Advisories in the OSV format of the databases that their identifiers name, among them "
            "the GitHub Advisory Database, the PyPI Advisory Database, the Go Vulnerability "
            "Database (CC-BY-4.0), RustSec (CC0-1.0) and OpenSSF Malicious Packages (Apache-2.0)."
        ),
    ),
    FileKind.EPSS: ("", "EPSS scores by FIRST, the Forum of Incident Response and Security Teams."),
    FileKind.KEV: ("CC0-1.0", "Known Exploited Vulnerabilities Catalog by CISA."),
    FileKind.SPDX: ("CC0-1.0", "SPDX License List by the Linux Foundation."),
}
"""Licence and attribution of what `feed.toml` says nothing of."""


@dataclass(frozen=True)
class Plan:
    """A bundle that is to be made."""

    folder: Path
    serial: int
    made_at: datetime
    expires_at: datetime
    is_sample: bool = False


@dataclass(frozen=True)
class RootPlan:
    """A root of keys that is to be made; the keys as they are spelt."""

    number: int
    threshold: int
    keys: Sequence[str]
    made_at: datetime
    expires_at: datetime


@open_to_everyone(because=ON_FILES)
def new_key(file: Path) -> str:
    """Write a new private key to a file that only its owner may read; gives the public half.

    Errors:
        InvalidError: the file is there already, or cannot be written.
    """
    pem, public = envelopes.new_private()
    try:
        number = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(number, "wb") as out:
            out.write(pem)
    except OSError as error:
        raise _unusable(file, error) from error
    return envelopes.spelt(public)


@open_to_everyone(because=ON_FILES)
def root(wanted: RootPlan, signing: Sequence[Path]) -> bytes:
    """A root of keys with the signatures of these private keys.

    Errors:
        InvalidError: one is no key, or more must sign than there are.
    """
    keys = tuple(map(envelopes.parse_public, wanted.keys))
    if wanted.threshold > len(set(keys)):
        raise InvalidError(sentence("More keys must sign than there are."))
    made = Root(wanted.number, wanted.threshold, keys, wanted.made_at, wanted.expires_at)
    return envelopes.write(_signed(roots.write(made), signing))


@open_to_everyone(because=ON_FILES)
def build(plan: Plan, signing: Sequence[Path], chain: Sequence[Path], to: Path) -> Manifest:
    """Make one bundle of a folder, with the signatures of these private keys.

    `chain` are the roots that lead older appliances to the keys that sign now, the oldest first.

    Errors:
        NotFoundError: nothing in the folder belongs into a feed.
        InvalidError: a file cannot be read, or is not what it should be.
    """
    files = tuple(_described(plan.folder))
    if not files:
        raise NotFoundError(
            sentence(
                "%(folder)s holds nothing for a feed: osv/*.zip, epss.csv.gz, kev.json.",
                folder=plan.folder,
            )
        )
    made = Manifest(plan.serial, plan.made_at, plan.expires_at, files, plan.is_sample)
    signed = _signed(manifest.write(made), signing)
    steps = [envelopes.read(_bytes(each)) for each in chain]
    draft = to.with_name(f"{to.name}.part")
    try:
        with draft.open("wb") as out:
            bundle.write(out, signed, steps, lambda path: plan.folder / path)
        draft.replace(to)
    except OSError as error:
        raise _unusable(to, error) from error
    finally:
        draft.unlink(missing_ok=True)
    return made


@open_to_everyone(because=ON_FILES)
def add_signature(file: Path, signing: Sequence[Path]) -> int:
    """Sign a bundle or a root once more; gives how many signatures it has now.

    Errors:
        InvalidError: it is neither.
    """
    with file.open("rb") as content:
        is_root = content.read(1) == b"{"
    if is_root:
        signed = _signed(envelopes.read(_bytes(file)), signing)
        file.write_bytes(envelopes.write(signed))
        return len(signed.signatures)
    return _sign_bundle(file, signing)


def _sign_bundle(file: Path, signing: Sequence[Path]) -> int:
    with file.open("rb") as source:
        signed, chain = bundle.envelopes_of(source)
    signed = _signed(signed, signing)
    draft = file.with_name(f"{file.name}.part")
    try:
        with file.open("rb") as source, draft.open("wb") as out:
            bundle.resign(source, out, signed, chain)
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)
    return len(signed.signatures)


def _signed(envelope: Envelope, signing: Sequence[Path]) -> Envelope:
    for each in signing:
        envelope = envelopes.sign(envelope, envelopes.load_private(_bytes(each)))
    return envelope


def _unusable(file: Path, error: OSError) -> InvalidError:
    why = error.strerror or ""
    return InvalidError(sentence("%(file)s cannot be used: %(why)s", file=file, why=why))


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise _unusable(file, error) from error


def _described(folder: Path) -> Iterator[FeedFile]:
    about = _about(folder)
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        name = path.relative_to(folder).as_posix()
        kind = _kind(name)
        if kind is None:
            continue
        licence, attribution = _USUAL.get(kind, ("", ""))
        told = about.get(name, {})
        file = FeedFile(
            path=name,
            kind=kind,
            size_bytes=0,
            sha256="",
            licence=str(told.get("licence", licence)),
            attribution=str(told.get("attribution", attribution)),
        )
        yield bundle.described(folder, file)


def _kind(name: str) -> FileKind | None:
    for start, end, kind in _KINDS:
        if name.startswith(start) and name.endswith(end):
            return kind
    return None


def _about(folder: Path) -> Mapping[str, Mapping[str, Any]]:
    """What the folder says of licences: a table for each path."""
    file = folder / ABOUT
    if not file.is_file():
        return {}
    try:
        return tomllib.loads(_bytes(file).decode())
    except ValueError as error:
        raise InvalidError(
            sentence("%(file)s cannot be used: %(why)s", file=file, why=str(error))
        ) from error

"""One bundle file: a plain tar of the signed manifest, the roots, and the files it names in order.

Nothing is unpacked before its signatures count, and no byte that its manifest does not name is
ever looked at. Only what `write` writes is read: regular files with short names.

Source: POSIX.1-2017, pax, "ustar Interchange Format".
"""

from __future__ import annotations

import hashlib
import io
import re
import tarfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from appliance.errors import sentence
from appliance.scanning.feeds import manifest as manifests
from appliance.scanning.feeds import roots
from appliance.scanning.feeds.manifest import FeedFile, Manifest
from appliance.scanning.feeds.refusal import LARGEST_ENVELOPE, MOST_ROOTS, FeedError, Why
from appliance.scanning.feeds.roots import Root
from appliance.security import envelopes
from appliance.security.envelopes import Envelope, EnvelopeError

MANIFEST = "feed.json"
ROOTS = "roots/"
BLOCK = 512
CHUNK = 1024 * 1024
_NAME, _SIZE, _SUM, _KIND, _MAGIC, _PREFIX = (
    *(slice(0, 100), slice(124, 136), slice(148, 156)),
    *(slice(156, 157), slice(257, 263), slice(345, 500)),
)
_REGULAR = (b"0", b"\0")
_OCTAL = re.compile(rb"[0-7]+")
_BLANKS = 8 * ord(" ")
"""The sum of a header is made while blanks stand where it will be."""


@dataclass(frozen=True)
class Trust:
    """What an appliance believes before it looks at a bundle."""

    root: Root
    newest_serial: int
    most_bytes: int


@dataclass(frozen=True)
class Opened:
    """A bundle whose signatures count."""

    manifest: Manifest
    root: Root
    new_roots: tuple[Envelope, ...]
    """The steps from the root that was trusted to the one that signed."""
    sha256: str
    """Of its manifest as it was signed, which names everything else."""


def write(
    out: BinaryIO, signed: Envelope, chain: Iterable[Envelope], read: Callable[[str], Path]
) -> None:
    """Write a bundle; `read` says where the file of a path lies."""
    manifest = manifests.read(signed)
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        _add(archive, MANIFEST, envelopes.write(signed))
        for number, each in enumerate(chain, 1):
            _add(archive, f"{ROOTS}{number:04}.json", envelopes.write(each))
        for file in manifest.files:
            with read(file.path).open("rb") as content:
                archive.addfile(_entry(file.path, file.size_bytes), content)


def resign(source: BinaryIO, out: BinaryIO, signed: Envelope, chain: Iterable[Envelope]) -> None:
    """Copy a bundle with other signatures under its manifest; the files are taken as they are."""
    _, _, rest = _start(source, _entries(source))
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        _add(archive, MANIFEST, envelopes.write(signed))
        for number, each in enumerate(chain, 1):
            _add(archive, f"{ROOTS}{number:04}.json", envelopes.write(each))
        for name, size in rest:
            archive.addfile(_entry(name, size), source)
            source.read(-size % BLOCK)


def unpack(source: BinaryIO, folder: Path, trust: Trust, *, now: datetime) -> Opened:
    """Check a bundle and write its files below a folder, which is empty.

    Errors:
        FeedError: it is not to be believed, not whole, or larger than it may be.
    """
    opened, rest = _opened(source, trust, now=now)
    for file in opened.manifest.files:
        name, size = next(rest, ("", 0))
        if (name, size) != (file.path, file.size_bytes):
            raise _truncated() if not name else _altered(file.path)
        _copy(source, folder / file.path, file)
    if next(rest, None) is not None:
        raise _altered(MANIFEST)
    return opened


def envelopes_of(source: BinaryIO) -> tuple[Envelope, list[Envelope]]:
    """The manifest and the roots of a bundle, unbelieved: for whoever adds a signature."""
    entries = _entries(source)
    signed, chain, _ = _start(source, entries)
    return signed, chain


def _opened(
    source: BinaryIO, trust: Trust, *, now: datetime
) -> tuple[Opened, Iterator[tuple[str, int]]]:
    signed, chain, rest = _start(source, _entries(source))
    root, steps = roots.follow(trust.root, chain, now=now)
    manifest = manifests.believed(signed, root, newest_serial=trust.newest_serial, now=now)
    if manifest.size_bytes > trust.most_bytes:
        raise too_large()
    digest = hashlib.sha256(signed.payload).hexdigest()
    return Opened(manifest, root, tuple(steps), digest), rest


def _start(
    source: BinaryIO, entries: Iterator[tuple[str, int]]
) -> tuple[Envelope, list[Envelope], Iterator[tuple[str, int]]]:
    """The signed parts, and the entries behind them."""
    name, size = next(entries, ("", 0))
    if name != MANIFEST:
        raise _no_bundle()
    signed = _envelope(source, size)
    chain: list[Envelope] = []
    for name, size in entries:
        if not name.startswith(ROOTS):
            return signed, chain, _with_first((name, size), entries)
        if len(chain) >= MOST_ROOTS:
            raise too_large()
        chain.append(_envelope(source, size))
    return signed, chain, iter(())


def _with_first(
    first: tuple[str, int], rest: Iterator[tuple[str, int]]
) -> Iterator[tuple[str, int]]:
    yield first
    yield from rest


def _entries(source: BinaryIO) -> Iterator[tuple[str, int]]:
    """Names and sizes. Whoever takes one reads all of it, with its padding, before the next.

    Errors:
        FeedError: a header is none, or the file ends before it says so.
    """
    while True:
        header = source.read(BLOCK)
        if len(header) < BLOCK:
            raise _truncated()
        if header == bytes(BLOCK):
            _insist_on_end(source)
            return
        yield _named(header)


def _named(header: bytes) -> tuple[str, int]:
    total = sum(header) - sum(header[_SUM]) + _BLANKS
    try:
        if header[_MAGIC] != b"ustar\0" or header[_KIND] not in _REGULAR:
            raise _no_bundle()
        if any(header[_PREFIX]) or _number(header[_SUM]) != total:
            raise _no_bundle()
        name = header[_NAME].rstrip(b"\0").decode("ascii")
        return name, _number(header[_SIZE])
    except ValueError as error:
        raise _no_bundle() from error


def _number(field: bytes) -> int:
    """Digits and nothing else: Python would take a sign, too, and less than nothing is no size."""
    digits = field.rstrip(b"\0 ")
    if not _OCTAL.fullmatch(digits):
        raise _no_bundle()
    return int(digits, 8)


def _insist_on_end(source: BinaryIO) -> None:
    """Zeros and nothing else: what no signature covers has no place here."""
    seen = 0
    while chunk := source.read(CHUNK):
        seen += len(chunk)
        if chunk.strip(b"\0") or seen > CHUNK:
            raise _altered(MANIFEST)
    if seen < BLOCK:
        raise _truncated()


def _envelope(source: BinaryIO, size: int) -> Envelope:
    if size > LARGEST_ENVELOPE:
        raise too_large()
    try:
        return envelopes.read(b"".join(_pieces(source, size)))
    except EnvelopeError as error:
        raise _no_bundle() from error


def _copy(source: BinaryIO, to: Path, file: FeedFile) -> None:
    to.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with to.open("xb") as out:
        for piece in _pieces(source, file.size_bytes):
            digest.update(piece)
            out.write(piece)
    if digest.hexdigest() != file.sha256:
        raise _altered(file.path)


def _pieces(source: BinaryIO, size: int) -> Iterator[bytes]:
    """All bytes of an entry, and past its padding."""
    left = size
    while left:
        piece = source.read(min(CHUNK, left))
        if not piece:
            raise _truncated()
        left -= len(piece)
        yield piece
    padding = -size % BLOCK
    if len(source.read(padding)) < padding:
        raise _truncated()


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    archive.addfile(_entry(name, len(content)), io.BytesIO(content))


def _entry(name: str, size: int) -> tarfile.TarInfo:
    """Nothing of who made it, and when: the manifest says that."""
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o644
    return entry


def described(folder: Path, file: FeedFile) -> FeedFile:
    """A file of a folder with its size and digest."""
    digest, size = hashlib.sha256(), 0
    with (folder / file.path).open("rb") as content:
        while piece := content.read(CHUNK):
            digest.update(piece)
            size += len(piece)
    return FeedFile(file.path, file.kind, size, digest.hexdigest(), file.licence, file.attribution)


def _no_bundle() -> FeedError:
    return FeedError(Why.MALFORMED, sentence("This is no feed bundle."))


def _truncated() -> FeedError:
    return FeedError(Why.TRUNCATED, sentence("The feed ends too early. Copy it again."))


def _altered(path: str) -> FeedError:
    return FeedError(
        Why.ALTERED,
        sentence("%(path)s in the feed is not what was signed.", path=path),
    )


def too_large() -> FeedError:
    """What to raise where more comes out of a feed than may."""
    return FeedError(Why.TOO_LARGE, sentence("The feed is larger than it may be."))

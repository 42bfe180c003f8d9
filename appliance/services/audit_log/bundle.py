"""Writes an export that can be verified without the appliance, as `audit/SPEC.md` says.

For each log one walk over its entries writes headers, details and tombstones side by side; nothing
of it is held longer than a few thousand entries. What is small comes after it: the edge before the
range, proofs, earlier checkpoints. The manifest comes last.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from appliance import version
from appliance.services.audit_log import anchors, authority, drafts, trees
from appliance.services.audit_log import bundle_proofs as proofs
from appliance.services.audit_log import files as audit_files
from appliance.services.audit_log.drafts import Draft, Made
from appliance.services.audit_log.export import Counts, Exported, Form, Opens, Part, Plan, Progress
from appliance.services.audit_log.export_rows import Row
from appliance.services.audit_log.export_rows import rows as rows_of
from appliance.services.audit_log.files import Lines, Mark
from appliance.services.audit_log.gone import Gone
from audit import bundle
from audit.canonical import canonical

if TYPE_CHECKING:
    from appliance.wiring import LogTools


@dataclass
class _Making:
    """An export that is being written. Its state is what was written so far."""

    opens: Opens
    draft: Draft
    tools: LogTools
    progress: Progress
    counts: Counts
    files: list[dict[str, Any]] = field(default_factory=list)
    said: list[dict[str, Any]] = field(default_factory=list)
    """What the manifest says of each log."""
    tells_all: bool = True

    @property
    def folder(self) -> Path:
        """Where it is written."""
        return self.draft.folder / "bundle"

    def add(self, name: str, data: bytes) -> None:
        """Write a small file."""
        lines = Lines(self.folder / name)
        lines.hashed.write(data)
        self.close(name, lines)

    def close(self, name: str, lines: Lines) -> None:
        """End a file, and take it into the manifest."""
        lines.close()
        said = {"bytes": lines.hashed.size_bytes, "name": name, "sha256": lines.hashed.sha256}
        self.files.append(said)


def write(
    opens: Opens, plan: Plan, target: Path, *, tools: LogTools, progress: Progress
) -> Exported:
    """Write an export: a folder, or one zip file where the name of `target` ends in `.zip`.

    Errors:
        ConflictError: something of that name is there already, or content went meanwhile.
        InvalidError: it cannot be written there.
        UnavailableError: there is no room; what was written is kept.
        HiddenError, RefusedError: the actor may not read these logs any more.
    """

    def make(draft: Draft) -> Made:
        made = _write(_begun(opens, draft, tools, progress))
        if target.suffix != ".zip":
            return made
        packed = draft.folder / "bundle.zip"
        audit_files.pack(made.path, packed)
        return replace(made, path=packed, size_bytes=packed.stat().st_size)

    return drafts.written(opens, plan, target, Form.BUNDLE, make)


def _begun(opens: Opens, draft: Draft, tools: LogTools, progress: Progress) -> _Making:
    kept = draft.reached or {"files": [], "said": [], "tells_all": True}
    making = _Making(opens, draft, tools, progress, draft.counts)
    making.files, making.said = list(kept["files"]), list(kept["said"])
    making.tells_all = kept["tells_all"]
    for each in making.files:
        Lines(making.folder / each["name"], mark=Mark(each["bytes"], each["sha256"], 0)).abandon()
    return making


def _write(making: _Making) -> Made:
    plan = making.draft.plan
    kept = making.draft.reached
    for number, part, begin in making.draft.left():
        _write_log(making, number, part, begin, kept)
        kept = None
    manifest = canonical(
        {
            "disclosure": "all" if making.tells_all else "some",
            "files": sorted(making.files, key=lambda each: str(each["name"])),
            "format": bundle.FORMAT,
            "logs": making.said,
            "made_at": plan.made_at.astimezone(UTC).isoformat(timespec="seconds"),
            "query": plan.wanted.query or None,
            "selection": plan.wanted.whole_selection,
            "version": version.RELEASE,
        }
    )
    digest = hashlib.sha256(manifest).hexdigest()
    signer, origin = making.tools.signer, plan.parts[0].tree.origin
    signed = signer.sign_text(origin, f"{bundle.FORMAT}\n{digest}\n")
    making.add(bundle.MANIFEST, manifest)
    making.add(bundle.MANIFEST_NOTE, signed.encode())
    size_bytes = sum(int(each["bytes"]) for each in making.files)
    return Made(making.folder, making.counts, digest, size_bytes)


def _write_log(
    making: _Making, number: int, part: Part, begin: int, kept: dict[str, Any] | None
) -> None:
    """One log, from an entry on; `kept` is what was remembered there."""
    tree, place = part.tree, f"logs/{part.tree.name}"
    before = Counts(**kept["before"]) if kept else replace(making.counts)
    signer = making.tools.signer
    with making.opens() as work:
        prunings = proofs.prunings(work, tree, signer=signer)
    believes = partial(authority.is_believed, making.opens, tree.id, signer=signer)
    gone = Gone(prunings, believes)
    _walk(making, _Walk(number, part, begin, gone, before), kept)
    with making.opens() as work:
        plan = making.draft.plan
        beside = proofs.files(work, plan, part, gone.beyond(part), signer=signer)
        for name, data in beside:
            making.add(f"{place}/{name}", data)
        for name, data in anchors.files(work, tree.id, part.first, tree.size):
            making.add(name, data)
    making.tells_all &= gone.tells_all
    making.said.append(
        {
            "bodies": making.counts.bodies - before.bodies,
            "end": part.end,
            "first": part.first,
            "folder": place,
            "log": tree.name,
            "minimum": tree.minimum,
            "origin": tree.origin,
            "size": tree.size,
            "values": making.counts.values - before.values,
        }
    )


@dataclass(frozen=True)
class _Walk:
    """A walk over the entries of one log."""

    number: int
    part: Part
    begin: int
    gone: Gone
    before: Counts
    """What was in the export before this log."""


NAMES = ("headers.jsonl.gz", "bodies.jsonl.gz", "values.jsonl.gz", "tombstones.jsonl")


def _walk(making: _Making, walk: _Walk, kept: dict[str, Any] | None) -> None:
    place, counts, gone = f"logs/{walk.part.tree.name}", making.counts, walk.gone
    marks = {name: Mark(**each) for name, each in kept["marks"].items()} if kept else {}
    if kept:
        gone.go_on(kept["gone"])
    with ExitStack() as stack:
        files = []
        for name in NAMES:
            path, is_packed = making.folder / place / name, name.endswith(".gz")
            files.append(Lines(path, is_packed=is_packed, mark=marks.get(name)))
            stack.callback(files[-1].abandon)
        headers, bodies, values, tombstones = files
        for rows in _rows(making, walk):
            headers.write(row.header.encode() for row in rows)
            bodies.write(_body_line(row) for row in rows if row.body is not None)
            values.write(line for row in rows for line in _value_lines(row))
            tombstones.write(line for row in rows for line in gone.see(row))
            counts.entries += len(rows)
            counts.matched += sum(row.is_matched for row in rows)
            if making.draft.is_due(counts):
                _keep(making, walk, rows[-1].index + 1, files)
            making.progress("Writing the entries", counts.entries, making.draft.plan.entries)
        tombstones.write(gone.finish())
        counts.bodies += bodies.count
        counts.values += values.count
        for name, lines in zip(NAMES, files, strict=True):
            making.close(f"{place}/{name}", lines)


def _rows(making: _Making, walk: _Walk) -> Iterator[list[Row]]:
    return rows_of(
        making.opens,
        making.draft.plan,
        walk.part,
        sealer=making.tools.sealer,
        with_always=True,
        begin=walk.begin,
    )


def _keep(making: _Making, walk: _Walk, following: int, files: list[Lines]) -> None:
    marks = {name: asdict(lines.mark()) for name, lines in zip(NAMES, files, strict=True)}
    state = {
        "before": asdict(walk.before),
        "files": making.files,
        "gone": walk.gone.kept,
        "marks": marks,
        "said": making.said,
        "tells_all": making.tells_all,
    }
    making.draft.keep(walk.number, following, making.counts, state)


def _body_line(row: Row) -> bytes:
    return trees.body_line(row.index, row.salt or b"", row.body or "").encode()


def _value_lines(row: Row) -> Iterator[bytes]:
    for each in row.values:
        text, salt = _spelled(each.words), base64url(each.salt)
        line = f'{{"field":"{each.field}","i":{row.index},"salt":"{salt}","value":{text}}}'
        yield line.encode()


def base64url(data: bytes) -> str:
    """As the bundle spells salts."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


_spelled: Callable[[str], str] = json.JSONEncoder(ensure_ascii=False).encode

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
from dataclasses import dataclass, field
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Any

from appliance import version
from appliance.services.audit_log import anchors, export, trees
from appliance.services.audit_log import bundle_proofs as proofs
from appliance.services.audit_log import files as audit_files
from appliance.services.audit_log.export import Counts, Exported, Opens, Part, Plan, Progress, Row
from appliance.services.audit_log.files import Lines
from appliance.services.audit_log.gone import Gone
from audit import bundle
from audit.canonical import canonical

if TYPE_CHECKING:
    from appliance.wiring import LogTools


@dataclass
class _Making:
    """An export that is being written. Its state is what was written so far."""

    folder: Path
    counts: Counts = field(default_factory=Counts)
    files: list[dict[str, Any]] = field(default_factory=list)
    tells_all: bool = True

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
        HiddenError, RefusedError: the actor may not read these logs any more.
    """
    with audit_files.beside(target) as draft:
        if target.suffix != ".zip":
            return _write(opens, plan, draft, tools=tools, progress=progress)
        folder = draft.with_name(f"{draft.name}.d")
        audit_files.remove(folder)
        try:
            done = _write(opens, plan, folder, tools=tools, progress=progress)
            audit_files.pack(folder, draft)
        finally:
            audit_files.remove(folder)
        return Exported(done.counts, done.sha256, draft.stat().st_size)


def _write(
    opens: Opens, plan: Plan, folder: Path, *, tools: LogTools, progress: Progress
) -> Exported:
    making = _Making(folder)
    said = [
        _write_log(opens, plan, part, making, tools=tools, progress=progress) for part in plan.parts
    ]
    manifest = canonical(
        {
            "disclosure": "all" if making.tells_all else "some",
            "files": sorted(making.files, key=lambda each: str(each["name"])),
            "format": bundle.FORMAT,
            "logs": said,
            "made_at": plan.made_at.astimezone(UTC).isoformat(timespec="seconds"),
            "query": plan.wanted.query or None,
            "selection": plan.wanted.whole_selection,
            "version": version.RELEASE,
        }
    )
    digest = hashlib.sha256(manifest).hexdigest()
    signed = tools.signer.sign_text(plan.parts[0].tree.origin, f"{bundle.FORMAT}\n{digest}\n")
    making.add(bundle.MANIFEST, manifest)
    making.add(bundle.MANIFEST_NOTE, signed.encode())
    return Exported(making.counts, digest, sum(int(each["bytes"]) for each in making.files))


def _write_log(
    opens: Opens, plan: Plan, part: Part, making: _Making, *, tools: LogTools, progress: Progress
) -> dict[str, Any]:
    """One log; gives what the manifest says of it."""
    tree, place = part.tree, f"logs/{part.tree.name}"
    before = Counts(**vars(making.counts))
    with opens() as work:
        gone = Gone(proofs.prunings(work, tree))
    _walk(opens, plan, part, making, gone, tools=tools, progress=progress)
    with opens() as work:
        for name, data in proofs.files(work, plan, part, gone.beyond(part)):
            making.add(f"{place}/{name}", data)
        for name, data in anchors.files(work, tree.id, part.first, tree.size):
            making.add(name, data)
    making.tells_all &= gone.tells_all
    return {
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


def _walk(
    opens: Opens,
    plan: Plan,
    part: Part,
    making: _Making,
    gone: Gone,
    *,
    tools: LogTools,
    progress: Progress,
) -> None:
    place, counts = f"logs/{part.tree.name}", making.counts
    with ExitStack() as stack:
        names = ("headers.jsonl.gz", "bodies.jsonl.gz", "values.jsonl.gz", "tombstones.jsonl")
        files = [
            Lines(making.folder / place / name, is_packed=name.endswith(".gz")) for name in names
        ]
        for each in files:
            stack.callback(each.abandon)
        headers, bodies, values, tombstones = files
        some = export.rows(opens, plan, part, sealer=tools.sealer, with_always=True)
        for rows in some:
            headers.write(row.header.encode() for row in rows)
            bodies.write(_body_line(row) for row in rows if row.body is not None)
            values.write(line for row in rows for line in _value_lines(row))
            tombstones.write(line for row in rows for line in gone.see(row))
            counts.entries += len(rows)
            counts.matched += sum(row.is_matched for row in rows)
            progress("Writing the entries", counts.entries, plan.entries)
        tombstones.write(gone.finish())
        counts.bodies += bodies.count
        counts.values += values.count
        for name, lines in zip(names, files, strict=True):
            making.close(f"{place}/{name}", lines)


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

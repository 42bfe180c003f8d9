"""Writes an export for programs that read lines: JSON Lines, packed, or a table as CSV.

Both hold what was asked for and nothing else, each event in one line, from the first to the last.
Source: RFC 8259; RFC 4180; OWASP, "CSV Injection", for cells that a spreadsheet would compute.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from appliance.domain import audit_headers
from appliance.services.audit_log import drafts, former_names, known_names
from appliance.services.audit_log.drafts import Draft, Made
from appliance.services.audit_log.export import Counts, Exported, Form, Opens, Part, Plan, Progress
from appliance.services.audit_log.export_rows import Row
from appliance.services.audit_log.export_rows import rows as rows_of
from appliance.services.audit_log.files import Lines, Mark
from appliance.services.audit_log.former_names import FormerNames
from audit import entry

if TYPE_CHECKING:
    from appliance.security.sealing import Sealer
    from appliance.wiring import LogTools

COLUMNS = (
    *("log", "index", "id", "time", "action", "category", "outcome", "actor_type", "actor"),
    *("actor_name", "actor_name_then", "impersonator", "impersonator_name"),
    *("target_type", "target", "target_name", "target_name_then"),
    *(
        "method",
        "credential",
        "second_factor",
        "address",
        "request_id",
        "node",
        "process",
        "number",
        "details",
    ),
)
FORMULA = re.compile(r"[=+\-@\t\r]")
"""With what a cell begins that a spreadsheet would compute."""
QUOTED = re.compile(r'[",\r\n]')
ERASED = "(erased)"

Names = Mapping[str, str]
"""The names of users by pseudonym, and of things by id, as the search shows them."""
NOBODY = FormerNames()


def write(
    opens: Opens, plan: Plan, target: Path, *, form: Form, tools: LogTools, progress: Progress
) -> Exported:
    """Write an export as JSON Lines (packed, whatever its name) or CSV.

    Errors:
        ConflictError: something of that name is there already.
        InvalidError: it cannot be written there.
        HiddenError, RefusedError: the actor may not read these logs any more.
    """
    making = _Making(opens, form, tools, progress)
    return drafts.written(opens, plan, target, form, making.write)


@dataclass(frozen=True)
class _Making:
    """What it takes to write an export."""

    opens: Opens
    form: Form
    tools: LogTools
    progress: Progress

    def write(self, draft: Draft) -> Made:
        """Write what a draft lacks."""
        counts, path = draft.counts, draft.folder / "lines"
        mark = Mark(**draft.reached["mark"]) if draft.reached else None
        lines = Lines(path, is_packed=self.form is Form.JSONL, mark=mark)
        try:
            if self.form is Form.CSV and mark is None:
                lines.write([csv_line(COLUMNS)])
            for number, part, begin in draft.left():
                for last in self._some(draft, part, begin, lines, counts):
                    if draft.is_due(counts):
                        draft.keep(number, last + 1, counts, {"mark": asdict(lines.mark())})
                    self.progress("Writing the entries", counts.entries, draft.plan.entries)
            lines.close()
        finally:
            lines.abandon()
        return Made(path, counts, lines.hashed.sha256, lines.hashed.size_bytes)

    def _some(
        self, draft: Draft, part: Part, begin: int, lines: Lines, counts: Counts
    ) -> Iterator[int]:
        """Write some entries, and give the last of them; again, until all are written."""
        sealer = self.tools.sealer
        found = rows_of(self.opens, draft.plan, part, sealer=sealer, with_always=False, begin=begin)
        for rows in found:
            matched = [row for row in rows if row.is_matched]
            lines.write(_lines(self.opens, matched, part.tree.name, self.form, sealer))
            counts.entries += len(rows)
            counts.matched += len(matched)
            counts.bodies += sum(row.body is not None for row in matched)
            counts.values += sum(len(row.values) for row in matched)
            yield rows[-1].index


def _lines(opens: Opens, rows: list[Row], log: str, form: Form, sealer: Sealer) -> Iterable[bytes]:
    if form is Form.JSONL:
        return (json_line(row, log) for row in rows)
    headers = [audit_headers.members(row.header) for row in rows]
    actors = {header["actor"]["ref"] for header in headers}
    with opens() as work:
        names = {
            **known_names.of_things(work, {header["target"]["ref"] for header in headers}),
            **known_names.of_actors(work, {*actors, *map(_impersonator, rows)}),
        }
        first = min((datetime.fromisoformat(header["time"]) for header in headers), default=None)
        former = former_names.since(work, first, actors, sealer=sealer)
    pairs = zip(rows, headers, strict=True)
    return (csv_line(cells(row, header, names, former)) for row, header in pairs)


def json_line(row: Row, log: str) -> bytes:
    """An event as one JSON object: the header as it was hashed, its body, and what was personal."""
    values: dict[str, list[str]] = {}
    for each in row.values:
        values.setdefault(each.field, []).append(each.words)
    told = _spelled(dict(sorted(values.items())))
    line = f'{{"body":{row.body or "null"},"header":{row.header},"index":{row.index},'
    return f'{line}"log":"{log}","values":{told}}}'.encode()


def cells(
    row: Row, header: Mapping[str, Any], names: Names, former: FormerNames = NOBODY
) -> Iterator[str]:
    """What stands in the columns."""

    def named(reference: str) -> Iterator[str]:
        name = names.get(reference, "")
        yield name
        yield former.at(reference, name or reference, moment)

    moment = datetime.fromisoformat(header["time"])
    details = _details(row)
    address = details.pop("address", "")
    impersonator = str(details.pop("impersonator", ""))
    actor, target, auth, source = (header[each] for each in ("actor", "target", "auth", "src"))
    yield from (header["log"], str(row.index), header["id"], header["time"])
    yield from (header["action"], header["category"], header["outcome"])
    yield from (actor["type"], actor["ref"], *named(actor["ref"]))
    yield from (impersonator, names.get(impersonator, ""))
    yield from (target["type"], target["ref"], *named(target["ref"]))
    yield from (auth["method"], auth["token_ref"])
    yield from ("yes" if auth["mfa"] else "no", str(address), header["request_id"])
    yield from (source["node"], source["boot"], str(source["n"]))
    yield _spelled(details) if details else ""


def _impersonator(row: Row) -> str:
    """The pseudonym of the administrator who acted as the actor; empty: nobody did."""
    return str(audit_headers.body(row.body).get("impersonator", ""))


def csv_line(values: Iterable[str]) -> bytes:
    """A line of a table, without its end."""
    return (",".join(map(_cell, values)) + "\r").encode()


def _cell(text: str) -> str:
    if FORMULA.match(text):
        text = f"'{text}"
    return '"' + text.replace('"', '""') + '"' if QUOTED.search(text) else text


def _details(row: Row) -> dict[str, Any]:
    """The body with what was personal back in its place."""
    if row.body is None:
        return {}
    told: dict[str, list[str]] = {}
    for each in row.values:
        told.setdefault(each.field, []).append(each.words)
    body = audit_headers.body(row.body)
    return {name: _told(name, value, told) for name, value in body.items()}


def _told(name: str, value: Any, told: dict[str, list[str]]) -> Any:
    if isinstance(value, str) and entry.COMMITMENT.match(value):
        return told[name].pop(0) if told.get(name) else ERASED
    if isinstance(value, list):
        return [_told(name, each, told) for each in value]
    if isinstance(value, dict):
        return {inner: _told(inner, each, told) for inner, each in value.items()}
    return value


_spelled: Callable[[Any], str] = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

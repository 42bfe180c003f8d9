"""Reports of trufflehog3 become alerts of secrets, of the review lane.

`sarif_uploads` says who may hand one in and keeps it. No value is kept: an alert is known by a
keyed fingerprint, and where it stands is looked up in the files themselves.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from typing import TYPE_CHECKING

from appliance.access.gate import open_to_everyone
from appliance.domain import alert_identity
from appliance.domain.alerts import AlertKind, Lane, Severity, Sighting
from appliance.errors import InvalidError, NotFoundError, sentence
from appliance.git import blobs
from appliance.scanning import trufflehog3
from appliance.scanning.secrets import masking
from appliance.services import sarif_uploads
from appliance.services.sarif_uploads import Analysis, UploadPlan

if TYPE_CHECKING:
    from appliance.scanning.resident.tools import ScannerTools
    from appliance.scanning.trufflehog3 import Issue

CURE = sentence("Revoke it where it was made, and say so here; it stays in history.")
_SEVERITIES = list(Severity)


@open_to_everyone(because="`sarif_uploads.expect` has asked who may")
def look(plan: UploadPlan, data: bytes, *, tools: ScannerTools) -> tuple[Analysis, ...]:
    """What a report says, the worst first; nothing that it does not name is taken as gone.

    Errors:
        InvalidError: it is no report, or over a limit.
    """
    found = sorted(
        trufflehog3.read(data),
        key=lambda each: (_SEVERITIES.index(each.severity), each.commit, each.path, each.rule),
    )
    kept = found[: sarif_uploads.MOST_KEPT]
    over = [{"path": "", "why": "over-limit", "rule": each.rule} for each in found[len(kept) :]]
    unique: dict[tuple[str, str, bytes, int | None], Sighting] = {}
    for each in _sightings(plan, kept, tools):
        unique.setdefault((each.identity, each.object_id, each.path, each.line), each)
    return (
        Analysis(
            tool=trufflehog3.TOOL,
            version="",
            category="",
            sightings=tuple(unique.values()),
            skipped=tuple(over),
            is_whole=False,
            kind=AlertKind.SECRET,
        ),
    )


def _sightings(plan: UploadPlan, issues: list[Issue], tools: ScannerTools) -> Iterator[Sighting]:
    key = tools.owner_key(plan.owner_id)
    for each in issues:
        commit = each.commit or plan.commit
        object_id, line, end_line = _place(plan, commit, each)
        yield Sighting(
            kind=AlertKind.SECRET,
            rule=f"{trufflehog3.TOOL}:{each.rule}",
            title=each.title,
            identity=alert_identity.of_secret(key, trufflehog3.TOOL, _fingerprint(each, tools)),
            severity=each.severity,
            confidence=each.confidence,
            lane=Lane.REVIEW,
            cure=str(CURE),
            preview=masking.masked(each.secret),
            object_id=object_id,
            path=each.path,
            line=line,
            end_line=end_line,
            first_commit=commit if object_id else "",
            detail={"tool": trufflehog3.TOOL, "provider": "", "notes": [], "in": "blob"},
        )


def _fingerprint(issue: Issue, tools: ScannerTools) -> bytes:
    """Of the value; of a key of which only the first line is told, its file stands for it."""
    value = issue.secret.encode("utf-8", "surrogatepass")
    if issue.secret.startswith(masking.ARMOUR):
        value += b"\0" + issue.path
    name = f"{trufflehog3.TOOL}:{issue.rule}".encode("utf-8", "surrogatepass")
    return hmac.digest(tools.fingerprint_key, name + b"\0" + value, "sha256")


def _place(plan: UploadPlan, commit: str, issue: Issue) -> tuple[str, int | None, int | None]:
    """Object and lines, where the file of that commit holds the value at all."""
    try:
        file = blobs.file(
            *(plan.folder, commit, issue.path), most_bytes=sarif_uploads.LARGEST_FILE_BYTES
        )
    except (NotFoundError, InvalidError):
        return "", None, None
    value = issue.secret.encode("utf-8", "surrogatepass")
    at = (file.content or b"").find(value)
    if file.content is None or at < 0:
        return "", None, None
    line = file.content.count(b"\n", 0, at) + 1
    return file.entry.oid, line, line + value.rstrip(b"\n").count(b"\n")

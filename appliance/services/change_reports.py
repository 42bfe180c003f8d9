"""What scans of a pull request say on it: a check run of its head, with the lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from appliance.access import gate
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.alerts import Severity, Sighting
from appliance.domain.checks import OF_SCANS
from appliance.domain.permissions import Permission
from appliance.services import check_runs
from appliance.services.check_runs import AnnotationLevel, Changes, Conclusion, NewAnnotation

NAME_OF_CODE = OF_SCANS + "code"
MOST_SHOWN = 50
MOST_SKIPPED = 20
LEVELS = {
    Severity.CRITICAL: AnnotationLevel.FAILURE,
    Severity.HIGH: AnnotationLevel.FAILURE,
    Severity.MEDIUM: AnnotationLevel.WARNING,
}
WORST_FIRST = list(Severity)


def of_code(
    work: UnitOfWork,
    repository: Repository,
    commit: str,
    base: str,
    found: Sequence[Sighting],
    skipped: Sequence[dict[str, str]],
    *,
    now: datetime,
) -> None:
    """Say which weaknesses a change would bring. Safe to repeat.

    It passes or says that there is something to look at, and blocks nothing: rules do.

    Errors:
        RefusedError: only the appliance and administrators may.
    """
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    ranked = sorted(
        found, key=lambda each: (WORST_FIRST.index(each.severity), each.path, each.line or 0)
    )
    said = Changes(
        name=NAME_OF_CODE,
        conclusion=Conclusion.NEUTRAL if found or skipped else Conclusion.SUCCESS,
        external_id=base,
        title=_title(found, skipped),
        summary=_summary(found, skipped, base),
        annotations=[_annotation(each) for each in ranked[:MOST_SHOWN]],
    )
    check_runs.create_own(work, repository, commit, said, now=now)


def _title(found: Sequence[Sighting], skipped: Sequence[dict[str, str]]) -> str:
    if found:
        return f"New weaknesses: {len(found)}"
    return "No new weaknesses in what was looked at" if skipped else "No new weaknesses"


def _summary(found: Sequence[Sighting], skipped: Sequence[dict[str, str]], base: str) -> str:
    counts = Counter(each.severity for each in found)
    lines = [f"Compared with {base[:12]}, where the change left its target."]
    lines += [f"- {each.value}: {counts[each]}" for each in WORST_FIRST if counts[each]]
    if len(found) > MOST_SHOWN:
        lines += ["", f"The worst {MOST_SHOWN} are shown at their lines."]
    if skipped:
        lines += ["", f"Not looked at, or not whole: {len(skipped)}"]
        lines += [f"- `{each['path']}`: {each['why']}" for each in skipped[:MOST_SKIPPED]]
    return "\n".join(lines)


def _annotation(seen: Sighting) -> NewAnnotation:
    line = seen.line or 1
    return NewAnnotation(
        path=seen.path.decode("utf-8", "replace"),
        start_line=line,
        end_line=max(line, seen.end_line or line),
        level=LEVELS.get(seen.severity, AnnotationLevel.NOTICE),
        title=seen.title,
        message=f"{seen.title}. {seen.cure}".strip(),
        raw_details=f"{seen.rule} · {seen.detail.get('cwe', '')} · {seen.severity.value},"
        f" {seen.confidence.value} confidence",
    )

"""Findings in words: a page for people, lines of JSON for programs.

Text that came out of an export is shown in printable ASCII, so that it can neither move the cursor
of a terminal nor turn a line around.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from audit.verdict import Findings, Verdict

MEANINGS = {
    Verdict.GOOD: "everything that was checked is as it was signed",
    Verdict.TAMPERED: "something was changed",
    Verdict.FORKED: "the log is not the one that was seen before",
    Verdict.INCOMPLETE: "something is left out, or cannot be shown",
    Verdict.UNTRUSTED: "those whom you trust did not sign this",
    Verdict.MALFORMED: "this is no export, or one that cannot be read",
    Verdict.USAGE: "the command was not understood",
}
SHOWN_PROBLEMS = 50
SHOWN_NOTES = 20


def text(findings: Findings) -> Iterator[str]:
    """The lines of a page."""
    for check in findings.checks():
        word = "ok  " if check.verdict is Verdict.GOOD else "FAIL"
        where = f" [{check.log}]" if check.log else ""
        yield shown(f"{word} {check.name}{where}: {check.text}")
    for note in findings.notes[:SHOWN_NOTES]:
        yield shown(f"note {note}")
    if len(findings.notes) > SHOWN_NOTES:
        yield f"note and {len(findings.notes) - SHOWN_NOTES} more notes: see --json"
    for problem in findings.problems[:SHOWN_PROBLEMS]:
        where = f" [{problem.log}]" if problem.log else ""
        yield shown(f"!{problem.verdict.value} {problem.check}{where}: {problem.text}")
    if (more := findings.count() - min(len(findings.problems), SHOWN_PROBLEMS)) > 0:
        yield f"and {more} more problems"
    verdict = findings.verdict
    yield f"{verdict.name} ({verdict.value}): {MEANINGS[verdict]}"


def lines(findings: Findings) -> Iterator[str]:
    """One JSON object for each check, each note and each problem; the last is the verdict."""
    for check in findings.checks():
        yield _line(
            type="check",
            check=check.name,
            log=check.log,
            verdict=check.verdict.name.lower(),
            text=check.text,
        )
    for note in findings.notes:
        yield _line(type="note", text=note)
    for problem in findings.problems:
        yield _line(
            type="problem",
            check=problem.check,
            log=problem.log,
            file=problem.file,
            verdict=problem.verdict.name.lower(),
            text=problem.text,
        )
    verdict = findings.verdict
    yield _line(
        type="verdict",
        verdict=verdict.name.lower(),
        code=verdict.value,
        problems=findings.count(),
        text=MEANINGS[verdict],
    )


def shown(words: str) -> str:
    """Words without anything that a terminal would obey."""
    return "".join(
        each if " " <= each <= "~" else each.encode("unicode_escape", "backslashreplace").decode()
        for each in words
    )


def _line(**members: str | int) -> str:
    return json.dumps(members, ensure_ascii=True)

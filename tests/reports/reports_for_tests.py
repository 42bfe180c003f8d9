"""A report to test with: small, and with one of everything."""

from __future__ import annotations

from datetime import UTC, datetime

from appliance.domain.controls import Control, Evidence, Framework
from appliance.domain.reports import (
    Checkpoint,
    Count,
    Exempted,
    Period,
    Query,
    Report,
    Request,
    Result,
    Sample,
    State,
    Table,
)

MARCH, APRIL = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)
ASKED = datetime(2026, 4, 2, 9, 30, tzinfo=UTC)
CHANGES = Control("soc2", "CC8.1", "Changes are approved.", (Evidence.CHANGES,))
RISKS = Control("soc2", "CC3.4", "Changes of risk are looked for.", ())
COPIES = Control("soc2", "A1.2", "Copies are made.", (Evidence.BACKUPS,))
CUSTODY = Control("soc2", "PI1.4", "What comes out is whole.", (Evidence.CHAIN_OF_CUSTODY,))
SOC2 = Framework("soc2", "SOC 2", "2017", "AICPA", (CHANGES, RISKS, COPIES, CUSTODY))
TABLE = Table(
    "changes",
    "Changes in the period",
    ("number", "title", "approved"),
    ((1, "Add a door", True), (2, "=1+1", False), (3, "Größe, 'new'", None)),
    entries=(10, 12, None),
)
QUERY = Query("action = pull.merged", {"repository": "lab/notes", "most": 10})


def a_report():
    return Report(
        request=Request("r-1", "framework", "auditor-1", ASKED, ("lab",), (), (("x", "empty"),)),
        title="SOC 2, March 2026",
        generator="codara 1.0",
        period=Period(
            *(MARCH, APRIL),
            start=Checkpoint(100, "aa" * 32, "signed"),
            end=Checkpoint(200, "bb" * 32, "signed"),
        ),
        framework=SOC2,
        results=(
            Result(
                *(CHANGES, State.NOT_SATISFIED, "One was not approved.", "All were counted."),
                query=QUERY,
                count=Count(3, "audit log", 3, "merge commits in Git"),
                sample=Sample("cc" * 32, (0, 2)),
                exempted=(Exempted("number 2", "officer-1", APRIL, "It was read later."),),
                tables=("changes",),
            ),
            Result(RISKS, State.NOT_EVALUATED, "It is answered by hand.", "None."),
            Result(COPIES, State.NOT_APPLICABLE, "Another system makes them.", "None."),
            Result(
                *(CUSTODY, State.SATISFIED, "All were found.", "All were looked up."),
                tables=("changes",),
            ),
        ),
        tables=(TABLE,),
        limits=("What happens on other machines.",),
    )

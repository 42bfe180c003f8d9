"""`/suppressions`: what a repository wants no alerts of."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pydantic import Field

from appliance.domain.alerts import AlertKind, DismissalReason
from appliance.services import suppressions
from appliance.web import requests
from appliance.web.api import frame
from appliance.web.api.repositories import RepositoryPath

api = frame.area("suppressions", "What repositories want no alerts of.")


class SuppressionAnswer(frame.Answer):
    """An entry of the file."""

    kinds: list[AlertKind]
    paths: list[str]
    rules: list[str]
    reason: DismissalReason
    comment: str
    until: date | None


class SuppressionsAnswer(frame.Answer):
    """The file of the default branch. With an error nothing of it counts."""

    exists: bool
    entries: list[SuppressionAnswer]
    error: str
    commit: str
    object_id: str
    read_at: datetime | None
    suppressed: int = Field(description="Alerts that it has dismissed")


@api.get(
    "/repos/<owner>/<name>/suppressions",
    summary="Show suppressions",
    responses={"200": SuppressionsAnswer},
)
def show_suppressions(path: RepositoryPath) -> Any:
    """What the repository's own file sets aside: for who may see alerts."""
    with requests.reading() as work:
        found = suppressions.show(work, path.path)
    return frame.answer(
        SuppressionsAnswer(
            exists=found is not None,
            entries=[
                SuppressionAnswer.model_validate(each.plain())
                for each in (found.entries if found else ())
            ],
            error=found.error if found else "",
            commit=found.commit if found else "",
            object_id=found.object_id if found else "",
            read_at=found.read_at if found else None,
            suppressed=found.suppressed if found else 0,
        )
    )

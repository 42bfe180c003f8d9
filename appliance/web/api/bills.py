"""`/sbom`: what a repository is made of, as a bill of materials."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, Field

from appliance.services import bills
from appliance.services.bills import BillFormat
from appliance.web import requests
from appliance.web.api import frame
from appliance.web.api.repositories import RepositoryPath

api = frame.area("bills of materials", "What repositories are made of.")


class BillQuery(frame.Body):
    """Which format."""

    format: BillFormat = BillFormat.CYCLONEDX
    version: str = Field("", max_length=8, description="CycloneDX: 1.7, 1.6; SPDX: 2.3, 3.0")


class BillAnswer(frame.Answer):
    """A document in CycloneDX or SPDX, as those define it."""

    model_config = ConfigDict(extra="allow", frozen=True)


@api.get(
    "/repos/<owner>/<name>/sbom",
    summary="Export a bill of materials",
    responses={"200": BillAnswer},
)
def export_bill(path: RepositoryPath, query: BillQuery) -> Any:
    """The components of the default branch, as its manifests were read last."""
    with requests.begin() as work:
        found = bills.export(
            work, f"{path.owner}/{path.name}", query.format, query.version, now=requests.now()
        )
    return frame.answer(BillAnswer.model_validate(found))

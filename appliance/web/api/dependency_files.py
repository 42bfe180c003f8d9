"""`/vex` and `/inventories`: what others say of vulnerabilities, and what others say is inside."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Any

import flask
from pydantic import ConfigDict, Field

from appliance.services import components, vex_reports, vex_statements
from appliance.services.components import Inventoried
from appliance.web import requests
from appliance.web.api import frame
from appliance.web.api.repositories import RepositoryPath
from appliance.web.git_http import take_slot

api = frame.area("files of dependencies", "VEX documents and bills of materials, handed in.")
VEX = "/repos/<owner>/<name>/vex"
INVENTORIES = "/repos/<owner>/<name>/inventories"


class VexAnswer(frame.Answer):
    """What became of a VEX document. `superseded` statements are older than what was decided."""

    format: str
    author: str
    statements: int
    matched: int
    changed: list[int] = Field(description="Numbers of alerts")
    superseded: int


class VexDocumentAnswer(frame.Answer):
    """A document in OpenVEX 0.2."""

    model_config = ConfigDict(extra="allow", frozen=True)


class InventoryPath(RepositoryPath):
    """Which bill of materials."""

    inventory: str = Field(max_length=100)


class InventoryAnswer(frame.Answer):
    """A bill of materials that somebody handed in."""

    name: str
    format: str
    components: int
    sha256: str
    uploaded_at: datetime


class InventoryList(frame.Answer):
    """All of them, by name."""

    items: list[InventoryAnswer]


@api.post(
    VEX,
    summary="Hand a VEX document in",
    openapi_extensions={"requestBody": frame.FILE_BODY},
    responses={"200": VexAnswer},
)
def upload_vex(path: RepositoryPath) -> Any:
    """The body is the file: OpenVEX 0.2, CSAF 2.0 (VEX) or CycloneDX with an analysis. For who may
    dismiss alerts. The latest statement counts, and none against what was decided after it.
    """
    data = _sent(vex_statements.LARGEST_BYTES)
    slot = take_slot()  # One document takes much memory: not all clients at once.
    try:
        with requests.begin() as work:
            found = vex_statements.take_in(work, path.path, data, now=requests.now())
    finally:
        slot.release()
    return frame.answer(VexAnswer.model_validate(found))


@api.get(VEX, summary="Take decisions out as VEX", responses={"200": VexDocumentAnswer})
def download_vex(path: RepositoryPath) -> Any:
    """What was decided about alerts of dependencies, as OpenVEX 0.2."""
    with requests.reading() as work:
        found = vex_reports.document(work, path.path, now=requests.now())
    return frame.answer(VexDocumentAnswer.model_validate(found))


@api.get(INVENTORIES, summary="List uploaded bills", responses={"200": InventoryList})
def list_inventories(path: RepositoryPath) -> Any:
    """Bills of materials that somebody handed in for a repository."""
    with requests.reading() as work:
        found = components.uploaded(work, path.path)
    return frame.answer(InventoryList(items=[_inventory(each) for each in found]))


@api.put(
    f"{INVENTORIES}/<inventory>",
    summary="Hand a bill in",
    openapi_extensions={"requestBody": frame.FILE_BODY},
    responses={"200": InventoryAnswer},
)
def upload_inventory(path: InventoryPath) -> Any:
    """The body is the file, in JSON: CycloneDX 1.2 to 1.7 or SPDX 2.x. Its components are listed
    and compared like those of manifests, until another of this name comes, or none.
    """
    data = _sent(components.LARGEST_BILL_BYTES)
    with requests.begin() as work:
        row = components.upload(work, path.path, path.inventory, data, now=requests.now())
    return frame.answer(_inventory(row))


@api.delete(f"{INVENTORIES}/<inventory>", summary="Remove a bill", responses={"204": None})
def remove_inventory(path: InventoryPath) -> Any:
    """Its components are not compared any more."""
    with requests.begin() as work:
        components.remove_uploaded(work, path.path, path.inventory)
    return "", HTTPStatus.NO_CONTENT


def _sent(most_bytes: int) -> bytes:
    """A little more than is read, so that who sends too much hears why."""
    flask.request.max_content_length = most_bytes + 1024
    return flask.request.get_data(cache=False)


def _inventory(row: Inventoried) -> InventoryAnswer:
    return InventoryAnswer(
        name=row.name,
        format=row.format,
        components=row.components,
        sha256=row.sha256,
        uploaded_at=row.uploaded_at,
    )
